"""Rules: products, determinants, inverses of matrices; leading axes are batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node, Shape
from ..ops import F, Inferred, broadcast, promoted, shape_text, structural


def _matmul_shape(x: Node, y: Node) -> Inferred:
    labels = {0: shape_text(x.shape), 1: shape_text(y.shape)}
    if not x.ndim or not y.ndim:
        raise GradError(
            "G309", "`@` needs at least one axis on each side", labels=labels,
            help=["to scale a tensor by a number write `*`"],
        )  # fmt: skip
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise GradError(
            "G301",
            "`@` needs the last axis of the left to match the first of the right"
            if y.ndim < 3
            else "`@` needs the last axis of the left to match the second last of the right",
            label=f"{x.shape[-1]} is not {inner}",
            labels=labels,
            help=_matmul_help(x, y),
        )
    lead = broadcast(x.shape[:-2], y.shape[:-2])
    if lead is None:
        raise GradError("G302", "the leading axes of `@` do not broadcast", labels=labels)
    rows = x.shape[-2:-1] if x.ndim > 1 else ()
    columns = y.shape[-1:] if y.ndim > 1 else ()
    return (*lead, *rows, *columns), promoted((x, y)), {}


def _matmul_help(x: Node, y: Node) -> list[str]:
    """The products that would fit."""

    def result(a: Shape, b: Shape) -> Shape | None:
        if a[-1] != (b[-2] if len(b) > 1 else b[0]):
            return None
        return a[:-1] + (b[:-2] + b[-1:] if len(b) > 1 else ())

    if max(x.ndim, y.ndim) > 2:
        return []
    tries = {
        "{0}.T @ {1}": (x.shape[::-1], y.shape),
        "{0} @ {1}.T": (x.shape, y.shape[::-1]),
        "{1} @ {0}": (y.shape, x.shape),
        "{0}.T @ {1}.T": (x.shape[::-1], y.shape[::-1]),
    }
    found: dict[Shape, str] = {}
    for text, (a, b) in tries.items():
        transposed = (".T" in text.split("@")[0] and len(a) < 2) or (
            ".T" in text.split("@")[1] and len(b) < 2
        )
        shape = None if transposed else result(a, b)
        if shape is not None and shape not in found:
            found[shape] = f"`{text}` -> {shape_text(shape)}"
    return ["these fit: " + ", ".join(found.values())] if found else []


@structural(
    "matmul(x, y)", np.matmul, _matmul_shape, doc="Matrix product; vectors have one axis.",
    linear=(0, 1), broadcasts=True, infix="@", sample=("2x3", "3x2"), aliases=("mm", "bmm", "mv"),
    batch="matmul",
)  # fmt: skip
def matmul(g: Node, out: Node, x: Node, y: Node) -> tuple[Node, Node]:
    if x.ndim == y.ndim == 1:
        return g * y, g * x
    if y.ndim == 1:
        column = F.unsqueeze(g, -1)
        if x.ndim == 2:
            return F.outer(g, y), x.T @ g
        return column * y, F.squeeze(x.mT @ column, -1)
    if x.ndim == 1:
        row = F.unsqueeze(g, -2)
        if y.ndim == 2:
            return y @ g, F.outer(x, g)
        return F.squeeze(row @ y.mT, -2), F.unsqueeze(x, -1) * row
    return g @ y.mT, x.mT @ g


def _outer_shape(x: Node, y: Node) -> Inferred:
    if x.ndim != 1 or y.ndim != 1:
        raise GradError(
            "G309", "`outer` takes two vectors",
            labels={0: shape_text(x.shape), 1: shape_text(y.shape)},
        )  # fmt: skip
    return x.shape + y.shape, promoted((x, y)), {}


def _outer(x: Any, y: Any) -> Any:
    return x[..., :, None] * y[..., None, :]


@structural(
    "outer(x, y)", _outer, _outer_shape, doc="All products of an entry of `x` and one of `y`.",
    linear=(0, 1), sample=("3", "2"), batch="outer", aliases=("ger",), spellings={"vec2": "y"},
)  # fmt: skip
def outer(g: Node, out: Node, x: Node, y: Node) -> tuple[Node, Node]:
    return g @ y, g.T @ x
