"""The syntax tree: what was written, and where; nothing yet about what it means.

Trees may be very deep (a sum of 100,000 terms leans all to the left), so nothing walks them by
recursion, and they compare by identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from types import EllipsisType

from ..grad.record import record
from .errors import Span

CONSTANTS = frozenset({"inf", "nan", "pi", "e"})
MODULES = frozenset({"jnp", "math", "np", "numpy", "torch"})  # accepted before known names


@record(frozen=True, eq=False)
class Number:
    value: int | float
    span: Span


@record(frozen=True, eq=False)
class Constant:
    value: bool | EllipsisType | None
    span: Span


@record(frozen=True, eq=False)
class Name:
    id: str
    span: Span


@record(frozen=True, eq=False)
class Text:
    """A string, without its quotes."""

    value: str
    span: Span


@record(frozen=True, eq=False)
class Sequence:
    """``[a, b]``, ``(a, b)``, or the indices of ``x[a, b]``, which are a tuple as in Python."""

    items: tuple[Index, ...]
    is_tuple: bool
    span: Span


@record(frozen=True, eq=False)
class Unary:
    op: str
    operand: Expression
    span: Span


@record(frozen=True, eq=False)
class Binary:
    op: str
    left: Expression
    right: Expression
    op_span: Span
    span: Span


@record(frozen=True, eq=False)
class Compare:
    """``a < b <= c``: as in Python, one chain; `ops[k]` stands before `rest[k]`."""

    first: Expression
    ops: tuple[tuple[str, Span], ...]
    rest: tuple[Expression, ...]
    span: Span


@record(frozen=True, eq=False)
class Argument:
    name: str | None
    name_span: Span | None
    value: Expression
    span: Span


@record(frozen=True, eq=False)
class Call:
    """``f(a, k=b)`` or ``x.f(a)``: the function is a name, or an attribute of something."""

    function: Name | Attribute
    arguments: tuple[Argument, ...]
    span: Span


@record(frozen=True, eq=False)
class Attribute:
    value: Expression
    name: str
    name_span: Span
    span: Span


@record(frozen=True, eq=False)
class Slice:
    lower: Expression | None
    upper: Expression | None
    step: Expression | None
    span: Span


@record(frozen=True, eq=False)
class Subscript:
    value: Expression
    index: Index
    span: Span


@record(frozen=True, eq=False)
class Assign:
    """``x = value``, ``x[0] = value``; `op` is ``=``, ``+=``, ``*=`` and so on."""

    target: Name | Subscript
    op: str
    op_span: Span
    value: Expression
    span: Span


@record(frozen=True, eq=False)
class Program:
    statements: tuple[Statement, ...]
    source: str
    span: Span


Atom = Number | Constant | Name | Text | Sequence
Expression = Atom | Unary | Binary | Compare | Call | Attribute | Subscript
Index = Expression | Slice
Statement = Expression | Assign
Tree = Program | Statement | Index | Argument


def children(tree: Tree) -> tuple[Tree, ...]:
    """The parts of a tree, in the order in which they are evaluated."""
    match tree:
        case Name() | Number():
            return ()
        case Binary(left=left, right=right):
            return left, right
        case Unary(operand=operand):
            return (operand,)
        case Compare(first=first, rest=rest):
            return first, *rest
        case Sequence(items=items):
            return items
        case Call(function=function, arguments=arguments):
            return function, *arguments
        case Argument(value=value) | Attribute(value=value):
            return (value,)
        case Subscript(value=value, index=index):
            return value, index
        case Slice(lower=lower, upper=upper, step=step):
            return tuple(part for part in (lower, upper, step) if part is not None)
        case Assign(target=target, value=value):
            return value, target
        case Program(statements=statements):
            return statements
        case _:
            return ()


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and everything in it, each before its parts."""
    waiting = [tree]
    while waiting:
        tree = waiting.pop()
        yield tree
        waiting.extend(reversed(children(tree)))


def free_names(program: Program, constants: AbstractSet[str] = CONSTANTS) -> list[tuple[str, Span]]:
    """The names a program reads before it assigns them, and where, in the order of first use.

    Functions, modules and the given constants are not variables.
    """
    found: dict[str, Span] = {}
    assigned: set[str] = set(constants)
    for statement in program.statements:
        silent: set[Tree] = set()
        for tree in walk(statement):
            match tree:
                case Assign(target=Name() as target, op="="):
                    silent.add(target)
                case Call(function=Name() as function):
                    silent.add(function)
                case Attribute(value=Name(id=id) as module) if id in MODULES:
                    silent.add(module)
                case Name(id=id, span=span) if tree not in silent and id not in assigned:
                    found.setdefault(id, span)
        if isinstance(statement, Assign) and isinstance(statement.target, Name):
            assigned.add(statement.target.id)
    return list(found.items())
