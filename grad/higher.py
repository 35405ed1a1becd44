"""Jacobians, Hessians and products with them: reverse and forward mode and batching together."""

from __future__ import annotations

from functools import reduce
from operator import mul

from . import sizes
from .batch import batch
from .errors import GradError
from .forward import jvp
from .node import Node, Shape, walk
from .ops import F, constant, variable
from .reverse import gradient


def vjp(root: Node, x: Node, v: Node) -> Node:
    """The gradient of ``sum(root * v)`` by `x`; of the shape of `x`."""
    return gradient(root, [x], v)[0]


def hvp(root: Node, x: Node, v: Node) -> Node:
    """The Hessian of a scalar by `x`, times `v`, without forming it; of the shape of `x`."""
    slope = gradient(root, [x])[0]
    forward, reverse = jvp(slope, [x], [v]), vjp(slope, x, v)
    return min(forward, reverse, key=lambda node: len(walk([node])))


def jacobian(root: Node, x: Node) -> Node:
    """Each entry of `root` by each entry of `x`: of shape ``root.shape + x.shape``.

    It is the vector-Jacobian product batched over the rows of an identity; with few entries in
    `x`, the product with columns batched over those. Raises GradError G403 for a root that is not
    a float, G402 for an operation without a rule.
    """
    if root.kind != "float":
        raise GradError("G403", "the result is not a float: it has no Jacobian")
    if not root.shape:
        return gradient(root, [x])[0]
    if not x.shape:
        return jvp(root, [x], [constant(1.0)])
    return _columns(root, x) if _much_larger(root.shape, x.shape) else _rows(root, x)


def _rows(root: Node, x: Node) -> Node:
    v = variable("cotangent of root", root.shape)  # no name anyone could write
    (rows,) = batch([vjp(root, x, v)], {v: identity(root.shape)}, root.shape)
    return rows


def _columns(root: Node, x: Node) -> Node:
    t = variable("tangent of x", x.shape)
    (columns,) = batch([jvp(root, [x], [t])], {t: identity(x.shape)}, x.shape)
    last = tuple(range(-columns.ndim, -root.ndim))
    return F.permute(columns, (*range(-root.ndim, 0), *last))


def hessian(root: Node, x: Node) -> Node:
    """The second derivatives of a scalar: of shape ``x.shape + x.shape``.

    Raises GradError G401 for a root that is not a scalar.
    """
    return jacobian(gradient(root, [x])[0], x)


def cheapest_hessian(root: Node, x: Node) -> Node:
    """`hessian` for known shapes, without computing with zeros, by rows or by columns: in the way
    that takes fewer operations.

    What is used of the closed form is the part that holds at every point (see contract.py).
    """
    from .contract import contracted
    from .execution.cost import operations

    (slope,) = gradient(root, [x])
    if not x.shape:
        return gradient(slope, [x])[0]
    ways = [contracted(_rows(slope, x)), contracted(_columns(slope, x))]
    return min(ways, key=lambda way: operations([way]))


def identity(shape: Shape) -> Node:
    """The tensor of shape ``shape + shape`` that is 1 where both halves of the index agree.

    A product of one `eye` for each axis, in axes of its own: so simplification sees each of them.
    """
    rank = len(shape)
    factors = []
    for i, size in enumerate(shape):
        if size != 1:
            mine = (i - 2 * rank, i - rank)
            others = tuple(d for d in range(-2 * rank, 0) if d not in mine)
            factors.append(F.unsqueeze(F.eye(size), others) if others else F.eye(size))
    return reduce(mul, factors) if factors else F.ones((*shape, *shape))


def _much_larger(shape: Shape, other: Shape) -> bool:
    """Whether a tensor of this shape surely has many times the entries of another."""
    many, few = sizes.product(shape), sizes.product(other)
    return isinstance(many, int) and isinstance(few, int) and many > 4 * few
