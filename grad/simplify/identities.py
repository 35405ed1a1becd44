"""The calculus of display: functions, matrices, and the identities between them put to work."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .between import IN_PRODUCTS, IN_SUMS, MASKS, RULED, SUMMED
from .matrices import Matrices
from .tensors import ZERO, Factor, Index, Tensor, Term, is_mask, term_key
from .terms import merged

Joining = tuple[int, Any, Any]  # power of a factor, what to put for it, what comes of the two
Sought = dict[tuple[Term, int, int], Term | None]  # partners, by term, factor and rule


def _is_comparison(t: Tensor) -> bool:
    return is_mask(t) and t.form == "function"


class Calculus(Matrices):
    """The algebra of named indices with the identities of elementary functions and matrices."""

    # --- identities between factors --------------------------------------------------------------

    def factor_rules(self, factors: list[Factor], rank: int) -> tuple[list[Factor], Index] | None:
        """A product after one identity between its factors, and the indices it has summed over."""
        names = {f.name for f, _, _ in factors}
        if names.isdisjoint(RULED):
            return None
        for n, (f, idx, e) in enumerate(factors):
            if f.name in RULED:
                self.budget.spend(1 + len(factors) // 8)  # a rule looks through the others
            rule = IN_PRODUCTS.get(f.name)
            if rule is not None:
                rest = factors[:n] + factors[n + 1 :]
                found = rule(self, f, idx, e, rest, rank)
                if found is not None:
                    return found, ()
            summing = SUMMED.get(f.name)
            if summing is not None:
                rest = factors[:n] + factors[n + 1 :]
                summed = summing(self, f, idx, e, rest, rank)
                if summed is not None:
                    return summed
        return None

    # --- identities between terms ----------------------------------------------------------------

    def joined(self, terms: dict[Term, Fraction], rank: int) -> dict[Term, Fraction]:
        """Terms after every identity between two of them, such as sin^2 + cos^2 = 1."""
        if not any(f.name in IN_SUMS or _is_comparison(f) for term in terms for f, _, _ in term):
            return terms
        sought: Sought = {}
        for _ in range(len(terms)):
            found = self._join_once(terms, rank, sought)
            if found is None:
                return terms
            terms = found
        return terms

    def _join_once(
        self, terms: dict[Term, Fraction], rank: int, sought: Sought
    ) -> dict[Term, Fraction] | None:
        """Terms after the first identity that applies; `sought` has the partners tried before."""
        for term in sorted(terms, key=term_key):
            self.budget.spend(len(term))
            for n, (f, idx, _) in enumerate(term):
                rules = IN_SUMS.get(f.name) or (MASKS if _is_comparison(f) else ())
                for k, rule in enumerate(rules):
                    if (term, n, k) not in sought:
                        sought[term, n, k] = self._partner(term, n, rule, rank)
                    key = sought[term, n, k]
                    c, d = terms[term], terms.get(key) if key is not None else None
                    if d is None or key == term:
                        continue
                    made = rule[2](self, c, d, f, idx)
                    if made is None:
                        continue
                    left = {t: k for t, k in terms.items() if t not in (term, key)}
                    rest = _without(term, n, rule[0])
                    for c, more in made:
                        for c1, new in self._normal(c, rest + more, rank, {}):
                            left[new] = left.get(new, ZERO) + c1
                    return {t: c for t, c in left.items() if c}
        return None

    def _partner(self, term: Term, n: int, rule: Joining, rank: int) -> Term | None:
        """The term that a rule joins with this one, by its factor number n."""
        f, idx, e = term[n]
        power, partner, _ = rule
        if e < power:
            return None
        return self.relabelled(merged(_without(term, n, power) + partner(self, f, idx)), rank)


def _without(term: Term, n: int, power: int) -> list[Factor]:
    """A term with the exponent of its factor number n less by `power`."""
    f, idx, e = term[n]
    rest = [*term[:n], *term[n + 1 :]]
    return [*rest, (f, idx, e - power)] if e > power else rest
