"""Rules: the same entries in another shape or order."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Node, Shape
from ..ops import (
    F,
    Inferred,
    broadcast,
    linear,
    normal_axes,
    normal_axis,
    shape_text,
    spelling,
)

# --- reshape -----------------------------------------------------------------------------------


def flat_shape(shape: Any) -> tuple[Any, ...]:
    """`reshape(x, 2, 3)` and `reshape(x, (2, 3))` are the same."""
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple) else tuple(shape)


def _reshape_shape(x: Node, shape: Any) -> Inferred:
    wanted = list(flat_shape(shape))
    have = sizes.product(x.shape)
    if wanted.count(-1) > 1:
        raise GradError("G304", "at most one size can be -1", at="shape")
    if -1 in wanted:
        i = wanted.index(-1)
        rest = sizes.product(wanted[:i] + wanted[i + 1 :])
        found = sizes.quotient(have, rest)
        if found is not None and (rest != 0):
            wanted[i] = found
    if any(isinstance(s, int) and s < 0 for s in wanted) or sizes.product(wanted) != have:
        raise GradError(
            "G304",
            f"{have} entries do not fit the shape {shape_text(tuple(wanted))}",
            at="shape",
            labels={0: shape_text(x.shape)},
        )
    return tuple(wanted), x.kind, {"shape": tuple(wanted)}


def batched_shape(lead: Shape, args: Any, attrs: dict[str, Any]) -> dict[str, Any]:
    """With more axes in front, the sizes of `shape` stand behind theirs."""
    return {**attrs, "shape": (*lead, *attrs["shape"])}


reshape = linear(
    "reshape(x, *shape: shape)", lambda x, shape: np.reshape(x, shape), _reshape_shape,
    lambda g, x, shape: F.reshape(g, x.shape),
    doc="The same entries, in order, in another shape; one size may be -1.",
    aliases=("view",), batch=batched_shape, example="reshape(x, 2, -1)", sample=("2x3",),
)  # fmt: skip
spelling("flatten(x)", lambda x: F.reshape(x, (sizes.product(x.shape),)), doc="All entries in one axis.",
         aliases=("ravel",))  # fmt: skip

# --- order of axes -----------------------------------------------------------------------------


def _permute_shape(x: Node, dims: Any) -> Inferred:
    wanted = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple) else dims
    normal = tuple(normal_axis(d, x.ndim, "dims") for d in wanted)
    if sorted(normal) != list(range(-x.ndim, 0)):
        raise GradError("G303", f"`permute` needs each of the {x.ndim} axes once", at="dims")
    return tuple(x.shape[d] for d in normal), x.kind, {"dims": normal}


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    rank = len(dims)
    return tuple(dims.index(i) - rank for i in range(-rank, 0))


def _batched_dims(lead: Shape, args: Any, attrs: dict[str, Any]) -> dict[str, Any]:
    rank = len(attrs["dims"])
    return {"dims": tuple(range(-rank - len(lead), -rank)) + attrs["dims"]}


permute = linear(
    "permute(x, *dims: ints)", lambda x, dims: np.transpose(x, dims), _permute_shape,
    lambda g, x, dims: F.permute(g, _inverse(dims)),
    doc="The axes in another order.", batch=_batched_dims, sample=("2x3",),
    example="permute(x, 1, 0)",
)  # fmt: skip


def _swap(x: Node, dim0: int, dim1: int) -> Node:
    a, b = normal_axis(dim0, x.ndim, "dim0"), normal_axis(dim1, x.ndim, "dim1")
    order = list(range(-x.ndim, 0))
    order[a], order[b] = order[b], order[a]
    return F.permute(x, tuple(order)) if x.ndim > 1 else x


def _transpose(x: Node, dims: Any) -> Node:
    if len(dims) == 1 and isinstance(dims[0], tuple):
        return F.permute(x, dims[0])
    if not dims:
        return F.permute(x, tuple(range(-1, -x.ndim - 1, -1))) if x.ndim > 1 else x
    if len(dims) == 2:
        return _swap(x, *dims)
    return F.permute(x, dims)


def _matrix_transpose(x: Node) -> Node:
    if x.ndim < 2:
        raise GradError("G309", "`.mT` needs at least two axes", labels={0: shape_text(x.shape)})
    return _swap(x, -2, -1)


transpose = spelling(
    "transpose(x, *dims: ints)", _transpose,
    doc="All axes reversed; two axes swapped, `transpose(x, 0, 1)`; or in the order of a tuple.",
)  # fmt: skip
swapaxes = spelling("swapaxes(x, dim0: axis, dim1: axis)", _swap, doc="Two axes swapped.",
                    aliases=("swapdims",), spellings={"axis0": "dim0", "axis1": "dim1"})  # fmt: skip
mT = spelling("mT(x)", _matrix_transpose, doc="The last two axes swapped.", hidden=True)


# --- axes of size one, and repetition ----------------------------------------------------------


def _unsqueeze_shape(x: Node, dim: Any) -> Inferred:
    dims = dim if isinstance(dim, tuple) else (dim,)
    rank = x.ndim + len(dims)
    normal = tuple(sorted(normal_axis(d, rank) for d in dims))
    if len(set(normal)) < len(normal):
        raise GradError("G117", "`dim` names an axis twice", at="dim")
    shape = list(x.shape)
    for d in normal:
        shape.insert(d + rank, 1)
    return tuple(shape), x.kind, {"dim": normal}


unsqueeze = linear(
    "unsqueeze(x, dim: axes)", lambda x, dim: np.expand_dims(x, dim), _unsqueeze_shape,
    lambda g, x, dim: F.squeeze(g, dim),
    doc="With new axes of size 1; also `x[:, None]`.", aliases=("expand_dims",),
)  # fmt: skip


def _squeeze_shape(x: Node, dim: Any) -> Inferred:
    if dim is None:
        normal = tuple(i - x.ndim for i, s in enumerate(x.shape) if s == 1)
    elif dim == ():
        normal = ()
    else:
        # as PyTorch: an axis that is not of size 1 stays
        normal = tuple(d for d in normal_axes(dim, x.ndim) if x.ndim and x.shape[d] == 1)
    shape = tuple(s for i, s in enumerate(x.shape) if i - x.ndim not in normal)
    return shape, x.kind, {"dim": normal}


squeeze = linear(
    "squeeze(x, dim: axes = None)", lambda x, dim: np.squeeze(x, dim), _squeeze_shape,
    lambda g, x, dim: F.unsqueeze(g, dim) if dim else g,
    doc="Without axes of size 1 (all of them, or those named).", sample=("3x1",),
)  # fmt: skip


def _broadcast_shape(x: Node, shape: Any) -> Inferred:
    wanted = flat_shape(shape)
    lead = len(wanted) - x.ndim
    full: Shape = tuple(
        x.shape[i - lead] if s == -1 and i >= lead else s for i, s in enumerate(wanted)
    )
    if lead < 0 or broadcast(x.shape, full) != full:
        raise GradError(
            "G302",
            f"the shape {shape_text(x.shape)} does not broadcast to {shape_text(full)}",
            at="shape",
            labels={0: shape_text(x.shape)},
        )
    return full, x.kind, {"shape": full}


broadcast_to = linear(
    "broadcast_to(x, *shape: shape)", lambda x, shape: np.broadcast_to(x, shape), _broadcast_shape,
    lambda g, x, shape: F.sum_to_size(g, x.shape),
    doc="Repeated along new axes and axes of size 1, without a copy.", aliases=("expand",),
    batch="broadcast", sample=("3x1",), example="broadcast_to(x, 3, 2)",
)  # fmt: skip


def _sum_to_size(x: Node, shape: Any) -> Node:
    """Undoes a broadcast from `shape`: sums over what was repeated."""
    wanted = flat_shape(shape)
    lead = x.ndim - len(wanted)
    if lead < 0 or broadcast(wanted, x.shape) != x.shape:
        raise GradError(
            "G302", f"{shape_text(wanted)} does not broadcast to {shape_text(x.shape)}", at="shape"
        )
    ones = tuple(
        i - len(wanted) for i, s in enumerate(wanted) if s == 1 and x.shape[i + lead] != 1
    )
    if lead:
        x = F.sum(x, tuple(range(-x.ndim, -len(wanted))))
    return F.sum(x, ones, True) if ones else x


sum_to_size = spelling("sum_to_size(x, *shape: shape)", _sum_to_size,
                       doc="Summed over the axes along which `shape` would be repeated.")  # fmt: skip
