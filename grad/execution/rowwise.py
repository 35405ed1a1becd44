"""What of a graph goes row by row, for tensors cut along their leading axes.

An operation goes *by rows* if a row of its result needs nothing but the same row of some operands,
and small operands as they are. A *part* is a reduction over the rows: it is computed of each block
of them, and the parts are then combined. Everything else is computed whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import sqrt
from typing import Any

from ..errors import GradError
from ..evaluate import schedule
from ..node import Node, Shape
from ..ops import F, Op, variable
from ..record import field, record
from ..sizes import entries
from .lower import ENTRYWISE, lower
from .parts import COMBINED


@record(eq=False)
class Step:
    """A node that is computed of blocks of rows.

    ``args``  its operands; what a transposed one is made of, where that is what is cut
    ``cut``   of which operands it gets the same rows; the others it gets whole
    ``lead``  the axes in front that are counted as one axis of rows
    ``part``  whether it is a reduction over the rows
    """

    node: Node
    args: tuple[Node, ...]
    cut: tuple[bool, ...]
    lead: Shape
    part: bool = False


@record(eq=False)
class Reading:
    """A graph as it is executed: `roots`, what each node `needs`, arguments first, and those nodes
    that are `steps` by rows or parts."""

    roots: list[Node]
    needs: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    steps: dict[Node, Step] = field(default_factory=dict)


def read(roots: Sequence[Node], large: int, block: int) -> Reading:
    """What goes by rows below `roots`, where tensors of `large` or more entries are to be cut into
    blocks of about `block`."""
    reader = _Reader(large, block)
    roots = lower(roots)
    order, needs = schedule(roots, formula=reader.formula)
    reader.follow(order, needs)
    final = [reader.meant.get(root, root) for root in roots]
    return Reading(final, reader.needs, reader.steps)


def leading(shape: Shape, block: int) -> Shape:
    """The fewest axes in front that make several rows, none of which is more than a block."""
    count = 1
    while count < len(shape) and (entries(shape[:count]) < 2 or entries(shape[count:]) > block):
        count += 1
    return shape[:count]


def numbers(shape: Shape) -> tuple[int, ...]:
    """A shape whose sizes are known to be numbers."""
    return tuple([size for size in shape if isinstance(size, int)])


@record(eq=False)
class _Reader:
    large: int
    block: int
    needs: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    steps: dict[Node, Step] = field(default_factory=dict)
    meant: dict[Node, Node] = field(default_factory=dict)  # what is computed in place of a node
    twins: dict[tuple[str, frozenset[Node]], Node] = field(default_factory=dict)

    def follow(self, order: Sequence[Node], needs: Mapping[Node, Sequence[Node]]) -> None:
        for node in order:
            args = tuple(self.meant.get(a, a) for a in needs[node])
            meant = args[0] if self.formula(node) is not None else self.twin(node, args)
            if meant is not node:
                self.meant[node] = meant
                continue
            self.needs[node] = args
            step = self.step(node, args) if args else None
            if step is not None:
                self.steps[node] = step

    def twin(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The first of the nodes that differ by no more than the order of their operands."""
        if node.op.name not in ("add", "mul"):
            return node
        return self.twins.setdefault((node.op.name, frozenset(args)), node)

    def formula(self, node: Node) -> Node | None:
        """What is computed in place of a node that looks at all its rows several times."""
        passes = IN_PASSES.get(node.op.name)
        if passes is None or entries(node.args[0].shape) < self.large:
            return None
        (x,) = node.args
        across = _along(node) & _axes(x, leading(x.shape, self.block))
        return passes(x, **dict(node.attrs)) if across else None

    def step(self, node: Node, args: tuple[Node, ...]) -> Step | None:
        """How a node is computed of blocks of rows; None if it is not."""
        lead = self.lead([node, *args])
        if lead is None:
            return None
        cut = _by_rows(node, args, lead)
        if cut is not None:
            return Step(node, args, cut, lead)
        if _reduces(node, args[0], lead):
            return Step(node, args, (True,), lead, part=True)
        return self.product(node, args) if node.op.name == "matmul" else None

    def product(self, node: Node, args: tuple[Node, ...]) -> Step | None:
        """``X.T @ y``, a sum over the rows of `X` and `y`; of two vectors, over their entries."""
        x, y = args
        if x.op.name == "permute" and x.ndim == 2:
            (x,) = self.needs[x]
        elif x.ndim > 1:
            return None
        lead = y.shape
        if y.ndim > 1 or x.shape[:1] != lead or self.lead([x, y]) != lead:
            return None  # products of two matrices are left to BLAS, which has blocks of its own
        return Step(node, (x, y), (True, True), lead, part=True)

    def lead(self, among: Iterable[Node]) -> Shape | None:
        """The axes to cut along: those of an operand by rows, or of the largest tensor."""
        nodes = list(among)
        by_rows = [self.steps[a] for a in nodes if a in self.steps and not self.steps[a].part]
        if by_rows:
            return max((step.lead for step in by_rows), key=entries)
        largest = max((node.shape for node in nodes), key=entries)
        cut = largest != () and entries(largest) >= self.large
        return leading(largest, self.block) if cut else None


