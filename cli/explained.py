"""A program told while it runs: each line, what became of the tensors, how gradients came about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..grad.tensors.tensor import Tensor, mode
from ..grammar.derivation import Derivation
from ..grammar.script_history import History
from ..grammar.script_names import Function
from ..grammar.script_run import Machine, Watcher
from ..grammar.script_syntax import Statement
from . import tutorial
from .screen import Line, Look, brief

MOST_LINES = 1_000  # of a program that are told
SMALL = 1_000  # entries of a tensor that is compared to tell whether it has changed


class Explained(Watcher):
    """Tells what happens on the screen; `show` takes lines."""

    def __init__(self, source: str, show: Callable[[list[Line], Look], None], look: Look) -> None:
        self._source = source
        self._show = show
        self._look = look
        self._history = History()
        self._states: dict[str, Any] = {}
        self._told = 0
        self._pending: list[Line] = []
        self._names: dict[str, Any] = {}

    def __enter__(self) -> Explained:
        mode.watch = self._history.watch
        return self

    def __exit__(self, *_: object) -> None:
        mode.watch = None

    def begins(self, machine: Machine, statement: Statement) -> None:
        self._told += 1
        self._names = machine.names
        if self._told > MOST_LINES:
            if self._told == MOST_LINES + 1:
                self._show([(("the lines that follow are not told", "dim"),)], self._look)
            return
        start = self._source.rfind("\n", 0, statement.span[0]) + 1
        end = self._source.find("\n", max(statement.span))
        text = self._source[start : end if end >= 0 else len(self._source)]
        number = self._source.count("\n", 0, start) + 1
        lines = enumerate(text.splitlines(), number)
        self._show([((f"{i:>3} | ", "cyan"), (line, "bold")) for i, line in lines], self._look)

    def ends(self, machine: Machine, statement: Statement) -> None:
        if self._told > MOST_LINES:
            return
        found = tensors(machine.names)
        states = {name: _state(tensor) for name, tensor in found.items()}
        changed = [name for name, state in states.items() if state != self._states.get(name)]
        self._states = states
        self._show(table([(name, found[name]) for name in changed], self._look), self._look)

    def calls(self, function: Any, args: list[Any], keywords: dict[str, Any]) -> None:
        self._pending = []
        if self._told > MOST_LINES or not isinstance(function, Function):
            return
        if function.name == "backward" and isinstance(function.receiver, Tensor):
            given = args[0] if args else keywords.get("gradient")
            self._pending = self._derivation(function.receiver, given)

    def called(self, function: Any) -> None:
        if self._pending:
            self._show(self._pending, self._look)
            self._pending = []

    # --- what is told ----------------------------------------------------------------------

    def _derivation(self, output: Tensor, given: Any) -> list[Line]:
        seed = given._array if isinstance(given, Tensor) else None
        if (output._array.size != 1 and seed is None) or (
            seed is not None and seed.shape != output.shape
        ):
            return []  # the call is about to fail
        solution = self._history.solution(output, seed, self._names)
        if solution is None:
            return []
        story = Derivation.of(solution)
        story.seed = "given to backward()"
        name = next((n for n, value in self._names.items() if value is output), "")
        told = tutorial.tell(f"{name}.backward()", story, {}, solution.value.dtype.name, self._look)
        return [(), *((("      ", ""), *line) if line else () for line in told), ()]


def tensors(names: Mapping[str, Any]) -> dict[str, Tensor]:
    """Those of the names that are tensors."""
    return {name: value for name, value in names.items() if isinstance(value, Tensor)}


def table(tensors: Iterable[tuple[str, Tensor]], look: Look) -> list[Line]:
    """What each tensor is: leaf or result, whether it requires grad, its value and its grad."""
    rows = []
    for name, tensor in tensors:
        what = "leaf" if tensor.grad_fn is None else tensor.grad_fn.name()
        if tensor.grad_fn is None and tensor.requires_grad:
            what += ", requires grad"
        grad = ""
        if tensor._grad is not None:
            grad = f"grad {brief(tensor._grad._array, look)}"
        elif tensor.grad_fn is None and tensor.requires_grad:
            grad = "no grad yet"
        rows.append((name, what, brief(tensor._array, look), grad))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    found: list[Line] = []
    for row in rows:
        name, *cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        found.append((("      " + name, "green"), ("   " + "   ".join(cells), "")))
    return found


def _state(tensor: Tensor) -> Any:
    """What is compared to tell whether a tensor has changed."""
    grad = tensor._grad
    return (
        id(tensor), tensor.grad_fn is None, tensor.requires_grad,
        tensor._array.tobytes() if tensor._array.size <= SMALL else id(tensor._array),
        None if grad is None else grad._array.tobytes(),
    )  # fmt: skip
