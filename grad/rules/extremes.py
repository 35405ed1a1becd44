"""Rules: the largest, the smallest, and what is in between: max, min, median, quantile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Node
from ..ops import F, Inferred, Kink, normal_axes, shape_text
from ..rows import derived, opaque, promoted, structural
from .reductions import SIGNATURE, Axes, held, reduced, reduction

# --- extremes ----------------------------------------------------------------------------------

TIES = (Kink("a tie", "equal shares", "the mean of the slopes of those that tie"),)


def share(g: Node, x: Node, best: Node, dim: Axes) -> Node:
    """`g` in equal shares to those entries along `dim` that are the `best`, which may be nan."""
    chosen = F.same(x, best)
    return F.where(chosen, g / F.sum(chosen, dim, True), 0.0)


def _shared(g: Node, out: Node, x: Node, dim: Axes, keepdim: bool, **_: Any) -> Node:
    return share(held(g, x, dim, keepdim), x, held(out, x, dim, keepdim), dim)


max_ = structural(
    f"max({SIGNATURE})", lambda x, dim, keepdim: np.max(x, axis=dim, keepdims=keepdim),
    reduction("promote", "max"), doc="Largest entry, of all or along axes.",
    selects=True, aliases=("amax",), kinks=TIES,
)(_shared)  # fmt: skip
min_ = structural(
    f"min({SIGNATURE})", lambda x, dim, keepdim: np.min(x, axis=dim, keepdims=keepdim),
    reduction("promote", "min"), doc="Smallest entry, of all or along axes.",
    selects=True, aliases=("amin",), kinks=TIES,
)(_shared)  # fmt: skip
ptp = derived(f"ptp({SIGNATURE})",
              lambda x, dim, keepdim: F.max(x, dim, keepdim) - F.min(x, dim, keepdim),
              doc="Largest minus smallest entry.", kinks=TIES)  # fmt: skip


def last_axis(x: Any, dim: Axes) -> Any:
    """An array with the axes `dim` flattened into one, the last."""
    kept = [i for i in range(-x.ndim, 0) if i not in dim]
    return np.transpose(x, (*kept, *dim)).reshape((*(x.shape[i] for i in kept), -1))


def _position(best: Any) -> Any:
    def forward(x: Any, dim: Axes, keepdim: bool) -> Any:
        found = best(last_axis(x, dim), axis=-1)
        return np.expand_dims(found, dim) if keepdim else found

    return forward


argmax = opaque(f"argmax({SIGNATURE})", _position(np.argmax), reduction("int", "argmax"),
                doc="Position of the largest entry, the first if several tie.")  # fmt: skip
argmin = opaque(f"argmin({SIGNATURE})", _position(np.argmin), reduction("int", "argmin"),
                doc="Position of the smallest entry, the first if several tie.")  # fmt: skip


def _kth_shape(x: Node, k: Any, dim: Any, keepdim: bool) -> Inferred:
    dims, shape = reduced(x, dim, keepdim)
    size = sizes.product(x.shape[d] for d in dims)
    if isinstance(size, int) and not 1 <= k <= size:
        raise GradError("G305", f"there is no entry {k} among {size}", at="k")
    return shape, promoted((x,)), {"k": k, "dim": dims, "keepdim": keepdim}


def _kth(x: Any, k: int, dim: Axes, keepdim: bool) -> Any:
    found = np.sort(last_axis(x, dim), axis=-1)[..., k - 1]
    return np.expand_dims(found, dim) if keepdim else found


kthvalue = structural(
    "kthvalue(x, k: int, dim: axes? = -1, keepdim: bool = False)", _kth, _kth_shape,
    doc="The k-th smallest entry along an axis; k counts from 1.", selects=True, kinks=TIES,
    example="kthvalue(x, 2)",
)(_shared)  # fmt: skip


def _rank(x: Any, k: int, dim: Axes, keepdim: bool) -> Any:
    flat = last_axis(x, dim)
    found = np.sort(flat, axis=-1)[..., [k - 1, -1]]  # nan comes last
    found = np.where(np.isnan(found[..., 1]), found[..., 1], found[..., 0])
    return np.expand_dims(found, dim) if keepdim else found


order_statistic = structural(
    "order_statistic(x, k: int, dim: axes? = -1, keepdim: bool = False)", _rank, _kth_shape,
    doc="The k-th smallest entry along an axis, or nan if there is one.", selects=True, kinks=TIES,
    example="order_statistic(x, 2)",
)(_shared)  # fmt: skip


def _size(name: str, x: Node, dim: Any) -> int:
    size = sizes.product(x.shape[d] for d in normal_axes(dim, x.ndim))
    if not isinstance(size, int):
        raise GradError("G117", f"`{name}` along the unknown size `{size}`", at=0)
    if not size:
        raise GradError(
            "G312", f"`{name}` of no entries at all", at=0, labels={0: shape_text(x.shape)}
        )
    return size


median = derived(
    f"median({SIGNATURE})",
    lambda x, dim, keepdim: F.order_statistic(x, (_size("median", x, dim) + 1) // 2, dim, keepdim),
    doc="Middle entry, the lower of two as in PyTorch; `quantile(x, 0.5)` is their mean.",
    kinks=TIES,
)  # fmt: skip


def _quantile(x: Node, q: Any, dim: Any, keepdim: bool, interpolation: str) -> Node:
    if isinstance(q, tuple):
        each = [F.quantile(x, share, dim, keepdim, interpolation) for share in q]
        return F.stack(each, 0)
    if not 0 <= q <= 1:
        raise GradError("G117", "`q` is between 0 and 1", at="q")
    place = q * (_size("quantile", x, dim) - 1)
    low, high = (
        F.order_statistic(x, int(k) + 1, dim, keepdim)
        for k in (math.floor(place), math.ceil(place))
    )
    match interpolation:
        case "linear":
            return low if low is high else low + (place - math.floor(place)) * (high - low)
        case "lower":
            return low
        case "higher":
            return high
        case "midpoint":
            return (low + high) / 2
        case "nearest":
            return F.order_statistic(x, round(place) + 1, dim, keepdim)
    raise GradError(
        "G117",
        "`interpolation` is 'linear', 'lower', 'higher', 'midpoint' or 'nearest'",
        at="interpolation",
    )


quantile = derived(
    "quantile(x, q: numbers, dim: axes = None, keepdim: bool = False,"
    " interpolation: str = 'linear')",
    _quantile, doc="The value that a share `q` of the entries does not exceed; of each of several.",
    calls=(("x", "(0.25, 0.5)", "dim=0"),),
    spellings={"method": "interpolation"}, example="quantile(x, 0.25)", kinks=TIES,
)  # fmt: skip
