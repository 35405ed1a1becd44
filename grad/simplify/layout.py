"""Axes of nodes by the indices they stand for, and nodes moved from one layout to another.

A *layout* says which index each axis of a node is: a tuple of indices, None for an axis of size 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from ..node import TABLE, Node
from ..ops import F, is_constant
from .pieces import led
from .tensors import Tensor

Layout = tuple[int | None, ...]
WHOLE = ("slice", None, None, None)
MOST_PLACES = 10  # for further axes between others


def entry_of(x: Node, axis: int, entry: Any) -> Node:
    """`x` indexed along one axis, together with the indexing that it may be itself."""
    if x.op.name == "index":
        whole = list(x.attr("index"))
        whole += [WHOLE] * (x.args[0].ndim - len(whole))
        kept = [n for n, e in enumerate(whole) if isinstance(e, tuple)]
        if whole[kept[axis]] == WHOLE and all(whole[n][0] == "slice" for n in kept):
            whole[kept[axis]] = entry
            while whole[-1] == WHOLE:
                whole.pop()
            return F.index(x.args[0], tuple(whole))
    return F.index(x, (WHOLE,) * axis + (entry,))


def fits(node: Node, t: Tensor, want: Layout) -> bool:
    """Whether the axes of a node are those of a tensor as laid out, or of size 1."""
    shape = [1 if a is None else t.shape[a] for a in want]
    return node.ndim <= len(want) and all(
        s in (1, shape[d - node.ndim]) for d, s in enumerate(node.shape)
    )


def interleaved(order: Layout, more: Sequence[int]) -> Iterator[tuple[Layout, tuple[int, ...]]]:
    """Layouts with further indices between those of `order`, and where those then are."""
    rank = len(order) + len(more)
    for dims in list(combinations(range(rank), len(more)))[:MOST_PLACES]:
        old, new = iter(order), iter(more)
        yield tuple(next(new) if n in dims else next(old) for n in range(rank)), dims


def stripped(layout: Layout) -> Layout:
    """A layout without the axes of size 1 in front: broadcasting adds those."""
    n = 0
    while n < len(layout) and layout[n] is None:
        n += 1
    return layout[n:]


def lengthened(node: Node, want: Layout) -> Node:
    """A node with the axes of size 1 in front that `want` has, if it lacks them."""
    missing = len(want) - node.ndim
    if missing > 0 and all(a is None for a in want[:missing]):
        return F.unsqueeze(node, tuple(range(missing)))
    return node


def arrange(node: Node, have: Layout, want: Layout) -> Node:
    """A node whose axes are `have` with them as in `want`."""
    if have == want:
        return node
    order = tuple(a for a in want if a is not None)
    if None in have:
        entries = tuple(0 if a is None else WHOLE for a in have)
        node, have = F.index(node, entries), tuple(a for a in have if a is not None)
        if have == want:
            return node
    if have != order:
        node = F.permute(node, tuple(have.index(a) for a in order))
    new = tuple(n for n, a in enumerate(want) if a is None)
    return F.unsqueeze(node, new) if new else node


def repeated(node: Node, shape: tuple[Any, ...], like: Node | None) -> Node:
    """A node repeated to a shape; of the shape of `like` by means of ones_like."""
    ones = ones_like(like) if like is not None and like.shape == shape else None
    if ones is None:
        ones = F.ones(*shape)
    if node.op.name == "constant" and not node.shape and node.attr("value") in (0, 1):
        if node.attr("value") == 1:
            return ones
        return zeros_like(like) if like is not None and like.shape == shape else F.zeros(*shape)
    if node.op.name == "div" and is_constant(node.args[0], 1):
        return ones / node.args[1]
    return led(node, ones) if node.op.name == "constant" else node * ones


def ones_like(x: Node) -> Node:
    return Node(TABLE["ones_like"], (x,), (), x.shape, "float")


def zeros_like(x: Node) -> Node:
    return Node(TABLE["zeros_like"], (x,), (), x.shape, "float")


def reduction(name: str, x: Node, dim: Any, keepdim: bool) -> Node:
    if dim is None:
        return TABLE[name](x)  # type: ignore[no-any-return]
    return TABLE[name](x, dim=dim, keepdim=keepdim)  # type: ignore[no-any-return]
