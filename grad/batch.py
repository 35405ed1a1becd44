"""Batching: a graph over tensors as one over stacks of them (vmap), along leading axes.

Axes are stored as negative numbers, so most operations mean the same with more axes in front; what
remains is to align the ranks of operands that broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from .errors import GradError
from .evaluate import schedule
from .node import Node, Shape
from .ops import F, Op

Stacked = Sequence[Node | None]  # the stack of each argument; None for one that is not batched


def batch(roots: Sequence[Node], batched: Mapping[Node, Node], lead: Shape) -> list[Node]:
    """`roots` where each node of `batched` is replaced by a stack of it, with `lead` axes in front.

    The results have the leading axes too, also where nothing they depend on was replaced.
    Raises GradError G117 where an operation can only be repeated and the number of times is a name.
    """
    order, needs = schedule(roots)
    stacks = dict(batched)
    for node in order:
        if node in stacks or not any(a in stacks for a in needs[node]):
            continue
        if node.op.formula is not None:
            stacks[node] = stacks[needs[node][0]]
        else:
            stacks[node] = _applied(node, [stacks.get(a) for a in node.args], lead)
    return [_whole(root, stacks.get(root), lead) for root in roots]


def _applied(node: Node, args: Stacked, lead: Shape) -> Node:
    op: Op = node.op
    way = WAYS[op.batch] if isinstance(op.batch, str) else _told
    found = way(node, args, lead)
    assert found.shape == (*lead, *node.shape), f"{op.name} batched over {lead} is {found}"
    return found


def _whole(argument: Node, stack: Node | None, lead: Shape) -> Node:
    """The stack of an argument; one that is the same throughout is repeated."""
    return F.broadcast_to(argument, (*lead, *argument.shape)) if stack is None else stack


def _aligned(stack: Node, lead: Shape, rank: int) -> Node:
    """A stack with axes of size 1 behind the leading ones, until `rank` axes follow those."""
    have = stack.ndim - len(lead)
    return F.unsqueeze(stack, tuple(range(-rank, -have))) if have < rank else stack


# --- the ways ----------------------------------------------------------------------------------


def _told(node: Node, args: Stacked, lead: Shape) -> Node:
    """The row says what becomes of its attributes."""
    op: Op = node.op
    assert callable(op.batch)
    whole = [_whole(a, s, lead) for a, s in zip(node.args, args, strict=True)]
    return op.node(whole, op.batch(lead, node.args, dict(node.attrs)))


def _same(node: Node, args: Stacked, lead: Shape) -> Node:
    """The attributes mean the same with more axes in front."""
    op: Op = node.op
    whole = [_whole(a, s, lead) for a, s in zip(node.args, args, strict=True)]
    attrs = dict(node.attrs)
    along = any(p.type[:4] in ("axis", "ints") and attrs[p.name] for p in op.signature.parameters)
    if along and not node.ndim and not node.args[0].ndim:
        # a scalar is treated as having one axis; in a stack of scalars it must really be there
        found = op.node([F.unsqueeze(stack, -1) for stack in whole], attrs)
        return F.squeeze(found, -1) if found.ndim > len(lead) else found
    return op.node(whole, attrs)


def _align(node: Node, args: Stacked, lead: Shape) -> Node:
    """Operands broadcast from the right: align ranks, and leave what is not batched alone."""
    rank = max(a.ndim for a in node.args)
    operands = [
        a if stack is None else _aligned(stack, lead, rank)
        for a, stack in zip(node.args, args, strict=True)
    ]
    op: Op = node.op
    return op.node(operands, dict(node.attrs))


def _broadcast(node: Node, args: Stacked, lead: Shape) -> Node:
    (stack,) = args
    assert stack is not None
    return F.broadcast_to(_aligned(stack, lead, node.ndim), (*lead, *node.shape))


def _matmul(node: Node, args: Stacked, lead: Shape) -> Node:
    """Matrix products; a stack of vectors is a matrix where it can be, or it gets a second axis."""
    (x, y), (xs, ys) = node.args, args
    if x.ndim == y.ndim == 1:
        if xs is not None and ys is not None:
            return F.sum(xs * ys, -1)
        return F.matmul(x, ys.mT) if xs is None and ys is not None else F.matmul(xs, y)
    if xs is None and ys is not None and x.ndim == 2 and y.ndim == 1:
        return F.matmul(ys, x.mT)
    if ys is None and xs is not None and x.ndim == 1 and y.ndim == 2:
        return F.matmul(xs, y)
    rank = max(x.ndim, y.ndim)
    drop: list[int] = []
    if xs is not None:
        if x.ndim == 1:
            xs, drop = F.unsqueeze(xs, -2), [-2]
        x = _aligned(xs, lead, rank)
    if ys is not None:
        if y.ndim == 1:
            ys, drop = F.unsqueeze(ys, -1), [-1]
        y = _aligned(ys, lead, rank)
    found = F.matmul(x, y)
    return F.squeeze(found, tuple(drop)) if drop else found


def _outer(node: Node, args: Stacked, lead: Shape) -> Node:
    x, y = (a if s is None else s for a, s in zip(node.args, args, strict=True))
    return F.unsqueeze(x, -1) * F.unsqueeze(y, -2)


def _solve(node: Node, args: Stacked, lead: Shape) -> Node:
    """A stack of right sides that are vectors gets an axis, so as not to be taken for a matrix."""
    op: Op = node.op
    (a, b), (many_a, many_b) = node.args, args
    rank = max(a.ndim, b.ndim, 2)
    vectors = many_b is not None and b.ndim == 1
    if many_a is not None:
        a = _aligned(many_a, lead, rank)
    if many_b is not None:
        b = _aligned(F.unsqueeze(many_b, -1) if vectors else many_b, lead, rank)
    found = op.node([a, b], dict(node.attrs))
    return F.squeeze(found, -1) if vectors else found


def _unroll(node: Node, args: Stacked, lead: Shape) -> Node:
    """The last resort: once for each entry of the stack. Correct, and slow."""
    op: Op = node.op
    sizes = [size for size in lead if isinstance(size, int)]
    if len(sizes) < len(lead):
        raise GradError("G117", f"`{op.name}` is not batched along an axis of unknown size")
    if 0 in sizes:
        return F.zeros((*lead, *node.shape))
    parts = [
        op.node(
            [a if s is None else F.index(s, at) for a, s in zip(node.args, args, strict=True)],
            dict(node.attrs),
        )
        for at in product(*map(range, sizes))
    ]
    for size in reversed(sizes):
        parts = [F.stack(parts[i : i + size], 0) for i in range(0, len(parts), size)]
    return parts[0]


WAYS: dict[str, Callable[[Node, Stacked, Shape], Node]] = {
    "same": _same,
    "align": _align,
    "broadcast": _broadcast,
    "matmul": _matmul,
    "outer": _outer,
    "solve": _solve,
    "unroll": _unroll,
}
