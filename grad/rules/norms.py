"""Rules: how far entries lie from their mean, and from zero: var, std, norms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Node
from ..ops import F, Inferred, Kink, Textbook, normal_axes, normal_axis, shape_text
from ..rows import derived, spelling, structural
from .extremes import share
from .reductions import (
    Axes,
    average,
    entries,
    held,
    reduced,
    size_along,
)

# --- spread around the mean --------------------------------------------------------------------


def _spread_shape(x: Node, dim: Any, unbiased: Any, keepdim: bool, correction: float) -> Inferred:
    dims, shape = reduced(x, dim, keepdim)
    if unbiased is not None:
        correction = int(unbiased)
    attrs = {"dim": dims, "unbiased": None, "keepdim": keepdim, "correction": correction}
    return shape, "float", attrs


def _var(x: Any, dim: Axes, unbiased: Any, keepdim: bool, correction: float) -> Any:
    away = np.square(x - average(x, dim, True))
    return np.sum(away, axis=dim, keepdims=keepdim) / max(size_along(x, dim) - correction, 0)


def _std(x: Any, dim: Axes, unbiased: Any, keepdim: bool, correction: float) -> Any:
    # scaled by a power of two, which is exact, so that no square overflows
    size = np.max(np.abs(x), axis=dim, keepdims=True, initial=0)
    scale = np.ldexp(np.ones_like(size), np.frexp(np.where(np.isfinite(size), size, 1))[1] - 1)
    root = np.sqrt(_var(x / scale, dim, unbiased, True, correction)) * scale
    return root if keepdim else np.squeeze(root, dim)


def _freedom(x: Node, dim: Axes, correction: float) -> Node:
    """What the squares are divided by: the number of entries, usually less one."""
    return entries(x, dim) - correction if correction else entries(x, dim)


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
    away = x - F.mean(x, dim, True)
    return held(g, x, dim, keepdim) * 2 / _freedom(x, dim, correction) * away


@structural(
    f"std({SPREAD})", _std, _spread_shape,
    doc="Square root of the variance, without overflow.",
    spellings={"ddof": "correction"}, calls=SPREAD_CALLS,
    kinks=(Kink("all entries equal", "0", "as norm at 0"),),
)  # fmt: skip
def std(
    g: Node, out: Node, x: Node, dim: Axes, unbiased: Any, keepdim: bool, correction: float
) -> Node:
    away = x - F.mean(x, dim, True)
    unit = ratio(away, held(out, x, dim, keepdim))
    return held(g, x, dim, keepdim) / _freedom(x, dim, correction) * unit


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
            number = isinstance(ord, (int, float))
            raise GradError(
                "G117", "`ord` of a matrix is not the norm of its entries", at="ord",
                help=[f"of the matrix: `matrix_norm({{0}}, {_order_text(ord)})`",
                      *[f"of its entries: `norm({{0}}, p={_order_text(ord)})`"] * number],
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


def _order_text(order: Any) -> str:
    return str(order) if isinstance(order, float) and math.isinf(order) else repr(order)


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
        return share(g, F.abs(x), length, dim) * F.sign(x)
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


def _linalg_norm(x: Node, ord: Any, dim: Any, keepdim: bool) -> Node:
    """Of a matrix, or over two axes, that of the matrix, where an order is given."""
    axes = normal_axes(dim, x.ndim)
    if ord is None:
        return F.norm(x, 2, axes, keepdim)
    if len(axes) == 2:
        return F.matrix_norm(x, ord, axes, keepdim)
    if len(axes) > 2:
        raise GradError(
            "G309", f"an order is for the norm of a vector or a matrix, not of {len(axes)} axes",
            at=0, label=f"{x.ndim} axes", labels={0: shape_text(x.shape)},
            help=["over two of them: `dim=(-2, -1)`", "of all entries: `vector_norm({0}, ord)`"],
        )  # fmt: skip
    return F.vector_norm(x, ord, axes, keepdim)


linalg_norm = spelling(
    "linalg_norm(x, ord: any = None, dim: axes = None, keepdim: bool = False)", _linalg_norm,
    doc="Norm as np.linalg and torch.linalg have it: with an order, matrix_norm of a matrix.",
    calls=(("x", "2"), ("x", "1"), ("x", "'nuc'"), ("x", "3", "dim=1"), ("x", "dim=0")),
)  # fmt: skip


def _normalize(x: Node, p: float, dim: int | None, eps: float) -> Node:
    axis = min(1, max(x.ndim - 1, 0)) if dim is None else dim
    size = F.norm(x, p, axis, True)
    return x / (F.clamp(size, min=eps) if eps else size)


normalize = derived(
    "normalize(x, p: number = 2, dim: axis? = None, eps: number = 1e-12)", _normalize,
    doc="`x` divided by its norm along an axis (the second, as PyTorch, or the only one), or by eps"
    " where that is less.",
    kinks=(Kink("0", "slope 1/eps"),),
    textbook=Textbook(lambda x, p, dim, eps: _normalize(x, p, dim, 0), "no norm is below eps"),
)  # fmt: skip
