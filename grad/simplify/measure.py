"""How long a formula is: one for each name, number, operator, call, subscript and `.T`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ..node import Node
from ..ops import CONSTANT, DIMENSION, VARIABLE

SCALED = 0.2, 1.2  # how much longer `(A*s) @ x` and `(A*s) @ B` count: `A @ (s*x)` and
# `A @ diag(s) @ B` read better
INFIX = frozenset("add sub mul div pow matmul eq ne lt le gt ge floor_divide remainder".split())


class Measure:
    """Lengths of formulas, each node counted as often as it is printed; of two of one size the one
    that reads better is shorter. Nodes of `named` are as short as a name."""

    def __init__(self, named: Sequence[Node] = ()) -> None:
        self.known: dict[Node, float] = dict.fromkeys(named, 1)

    def __call__(self, node: Node) -> float:
        found = self.known.get(node)
        if found is not None:
            return found
        stack = [node]
        while stack:
            n = stack[-1]
            waiting = [a for a in n.args if a not in self.known]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            self.known[n] = own_size(n) + reluctance(n) + sum(self.known[a] for a in n.args)
        return self.known[node]


def reluctance(node: Node) -> float:
    """What makes a formula harder to read than its size says."""
    name = node.op.name
    match name:
        case "einsum":
            return 1 if node.ndim > 2 else 8
        case "neg":
            return 0.01
        case "diag" | "trace":  # of vectors spread out to matrices, the sum says more
            return 2 if node.args[0].op.name == "matmul" and any(
                _scales_lines(a, INFIX) for a in node.args[0].args) else 0  # fmt: skip
        case "permute":
            inner = node.args[0].op.name
            return (
                2.6 if inner in ("mul", "div", "where") else 0.5 if inner in ("add", "sub") else 0
            )
        case "matmul":
            scaled = SCALED[node.ndim > 1] if any(map(_scales_lines, node.args)) else 0
            return scaled + (0.01 if node.args[1].op.name == "matmul" else 0)
    turned = any(a.op.name == "permute" and a.args[0].args for a in node.args)
    return 0.3 if turned and node.op.partials and name not in INFIX else 0  # `relu(X @ W).T`


def _scales_lines(node: Node, names: Collection[str] = ("mul", "div")) -> bool:
    """Whether a node is a matrix times a vector along one of its axes."""
    if node.op.name not in names:
        return False
    ranks = [a.ndim - a.shape.count(1) for a in node.args if a.ndim]
    return min(ranks, default=node.ndim) < node.ndim


def own_size(node: Node) -> int:
    """What a node adds to the sizes of its arguments."""
    name = node.op.name
    if node.op is VARIABLE:
        return 1
    if node.op is DIMENSION:
        return len(str(node.attr("size")).replace("*", " * ").split())
    if node.op is CONSTANT:
        value = node.attr("value")
        return int(value.size) if isinstance(value, np.ndarray) else 1
    if name in INFIX:
        return 1
    if name == "neg":
        return 1
    if name == "permute":
        dims = node.attr("dims")
        plain = dims == tuple(range(-1, -len(dims) - 1, -1)) or dims[-2:] == (-1, -2)
        return 1 if plain else 1 + len(dims)
    if name == "unsqueeze":
        return 1 + len(node.attr("dim"))
    if name == "index":
        return 1 + sum(map(_entry, node.attr("index")))
    return 1 + sum(_argument(p, node) for p in node.op.signature.parameters if not p.is_tensor)


def _entry(entry: Any) -> int:
    if not isinstance(entry, tuple):
        return 1
    if entry[0] == "array":
        return len(entry[1])
    return sum(e is not None for e in entry[1:])


def _argument(p: Any, node: Node) -> int:
    attrs = dict(node.attrs)
    if p.name not in attrs:
        return 0
    value = attrs[p.name]
    if value == p.default or (p.name == "dim" and p.default is None and value == tuple(
            range(-node.args[0].ndim, 0))):  # fmt: skip
        return 0
    return len(value) if isinstance(value, tuple) else 1
