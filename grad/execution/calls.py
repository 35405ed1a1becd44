"""Rows that are a call of NumPy, as text: plans run it, and printed programs show it.

Such a text is a template in which ``{x}`` stands for an argument, or a function (node, source) that
returns one. It computes what the row's forward function does, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..node import Node, Shape


class Source(Protocol):
    """What a template may ask of the source it becomes part of."""

    def shape(self, shape: Shape) -> str:
        """A shape as a tuple; its sizes may have names there."""
        ...


Template = Callable[[Node, Any], str]


def front(dims: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front."""
    return tuple(d + rank if d < 0 else d for d in dims)


def over(node: Node) -> str:
    """The axes a reduction runs over, and whether they stay, as further arguments."""
    rank, dims, keepdim = node.args[0].ndim, node.attr("dim"), node.attr("keepdim")
    words = ""
    if keepdim or len(dims) != rank:
        axes = front(dims, rank)
        words = f", axis={axes[0] if len(axes) == 1 else axes}"
    return f"{words}, keepdims=True" if keepdim else words


def _sum(node: Node, source: Source) -> str:
    return f"np.sum({{x}}{over(node)})"


def _permute(node: Node, source: Source) -> str:
    dims: tuple[int, ...] = node.attr("dims")
    rank = len(dims)
    if dims == (*range(-rank, -2), -1, -2):
        return "{x}.T" if rank == 2 else "{x}.mT"
    return f"np.transpose({{x}}, {front(dims, rank)})"


def _unsqueeze(node: Node, source: Source) -> str:
    new = {d + node.ndim for d in node.attr("dim")}
    entries = ["None" if i in new else ":" for i in range(max(new) + 1)]
    return f"{{x}}[{', '.join(entries)}]"


def _squeeze(node: Node, source: Source) -> str:
    axes = front(node.attr("dim"), node.args[0].ndim)
    return f"np.squeeze({{x}}, axis={axes[0] if len(axes) == 1 else axes})"


def _reshape(node: Node, source: Source) -> str:
    return f"{{x}}.reshape({source.shape(node.shape)})"


def _broadcast_to(node: Node, source: Source) -> str:
    return f"np.broadcast_to({{x}}, {source.shape(node.shape)})"


def index_text(index: Sequence[Any], array: Callable[[Any], str]) -> str:
    """What stands in square brackets; lists of positions are written by `array`."""
    words = []
    for entry in index:
        if not isinstance(entry, tuple):
            words.append(str(entry))
        elif entry[0] == "array":
            words.append(array(entry[1]))
        else:
            start, stop, step = ("" if e is None else str(e) for e in entry[1:])
            words.append(f"{start}:{stop}" + (f":{step}" if step else ""))
    return ", ".join(words) or "..."


def nested(positions: Any) -> str:
    """A list of positions, or lists of them."""
    if isinstance(positions, tuple):
        return f"[{', '.join(map(nested, positions))}]"
    return str(int(positions))


def _index(node: Node, source: Source) -> str:
    return f"{{x}}[{index_text(node.attr('index'), nested)}]"


CALLS: dict[str, str | Template] = {
    "sum": _sum,
    "permute": _permute,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "reshape": _reshape,
    "broadcast_to": _broadcast_to,
    "index": _index,
    "where": "np.where({condition}, {x}, {y})",
}
