"""Proof by numbers: whether a closed form has the values of the graph it was derived from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..evaluate import evaluate
from ..node import Node, walk
from ..ops import CONSTANT, VARIABLE
from .facts import Facts
from .guards import unguarded

Values = dict[str, Any]
Range = tuple[float, float]

COMPARING = frozenset("eq ne lt le gt ge maximum minimum clamp heaviside".split())
ELSEWHERE: tuple[Range, ...] = ((0.05, 0.95), (1.5, 4.0), (20.0, 60.0), (1e-3, 1e-2))
USUAL: Range = (0.3, 1.7)


def agree(
    form: Node, reference: Node, facts: Facts | None = None, points: int = 2, rtol: float = 1e-7
) -> bool | None:
    """Whether two nodes have the same values wherever they were compared; None if that is nowhere.

    They are compared at random points that are consistent with `facts`; where the graph compares
    its inputs with numbers, near those numbers as well, and with some entries exactly equal to
    them where it asks for that (``M == 1``), so that a mask that is lost shows. Entries where the
    reference is not finite decide nothing; if it is so everywhere, other ranges are tried.

    An identity may fail where its own side condition does (x/x = 1 at 0), and a guard of one of
    our rules is no part of a form (see guards.py). So only what an expression compares by itself
    is put on the spot, and the reference is taken there without the guards.
    """
    facts = facts or Facts()
    nodes = walk([form, reference])
    variables = {n.attr("name"): n for n in nodes if n.op is VARIABLE}
    compared = False
    for values in _points(variables, facts, points):
        found = _compare(form, reference, values, rtol)
        if found is False:
            return False
        compared = compared or found is not None
    bare = unguarded(reference)
    special = _special_point(walk([bare]), variables, facts)
    if special is not None:
        found = _compare(form, bare, special, rtol)
        if found is False:
            return False
        compared = compared or found is not None
    if not compared:
        for n, within in enumerate(ELSEWHERE):
            found = _compare(form, reference, sample(variables, facts, 2 * n, within), rtol)
            if found is not None:
                return found
    return True if compared else None


def _points(variables: Mapping[str, Node], facts: Facts, points: int) -> Iterator[Values]:
    for seed in range(points):
        yield sample(variables, facts, seed)


def _compare(form: Node, reference: Node, values: Values, rtol: float) -> bool | None:
    """Whether two nodes agree at a point; None if the reference is finite nowhere."""
    got, want = evaluate([form, reference], values).results
    if got.shape != want.shape:
        return False
    known = np.isfinite(want)
    if want.size and not known.any():
        return None
    scale = float(np.abs(want[known]).max(initial=0.0))
    return bool(np.allclose(got[known], want[known], rtol=rtol, atol=rtol * scale + 1e-12))


def _special_point(order: list[Node], variables: Mapping[str, Node], facts: Facts) -> Values | None:
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
    values = sample(variables, facts, 1)
    random = np.random.default_rng(7)
    for name in values.keys() - facts.positive - facts.symmetric:
        value, shape = values[name], np.shape(values[name])
        for table, width in ((near, 1.0), (exactly, 0.0)):
            if table.get(name):
                centre = random.choice(sorted(table[name]), shape)
                there = random.uniform(size=shape) < 0.7
                value = np.where(there, centre + width * random.uniform(-1, 1, shape), value)
        values[name] = value
    return values


def sample(variables: Mapping[str, Node], facts: Facts, seed: int, within: Range = USUAL) -> Values:
    """Values for variables, the same for the same seed; named sizes are small numbers."""
    random = np.random.default_rng(seed)
    sizes: dict[str, int] = {}
    for node in variables.values():
        for s in node.shape:
            if isinstance(s, str):
                sizes.setdefault(s, 3 + len(sizes))
    values: Values = {}
    for name in sorted(variables):
        node = variables[name]
        shape = tuple(sizes[s] if isinstance(s, str) else s for s in node.shape)
        value = random.uniform(*within, shape)
        if name not in facts.positive and seed % 2:
            value = value * random.choice([-1.0, 1.0], shape)
        if name in facts.symmetric:
            value = (value + np.swapaxes(value, -1, -2)) / 2
        if len(shape) >= 2 and shape[-1] == shape[-2]:
            value = value + 2 * np.eye(shape[-1])  # not singular
        values[name] = value
    return values
