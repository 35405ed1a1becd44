"""What a script computed with tensors, as one graph that a derivation can be told from.

A tensor remembers its way back only. Here each operation is kept with those of its operands that
the way back does not need, so that the way forward can be walked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..grad.evaluate import Array, evaluate
from ..grad.node import Node
from ..grad.ops import constant, substitute, variable
from ..grad.reverse import backward
from ..grad.tensors.tape import AccumulateGrad, Edge, GradFn, placeholder
from ..grad.tensors.tensor import Tensor
from .build import Built
from .program import Solution


class History:
    """The operands of every operation that is still part of a graph."""

    def __init__(self) -> None:
        self._operands: WeakKeyDictionary[GradFn, tuple[Array | None, ...]] = WeakKeyDictionary()

    def watch(self, made: GradFn, operands: Sequence[Tensor]) -> None:
        """Keep what `made` was computed from and has no history of its own."""
        self._operands[made] = tuple(
            operand._array.copy() if edge is None else None
            for edge, operand in zip(made.edges, operands, strict=False)
        )

    def solution(
        self, output: Tensor, seed: Array | None, names: Mapping[str, Any]
    ) -> Solution | None:
        """The graph that `output` is the result of, with values and gradients of all leaves.

        `names` are those of the script. None where the way forward is not known.
        """
        if output.grad_fn is None:
            return None
        tensors = {name: value for name, value in names.items() if isinstance(value, Tensor)}
        nodes: dict[Edge, Node] = {}
        values: dict[str, Array] = {}
        for edge in _order(output.grad_fn):
            if isinstance(edge, AccumulateGrad):
                name = _leaf_name(edge.variable, tensors, values)
                values[name] = edge.variable._array.copy()
                nodes[edge] = variable(name, edge.variable.shape)
            else:
                node = self._node(edge, nodes, tensors, values)
                if node is None:
                    return None
                nodes[edge] = node
        root = nodes[output.grad_fn]
        called = {name: nodes[t.grad_fn] for name, t in tensors.items() if t.grad_fn in nodes}
        leaves = {node.attr("name"): node for edge, node in nodes.items()
                  if isinstance(edge, AccumulateGrad)}  # fmt: skip
        inputs = {name: variable(name, array.shape) for name, array in values.items()}
        start = np.ones(output.shape) if seed is None and root.shape else seed
        steps = backward(root, list(leaves.values()), None if start is None else constant(start))
        wanted = [root, *steps.grads, *steps.arrived.values()]
        floats = [a.dtype for a in values.values() if a.dtype.kind == "f"]
        found = evaluate(wanted, values, np.result_type(*floats), keep=True)
        slopes = dict(zip(leaves, steps.grads, strict=True))
        grads = dict(zip(leaves, found.results[1:], strict=False))
        built = Built(root, {}, called)
        return Solution(built, root, inputs, found.results[0], grads, slopes, steps, found.memo)

    def _node(
        self,
        made: GradFn,
        nodes: Mapping[Edge, Node],
        tensors: Mapping[str, Tensor],
        values: dict[str, Array],
    ) -> Node | None:
        """An operation on the nodes of its operands."""
        operands = self._operands.get(made, ())
        replaced: dict[Node, Node] = {}
        for i, edge in enumerate(made.edges):
            array = operands[i] if i < len(operands) else None
            if edge is not None:
                node = nodes[edge]
            elif array is not None:
                node = _given(array, tensors, values)
            else:
                return None
            replaced[placeholder(i, node.shape, node.kind)] = node
        return substitute([made.node], replaced)[0]


def _order(root: GradFn) -> list[Edge]:
    """The operations below `root`, and the leaves; what is computed from others after them."""
    order: list[Edge] = []
    seen: set[Edge] = set()
    waiting: list[tuple[Edge, bool]] = [(root, False)]
    while waiting:
        edge, ready = waiting.pop()
        if ready:
            order.append(edge)
        elif edge not in seen:
            seen.add(edge)
            waiting.append((edge, True))
            waiting.extend((e, False) for e in reversed(edge.edges) if e is not None)
    return order


def _leaf_name(leaf: Tensor, tensors: Mapping[str, Tensor], taken: Mapping[str, Any]) -> str:
    for name, tensor in tensors.items():
        if tensor is leaf:
            return name
    k = 1
    while f"leaf{k}" in taken or f"leaf{k}" in tensors:
        k += 1
    return f"leaf{k}"


def _given(array: Array, tensors: Mapping[str, Tensor], values: dict[str, Array]) -> Node:
    """An operand without history: by its name if it still has that value, else written out."""
    if array.ndim and array.dtype.kind == "f":
        for name, tensor in tensors.items():
            same = tensor.shape == array.shape and not tensor.requires_grad
            if same and np.array_equal(tensor._array, array, equal_nan=True):
                values[name] = array
                return variable(name, array.shape)
    return constant(array)
