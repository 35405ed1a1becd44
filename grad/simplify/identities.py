"""Identities between functions, as the normal form of display applies them.

Each states its side condition: where it fails, the form on the right is the one that has a value,
or the two differ on a set that the condition names. None of them touches the numbers of `eval`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .polynomial import (
    COMPARISONS,
    ONE,
    ZERO,
    Algebra,
    Factor,
    Index,
    Tensor,
    Term,
    is_mask,
    term_key,
)

ODD = frozenset("sin tan sinh tanh arcsin arctan arcsinh arctanh erf erfinv cbrt sign".split())
EVEN = frozenset(("cos", "cosh", "abs"))
AT_ZERO = {
    **dict.fromkeys(("sin", "tan", "sinh", "tanh", "arcsin", "arctan", "arcsinh", "abs"), 0),
    **dict.fromkeys(("sqrt", "erf", "expm1", "log1p", "relu", "sign", "cbrt"), 0),
    **dict.fromkeys(("exp", "cos", "cosh", "exp2"), 1),
    "sigmoid": Fraction(1, 2),
}
POWERS = {"sqrt": Fraction(1, 2), "rsqrt": Fraction(-1, 2), "square": 2, "reciprocal": -1}
RATIOS = {("sin", "cos"): "tan", ("sinh", "cosh"): "tanh"}  # sin/cos = tan


def _is_comparison(t: Tensor) -> bool:
    return is_mask(t) and t.form == "function"


def _is_log(term: Term) -> bool:
    return len(term) == 1 and term[0][0].name == "log" and term[0][2] == 1


def axes_of(t: Tensor) -> Index:
    return tuple(range(t.rank))


class Calculus(Algebra):
    """The algebra of named indices with the identities of elementary functions and matrices."""

    # --- functions of one tensor -----------------------------------------------------------

    def apply(self, name: str, t: Tensor) -> Tensor:
        """A function of one tensor, entry by entry."""
        if name in POWERS:
            return self.power(t, Fraction(POWERS[name]))
        value = self.constant(t)
        if value == 0 and name in AT_ZERO:
            return self.number(AT_ZERO[name], t.shape)
        c, inner, axes = (ONE, t, axes_of(t)) if t.form != "sum" else self.as_factor(t)
        special = _SPECIAL.get(name)
        made: Tensor | None = None
        if special is not None:
            made = special(self, c, inner)
        if made is None:
            sign = ONE
            if c < 0 and (name in ODD or name in EVEN):
                c, sign = -c, -ONE if name in ODD else ONE  # sin(-x) = -sin x, cos(-x) = cos x
            made = self.times(sign, self.function(name, self.times(c, inner)))
        return self.product(t.shape, (made, axes, 1))

    def exponential(self, c: Fraction, t: Tensor) -> Tensor | None:
        """e^(c t), with logarithms and rational factors taken out of the exponent."""
        if t.form == "sum" and not t.shape and set(t.terms) == {()}:
            return None
        if t.form == "sum" and any(f.form == "sum" for term in t.terms for f, _, _ in term):
            whole = self.expanded(t)  # e^((log u + v)^2) has a power of u in it
            if whole is not None and whole.form == "sum" and any(_is_log(k) for k in whole.terms):
                t = whole
        out: list[Factor] = []
        rest = dict(t.terms) if t.form == "sum" else {((t, axes_of(t), ONE),): ONE}
        for term, k in list(rest.items()):
            if len(term) != 1 or term[0][2] != 1:
                continue
            f, idx, _ = term[0]
            if f.form == "function" and f.name == "log":  # e^(c log u) = u^c, for u > 0
                out.append((f.args[0][0], tuple(idx[i] for i in f.args[0][1]), c * k))
                del rest[term]
            elif f.name in ("logsumexp", "logaddexp") and c * k == -1:
                whole = self.tensor("sum", "", t.shape, terms=rest)
                share = self._share(f, idx, whole, c)
                if share is not None:
                    return share
            elif f.name == "logsigmoid" and c == 1:  # e^log s(u) = s(u)
                out.append((self.function("sigmoid", f.args[0][0]), idx, k))
                del rest[term]
        left = self.sum(t.shape, [(k, list(term)) for term, k in rest.items()])
        if self.constant(left) != 0:
            k, inner, axes = (
                (ONE, left, axes_of(left)) if left.form != "sum" else self.as_factor(left)
            )
            if inner.form == "sum" and set(inner.terms) == {()}:
                out.append((self.number_e(), (), c * k))
            else:
                out.append((self.function("exp", inner), axes, c * k))
        return self.sum(t.shape, [(ONE, out)])

    def number_e(self) -> Tensor:
        from math import e

        return self.tensor("number", "e", node=e)

    def _share(self, f: Tensor, idx: Index, exponent: Tensor, c: Fraction) -> Tensor | None:
        """e^(x - logsumexp(x)) = softmax(x); e^(x - logaddexp(x, y)) = s(x - y)."""
        rest = {t: c * k for t, k in exponent.terms.items() if not (t[0][0] is f and len(t) == 1)}
        x = self.sum(exponent.shape, [(k, list(t)) for t, k in rest.items()])
        if f.name == "logaddexp":
            (a, ia), (b, ib) = f.args
            va, vb = (
                self.product(x.shape, (y, tuple(idx[i] for i in iy), 1))
                for y, iy in ((a, ia), (b, ib))
            )
            if x is vb:
                va, vb = vb, va
            if x is not va:
                return None
            return self.apply("sigmoid", self.plus(va, self.times(-1, vb)))
        whole = f.args[0]
        free = [a for a in range(x.rank) if a not in idx]
        if len(free) != whole.rank - f.rank or len(free) != 1:
            return None
        axes = (*idx, *free)
        if self.product(x.shape, (whole, axes, 1)) is not x:
            return None
        soft = self.tensor("along", "softmax", whole.shape, (whole,), (("active", 1),))
        return self.product(x.shape, (soft, axes, 1))

    def logarithm(self, c: Fraction, t: Tensor) -> Tensor | None:
        """log of a power is a multiple of a log, for a positive base; log e^u = u."""
        if c != 1:
            return None
        if t.form == "function" and t.name == "exp":
            return self.product(t.shape, (t.args[0][0], t.args[0][1], 1))
        if t.form == "along" and t.name == "det":  # log det, for det > 0
            return self.tensor("along", "logdet", t.shape, t.args, t.attrs)
        if t.form == "sum" and len(t.terms) == 1:
            ((term, k),) = t.terms.items()
            if k == 1 and len(term) == 1 and all(i < t.rank for i in term[0][1]):
                f, idx, e = term[0]
                return self.times(e, self.product(t.shape, (self.apply("log", f), idx, 1)))
        return None

    def magnitude(self, c: Fraction, t: Tensor) -> Tensor | None:
        """|x y| = |x| |y|; |x| = x where x is known not to be negative."""
        if t.form == "sum" and len(t.terms) == 1:
            ((term, k),) = t.terms.items()
            if all(i < t.rank for _, idx, _ in term for i in idx):
                factors = [
                    (f if self.nonnegative(f, e) else self.function("abs", f), idx, e)
                    for f, idx, e in term
                ]
                return self.sum(t.shape, [(abs(c * k), factors)])
        if self.nonnegative(t):
            return self.times(abs(c), t)
        return self.times(abs(c), self.function("abs", t))

    def sign(self, c: Fraction, t: Tensor) -> Tensor | None:
        """sign(x y) = sign(x) sign(y); 1 where x is known to be positive."""
        s = ONE if c > 0 else -ONE
        if t.form == "sum" and len(t.terms) == 1:
            ((term, k),) = t.terms.items()
            if all(i < t.rank for _, idx, _ in term for i in idx):
                factors = [
                    (self.function("sign", f), idx, ONE)
                    for f, idx, e in term
                    if not self.nonnegative(f, e)
                ]
                return self.sum(t.shape, [(s if k > 0 else -s, factors)])
        if self.nonnegative(t):  # sign(x) = 1, for x not 0
            return self.number(s, t.shape)
        return self.times(s, self.function("sign", t))

    # --- powers and choices ----------------------------------------------------------------

    def to_the(self, base: Tensor, exponent: Tensor) -> Tensor:
        """``base**exponent`` with both of one shape; x^(a+2) = x^a x^2, for x not 0."""
        value = self.constant(exponent)
        if value is not None:
            return self.power(base, value)
        whole = exponent.terms.get((), ZERO) if exponent.form == "sum" else ZERO
        rest = self.plus(exponent, self.number(-whole, exponent.shape))
        k, inner, axes = (ONE, rest, axes_of(rest)) if rest.form != "sum" else self.as_factor(rest)
        c, b, b_axes = (ONE, base, axes_of(base)) if base.form != "sum" else self.as_factor(base)
        if c != 1 and b.shape == base.shape:
            b, b_axes = base, axes_of(base)
        elif c != 1:
            b = self.times(c, b)
        used = sorted({*axes, *b_axes})
        place = {a: n for n, a in enumerate(used)}
        views = (
            (b, tuple(place[a] for a in b_axes)),
            (inner, tuple(place[a] for a in axes)),
        )
        made = self.tensor("function", "pow", [exponent.shape[a] for a in used], views)
        return self.product(
            base.shape, (made, tuple(used), k), (base, axes_of(base), whole)
        )

    def choose(self, mask: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """``where(mask, x, y)`` as ``mask*x + (1 - mask)*y``; render.py turns it back."""
        if mask.form == "function" and mask.name in ("eq", "ne"):
            special, usual = (x, y) if mask.name == "eq" else (y, x)
            # where(u == v, constant, f) = f, where u is not v
            if self.constant(special) is not None or special.form == "number":
                return usual
        for branch, other in ((x, y), (y, x)):
            if branch.form == "number" and branch.name == "nan":
                return other  # where(m, nan, f) = f, where it is a number
        axes = axes_of(x)
        no = self.opposite(mask)
        return self.sum(
            x.shape, [(ONE, [(mask, axes, ONE), (x, axes, ONE)]),
                      (ONE, [(no, axes, ONE), (y, axes, ONE)])],
        )  # fmt: skip

    def opposite(self, mask: Tensor) -> Tensor:
        """1 - mask, for a comparison: its opposite (of numbers that are not nan)."""
        if mask.form == "function" and mask.name in COMPARISONS:
            return self.tensor("function", COMPARISONS[mask.name], mask.shape, mask.args)
        if mask.form == "function" and mask.name == "logical_not":
            return self.product(mask.shape, (mask.args[0][0], mask.args[0][1], 1))
        if is_mask(mask) and mask.form == "function":
            return self.function("logical_not", mask)
        axes = axes_of(mask)
        return self.sum(mask.shape, [(ONE, []), (-ONE, [(mask, axes, ONE)])])

    # --- rows that act along axes ----------------------------------------------------------

    def along(self, name: str, t: Tensor, active: int, keep: bool = False) -> Tensor:
        """A row acting on the last `active` axes of `t`; they stay if `keep`."""
        kept = t.rank if keep else t.rank - active
        first = t.rank - active
        if name in ("softmax", "logsumexp") and t.form == "sum":
            loose = {
                term: c
                for term, c in t.terms.items()
                if not any(first <= i < t.rank for _, idx, _ in term for i in idx)
            }
            if loose and len(loose) < len(t.terms):
                # softmax(x + c) = softmax(x) and logsumexp(x + c) = logsumexp(x) + c
                shift = [(c, list(term)) for term, c in loose.items()]
                rest = self.sum(t.shape, [(c, list(k)) for k, c in t.terms.items() if k not in loose])
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
        if t.form == "delta":
            if name == "inv":
                return self.sum(t.shape, [(1 / c, [*((f, (), -e) for f, _, e in scalars),
                                                   (t, (0, 1), ONE)])])  # fmt: skip
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

    # --- identities between factors --------------------------------------------------------

    def factor_rules(
        self, factors: list[Factor], rank: int
    ) -> tuple[list[Factor], int | None] | None:
        """A product after one identity between its factors, and the index that it summed over."""
        names = {f.name for f, _, _ in factors}
        if names.isdisjoint(_RULED):
            return None
        for n, (f, idx, e) in enumerate(factors):
            rule = _IN_PRODUCTS.get(f.name)
            if rule is not None:
                rest = factors[:n] + factors[n + 1 :]
                found = rule(self, f, idx, e, rest, rank)
                if found is not None:
                    return found, None
            summing = _SUMMED.get(f.name)
            if summing is not None:
                rest = factors[:n] + factors[n + 1 :]
                summed = summing(self, f, idx, e, rest, rank)
                if summed is not None:
                    return summed
        return None

    # --- identities between terms ----------------------------------------------------------

    def joined(self, terms: dict[Term, Fraction], rank: int) -> dict[Term, Fraction]:
        """Terms after every identity between two of them, such as sin^2 + cos^2 = 1."""
        if not any(f.name in _IN_SUMS or _is_comparison(f) for term in terms for f, _, _ in term):
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
                rules = _IN_SUMS.get(f.name) or (_MASKS if _is_comparison(f) else ())
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


# --- functions with rules of their own -------------------------------------------------------------

_SPECIAL: dict[str, Callable[[Any, Fraction, Tensor], Tensor | None]] = {
    "exp": Calculus.exponential,
    "log": Calculus.logarithm,
    "abs": Calculus.magnitude,
    "sign": Calculus.sign,
}


# --- products ----------------------------------------------------------------------------------------
#
# A rule is given a factor f[idx]^e and the rest of the product.


def _argument(f: Tensor, idx: Index) -> tuple[Tensor, Index]:
    a, places = f.args[0]
    return a, tuple(idx[i] for i in places)


def _exponent(rest: list[Factor], t: Tensor, idx: Index) -> Fraction:
    return next((e for f, i, e in rest if f is t and i == idx), ZERO)


def _without(rest: list[Factor], t: Tensor, idx: Index) -> list[Factor]:
    return [(f, i, e) for f, i, e in rest if not (f is t and i == idx)]


def _odd(e: Fraction) -> bool:
    return e.denominator == 1 and e % 2 == 1


def _sign_in_product(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    u, i = _argument(f, idx)
    if e != 1:  # sign(u)^2 = 1, for u not 0
        return [*rest, (f, idx, ONE)] if _odd(e) else rest
    size = alg.function("abs", u)
    k = _exponent(rest, size, i)
    if k:  # sign(u) |u|^k = u |u|^(k-1)
        step = ONE if k > 0 else -ONE
        return [*_without(rest, size, i), (size, i, k - step), (u, i, step)]
    k = _exponent(rest, u, i)
    if k and _odd(k):  # sign(u) u^k = |u|^k, for u not 0
        return [*_without(rest, u, i), (size, i, k)]
    return None


def _abs_in_product(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    u, i = _argument(f, idx)
    if e.denominator == 1 and e % 2 == 0:  # |u|^2 = u^2
        return [*rest, (u, i, e)]
    k = _exponent(rest, u, i)
    if k.denominator == 1 and k * e < 0:  # |u|^e u^k = |u|^(e+k), times sign(u) for odd k
        more = [(alg.function("sign", u), i, ONE)] if _odd(k) else []
        return [*_without(rest, u, i), (f, idx, e + k), *more]
    return None


def _relu_in_product(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    u, i = _argument(f, idx)
    for m, j, _ in rest:
        if is_mask(m) and m.name in ("gt", "ge") and j == idx:
            a, b = m.args
            if a[0] is u and b[0].form == "sum" and alg.constant(b[0]) == 0:
                return [*_without(rest, m, j), (f, idx, e)]  # relu(u) (u > 0) = relu(u)
    return None


def _ratio_in_product(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    for (top, bottom), ratio in RATIOS.items():
        if f.name == top:  # sin(u)^a cos(u)^-a = tan(u)^a
            u, _ = _argument(f, idx)
            other = alg.function(bottom, u)
            k = _exponent(rest, other, idx)
            if k * e < 0:
                a = min(abs(e), abs(k)) * (1 if e > 0 else -1)
                more = [(f, idx, e - a), (other, idx, k + a)]
                return [*_without(rest, other, idx), *more, (alg.function(ratio, u), idx, a)]
    return None


def _softmax_summed(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], int] | None:
    last = idx[-1]
    alone = last >= rank and last not in idx[:-1] and not any(last in i for _, i, _ in rest)
    return (rest, last) if alone and e == 1 else None  # the sum of a softmax is 1


def _inv_summed(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], int] | None:
    """inv(X) X = X inv(X) = I."""
    if e != 1 or f.rank != 2:
        return None
    x = f.args[0]
    for mine, other in ((1, 0), (0, 1)):
        k = idx[mine]
        if k < rank or sum(k in i for _, i, _ in rest) != 1 or idx[other] == k:
            continue
        for t, i, e1 in rest:
            if t is x and e1 == 1 and k in i and i[0] != i[1]:
                if i[1 - mine] == k or x.symmetric:
                    far = i[0] if i[1] == k else i[1]
                    new = (alg.delta(f.shape[0]), (idx[other], far), ONE)
                    return [*_without(rest, t, i), new], k
    return None


def _mask_in_product(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    no = alg.tensor("function", COMPARISONS[f.name], f.shape, f.args)
    if _exponent(rest, no, idx):  # (u > v) (u <= v) = 0
        return [(alg.number(0), (), ONE)]
    return None


def _select_summed(
    alg: Calculus, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], int] | None:
    """Rows of an identity matrix: each sums to 1, two of them are equal or orthogonal."""
    k = idx[-1]
    users = [(t, i) for t, i, _ in rest if k in i]
    if k < rank or len(users) > 1:
        return None
    if not users:
        return rest, k
    t, i = users[0]
    if t.form != "select":
        return None
    if t.rank == f.rank == 1:  # t is another row, for two of the same have been merged
        return [(alg.number(0), (), ONE)], k
    if t is f and f.rank == 2 and f.attr("distinct") and i[-1] == k:
        return [*_without(rest, t, i), (alg.delta(f.shape[0]), (idx[0], i[0]), ONE)], k
    return None


_Rule = Callable[[Any, Tensor, Index, Fraction, list[Factor], int], list[Factor] | None]
_IN_PRODUCTS: dict[str, _Rule] = {
    "sign": _sign_in_product,
    "abs": _abs_in_product,
    "relu": _relu_in_product,
    "sin": _ratio_in_product,
    "sinh": _ratio_in_product,
    **dict.fromkeys(COMPARISONS, _mask_in_product),
}
_Summed = Callable[
    [Any, Tensor, Index, Fraction, list[Factor], int], tuple[list[Factor], int] | None
]
_SUMMED: dict[str, _Summed] = {
    "softmax": _softmax_summed,
    "inv": _inv_summed,
    "select": _select_summed,
}
_RULED = frozenset((*_IN_PRODUCTS, *_SUMMED))


# --- sums --------------------------------------------------------------------------------------------
#
# (power, partner, outcome): c M f^power + d M partner becomes what `outcome` makes of c and d,
# as a list of (coefficient, factors) that are multiplied by M.

_Outcome = list[tuple[Fraction, list[Factor]]] | None


def _like(name: str, power: int) -> Callable[[Any, Tensor, Index], list[Factor]]:
    """The partner ``name(u)^power`` of a function of u."""
    return lambda alg, f, idx: [(alg.function(name, f.args[0][0]), idx, Fraction(power))]


def _one(alg: Any, f: Tensor, idx: Index) -> list[Factor]:
    return []


def _of_double(name: str) -> Callable[..., list[Factor]]:
    def factor(alg: Calculus, f: Tensor, idx: Index) -> list[Factor]:
        u, i = _argument(f, idx)
        return [(alg.apply(name, alg.times(2, u)), i, ONE)]

    return factor


_cos_double, _cosh_double = _of_double("cos"), _of_double("cosh")


def _sin_cos(alg: Calculus, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == d:
        return [(c, [])]  # sin^2 + cos^2 = 1
    return [(d, _cos_double(alg, f, idx))] if c == -d else None  # cos^2 - sin^2 = cos 2u


def _sinh_cosh(alg: Calculus, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == -d:
        return [(d, [])]  # cosh^2 - sinh^2 = 1
    return [(d, _cosh_double(alg, f, idx))] if c == d else None  # cosh^2 + sinh^2 = cosh 2u


def _leaves(name: str, same: int) -> Callable[..., _Outcome]:
    """``c f^2 + d`` is a multiple of ``name^2`` where c is d (same = 1) or -d (same = -1)."""

    def outcome(alg: Calculus, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
        other = (alg.function(name, f.args[0][0]), idx, Fraction(2))
        return [(c if f.name == "cosh" else d, [other])] if c == same * d else None

    return outcome


def _negated_sigmoid(alg: Calculus, f: Tensor, idx: Index) -> list[Factor]:
    return [(alg.apply("sigmoid", alg.times(-1, f.args[0][0])), idx, ONE)]


def _sigmoid_and_one(alg: Calculus, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == -d:
        return [(d, _negated_sigmoid(alg, f, idx))]  # 1 - s(u) = s(-u)
    if c == -2 * d:  # 1 - 2 s(u) = -tanh(u/2)
        half = alg.apply("tanh", alg.times(Fraction(1, 2), f.args[0][0]))
        return [(-d, [(half, idx, ONE)])]
    return None


def _both(alg: Calculus, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    return [(c, [])] if c == d else None


def _mask_opposite(alg: Calculus, f: Tensor, idx: Index) -> list[Factor]:
    return [(alg.opposite(f), idx, ONE)] if f.form == "function" else []


def _mask_and_one(alg: Calculus, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == -d and f.form == "function":
        return [(d, _mask_opposite(alg, f, idx))]  # 1 - m = not m
    return None


_MASKS = [(1, _mask_opposite, _both), (1, _one, _mask_and_one)]  # m + not m = 1
_IN_SUMS: dict[str, list[tuple[int, Any, Any]]] = {
    "sin": [(2, _like("cos", 2), _sin_cos), (2, _one, _leaves("cos", -1))],  # 1 - sin^2
    "cos": [(2, _one, _leaves("sin", -1))],  # 1 - cos^2 = sin^2
    "sinh": [(2, _like("cosh", 2), _sinh_cosh), (2, _one, _leaves("cosh", 1))],  # 1 + sinh^2
    "cosh": [(2, _one, _leaves("sinh", -1))],  # cosh^2 - 1 = sinh^2
    "sigmoid": [(1, _negated_sigmoid, _both), (1, _one, _sigmoid_and_one)],
}
