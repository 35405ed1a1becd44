"""The calculus of display: functions, matrices, and the identities between them put to work."""

from __future__ import annotations

from fractions import Fraction

from .between import IN_PRODUCTS, IN_SUMS, MASKS, RULED, SUMMED
from .matrices import Matrices
from .tensors import ZERO, Factor, Index, Tensor, Term, is_mask, term_key


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
        for _ in range(len(terms)):
            found = self._join_once(terms, rank)
            if found is None:
                return terms
            terms = found
        return terms

    def _join_once(self, terms: dict[Term, Fraction], rank: int) -> dict[Term, Fraction] | None:
        for term in sorted(terms, key=term_key):
            for n, (f, idx, e) in enumerate(term):
                rules = IN_SUMS.get(f.name) or (MASKS if _is_comparison(f) else ())
                for power, partner, outcome in rules:
                    if e < power:
                        continue
                    rest = list(term[:n]) + list(term[n + 1 :])
                    if e > power:
                        rest.append((f, idx, e - power))
                    other = partner(self, f, idx)
                    key = self._relabelled(self._merged(rest + other), rank)
                    c, d = terms[term], terms.get(key)
                    if d is None or key == term:
                        continue
                    made = outcome(self, c, d, f, idx)
                    if made is None:
                        continue
                    left = {t: k for t, k in terms.items() if t not in (term, key)}
                    for k, more in made:
                        for k1, new in self._normal(k, rest + more, rank, {}):
                            left[new] = left.get(new, ZERO) + k1
                    return {t: k for t, k in left.items() if k}
        return None
