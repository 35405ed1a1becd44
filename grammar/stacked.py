"""An expression for stacks of data: one compiled call answers many data of the same shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from ..grad.batch import batch
from ..grad.errors import GradError
from ..grad.evaluate import Array, limit, schedule
from ..grad.execution.plan import Plan, plan
from ..grad.node import Node, Shape
from ..grad.ops import Op, variable
from ..grad.record import field, record
from .errors import Diagnostic
from .program import Expression, Question, Request, located, pose, solve

BLOCK = 256  # how many data go through one call ...
ENTRIES = 2**16  # ... as long as the largest step of them all has no more entries than this
KEPT = 32  # plans for so many combinations of shapes are kept


@record()
class _Ready:
    """What was asked, for data of certain shapes, compiled for one of them and for a block."""

    names: tuple[str, ...]  # of the gradients
    one: Plan
    block: int  # 1 where stacking does not pay
    many: Plan | None


@record()
class Stacked:
    """An expression to be called with stacks of values for some names, the others being `fixed`.

    >>> f = Stacked(Expression.read("a*sum(x*x)"), Request(wrt=("x",)), {"a": np.array(2.0)})
    >>> value, grads = f({"x": np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]])})
    >>> value.tolist(), grads["x"].tolist()
    ([10.0, 50.0, 2.0], [[4.0, 8.0], [12.0, 16.0], [0.0, 4.0]])
    """

    expression: Expression
    request: Request
    fixed: Mapping[str, Array] = field(default_factory=dict)
    _ready: dict[tuple[Shape, ...], _Ready | Diagnostic] = field(default_factory=dict)

    def __call__(
        self, stacks: Mapping[str, Array], count: int | None = None
    ) -> tuple[Array, dict[str, Array]]:
        """The values and the gradients, stacked; `count` says how many where there are no stacks.

        Raises the Diagnostic of `solve`. Where data fail one by one (a singular matrix), it is that
        of a single datum if there is only one, and otherwise does not say which.
        """
        if count is None:
            count = len(next(iter(stacks.values())))
        ready = self._prepared(stacks)
        try:
            with np.errstate(all="ignore"):
                found = self._run(ready, stacks, count)
        except (GradError, np.linalg.LinAlgError):
            first = {name: stack[0] for name, stack in stacks.items()}
            solve(self.expression, {**self.fixed, **first}, self.request)  # tells it, with a caret
            raise Diagnostic("G502", "the computation fails for one of several data") from None
        return found[0], dict(zip(ready.names, found[1:], strict=True))

    def _run(self, ready: _Ready, stacks: Mapping[str, Array], count: int) -> list[Array]:
        """Full blocks, then what is left: in a filled-up block, or one by one if that is little."""
        parts = []
        at = 0
        if ready.many is not None:
            while count - at > ready.block // 16:
                end = min(at + ready.block, count)
                part = {name: _filled(s[at:end], ready.block) for name, s in stacks.items()}
                found = ready.many({**self.fixed, **part})
                parts.append([array[: end - at] for array in found])
                at = end
        for i in range(at, count):
            values = {name: stack[i] for name, stack in stacks.items()}
            parts.append([array[None] for array in ready.one({**self.fixed, **values})])
        return (
            parts[0] if len(parts) == 1 else [np.concatenate(p) for p in zip(*parts, strict=True)]
        )

    def _prepared(self, stacks: Mapping[str, Array]) -> _Ready:
        shapes = {name: stack.shape[1:] for name, stack in stacks.items()}
        key = tuple(shapes.get(name, ()) for name in self.expression.free)
        ready = self._ready.pop(key, None)
        if ready is None:
            try:
                ready = self._compile(shapes)
            except Diagnostic as diagnostic:  # as slow to find as a plan is to make
                ready = diagnostic
            while len(self._ready) >= KEPT:
                del self._ready[next(iter(self._ready))]
        self._ready[key] = ready  # the last used stands last
        if isinstance(ready, Diagnostic):
            raise ready.with_traceback(None)
        return ready

    def _compile(self, shapes: Mapping[str, Shape]) -> _Ready:
        fixed = {name: array.shape for name, array in self.fixed.items()}
        asked = pose(self.expression, {**fixed, **shapes}, self.request)
        roots = [asked.root, *asked.grads.values()]
        order, _ = schedule(roots)
        located(self.expression, asked.built, lambda: limit(order, self.request.max_elements))
        one = located(self.expression, asked.built, lambda: plan(roots, self.request.dtype))
        block = _block(order)
        many = self._batched(asked, roots, list(shapes), block) if block > 1 else None
        return _Ready(tuple(asked.grads), one, block if many else 1, many)

    def _batched(
        self, asked: Question, roots: Sequence[Node], names: Sequence[str], block: int
    ) -> Plan | None:
        stacks = {
            asked.inputs[name]: variable(name, (block, *asked.inputs[name].shape))
            for name in names
            if name in asked.inputs
        }
        try:
            return plan(batch(roots, stacks, (block,)), self.request.dtype)
        except (GradError, np.linalg.LinAlgError):  # what one by one may still do
            return None


def _block(order: Sequence[Node]) -> int:
    """How many data to compute at once: as many as the cache likes; one if they would only be
    computed one after the other."""
    for node in order:
        op: Op = node.op
        if op.batch == "unroll":
            return 1
    largest = max(prod(s for s in node.shape if isinstance(s, int)) for node in order)
    return max(1, min(BLOCK, ENTRIES // max(largest, 1)))


def _filled(stack: Array, size: int) -> Array:
    """A stack as long as a block, its last datum repeated."""
    missing = size - len(stack)
    return np.concatenate([stack, np.repeat(stack[-1:], missing, axis=0)]) if missing else stack
