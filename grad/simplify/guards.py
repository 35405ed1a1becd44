"""Guards that rules put around singular points, and what the display phase shows instead.

A rule writes ``where(norm(x) == 0, 0, x/norm(x))`` so that the number at the kink is right. A
formula for people leaves that out, as every textbook does; a guard that the user wrote stays.
"""

from __future__ import annotations

from ..node import Node, walk
from ..ops import F, is_constant, rebuild


def unguarded(root: Node) -> Node:
    """`root` without the guards of rules: equal to it but at the points guarded."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        same = rebuild(node, [done[a] for a in node.args]) if node.args else node
        done[node] = _shown(same) if same.op.name == "where" else same
    return done[root]


def _shown(node: Node) -> Node:
    condition, special, usual = node.args
    if condition.op.name != "eq" or is_constant(condition.args[0]):
        return node
    u, v = condition.args
    if is_constant(special, 0) and is_constant(v, 0) and _from_a_rule(u, usual):
        return usual  # where(u == 0, 0, f) = f, where u is not 0
    if is_constant(special, 0.5) and usual.op.name in ("gt", "lt") and set(usual.args) == {u, v}:
        a, b = usual.args if usual.op.name == "gt" else usual.args[::-1]
        step = F.heaviside(a - b, 0.5)  # where(x == y, 1/2, x > y), of finite numbers
        return step if step.shape == node.shape and node.kind == "float" else node
    return node


def _from_a_rule(u: Node, usual: Node) -> bool:
    """Whether the guard is that of a norm or std, or of a power with an exponent that varies."""
    u = _plain(u)
    if u.op.name in ("norm", "hypot", "std"):
        return True
    for f in walk([usual]):
        if f.op.name == "pow" and not is_constant(f.args[1]):
            base, exponent = f.args
            if u is _plain(base) or any(u is _plain(part) for part in walk([exponent])):
                return True
    return False


def _plain(node: Node) -> Node:
    """A node without the axes that were only added to it."""
    while node.op.name in ("unsqueeze", "broadcast_to"):
        node = node.args[0]
    return node
