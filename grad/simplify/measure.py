"""How long a formula is: one for each name, number, operator, call, subscript and `.T`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ..node import Node
from ..ops import CONSTANT, DIMENSION, VARIABLE, is_constant

SCALED = 0.2, 1.2  # how much longer `(A*s) @ x` and `(A*s) @ B` count: `A @ (s*x)` and
# `A @ diag(s) @ B` read better
ENTRYWISE = frozenset("mul div add sub softmax".split())  # what a sum over entries goes well with
INFIX = frozenset("add sub mul div pow matmul eq ne lt le gt ge floor_divide remainder".split())


class Measure:
    """Lengths of formulas, each node counted as often as it is printed; of two of one size the one
    that reads better is shorter. Nodes of `named` are as short as a name; without `outers`, outer
    products are not made to be multiplied by vectors."""

    def __init__(self, named: Sequence[Node] = (), outers: bool = False) -> None:
        self.known: dict[Node, float] = dict.fromkeys(named, 1)
        self.outers = outers

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
            size = own_size(n) + reluctance(n) + sum(self.known[a] for a in n.args)
            if not self.outers and _outer_applied(n):
                size += 2.2
            if _norm_squared(n) and self.known[n.args[0].args[0]] > 2:
                size -= 1.05  # `norm(x - m)**2` says more than `x @ (x - m)`
            self.known[n] = size
        return self.known[node]


def reluctance(node: Node) -> float:
    """What makes a formula harder to read than its size says."""
    name = node.op.name
    match name:
        case "einsum":
            return 1 if node.ndim > 2 else _contraction(node)
        case "neg":
            return 0.01
        case "diag" | "trace":  # of vectors spread out to matrices, the sum says more
            return _spread_out(node.args[0])
        case "permute":
            inner = node.args[0].op.name
            return (
                2.6 if inner in ("mul", "div", "where") else 0.5 if inner in ("add", "sub") else 0
            )
        case "matmul":
            x, y = node.args
            if any(a.op.name in ("tril", "triu") and not a.args[0].args for a in node.args):
                return 2  # `triu(ones((n, n))) @ x` is a running sum
            scaled = SCALED[node.ndim > 1] if any(map(_scales_lines, node.args)) else 0
            late = not node.ndim and x.op.name == "matmul" and x.args[0].ndim == 2
            inside = any(a.op.name == "div" and not a.args[1].shape for a in node.args)
            # x @ A @ x, not A @ x @ x; X.T @ r/n, not X.T @ (r/n)
            return scaled + 0.01 * (y.op.name == "matmul" or late) + 0.02 * inside
    turned = any(a.op.name == "permute" and a.args[0].args for a in node.args)
    return 0.3 if turned and node.op.partials and name not in INFIX else 0  # `relu(X @ W).T`


def _contraction(node: Node) -> float:
    """Of few tensors with many axes, einsum says what is summed over; of matrices, `@` does."""
    return 3.5 if len(node.args) < 4 and any(a.ndim > 2 for a in node.args) else 8


def _norm_squared(node: Node) -> bool:
    return node.op.name == "pow" and node.args[0].op.name == "norm" and is_constant(node.args[1], 2)


def _outer_applied(node: Node) -> bool:
    """Whether it is ``(A - outer(x, y)) @ z``, that is ``A @ z - y @ z*x``."""
    if node.op.name != "matmul":
        return False
    x, y = node.args
    return (y.ndim == 1 and _has_outer(x)) or (x.ndim == 1 and _has_outer(y))


def _spread_out(node: Node) -> float:
    """What it costs to make a matrix of which the diagonal alone is asked for."""
    if _has_outer(node):
        return 3
    if node.op.name != "matmul":
        return 0
    if any(_scales_lines(a, INFIX) for a in node.args):
        return 2
    return 1.5 if _entrywise_in(node) else 0


def _has_outer(node: Node) -> bool:
    """Whether a sum has a term that is a column times a row."""
    stack = [node]
    while stack:
        node = stack.pop()
        if node.op.name == "outer":
            return True
        if node.op.name in ("add", "sub"):
            stack += node.args
        elif node.op.name in ("mul", "div", "neg", "permute"):
            stack += [a for a in node.args if a.ndim == 2]
    return False


def _entrywise_in(chain: Node) -> bool:
    """Whether a matrix of a product was computed entry by entry."""
    stack = [chain]
    while stack:
        node = stack.pop()
        if node.op.name in ENTRYWISE:
            return True
        if node.op.name in ("matmul", "permute"):
            stack += node.args
    return False


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
