"""Forward mode: the derivative of a node along a direction, by one walk from the inputs to it.

There is no second table: pointwise rows give their partials, linear rows are applied to the
tangents, derived rows are their formula, and any other row is its vector-Jacobian product
transposed (Townsend's trick: that product is linear in the incoming gradient, and the transpose of
the transpose is the Jacobian itself).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from operator import add

from .errors import GradError
from .node import TABLE, Node, walk
from .ops import F, Op, constant, is_constant, lift, shape_text, variable
from .reverse import pull, unbroadcast


def jvp(root: Node, wrt: Sequence[Node], tangents: Sequence[Node]) -> Node:
    """How fast `root` changes when each node of `wrt` moves along its tangent; of the root's shape.

    Raises GradError G403 for a root that is not a float, G308 for a tangent of another shape than
    its node, G402 for an operation without a rule.
    """
    if root.kind != "float":
        raise GradError("G403", "the result is not a float: it has no derivative")
    seeds: dict[Node, Node] = {}
    for x, tangent in zip(wrt, tangents, strict=True):
        if tangent.shape != x.shape:
            raise GradError(
                "G308",
                f"the direction must have the shape of what moves: {shape_text(tangent.shape)} is "
                f"not {shape_text(x.shape)}",
            )
        seeds[x] = seeds[x] + tangent if x in seeds else tangent
    found = push(root, seeds)
    return TABLE["zeros_like"](root) if found is None else found


def push(root: Node, seeds: Mapping[Node, Node], stop: Collection[Node] = ()) -> Node | None:
    """The tangent of `root`, None where it does not move; those of `stop` move by seeds alone."""
    tangents = dict(seeds)
    for node in walk([root], stop):
        if node in stop or node.kind != "float" or not node.op.differentiable:
            continue
        moving = {i: tangents[a] for i, a in enumerate(node.args) if a in tangents}
        terms = _terms(node, moving) if moving else []
        if terms:
            found = reduce(add, terms)
            if found.shape != node.shape:
                found = F.broadcast_to(found, node.shape)
            tangents[node] = tangents[node] + found if node in tangents else found
    return tangents.get(root)


def _terms(node: Node, moving: Mapping[int, Node]) -> list[Node]:
    """What the tangents of the arguments, by position, contribute to that of `node`."""
    op: Op = node.op
    if op.partials is not None:
        return [term for i, t in moving.items() if (term := _product(node, i, t)) is not None]
    if op.formula is not None:
        found = push(op.expand(node), {node.args[i]: t for i, t in moving.items()}, node.args)
        return [] if found is None else [found]
    straight = {i: t for i, t in moving.items() if i in op.linear}
    bent = {i: t for i, t in moving.items() if i not in op.linear}
    return _linear_terms(node, straight) + _transposed_terms(node, bent)


def _product(node: Node, i: int, t: Node) -> Node | None:
    """The partial derivative by argument `i` times its tangent."""
    partial = node.op.partials[i]
    if partial is None:
        return None
    p = lift(partial(node, *node.args, **dict(node.attrs)))
    if is_constant(p, 0):
        return None
    if is_constant(p, 1):
        return t
    if is_constant(p, -1):
        return -t
    if node.op.selects:  # what is not selected has no influence, not even by an inf or a nan
        return F.multiply_no_nan(t, p)
    if is_constant(t, 1) and p.kind == "float":
        return p
    return t * p


def _linear_terms(node: Node, moving: Mapping[int, Node]) -> list[Node]:
    """The operation itself on the tangents: all at once, or one for each argument."""
    op: Op = node.op
    if not moving:
        return []
    attrs = dict(node.attrs)
    if not op.jointly:
        return [op.node([*node.args[:i], t, *node.args[i + 1 :]], attrs) for i, t in moving.items()]
    args = [
        moving[i] if i in moving else _still(op, a) if i in op.linear else a
        for i, a in enumerate(node.args)
    ]
    return [op.node(args, attrs)]


def _still(op: Op, argument: Node) -> Node:
    """The tangent of an argument that does not move."""
    return constant(0.0) if op.broadcasts else F.zeros(argument.shape)


def _transposed_terms(node: Node, moving: Mapping[int, Node]) -> list[Node]:
    """The vector-Jacobian product of the row, transposed by reverse mode."""
    op: Op = node.op
    if not moving:
        return []
    if op.vjp is None:
        raise GradError("G402", f"`{op.name}` has no derivative rule")
    v = variable("cotangent of out", node.shape)  # no name anyone could write
    products = op.vjp(v, node, *node.args, **dict(node.attrs))
    terms = []
    for i, t in moving.items():
        if products[i] is not None:
            product = unbroadcast(products[i], t.shape) if op.broadcasts else products[i]
            terms.append(pull(product, [v], t).arrived.get(v))
    return [term for term in terms if term is not None]
