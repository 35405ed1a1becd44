"""Rules: sums, means, products, extremes, norms over some or all axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Kind, Node, Shape
from ..ops import F, Inferred, Kink, count, normal_axes, normal_axis, shape_text
from ..rows import derived, linear, opaque, promoted, spelling, structural

Axes = tuple[int, ...]
SIGNATURE = "x, dim: axes = None, keepdim: bool = False"


def reduced(x: Node, dim: Any, keepdim: bool) -> tuple[Axes, Shape]:
    """The axes reduced, all negative, and the shape that is left."""
    dims = normal_axes(dim, x.ndim)
    shape = tuple(
        1 if i - x.ndim in dims else s
        for i, s in enumerate(x.shape)
        if keepdim or i - x.ndim not in dims
    )
    return dims, shape


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


def _mean(x: Any, dim: Axes, keepdim: bool) -> Any:
    n = _entries(x, dim)
    found = np.sum(x, axis=dim, keepdims=keepdim) / n
    if n and not np.isfinite(found).all():  # the sum overflows where the average does not
        found = np.sum(x / n, axis=dim, keepdims=keepdim)
    return found


def _entries(x: Any, dim: Axes) -> int:
    return math.prod(x.shape[d] for d in dim)


mean = linear(
    f"mean({SIGNATURE})", _mean, reduction(),
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


# --- spread around the mean --------------------------------------------------------------------


def _spread_shape(x: Node, dim: Any, unbiased: Any, keepdim: bool, correction: float) -> Inferred:
    dims, shape = reduced(x, dim, keepdim)
    if unbiased is not None:
        correction = int(unbiased)
    attrs = {"dim": dims, "unbiased": None, "keepdim": keepdim, "correction": correction}
    return shape, "float", attrs


def _var(x: Any, dim: Axes, unbiased: Any, keepdim: bool, correction: float) -> Any:
    away = np.square(x - _mean(x, dim, True))
    return np.sum(away, axis=dim, keepdims=keepdim) / max(_entries(x, dim) - correction, 0)


def _std(x: Any, dim: Axes, unbiased: Any, keepdim: bool, correction: float) -> Any:
    # scaled by a power of two, which is exact, so that no square overflows
    size = np.max(np.abs(x), axis=dim, keepdims=True, initial=0)
    scale = np.ldexp(np.ones_like(size), np.frexp(np.where(np.isfinite(size), size, 1))[1] - 1)
    root = np.sqrt(_var(x / scale, dim, unbiased, True, correction)) * scale
    return root if keepdim else np.squeeze(root, dim)


SPREAD = (
    "x, dim: axes = None, unbiased: bool? = None, keepdim: bool = False, correction: number = 1"
)
SPREAD_CALLS = (("x", "correction=0"), ("x", "dim=1", "unbiased=False", "keepdim=True"))


@structural(
    f"var({SPREAD})", _var, _spread_shape,
    doc="Variance, over n - correction: 1 as in PyTorch, `ddof=0` for NumPy's.",
    spellings={"ddof": "correction"}, calls=SPREAD_CALLS,
)  # fmt: skip
def var(
    g: Node, out: Node, x: Node, dim: Axes, unbiased: Any, keepdim: bool, correction: float
) -> Node:
    away = x - mean(x, dim, True)
    return held(g, x, dim, keepdim) * 2 / (entries(x, dim) - correction) * away


@structural(
    f"std({SPREAD})", _std, _spread_shape,
    doc="Square root of the variance, without overflow.",
    spellings={"ddof": "correction"}, calls=SPREAD_CALLS,
    kinks=(Kink("all entries equal", "0", "as norm at 0"),),
)  # fmt: skip
def std(
    g: Node, out: Node, x: Node, dim: Axes, unbiased: Any, keepdim: bool, correction: float
) -> Node:
    away = x - mean(x, dim, True)
    unit = ratio(away, held(out, x, dim, keepdim))
    return held(g, x, dim, keepdim) / (entries(x, dim) - correction) * unit


def ratio(x: Node, y: Node) -> Node:
    """``x/y``, and 0 where `y` is 0: the direction of nothing."""
    return F.where(F.eq(y, 0), 0, x / y)


# --- norms -------------------------------------------------------------------------------------


def _norm_shape(x: Node, p: Any, dim: Any, keepdim: bool, ord: Any) -> Inferred:
    dims, shape = reduced(x, dim, keepdim)
    p = _order(x, p, dims, ord)
    if p < 0 and sizes.product(x.shape[d] for d in dims) == 0 and 0 not in shape:
        raise GradError("G312", "a negative norm of no entries at all", at=0)
    return shape, "float", {"p": p, "dim": dims, "keepdim": keepdim, "ord": None}


def _order(x: Node, p: Any, dims: Axes, ord: Any) -> float:
    """The order of the norm as a number, from PyTorch's `p` or NumPy's `ord`."""
    if ord is not None:
        if len(dims) == 2 and ord != "fro":
            raise GradError(
                "G117", "`ord` of a matrix is not the norm of its entries", at="ord",
                help=[f"of the matrix: `matrix_norm({{0}}, {ord!r})`",
                      f"of its entries: `norm({{0}}, p={ord!r})`"],
            )  # fmt: skip
        p = ord
    if p == "fro" or p is None:
        return 2
    if isinstance(p, bool) or not isinstance(p, (int, float)) or math.isnan(p):
        raise GradError(
            "G117", "the order of a norm is a number, inf, -inf or 'fro'",
            at="p" if ord is None else "ord",
            help=["`matrix_norm({0}, 'nuc')` is the sum of singular values"] if p == "nuc" else [],
        )  # fmt: skip
    return int(p) if p == 2 else p


def _norm(x: Any, p: float, dim: Axes, keepdim: bool, ord: Any) -> Any:
    size = np.abs(x)
    if p == math.inf:
        return np.max(size, axis=dim, keepdims=keepdim, initial=0)
    if p == -math.inf:
        return np.min(size, axis=dim, keepdims=keepdim)
    if p == 0:
        return np.count_nonzero(x, axis=dim, keepdims=keepdim)
    if p == 1:
        return np.sum(size, axis=dim, keepdims=keepdim)
    scale = np.max(size, axis=dim, keepdims=True, initial=0)
    scale = np.where((scale > 0) & np.isfinite(scale), scale, 1)
    unit = x / scale if p == 2 else size / scale
    root = np.sum(unit * unit if p == 2 else unit**p, axis=dim, keepdims=True)
    root = scale * (np.sqrt(root) if p == 2 else root ** (1 / p))
    return root if keepdim else np.squeeze(root, dim)


@structural(
    "norm(x, p: any = 2, dim: axes = None, keepdim: bool = False, ord: any = None)",
    _norm, _norm_shape,
    doc="Length, sum(abs(x)**p)**(1/p) without overflow, of all entries or along axes.",
    calls=(("x", "1"), ("x", "3", "dim=1"), ("x", "4"), ("x", "inf"), ("x", "-inf", "dim=0"),
           ("x", "1.5"), ("x", "0")),
    kinks=(Kink("0", "0", "any direction would do"), Kink("a tie, p = inf", "equal shares")),
)  # fmt: skip
def norm(g: Node, out: Node, x: Node, p: float, dim: Axes, keepdim: bool, ord: Any) -> Node | None:
    if p == 0:
        return None
    g, length = held(g, x, dim, keepdim), held(out, x, dim, keepdim)
    if p == 1:
        return g * F.sign(x)
    if math.isinf(p):
        return _share(g, F.abs(x), length, dim) * F.sign(x)
    if p > 0 and p % 2 == 0:
        unit = ratio(x, length)
        return g * (unit if p == 2 else unit ** (p - 1))
    return g * F.where(F.eq(x, 0), 0, F.sign(x) * (F.abs(x) / length) ** (p - 1))


vector_norm = spelling(
    "vector_norm(x, ord: any = 2, dim: axes = None, keepdim: bool = False)",
    lambda x, ord, dim, keepdim: F.norm(x, ord, dim, keepdim),
    doc="norm(x, p=ord), as torch.linalg spells it.",
)  # fmt: skip
dist = derived("dist(x, y, p: any = 2)", lambda x, y, p: F.norm(x - y, p), doc="norm(x - y).",
               calls=(("x", "y", "1"),))  # fmt: skip


def _matrix_norm(x: Node, ord: Any, dim: Any, keepdim: bool) -> Node:
    axes = tuple(dim) if isinstance(dim, tuple) and len(dim) == 2 else ()
    if not axes or x.ndim < 2:
        raise GradError("G309", "a matrix norm is over two axes", at="dim" if x.ndim > 1 else 0)
    row, column = (normal_axis(d, x.ndim) for d in axes)
    if ord == "fro":
        return F.norm(x, 2, (row, column), keepdim)
    if ord in (1, -1, math.inf, -math.inf):
        inner, outer = (row, column) if abs(ord) == 1 else (column, row)
        best = F.max if ord > 0 else F.min
        found = best(F.sum(F.abs(x), inner, True), outer, True)
        return found if keepdim else F.squeeze(found, (row, column))
    if ord not in (2, -2, "nuc"):
        raise GradError(
            "G117",
            "the order of a matrix norm is 'fro', 'nuc', 1, 2, inf or their negatives",
            at="ord",
        )
    values = F.svdvals(F.moveaxis(x, (row, column), (-2, -1)))
    found = (F.sum if ord == "nuc" else F.max if ord > 0 else F.min)(values, -1)
    return F.unsqueeze(found, (row, column)) if keepdim else found


matrix_norm = derived(
    "matrix_norm(x, ord: any = 'fro', dim: any = None, keepdim: bool = False)",
    lambda x, ord, dim, keepdim: _matrix_norm(x, ord, (-2, -1) if dim is None else dim, keepdim),
    doc="Norm of matrices: 'fro'; 'nuc', 2: sum and largest of the singular values; 1, inf: largest"
    " sum of a column, a row.",
    calls=(("x", "'nuc'"), ("x", "2"), ("x", "1"), ("x", "-inf")),
)  # fmt: skip


def _normalize(x: Node, p: float, dim: int | None, eps: float) -> Node:
    axis = min(1, max(x.ndim - 1, 0)) if dim is None else dim
    return x / F.clamp(F.norm(x, p, axis, True), min=eps)


normalize = derived(
    "normalize(x, p: number = 2, dim: axis? = None, eps: number = 1e-12)", _normalize,
    doc="`x` divided by its norm along an axis (the second, as PyTorch, or the only one), or by eps"
    " where that is less.",
    kinks=(Kink("0", "slope 1/eps"),),
)  # fmt: skip


# --- extremes ----------------------------------------------------------------------------------

TIES = (Kink("a tie", "equal shares", "the mean of the slopes of those that tie"),)


def _share(g: Node, x: Node, best: Node, dim: Axes) -> Node:
    """`g` in equal shares to those entries along `dim` that are the `best`."""
    chosen = F.eq(x, best)
    return F.where(chosen, g / F.sum(chosen, dim, True), 0.0)


def _shared(g: Node, out: Node, x: Node, dim: Axes, keepdim: bool, **_: Any) -> Node:
    return _share(held(g, x, dim, keepdim), x, held(out, x, dim, keepdim), dim)


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
    lambda x, dim, keepdim: F.kthvalue(x, (_size("median", x, dim) + 1) // 2, dim, keepdim),
    doc="Middle entry, the lower of two as in PyTorch; `quantile(x, 0.5)` is their mean.",
    kinks=TIES,
)  # fmt: skip


def _quantile(x: Node, q: float, dim: Any, keepdim: bool, interpolation: str) -> Node:
    if not 0 <= q <= 1:
        raise GradError("G117", "`q` is between 0 and 1", at="q")
    place = q * (_size("quantile", x, dim) - 1)
    low, high = (
        F.kthvalue(x, int(k) + 1, dim, keepdim) for k in (math.floor(place), math.ceil(place))
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
            return F.kthvalue(x, round(place) + 1, dim, keepdim)
    raise GradError(
        "G117",
        "`interpolation` is 'linear', 'lower', 'higher', 'midpoint' or 'nearest'",
        at="interpolation",
    )


quantile = derived(
    "quantile(x, q: number, dim: axes = None, keepdim: bool = False,"
    " interpolation: str = 'linear')",
    _quantile, doc="The value that a share `q` of the entries does not exceed.",
    spellings={"method": "interpolation"}, example="quantile(x, 0.25)", kinks=TIES,
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


def _peak(x: Any, dim: Any) -> Any:
    """The largest entry along axes, to be subtracted before `exp`; 0 where that is not finite."""
    top = np.max(x, axis=dim, keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(top), top, 0)


def _logsumexp(x: Any, dim: Axes, keepdim: bool) -> Any:
    top = _peak(x, dim)
    found = np.log(np.sum(np.exp(x - top), axis=dim, keepdims=True)) + top
    return found if keepdim else np.squeeze(found, dim)


@structural(f"logsumexp({SIGNATURE})", _logsumexp, reduction(),
            doc="log(sum(exp(x))) without overflow.")  # fmt: skip
def logsumexp(g: Node, out: Node, x: Node, dim: Axes, keepdim: bool) -> Node:
    weights = softmax(x, dim[0]) if len(dim) == 1 else F.exp(x - held(out, x, dim, keepdim))
    return held(g, x, dim, keepdim) * weights


def _softmax(x: Any, dim: int) -> Any:
    powers = np.exp(x - _peak(x, dim))
    return powers / np.sum(powers, axis=dim, keepdims=True)


def _log_softmax(x: Any, dim: int) -> Any:
    away = x - _peak(x, dim)
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


# --- products ----------------------------------------------------------------------------------


def _prod_others(x: Node, dim: Any) -> Node:
    """The product of what stands before and of what stands after: zeros need no division."""
    dims = normal_axes(dim, x.ndim)
    if not dims:
        return F.ones_like(x)
    if len(dims) == 1:
        ahead = F.flip(before(F.flip(x, dims), dims[0]), dims)
        return before(x, dims[0]) * ahead
    kept = tuple(i for i in range(-x.ndim, 0) if i not in dims)
    order = kept + dims
    moved = x if order == tuple(range(-x.ndim, 0)) else F.permute(x, order)
    flat = F.reshape(moved, (*moved.shape[: len(kept)], sizes.product(moved.shape[len(kept) :])))
    others = F.reshape(F.prod_others(flat, -1), moved.shape)
    back = tuple(order.index(i) - x.ndim for i in range(-x.ndim, 0))
    return others if moved is x else F.permute(others, back)


def before(x: Node, dim: int) -> Node:
    """The product of the entries before each along an axis; 1 for the first."""
    return F.pad(F.cumprod(x, dim), (0, 0) * (-1 - dim) + (1, -1), value=1)


prod_others = derived("prod_others(x, dim: axes = None)", _prod_others,
                      doc="For each entry the product of the others: prod's slope.")  # fmt: skip


@structural(
    f"prod({SIGNATURE})", lambda x, dim, keepdim: np.prod(x, axis=dim, keepdims=keepdim),
    reduction("promote"), doc="Product of all entries, or along axes.",
    kinks=(Kink("zeros", "exact", "products of the other entries, not out/x"),),
)  # fmt: skip
def prod(g: Node, out: Node, x: Node, dim: Axes, keepdim: bool) -> Node:
    return held(g, x, dim, keepdim) * F.prod_others(x, dim)
