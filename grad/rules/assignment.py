"""Rules: assignment by position, as a tensor like the old one with some entries replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np

from ..errors import GradError
from ..node import TABLE, Node
from ..ops import F, Inferred, shape_text
from ..rows import linear, promoted, spelling
from .selection import (
    WHOLE,
    Index,
    batched_index,
    is_list,
    nested,
    normal_index,
    numpy_index,
    spread_list,
)


def _put_shape(x: Node, value: Node, index: Any) -> Inferred:
    entries, new, shape = normal_index(x, index)
    if new:
        raise GradError("G115", "an assignment has no new axes on its left", at="index")
    if value.shape != shape:
        raise GradError(
            "G302",
            f"a value of shape {shape_text(value.shape)} does not fit the part assigned to, "
            f"{shape_text(shape)}",
            labels={1: shape_text(value.shape)},
        )
    return x.shape, promoted((x, value)), {"index": entries}


def _index_set(x: Any, value: Any, index: Index) -> Any:
    out = np.array(x, dtype=np.result_type(x, value))
    out[numpy_index(index)] = value
    return out


def _index_add(x: Any, value: Any, index: Index) -> Any:
    out = np.array(x, dtype=np.result_type(x, value))
    if any(map(is_list, index)):
        np.add.at(out, numpy_index(index), value)
    else:
        out[numpy_index(index)] += value
    return out


index_set = linear(
    "index_set(x, value, index: index)", _index_set, _put_shape,
    lambda g, x, value, index: (
        F.index_set(g, F.zeros(value.shape), index), F.index(g, index) if index else g),
    doc="`x` with the entries at `index` replaced: what `x[i] = value` makes of `x`.",
    selects=True, batch=batched_index, hidden=True,
)  # fmt: skip
index_add = linear(
    "index_add(x, value, index: index)", _index_add, _put_shape,
    lambda g, x, value, index: (g, F.index(g, index) if index else g),
    doc="`x` with `value` added at `index`, several times where a position is named several times.",
    batch=batched_index, hidden=True,
)  # fmt: skip


# --- what the language and tensors call ---------------------------------------------------------


def _contiguous(places: Sequence[int]) -> bool:
    return all(b - a == 1 for a, b in pairwise(places))


def _beside_lists(value: Node, entries: Index) -> tuple[Node, Index]:
    """An assignment with an axis between a position and lists, where NumPy would move the lists'
    axes to the front: the position becomes a part of length 1, the value gets an axis for it."""
    lists = [i for i, e in enumerate(entries) if is_list(e)]
    if _contiguous([i for i, e in enumerate(entries) if is_list(e) or isinstance(e, int)]):
        return value, entries
    shape = np.shape(entries[lists[0]][1])
    made: list[Any] = []
    new: list[int] = []
    axis = 0  # of the value
    for i, e in enumerate(entries):
        if isinstance(e, int) and lists[0] < i < lists[-1]:
            made.append(spread_list(("array", e), shape))
            continue
        made.append(("slice", e, e + 1 or None, None) if isinstance(e, int) else e)
        if isinstance(e, int):
            new.append(axis)
        if not is_list(e):
            axis += 1
        elif i == lists[0]:
            axis += len(shape)
    return F.unsqueeze(value, tuple(new)), tuple(made)


def _last_writes(value: Node, entries: Index) -> tuple[Node, Index]:
    """An assignment without the entries that a later one of the same replaces again: those have
    no influence, and get no gradient."""
    lists = [i for i, e in enumerate(entries) if is_list(e)]
    places = np.array([entries[i][1] for i in lists])
    flat = places.reshape(len(lists), -1)
    count = flat.shape[1]
    _, from_the_end = np.unique(flat[:, ::-1], axis=1, return_index=True)
    if len(from_the_end) == count:
        return value, entries
    last = np.sort(count - 1 - from_the_end)
    axis = sum(not isinstance(e, int) for e in entries[: lists[0]])
    behind = value.shape[axis + places.ndim - 1 :]
    value = F.reshape(value, (*value.shape[:axis], count, *behind))
    kept = iter(flat[:, last])
    fewer = tuple(("array", nested(next(kept))) if is_list(e) else e for e in entries)
    return F.index(value, (*(WHOLE,) * axis, ("array", nested(last)))), fewer


def _put(name: str) -> Callable[..., Node]:
    """The formula of an assignment: by index lists that NumPy and others read alike."""

    def formula(x: Node, value: Node, index: Any) -> Node:
        entries, new, shape = normal_index(x, index)
        if any(map(is_list, entries)) and not new and value.shape == shape:
            value, index = _beside_lists(value, entries)
            if name == "index_set":
                value, index = _last_writes(value, index)
        return cast(Node, TABLE[name](x, value, index))

    return formula


setitem = spelling(
    "setitem(x, value, index: index)", _put("index_set"), hidden=True,
    doc="`x` after `x[index] = value`: of a position named twice the last value.",
)  # fmt: skip
additem = spelling(
    "additem(x, value, index: index)", _put("index_add"), hidden=True,
    doc="`x` with `value` added at `index`, several times where a position is named several times.",
)  # fmt: skip
