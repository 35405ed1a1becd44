"""One product of factors as a term: equal factors merged, summed indices in a canonical order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from itertools import permutations
from typing import Any

from .tensors import ONE, Factor, Index, Tensor, Term, factor_key, is_zero_or_one, term_key

MOST_BOUND = 8  # summed indices in one term that get a canonical order
MOST_TIES = 4  # indices that look alike are told apart by trying their orders, up to so many


def merged(factors: Iterable[Factor]) -> list[Factor]:
    """Equal factors with their exponents added."""
    exponents: dict[tuple[Tensor, Index], Fraction] = {}
    for t, idx, e in factors:
        if t.symmetric and idx[0] > idx[1]:
            idx = idx[::-1]
        key = (t, idx)
        if key not in exponents:
            exponents[key] = e
        else:
            exponents[key] = exponents[key] + e
        if is_zero_or_one(t):  # its own square; but what is divided by it stays so
            exponents[key] = ONE if min(e, exponents[key]) > 0 else -ONE
    return [(t, idx, _plain(e)) for (t, idx), e in exponents.items() if e]


def _plain(e: Fraction) -> Fraction:
    """An int where it is one, which compares much faster and does all that is asked here."""
    return e.numerator if e.denominator == 1 else e  # type: ignore[return-value]


def relabelled(factors: list[Factor], rank: int) -> Term:
    """A term with its summed indices named in a canonical order, its factors sorted."""
    bound = list(dict.fromkeys(i for _, idx, _ in factors for i in idx if i >= rank))
    if not bound:
        return tuple(sorted(factors, key=factor_key))
    if len(bound) > MOST_BOUND:
        factors = sorted(factors, key=factor_key)
        bound = list(dict.fromkeys(i for _, idx, _ in factors for i in idx if i >= rank))
    colour = _colours(factors, bound, rank)
    bound.sort(key=lambda b: colour[b])
    best: Term | None = None
    for order in _orders(bound, colour):
        names = {b: rank + n for n, b in enumerate(order)}
        term = tuple(sorted((_renamed(f, names) for f in factors), key=factor_key))
        if best is None or term_key(term) < term_key(best):
            best = term
    assert best is not None
    return best


def _renamed(factor: Factor, names: dict[int, int]) -> Factor:
    t, idx, e = factor
    idx = tuple(names.get(i, i) for i in idx)
    return t, tuple(sorted(idx)) if t.symmetric else idx, e


def _colours(factors: list[Factor], bound: list[int], rank: int) -> dict[int, int]:
    """Numbers for the summed indices, equal ones where they stand in factors that look alike."""
    if not 1 < len(bound) <= MOST_BOUND:
        return {b: n for n, b in enumerate(bound)}
    colour = dict.fromkeys(bound, 0)
    for _ in range(3):
        seen: dict[int, list[Any]] = {b: [] for b in bound}
        for t, idx, e in factors:
            look = [colour.get(i, ~i) for i in idx]
            look = sorted(look) if t.symmetric else look
            for p, i in enumerate(idx):
                if i >= rank:
                    seen[i].append((t.id, e, 0 if t.symmetric else p, tuple(look)))
        signs = {b: tuple(sorted(seen[b])) for b in bound}
        ranks = {s: n + 1 for n, s in enumerate(sorted(set(signs.values())))}
        colour = {b: ranks[signs[b]] for b in bound}
    return colour


def _orders(bound: list[int], colour: dict[int, int]) -> Iterable[tuple[int, ...]]:
    """Orders of the indices that respect their colours: all of them where few look alike."""
    alike = Counter(colour[b] for b in bound)
    tied = [b for b in bound if alike[colour[b]] > 1]
    if not tied or len(tied) > MOST_TIES:
        return [tuple(bound)]
    places = [n for n, b in enumerate(bound) if b in tied]
    found = []
    for order in permutations(tied):
        if [colour[b] for b in order] == [colour[b] for b in tied]:
            whole = list(bound)
            for n, b in zip(places, order, strict=True):
                whole[n] = b
            found.append(tuple(whole))
    return found


def substituted(factors: list[Factor], old: int, new: int) -> list[Factor]:
    """A product with one index called by another name."""
    return [(t, tuple(new if i == old else i for i in idx), e) for t, idx, e in factors]


def occurrence(
    term: Term, names: dict[int, int], factors: list[Factor]
) -> tuple[list[Factor], dict[int, int]] | None:
    """A product without a term that occurs in it, and what the term's indices are called there.

    `names` has those that are known from the start.
    """
    if not term:
        return factors, names
    t, idx, e = term[0]
    for n, (f, places, e1) in enumerate(factors):
        if f is not t or e1 != e:
            continue
        known = dict(names)
        if all(known.setdefault(i, place) == place for i, place in zip(idx, places, strict=True)):
            found = occurrence(term[1:], known, factors[:n] + factors[n + 1 :])
            if found is not None:
                return found
    return None
