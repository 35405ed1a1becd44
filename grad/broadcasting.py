"""Shapes: how they are written, how they broadcast, how their axes are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import GradError
from .node import Node, Shape, Size


def shape_text(shape: Shape) -> str:
    """A shape as Python writes a tuple: (), (3,), (2, n)."""
    inner = ", ".join(map(str, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def broadcast(*shapes: Shape) -> Shape | None:
    """The shape arrays of these shapes broadcast to; None if they do not."""
    shapes = tuple(filter(None, shapes))  # numbers fit anything
    if len(shapes) == 1:
        return shapes[0]
    rank = max(map(len, shapes), default=0)
    out: list[Size] = [1] * rank
    for shape in shapes:
        for i, size in enumerate(shape, rank - len(shape)):
            if size != 1 and out[i] not in (1, size):
                return None
            if size != 1:
                out[i] = size
    return tuple(out)


def broadcast_nodes(name: str, args: Sequence[Node]) -> Shape:
    """The shape the arguments broadcast to. Raises GradError G302 that labels each of them."""
    shapes = [a.shape for a in args]
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    shape = broadcast(*shapes)
    if shape is None:
        labels = {i: shape_text(a.shape) for i, a in enumerate(args)}
        raise GradError(
            "G302",
            f"`{name}` cannot broadcast these shapes against each other",
            label=_disagreement(args),
            labels=labels,
            help=_broadcast_help(args),
        )
    return shape


def _disagreement(args: Sequence[Node]) -> str:
    rank = max(a.ndim for a in args)
    for axis in range(-1, -rank - 1, -1):
        found = dict.fromkeys(a.shape[axis] for a in args if a.ndim >= -axis and a.shape[axis] != 1)
        if len(found) > 1:
            where = "last axis" if axis == -1 else f"axis {axis}"
            return f"{where}: " + " is not ".join(map(str, list(found)[:2]))
    return ""


def _broadcast_help(args: Sequence[Node]) -> list[str]:
    ways = ["sizes must agree from the right, or be 1"]
    if len(args) == 2:
        for short, long in (args, args[::-1]):
            if short.ndim == 1 and long.ndim == 2 and short.shape[0] == long.shape[0]:
                ways.append(
                    f"to line it up with the rows, give {shape_text(short.shape)} a new"
                    f" last axis: `[:, None]` -> {shape_text((*short.shape, 1))}"
                )
    return ways


def normal_axis(axis: Any, ndim: int, name: str = "dim", at: str | None = None) -> int:
    """An axis as a negative integer. Raises GradError G303."""
    if not isinstance(axis, int):
        raise GradError("G113", f"`{name}` must be an integer", at=at or name)
    # a scalar is treated as having one axis, as PyTorch does
    rank = max(ndim, 1)
    if not -rank <= axis < rank:
        raise GradError(
            "G303",
            f"axis {axis} does not exist: the tensor has {ndim} ax{'i' if ndim == 1 else 'e'}s",
            at=at or name,
            help=[
                f"axes of this tensor: {-ndim} to {ndim - 1}" if ndim else "a scalar has no axes"
            ],
        )
    return axis - rank if axis >= 0 else axis


def normal_axes(axes: Any, ndim: int, name: str = "dim") -> tuple[int, ...]:
    """Axes as negative integers in order; all of them for None, none for an empty tuple.

    Raises GradError G303, G117.
    """
    if axes is None:
        return tuple(range(-ndim, 0))
    each = axes if isinstance(axes, (tuple, list)) else (axes,)
    normal = [normal_axis(a, ndim, name) for a in each]
    if len(set(normal)) < len(normal):
        raise GradError("G117", f"`{name}` names an axis twice", at=name)
    return tuple(sorted(a for a in normal if ndim))
