"""Sizes of axes: integers, or polynomials in named sizes written as text in one canonical way."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from .node import Size

Terms = dict[tuple[str, ...], int]  # monomial (sorted names) -> coefficient


def _terms(size: Size) -> Terms:
    if isinstance(size, int):
        return {(): size} if size else {}
    terms: Terms = {}
    for term in size.split(" + "):
        factors = term.split("*")
        names = tuple(sorted(f for f in factors if not f.isdigit()))
        terms[names] = terms.get(names, 0) + prod(int(f) for f in factors if f.isdigit())
    return terms


def _size(terms: Terms) -> Size:
    kept = {names: k for names, k in terms.items() if k}
    if not kept:
        return 0
    if list(kept) == [()]:
        return kept[()]
    ordered = sorted(kept.items(), key=lambda item: (-len(item[0]), item[0]))
    return " + ".join("*".join([str(k)] * (k != 1 or not n) + list(n)) for n, k in ordered)


def product(sizes: Iterable[Size]) -> Size:
    """The number of entries of a shape: an int, or a polynomial in the named sizes."""
    total: Terms = {(): 1}
    for size in sizes:
        step: Terms = {}
        for names, k in total.items():
            for more, j in _terms(size).items():
                key = tuple(sorted(names + more))
                step[key] = step.get(key, 0) + k * j
        total = step
    return _size(total)


def monomial(size: Size) -> tuple[int, tuple[str, ...]]:
    """A size as a number and factors with names: 2*n*n is 2 and (n, n); a sum is one factor."""
    terms = _terms(size)
    if len(terms) != 1:
        return 1, (str(size),)
    ((names, k),) = terms.items()
    return k, names


def entries(shape: Iterable[Size]) -> int:
    """How many entries a tensor has, as far as its sizes are numbers: a named one counts as 1."""
    return prod(size for size in shape if isinstance(size, int))


def total(sizes: Iterable[Size]) -> Size:
    """The sum of sizes, as concatenation needs it."""
    terms: Terms = {}
    for size in sizes:
        for names, k in _terms(size).items():
            terms[names] = terms.get(names, 0) + k
    return _size(terms)


def quotient(size: Size, divisor: Size) -> Size | None:
    """`size / divisor` where that is a size again, as `reshape(x, -1)` needs it; None elsewhere."""
    if isinstance(size, int) and isinstance(divisor, int):
        return size // divisor if divisor and size % divisor == 0 else None
    below = _terms(divisor)
    if len(below) != 1:
        return 1 if size == divisor else None
    ((names, k),) = below.items()
    result: Terms = {}
    for more, j in _terms(size).items():
        rest = list(more)
        for name in names:
            if name not in rest:
                return None
            rest.remove(name)
        if j % k:
            return None
        result[tuple(rest)] = j // k
    return _size(result)


def names_in(size: Size) -> set[str]:
    """The named sizes a size depends on."""
    return {name for names in _terms(size) for name in names}


def value(size: Size, sizes: dict[str, int]) -> int:
    """The number a size stands for, given its names. KeyError for a name that is not given."""
    return sum(k * prod(sizes[name] for name in names) for names, k in _terms(size).items())
