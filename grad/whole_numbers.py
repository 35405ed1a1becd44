"""Whole numbers that stay exact: what they come to while a graph is built, and when it is run."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import GradError
from .node import Node, walk
from .ops import CONSTANT, DIMENSION, LARGER, VARIABLE, Op, as_floats, fixed_value, is_small


def note_values(root: Node, known: dict[Node, Any]) -> None:
    """Note what nodes come to that are computed from whole numbers alone; None for all others.

    Raises GradError G117 as `fixed_value` does.
    """
    for node in walk([root], known):
        if node not in known:
            known[node] = _known_value(node, known)


def _known_value(node: Node, known: dict[Node, Any]) -> Any:
    if node.op is CONSTANT:
        return node.attr("value")
    if node.kind == "float" or node.op in (VARIABLE, DIMENSION):
        return None
    if node.op.formula is not None:
        inner = node.op.expand(node)
        note_values(inner, known)
        return known[inner]
    values = [known[a] for a in node.args]
    if any(value is None for value in values) or not is_small(node):
        return None
    return fixed_value(node, values)


def can_wrap(node: Node) -> bool:
    """Whether NumPy might wrap the result round: arithmetic of whole numbers."""
    arithmetic = node.op.differentiable and not node.op.selects and node.op.formula is None
    return arithmetic and node.kind == "int" and any(a.kind == "int" for a in node.args)


def unwrapped(op: Op, *args: Any, **attrs: Any) -> Any:
    """The value of a row for whole numbers that are known now. Raises GradError G117 where it has
    no place in 64 bits."""
    found = op.run(*args, **attrs)
    if op.partials is not None and all(np.abs(a).max(initial=0) < 2**31 for a in args):
        return found  # no product of two is that large
    about = op.run(*as_floats(op, args), **attrs)
    if not np.all(np.abs(about) < 2.0**63):
        raise GradError("G117", "a whole number beyond 2**63", help=[LARGER])
    return found
