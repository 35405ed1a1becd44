"""The steps of a pass as a program for one block of rows: values in slots, results in buffers.

Universal functions write into buffers, each used again as soon as nothing will read what is in it,
or into their rows of a result that is kept. So a block stays in the cache from step to step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ..evaluate import Array, Run
from ..node import Node
from ..record import field, record
from ..sizes import entries
from .parts import Reduction
from .passes import Pass
from .rowwise import Step, numbers

Place = tuple[tuple[int, ...], np.dtype[Any]]  # what a buffer can hold: the shape of a row, a type


@record(eq=False)
class _Move:
    """A step: the slots it `takes` its operands from and `gives` its result to, and those that
    nothing needs after it, which it `drops`. `kept` is for the result of all rows, where that is
    wanted; otherwise a universal function has a `buffer`."""

    step: Step
    function: Callable[..., Any]
    takes: list[int]
    gives: int
    casts: bool  # operands, to the type of the result
    kept: Array | None
    is_ufunc: bool
    buffer: int = -1
    drops: list[int] = field(default_factory=list)


class Program:
    """What a pass does to a block. Threads share it, each with buffers of its own.

    ``rows``        how many there are
    ``width``       how many entries a row of the largest tensor has
    ``kept``        the results by rows, to be filled
    ``reductions``  those `block` returns parts of
    """

    def __init__(self, stage: Pass, run: Run, memo: Mapping[Node, Array]) -> None:
        self.run, self.memo = run, memo
        self.axes = len(stage.lead)
        self.rows = entries(stage.lead)
        cut = {a for s in stage.steps for a, c in zip(s.args, s.cut, strict=True) if c}
        by_rows = cut | {step.node for step in stage.steps if not step.part}
        self.width = max([1, *(prod(self._place(node)[0]) for node in by_rows)])
        self.kept = {node: self._empty(self._place(node), self.rows) for node in stage.stored}
        self.reductions = [self._reduction(step) for step in stage.steps if step.part]
        self._shared: list[Array | None] = []  # by slot: operands that are the same for all blocks
        self._sources: list[tuple[int, Node, Array]] = []  # by slot: operands that are cut
        self._moves = self._moved(stage.steps)
        self._places = self._assign()

    def buffers(self, height: int) -> list[Array]:
        """Memory for blocks of up to `height` rows."""
        return [self._empty(place, height) for place in self._places]

    def block(self, start: int, stop: int, buffers: Sequence[Array]) -> list[Array]:
        """Compute some rows: fill in those of what is kept, return the parts of reductions."""
        run, rows = self.run, stop - start
        values: list[Any] = list(self._shared)
        for slot, node, array in self._sources:
            values[slot] = run.typed(node, array[start:stop])
        parts: list[Array] = []
        for move in self._moves:
            args = [values[slot] for slot in move.takes]
            if move.casts:
                args = run.operands(move.step.node, args)
            kept = None if move.kept is None else move.kept[start:stop]
            if move.is_ufunc:
                out = buffers[move.buffer][:rows] if kept is None else kept
                values[move.gives] = move.function(*args, out=out)
            elif move.step.part:
                parts.append(move.function(*args))
            else:
                values[move.gives] = found = move.function(rows, *args)
                if kept is not None:
                    kept[...] = found
            for slot in move.drops:
                values[slot] = None
        return parts

    # --- making it ---

    def _place(self, node: Node) -> Place:
        return numbers(node.shape[self.axes :]), self.run.dtype_of(node)

    def _empty(self, place: Place, rows: int) -> Array:
        tail, dtype = place
        return np.empty((rows, *tail), dtype)

    def _reduction(self, step: Step) -> Reduction:
        x, node = step.args[0], step.node
        count = entries(x.shape) // max(entries(node.shape), 1)
        return Reduction(node, self.run, x.ndim - self.axes, count)

    def _slot(self, value: Array | None = None) -> int:
        self._shared.append(value)
        return len(self._shared) - 1

    def _moved(self, steps: Sequence[Step]) -> list[_Move]:
        slots: dict[tuple[Node, bool], int] = {}  # a node may be used both by rows and whole
        moves = []
        reductions = iter(self.reductions)
        for step in steps:
            takes = []
            for use in zip(step.args, step.cut, strict=True):
                if use not in slots:
                    slots[use] = self._source(step, *use)
                takes.append(slots[use])
            function = next(reductions).part if step.part else _function(step, self.run)
            gives = slots[step.node, not step.part] = self._slot()
            casts = any(a.kind != step.node.kind for a in step.args)
            kept, is_ufunc = self.kept.get(step.node), isinstance(function, np.ufunc)
            moves.append(_Move(step, function, takes, gives, casts, kept, is_ufunc))
        return moves

    def _source(self, step: Step, node: Node, cut: bool) -> int:
        """The slot of an operand that is not computed here."""
        value = self.memo[node] if node in self.memo else self.run.given(node)
        if not cut:
            return self._slot(_without_rows(step, value))
        if self.axes > 1:
            value = value.reshape(self.rows, *value.shape[self.axes :])
        slot = self._slot()
        self._sources.append((slot, node, value))
        return slot

    def _assign(self) -> list[Place]:
        """Choose the buffers of the moves, and what they drop."""
        places: list[Place] = []
        free: dict[Place, list[int]] = {}
        used: dict[int, tuple[Place, int]] = {}  # by slot
        for move, drops in zip(self._moves, self._last_uses(), strict=True):
            move.drops = drops
            for slot in drops:  # first: a pointwise function may well write over its operands
                if slot in used:
                    place, buffer = used[slot]
                    free[place].append(buffer)
            if move.is_ufunc and move.kept is None:
                place = self._place(move.step.node)
                if not free.setdefault(place, []):
                    free[place].append(len(places))
                    places.append(place)
                move.buffer = free[place].pop()
                used[move.gives] = place, move.buffer
        return places

    def _last_uses(self) -> list[list[int]]:
        """Which slots are needed no more after each move, neither directly nor through a view."""
        last: dict[int, int] = {}
        for i, move in reversed(list(enumerate(self._moves))):
            last.setdefault(move.gives, i)
            end = i if move.is_ufunc or move.step.part else last[move.gives]
            for slot in move.takes:
                last[slot] = max(last.get(slot, i), end)
        found: list[list[int]] = [[] for _ in self._moves]
        for slot, i in last.items():
            if self._shared[slot] is None:
                found[i].append(slot)
        return found


# --- what a move runs --------------------------------------------------------------------------


def _function(step: Step, run: Run) -> Callable[..., Any]:
    """How a step by rows is computed: a universal function of its operands, or a function of the
    number of rows and them."""
    node = step.node
    op = node.op
    forward = op.forward_function()
    if isinstance(forward, np.ufunc):
        return forward
    attrs = dict(node.attrs)
    if "shape" not in attrs:
        return lambda rows, *args: run.applied(node, args, attrs)
    shape = node.shape[len(step.lead) :]
    return lambda rows, *args: run.applied(node, args, {**attrs, "shape": (rows, *shape)})


def _without_rows(step: Step, value: Array) -> Array:
    """An operand that all rows share, without the axes of size 1 in the place of the rows."""
    tail = step.node.ndim - len(step.lead)
    if step.node.op.name in ("matmul", "outer") or value.ndim <= tail:
        return value
    return value.reshape(value.shape[value.ndim - tail :])