# --- what a row of the result needs ------------------------------------------------------------


def _by_rows(node: Node, args: Sequence[Node], lead: Shape) -> tuple[bool, ...] | None:
    """Of which operands to take the same rows; None if the node does not go by rows."""
    op: Op = node.op
    count = len(lead)
    if node.shape[:count] != lead:
        return None
    rowed = [a.shape[:count] == lead for a in args]
    if _is_entrywise(node) or op.batch == "broadcast":
        tail = node.ndim - count
        cut = tuple(r and a.ndim == node.ndim for r, a in zip(rowed, args, strict=True))
        same = [all(s == 1 for s in a.shape[: max(a.ndim - tail, 0)]) for a in args]
        return cut if all(c or s for c, s in zip(cut, same, strict=True)) else None
    if op.name in ("matmul", "outer"):
        x, y = args
        tail = x.ndim - count - (op.name == "matmul")
        return (True, False) if rowed[0] and tail >= 0 and y.ndim == 1 else None
    if op.name == "reshape":
        return (True,) if rowed[0] else None
    if op.batch == "same" and len(args) == 1 and rowed[0]:
        return (True,) if _is_batch(node, args[0], count) else None
    return None


def _is_entrywise(node: Node) -> bool:
    return node.op.partials is not None or node.op.name in (*ENTRYWISE, "clamp")


def _is_batch(node: Node, x: Node, count: int) -> bool:
    """Whether the `count` axes in front could be left out: the attributes of a row of the table
    mean the same without them, unless they name one."""
    op: Op = node.op
    tail = x.shape[count:]
    for p in op.signature.parameters:
        if p.type[:4] in ("axis", "axes", "ints"):
            value = node.attr(p.name)
            named = value if isinstance(value, tuple) else () if value is None else (value,)
            # a scalar is treated as having one axis: it would not be missed
            if any(d < -max(len(tail), node.ndim - count) for d in named):
                return False
    try:
        row = op.node([variable("row", tail, x.kind)], dict(node.attrs))
    except GradError:
        return False
    return (row.shape, row.attrs) == (node.shape[count:], node.attrs)


def _reduces(node: Node, x: Node, lead: Shape) -> bool:
    """Whether a node is a reduction of `x` over all axes of `lead`, and perhaps more."""
    if node.op.name not in COMBINED or node.op.name == "matmul":
        return False
    counts = node.op.name == "norm" and node.attr("p") == 0  # the norm of counts is not their sum
    return x.shape[: len(lead)] == lead and _axes(x, lead) <= _along(node) and not counts


def _axes(x: Node, lead: Shape) -> set[int]:
    return set(range(-x.ndim, len(lead) - x.ndim))


def _along(node: Node) -> set[int]:
    """The axes in the attribute `dim`."""
    return set(node.attr("dim"))


# --- rows of the table that look at all entries several times, as what each look finds ---------


def _freedom(x: Node, dim: tuple[int, ...], correction: float) -> float:
    return max(entries(tuple(x.shape[d] for d in dim)) - correction, 0)


def _var(x: Node, dim: Any, unbiased: Any, keepdim: bool, correction: float) -> Node:
    away = F.square(x - F.mean(x, dim, True))
    return F.sum(away, dim, keepdim) / _freedom(x, dim, correction)


def _std(x: Node, dim: Any, unbiased: Any, keepdim: bool, correction: float) -> Node:
    away = x - F.mean(x, dim, True)
    return F.norm(away, 2, dim, keepdim) / sqrt(_freedom(x, dim, correction))


IN_PASSES: dict[str, Callable[..., Node]] = {"var": _var, "std": _std}
