"""Proof by numbers: whether a closed form has the values of the graph it was derived from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import GradError
from ..evaluate import evaluate
from ..node import Node, walk
from ..ops import CONSTANT, VARIABLE
from ..sizes import entries
from .facts import Facts
from .guards import unguarded

Values = dict[str, Any]
Range = tuple[float, float]

COMPARING = frozenset("eq ne lt le gt ge maximum minimum clamp heaviside".split())
ELSEWHERE: tuple[Range, ...] = ((0.05, 0.95), (1.5, 4.0), (20.0, 60.0), (1e-3, 1e-2))
USUAL: Range = (0.3, 1.7)
OTHERS = 4  # points tried instead of one where there is no value
CHEAP = 100_000  # entries of all tensors together, of which more points are tried
MOST_COMPARED = 10_000_000  # entries of a tensor on the way


def agree(
    form: Node,
    reference: Node,
    facts: Facts | None = None,
    points: int | None = None,
    rtol: float = 1e-7,
    origin: Node | None = None,
) -> bool | None:
    """Whether two nodes have the same values wherever they were compared; None if that is nowhere,
    or if they are too large to be.

    They are compared at random points that are consistent with `facts`; where the graph compares
    its inputs with numbers, near those numbers as well, and with some entries exactly equal to
    them where it asks for that (``M == 1``), so that a mask that is lost shows. Entries where the
    reference is not finite decide nothing; if it is so everywhere, other ranges are tried.

    An identity may fail where its own side condition does (x/x = 1 at 0), and a guard of one of
    our rules is no part of a form (see guards.py). So only what an expression compares by itself
    is put on the spot, and the reference is taken there without the guards. Where the `origin`, of
    which both are a derivative, has no value, a difference proves nothing.
    """
    facts = facts or Facts()
    nodes = walk([form, reference, *([] if origin is None else [origin])])
    sizes = [entries(node.shape) for node in nodes]
    if max(sizes) > MOST_COMPARED:
        return None
    inputs = _Inputs(nodes, facts)
    if points is None:
        points = 4 if sum(sizes) < CHEAP else 2
    compared = False

    def compare(with_what: Node, values: Values) -> bool | None:
        found = _compare(form, with_what, values, rtol)
        return found if found is not False or _has_value(origin, values) else None

    for seed in range(points):
        found = compare(reference, inputs.sample(seed))
        for other in range(seed, seed + OTHERS * points, points):
            if found is None:
                found = compare(reference, inputs.sample(other, mixed=True))
        if found is False:
            return False
        compared = compared or found is True
    bare = unguarded(reference)
    special = _special_point(walk([bare]), inputs)
    if special is not None:
        found = compare(bare, special)
        if found is False:
            return False
        compared = compared or found is True
    for within in () if compared else ELSEWHERE:
        found = compare(reference, inputs.sample(0, within))
        if found is not None:
            return found
    return True if compared else None


def _compare(form: Node, reference: Node, values: Values, rtol: float) -> bool | None:
    """Whether two nodes agree at a point; None if one has no value or is finite nowhere."""
    try:
        got, want = evaluate([form, reference], values).results
    except GradError:  # a singular matrix
        return None
    if got.shape != want.shape:
        return False
    known = np.isfinite(want)
    if want.size and not known.any():
        return None
    scale = float(np.abs(want[known]).max(initial=0.0))
    return bool(np.allclose(got[known], want[known], rtol=rtol, atol=rtol * scale + 1e-12))


def _has_value(origin: Node | None, values: Values) -> bool:
    """Whether what was differentiated is finite."""
    if origin is None:
        return True
    try:
        return bool(np.isfinite(evaluate([origin], values).results[0]).all())
    except GradError:
        return False


def _special_point(order: list[Node], inputs: _Inputs) -> Values | None:
    """Values near the numbers that a graph compares its inputs with; None if it does not."""
    near: dict[str, set[float]] = {}
    exactly: dict[str, set[float]] = {}
    for node in order:
        if node.op.name not in COMPARING:
            continue
        numbers = {float(a.attr("value")) for a in node.args if a.op is CONSTANT and not a.shape}
        for a in node.args:
            if a.op is VARIABLE:
                table = exactly if node.op.name in ("eq", "ne") else near
                table.setdefault(a.attr("name"), set()).update(filter(np.isfinite, numbers))
    if not any(near.values()) and not any(exactly.values()):
        return None
    values = inputs.sample(1)
    random = np.random.default_rng(7)
    for name in values.keys() - inputs.facts.positive - inputs.facts.symmetric:
        value, shape = values[name], np.shape(values[name])
        for table, width in ((near, 1.0), (exactly, 0.0)):
            if table.get(name):
                centre = random.choice(sorted(table[name]), shape)
                there = random.uniform(size=shape) < 0.7
                value = np.where(there, centre + width * random.uniform(-1, 1, shape), value)
        values[name] = value
    return values


class _Inputs:
    """The variables of a graph, and what is known of their values."""

    def __init__(self, nodes: Sequence[Node], facts: Facts) -> None:
        self.facts = facts
        self.variables = {n.attr("name"): n for n in nodes if n.op is VARIABLE}
        self.classes = {  # names of those that are numbers of classes, and of how many
            n.args[0].attr("name"): n.attr("num_classes")
            for n in nodes
            if n.op.name == "one_hot" and n.args[0].op is VARIABLE
        }

    def sample(self, seed: int, within: Range = USUAL, mixed: bool = False) -> Values:
        """A value for each, the same for the same seed; named sizes are small numbers.

        Of seed 0 all are positive. Otherwise each has entries of both signs (or if `mixed`, some
        have), of seed 1 the first one negative, and of others that of every second: so numbers,
        which have no other entry, are of equal signs and of different ones.
        """
        random = np.random.default_rng(seed)
        sizes: dict[str, int] = {}
        for node in self.variables.values():
            for s in node.shape:
                if isinstance(s, str):
                    sizes.setdefault(s, 3 + len(sizes))
        values: Values = {}
        for i, (name, node) in enumerate(sorted(self.variables.items())):
            shape = tuple(sizes[s] if isinstance(s, str) else s for s in node.shape)
            value = random.uniform(*within, shape)
            if name in self.classes:
                value = random.integers(self.classes[name], size=shape).astype(float)
            elif name not in self.facts.positive and (random.random() < 0.5 if mixed else seed):
                signs = random.choice([-1.0, 1.0], shape)
                first = -1.0 if seed == 1 or (i + seed) % 2 else 1.0
                signs.flat[-1:], signs.flat[:1] = -first, first
                value = value * signs
            if name in self.facts.symmetric:
                value = (value + np.swapaxes(value, -1, -2)) / 2
            if len(shape) >= 2 and shape[-1] == shape[-2] and name not in self.classes:
                value = value + 2 * np.eye(shape[-1])  # not singular
            values[name] = value
        return values
