"""Rules: running sums, products, extremes, and differences along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Node
from ..ops import F, Inferred, Kink, normal_axes, normal_axis
from ..rows import derived, linear, opaque, promoted, structural

# Without an axis, what runs is all entries in order, as in NumPy; `dim` then names all axes.

Axes = tuple[int, ...]
Scan = Callable[[Any, int], Any]


def _scan_shape(kind: str) -> Any:
    def infer(x: Node, dim: Any) -> Inferred:
        dims = normal_axes(dim, x.ndim)
        if dims != tuple(range(-len(dims), 0)) and len(dims) > 1:
            raise GradError("G303", "one axis at a time, or all of them", at="dim")
        shape = x.shape
        if len(dims) > 1:
            shape = (*shape[: -len(dims)], sizes.product(shape[-len(dims) :]))
        found = promoted((x,)) if kind == "promote" else kind
        return shape, found, {"dim": dims}  # type: ignore[return-value]

    return infer


def _running(scan: Scan) -> Any:
    """The forward function of a row: `scan` along the axis, or along all axes as one."""

    def forward(x: Any, dim: Axes) -> Any:
        if not dim:
            return scan(x[..., None], -1)[..., 0]
        if len(dim) > 1:
            x = x.reshape(*x.shape[: -len(dim)], -1)
        return scan(x, dim[0] if len(dim) == 1 else -1)

    return forward


def _flat(x: Node, dim: Axes) -> tuple[Node, int | None]:
    """`x` with the axes of `dim` as one, and which that is; None for a scalar."""
    if len(dim) == 1:
        return x, dim[0]
    if not dim:
        return x, None
    shape = (*x.shape[: -len(dim)], sizes.product(x.shape[-len(dim) :]))
    return F.reshape(x, shape), -1


def _like(g: Node, x: Node) -> Node:
    return g if g.shape == x.shape else F.reshape(g, x.shape)


def _next(x: Node, axis: int, last: float) -> Node:
    """Each entry replaced by the one after it, the last by a number."""
    return F.pad(x, (0, 0) * (-1 - axis) + (-1, 1), value=last)


def _previous(x: Node, axis: int, first: float) -> Node:
    return F.pad(x, (0, 0) * (-1 - axis) + (1, -1), value=first)


def _cumsum_transpose(g: Node, x: Node, dim: Axes) -> Node:
    axis = dim[0] if len(dim) == 1 else -1
    return _like(F.flip(F.cumsum(F.flip(g, axis), axis), axis), x) if dim else g


cumsum = linear(
    "cumsum(x, dim: axes = None)", _running(lambda x, axis: np.cumsum(x, axis)),
    _scan_shape("promote"), _cumsum_transpose,
    doc="Running sum along an axis, or of all entries in order.",
)  # fmt: skip


# --- products ----------------------------------------------------------------------------------


def _recurrence_shape(a: Node, b: Node, dim: int, reverse: bool) -> Inferred:
    if a.shape != b.shape:
        raise GradError("G310", "`recurrence` needs two tensors of one shape", at=1)
    return b.shape, "float", {"dim": normal_axis(dim, b.ndim), "reverse": reverse}


def _recurrence(a: Any, b: Any, dim: int, reverse: bool) -> Any:
    out = np.array(b, np.result_type(a, b))
    if not out.ndim:
        return out
    y, factor = np.moveaxis(out, dim, 0), np.moveaxis(a, dim, 0)
    if reverse:
        y, factor = y[::-1], factor[::-1]
    for k in range(1, len(y)):
        y[k] += factor[k] * y[k - 1]
    return out


@structural(
    "recurrence(a, b, dim: axis = -1, reverse: bool = False)", _recurrence, _recurrence_shape,
    doc="y[k] = a[k]*y[k - 1] + b[k] along an axis, from y[-1] = 0; or from the end.",
    linear=(1,),
)  # fmt: skip
def recurrence(g: Node, out: Node, a: Node, b: Node, dim: int, reverse: bool) -> tuple[Node, Node]:
    """The transpose runs the other way, each factor one place on."""
    if reverse:
        back = F.recurrence(_previous(a, dim, 0), g, dim)
        return back * _next(out, dim, 0), back
    back = F.recurrence(_next(a, dim, 0), g, dim, True)
    return back * _previous(out, dim, 0), back


@structural(
    "cumprod(x, dim: axes = None)", _running(lambda x, axis: np.cumprod(x, axis)),
    _scan_shape("promote"), doc="Running product along an axis, or of all entries in order.",
    kinks=(Kink("zeros", "exact", "by a recurrence, no division"),),
)  # fmt: skip
def cumprod(g: Node, out: Node, x: Node, dim: Axes) -> Node:
    """x[k] gets what stands before it times g[k] + x[k+1]*(g[k+1] + x[k+2]*(...))."""
    flat, axis = _flat(x, dim)
    if axis is None:
        return g
    after = F.recurrence(_next(flat, axis, 0), g, axis, True)
    return _like(_previous(out, axis, 1) * after, x)


@structural(
    "logcumsumexp(x, dim: axes = None)",
    _running(lambda x, axis: np.logaddexp.accumulate(x, axis) if x.size else x),
    _scan_shape("float"), doc="Logarithm of the running sum of exp(x), without overflow.",
)  # fmt: skip
def logcumsumexp(g: Node, out: Node, x: Node, dim: Axes) -> Node:
    """x[k] gets the sum of g[i]*exp(x[k] - out[i]) over i >= k; every factor here is at most 1."""
    flat, axis = _flat(x, dim)
    if axis is None:
        return g
    after = F.recurrence(F.exp(out - _next(out, axis, math.inf)), g, axis, True)
    return _like(F.exp(flat - out) * after, x)


# --- extremes ----------------------------------------------------------------------------------


def _latest(better: Callable[[Any, Any], Any]) -> Scan:
    """Where the running extreme was last attained."""

    def scan(x: Any, axis: int) -> Any:
        moved = np.moveaxis(x, axis, 0)
        attained = (moved == better.accumulate(moved, 0)) | np.isnan(moved)  # type: ignore[attr-defined]
        places = np.arange(len(moved)).reshape(-1, *(1,) * (moved.ndim - 1))
        return np.moveaxis(np.maximum.accumulate(np.where(attained, places, 0), 0), 0, axis)

    return scan


LATEST = (Kink("a tie", "all to the last of them", "as PyTorch"),)
argcummax = opaque("argcummax(x, dim: axes = None)", _running(_latest(np.maximum)),
                   _scan_shape("int"),
                   doc="Where the running maximum was last attained.")  # fmt: skip
argcummin = opaque("argcummin(x, dim: axes = None)", _running(_latest(np.minimum)),
                   _scan_shape("int"),
                   doc="Where the running minimum was last attained.")  # fmt: skip


def _to_positions(position: Callable[..., Node]) -> Any:
    def vjp(g: Node, out: Node, x: Node, dim: Axes) -> Node:
        flat, axis = _flat(x, dim)
        if axis is None:
            return g
        return _like(F.scatter_add(F.zeros(flat.shape), axis, position(x, dim), g), x)

    return vjp


cummax = structural("cummax(x, dim: axes = None)",
                    _running(lambda x, axis: np.maximum.accumulate(x, axis)),
                    _scan_shape("promote"), doc="Running maximum.", selects=True, kinks=LATEST,
                    )(_to_positions(argcummax))  # fmt: skip
cummin = structural("cummin(x, dim: axes = None)",
                    _running(lambda x, axis: np.minimum.accumulate(x, axis)),
                    _scan_shape("promote"), doc="Running minimum.", selects=True, kinks=LATEST,
                    )(_to_positions(argcummin))  # fmt: skip


# --- differences -------------------------------------------------------------------------------


def _diff(
    x: Node, n: int, dim: int, prepend: Node | None = None, append: Node | None = None
) -> Node:
    if not x.ndim:
        raise GradError("G309", "`diff` needs at least one axis", at=0)
    if n < 0:
        raise GradError("G117", "`n` must not be negative", at="n")
    axis = normal_axis(dim, x.ndim)
    ends = [e if e is None or e.ndim else _end(e, x, axis) for e in (prepend, append)]
    if prepend is not None or append is not None:
        x = F.cat([part for part in (ends[0], x, ends[1]) if part is not None], axis)
    for _ in range(n):
        size = x.shape[axis]
        if not isinstance(size, int):
            raise GradError("G117", f"`diff` along the unknown size `{size}`", at=0)
        less = max(size - 1, 0)
        x = F.narrow(x, axis, size - less, less) - F.narrow(x, axis, 0, less)
    return x


def _end(value: Node, x: Node, axis: int) -> Node:
    """A number before or after the entries, as NumPy allows."""
    return F.broadcast_to(value, (*x.shape[:axis], 1, *x.shape[axis:][1:]))


diff = derived(
    "diff(x, n: int = 1, dim: axis = -1, prepend: tensor? = None, append: tensor? = None)", _diff,
    doc="Differences of neighbours along an axis, n times.", calls=(("x", "2", "1"),),
)  # fmt: skip
