"""Reductions in parts: of each block of rows, then of what was found there, in order."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from ..evaluate import Array, Run
from ..node import TABLE, Node
from ..record import record

# by which reduction the parts of a reduction are combined
COMBINED = {name: name for name in ("sum", "prod", "max", "min", "all", "any", "norm")}
COMBINED |= {"mean": "sum", "count_nonzero": "sum", "matmul": "sum", "peak": "max"}


@record(eq=False)
class Reduction:
    """A reduction over the rows of an operand, whose rows have `tail` axes of their own; each entry
    of the result is made of `count`. ``X.T @ y`` is one, a sum over the rows of both."""

    node: Node
    run: Run
    tail: int
    count: int

    def part(self, x: Array, y: Array | None = None) -> Array:
        """What is found in a block. A mean finds the sum, and beside it the sum of what each entry
        adds to the mean, which is right where the former overflows."""
        node, name = self.node, self.node.op.name
        if y is not None:
            return self.run.typed(node, x.T @ y)
        dim = (-self.tail - 1, *(d for d in node.attr("dim") if d >= -self.tail))
        if name == "mean":
            total = np.add.reduce(x, axis=dim)
            share = total / self.count
            if not isfinite(np.add.reduce(share, axis=None)):
                share = np.add.reduce(x / self.count, axis=dim)
            return np.array((total, share))
        if name == "peak":
            return np.asarray(np.maximum.reduce(x, axis=dim))
        return self.run.applied(node, [x], {**dict(node.attrs), "dim": dim, "keepdim": False})

    def combined(self, parts: Sequence[Array]) -> Array:
        """What was found in several blocks, as if they were one."""
        stacked = np.stack(parts)
        row = TABLE[COMBINED[self.node.op.name]]
        options = {"p": self.node.attr("p"), "ord": None} if row.name == "norm" else {}
        found = row.run(stacked, dim=(-stacked.ndim,), keepdim=False, **options)
        return np.asarray(found, stacked.dtype)

    def result(self, found: Array) -> Array:
        """The result, from what was found in all blocks."""
        if self.node.op.name == "mean":
            total, share = found
            found = total / self.count
            if not np.isfinite(found).all():
                found = share
        if self.node.op.name == "peak":
            found = np.where(np.isfinite(found), found, 0)
        shape = [size for size in self.node.shape if isinstance(size, int)]
        return self.run.typed(self.node, found).reshape(shape)
