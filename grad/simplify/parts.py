"""Parts of what was joined: ``exp(cat([x, y]))[:2]`` is ``exp(x)``."""

from __future__ import annotations

from typing import Any

from ..node import Node, walk
from ..ops import F, rebuild

JOINED = frozenset(("cat", "stack"))


def parted(root: Node) -> Node:
    """`root` with slices of joined tensors, and of entrywise functions of them, as their parts."""
    order = walk([root])
    if not any(node.op.name in JOINED for node in order):
        return root
    done: dict[Node, Node] = {}
    for node in order:
        same = rebuild(node, [done[a] for a in node.args]) if node.args else node
        part = _part_of(same) if same.op.name == "index" else None
        done[node] = same if part is None else part
    return done[root]


def _part_of(node: Node) -> Node | None:
    """What a slice along one axis is of, if it lies in one part of something joined there."""
    x, index = node.args[0], node.attr("index")
    cut = [n for n, entry in enumerate(index) if entry != ("slice", None, None, None)]
    if len(cut) != 1:
        return None
    axis = cut[0] - x.ndim
    return _restricted(x, axis, index[cut[0]])


def _restricted(root: Node, axis: int, entry: Any) -> Node | None:
    """`root[entry]` along an axis, without what was joined there; None if nothing was."""
    found: dict[Node, Node | None] = {}
    joined = False
    for node in walk([root]):
        if node.ndim < -axis or node.shape[axis] == 1:  # the same along the axis
            found[node] = _without(node, axis, entry)
        elif node.op.name in JOINED and node.attr("dim") == axis:
            found[node] = _of_joined(node, axis, entry)
            joined = joined or found[node] is not None
        elif node.op.partials and node.args:
            parts = [found[a] for a in node.args]
            found[node] = None if None in parts else rebuild(node, parts)  # type: ignore[arg-type]
        else:
            at = (("slice", None, None, None),) * (node.ndim + axis) + (entry,)
            found[node] = F.index(node, at)
    return found[root] if joined else None


def _without(node: Node, axis: int, entry: Any) -> Node:
    """What is the same all along an axis, which a single entry takes away."""
    if node.ndim < -axis or isinstance(entry, tuple):
        return node
    return F.squeeze(node, axis)


def _of_joined(node: Node, axis: int, entry: Any) -> Node | None:
    """The part of a `cat` or `stack` that an entry picks."""
    if node.op.name == "stack":
        return node.args[entry] if isinstance(entry, int) else None
    if isinstance(entry, int):
        return None
    size = node.shape[axis]
    if entry[0] != "slice" or not isinstance(size, int):
        return None
    places = range(size)[slice(*entry[1:])]
    start = 0
    for part in node.args:
        end = start + part.shape[axis]  # type: ignore[operator]
        if places and places.step == 1 and start <= places.start and places.stop <= end:
            whole = len(places) == end - start
            cut = ("slice", places.start - start, places.stop - start, None)
            at = (("slice", None, None, None),) * (node.ndim + axis) + (cut,)
            return part if whole else F.index(part, at)
        start = end
    return None
