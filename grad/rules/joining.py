"""Rules: tensors joined, taken apart, repeated and padded."""

from __future__ import annotations

from itertools import accumulate
from string import ascii_letters
from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Node, Size
from ..ops import F, Inferred, Kink, normal_axis, shape_text
from ..rows import derived, linear, promoted, spelling, structural

EACH = tuple(range(len(ascii_letters)))  # linear in each operand, however many there are

# --- joined ------------------------------------------------------------------------------------


def _some(name: str, xs: tuple[Node, ...]) -> None:
    if not xs:
        raise GradError("G112", f"`{name}` needs at least one tensor", at="xs")


def _cat_shape(*xs: Node, dim: Any) -> Inferred:
    _some("cat", xs)
    first = xs[0]
    labels = {i: shape_text(x.shape) for i, x in enumerate(xs)}
    if not first.ndim:
        raise GradError(
            "G309", "scalars have no axis to be joined along", labels=labels,
            help=["`stack` makes a vector of scalars"],
        )  # fmt: skip
    axis = normal_axis(dim, first.ndim)

    def others(x: Node) -> Any:
        return x.ndim, x.shape[:axis], x.shape[axis:][1:]

    if any(others(x) != others(first) for x in xs):
        raise GradError("G310", "`cat` needs shapes that differ along `dim` alone", labels=labels)
    total = sizes.total(x.shape[axis] for x in xs)
    kind = promoted(xs) if any(x.kind != "bool" for x in xs) else "bool"
    return (*first.shape[:axis], total, *first.shape[axis:][1:]), kind, {"dim": axis}


def _cat_transpose(g: Node, *xs: Node, dim: int) -> list[Node]:
    ends = list(accumulate(_known("cat", x.shape[dim]) for x in xs))
    return [F.narrow(g, dim, end - size, size) for end, x in zip(ends, xs, strict=True)
            for size in (_known("cat", x.shape[dim]),)]  # fmt: skip


def _known(name: str, size: Size) -> int:
    if not isinstance(size, int):
        raise GradError("G117", f"`{name}` along the unknown size `{size}` has no closed form")
    return size


cat = linear(
    "cat(xs: tensors, dim: axis = 0)",
    lambda *xs, dim: np.concatenate(xs, dim), _cat_shape, _cat_transpose,
    doc="Tensors one after the other along an axis.", linear=EACH, selects=True,
    aliases=("concat", "concatenate"), example="cat([x, y], dim=0)",
)  # fmt: skip


def _stack_shape(*xs: Node, dim: Any) -> Inferred:
    _some("stack", xs)
    if any(x.shape != xs[0].shape for x in xs):
        labels = {i: shape_text(x.shape) for i, x in enumerate(xs)}
        raise GradError("G310", "`stack` needs tensors of one shape", labels=labels)
    axis = normal_axis(dim, xs[0].ndim + 1)
    shape = list(xs[0].shape)
    shape.insert(axis + xs[0].ndim + 1, len(xs))
    kind = promoted(xs) if any(x.kind != "bool" for x in xs) else "bool"
    return tuple(shape), kind, {"dim": axis}


stack = linear(
    "stack(xs: tensors, dim: axis = 0)", lambda *xs, dim: np.stack(xs, dim), _stack_shape,
    lambda g, *xs, dim: [F.select(g, dim, i) for i in range(len(xs))],
    doc="Tensors of one shape side by side, along a new axis.", linear=EACH, selects=True,
    example="stack([x, y], dim=0)",
)  # fmt: skip


def _hstack(xs: list[Node]) -> Node:
    _some("hstack", tuple(xs))
    wide = [F.atleast_1d(x) for x in xs]
    return F.cat(wide, 0 if wide[0].ndim == 1 else 1)


def _column_stack(xs: list[Node]) -> Node:
    return F.cat([F.reshape(x, (-1, 1)) if x.ndim < 2 else x for x in xs], 1)


spelling("vstack(xs: tensors)", lambda *xs: F.cat([F.atleast_2d(x) for x in xs], 0),
         doc="Rows one below the other.", aliases=("row_stack",),
         example="vstack([x, y])")  # fmt: skip
spelling("hstack(xs: tensors)", lambda *xs: _hstack(list(xs)),
         doc="Side by side: along the second axis, or the only one.",
         example="hstack([x, y])")  # fmt: skip
spelling("dstack(xs: tensors)", lambda *xs: F.cat([F.atleast_3d(x) for x in xs], 2),
         doc="One behind the other, along the third axis.", example="dstack([x, y])")  # fmt: skip
