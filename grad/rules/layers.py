"""Rules: what the layers of a network compute from their tensors: linear, layer_norm."""

from __future__ import annotations

from ..errors import GradError
from ..node import Node, Shape
from ..ops import F, shape_text
from ..rows import spelling


def _linear(x: Node, weight: Node, bias: Node | None = None) -> Node:
    product = x @ (F.transpose(weight, -2, -1) if weight.ndim == 2 else weight)
    return product if bias is None else product + bias


def _layer_norm(
    x: Node,
    weight: Node | None = None,
    bias: Node | None = None,
    *,
    normalized_shape: Shape,
    eps: float,
) -> Node:
    last = normalized_shape
    if not last or x.shape[-len(last) :] != last:
        raise GradError(
            "G310", f"the last axes of `x` are not of shape {shape_text(last)}", at=0,
            labels={0: shape_text(x.shape)},
        )  # fmt: skip
    axes = tuple(range(-len(last), 0))
    away = x - F.mean(x, axes, True)
    found = away / F.sqrt(F.var(x, axes, correction=0, keepdim=True) + eps)
    if weight is not None:
        found = found * weight
    return found if bias is None else found + bias


linear = spelling(
    "linear(x, weight, bias: tensor? = None)", _linear,
    doc="x @ weight.T + bias: a row of `weight` for each output.",
    sample=("2x3", "4x3", "4"), calls=(("x", "weight"),), example="linear(x, weight, bias)",
)  # fmt: skip
layer_norm = spelling(
    "layer_norm(x, normalized_shape: shape, weight: tensor? = None, bias: tensor? = None, "
    "eps: number = 1e-5)",
    _layer_norm,
    doc="`x` with mean 0 and variance 1 along its last axes, then times `weight` plus `bias`.",
    sample=("2x3", "3", "3"), calls=(("x", "3"), ("x", "(2, 3)", "eps=0.1")),
    example="layer_norm(x, 3)",
)  # fmt: skip
