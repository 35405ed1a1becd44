"""Rules: products along axes, exact where entries are zero, at every order.

The m-th derivative of a product is the coefficient of t1*...*tm in the product of
``x + t1*h1 + ... + tm*hm``. Products of such polynomials need no division.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..broadcasting import broadcast_nodes
from ..node import Node
from ..ops import F, Inferred, Kink, normal_axes
from ..rows import structural
from .reductions import SIGNATURE, Axes, held, reduction


@structural(
    f"prod({SIGNATURE})", lambda x, dim, keepdim: np.prod(x, axis=dim, keepdims=keepdim),
    reduction("promote"), doc="Product of all entries, or along axes.",
    kinks=(Kink("zeros", "exact", "products of the other entries, not out/x"),),
)  # fmt: skip
def prod(g: Node, out: Node, x: Node, dim: Axes, keepdim: bool) -> Node:
    return held(g, x, dim, keepdim) * F.prod_others(x, dim)


def _others_shape(x: Node, dim: Any) -> Inferred:
    return x.shape, "float", {"dim": normal_axes(dim, x.ndim)}


@structural(
    "prod_others(x, dim: axes = None)", lambda x, dim: _others(x, dim=dim), _others_shape,
    doc="For each entry the product of the others: prod's slope.",
)  # fmt: skip
def prod_others(g: Node, out: Node, x: Node, dim: Axes) -> Node:
    return F.prod_derivative(x, g, dim=dim)


def _derivative_shape(x: Node, *directions: Node, dim: Any) -> Inferred:
    shape = broadcast_nodes("prod_derivative", (x, *directions))
    return shape, "float", {"dim": normal_axes(dim, len(shape))}


@structural(
    "prod_derivative(x, *directions: tensors, dim: axes)",
    lambda x, *directions, dim: _others(x, *directions, dim=dim), _derivative_shape,
    doc="How the products of the others change along directions.",
    linear=tuple(range(1, 32)), broadcasts=True, batch="align", hidden=True,
    example="prod_derivative(x, y, dim=0)",
    calls=(("x", "y", "dim=-1"), ("x", "y", "z", "dim=(0, 1)")),
)  # fmt: skip
def prod_derivative(g: Node, out: Node, x: Node, *directions: Node, dim: Axes) -> list[Node]:
    """A derivative of a product is symmetric in its directions, so all gradients are alike."""
    others = [directions[:i] + directions[i + 1 :] for i in range(len(directions))]
    return [F.prod_derivative(x, *rest, g, dim=dim) for rest in (directions, *others)]


def _others(x: Any, *directions: Any, dim: Axes) -> Any:
    """For each entry the coefficient of t1*...*tm in the product of the others."""
    whole = np.broadcast_arrays(x, *directions)
    if not dim:
        return np.zeros(whole[0].shape) if directions else np.ones(whole[0].shape)
    last = tuple(range(-len(dim), 0))
    moved = [np.moveaxis(a, dim, last) for a in whole]
    flat = [a.reshape(*a.shape[: -len(dim)], -1) for a in moved]
    before = _ahead(*flat)
    after = [c[..., ::-1] for c in _ahead(*(a[..., ::-1] for a in flat))]
    found = sum(b * a for b, a in zip(before, after[::-1], strict=True))
    return np.moveaxis(np.reshape(found, moved[0].shape), last, dim)


def _ahead(x: Any, *directions: Any) -> list[Any]:
    """The product of the entries before each, as a polynomial: its coefficient for each subset of
    the directions. Subsets are read as binary numbers, so the complement of the k-th is the k-th
    from the end."""
    found: list[Any] = []
    for subset in range(2 ** len(directions)):
        parts = [(h, found[subset - (1 << a)]) for a, h in enumerate(directions) if subset >> a & 1]
        out = np.empty(x.shape, np.result_type(float, x, *directions))
        out[..., :1] = 0 if parts else 1
        if not parts:
            np.cumprod(x[..., :-1], axis=-1, out=out[..., 1:])
        else:
            for k in range(1, x.shape[-1]):
                more = sum(h[..., k - 1] * c[..., k - 1] for h, c in parts)
                out[..., k] = x[..., k - 1] * out[..., k - 1] + more
        found.append(out)
    return found
