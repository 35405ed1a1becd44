"""Other forms of a sum, of which the renderer keeps the one that is shortest to write.

Three moves: take a common factor out of some terms, multiply products of sums out, take the common
coefficient out. They are tried within a budget; what is left untried costs length, not truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from ..node import Node
from .identities import Calculus
from .render import Renderer
from .tensors import ONE, Factor, Index, Tensor, Term, term_key

MOST_TERMS = 24  # a longer sum is written as it stands
MOST_EXPANDED = 16  # terms that multiplying out may make
BUDGET = 300  # sums that are varied in one simplification
MOST_WORK = 600  # ways to write a product that are looked at, after which no sum is varied
FEW = 3  # terms that multiplying out may make though none cancel
CHOICES = 4  # common factors tried in one place


class Shortest(Renderer):
    """A renderer that looks for a shorter form of each sum it writes."""

    def __init__(
        self,
        alg: Calculus,
        decimals: bool = False,
        solves: bool = False,
        named: Sequence[Node] = (),
        outers: bool = False,
    ) -> None:
        super().__init__(alg, decimals, solves, named, outers)
        self.left = BUDGET
        self._variants: dict[Tensor, list[Tensor]] = {}

    def variants(self, t: Tensor) -> Sequence[Tensor]:
        if t.form != "sum":
            return [t]
        found = self._variants.get(t)
        if found is None:
            self._variants[t] = [t]  # while its own variants are being made
            found = self._variants[t] = self._find(t)
        return found

    def _find(self, t: Tensor) -> list[Tensor]:
        dear = self.left <= 0 or self.work > MOST_WORK or self.alg.budget.scarce
        if dear or len(t.terms) > MOST_TERMS:
            return [t]
        self.left -= 1
        found = [t]
        forms = [t, self.expanded(t), self.over_common(t), self.cleared(t), self.one_log(t)]
        if _has_square(t) or any(_has_square(f) for term in t.terms for f, _, e in term if e == 1):
            forms += [self.expanded(t, 1), self.over_common(t, 1)]  # (x - m)**2 left as it is
        for form in dict.fromkeys(f for f in forms if f is not None):
            found.append(form)
            if form.form == "sum" and len(form.terms) > 1:
                found += self.factored(form)
                found.append(self.without_content(form))
        return list(dict.fromkeys(found))

    def expanded(self, t: Tensor, highest: int = 2) -> Tensor | None:
        """`t` with products of sums multiplied out, where terms then cancel or add up; without
        their squares, if 1 is the `highest` power."""
        found = self.alg.expanded(t, MOST_EXPANDED, highest)
        if found is None:
            return None
        made = 0
        for term in t.terms:
            sums = ((len(f.terms), int(e)) for f, _, e in term if f.form == "sum" and e > 0)
            made += prod(n**e for n, e in sums if e <= highest)
        if len(t.terms) == 1 and len(next(iter(t.terms))) == 1:
            return found
        few = found.form != "sum" or len(found.terms) < made or len(found.terms) <= FEW
        return found if few else None

    def without_content(self, t: Tensor) -> Tensor:
        """2*x + 2*y as 2*(x + y)."""
        c, inner, axes = self.alg.as_factor(t)
        if c == 1 or (c == -1 and any(k > 0 for k in t.terms.values())):
            return t
        return self.alg.tensor("sum", "", t.shape, terms={((inner, axes, ONE),): c})

    def one_log(self, t: Tensor) -> Tensor | None:
        """log(x) - log(y) as log(x/y), log(x) + log(y) as log(x*y)."""
        logs = {
            term: c
            for term, c in t.terms.items()
            if len(term) == 1 and term[0][0].name == "log" and term[0][2] == 1 == abs(c)
            and all(i < t.rank for i in term[0][1])
        }  # fmt: skip
        if len(logs) < 2:
            return None
        sign = max(logs.values())
        inner: list[Factor] = []
        for ((f, idx, _),), c in logs.items():
            x, places = f.args[0]
            inner.append((x, tuple(idx[i] for i in places), c * sign))
        ratio = self.alg.sum(t.shape, [(ONE, inner)])
        rest = [(c, list(term)) for term, c in t.terms.items() if term not in logs]
        joined = self.alg.function("log", ratio)
        return self.alg.sum(t.shape, [*rest, (sign, [(joined, tuple(range(t.rank)), ONE)])])

    # --- common denominators ---------------------------------------------------------------------

    def over_common(self, t: Tensor, highest: int = 2) -> Tensor | None:
        """a/d - b/d**2 as (a*d - b)/d**2, the top multiplied out."""
        least: dict[tuple[Tensor, Index], Fraction] = {}
        for term in t.terms:
            for f, idx, e in term:
                if e < 0 and f.name != "exp" and all(i < t.rank for i in idx):
                    least[f, idx] = min(e, least.get((f, idx), e))
        if not least or len(t.terms) < 2:
            return None
        below = [(f, idx, e) for (f, idx), e in least.items()]
        top = self.alg.sum(t.shape, [
            (c, [*term, *((f, idx, -e) for f, idx, e in below)]) for term, c in t.terms.items()
        ])  # fmt: skip
        if top.form == "sum":
            top = self.alg.expanded(top, MOST_EXPANDED, highest) or top
        return self.alg.sum(t.shape, [(ONE, [*below, (top, tuple(range(t.rank)), ONE)])])

    def cleared(self, t: Tensor) -> Tensor | None:
        """Fractions inside a factor made one: x/(1 + y/z) as x*z/(z + y)."""
        items, changed = [], False
        for term, c in t.terms.items():
            factors: list[Factor] = []
            for f, idx, e in term:
                inner = self.over_common(f, 1) if f.form == "sum" and e.denominator == 1 else None
                if inner is not None:
                    factors.append((inner, idx, e))
                    changed = True
                else:
                    factors.append((f, idx, e))
            items.append((c, factors))
        return self.alg.sum(t.shape, items) if changed else None

    # --- common factors --------------------------------------------------------------------------

    def factored(self, t: Tensor) -> list[Tensor]:
        """Forms of `t` with a common factor taken out of as many terms as have it."""
        found: list[Tensor] = []
        for pattern in self.candidates(t)[:CHOICES]:
            made = self.taken_out(t, pattern)
            if made is not None and made is not t:
                found.append(made)
                if made.form == "sum" and 1 < len(made.terms) < len(t.terms):
                    found += self.factored(made)[:2]
        return found

    def candidates(self, t: Tensor) -> list[tuple[Tensor, Index, int]]:
        """Factors that several terms share: (tensor, free indices, sign of the exponent).

        Summed indices are written -1, for any two of them can be made the same.
        """
        uses: dict[tuple[Tensor, Index, int], int] = {}
        for term in t.terms:
            picked = {f[1][-1] for f in term if f[0].form == "select"}  # x[0] + x[1] stays that
            patterns = [_pattern(f, t.rank) for f in term if picked.isdisjoint(f[1])]
            for pattern in dict.fromkeys(patterns):
                uses[pattern] = uses.get(pattern, 0) + 1
        shared = [p for p, n in uses.items() if n > 1]

        def weight(p: tuple[Tensor, Index, int]) -> tuple[int, int, int, int]:
            return -uses[p], -(-1 in p[1]), -p[0].rank, p[0].id

        return sorted(shared, key=weight)

    def taken_out(self, t: Tensor, pattern: tuple[Tensor, Index, int]) -> Tensor | None:
        """`t` with everything taken out that the terms with a factor of this pattern share."""
        inside: list[tuple[Fraction, dict[tuple[Tensor, Index], Fraction]]] = []
        outside: dict[Term, Fraction] = {}
        for term, c in sorted(t.terms.items(), key=lambda item: term_key(item[0])):
            match = next((f for f in term if _pattern(f, t.rank) == pattern), None)
            if match is None:
                outside[term] = c
                continue
            names = {i: 500 + n for n, i in enumerate(match[1]) if i >= t.rank}
            inside.append((c, _renamed(term, names, t.rank, len(inside))))
        common = dict(inside[0][1])
        for _, factors in inside[1:]:
            for key, e in list(common.items()):
                other = factors.get(key, Fraction(0))
                common[key] = (min if e > 0 else max)(e, other) if e * other > 0 else Fraction(0)
        # a summed index may leave the parentheses only with every factor that has it
        shared = {i for f, idx in common for i in idx if 500 <= i < 600}
        common = {k: e for k, e in common.items() if e and all(
            i < t.rank or i in shared for i in k[1])}  # fmt: skip
        if not common:
            return None
        rests: list[tuple[Fraction, list[Factor]]] = []
        for c, factors in inside:
            rest = []
            for (f, idx), e in factors.items():
                left = e - common.get((f, idx), Fraction(0))
                if left:
                    rest.append((f, idx, left))
            rests.append((c, rest))
        factors_out = [(f, idx, e) for (f, idx), e in common.items()]
        made = self._assembled(t, factors_out, rests)
        if made is None:
            return None
        if not outside:
            return made
        return self.alg.plus(
            made, self.alg.sum(t.shape, [(c, list(k)) for k, c in outside.items()])
        )

    def _assembled(
        self, t: Tensor, common: list[Factor], rests: list[tuple[Fraction, list[Factor]]]
    ) -> Tensor | None:
        """``common * (sum of rests)``: indices both have become axes of the sum."""
        out = {i for _, idx, _ in common for i in idx if i >= t.rank}
        size_of = {
            i: s
            for _, factors in [(ONE, common), *rests]
            for f, idx, _ in factors
            for i, s in zip(idx, f.shape, strict=True)
        }
        inner_axes = sorted(
            {i for _, rest in rests for _, idx, _ in rest for i in idx if i < t.rank or i in out}
        )
        if len(inner_axes) > max(2, t.rank):
            return None
        names = {i: n for n, i in enumerate(inner_axes)}
        shape = [size_of[i] for i in inner_axes]
        bound: dict[int, int] = {}
        items = []
        for c, rest in rests:
            renamed = []
            for f, idx, e in rest:
                new = []
                for i in idx:
                    if i not in names and i not in bound:
                        bound[i] = len(inner_axes) + len(bound)
                    new.append(names[i] if i in names else bound[i])
                renamed.append((f, tuple(new), e))
            items.append((c, renamed))
        inner = self.alg.sum(shape, items)
        return self.alg.sum(t.shape, [(ONE, [*common, (inner, tuple(inner_axes), ONE)])])


def _has_square(t: Tensor) -> bool:
    """Whether a sum has the square of a sum in it."""
    return any(f.form == "sum" and e == 2 for term in t.terms for f, _, e in term)


def _pattern(factor: Factor, rank: int) -> tuple[Tensor, Index, int]:
    f, idx, e = factor
    return f, tuple(i if i < rank else -1 for i in idx), 1 if e > 0 else -1


def _renamed(
    term: Term, names: dict[int, int], rank: int, n: int
) -> dict[tuple[Tensor, Index], Fraction]:
    """The factors of a term, its other summed indices under names of their own."""
    return {
        (f, tuple(i if i < rank else names.get(i, 600 + 50 * n + i) for i in idx)): e
        for f, idx, e in term
    }
