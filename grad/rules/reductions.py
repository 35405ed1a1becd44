"""Rules: sums, means, exponential sums, counts over some or all axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import sizes
from ..broadcasting import broadcast_nodes
from ..errors import GradError
from ..node import Kind, Node, Shape
from ..ops import F, Inferred, count, normal_axes, normal_axis, shape_text
from ..rows import derived, linear, opaque, promoted, structural

Axes = tuple[int, ...]
SIGNATURE = "x, dim: axes = None, keepdim: bool = False"


def reduced(x: Node, dim: Any, keepdim: bool) -> tuple[Axes, Shape]:
    """The axes reduced, all negative, and the shape that is left."""
    return reduced_shape(x.shape, dim, keepdim)


def reduced_shape(shape: Shape, dim: Any, keepdim: bool) -> tuple[Axes, Shape]:
    rank = len(shape)
    dims = normal_axes(dim, rank)
    left = tuple(
        1 if i - rank in dims else s for i, s in enumerate(shape) if keepdim or i - rank not in dims
    )
    return dims, left


def spread(g: Node, x: Node, dim: Axes, keepdim: bool) -> Node:
    """`g`, of a reduced shape, back at every entry of `x` it came from."""
    g = held(g, x, dim, keepdim)
    return F.broadcast_to(g, x.shape) if g.shape != x.shape else g


def held(g: Node, x: Node, dim: Axes, keepdim: bool) -> Node:
    """`g`, of a reduced shape, with the axes it needs to broadcast against `x`."""
    if keepdim or not dim or len(dim) == x.ndim:
        return g
    return F.unsqueeze(g, dim)


def entries(x: Node, dim: Axes) -> Node:
    """How many entries each result is made of, as a node."""
    return count(tuple(x.shape[d] for d in dim))


def reduction(kind: Kind | str = "float", name: str = "") -> Any:
    """The shape rule of a row (x, dim, keepdim); one with a `name` needs entries to choose from."""

    def infer(x: Node, dim: Any, keepdim: bool) -> Inferred:
        dims, shape = reduced(x, dim, keepdim)
        if name and sizes.product(x.shape[d] for d in dims) == 0 and 0 not in shape:
            raise GradError(
                "G312", f"`{name}` of no entries at all", at=0, labels={0: shape_text(x.shape)}
            )
        found = promoted((x,)) if kind == "promote" else kind
        return shape, found, {"dim": dims, "keepdim": keepdim}  # type: ignore[return-value]

    return infer


# --- sums and means ----------------------------------------------------------------------------

sum_ = linear(
    f"sum({SIGNATURE})",
    lambda x, dim, keepdim: np.sum(x, axis=dim, keepdims=keepdim),
    reduction("promote"),
    lambda g, x, dim, keepdim: spread(g, x, dim, keepdim),
    doc="Sum of all entries, or along axes.",
)  # fmt: skip


_sum: Any = np.add.reduce  # without what np.sum wraps around it


def average(x: Any, dim: Axes, keepdim: bool) -> Any:
    total = _sum(x, axis=dim, keepdims=keepdim)
    n = x.size // (total.size or 1)
    found = total / n
    finite = abs(found) < math.inf
    if n and not (finite.all() if total.ndim else finite):  # the sum overflows, the average not
        found = _sum(x / n, axis=dim, keepdims=keepdim)
    return found


def size_along(x: Any, dim: Axes) -> int:
    return math.prod(x.shape[d] for d in dim)


mean = linear(
    f"mean({SIGNATURE})", average, reduction(),
    lambda g, x, dim, keepdim: spread(g / entries(x, dim), x, dim, keepdim),
    doc="Average of all entries, or along axes.",
)  # fmt: skip
nansum = derived(
    f"nansum({SIGNATURE})",
    lambda x, dim, keepdim: F.sum(F.where(F.isnan(x), 0, x), dim, keepdim),
    doc="Sum that leaves out nan.",
)  # fmt: skip
nanmean = derived(
    f"nanmean({SIGNATURE})",
    lambda x, dim, keepdim: (
        F.nansum(x, dim, keepdim) / F.sum(F.logical_not(F.isnan(x)), dim, keepdim)
    ),
    doc="Average that leaves out nan.",
)  # fmt: skip


# --- truth and counts --------------------------------------------------------------------------

all_ = opaque(f"all({SIGNATURE})", lambda x, dim, keepdim: np.all(x, axis=dim, keepdims=keepdim),
              reduction("bool"), doc="Whether all entries are true (not zero).")  # fmt: skip
any_ = opaque(f"any({SIGNATURE})", lambda x, dim, keepdim: np.any(x, axis=dim, keepdims=keepdim),
              reduction("bool"), doc="Whether an entry is true (not zero).")  # fmt: skip
count_nonzero = opaque(f"count_nonzero({SIGNATURE})",
                       lambda x, dim, keepdim: np.count_nonzero(x, axis=dim, keepdims=keepdim),
                       reduction("int"), doc="How many entries are not zero.")  # fmt: skip


# --- exponentials ------------------------------------------------------------------------------


def peak_along(x: Any, dim: Any) -> Any:
    """The largest entry along axes, to be subtracted before `exp`; 0 where that is not finite."""
    x = x if x.dtype.kind in "fc" else x.astype(np.float64)  # no integer is infinite
    top = np.max(x, axis=dim, keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(top), top, 0)


def _logsumexp(x: Any, dim: Axes, keepdim: bool) -> Any:
    top = peak_along(x, dim)
    found = np.log(np.sum(np.exp(x - top), axis=dim, keepdims=True)) + top
    return found if keepdim else np.squeeze(found, dim)


@structural(f"logsumexp({SIGNATURE})", _logsumexp, reduction(),
            doc="log(sum(exp(x))) without overflow.")  # fmt: skip
def logsumexp(g: Node, out: Node, x: Node, dim: Axes, keepdim: bool) -> Node:
    weights = softmax(x, dim[0]) if len(dim) == 1 else F.exp(x - held(out, x, dim, keepdim))
    return held(g, x, dim, keepdim) * weights


def _weighted_shape(x: Node, y: Node, dim: Any, keepdim: bool) -> Inferred:
    dims, shape = reduced_shape(broadcast_nodes("weighted_logsumexp", (x, y)), dim, keepdim)
    return shape, "float", {"dim": dims, "keepdim": keepdim}


def _weighted_logsumexp(x: Any, y: Any, dim: Axes, keepdim: bool) -> Any:
    top = peak_along(np.where(y == 0, -math.inf, x), dim)
    terms = np.where(y == 0, 0, y * np.exp(np.where(y == 0, 0, x - top)))
    found = np.log(np.sum(terms, axis=dim, keepdims=True)) + top
    return found if keepdim else np.squeeze(found, dim)


@structural(
    "weighted_logsumexp(x, y, dim: axes = None, keepdim: bool = False)", _weighted_logsumexp,
    _weighted_shape, doc="log(sum(y*exp(x))) without overflow.", sample=((-2.0, 2.0), (0.3, 2.0)),
    broadcasts=True, batch="align", hidden=True,
)  # fmt: skip
def weighted_logsumexp(
    g: Node, out: Node, x: Node, y: Node, dim: Axes, keepdim: bool
) -> tuple[Node, Node]:
    if not keepdim and dim:
        g, out = F.unsqueeze(g, dim), F.unsqueeze(out, dim)
    slope = F.exp(x - out)
    whole = broadcast_nodes("weighted_logsumexp", (x, y))
    slope = slope if slope.shape == whole else F.broadcast_to(slope, whole)
    of_x = F.multiply_no_nan(slope, y)
    return F.multiply_no_nan(of_x, g), F.multiply_no_nan(slope, g)


def _softmax(x: Any, dim: int) -> Any:
    powers = np.exp(x - peak_along(x, dim))
    return powers / np.sum(powers, axis=dim, keepdims=True)


def _log_softmax(x: Any, dim: int) -> Any:
    away = x - peak_along(x, dim)
    return away - np.log(np.sum(np.exp(away), axis=dim, keepdims=True))


def _along(x: Node, dim: Any) -> Inferred:
    return x.shape, "float", {"dim": normal_axis(dim, x.ndim)}


@structural("softmax(x, dim: axis = -1)", _softmax, _along, doc="exp(x)/sum(exp(x)) along an axis.")
def softmax(g: Node, out: Node, x: Node, dim: int) -> Node:
    return out * (g - F.sum(g * out, dim, True))


@structural(
    "log_softmax(x, dim: axis = -1)", _log_softmax, _along, doc="log(softmax(x)), accurate."
)
def log_softmax(g: Node, out: Node, x: Node, dim: int) -> Node:
    return g - softmax(x, dim) * F.sum(g, dim, True)
