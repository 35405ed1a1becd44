"""Reverse mode: the gradient of a node as a graph, by one walk from the result to the inputs.

Every use of a node contributes; contributions add up. Broadcasting is undone here and nowhere
else, and so is the product with the incoming gradient: rules of pointwise operations are partial
derivatives alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isfinite

from .errors import GradError
from .node import TABLE, Node, Shape, walk
from .ops import Op, constant, is_constant, lift, shape_text
from .record import field, record


@record(frozen=True)
class Step:
    """One arrow of the backward walk: `node` hands `contribution` to its argument `index`.

    `upstream` is the gradient that had arrived at `node`.
    """

    node: Node
    index: int
    upstream: Node
    contribution: Node


@record()
class Backward:
    """Gradients in the order asked for, and the steps that made them, in the order they ran.

    `arrived` has the gradient of every node on the way; `selected` are the nodes whose gradient
    is zero wherever something was not selected.
    """

    grads: list[Node]
    steps: list[Step] = field(default_factory=list)
    arrived: dict[Node, Node] = field(default_factory=dict)
    selected: set[Node] = field(default_factory=set)


def gradient(root: Node, wrt: Sequence[Node], seed: Node | None = None) -> list[Node]:
    """The gradient of `root` with respect to each node of `wrt`, as nodes of their shapes.

    `seed` is the gradient of the result, of its shape: what is differentiated is
    ``sum(root * seed)``. It may be left out where `root` is a scalar.
    Raises GradError G401 for a result that is not a scalar, G402 for an operation without a rule,
    G308 for a seed of the wrong shape.
    """
    return pull(root, wrt, _seed(root, seed), tell=False).grads


def backward(root: Node, wrt: Sequence[Node], seed: Node | None = None) -> Backward:
    """`gradient`, with the steps it took."""
    return pull(root, wrt, _seed(root, seed))


def _seed(root: Node, seed: Node | None) -> Node:
    """The gradient of the result: 1 for a scalar, if it is not given."""
    if root.kind != "float":
        raise GradError("G403", "the result is not a float: it has no gradient")
    if seed is None:
        if root.shape != ():
            raise GradError("G401", "grad can be implicitly created only for scalar outputs")
        return constant(1.0)
    if seed.shape != root.shape:
        raise GradError(
            "G308",
            f"the gradient of the result must have its shape: {shape_text(seed.shape)} is not "
            f"{shape_text(root.shape)}",
        )
    return seed


def pull(
    root: Node,
    wrt: Sequence[Node],
    seed: Node,
    stop: Collection[Node] = (),
    chosen: bool = False,
    tell: bool = True,
) -> Backward:
    """Walk from `root` to `wrt`, without going below the nodes of `stop`.

    `chosen` says that the seed comes out of a selection, `tell` that the steps are wanted.
    """
    arrived: dict[Node, Node] = {root: seed}
    selected = {root} if chosen else set()
    steps: list[Step] = []
    path = _between(root, wrt, stop)
    on_path = set(path)
    for node in reversed(path):
        if node not in arrived or node in stop:
            continue
        g = arrived[node]
        for index, contribution, chosen in contributions(node, g, node in selected, on_path):
            argument = node.args[index]
            if tell:
                steps.append(Step(node, index, g, contribution))
            before = arrived.get(argument)
            arrived[argument] = contribution if before is None else before + contribution
            if chosen:
                selected.add(argument)
    grads = [arrived[x] if x in arrived else TABLE["zeros_like"](x) for x in wrt]
    return Backward(grads, steps, arrived, selected)


def _between(root: Node, wrt: Sequence[Node], stop: Collection[Node]) -> list[Node]:
    """The nodes on a path from `root` to one of `wrt`, arguments first."""
    targets = set(wrt)
    on_path: set[Node] = set()
    order: list[Node] = []
    for node in walk([root], stop):
        if node.kind != "float" or not node.op.differentiable:
            continue
        below = node not in stop and any(a in on_path for a in node.args)
        if node in targets or below:
            on_path.add(node)
            order.append(node)
    return order


def contributions(
    node: Node, g: Node, chosen: bool, on_path: Collection[Node]
) -> list[tuple[int, Node, bool]]:
    """What `node` hands to each argument on the path, given the gradient `g` that arrived, and
    whether that comes out of a selection."""
    wanted = [i for i, a in enumerate(node.args) if a in on_path]
    if not wanted:
        return []
    op: Op = node.op
    attrs = dict(node.attrs)
    chooses = chosen or op.selects
    found: list[tuple[int, Node, bool]] = []
    if op.partials is not None:
        for i in wanted:
            partial = op.partials[i]
            if partial is not None:
                p = lift(partial(node, *node.args, **attrs))
                if not is_constant(p, 0):
                    product = _product(g, p, chosen)
                    found.append((i, unbroadcast(product, node.args[i].shape), chooses))
    elif op.formula is not None:
        inner = op.expand(node)
        targets = list(dict.fromkeys(node.args[i] for i in wanted))
        back = pull(inner, targets, g, stop=targets, chosen=chosen, tell=False)
        found = [
            (node.args.index(x), back.arrived[x], chooses or x in back.selected)
            for x in targets
            if x in back.arrived
        ]
    elif op.vjp is not None:
        grads_ = op.vjp(g, node, *node.args, **attrs)
        for i in wanted:
            if grads_[i] is not None:
                given = unbroadcast(grads_[i], node.args[i].shape) if op.broadcasts else grads_[i]
                assert given.shape == node.args[i].shape, f"{op.name}: gradient {i} is {given}"
                found.append((i, given, chooses))
    else:
        raise GradError("G402", f"`{op.name}` has no derivative rule")
    return found


def _product(g: Node, p: Node, chosen: bool) -> Node:
    """`g` times the partial derivative `p`; see multiply_no_nan for gradients of a selection."""
    if is_constant(p, 1):
        return g
    if is_constant(p, -1):
        return -g
    if chosen and not (is_constant(p) and isfinite(p.attr("value"))):
        return TABLE["multiply_no_nan"](p, g)  # type: ignore[no-any-return]
    if is_constant(p) and is_constant(g):
        return constant(float(g.attr("value") * p.attr("value")))
    if is_constant(g, 1) and p.shape == g.shape and p.kind == "float":
        return p
    return g * p


def unbroadcast(g: Node, shape: Shape) -> Node:
    """`g` summed over the axes along which an argument of `shape` was repeated."""
    return g if g.shape == shape else TABLE["sum_to_size"](g, shape)
