"""A script as instructions for a stack machine, so that running it never recurses.

Every instruction takes its operands from a stack and puts its result there. Blocks and conditions
become jumps. `LINE` stands before every statement.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import syntax
from .errors import Diagnostic, Label, Span
from .script_syntax import (
    Block,
    Conditional,
    Do,
    Field,
    For,
    Formatted,
    If,
    Import,
    Logical,
    Negated,
    Script,
    Set,
    Simple,
    Statement,
    Try,
    Update,
    While,
    With,
)


class Target:
    """Where a jump goes; `place` is known once everything before it is."""

    __slots__ = ("place",)
    place: int


class Instruction(NamedTuple):
    """What to do, with what, and the place in the text to blame if that fails."""

    op: str
    arg: Any
    span: Span


class Arguments(NamedTuple):
    """How many a call has without a name, and the names of the others, with their places."""

    unnamed: int
    places: dict[str, Span]


@dataclass(frozen=True, slots=True)
class _Around:
    """What surrounds a statement: where ``continue`` and ``break`` lead, and what they end."""

    again: Target | None = None
    out: Target | None = None
    ends: tuple[str, ...] = ()


@dataclass(slots=True)
class Code:
    """The instructions of a script."""

    source: str
    instructions: list[Instruction] = field(default_factory=list)

    @classmethod
    def of(cls, script: Script) -> Code:
        """Raises Diagnostic for a ``break`` or ``continue`` that is not in a loop."""
        code = cls(script.source)
        waiting: list[Any] = [(script.statements, _Around())]
        while waiting:
            item = waiting.pop()
            match item:
                case Instruction():
                    code.instructions.append(item)
                case Target():
                    item.place = len(code.instructions)
                case (tuple() as block, _Around() as around):
                    waiting.extend((statement, around) for statement in reversed(block))
                case (statement, _Around() as around):
                    code.instructions.append(Instruction("LINE", statement, statement.span))
                    waiting.extend(reversed(_statement(statement, around, script.source)))
                case _:
                    waiting.extend(reversed(_expression(item)))
        return code


# --- statements --------------------------------------------------------------------------------


def _statement(statement: Statement, around: _Around, source: str) -> list[Any]:
    """The parts of a statement in order: instructions, targets, expressions, blocks."""
    span = statement.span
    match statement:
        case Do(value=value):
            return [value, Instruction("SHOW", None, span)]
        case Set(targets=targets, value=value):
            parts: list[Any] = [value]
            for i, target in enumerate(targets, 1):
                parts += [Instruction("COPY", 1, span)] if i < len(targets) else []
                parts += _store(target)
            return parts
        case Update():
            return _update(statement)
        case Import():
            return [Instruction("IMPORT", statement, span)]
        case If(branches=branches):
            return _if(branches, around, span)
        case While(condition=condition, body=body):
            again, out = Target(), Target()
            return [
                again, condition, Instruction("JUMP_UNLESS", out, condition.span),
                (body, _Around(again, out)), Instruction("JUMP", again, span), out,
            ]  # fmt: skip
        case For():
            return _for(statement)
        case With(contexts=contexts, body=body):
            ends = ("EXIT",) * len(contexts)
            parts = [p for c in contexts for p in (c, Instruction("ENTER", None, c.span))]
            inside = _Around(around.again, around.out, around.ends + ends)
            return [*parts, (body, inside), *(Instruction(end, None, span) for end in ends)]
        case Try():
            return _try(statement, around)
        case Simple():
            return _simple(statement, around, source)


def _simple(statement: Simple, around: _Around, source: str) -> list[Any]:
    if statement.word == "pass":
        return []
    target = around.again if statement.word == "continue" else around.out
    if target is None:
        raise Diagnostic(
            "G106",
            f"`{statement.word}` stands in a loop only",
            source,
            [Label(statement.span, primary=True)],
            ["leave it out, or indent it below the `for` or `while` it belongs to"],
        )
    ends = [Instruction(end, None, statement.span) for end in reversed(around.ends)]
    return [*ends, Instruction("JUMP", target, statement.span)]


def _if(branches: tuple[tuple[Any, Block], ...], around: _Around, span: Span) -> list[Any]:
    parts: list[Any] = []
    end = Target()
    for condition, body in branches:
        following = Target()
        if condition is not None:
            parts += [condition, Instruction("JUMP_UNLESS", following, condition.span)]
        parts += [(body, around), Instruction("JUMP", end, span), following]
    return [*parts, end]


def _for(statement: For) -> list[Any]:
    span, again, broken, end = statement.span, Target(), Target(), Target()
    names = statement.targets
    unpack = [Instruction("UNPACK", len(names), span)] if len(names) > 1 else []
    return [
        statement.values, Instruction("ITERATE", None, statement.values.span),
        again, Instruction("NEXT", end, statement.values.span),
        *unpack, *(Instruction("STORE", name, span) for name in names),
        (statement.body, _Around(again, broken)),
        Instruction("JUMP", again, span),
        broken, Instruction("DROP", None, span), end,
    ]  # fmt: skip


def _try(statement: Try, around: _Around) -> list[Any]:
    span, handlers, end = statement.span, Target(), Target()
    inside = _Around(around.again, around.out, (*around.ends, "END_TRY"))
    parts: list[Any] = [
        Instruction("TRY", handlers, span), (statement.body, inside),
        Instruction("END_TRY", None, span), Instruction("JUMP", end, span), handlers,
    ]  # fmt: skip
    for handler in statement.handlers:
        following = Target()
        if handler.kind is not None:
            parts += [handler.kind, Instruction("JUMP_UNLESS_KIND", following, handler.kind.span)]
        store = "STORE" if handler.name else "DROP"
        parts += [
            Instruction(store, handler.name, handler.span), (handler.body, around),
            Instruction("JUMP", end, span), following,
        ]  # fmt: skip
    return [*parts, Instruction("RAISE", None, span), end]


def _store(target: Any) -> list[Any]:
    """The value on the stack goes to the target."""
    match target:
        case syntax.Name(id=name):
            return [Instruction("STORE", name, target.span)]
        case syntax.Attribute(value=value, name=name):
            return [value, Instruction("SET_ATTRIBUTE", name, target.name_span)]
        case syntax.Subscript(value=value, index=index):
            return [value, index, Instruction("SET_INDEX", None, target.span)]
        case syntax.Sequence(items=items):
            unpack = Instruction("UNPACK", len(items), target.span)
            return [unpack, *(part for item in items for part in _store(item))]
    raise AssertionError(f"{type(target).__name__} is not assigned to")


def _update(statement: Update) -> list[Any]:
    """``x.data -= v``: the place is worked out once, read, and written."""
    target, span = statement.target, statement.op_span
    change = [statement.value, Instruction("UPDATE", statement.op[:-1], span)]
    match target:
        case syntax.Name(id=name):
            return [target, *change, Instruction("STORE", name, target.span)]
        case syntax.Attribute(value=value, name=name):
            read = Instruction("ATTRIBUTE", name, target.name_span)
            write = Instruction("SET_ATTRIBUTE", name, target.name_span)
            return [value, Instruction("COPY", 1, span), read, *change,
                    Instruction("TURN", 2, span), write]  # fmt: skip
        case syntax.Subscript(value=value, index=index):
            read = Instruction("INDEX", None, target.span)
            write = Instruction("SET_INDEX", None, target.span)
            return [value, index, Instruction("COPY", 2, span), read, *change,
                    Instruction("TURN", 3, span), write]  # fmt: skip
    raise AssertionError(f"{type(target).__name__} is not assigned to")


# --- expressions -------------------------------------------------------------------------------


def _expression(tree: Any) -> list[Any]:
    """The parts of an expression in the order in which they are evaluated."""
    match tree:
        case syntax.Number(value=value) | syntax.Constant(value=value) | syntax.Text(value=value):
            return [Instruction("PUSH", value, tree.span)]
        case str():
            return [Instruction("PUSH", tree, (0, 0))]
        case syntax.Name(id=name):
            return [Instruction("LOAD", name, tree.span)]
        case syntax.Sequence(items=items, is_tuple=is_tuple):
            made = tuple if is_tuple else list
            return [*items, Instruction("GATHER", (made, len(items)), tree.span)]
        case syntax.Slice(lower=lower, upper=upper, step=step):
            nothing = Instruction("PUSH", None, tree.span)
            bounds = [nothing if part is None else part for part in (lower, upper, step)]
            return [*bounds, Instruction("SLICE", None, tree.span)]
        case syntax.Unary(op=op, operand=operand):
            return [operand, Instruction("UNARY", op, tree.span)]
        case Negated(operand=operand):
            return [operand, Instruction("UNARY", "not", tree.span)]
        case syntax.Binary(op=op, left=left, right=right, op_span=span):
            return [left, right, Instruction("BINARY", op, span)]
        case syntax.Compare():
            return _compare(tree)
        case Logical(op=op, parts=parts):
            return _logical(op, parts)
        case Conditional(condition=condition, body=body, other=other):
            otherwise, end = Target(), Target()
            return [
                condition, Instruction("JUMP_UNLESS", otherwise, condition.span),
                body, Instruction("JUMP", end, tree.span), otherwise, other, end,
            ]  # fmt: skip
        case syntax.Attribute(value=value, name=name, name_span=span):
            return [value, Instruction("ATTRIBUTE", name, span)]
        case syntax.Subscript(value=value, index=index):
            return [value, index, Instruction("INDEX", None, tree.span)]
        case syntax.Call(function=function, arguments=arguments):
            places = {a.name: a.name_span or a.span for a in arguments if a.name is not None}
            values = [a.value for a in arguments]
            found = Arguments(len(values) - len(places), places)
            call = Instruction("CALL", found, tree.span)
            return [function, *values, call]
        case Formatted(parts=parts):
            return [*parts, Instruction("JOIN", len(parts), tree.span)]
        case Field(value=value, conversion=conversion, spec=spec):
            written = [*spec, Instruction("JOIN", len(spec), value.span)]
            return [value, *written, Instruction("FORMAT", conversion, value.span)]
    raise AssertionError(f"no code for {type(tree).__name__}")


def _compare(tree: syntax.Compare) -> list[Any]:
    """``a < b <= c``: each operand once, and no further than the first comparison that fails."""
    parts: list[Any] = [tree.first]
    failed, end = Target(), Target()
    for k, ((op, span), right) in enumerate(zip(tree.ops, tree.rest, strict=True), 1):
        if k == len(tree.ops):
            parts += [right, Instruction("BINARY", op, span)]
        else:  # the operand is kept below the result, for the next comparison
            parts += [right, Instruction("COPY", 1, span), Instruction("TURN", 3, span),
                      Instruction("BINARY", op, span),
                      Instruction("JUMP_UNLESS_OR_DROP", failed, span)]  # fmt: skip
    if len(tree.ops) > 1:
        jump, last = Instruction("JUMP", end, tree.span), Instruction("DROP_BELOW", None, tree.span)
        parts += [jump, failed, last, end]
    return parts


def _logical(op: str, parts: tuple[Any, ...]) -> list[Any]:
    """The value of the first part that settles it; the others are not evaluated."""
    end = Target()
    jump = "JUMP_UNLESS_OR_DROP" if op == "and" else "JUMP_IF_OR_DROP"
    found: list[Any] = []
    for part in parts[:-1]:
        found += [part, Instruction(jump, end, part.span)]
    return [*found, parts[-1], end]
