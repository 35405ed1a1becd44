"""The display phase: a graph as the short formula that a person would have written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from ..errors import GradError
from ..node import Node, walk
from ..ops import CONSTANT, VARIABLE, rebuild, variable
from ..sizes import names_in
from .budget import STEPS, Budget, TooLong
from .exact import exact
from .facts import Facts
from .guards import isolated, unguarded
from .identities import Calculus
from .indexed import read
from .measure import own_size
from .parts import parted
from .shortest import MOST_WORK, Shortest
from .tensors import Tensor

LEAST_GAIN = 2  # what a name must save to be worth its line
MOST_ALONE = 18  # size of a form from where on it is written twice, to share more of its parts
MOST_NODES = 4_000  # a larger graph is printed as it is
NAMES = {
    "softmax": "s", "sigmoid": "s", "tanh": "t", "exp": "e", "sub": "r", "add": "r", "matmul": "P",
    "norm": "n", "inv": "M", "solve": "z", "relu": "h", "sum": "m", "mean": "m", "eq": "k",
}  # fmt: skip


@dataclass(slots=True)
class Closed:
    """A closed form: names for its shared parts, inner ones first, and the formula with those.

    A name is a variable of that name in the nodes after it; `shared` are the parts without names.
    """

    lets: list[tuple[str, Node]] = field(default_factory=list)
    expr: Node = None  # type: ignore[assignment]
    shared: list[Node] = field(default_factory=list)

    def whole(self) -> Node:
        """The formula with every name replaced by what it stands for."""
        known: dict[str, Node] = {}
        for name, node in self.lets:
            known[name] = _filled(node, known)
        return _filled(self.expr, known)


def simplify(
    root: Node,
    facts: Facts | None = None,
    like: Node | None = None,
    steps: int = STEPS,
    guarded: bool = False,
) -> Closed:
    """The closed form of `root`, of its shape and, where it has one, of its value.

    `like` is a variable of that shape: constants are written ``ones_like(x)``. Identities hold
    where their side conditions do (x/x = 1 for x not 0), see identities.py. What would take more
    than `steps` is named as it is. What is `guarded` keeps the guards of rules.
    """
    facts = facts or Facts()
    (start,) = exact([root])
    order = walk([start])
    if len(order) > MOST_NODES or any(0 in node.shape for node in order):
        return named(start)  # with no entries there is nothing to say about them
    start = parted(isolated(start) if guarded else unguarded(start))
    solves, outers = (any(n.op.name == name for n in order) for name in ("solve", "outer"))
    alg = Calculus(facts, Budget(steps))
    alg.guarded = guarded
    decimals = any(map(_is_decimal, order))
    renderer = Shortest(alg, decimals, solves, outers=outers)
    forms: list[Closed] = []
    try:
        found = read(alg, start)
        tensors = reachable(found)
        forms.append(_written(renderer, found, tensors, root, like))
        if forms[0].lets and size_of(forms[0]) > MOST_ALONE and renderer.work < MOST_WORK:
            # once more, with what has a name now as good as for nothing
            renderer = Shortest(alg, decimals, solves, forms[0].shared, outers)
            forms.append(_written(renderer, found, tensors, root, like))
    except (TooLong, GradError):  # or a row does not take what it would be given
        pass
    return min(forms, key=size_of, default=None) or named(start)


def _written(
    renderer: Shortest, t: Tensor, tensors: Sequence[Tensor], root: Node, like: Node | None
) -> Closed:
    renderer.prepare(tensors)
    node = renderer.exact(t, root.shape, like)
    if node.kind == "bool" and root.kind == "float":
        node = 1.0 * node
    return named(node)


def reachable(t: Tensor) -> list[Tensor]:
    """Every tensor that `t` is made of, arguments first."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack: list[tuple[Tensor, bool]] = [(t, False)]
    while stack:
        t, ready = stack.pop()
        if ready:
            order.append(t)
        elif t not in seen:
            seen.add(t)
            stack.append((t, True))
            parts = [f for term in t.terms for f, _, _ in term]
            parts += [a[0] if isinstance(a, tuple) else a for a in t.args]
            stack.extend((p, False) for p in parts)
    return order


def _is_decimal(node: Node) -> bool:
    value = node.attr("value") if node.op is CONSTANT else None
    return isinstance(value, float) and 1000 * value % 500 != 0 and round(value, 3) == value


# --- names for shared parts ----------------------------------------------------------------------


def named(root: Node) -> Closed:
    """A node with names for its repeated parts where that makes it shorter."""
    order = walk([root])
    uses = Counter(a for node in order for a in node.args)
    variables = [n for n in order if n.op is VARIABLE]
    sizes = {
        s for n in variables for size in n.shape if isinstance(size, str) for s in names_in(size)
    }
    fresh = Names(chain(sizes, (n.attr("name") for n in variables)))
    size: dict[Node, int] = {}
    done: dict[Node, Node] = {}
    lets: list[tuple[str, Node]] = []
    shared: list[Node] = []
    for node in order:
        made = rebuild(node, [done[a] for a in node.args]) if node.args else node
        done[node] = made
        size[node] = own_size(node) + sum(size[a] for a in node.args)
        gain = (uses[node] - 1) * (size[node] - 1) - 1
        if node.args and gain >= LEAST_GAIN and size[node] > 2 and node is not root:
            name = fresh.name(node)
            lets.append((name, made))
            shared.append(node)
            done[node] = variable(name, node.shape, node.kind)
            size[node] = 1
    return Closed(lets, done[root], shared)


class Names:
    """Names for parts: as people name such things, then with a number."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.numbers: dict[str, Iterator[int]] = {}

    def name(self, node: Node) -> str:
        first = NAMES.get(node.op.name, "u")
        if node.ndim == 2:
            first = first.upper()
        numbers = self.numbers.setdefault(first, count(1))  # goes on from the last one taken
        options = chain((first, *"uvzqd"), (f"{first}{k}" for k in numbers))
        name: str = next(n for n in options if n not in self.taken)
        self.taken.add(name)
        return name


def _filled(root: Node, known: Mapping[str, Node]) -> Node:
    done: dict[Node, Node] = {}
    for node in walk([root]):
        if node.op is VARIABLE:
            done[node] = known.get(node.attr("name"), node)
        else:
            done[node] = rebuild(node, [done[a] for a in node.args]) if node.args else node
    return done[root]


def size_of(closed: Closed) -> int:
    """How long a closed form is with its names."""
    nodes: Sequence[Node] = [node for _, node in closed.lets] + [closed.expr]
    total = 0
    for root in nodes:
        known: dict[Node, int] = {}
        for node in walk([root]):
            known[node] = own_size(node) + sum(known[a] for a in node.args)
        total += known[root]
    return total
