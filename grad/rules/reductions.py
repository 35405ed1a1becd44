"""Rules: sums, means, products, extremes, norms over some or all axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sizes
from ..node import Kind, Node, Shape
from ..ops import F, Inferred, count, linear, normal_axes, promoted


def reduced(x: Node, dim: Any, keepdim: bool) -> tuple[tuple[int, ...], Shape]:
    """The axes reduced, all negative, and the shape that is left."""
    dims = normal_axes(dim, x.ndim)
    shape = tuple(
        1 if i - x.ndim in dims else s
        for i, s in enumerate(x.shape)
        if keepdim or i - x.ndim not in dims
    )
    return dims, shape


def spread(g: Node, x: Node, dim: tuple[int, ...], keepdim: bool) -> Node:
    """`g`, of a reduced shape, back at every entry of `x` it came from."""
    if g.ndim and dim and not keepdim:
        g = F.unsqueeze(g, dim)
    return F.broadcast_to(g, x.shape) if g.shape != x.shape else g


def reduction(kind: Kind | str = "float") -> Any:
    """The shape rule of a row (x, dim, keepdim)."""

    def infer(x: Node, dim: Any, keepdim: bool) -> Inferred:
        dims, shape = reduced(x, dim, keepdim)
        found = promoted((x,)) if kind == "promote" else kind
        return shape, found, {"dim": dims, "keepdim": keepdim}  # type: ignore[return-value]

    return infer


sum_ = linear(
    "sum(x, dim: axes = None, keepdim: bool = False)",
    lambda x, dim, keepdim: np.sum(x, axis=dim, keepdims=keepdim),
    reduction("promote"),
    lambda g, x, dim, keepdim: spread(g, x, dim, keepdim),
    doc="Sum of all entries, or along axes.",
)  # fmt: skip
mean = linear(
    "mean(x, dim: axes = None, keepdim: bool = False)",
    lambda x, dim, keepdim: np.mean(x, axis=dim, keepdims=keepdim),
    reduction(),
    lambda g, x, dim, keepdim: spread(g / count(tuple(x.shape[d] for d in dim)), x, dim, keepdim),
    doc="Average of all entries, or along axes.",
)  # fmt: skip