spelling("column_stack(xs: tensors)", lambda *xs: _column_stack(list(xs)),
         doc="Vectors as the columns of a matrix.", sample=("3",),
         example="column_stack([x, y])")  # fmt: skip


def _meshgrid(*xs: Node, indexing: str) -> Any:
    if indexing not in ("ij", "xy"):
        raise GradError("G117", "`indexing` is 'ij' or 'xy'", at="indexing")
    if any(x.ndim > 1 for x in xs):
        raise GradError("G309", "`meshgrid` is of vectors")
    order = list(range(len(xs)))
    if indexing == "xy":
        order[:2] = order[:2][::-1]
    flat = [F.atleast_1d(x) for x in xs]
    shape = tuple(flat[i].shape[0] for i in order)
    return tuple(
        F.broadcast_to(F.reshape(x, (x.shape[0], *(1,) * (len(xs) - 1 - order.index(i)))), shape)
        for i, x in enumerate(flat)
    )


spelling("meshgrid(*xs: tensors, indexing: str = 'ij')", _meshgrid, sample=("3",),
         doc="The coordinates of a grid, one tensor for each axis.",
         example="meshgrid(x, y)")  # fmt: skip


# --- taken apart: these give several tensors ---------------------------------------------------


def _length(name: str, x: Node, dim: int) -> int:
    if not x.ndim:
        raise GradError("G309", "a scalar cannot be taken apart", at=0)
    size = x.shape[normal_axis(dim, x.ndim)]
    if not isinstance(size, int):
        raise GradError("G117", f"`{name}` along the unknown size `{size}`", at="dim")
    return size


def _parts(x: Node, lengths: list[int], dim: int) -> Any:
    ends = accumulate(lengths)
    return tuple(F.narrow(x, dim, e - n, n) for e, n in zip(ends, lengths, strict=True))


def _split(x: Node, split_size: Any, dim: int) -> Any:
    size = _length("split", x, dim)
    if isinstance(split_size, tuple):
        if sum(split_size) != size or min(split_size, default=0) < 0:
            raise GradError("G117", f"these lengths do not add up to {size}", at="split_size")
        return _parts(x, list(split_size), dim)
    if split_size < 1:
        raise GradError("G117", "`split_size` must be at least 1", at="split_size")
    lengths = [min(split_size, size - start) for start in range(0, size, split_size)]
    return _parts(x, lengths or [0], dim)


