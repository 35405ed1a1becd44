"""Rules: the same entries in another shape or order."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Node, Shape, Size
from ..ops import F, Inferred, broadcast, count, normal_axes, normal_axis, shape_text
from ..rows import derived, linear, spelling

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


def _flatten(x: Node, start_dim: int, end_dim: int) -> Node:
    first, last = (normal_axis(d, x.ndim) + max(x.ndim, 1) for d in (start_dim, end_dim))
    if first > last:
        raise GradError("G303", "`flatten` ends before it starts", at="end_dim")
    merged = sizes.product(x.shape[first : last + 1])
    return F.reshape(x, (*x.shape[:first], merged, *x.shape[last + 1 :]))


def _unflatten(x: Node, dim: int, sizes: Any) -> Node:
    axis = normal_axis(dim, x.ndim) + x.ndim
    return F.reshape(x, (*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))


spelling("flatten(x, start_dim: axis = 0, end_dim: axis = -1)", _flatten,
         doc="Axes as one, all of them unless told.", aliases=("ravel",))  # fmt: skip
spelling("unflatten(x, dim: axis, sizes: shape)", _unflatten, doc="One axis as several.",
         sample=("2x6",),
         example="unflatten(x, 1, (2, 3))")  # fmt: skip
spelling("numel(x)", lambda x: count(x.shape), differentiable=False, doc="The number of entries.")
spelling("view_as(x, y)", lambda x, y: F.reshape(x, y.shape), doc="`x` in the shape of `y`.",
         aliases=("reshape_as",))  # fmt: skip

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
    if x.ndim < 2:
        return x
    order = list(range(-x.ndim, 0))
    order[a], order[b] = order[b], order[a]
    return F.permute(x, tuple(order))


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
                    aliases=("swapdims",),
                    spellings={"axis0": "dim0", "axis1": "dim1"})  # fmt: skip
mT = spelling("mT(x)", _matrix_transpose, doc="The last two axes swapped.", hidden=True)
spelling("t(x)", lambda x: F.permute(x, (-1, -2)) if x.ndim == 2 else _at_most_two(x), hidden=True,
         doc="A matrix with its axes swapped.")  # fmt: skip


def _at_most_two(x: Node) -> Node:
    if x.ndim > 2:
        raise GradError("G309", "`t` is for matrices", labels={0: shape_text(x.shape)})
    return x


def _moved(x: Node, source: Any, destination: Any) -> Node:
    moving, to = (
        [normal_axis(d, x.ndim, name) for d in (dims if isinstance(dims, tuple) else (dims,))]
        for name, dims in (("source", source), ("destination", destination))
    )
    if len(moving) != len(to) or len({*moving}) < len(moving) or len({*to}) < len(to):
        raise GradError("G303", "each axis moves to one place of its own", at="destination")
    places = dict(zip(to, moving, strict=True))
    rest = iter([d for d in range(-x.ndim, 0) if d not in moving])
    return F.permute(x, tuple(places[d] if d in places else next(rest) for d in range(-x.ndim, 0)))


spelling("movedim(x, source: ints, destination: ints)", _moved, doc="Axes moved to other places.",
         aliases=("moveaxis",), example="movedim(x, 0, -1)")  # fmt: skip


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
    if any(isinstance(s, int) and s < 0 for s in full):
        raise GradError("G117", "a size is not negative; -1 keeps that of an axis", at="shape")
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
    ones = tuple(i - len(wanted) for i, s in enumerate(wanted) if s == 1 and x.shape[i + lead] != 1)
    if lead:
        x = F.sum(x, tuple(range(-x.ndim, -len(wanted))))
    return F.sum(x, ones, True) if ones else x


sum_to_size = spelling("sum_to_size(x, *shape: shape)", _sum_to_size,
                       doc="Summed over the axes along which `shape` is repeated.")  # fmt: skip
spelling("expand_as(x, y)", lambda x, y: F.broadcast_to(x, y.shape), sample=((-2, 2), (-2, 2)),
         doc="`x` repeated to the shape of `y`.")  # fmt: skip


def _at_least(ndim: int) -> Any:
    """As NumPy: a vector becomes a row, a matrix gets its third axis behind."""

    def widened(x: Node) -> Node:
        if x.ndim >= ndim:
            return x
        if ndim == 3 and x.ndim:
            return F.unsqueeze(x if x.ndim == 2 else F.unsqueeze(x, 0), -1)
        return F.unsqueeze(x, tuple(range(ndim - x.ndim)))

    return widened


for n in (1, 2, 3):
    spelling(f"atleast_{n}d(x)", _at_least(n), sample=("3",),
             doc=f"With new axes of size 1 if it has fewer than {n}.")  # fmt: skip

# --- order of entries --------------------------------------------------------------------------


def _flip_shape(x: Node, dims: Any) -> Inferred:
    named = dims if isinstance(dims, tuple) else (dims,)
    flat = named[0] if len(named) == 1 and isinstance(named[0], tuple) else named
    every = not named or flat == (None,)
    axes = normal_axes(None if every else flat, x.ndim, "dims")
    return x.shape, x.kind, {"dims": axes or (-1,)}  # a scalar is treated as having one axis


flip = linear(
    "flip(x, *dims: ints)", lambda x, dims: np.flip(x, dims) if x.ndim else x, _flip_shape,
    lambda g, x, dims: F.flip(g, dims),
    doc="Axes in reverse, all of them unless told.", calls=(("x", "1"), ("x", "0", "1")),
)  # fmt: skip
spelling("flipud(x)", lambda x: F.flip(x, 0), doc="The first axis in reverse.",
         sample=("2x3",))  # fmt: skip
spelling("fliplr(x)", lambda x: F.flip(x, 1), doc="The second axis in reverse.", sample=("2x3",))


def _roll_shape(x: Node, shifts: Any, dims: Any) -> Inferred:
    if dims is None and x.ndim > 1:
        raise GradError(
            "G112", "`roll` of several axes needs `dims`", at=0,
            help=["over all entries in order: `roll({0}.flatten(), ...).reshape({0}.shape)`"],
        )  # fmt: skip
    named = (0,) if dims is None else dims if isinstance(dims, tuple) else (dims,)
    by = shifts if isinstance(shifts, tuple) else (shifts,) * len(named)
    if len(by) != len(named):
        raise GradError("G117", "`roll` needs one shift for each of `dims`", at="shifts")
    total: dict[int, int] = {}
    for d, shift in zip(named, by, strict=True):
        axis = normal_axis(d, x.ndim, "dims")
        total[axis] = total.get(axis, 0) + shift
    order = tuple(sorted(total)) if x.ndim else ()
    return x.shape, x.kind, {"shifts": tuple(total[d] for d in order), "dims": order}


roll = linear(
    "roll(x, shifts: ints, dims: axes = None)",
    lambda x, shifts, dims: np.roll(x, shifts, dims) if x.ndim else x, _roll_shape,
    lambda g, x, shifts, dims: F.roll(g, tuple(-s for s in shifts), dims),
    doc="Entries moved along an axis; those that fall off at the end come back at the start.",
    spellings={"shift": "shifts"}, example="roll(x, 1, 0)", calls=(("x", "(1, -2)", "(0, 1)"),),
)  # fmt: skip


def _rot90(x: Node, k: int, dims: Any) -> Node:
    dims = (0, 1) if dims is None else (dims,) if isinstance(dims, int) else dims
    if x.ndim < 2 or len(dims) != 2 or (dims[0] - dims[1]) % x.ndim == 0:
        raise GradError(
            "G309", "`rot90` turns two axes", at="dims", labels={0: shape_text(x.shape)}
        )
    one, two = (normal_axis(d, x.ndim, "dims") for d in dims)
    match k % 4:
        case 0:
            return x
        case 1:
            return _swap(F.flip(x, two), one, two)
        case 2:
            return F.flip(x, (one, two))
        case _:
            return F.flip(_swap(x, one, two), two)


spelling("rot90(x, k: int = 1, dims: ints? = None)", _rot90, sample=("2x3",),
         doc="Turned by k right angles, from the first axis towards the second.")  # fmt: skip

# --- diagonals and triangles -------------------------------------------------------------------


def _diagonal_shape(x: Node, offset: int, dim1: Any, dim2: Any) -> Inferred:
    if x.ndim < 2:
        raise GradError("G309", "`diagonal` is of two axes", at=0, labels={0: shape_text(x.shape)})
    one, two = normal_axis(dim1, x.ndim, "dim1"), normal_axis(dim2, x.ndim, "dim2")
    if one == two:
        raise GradError("G117", "`dim1` and `dim2` are the same axis", at="dim2")
    rows, columns = x.shape[one], x.shape[two]
    if isinstance(rows, int) and isinstance(columns, int):
        size: Size = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    elif rows == columns:
        size = sizes.total((rows, -abs(offset)))
    else:
        raise GradError(
            "G117", f"the shorter of the sizes `{rows}` and `{columns}` is not known", at=0
        )
    shape = tuple(s for i, s in enumerate(x.shape, -x.ndim) if i not in (one, two))
    return (*shape, size), x.kind, {"offset": offset, "dim1": one, "dim2": two}


def _diagonal_transpose(g: Node, x: Node, offset: int, dim1: int, dim2: int) -> Node:
    """Onto a diagonal again, with as many more rows or columns as `x` has."""
    if x.ndim == 2 and x.shape[0] == x.shape[1] and dim1 < dim2:
        return F.diag(g, offset)
    square = F.diag_embed(g, offset, dim1, dim2)
    widths = [0, 0] * x.ndim
    for d in (dim1, dim2):
        have, want = square.shape[d], x.shape[d]
        if have != want:
            assert isinstance(have, int)
            assert isinstance(want, int)
            widths[2 * (-1 - d) + 1] = want - have
    return F.pad(square, tuple(widths)) if any(widths) else square


diagonal = linear(
    "diagonal(x, offset: int = 0, dim1: int = 0, dim2: int = 1)",
    lambda x, offset, dim1, dim2: np.diagonal(x, offset, dim1, dim2),
    _diagonal_shape, _diagonal_transpose,
    doc="The diagonal of a matrix, or of two axes; `offset` to the right of it.", selects=True,
    sample=("3x4",), spellings={"axis1": "dim1", "axis2": "dim2"},
    calls=(("y", "1"), ("y", "-1"), ("y", "0", "1", "0")),
)  # fmt: skip


def _diag(x: Node, diagonal: int) -> Node:
    if x.ndim not in (1, 2):
        raise GradError(
            "G309", "`diag` is of a vector or of a matrix", at=0, labels={0: shape_text(x.shape)},
            help=["of the last axis: `diag_embed({0})`",
                  "of the last two: `diagonal({0}, 0, -2, -1)`"],
        )  # fmt: skip
    return F.diag_embed(x, diagonal) if x.ndim == 1 else F.diagonal(x, diagonal, -2, -1)


diag = derived(
    "diag(x, diagonal: int = 0)", _diag, spellings={"k": "diagonal", "offset": "diagonal"},
    doc="The matrix with a vector on its diagonal; the diagonal of a matrix.", sample=("3",),
    calls=(("x", "1"), ("x", "-2")),
)  # fmt: skip


def _triangle_shape(x: Node, diagonal: int) -> Inferred:
    if x.ndim < 2:
        raise GradError("G309", "a triangle is of a matrix", at=0, labels={0: shape_text(x.shape)})
    return x.shape, x.kind, {"diagonal": diagonal}


tril = linear(
    "tril(x, diagonal: int = 0)", lambda x, diagonal: np.tril(x, diagonal), _triangle_shape,
    lambda g, x, diagonal: F.tril(g, diagonal), spellings={"k": "diagonal"}, selects=True,
    doc="The lower triangle of a matrix, zeros elsewhere.", sample=("3x3",), calls=(("x", "1"),),
)  # fmt: skip
triu = linear(
    "triu(x, diagonal: int = 0)", lambda x, diagonal: np.triu(x, diagonal), _triangle_shape,
    lambda g, x, diagonal: F.triu(g, diagonal), spellings={"k": "diagonal"}, selects=True,
    doc="The upper triangle of a matrix, zeros elsewhere.", sample=("3x3",), calls=(("x", "-1"),),
)  # fmt: skip
