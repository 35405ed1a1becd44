"""Rules: choosing between entries, by a condition or by position."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node, Shape, Size
from ..ops import F, Inferred, Kink, broadcast, broadcast_nodes, lift, shape_text, static
from ..rows import linear, pointwise, promoted, spelling, structural


def _where_shape(condition: Node, x: Node, y: Node) -> Inferred:
    return broadcast_nodes("where", (condition, x, y)), promoted((x, y)), {}


def _where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(condition, x, y)


@structural(
    "where(condition, x, y)", _where, _where_shape,
    doc="`x` where the condition holds, `y` elsewhere; the branch not taken has no influence.",
    linear=(1, 2), jointly=True, selects=True, broadcasts=True, batch="align",
    sample=("bool", (-2, 2), (-2, 2)),
)  # fmt: skip
def where(g: Node, out: Node, condition: Node, x: Node, y: Node) -> tuple[None, Node, Node]:
    return None, F.where(condition, g, 0.0), F.where(condition, 0.0, g)


TIE = (Kink("x == y", "half to each", "the mean of the slopes on both sides"),)
NAN = Kink("nan", "all to it", "it is what the result is")
maximum = pointwise(
    "maximum(x, y)", np.maximum,
    lambda out, x, y: F.where(F.same(x, y), 0.5, F.same(x, out)),
    lambda out, x, y: F.where(F.same(x, y), 0.5, F.same(y, out)),
    doc="The larger of two, entry by entry.", kind="promote", selects=True, kinks=(*TIE, NAN),
)  # fmt: skip
minimum = pointwise(
    "minimum(x, y)", np.minimum,
    lambda out, x, y: F.where(F.same(x, y), 0.5, F.same(x, out)),
    lambda out, x, y: F.where(F.same(x, y), 0.5, F.same(y, out)),
    doc="The smaller of two, entry by entry.", kind="promote", selects=True, kinks=(*TIE, NAN),
)  # fmt: skip


def _clamp_shape(x: Node, *bounds: Node, given: tuple[str, ...] = ()) -> Inferred:
    if not bounds:
        raise GradError("G112", "`clamp` needs `min`, `max` or both")
    return broadcast_nodes("clamp", (x, *bounds)), promoted((x, *bounds)), {"given": given}


def _clamp(x: Any, *bounds: Any, given: tuple[str, ...]) -> Any:
    for name, bound in zip(given, bounds, strict=True):
        x = np.maximum(x, bound) if name == "min" else np.minimum(x, bound)
    return x


@structural(
    "clamp(x, min: tensor? = None, max: tensor? = None)", _clamp, _clamp_shape,
    doc="`x`, but not below `min` nor above `max`, numbers or tensors.",
    selects=True, broadcasts=True, batch="align", aliases=("clip",),
    spellings={"a_min": "min", "a_max": "max"}, sample=("2x3", "2x3:-1.5..-0.5", "2x3:0.5..1.5"),
    example="clamp(x, min=-1, max=1)", calls=(("x", "min=-1", "max=1"),),
    kinks=(Kink("x == min, x == max", "1", "a bound counts as inside"),),
)  # fmt: skip
def clamp(g: Node, out: Node, x: Node, *bounds: Node, given: tuple[str, ...]) -> tuple[Node, ...]:
    """Where min exceeds max the result is max."""
    low, high = bounds[0] if "min" in given else None, bounds[-1] if "max" in given else None
    if low is None or high is None:
        inside = x <= high if low is None else x >= low
        return F.where(inside, g, 0.0), F.where(inside, 0.0, g)
    inside = F.logical_and(x >= low, x <= high)
    below = F.logical_and(x < low, low < high)
    above = F.logical_or(x > high, low > high)
    return F.where(inside, g, 0.0), F.where(below, g, 0.0), F.where(above, g, 0.0)


fmax = pointwise(
    "fmax(x, y)", np.fmax,
    lambda out, x, y: F.where(F.eq(x, y), 0.5, F.logical_or(x > y, F.isnan(y))),
    lambda out, x, y: F.where(F.eq(x, y), 0.5, F.logical_or(y > x, F.isnan(x))),
    doc="The larger of two; of a number and nan the number.", kind="promote", selects=True,
    kinks=TIE,
)  # fmt: skip
fmin = pointwise(
    "fmin(x, y)", np.fmin,
    lambda out, x, y: F.where(F.eq(x, y), 0.5, F.logical_or(x < y, F.isnan(y))),
    lambda out, x, y: F.where(F.eq(x, y), 0.5, F.logical_or(y < x, F.isnan(x))),
    doc="The smaller of two; of a number and nan the number.", kind="promote", selects=True,
    kinks=TIE,
)  # fmt: skip
masked_fill = spelling(
    "masked_fill(x, mask, value)", lambda x, mask, value: F.where(mask, value, x),
    doc="`value` where the mask holds, `x` elsewhere: `where(mask, value, x)`.",
    sample=((-2, 2), "bool", (-2, 2)),
)  # fmt: skip

# --- indexing ----------------------------------------------------------------------------------
#
# An index is a tuple with one entry per axis, from the first on: an int, ("slice", start, stop,
# step) with all three resolved where the size is known, or ("array", nested tuples of ints), all
# of one shape. New axes (None) are a separate `unsqueeze`.

Index = tuple[Any, ...]
WHOLE = ("slice", None, None, None)


def numpy_index(index: Index, lead: int = 0) -> tuple[Any, ...]:
    """An index as NumPy takes it, behind `lead` whole axes."""
    entries: list[Any] = [slice(None)] * lead
    for entry in index:
        if isinstance(entry, tuple):
            entries.append(slice(*entry[1:]) if entry[0] == "slice" else np.array(entry[1], int))
        else:
            entries.append(entry)
    return tuple(entries)


def _entries(index: Any) -> list[Any]:
    one = not isinstance(index, tuple) or (index and isinstance(index[0], str))
    return [index] if one else list(index)


def normal_index(x: Node, index: Any) -> tuple[Index, tuple[int, ...], Shape]:
    """The index with one entry per axis, the positions of new axes in the result, and its shape.

    Raises GradError G305 where a position does not exist, G307 for too many indices, G113 for what
    is not an index.
    """
    raw = _entries(index)
    consumed = sum(e is not None and e is not Ellipsis for e in raw)
    if consumed > x.ndim:
        indices = f"{consumed} {'index' if consumed == 1 else 'indices'}"
        axes = f"{x.ndim or 'no'} {'axis' if x.ndim == 1 else 'axes'}"
        raise GradError("G307", f"{indices} for {axes}: the shape is {shape_text(x.shape)}")
    if sum(e is Ellipsis for e in raw) > 1:
        raise GradError("G117", "an index has at most one `...`")
    if not any(e is Ellipsis for e in raw):
        raw.append(Ellipsis)
    entries: list[Any] = []
    layout: list[Any] = []  # of the result: a size, "new", or the shape of an index array
    for e in raw:
        if e is None:
            layout.append("new")
        elif e is Ellipsis:
            for _ in range(x.ndim - consumed):
                layout.append(x.shape[len(entries)])
                entries.append(WHOLE)
        else:
            entry, size = _entry(e, x.shape[len(entries)], len(entries))
            entries.append(entry)
            if size is not None:
                layout.append(size)
    while entries and entries[-1] == WHOLE:
        entries.pop()
    return _shaped(tuple(entries), layout)


def _shaped(entries: Index, layout: list[Any]) -> tuple[Index, tuple[int, ...], Shape]:
    arrays = [i for i, e in enumerate(layout) if isinstance(e, tuple)]
    if len(arrays) > 1:
        joint = broadcast(*(layout[i] for i in arrays))
        if joint is None:
            shapes = " and ".join(shape_text(layout[i]) for i in arrays)
            raise GradError("G302", f"index lists of the shapes {shapes} do not broadcast")
        if arrays != list(range(arrays[0], arrays[-1] + 1)):
            raise GradError(
                "G117", "index lists must stand next to each other",
                help=["one after the other: `x[[0, 2]][..., [1, 3]]`"],
            )  # fmt: skip
        entries = tuple(spread_list(e, joint) if is_list(e) else e for e in entries)
        layout[arrays[0]] = joint
        for i in reversed(arrays[1:]):
            del layout[i]
    out: list[Size] = []
    new: list[int] = []
    for e in layout:
        if e == "new":
            new.append(len(out))
            out.append(1)
        elif isinstance(e, tuple):
            out.extend(e)
        else:
            out.append(e)
    return entries, tuple(n - len(out) for n in new), tuple(out)


def is_list(entry: Any) -> bool:
    return isinstance(entry, tuple) and entry[0] == "array"


def spread_list(entry: Any, shape: Shape) -> Any:
    """A list of positions, repeated as often as the other lists of its index need it."""
    if np.shape(entry[1]) == shape:
        return entry
    return ("array", nested(np.broadcast_to(np.array(entry[1], int), tuple(map(int, shape)))))


def _entry(e: Any, size: Size, axis: int) -> tuple[Any, Any]:
    """One entry of an index in normal form, and the size (or shape) it leaves, None if no axis."""
    if isinstance(e, tuple) and e[:1] == ("array",):
        return e, np.shape(e[1])
    if isinstance(e, tuple) and e[:1] == ("slice",):
        e = slice(*e[1:])
    if isinstance(e, slice):
        return _slice_entry(e, size)
    e = static(lift(e) if isinstance(e, (list, tuple)) else e)
    if isinstance(e, np.ndarray):
        if e.dtype.kind == "b":
            e = np.flatnonzero(e)
        if e.dtype.kind not in "iu":
            raise GradError("G113", "an index list holds integers")
        positions = np.array([_position(int(i), size, axis) for i in e.flat], int).reshape(e.shape)
        return ("array", nested(positions)), e.shape
    if isinstance(e, bool) or not isinstance(e, int):
        raise GradError("G113", "an index is an integer, a slice, or a list of integers")
    return _position(e, size, axis), None


def nested(array: Any) -> Any:
    def tuples(part: Any) -> Any:
        return tuple(map(tuples, part)) if isinstance(part, list) else part

    return tuples(array.tolist())


def _position(i: int, size: Size, axis: int) -> int:
    if not isinstance(size, int):
        return i
    if not -size <= i < size:
        raise GradError(
            "G305",
            f"index {i} does not exist: axis {axis} has {size} entr{'y' if size == 1 else 'ies'}",
        )
    return i % size


def _slice_entry(e: slice, size: Size) -> tuple[Any, Size]:
    start, stop, step = static([e.start, e.stop, e.step])
    for bound in (start, stop, step):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
            raise GradError("G113", "the bounds of a slice are integers")
    if step == 0:
        raise GradError("G117", "the step of a slice is not 0")
    if not isinstance(size, int):
        if (start, stop) == (None, None) and step in (None, 1, -1):
            return ("slice", None, None, step if step == -1 else None), size
        raise GradError("G117", f"a slice of an axis of unknown size `{size}`")
    lo, hi, by = slice(start, stop, step).indices(size)
    first = 0 if by > 0 else size - 1
    past = hi >= size if by > 0 else hi < 0
    entry = ("slice", None if lo == first else lo, None if past else hi, None if by == 1 else by)
    return entry, len(range(lo, hi, by))


def _getitem_shape(x: Node, index: Any) -> Inferred:
    entries, new, shape = normal_index(x, index)
    assert not new
    return shape, x.kind, {"index": entries}


def batched_index(lead: Shape, args: Any, attrs: dict[str, Any]) -> dict[str, Any]:
    """With more axes in front an index stands behind as many whole ones."""
    return {"index": (WHOLE,) * len(lead) + attrs["index"]}


take_index = linear(
    "index(x, index: index)",
    lambda x, index: x[numpy_index(index)],
    _getitem_shape,
    lambda g, x, index: F.index_add(F.zeros(x.shape), g, index),
    doc="Entries by position: `x[i]`, `x[1:, None]`, `x[[0, 2]]`.",
    selects=True, batch=batched_index, hidden=True,
)  # fmt: skip


def _getitem(x: Node, index: Any) -> Node:
    """Positions and slices first, then lists, then new axes: each is a node of its own."""
    entries, new, _ = normal_index(x, index)
    lists = [is_list(e) for e in entries]
    if any(lists) and any(isinstance(e, int) for e in entries):
        x = F.index(
            x, tuple(WHOLE if listed else e for e, listed in zip(entries, lists, strict=True))
        )
        kept = [
            (e, listed) for e, listed in zip(entries, lists, strict=True) if not isinstance(e, int)
        ]
        entries = tuple(e if listed else WHOLE for e, listed in kept)
    if any(e != WHOLE for e in entries):
        x = F.index(x, entries)
    return F.unsqueeze(x, new) if new else x


getitem = spelling("getitem(x, index: index)", _getitem, doc="`x[index]`.", hidden=True)
