"""Identities between the factors of a product, and between the terms of a sum.

Each states its side condition, as in functions.py.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .functions import Functions
from .matrices import applied_to_update
from .tensors import COMPARISONS, ONE, ZERO, Factor, Index, Tensor, is_mask, positions, vanishes
from .terms import occurrence

WITHIN = {"gt": "lt", "ge": "le"}
RATIOS = {("sin", "cos"): "tan", ("sinh", "cosh"): "tanh"}  # sin/cos = tan

# --- products ------------------------------------------------------------------------------------
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
    alg: Any, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    u, i = _argument(f, idx)
    if vanishes(u):
        return None
    if e != 1 and not (alg.guarded and e == 2):  # sign(u)^2 = 1, for u not 0
        return [*rest, (f, idx, ONE)] if _odd(e) else rest
    size = alg.function("abs", u)
    k = _exponent(rest, size, i)
    if abs(k) >= 1:  # sign(u) |u|^k = u |u|^(k-1); for k = 1/2 it would come back as |u|^(-1/2) u
        step = ONE if k > 0 else -ONE
        return [*_without(rest, size, i), (size, i, k - step), (u, i, step)]
    k = _exponent(rest, u, i)
    if k and k.denominator == 1:  # sign(u) u^k = |u| u^(k-1), for u not 0
        return [*_without(rest, u, i), (size, i, k if _odd(k) else ONE)] + (
            [] if _odd(k) else [(u, i, k - 1)]
        )
    return None


def _abs_in_product(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
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
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    u, _ = _argument(f, idx)
    for m, j, _ in rest:
        if is_mask(m) and m.name in ("gt", "ge") and j == idx:
            a, b = m.args
            if a[0] is u and b[0].form == "sum" and alg.constant(b[0]) == 0:
                return [*_without(rest, m, j), (f, idx, e)]  # relu(u) (u > 0) = relu(u)
    return None


def _extreme_in_product(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    """max(u, 0) H(u) = max(u, 0), for a step H from 0 to 1; min(u, 0) H(-u) likewise."""
    for zero, u in (f.args, f.args[::-1]):
        if zero[0].form != "sum" or zero[0].terms:
            continue
        for h, j, _ in rest:
            if h.form == "function" and h.name == "heaviside":
                (v, places), _ = h.args
                at, there = (tuple(i[n] for n in p) for i, p in ((idx, u[1]), (j, places)))
                other = v if f.name == "maximum" else alg.times(-1, v)
                if other is u[0] and at == there:
                    return [*_without(rest, h, j), (f, idx, e)]
    return None


def _triangle_in_product(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    return rest if idx[0] == idx[1] else None  # ones on the diagonal


def _sigmoids_in_product(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    """s(2u) s(-2u) = (1 - tanh(u)^2)/4, for a multiple of 2 as it comes from log cosh."""
    u, places = _argument(f, idx)
    c = alg.as_factor(u)[0] if u.form == "sum" else ONE
    if c.denominator != 1 or c % 2 or e < 1:
        return None
    other = alg.function("sigmoid", alg.times(-1, u))
    k = _exponent(rest, other, idx)
    if k < 1:
        return None
    bent = alg.power(alg.apply("tanh", alg.times(Fraction(1, 2), u)), Fraction(2))
    slope = alg.plus(alg.number(Fraction(1, 4), u.shape), alg.times(Fraction(-1, 4), bent))
    more = [(f, idx, e - 1), (other, idx, k - 1), (slope, places, ONE)]
    return [*_without(rest, other, idx), *more]


def _ratio_in_product(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    for (top, bottom), ratio in RATIOS.items():
        if f.name == top:  # sin(u)^a cos(u)^-a = tan(u)^a
            u, _ = _argument(f, idx)
            other = alg.function(bottom, u)
            k = _exponent(rest, other, idx)
            if k * e < 0 and k.denominator == e.denominator == 1:  # a root has a sign to mind
                a = min(abs(e), abs(k)) * (1 if e > 0 else -1)
                more = [(f, idx, e - a), (other, idx, k + a)]
                return [*_without(rest, other, idx), *more, (alg.function(ratio, u), idx, a)]
    return None


def _softmax_summed(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], Index] | None:
    last = idx[-1]
    alone = last >= rank and last not in idx[:-1] and not any(last in i for _, i, _ in rest)
    return (rest, (last,)) if alone and e == 1 else None  # the sum of a softmax is 1


def _one_hot_summed(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], Index] | None:
    """A row of one_hot has a single 1, unless a class is ignored."""
    ignored = dict(f.attrs)["ignore_index"]
    return None if ignored is not None else _softmax_summed(alg, f, idx, e, rest, rank)


def _inv_summed(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], Index] | None:
    """inv(X) X = X inv(X) = I; an inverse that a vector of X is applied to (see matrices.py)."""
    if e != 1 or f.rank != 2:
        return None
    x = f.args[0]
    whole = _product_of_inverse(alg, f, idx, rest, rank)
    if whole is not None:
        return whole
    updated = applied_to_update(alg, f, idx, rest, rank) or _cholesky_summed(
        alg, f, idx, e, rest, rank
    )
    if updated is not None:
        return updated
    same = [(t, i) for t, i, e1 in rest if t is x and e1 == 1 and i[0] != i[1]]
    for mine, other in ((1, 0), (0, 1)) if same else ():
        k = idx[mine]
        if k < rank or sum(k in i for _, i, _ in rest) != 1 or idx[other] == k:
            continue
        for t, i in same:
            if i[1 - mine] == k or (x.symmetric and k in i):
                far = i[0] if i[1] == k else i[1]
                new = (alg.delta(f.shape[0]), (idx[other], far), ONE)
                return [*_without(rest, t, i), new], (k,)
    return None


def _product_of_inverse(
    alg: Functions, f: Tensor, idx: Index, rest: list[Factor], rank: int
) -> tuple[list[Factor], Index] | None:
    """inv(U V) U V = U V inv(U V) = I, for the factors of a product."""
    x = f.args[0]
    if x.form != "sum" or set(x.terms.values()) != {1} or len(x.terms) > 1:
        return None
    (term,) = x.terms
    for mine, other in ((1, 0), (0, 1)):
        k = idx[mine]
        match = occurrence(term, {1 - mine: k}, rest) if k >= rank and idx[other] != k else None
        if match is None:
            continue
        left, names = match
        gone = (k, *(place for i, place in names.items() if i > 1))
        elsewhere = {i for _, places, _ in left for i in places} | {names[mine], idx[other]}
        if len(set(gone)) < len(gone) or min(gone) < rank or elsewhere.intersection(gone):
            continue
        return [*left, (alg.delta(f.shape[0]), (idx[other], names[mine]), ONE)], gone
    return None


def _cholesky_summed(
    alg: Any, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], Index] | None:
    """L L' = S and inv(L)' inv(L) = inv(S) for L = cholesky(S) of a symmetric matrix."""
    inverse = f.form == "along"
    call = f.args[0] if inverse else f
    s = call.args[0] if call.name == "cholesky" and not call.attr("upper") else None
    if e != 1 or f.rank != 2 or s is None or not s.symmetric:
        return None
    mine, other = (0, 1) if inverse else (1, 0)
    users = [(t, i) for t, i, _ in rest if idx[mine] in i]
    if idx[mine] < rank or len(users) != 1 or idx[0] == idx[1]:
        return None
    ((t, i),) = users
    if t is not f or i[mine] != idx[mine] or i[0] == i[1] or _exponent(rest, t, i) != 1:
        return None
    made = alg.matrix("inv", s) if inverse else s
    return [*_without(rest, t, i), (made, (idx[other], i[other]), ONE)], (idx[mine],)


def _mask_in_product(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> list[Factor] | None:
    if e != 1:
        return None
    no = alg.tensor("function", COMPARISONS[f.name], f.shape, f.args)
    if _exponent(rest, no, idx):  # (u > v) (u <= v) = 0
        return [(alg.number(0), (), ONE)]
    for g, j, k in rest if f.name in WITHIN else ():  # (u > -v) (u < v) = |u| < v
        if g.form == "function" and g.name == WITHIN[f.name] and j == idx and k == 1:
            (u, places), (v, _) = g.args
            if f.args[0] == g.args[0] and alg.times(-1, f.args[1][0]) is v:
                size = (alg.apply("abs", u), places)
                inside = alg.tensor("function", g.name, g.shape, (size, g.args[1]), g.attrs)
                return [*_without(rest, g, j), (inside, idx, ONE)]
    return None


def _select_summed(
    alg: Functions, f: Tensor, idx: Index, e: Fraction, rest: list[Factor], rank: int
) -> tuple[list[Factor], Index] | None:
    """Rows of an identity matrix: each sums to 1, two of them are equal or orthogonal, and what
    they pick from other such rows, or from a triangle, is known."""
    k = idx[-1]
    users = [(t, i) for t, i, _ in rest if k in i]
    if k < rank or len(users) > 1:
        return None
    if not users:
        return rest, (k,)
    t, i = users[0]
    left = _without(rest, t, i)
    mine, other = positions(f), positions(t) if t.form == "select" else None
    n = f.shape[-1]
    if t.form == "triangle" and mine is not None and f.rank == 1 and isinstance(n, int):
        forward = i[0] == k  # its row: ones up to the diagonal; else its column: ones from there
        if mine[0] == (n - 1 if forward else 0):
            return left, (k,)
        if mine[0] == (0 if forward else n - 1):
            return [*left, (f, (i[1 - i.index(k)],), ONE)], (k,)
    if t.form == "triangle" and f.rank == 2 and f.attr("entry") == ("slice", None, None, -1):
        far = i[1 - i.index(k)]  # turned round both ways, a triangle is the other one
        same = next((g for g in left if g[0] is f and g[1][-1] == far >= rank), None)
        if same is not None and sum(far in places for _, places, _ in left) == 1:
            both = (idx[0], same[1][0]) if i[1] == k else (same[1][0], idx[0])
            return [*_without(left, f, same[1]), (t, both, ONE)], (k, far)
    if mine is None or other is None:
        if t is f and f.rank == 2 and f.attr("distinct") and i[-1] == k:
            return [*left, (alg.delta(f.shape[0]), (idx[0], i[0]), ONE)], (k,)
        return None
    if i[-1] != k:  # rows of rows
        whole = t.shape[-1]
        assert isinstance(whole, int)
        return [*left, (alg.rows([other[p] for p in mine], whole), (*idx[:-1], i[-1]), ONE)], (k,)
    if f.rank == 1 or t.rank == 1:
        one, many, axis = (mine, other, i[0]) if f.rank == 1 else (other, mine, idx[0])
        if one[0] not in many:
            return [(alg.number(0), (), ONE)], (k,)
        if f.rank == t.rank:
            return left, (k,)
        if many.count(one[0]) == 1:
            return [*left, (alg.rows([many.index(one[0])], len(many)), (axis,), ONE)], (k,)
        return None
    for first, second, axes in ((mine, other, (idx[0], i[0])), (other, mine, (i[0], idx[0]))):
        if set(first) <= set(second) and len(set(second)) == len(second):
            rows = alg.rows([second.index(p) for p in first], len(second))
            return [*left, (rows, axes, ONE)], (k,)
    return None


_Rule = Callable[[Any, Tensor, Index, Fraction, list[Factor], int], list[Factor] | None]
IN_PRODUCTS: dict[str, _Rule] = {
    "sign": _sign_in_product,
    "abs": _abs_in_product,
    "relu": _relu_in_product,
    "sigmoid": _sigmoids_in_product,
    "triangle": _triangle_in_product,
    "maximum": _extreme_in_product,
    "minimum": _extreme_in_product,
    "sin": _ratio_in_product,
    "sinh": _ratio_in_product,
    **dict.fromkeys(COMPARISONS, _mask_in_product),
}
_Summed = Callable[
    [Any, Tensor, Index, Fraction, list[Factor], int], tuple[list[Factor], Index] | None
]
SUMMED: dict[str, _Summed] = {
    "softmax": _softmax_summed,
    "one_hot": _one_hot_summed,
    "cholesky": _cholesky_summed,
    "inv": _inv_summed,
    "select": _select_summed,
}
RULED = frozenset((*IN_PRODUCTS, *SUMMED))


# --- sums ----------------------------------------------------------------------------------------
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
    def factor(alg: Functions, f: Tensor, idx: Index) -> list[Factor]:
        u, i = _argument(f, idx)
        return [(alg.apply(name, alg.times(2, u)), i, ONE)]

    return factor


_cos_double, _cosh_double = _of_double("cos"), _of_double("cosh")


def _sin_cos(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == d:
        return [(c, [])]  # sin^2 + cos^2 = 1
    return [(d, _cos_double(alg, f, idx))] if c == -d else None  # cos^2 - sin^2 = cos 2u


def _sinh_cosh(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == -d:
        return [(d, [])]  # cosh^2 - sinh^2 = 1
    return [(d, _cosh_double(alg, f, idx))] if c == d else None  # cosh^2 + sinh^2 = cosh 2u


def _leaves(name: str, same: int) -> Callable[..., _Outcome]:
    """``c f^2 + d`` is a multiple of ``name^2`` where c is d (same = 1) or -d (same = -1)."""

    def outcome(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
        other = (alg.function(name, f.args[0][0]), idx, Fraction(2))
        return [(c if f.name == "cosh" else d, [other])] if c == same * d else None

    return outcome


def _negated_sigmoid(alg: Functions, f: Tensor, idx: Index) -> list[Factor]:
    return [(alg.apply("sigmoid", alg.times(-1, f.args[0][0])), idx, ONE)]


def _sigmoid_and_one(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == -d:
        return [(d, _negated_sigmoid(alg, f, idx))]  # 1 - s(u) = s(-u)
    if c == -2 * d:  # 1 - 2 s(u) = -tanh(u/2)
        half = alg.apply("tanh", alg.times(Fraction(1, 2), f.args[0][0]))
        return [(-d, [(half, idx, ONE)])]
    return None


def _both(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    return [(c, [])] if c == d else None


def _mask_opposite(alg: Functions, f: Tensor, idx: Index) -> list[Factor]:
    return [(alg.opposite(f), idx, ONE)] if f.form == "function" else []


def _mask_and_one(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c == -d and f.form == "function":
        return [(d, _mask_opposite(alg, f, idx))]  # 1 - m = not m
    return None


def _step_back(alg: Functions, f: Tensor, idx: Index) -> list[Factor]:
    (u, places), half = f.args
    back = ((alg.times(-1, u), places), half)
    return [(alg.tensor("function", f.name, f.shape, back, f.attrs), idx, ONE)]


def _both_steps(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    half = alg.constant(f.args[1][0]) == Fraction(1, 2)
    return [(c, [])] if c == d and half else None  # H(u) + H(-u) = 1, for H(0) = 1/2


def _step_and_one(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    half = alg.constant(f.args[1][0]) == Fraction(1, 2)
    return [(d, _step_back(alg, f, idx))] if c == -d and half else None  # 1 - H(u) = H(-u)


def _complement(alg: Functions, c: Fraction, d: Fraction, f: Tensor, idx: Index) -> _Outcome:
    if c != -d:
        return None
    return [(d, [(alg.function("erfc", f.args[0][0]), idx, ONE)])]  # 1 - erf(u) = erfc(u)


MASKS = [(1, _mask_opposite, _both), (1, _one, _mask_and_one)]  # m + not m = 1
IN_SUMS: dict[str, list[tuple[int, Any, Any]]] = {
    "sin": [(2, _like("cos", 2), _sin_cos), (2, _one, _leaves("cos", -1))],  # 1 - sin^2
    "cos": [(2, _one, _leaves("sin", -1))],  # 1 - cos^2 = sin^2
    "sinh": [(2, _like("cosh", 2), _sinh_cosh), (2, _one, _leaves("cosh", 1))],  # 1 + sinh^2
    "cosh": [(2, _one, _leaves("sinh", -1))],  # cosh^2 - 1 = sinh^2
    "erf": [(1, _one, _complement)],
    "heaviside": [(1, _step_back, _both_steps), (1, _one, _step_and_one)],
    "sigmoid": [(1, _negated_sigmoid, _both), (1, _one, _sigmoid_and_one)],
}
