"""How many operations a graph of known shapes takes, to choose between ways to compute the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..evaluate import schedule
from ..node import Node
from ..sizes import entries
from .lower import lower

ELEMENTARY = 8  # an exponential or the like, in additions
ARITHMETIC = {"add", "sub", "mul", "neg", "square", "div", "where", "multiply_no_nan", "maximum"}
VIEWS = {"permute", "reshape", "unsqueeze", "squeeze", "broadcast_to", "index", "diagonal"}


def operations(roots: Sequence[Node]) -> int:
    """The operations on numbers it takes to compute `roots`, those on constants aside."""
    order, needs = schedule(lower(roots))
    fixed: set[Node] = set()
    total = 0
    for node in order:
        if node.op.name != "variable" and fixed.issuperset(needs[node]):
            fixed.add(node)
        else:
            total += _steps(node)
    return total


def _steps(node: Node) -> int:
    name: Any = node.op.name
    if name in VIEWS or not node.args:
        return 0
    size = entries(node.shape)
    if name == "matmul":
        x = node.args[0]
        return 2 * size * int(x.shape[-1])
    if name in ARITHMETIC:
        return size
    largest = max(size, *(entries(a.shape) for a in node.args))
    return largest * (1 if name == "sum" else ELEMENTARY if node.op.partials is not None else 2)