def _chunk(x: Node, chunks: int, dim: int) -> Any:
    if chunks < 1:
        raise GradError("G117", "`chunks` must be at least 1", at="chunks")
    return _split(x, max(1, -(-_length("chunk", x, dim) // chunks)), dim)


def _array_split(x: Node, sections: Any, dim: int) -> Any:
    size = _length("tensor_split", x, dim)
    if isinstance(sections, tuple):
        cuts = [min(max(c + size if c < 0 else c, 0), size) for c in sections]
        starts, stops = [0, *cuts], [*cuts, size]
        return _parts_between(x, starts, stops, dim)
    if sections < 1:
        raise GradError("G117", "`sections` must be at least 1", at="sections")
    each, longer = divmod(size, sections)
    return _parts(x, [each + 1] * longer + [each] * (sections - longer), dim)


def _unbind(x: Node, dim: int) -> Any:
    return tuple(F.select(x, dim, i) for i in range(_length("unbind", x, dim)))


def _parts_between(x: Node, starts: list[int], stops: list[int], dim: int) -> Any:
    pairs = zip(starts, stops, strict=True)
    return tuple(F.narrow(x, dim, start, max(stop - start, 0)) for start, stop in pairs)


spelling("split(x, split_size: ints, dim: axis = 0)", _split, sample=("4x3",),
         spellings={"split_size_or_sections": "split_size", "sections": "split_size"},
         doc="Parts of a length, or of several lengths, along an axis, as PyTorch.",
         example="split(x, 2)")  # fmt: skip
spelling("chunk(x, chunks: int, dim: axis = 0)", _chunk, sample=("4x3",),
         doc="At most so many parts of one length along an axis.",
         example="chunk(x, 2)")  # fmt: skip
spelling("tensor_split(x, sections: ints, dim: axis = 0)", _array_split, sample=("4x3",),
         aliases=("array_split",),
         spellings={"indices_or_sections": "sections", "indices": "sections"},
         doc="So many parts, or parts cut at positions, along an axis, as NumPy's split.",
         example="tensor_split(x, 3)[0]")  # fmt: skip
spelling("unbind(x, dim: axis = 0)", _unbind,
         doc="The entries along an axis, each for itself.")  # fmt: skip


# --- repeated ----------------------------------------------------------------------------------


def _flat_ints(given: Any) -> tuple[int, ...]:
    named = given if isinstance(given, tuple) else (given,)
    return named[0] if len(named) == 1 and isinstance(named[0], tuple) else named


def _tile(x: Node, dims: Any) -> Node:
    """Each axis gets one of size 1 in front, is repeated along that, and is merged with it."""
    times = _flat_ints(dims)
    if any(t < 0 for t in times):
        raise GradError("G117", "a tensor is not repeated less than 0 times", at=1)
    times = (1,) * (x.ndim - len(times)) + times
    shape = (1,) * (len(times) - x.ndim) + x.shape
    apart = F.reshape(x, tuple(s for size in shape for s in (1, size)))
    many = F.broadcast_to(apart, tuple(s for pair in zip(times, shape, strict=True) for s in pair))
    return F.reshape(many, tuple(sizes.product(p) for p in zip(times, shape, strict=True)))


def _repeat(x: Node, repeats: Any, dim: Any) -> Node:
    if dim is not None:
        return F.repeat_interleave(x, _flat_ints(repeats), dim)
    times = _flat_ints(repeats)
    if len(times) < x.ndim:
        raise GradError(
            "G112", f"`repeat` needs one number for each of the {x.ndim} axes", at="repeats",
            help=["as NumPy's repeat, each entry several times: `repeat({0}, 2, axis=0)`"],
        )  # fmt: skip
    return F.tile(x, times)


def _repeat_interleave(x: Node, repeats: Any, dim: Any) -> Node:
    if dim is None or not x.ndim:
        x, dim = F.reshape(x, (sizes.product(x.shape),)), 0
    axis = normal_axis(dim, x.ndim) + x.ndim
    times = _flat_ints(repeats)
    if not times:
        raise GradError("G112", "`repeat` needs a number of times", at="repeats")
    if any(t < 0 for t in times):
        raise GradError("G117", "an entry is not repeated less than 0 times", at="repeats")
    if len(times) > 1:
        entries = _length("repeat_interleave", x, axis)
        if len(times) != entries:
            raise GradError("G310", f"{len(times)} repeats for {entries} entries", at="repeats")
        places = np.repeat(np.arange(entries), times)
        return x[(*(slice(None),) * axis, places)]
    before, size, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    many = F.broadcast_to(
        F.reshape(x, (*before, size, 1, *after)), (*before, size, times[0], *after)
    )
    return F.reshape(many, (*before, sizes.product((size, times[0])), *after))


tile = derived("tile(x, *dims: ints)", _tile, doc="The whole tensor repeated along its axes.",
               spellings={"reps": "dims"}, example="tile(x, 2, 3)")  # fmt: skip
repeat = derived(
    "repeat(x, *repeats: ints, dim: axis? = None)", _repeat,
    doc="As PyTorch: the whole tensor repeated along its axes; with an axis as NumPy: each entry.",
    example="repeat(x, 2, 3)", calls=(("x", "2", "dim=1"),),
)  # fmt: skip
repeat_interleave = derived(
    "repeat_interleave(x, repeats: ints, dim: axis? = None)", _repeat_interleave,
    doc="Each entry, or each part along an axis, several times.",
    example="repeat_interleave(x, 2)", calls=(("x", "(2, 0, 1)", "1"),),
)  # fmt: skip


# --- padded ------------------------------------------------------------------------------------

MODES = {
    "constant": "constant", "reflect": "reflect", "symmetric": "symmetric",
    "replicate": "edge", "edge": "edge", "circular": "wrap", "wrap": "wrap",
}  # fmt: skip


def _pad_shape(x: Node, pad: Any, mode: str, value: Any, pad_width: Any) -> Inferred:
    if (pad is None) == (pad_width is None):
        raise GradError("G112", "`pad` needs one of `pad` and `pad_width`")
    if mode not in MODES:
        raise GradError("G117", f"`mode` is one of {', '.join(map(repr, MODES))}", at="mode")
    widths = _numpy_widths(x, pad, pad_width)
    shape = []
    for size, (low, high) in zip(x.shape, widths, strict=True):
        new = sizes.total((size, low, high))
        if isinstance(new, int) and new < 0:
            raise GradError("G117", f"{-low - high} entries cannot be cut off {size}", at="pad")
        if mode != "constant":
            _check_width(size, low, high, MODES[mode])
        shape.append(new)
    while widths and widths[0] == (0, 0):
        widths = widths[1:]
    flat = tuple(w for pair in reversed(widths) for w in pair)
    kind = promoted((x,)) if isinstance(value, int) else "float"
    return tuple(shape), kind, {"pad": flat, "mode": mode, "value": value, "pad_width": None}


def _check_width(size: Size, low: int, high: int, mode: str) -> None:
    if (low, high) == (0, 0):
        return
    if not isinstance(size, int):
        raise GradError(
            "G117", f"the unknown size `{size}` is padded by a constant only", at="mode"
        )
    most = size - 1 if mode == "reflect" else size
    if size == 0 or (mode != "edge" and max(low, high) > most):
        raise GradError(
            "G117", f"at most {most} entries can be added to an axis of {size}", at="pad"
        )


def _numpy_widths(x: Node, pad: Any, pad_width: Any) -> list[tuple[int, int]]:
    """(before, after) for each axis: PyTorch lists them flat, last axis first, NumPy in pairs."""
    given = pad if pad_width is None else pad_width
    at = "pad" if pad_width is None else "pad_width"
    each = np.asarray(given)
    if each.dtype.kind not in "iu" and each.size:
        raise GradError("G113", "widths are integers", at=at)
    if pad_width is None and each.ndim == 1:
        if each.size % 2 or each.size > 2 * x.ndim:
            raise GradError(
                "G117",
                f"two widths for each axis, last axis first: at most {2 * x.ndim} numbers",
                at=at,
            )
        return _pairs(tuple(int(w) for w in each), x.ndim)
    try:
        full = np.broadcast_to(each, (x.ndim, 2))
    except ValueError:
        raise GradError("G117", "a pair of widths for each axis", at=at) from None
    return [(int(low), int(high)) for low, high in full]


def _pairs(pad: tuple[int, ...], ndim: int) -> list[tuple[int, int]]:
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    return [(0, 0)] * (ndim - len(pairs)) + pairs


def _pad(x: Any, pad: tuple[int, ...], mode: str, value: float, pad_width: Any) -> Any:
    pairs = _pairs(pad, x.ndim)
    if not pairs:
        return np.array(x)  # a number has no end to be padded
    if mode != "constant":
        for axis, pair in enumerate(pairs):
            if pair != (0, 0):
                x = np.take(x, _sources(x.shape[axis], pair, mode), axis)
        return x
    dtype = x.dtype if x.dtype.kind in "fc" or isinstance(value, int) else float
    added = [(max(low, 0), max(high, 0)) for low, high in pairs]
    wide = np.pad(x.astype(dtype, copy=False), added, constant_values=value)
    return wide[tuple(slice(max(-low, 0), min(high, 0) or None) for low, high in pairs)]


def _sources(size: int, pair: tuple[int, int], mode: str) -> Any:
    """Which entry of an axis each entry of the padded one repeats."""
    low, high = pair
    added = (max(low, 0), max(high, 0))
    places = np.pad(np.arange(size), added, MODES[mode])  # type: ignore[call-overload]
    return places[max(-low, 0) : len(places) - max(-high, 0)]


@structural(
    "pad(x, pad: any = None, mode: str = 'constant', value: number = 0, pad_width: any = None)",
    _pad, _pad_shape,
    doc="With entries added (or cut off) at the ends of axes. `pad` lists two widths for each"
        " axis, last"
    " axis first, as PyTorch; `pad_width` a pair for each axis, as NumPy.",
    spellings={"constant_values": "value"}, example="pad(x, (1, 2))",
    calls=(("x", "(1, -1, 0, 2)"), ("x", "(1, 2)", "'reflect'"), ("x", "(2, 1)", "'replicate'"),
           ("x", "(1, 1, 1, 0)", "'circular'"), ("x", "pad_width=((0, 1), (2, 0))")),
    kinks=(Kink("modes that repeat entries", "each repetition counts"),),
)  # fmt: skip
def pad(
    g: Node, out: Node, x: Node, pad: tuple[int, ...], mode: str, value: float, pad_width: Any
) -> Node:
    if mode == "constant":
        return F.pad(g, tuple(-w for w in pad))
    for axis, pair in enumerate(_pairs(pad, x.ndim)):
        if pair != (0, 0):
            size = _known("pad", x.shape[axis])
            shape = (*g.shape[:axis], size, *g.shape[axis + 1 :])
            places = (*(slice(None),) * axis, _sources(size, pair, mode))
            g = F.index_add(F.zeros(shape), g, places)
    return g
