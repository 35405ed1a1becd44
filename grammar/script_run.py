"""Running a script: a stack machine that knows the values of the language and nothing else."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from ..grad.errors import GradError
from ..grad.tensors.tensor import Tensor
from . import script_mistakes, script_names
from .errors import Diagnostic, Label
from .script_code import Arguments, Code
from .script_syntax import Import, Module, Statement

MAX_STEPS = 10_000_000  # statements
LONGEST_INTEGER = 100_000  # binary digits

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow, "@": operator.matmul,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge, "is": operator.is_, "is not": operator.is_not,
    "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip
UPDATES: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv,
    "//": operator.ifloordiv, "%": operator.imod, "**": operator.ipow, "@": operator.imatmul,
}  # fmt: skip
UNARY: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg, "+": operator.pos, "not": operator.not_,
}  # fmt: skip
FAILURES = (
    GradError, ArithmeticError, AttributeError, LookupError, NameError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip


class Watcher:
    """What is told while a script runs; this one does not listen."""

    def begins(self, machine: Machine, statement: Statement) -> None:
        """A statement is about to run."""

    def ends(self, machine: Machine, statement: Statement) -> None:
        """It is over: the next one follows, or the end."""

    def calls(self, function: Any, args: list[Any], keywords: dict[str, Any]) -> None:
        """A function is about to be called."""

    def called(self, function: Any) -> None:
        """It has returned."""


@dataclass(slots=True)
class _Try:
    """Where to go on after a failure, and how much there was on the stacks."""

    place: int
    stack: int
    entered: int


@dataclass(slots=True)
class Machine:
    """The names of a script, and where its output goes.

    ``echo``       show the value of an expression that stands on its own, as Python's prompt does
    ``max_steps``  how many statements may run in all
    ``line``       the statement that is running
    """

    write: Callable[[str], None]
    max_steps: int = MAX_STEPS
    echo: bool = False
    watcher: Watcher = field(default_factory=Watcher)
    names: dict[str, Any] = field(default_factory=dict)
    line: Statement | None = None
    steps: int = 0
    _stack: list[Any] = field(default_factory=list)
    _entered: list[Any] = field(default_factory=list)
    _tries: list[_Try] = field(default_factory=list)
    _called: Callable[..., Any] | None = None

    def run(self, code: Code) -> None:
        """Run to the end. Raises Diagnostic for what fails, G603 after too many steps."""
        self._stack, self._entered, self._tries, self.line = [], [], [], None
        place = 0
        try:
            while place < len(code.instructions):
                instruction = code.instructions[place]
                try:
                    jump = getattr(self, instruction.op)(instruction.arg)
                    place = place + 1 if jump is None else jump
                except FAILURES as error:
                    if not self._tries:
                        raise script_mistakes.diagnostic(
                            error, code.source, instruction, self._stack, self.names, self._called
                        ) from None
                    place = self._recover(error)
                except Diagnostic as diagnostic:
                    diagnostic.source = code.source
                    diagnostic.labels = [Label(instruction.span, primary=True)]
                    raise
            self._end_statement()
        finally:
            while self._entered:
                self.EXIT(None)

    # --- mistakes --------------------------------------------------------------------------

    def _recover(self, error: Exception) -> int:
        """Go to the handlers of the innermost ``try``."""
        found = self._tries.pop()
        while len(self._entered) > found.entered:
            self.EXIT(None)
        del self._stack[found.stack :]
        self._stack.append(error)
        return found.place

    # --- statements ------------------------------------------------------------------------

    def LINE(self, statement: Statement) -> None:
        self._end_statement()
        self.line = statement
        self.watcher.begins(self, statement)
        self.steps += 1
        if self.steps > self.max_steps:
            raise Diagnostic(
                "G603",
                f"more than {self.max_steps:,} steps",
                help=["does this loop end?", "allow more: `--max-steps`"],
            )

    def _end_statement(self) -> None:
        if self.line is not None:
            self.watcher.ends(self, self.line)
        self.line = None

    def SHOW(self, _: None) -> None:
        value = self._stack.pop()
        if self.echo and value is not None:
            self.write(f"{value!r}\n")

    def IMPORT(self, statement: Import) -> None:
        if statement.source is None:
            for module in statement.names:
                path = ".".join(module.path)
                found = self._module(path)
                if module.alias:
                    self.names[module.alias] = found
                else:
                    self.names[module.path[0]] = self._module(module.path[0])
            return
        if statement.source.path == ("__future__",):
            return
        source = self._module(".".join(statement.source.path))
        for name in statement.names:
            self.names[name.alias or name.path[-1]] = self._imported(source, name)

    def _module(self, path: str) -> script_names.Module:
        first = path.partition(".")[0]
        if path in script_names.IMPORTED:
            return script_names.IMPORTED[path]
        if path == first == "gradcalc":
            return script_names.IMPORTED["gradcalc.grad"]
        raise script_mistakes.no_module(path)

    def _imported(self, source: script_names.Module, name: Module) -> Any:
        word = name.path[-1]
        module = script_names.IMPORTED.get(f"{source.name}.{word}")
        try:
            return source.find(word) if module is None else module
        except AttributeError as error:
            error.name, error.obj = word, source
            raise

    def ENTER(self, _: None) -> None:
        context = self._stack.pop()
        if not script_names.is_context(context):
            raise TypeError("`with` takes `torch.no_grad()` and `torch.enable_grad()`")
        context.__enter__()
        self._entered.append(context)

    def EXIT(self, _: None) -> None:
        self._entered.pop().__exit__(None, None, None)

    def TRY(self, target: Any) -> None:
        self._tries.append(_Try(target.place, len(self._stack), len(self._entered)))

    def END_TRY(self, _: None) -> None:
        self._tries.pop()

    def RAISE(self, _: None) -> None:
        raise self._stack.pop()

    # --- jumps -----------------------------------------------------------------------------

    def JUMP(self, target: Any) -> int:
        return int(target.place)

    def JUMP_UNLESS(self, target: Any) -> int | None:
        return None if self._stack.pop() else target.place

    def JUMP_UNLESS_OR_DROP(self, target: Any) -> int | None:
        if not self._stack[-1]:
            return int(target.place)
        self._stack.pop()
        return None

    def JUMP_IF_OR_DROP(self, target: Any) -> int | None:
        if self._stack[-1]:
            return int(target.place)
        self._stack.pop()
        return None

    def JUMP_UNLESS_KIND(self, target: Any) -> int | None:
        """The error that is below the kind on the stack stays there."""
        kind = self._stack.pop()
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not all(k in script_names.ERRORS.values() for k in kinds):
            raise TypeError("after `except` come names of errors, such as RuntimeError")
        return None if isinstance(self._stack[-1], kinds) else target.place

    def ITERATE(self, _: None) -> None:
        self._stack.append(iter(self._stack.pop()))

    def NEXT(self, target: Any) -> int | None:
        try:
            self._stack.append(next(self._stack[-1]))
        except StopIteration:
            self._stack.pop()
            return int(target.place)
        return None

    # --- the stack -------------------------------------------------------------------------

    def PUSH(self, value: Any) -> None:
        self._stack.append(value)

    def DROP(self, _: None) -> None:
        self._stack.pop()

    def DROP_BELOW(self, _: None) -> None:
        del self._stack[-2]

    def COPY(self, count: int) -> None:
        self._stack.extend(self._stack[-count:])

    def TURN(self, count: int) -> None:
        """The value on top goes below the others of the top `count`."""
        self._stack.insert(len(self._stack) - count, self._stack.pop())

    def GATHER(self, made: tuple[Any, int]) -> None:
        kind, count = made
        values = self._take(count)
        self._stack.append(kind(values))

    def UNPACK(self, count: int) -> None:
        values = list(islice(self._stack.pop(), count + 1))
        if len(values) > count:
            raise ValueError(f"too many values to unpack (expected {count})")
        if len(values) < count:
            raise ValueError(f"not enough values to unpack (expected {count}, got {len(values)})")
        self._stack.extend(reversed(values))

    def _take(self, count: int) -> list[Any]:
        at = len(self._stack) - count
        values = self._stack[at:]
        del self._stack[at:]
        return values

    # --- names -----------------------------------------------------------------------------

    def LOAD(self, name: str) -> None:
        if name in self.names:
            self._stack.append(self.names[name])
        elif name == "print":
            self._stack.append(script_names.Function("print", self._print))
        else:
            self._stack.append(script_names.lookup(name))

    def _print(self, *values: Any, sep: str | None = " ", end: str | None = "\n") -> None:
        sep = " " if sep is None else sep
        self.write(sep.join(map(str, values)) + ("\n" if end is None else end))

    def STORE(self, name: str) -> None:
        self.names[name] = self._stack.pop()

    def ATTRIBUTE(self, name: str) -> None:
        self._stack[-1] = script_names.attribute(self._stack[-1], name)

    def SET_ATTRIBUTE(self, name: str) -> None:
        value, base = self._take(2)
        script_names.set_attribute(base, name, value)

    def INDEX(self, _: None) -> None:
        base, index = self._take(2)
        self._stack.append(base[index])

    def SET_INDEX(self, _: None) -> None:
        value, base, index = self._take(3)
        if not isinstance(base, (Tensor, list, np.ndarray)):
            raise TypeError(f"'{type(base).__name__}' object does not support item assignment")
        base[index] = value

    def SLICE(self, _: None) -> None:
        self._stack.append(slice(*self._take(3)))

    # --- operations ------------------------------------------------------------------------

    def UNARY(self, op: str) -> None:
        self._stack[-1] = UNARY[op](self._stack[-1])

    def BINARY(self, op: str) -> None:
        left, right = self._take(2)
        _check_size(op, left, right)
        self._stack.append(OPERATORS[op](left, right))

    def UPDATE(self, op: str) -> None:
        left, right = self._take(2)
        _check_size(op, left, right)
        self._stack.append(UPDATES[op](left, right))

    def CALL(self, arguments: Arguments) -> None:
        words = arguments.places
        keywords = dict(zip(words, self._take(len(words)), strict=True))
        args = self._take(arguments.unnamed)
        function = self._called = self._stack.pop()
        if not script_names.is_callable(function):
            raise TypeError(f"'{script_names.kind_of(function).name}' object is not callable")
        self.watcher.calls(function, args, keywords)
        try:
            self._stack.append(function(*args, **keywords))
        except TypeError as error:
            raise script_mistakes.plain(error) from None
        self.watcher.called(function)

    def FORMAT(self, conversion: str) -> None:
        value, spec = self._take(2)
        convert: dict[str, Callable[[Any], Any]] = {"r": repr, "s": str, "a": ascii}
        value = convert[conversion](value) if conversion else value
        self._stack.append(script_names.formatted(value, spec))

    def JOIN(self, count: int) -> None:
        self._stack.append("".join(self._take(count)))


def _check_size(op: str, left: Any, right: Any) -> None:
    """Raise ValueError before a number, a text or a list gets larger than a script needs."""
    if op == "**" and isinstance(left, int) and isinstance(right, int):
        if left.bit_length() * right > LONGEST_INTEGER:
            raise ValueError(f"a whole number of more than {LONGEST_INTEGER:,} binary digits")
    elif op == "*":
        if isinstance(left, int) and isinstance(right, int):
            if left.bit_length() + right.bit_length() > LONGEST_INTEGER:
                raise ValueError(f"a whole number of more than {LONGEST_INTEGER:,} binary digits")
        else:
            for values, times in ((left, right), (right, left)):
                if isinstance(values, (str, list, tuple)) and isinstance(times, int):
                    _check_length(len(values) * times)
    elif op == "+" and isinstance(left, (str, list, tuple)) and isinstance(right, type(left)):
        _check_length(len(left) + len(right))
    elif op == "%" and isinstance(left, str):
        script_names.check_width(left)
        if "*" in left:
            raise ValueError("`*` in a format takes its width from a value: write the width")


def _check_length(length: int) -> None:
    if length > script_names.LONGEST:
        raise ValueError(f"more than {script_names.LONGEST:,} values")
