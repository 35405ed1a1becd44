"""Elementary functions in the normal form of display, with the identities of one function.

Each identity states its side condition: where it fails, the form on the right is the one that has a
value, or the two differ on a set that the condition names. None touches the numbers of `eval`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .polynomial import Algebra
from .tensors import (
    COMPARISONS,
    ONE,
    ZERO,
    Factor,
    Index,
    Tensor,
    Term,
    axes_of,
    is_mask,
    is_zero_or_one,
    vanishes,
)

ODD = frozenset("sin tan sinh tanh arcsin arctan arcsinh arctanh erf erfinv cbrt sign".split())
EVEN = frozenset(("cos", "cosh", "abs"))
AT_ZERO: dict[str, Fraction | int] = {
    **dict.fromkeys(("sin", "tan", "sinh", "tanh", "arcsin", "arctan", "arcsinh", "abs"), 0),
    **dict.fromkeys(("sqrt", "erf", "expm1", "log1p", "relu", "sign", "cbrt"), 0),
    **dict.fromkeys(("exp", "cos", "cosh", "exp2"), 1),
    "sigmoid": Fraction(1, 2),
}
STEPS: dict[str, Callable[[Fraction], Fraction | int]] = {  # exact at a rational number
    "floor": math.floor, "ceil": math.ceil, "trunc": math.trunc,
    "relu": lambda x: max(x, ZERO),
}  # fmt: skip
POWERS = {
    "sqrt": Fraction(1, 2), "rsqrt": Fraction(-1, 2),
    "square": Fraction(2), "reciprocal": Fraction(-1),
}  # fmt: skip


def _is_log(term: Term) -> bool:
    return len(term) == 1 and term[0][0].name == "log" and term[0][2] == 1


class Functions(Algebra):
    """The algebra of named indices with functions applied entry by entry."""

    def apply(self, name: str, t: Tensor) -> Tensor:
        """A function of one tensor, entry by entry."""
        if name in POWERS:
            return self.power(t, POWERS[name])
        value = self.constant(t)
        if value == 0 and name in AT_ZERO:
            return self.number(AT_ZERO[name], t.shape)
        if value is not None and name in STEPS:
            return self.number(STEPS[name](value), t.shape)
        c, inner, axes = (ONE, t, axes_of(t)) if t.form != "sum" else self.as_factor(t)
        special = SPECIAL.get(name)
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
        rest: dict[Term, Fraction] = (
            dict(t.terms) if t.form == "sum" else {((t, axes_of(t), ONE),): ONE}
        )
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
        return self.tensor("number", "e", node=math.e)

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
        """log of a power is a multiple of a log, for a positive base; log x^2 = 2 log |x|."""
        if c != 1:
            return None
        if t.form == "function" and t.name == "exp":  # log e^u = u
            return self.product(t.shape, (t.args[0][0], t.args[0][1], 1))
        if t.form == "along" and t.name == "det":  # log det, for det > 0
            return self.tensor("along", "logdet", t.shape, t.args, t.attrs)
        if t.form == "sum" and len(t.terms) == 1:
            ((term, k),) = t.terms.items()
            if k == 1 and len(term) == 1 and all(i < t.rank for i in term[0][1]):
                f, idx, e = term[0]
                base = self.apply("abs", f) if e.denominator == 1 and e % 2 == 0 else f
                return self.times(e, self.product(t.shape, (self.apply("log", base), idx, 1)))
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
        """sign(x y) = sign(x) sign(y); 1 where x is known to be positive; a mask is its own."""
        s = ONE if c > 0 else -ONE
        if t.form == "sum" and len(t.terms) == 1:
            ((term, k),) = t.terms.items()
            if all(i < t.rank for _, idx, _ in term for i in idx):
                factors = [
                    (f if is_zero_or_one(f) else self.function("sign", f), idx, ONE)
                    for f, idx, e in term
                    if vanishes(f) or not self.nonnegative(f, e)
                ]
                return self.sum(t.shape, [(s if k > 0 else -s, factors)])
        if self.nonnegative(t) and not vanishes(t):  # sign(x) = 1, for x not 0
            return self.number(s, t.shape)
        return self.times(s, t if is_zero_or_one(t) else self.function("sign", t))

    # --- powers and choices ----------------------------------------------------------------------

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
        return self.product(base.shape, (made, tuple(used), k), (base, axes_of(base), whole))

    def choose(self, mask: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """``where(mask, x, y)`` as ``mask*x + (1 - mask)*y``; render.py turns it back."""
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
            inner, axes = mask.args[0]
            true = inner if is_mask(inner) else self.function("truth", inner)
            return self.product(mask.shape, (true, axes, 1))
        if mask.form == "function" and mask.name == "truth":
            inner, axes = mask.args[0]
            return self.product(mask.shape, (self.function("logical_not", inner), axes, 1))
        if is_mask(mask) and mask.form == "function":
            return self.function("logical_not", mask)
        axes = axes_of(mask)
        return self.sum(mask.shape, [(ONE, []), (-ONE, [(mask, axes, ONE)])])


SPECIAL: dict[str, Callable[[Any, Fraction, Tensor], Tensor | None]] = {
    "exp": Functions.exponential,
    "log": Functions.logarithm,
    "abs": Functions.magnitude,
    "sign": Functions.sign,
}
