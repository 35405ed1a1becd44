"""Tensors of the normal form of display, and what can be said of one alone.

A *term* is a product of factors ``(tensor, indices, exponent)``; indices below the rank are the
axes of the result, those from the rank on are summed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from ..node import Size

Index = tuple[int, ...]
Factor = tuple["Tensor", Index, Fraction]
Term = tuple[Factor, ...]
Item = tuple[Fraction, list[Factor]]  # a term on its way to the normal form, with its coefficient

ONE, ZERO = Fraction(1), Fraction(0)


class Tensor:
    """An interned tensor: a leaf, a function of tensors, or a sum of products (a polynomial).

    ``form``   "leaf" (a node), "number" (an irrational constant), "delta" (identity matrix),
               "function" (entry by entry), "along" (a row of the table acting on the last axes of
               its argument), "call" (any other row), "sum" (a polynomial)
    ``name``   of the row; ``args`` its tensors, with the indices their axes have where they differ
    ``shape``  sizes, none of them 1
    """

    __slots__ = (
        "args", "attrs", "form", "id", "name", "node", "nonnegative", "shape", "symmetric", "terms",
    )  # fmt: skip

    id: int
    form: str
    name: str
    args: tuple[Any, ...]
    attrs: tuple[tuple[str, Any], ...]
    shape: tuple[Size, ...]
    node: Any
    terms: dict[Term, Fraction]
    symmetric: bool  # known to equal its transpose
    nonnegative: bool  # known to have no negative entry

    @property
    def rank(self) -> int:
        return len(self.shape)

    def attr(self, name: str) -> Any:
        return dict(self.attrs).get(name)

    def __repr__(self) -> str:
        return f"<{self.id} {self.form} {self.name} {list(self.shape)}>"


def term_key(term: Term) -> tuple[Any, ...]:
    """Terms in a fixed order."""
    return tuple((f.id, idx, e) for f, idx, e in term)


NONNEGATIVE = frozenset(
    "exp abs sigmoid cosh softplus relu norm sqrt softmax square exp2 erfc".split()
)
COMPARISONS = {"gt": "le", "le": "gt", "lt": "ge", "ge": "lt", "eq": "ne", "ne": "eq"}


def is_mask(t: Tensor) -> bool:
    """Whether every entry of `t` is 0 or 1, as of a comparison or a selection."""
    return t.form == "select" or (
        t.form == "function" and (t.name in COMPARISONS or t.name in BOOLEAN)
    )


def is_count(t: Tensor) -> bool:
    """Whether `t` is a named size."""
    return t.form == "leaf" and t.name == "dimension"


BOOLEAN = frozenset(("logical_and", "logical_or", "logical_not", "isnan", "isfinite", "truth"))


def content(coefficients: Iterable[Fraction]) -> Fraction:
    """The largest rational number of which all coefficients are integer multiples."""
    top, bottom = 0, 1
    for c in coefficients:
        top, bottom = gcd(top, c.numerator), lcm(bottom, c.denominator)
    return Fraction(top or 1, bottom)


def summed_sizes(term: Term, rank: int) -> dict[int, Size]:
    return {i: s for f, idx, _ in term for i, s in zip(idx, f.shape, strict=True) if i >= rank}


def effective(t: Tensor) -> list[Fraction]:
    """The coefficients of a sum, those of an average counted as if it were one term.

    So ``x - sum(x)/5`` has coprime coefficients as it stands: it is ``x - mean(x)``.
    """
    plain = [c for term, c in t.terms.items() if not _entries(term, t.rank)]
    found = list(plain)
    for term, c in t.terms.items():
        n = _entries(term, t.rank)
        if n:
            whole = plain and all((c * n / k).denominator == 1 for k in plain)
            found.append(c * n if whole else c)
    return found


def _entries(term: Term, rank: int) -> int:
    """The number of entries that a term sums over; 0 if it does not sum, or over a named size."""
    sizes = summed_sizes(term, rank)
    n = 1
    for s in sizes.values():
        n *= s if isinstance(s, int) else 0
    return n if sizes else 0


def factor_key(factor: Factor) -> tuple[Any, ...]:
    return factor[0].id, factor[1], factor[2]


SPARSE = frozenset(("relu", "maximum", "minimum", "clamp", "heaviside"))


def is_zero_or_one(t: Tensor) -> bool:
    """Whether every entry is 0 or 1: a mask, or an identity and what is picked from it."""
    return t.form in ("delta", "select", "triangle") or is_mask(t)


def vanishes(t: Tensor) -> bool:
    """Whether entries of `t` may well be 0: of what is masked, picked, or cut off."""
    if t.form == "sum":
        return all(any(vanishes(f) for f, _, _ in term) for term in t.terms)
    return is_zero_or_one(t) or t.name in SPARSE


def positions(t: Tensor) -> tuple[int, ...] | None:
    """The entries that rows of an identity pick, of an axis of known size."""
    entry, size = t.attr("entry"), t.shape[-1]
    if not isinstance(size, int):
        return None
    if not isinstance(entry, tuple):
        return (entry % size,)
    picked = range(size)[slice(*entry[1:])] if entry[0] == "slice" else entry[1]
    return tuple(i % size for i in picked)


def axes_of(t: Tensor) -> Index:
    """Its own axes, in order."""
    return tuple(range(t.rank))


def axes_used(t: Tensor) -> Index:
    """The axes that a sum depends on; all of any other tensor."""
    if t.form != "sum":
        return axes_of(t)
    return tuple(sorted({i for term in t.terms for _, idx, _ in term for i in idx if i < t.rank}))
