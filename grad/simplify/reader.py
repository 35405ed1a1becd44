"""From a graph to the normal form of display: the walk, and how axes become indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from ..node import Node, Shape, walk
from ..ops import CONSTANT
from .identities import Calculus
from .tensors import Index, Tensor

Rule = Callable[["Reader", Node, Sequence[Tensor]], "Tensor | None"]
POINTWISE = "any pointwise row"  # the rule for those that have none of their own


class Reader:
    """Reads graphs into tensors of one calculus."""

    def __init__(self, alg: Calculus, rules: Mapping[str, Rule]) -> None:
        self.alg = alg
        self.rules = rules
        self.done: dict[Node, Tensor] = {}

    def read(self, root: Node) -> Tensor:
        """The tensor of a node; its shape is the node's without axes of size 1."""
        uses = Counter(a for node in walk([root]) for a in node.args)
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.done:
                stack.pop()
                continue
            inner = self.opened(node)
            signs: list[int] = []
            if node.op.name in ADDITIVE:
                signs, needs = addends(node, uses)
            else:
                needs = list(node.args) if inner is node else [inner]
            waiting = [a for a in needs if a not in self.done]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            found = [self.done[a] for a in needs]
            if signs:
                self.done[node] = self.add(node, needs, signs)
                continue
            if inner is not node:
                self.done[node] = found[0]
                continue
            rule = self.rule(node)
            made = rule(self, node, found) if rule else None
            if made is None:
                made = self.call(node, found)
            assert made.shape == squeezed(node.shape), f"{node} read as {made}"
            self.done[node] = made
        return self.done[root]

    def add(self, node: Node, parts: Sequence[Node], signs: Sequence[int]) -> Tensor:
        """A sum of many, made at once."""
        shape = squeezed(node.shape)
        items = []
        for part, sign in zip(parts, signs, strict=True):
            t = self.done[part]
            for c, factors in self.alg.items(t, self.seen(part, node.shape), len(shape)):
                items.append((sign * c, factors))
        return self.alg.sum(shape, items)

    def call(self, node: Node, args: Sequence[Tensor]) -> Tensor:
        """A row that is nothing but itself here."""
        if not node.args:
            return self.alg.leaf(node)
        asked = tuple((a.shape, a.kind) for a in node.args)
        taken = tuple(
            self.alg.leaf(a) if a.op is CONSTANT and a.kind == "int" and a.shape else t
            for a, t in zip(node.args, args, strict=True)
        )
        return self.alg.tensor(
            "call", node.op.name, squeezed(node.shape), taken,
            (*node.attrs, ("arguments", asked)),
        )  # fmt: skip

    def opened(self, node: Node) -> Node:
        """What a node is read as: a derived row without a rule as its formula."""
        if node.op.formula is not None and node.op.name not in self.rules:
            inner: Node = node.op.expand(node)
            return inner
        return node

    def rule(self, node: Node) -> Rule | None:
        default = self.rules[POINTWISE] if node.op.partials else None
        return self.rules.get(node.op.name, default)

    # --- labels ----------------------------------------------------------------------------------

    def labels(self, shape: Shape) -> dict[int, int]:
        """For each axis (negative) of a shape that is not of size 1, its axis in the tensor."""
        names: dict[int, int] = {}
        for d in range(-len(shape), 0):
            if shape[d] != 1:
                names[d] = len(names)
        return names

    def seen(self, arg: Node, out: Shape) -> Index:
        """The axes of `arg` as axes of the shape it broadcasts to."""
        names = self.labels(out)
        return tuple(names[d] for d in range(-arg.ndim, 0) if arg.shape[d] != 1)

    def spread(self, arg: Node, t: Tensor, out: Shape) -> Tensor:
        """`t` repeated along the axes of the shape it broadcasts to."""
        if t.shape == squeezed(out):
            return t
        return self.alg.product(squeezed(out), (t, self.seen(arg, out), 1))

    def reduce(self, node: Node, dims: Sequence[int]) -> tuple[Index, Index]:
        """The axes of a tensor that stay, and those (of size other than 1) reduced."""
        names = self.labels(node.shape)
        gone = tuple(names[d] for d in dims if d in names)
        return tuple(a for a in names.values() if a not in gone), gone


def squeezed(shape: Shape) -> Shape:
    return tuple(s for s in shape if s != 1)


ADDITIVE = frozenset(("add", "sub", "neg"))


def addends(root: Node, uses: Mapping[Node, int]) -> tuple[list[int], list[Node]]:
    """The signs and the terms of a sum, through sums inside it that nothing else uses."""
    signs, terms = [], []
    stack = [(1, root)]
    while stack:
        sign, node = stack.pop()
        if node.op.name in ADDITIVE and (node is root or uses[node] == 1):
            last = sign if node.op.name == "add" else -sign
            stack.append((last, node.args[-1]))
            if len(node.args) == 2:
                stack.append((sign, node.args[0]))
        else:
            signs.append(sign)
            terms.append(node)
    return signs, terms
