"""The calculus of display: functions, matrices, and the identities between them put to work."""

from __future__ import annotations

from fractions import Fraction

from .between import IN_PRODUCTS, IN_SUMS, MASKS, RULED, SUMMED
from .functions import Functions
from .tensors import ONE, ZERO, Factor, Tensor, Term, axes_of, is_mask, term_key


def _is_comparison(t: Tensor) -> bool:
    return is_mask(t) and t.form == "function"


class Calculus(Functions):
    """The algebra of named indices with the identities of elementary functions and matrices."""

    def along(self, name: str, t: Tensor, active: int, keep: bool = False) -> Tensor:
        """A row acting on the last `active` axes of `t`; they stay if `keep`."""
        kept = t.rank if keep else t.rank - active
        first = t.rank - active
        if name == "softmax" and self.constant(t) is not None and isinstance(t.shape[-1], int):
            return self.number(Fraction(1, t.shape[-1]), t.shape)  # n equal shares
        if name in ("softmax", "logsumexp") and t.form == "sum":
            loose = {
                term: c
                for term, c in t.terms.items()
                if not any(first <= i < t.rank for _, idx, _ in term for i in idx)
            }
            if loose and len(loose) < len(t.terms):
                # softmax(x + c) = softmax(x) and logsumexp(x + c) = logsumexp(x) + c
                shift = [(c, list(term)) for term, c in loose.items()]
                rest = self.sum(
                    t.shape, [(c, list(k)) for k, c in t.terms.items() if k not in loose]
                )
                made = self.along(name, rest, active, keep)
                if name == "softmax":
                    return made
                names = {i: i - active for term in loose for _, idx, _ in term for i in idx
                         if i >= t.rank}  # fmt: skip
                moved = [
                    (c, [(f, tuple(names.get(i, i) for i in idx), e) for f, idx, e in term])
                    for c, term in shift
                ]
                return self.plus(made, self.sum(made.shape, moved))
        used = set(range(first, t.rank))
        if t.form == "sum":
            used |= {i for term in t.terms for _, idx, _ in term for i in idx if i < t.rank}
        else:
            used |= set(range(t.rank))
        axes = tuple(sorted(used))
        if len(axes) < t.rank:
            t, whole = self.taken(t, axes), t
            out = self.along(name, t, active, keep)
            left = tuple(a for a in axes if keep or a < first)
            return self.product(whole.shape[:kept], (out, left, 1))
        return self.tensor("along", name, t.shape[:kept], (t,), (("active", active),))

    def matrix(self, name: str, t: Tensor) -> Tensor:
        """det, inv or logdet of the last two axes, with scalar factors taken out."""
        c, batch = ONE, t.rank - 2
        n = t.shape[-1]
        if t.form == "sum" and isinstance(n, int):
            c = self.as_factor(t)[0]
            c = abs(c) if name == "logdet" else c
            t = self.times(1 / c, t)
            scalars, t = self._scalar_factors(t) if batch == 0 else ([], t)
        else:
            scalars = []
        flipped = self.taken(t, (*range(batch), batch + 1, batch))
        turned = flipped.id < t.id  # det X' = det X, inv X' = (inv X)'
        t = min(t, flipped, key=lambda s: s.id)
        out_axes = (*range(batch), batch + 1, batch) if turned else tuple(range(t.rank))
        if t.form == "along" and t.name == "inv":
            inside = t.args[0]
            if name == "inv":  # inv(inv(X)) = X
                return self.times(1 / c, self.taken(inside, out_axes))
            if name == "det":  # det(inv(X)) = 1/det(X)
                return self.power(self.matrix("det", inside), -ONE)
            return self.times(-1, self.matrix("logdet", inside))
        if t.form == "delta" and name == "inv":
            extra = [(f, (), -e) for f, _, e in scalars]
            return self.sum(t.shape, [(1 / c, [*extra, (t, (0, 1), ONE)])])
        if name == "inv":
            made = self.tensor("along", "inv", t.shape, (t,), (("active", 2),))
            extra = [(f, (), -e) for f, _, e in scalars]
            return self.sum(t.shape, [(1 / c, [*extra, (made, out_axes, ONE)])])
        made = self.tensor("along", name, t.shape[:-2], (t,), (("active", 2),))
        axes = axes_of(made)
        if name == "det":  # det(c X) = c^n det(X)
            extra = [(f, (), e * n) for f, _, e in scalars if isinstance(n, int)]
            k = c ** int(n) if isinstance(n, int) else ONE
            return self.sum(made.shape, [(k, [*extra, (made, axes, ONE)])])
        if c != 1 or scalars:
            return self.tensor("along", name, t.shape[:-2], (self.product(
                t.shape, (t, tuple(range(t.rank)), 1), *scalars),), (("active", 2),))  # fmt: skip
        return made

    def _scalar_factors(self, t: Tensor) -> tuple[list[Factor], Tensor]:
        """The factors without axes of a single product, and the rest of it."""
        if t.form != "sum" or len(t.terms) != 1:
            return [], t
        ((term, c),) = t.terms.items()
        scalars = [f for f in term if not f[1]]
        if not scalars:
            return [], t
        return scalars, self.sum(t.shape, [(c, [f for f in term if f[1]])])

    # --- identities between factors --------------------------------------------------------------

    def factor_rules(
        self, factors: list[Factor], rank: int
    ) -> tuple[list[Factor], int | None] | None:
        """A product after one identity between its factors, and the index that it summed over."""
        names = {f.name for f, _, _ in factors}
        if names.isdisjoint(RULED):
            return None
        for n, (f, idx, e) in enumerate(factors):
            rule = IN_PRODUCTS.get(f.name)
            if rule is not None:
                rest = factors[:n] + factors[n + 1 :]
                found = rule(self, f, idx, e, rest, rank)
                if found is not None:
                    return found, None
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
