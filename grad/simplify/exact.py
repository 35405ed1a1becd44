"""The exact phase: a graph of the same values, shapes and nans, without needless overflow.

Used before a graph is differentiated, and on the gradients before they are evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache

from ..node import TABLE, Node
from ..ops import rebuild
from .patterns import Call, Pattern, Rewrite
from .recognise import EXACT, merged_exponentials

LONGEST = 64  # rewrites at one place, one after the other; none of the table comes near


def exact(roots: Sequence[Node], keep: Collection[Node] = ()) -> list[Node]:
    """`roots` with textbook spellings replaced by the functions they mean (see recognise.py).

    Nodes of `keep` stay as they are, so that a derivative can still be taken by them.
    """
    done: dict[Node, Node] = {node: node for node in keep}
    stack: list[tuple[Node, Node | None, int]] = [(root, None, 0) for root in reversed(roots)]
    # a frame (node, None, k): node is to be rewritten, after k rewrites that led to it;
    # a frame (node, other, k): node becomes what `other` has become
    while stack:
        node, other, steps = stack.pop()
        if node in done:
            continue
        if other is not None:
            done[node] = done[other]
            continue
        waiting = [a for a in node.args if a not in done]
        if waiting:
            stack.append((node, None, steps))
            stack.extend((a, None, 0) for a in reversed(waiting))
            continue
        same = rebuild(node, [done[a] for a in node.args])
        found = _rewritten(same) if steps < LONGEST else None
        if found is None:
            done[node] = done[same] = same
        else:
            stack.append((node, found, steps))
            stack.append((found, None, steps + 1))
    return [done[root] for root in roots]


def _rewritten(node: Node) -> Node | None:
    for rewrite in rewrites_by_row().get(node.op.name, ()):
        found = rewrite(node)
        if found is not None:
            return found
    return None


@cache
def rewrites_by_row() -> dict[str, list[Callable[[Node], Node | None]]]:
    """The rewrites that can apply to a node, by its row."""
    table: dict[str, list[Callable[[Node], Node | None]]] = {"mul": [merged_exponentials]}
    for rewrite in EXACT:
        if _known(rewrite):
            table.setdefault(rewrite.pattern.row, []).append(rewrite.apply)
    return table


def _known(rewrite: Rewrite) -> bool:
    """Whether the table has every row the rewrite speaks of."""
    parts: list[Pattern] = [rewrite.pattern, rewrite.result]
    for part in parts:
        if isinstance(part, Call):
            if part.row not in TABLE:
                return False
            parts.extend(part.args)
    return True
