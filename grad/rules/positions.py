"""Rules: entries by position along an axis, given or computed; sorting, which computes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node
from ..ops import (
    CONSTANT,
    F,
    Inferred,
    Kink,
    broadcast,
    constant,
    normal_axes,
    normal_axis,
    shape_text,
)
from ..rows import derived, opaque, promoted, spelling, structural

# --- parts -------------------------------------------------------------------------------------


def _part(x: Node, dim: int, entry: Any) -> Node:
    if not x.ndim:
        raise GradError("G309", "a scalar has no parts", at=0)
    axis = normal_axis(dim, x.ndim) + x.ndim
    return x[(*(slice(None),) * axis, entry)]


def _narrow(x: Node, dim: int, start: int, length: int) -> Node:
    size = x.shape[normal_axis(dim, x.ndim)] if x.ndim else 0
    if not isinstance(size, int):
        raise GradError("G117", f"a part of the unknown size `{size}`", at="dim")
    first = start + size if start < 0 else start
    if length < 0 or not 0 <= first <= size - length:
        raise GradError(
            "G305", f"{length} entries from {start} on are not within an axis of {size}", at="start"
        )
    return _part(x, dim, slice(first, first + length))


narrow = spelling("narrow(x, dim: axis, start: int, length: int)", _narrow, sample=("4x3",),
                  doc="Entries start to start + length - 1 along an axis.",
                  example="narrow(x, 0, 1, 2)")  # fmt: skip
select = spelling("select(x, dim: axis, index: int)", lambda x, dim, index: _part(x, dim, index),
                  doc="The entry at a position along an axis.",
                  example="select(x, 1, -1)")  # fmt: skip


# --- by a tensor of positions ------------------------------------------------------------------


def _check_index(name: str, index: Node) -> None:
    if index.kind != "int":
        raise GradError(
            "G113", f"`{name}` takes integers as positions", at="index",
            help=["write them out, `[[0, 2]]`, or compute them, `argsort(x)`; bound names are"
                  " floats"],
        )  # fmt: skip


def _check_range(index: Node, size: Any) -> None:
    """Positions that are written out are checked at once."""
    if index.op is CONSTANT and isinstance(size, int):
        for i in np.ravel(index.attr("value")):
            if not -size <= i < size:
                raise GradError(
                    "G305", f"position {i} does not exist: the axis has {size} entries", at="index"
                )


def _gather_shape(x: Node, index: Node, dim: Any) -> Inferred:
    _check_index("gather", index)
    axis = normal_axis(dim, x.ndim)
    _check_fit("gather", x, index, axis)
    return index.shape, x.kind, {"dim": axis}


def _check_fit(name: str, x: Node, index: Node, axis: int) -> None:
    labels = {0: shape_text(x.shape), 1: shape_text(index.shape)}
    if index.ndim != x.ndim:
        raise GradError("G309", f"`{name}` needs as many axes in `index` as in `x`", labels=labels)
    for i, (have, want) in enumerate(zip(x.shape, index.shape, strict=True), -x.ndim):
        fits = want <= have if isinstance(have, int) and isinstance(want, int) else have == want
        if i != axis and not fits:
            raise GradError(
                "G310", f"`{name}`: axis {i + x.ndim} of `index` is longer than that of `x`",
                label=f"{want} is more than {have}", labels=labels,
            )  # fmt: skip
    if x.ndim:
        _check_range(index, x.shape[axis])


def _mesh(index: Any, dim: int, size: int) -> tuple[Any, ...]:
    """Positions along every axis: `index` along `dim`, its own place along the others."""
    if index.size and not (-size <= index.min() and index.max() < size):
        raise GradError("G305", f"a computed position does not exist: the axis has {size} entries")
    places = list(np.ogrid[tuple(map(slice, index.shape))])
    places[dim] = index
    return tuple(places)


def _gather(x: Any, index: Any, dim: int) -> Any:
    return x[_mesh(index, dim, x.shape[dim])] if x.ndim else x


@structural(
    "gather(x, dim: axis, index)", _gather, _gather_shape,
    doc="out[i, j] = x[index[i, j], j] for dim=0, x[i, index[i, j]] for dim=1.",
    linear=(0,), selects=True, sample=("3x4", "3x2:int0..4"), example="gather(x, 1, index)",
)  # fmt: skip
def gather(g: Node, out: Node, x: Node, index: Node, dim: int) -> tuple[Node, None]:
    return F.scatter_add(F.zeros(x.shape), dim, index, g), None


def _scatter_shape(name: str) -> Any:
    def infer(x: Node, index: Node, src: Node, dim: Any) -> Inferred:
        _check_index(name, index)
        axis = normal_axis(dim, x.ndim)
        _check_fit(name, x, index, axis)
        if src.shape != index.shape[: src.ndim]:
            raise GradError(
                "G310", f"`{name}` needs a `src` of the shape of `index`, or of its leading axes",
                labels={1: shape_text(index.shape), 2: shape_text(src.shape)},
            )  # fmt: skip
        return x.shape, promoted((x, src)), {"dim": axis}

    return infer


def _scatter_add(x: Any, index: Any, src: Any, dim: int) -> Any:
    out = np.array(x, np.result_type(x, src))
    np.add.at(out, _mesh(index, dim, x.shape[dim]) if out.ndim else (), _trailing(src, index))
    return out


def _scatter(x: Any, index: Any, src: Any, dim: int) -> Any:
    out = np.array(x, np.result_type(x, src))
    out[_mesh(index, dim, x.shape[dim]) if out.ndim else ()] = _trailing(src, index)
    return out


def _trailing(src: Any, index: Any) -> Any:
    """`src`, of the leading axes of `index`, so that it broadcasts against it."""
    return src.reshape((*src.shape, *(1,) * (index.ndim - src.ndim)))


def _gathered(g: Node, index: Node, src: Node, dim: int) -> Node:
    found = F.gather(g, dim, index)
    return found if src.ndim == index.ndim else F.sum(found, tuple(range(src.ndim - index.ndim, 0)))


@structural(
    "scatter_add(x, dim: axis, index, src)", _scatter_add, _scatter_shape("scatter_add"),
    doc="`x` with each entry of `src` added at its position along an axis.",
    linear=(0, 2), jointly=True, sample=("3x4", "3x2:int0..4", "3x2"),
    example="scatter_add(x, 1, index, src)",
)  # fmt: skip
def scatter_add(
    g: Node, out: Node, x: Node, index: Node, src: Node, dim: int
) -> tuple[Node, None, Node]:
    return g, None, _gathered(g, index, src, dim)


@structural(
    "scatter(x, dim: axis, index, src)", _scatter, _scatter_shape("scatter"),
    doc="`x` with each entry of `src`, or a number, put at its position along an axis.",
    linear=(0, 2), jointly=True, selects=True, sample=("3x4", "3x1:int0..4", "3x1"),
    spellings={"value": "src"}, example="scatter(x, 1, index, src)",
    kinks=(Kink("a position named twice", "not supported", "the last one is put there"),),
)  # fmt: skip
def scatter(
    g: Node, out: Node, x: Node, index: Node, src: Node, dim: int
) -> tuple[Node, None, Node]:
    return F.scatter(g, dim, index, 0.0), None, _gathered(g, index, src, dim)


def _take(x: Node, index: Node, dim: int | None) -> Node:
    """As NumPy: whole parts by position along an axis; of all entries in order without one."""
    _check_index("take", index)
    if dim is None:
        return _take(F.flatten(x), index, 0)
    axis = normal_axis(dim, x.ndim)
    if not x.ndim:
        return _take(F.reshape(x, 1), index, 0)
    if index.op is CONSTANT:
        return _part(x, axis, index.attr("value"))
    lead, rest = x.shape[:axis], x.shape[axis:][1:]
    flat = F.reshape(index, (*(1,) * len(lead), -1, *(1,) * len(rest)))
    places = F.broadcast_to(flat, (*lead, *F.flatten(index).shape, *rest))
    return F.reshape(F.gather(x, axis, places), (*lead, *index.shape, *rest))


def _take_along(x: Node, index: Node, dim: int | None) -> Node:
    _check_index("take_along_dim", index)
    if dim is None:
        return F.gather(F.flatten(x), -1, F.flatten(index))
    if not x.ndim and not index.ndim:
        return _take(x, index, dim)
    axis = normal_axis(dim, x.ndim) + x.ndim

    def others(shape: Any) -> Any:
        return tuple(1 if i == axis else s for i, s in enumerate(shape))

    common = broadcast(others(x.shape), others(index.shape))
    if common is None or index.ndim != x.ndim:
        labels = {0: shape_text(x.shape), 1: shape_text(index.shape)}
        raise GradError("G302", "`x` and `index` do not broadcast", labels=labels)

    def widened(part: Node) -> Node:
        shape = (*common[:axis], part.shape[axis], *common[axis + 1 :])
        return part if part.shape == shape else F.broadcast_to(part, shape)

    return F.gather(widened(x), axis, widened(index))


OTHER_NAMES = {"indices": "index"}
take = spelling(
    "take(x, index, dim: axis? = None)", _take, sample=("3x4", "2:int0..3"), spellings=OTHER_NAMES,
    doc="Entries or parts by position: along an axis, or of all entries in order.",
    example="take(x, index, 0)",
)  # fmt: skip
index_select = spelling(
    "index_select(x, dim: axis, index)", lambda x, index, dim: _take(x, index, dim),
    sample=("3x4", "2:int0..3"), doc="Parts by position along an axis: `take(x, index, dim)`.",
    example="index_select(x, 1, index)",
)  # fmt: skip
take_along_dim = spelling(
    "take_along_dim(x, index, dim: axis? = None)", _take_along, sample=("3x4", "3x2:int0..4"),
    doc="`gather` with operands that broadcast.", aliases=("take_along_axis",),
    spellings=OTHER_NAMES, example="take_along_dim(x, index, 1)",
)  # fmt: skip


# --- sorting -----------------------------------------------------------------------------------

ORDER = "dim: axis = -1, descending: bool = False, stable: bool = False"


def _sort_shape(kind: str) -> Any:
    def infer(x: Node, dim: Any, descending: bool, stable: bool) -> Inferred:
        attrs = {"dim": normal_axis(dim, x.ndim), "descending": descending, "stable": False}
        return x.shape, kind or promoted((x,)), attrs  # type: ignore[return-value]

    return infer


def _sort(x: Any, dim: int, descending: bool, stable: bool) -> Any:
    if not x.ndim:
        return x
    found = np.sort(x, axis=dim)
    return np.flip(found, dim) if descending else found


def _argsort(x: Any, dim: int, descending: bool, stable: bool) -> Any:
    """Always stable; in descending order too, hence from behind."""
    if not x.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    behind = np.argsort(np.flip(x, dim), axis=dim, kind="stable")
    return np.flip(x.shape[dim] - 1 - behind, dim)


argsort = opaque(f"argsort(x, {ORDER})", _argsort, _sort_shape("int"),
                 doc="Positions that sort an axis; equal entries stay in order.")  # fmt: skip


@structural(
    f"sort(x, {ORDER})", _sort, _sort_shape(""), doc="Entries in order along an axis.",
    kinks=(Kink("a tie", "in order of position"),),
)  # fmt: skip
def sort(g: Node, out: Node, x: Node, dim: int, descending: bool, stable: bool) -> Node:
    """What arrives at a place goes back to where its entry came from."""
    if not x.ndim:
        return g
    return F.gather(g, dim, F.argsort(F.argsort(x, dim, descending), dim))


def _first(x: Node, k: int, dim: int) -> Node:
    size = x.shape[normal_axis(dim, x.ndim)] if x.ndim else 1
    if isinstance(size, int) and not 0 <= k <= size:
        raise GradError("G305", f"there are no {k} entries along an axis of {size}", at="k")
    return F.narrow(x, dim, 0, k) if x.ndim else x


TOP = "x, k: int, dim: axis = -1, largest: bool = True, sorted: bool = True"
topk = derived(
    f"topk({TOP})", lambda x, k, dim, largest, sorted: _first(F.sort(x, dim, largest), k, dim),
    doc="The k largest entries along an axis, largest first; the smallest with largest=False.",
    example="topk(x, 2)", calls=(("x", "1", "0", "False"),),
    kinks=(Kink("a tie", "in order of position"),),
)  # fmt: skip
argtopk = derived(
    f"argtopk({TOP})",
    lambda x, k, dim, largest, sorted: _first(F.argsort(x, dim, largest), k, dim),
    doc="Positions of the k largest entries along an axis: `topk(x, k).indices`.",
    example="argtopk(x, 2)",
)  # fmt: skip


# --- of a sorted entry -------------------------------------------------------------------------


def _one_axis(x: Node, dim: Any) -> int:
    axes = normal_axes(dim, x.ndim)
    if len(axes) > 1:
        raise GradError("G303", "positions are along one axis", at="dim", help=["give `dim`"])
    return axes[0] if axes else -1


def _argkth(x: Node, k: int, dim: Any, keepdim: bool) -> Node:
    if not x.ndim:
        return constant(0)
    axis = _one_axis(x, dim)
    found = F.narrow(F.argsort(x, axis), axis, k - 1, 1)
    return found if keepdim else F.squeeze(found, axis)


def _argmedian(x: Node, dim: Any, keepdim: bool) -> Node:
    size = x.shape[_one_axis(x, dim)] if x.ndim else 1
    if not isinstance(size, int):
        raise GradError("G117", f"the middle of the unknown size `{size}`", at="dim")
    middle = _argkth(x, (size + 1) // 2, dim, keepdim)
    unknown = F.isnan(x)  # the median of nan and numbers is nan
    found = F.argmax(unknown, dim, keepdim)
    return F.where(F.any(unknown, dim, keepdim), found, middle)


argkthvalue = derived(
    "argkthvalue(x, k: int, dim: axes? = -1, keepdim: bool = False)", _argkth,
    doc="Where the k-th smallest entry along an axis is: `kthvalue(x, k).indices`.",
    example="argkthvalue(x, 2)",
)  # fmt: skip
argmedian = derived(
    "argmedian(x, dim: axes? = -1, keepdim: bool = False)", _argmedian,
    doc="Where the median along an axis is: `median(x, dim).indices`.", example="argmedian(x, 0)",
)  # fmt: skip
