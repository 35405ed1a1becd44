"""Reading rows that act entry by entry: numbers, arithmetic, functions, choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..node import Node
from .identities import Calculus
from .reader import POINTWISE, Reader, Rule, squeezed
from .tensors import ONE, Factor, Index, Item, Tensor, axes_of, is_mask, vanishes

_HALF = Fraction(1, 2)
MOST_BESSEL = 3  # the order of a spherical Bessel function that is written out
DECIMALS = 6  # digits of a float that is taken for the decimal it was written as
# --- numbers -------------------------------------------------------------------------------------


def read_number(alg: Calculus, value: float | int | bool) -> Item:
    """A number as a rational one times irrational constants."""
    if isinstance(value, (bool, int)):
        return Fraction(int(value)), []
    if not math.isfinite(value):
        return ONE, [(alg.tensor("number", repr(value), node=value), (), ONE)]
    text = repr(abs(value))
    plain = Fraction(text)
    if len(text.replace(".", "").strip("0")) <= DECIMALS and "e-" not in text:
        return plain * (1 if value >= 0 else -1), []
    if abs(value) >= 1e-3:
        third = plain.limit_denominator(24)
        if third and abs(float(third) - abs(value)) <= 2e-16 * abs(value):
            return third * (1 if value >= 0 else -1), []
        for names, size in _IRRATIONAL:
            ratio = Fraction(abs(value) / size).limit_denominator(12)
            if ratio and abs(float(ratio) * size - abs(value)) <= 4e-16 * abs(value):
                factors: list[Factor] = []
                for name, e in names:
                    base: Any = math.pi if name == "pi" else math.e if name == "e" else Fraction(2)
                    factors.append((alg.tensor("number", name, node=base), (), e))
                return ratio * (1 if value >= 0 else -1), factors
    sign = 1 if value >= 0 else -1
    return Fraction(sign), [(alg.tensor("number", repr(abs(value)), node=abs(value)), (), ONE)]


_IRRATIONAL: list[tuple[tuple[tuple[str, Fraction], ...], float]] = [
    ((("pi", ONE),), math.pi),
    ((("e", ONE),), math.e),
    ((("pi", -ONE),), 1 / math.pi),
    ((("2", _HALF),), math.sqrt(2)),
    ((("pi", _HALF),), math.sqrt(math.pi)),
    ((("pi", -_HALF),), 1 / math.sqrt(math.pi)),
    ((("2", _HALF), ("pi", _HALF)), math.sqrt(2 * math.pi)),
    ((("2", -_HALF), ("pi", -_HALF)), 1 / math.sqrt(2 * math.pi)),
    ((("2", _HALF), ("pi", -_HALF)), math.sqrt(2 / math.pi)),
    ((("pi", Fraction(2)),), math.pi**2),
]


def _constant(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    value = node.attr("value")
    if isinstance(value, np.ndarray):
        if value.size and bool((value == value.flat[0]).all()):
            return r.alg.sum(squeezed(node.shape), [read_number(r.alg, value.flat[0].item())])
        square = value.ndim == 2 and value.shape[0] == value.shape[1] > 1
        if square and bool((value == np.eye(value.shape[0])).all()):
            return r.alg.delta(value.shape[0])
        return None
    return r.alg.sum((), [read_number(r.alg, value)])


# --- arithmetic and functions --------------------------------------------------------------------


def _times(exponent: int) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        x, y = args
        if exponent < 0 and r.alg.constant(y) == 0:
            return None  # what is divided by 0 has no normal form
        ix, iy = (r.seen(a, node.shape) for a in node.args)
        return r.alg.product(squeezed(node.shape), (x, ix, 1), (y, iy, exponent))

    return rule


def _power(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    x, y = (r.spread(a, t, node.shape) for a, t in zip(node.args, args, strict=True))
    value = r.alg.constant(y)
    if value is not None and value < 0 and r.alg.constant(x) == 0:
        return None
    if value is not None:
        x = args[0]
        return r.spread(node.args[0], r.alg.power(x, value), node.shape)
    return r.alg.to_the(x, y)


def _elementary(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    options = {p.name: p.default for p in node.op.signature.parameters}
    if any(value != options[name] for name, value in node.attrs):
        return _mapped(r, node, args)
    return r.alg.apply(node.op.name, args[0])


def _normal_distribution(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """(1 + erf(x/sqrt(2)))/2."""
    half = r.alg.tensor("number", "2", node=Fraction(2))
    x = r.alg.product(args[0].shape, (args[0], axes_of(args[0]), 1), (half, (), -_HALF))
    return r.alg.times(_HALF, r.alg.plus(r.alg.number(1, x.shape), r.alg.apply("erf", x)))


def _inverse_mills(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """The normal density over the normal distribution function."""
    (x,) = args
    pi = r.alg.tensor("number", "pi", node=math.pi)
    two = r.alg.tensor("number", "2", node=Fraction(2))
    axes = axes_of(x)
    power = r.alg.times(-_HALF, r.alg.power(x, Fraction(2)))
    below = _normal_distribution(r, node, args)
    return r.alg.product(x.shape, (r.alg.apply("exp", power), axes, 1), (below, axes, -1),
                         (pi, (), -_HALF), (two, (), -_HALF))  # fmt: skip


def _sinc(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """sin(pi x)/(pi x), for x not 0."""
    if r.alg.guarded or vanishes(args[0]):
        return _mapped(r, node, args)
    pi = r.alg.tensor("number", "pi", node=math.pi)
    return _bessel(
        r.alg, 0, r.alg.product(args[0].shape, (args[0], axes_of(args[0]), 1), (pi, (), 1))
    )


def _spherical_jn(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    if r.alg.guarded or vanishes(args[0]) or node.attr("n") > MOST_BESSEL:
        return _mapped(r, node, args)
    return _bessel(r.alg, node.attr("n"), args[0])


def _bessel(alg: Calculus, n: int, x: Tensor) -> Tensor:
    """Spherical Bessel functions by their recurrence, from sin(x)/x and cos(x)/x; for x not 0."""
    axes = axes_of(x)
    before, found = (
        alg.product(x.shape, (alg.apply(name, x), axes, 1), (x, axes, -1))
        for name in ("cos", "sin")
    )
    for k in range(n):
        more = alg.product(x.shape, (found, axes, 1), (x, axes, -1))
        before, found = found, alg.plus(alg.times(2 * k + 1, more), alg.times(-1, before))
    return found


def _same(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    return args[0]


def _mapped(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """A function of several tensors, on the axes that it depends on."""
    views = []
    for a, t in zip(node.args, args, strict=True):
        idx = r.seen(a, node.shape)
        if t.form == "sum":
            used = sorted({i for term in t.terms for _, i_, _ in term for i in i_ if i < t.rank})
            t, idx = r.alg.taken(t, tuple(used)), tuple(idx[u] for u in used)
        views.append((t, idx))
    used = sorted({i for _, idx in views for i in idx})
    place = {a: n for n, a in enumerate(used)}
    shape = squeezed(node.shape)
    made = r.alg.tensor(
        "function", node.op.name, [shape[a] for a in used],
        tuple((t, tuple(place[i] for i in idx)) for t, idx in views), node.attrs,
    )  # fmt: skip
    return r.alg.product(shape, (made, tuple(used), 1))


def _of_two(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """The larger, the smaller or the step of two numbers; the larger of x and x is x."""
    x, y = (r.spread(a, t, node.shape) for a, t in zip(node.args, args, strict=True))
    if x is y and node.op.name != "heaviside":
        return x
    c, d = r.alg.constant(x), r.alg.constant(y)
    if c is None or d is None:
        return _mapped(r, node, args)
    return r.alg.number(OF_TWO_NUMBERS[node.op.name](c, d), x.shape)


def _compare(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    made = _mapped(r, node, args)
    x, y = args
    if r.alg.constant(x) is not None and r.alg.constant(y) is None:
        swapped = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}.get(node.op.name, node.op.name)
        if made.form == "function":
            return r.alg.tensor("function", swapped, made.shape, made.args[::-1])
    return made


def _without_nan(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """A product that is 0 wherever its second factor is."""
    return (_mapped if r.alg.guarded else _times(1))(r, node, args)


def _where(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    if r.alg.guarded:
        return _mapped(r, node, args)
    mask, x, y = (r.spread(a, t, node.shape) for a, t in zip(node.args, args, strict=True))
    if node.args[0].kind != "bool" and not is_mask(args[0]):
        mask = r.alg.function("truth", mask)
    if mask.form == "sum" and len(mask.terms) == 1:
        ((term, c),) = mask.terms.items()
        if c == 1 and len(term) == 2:  # both of two masks: where(m, where(n, x, y), y)
            (a, ia, _), (b, ib, _) = term
            inner = _chosen(r, b, ib, x, y)
            return _chosen(r, a, ia, inner, y)
        if c == 1 and len(term) == 1:  # a mask repeated along axes
            return _chosen(r, term[0][0], term[0][1], x, y)
    return r.alg.choose(mask, x, y)


def _chosen(r: Reader, t: Tensor, idx: Index, x: Tensor, y: Tensor) -> Tensor:
    """``where(mask, x, y)`` for a mask on some of the axes."""
    no, axes = r.alg.opposite(t), axes_of(x)
    return r.alg.sum(
        x.shape, [(ONE, [(t, idx, ONE), (x, axes, ONE)]), (ONE, [(no, idx, ONE), (y, axes, ONE)])]
    )


def _both(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """Two comparisons that both hold, as their product."""
    if any(a.kind != "bool" for a in node.args):
        return _mapped(r, node, args)
    return _times(1)(r, node, args)


ELEMENTARY = (
    "exp expm1 exp2 log log1p log2 log10 sqrt rsqrt square reciprocal cbrt abs sign floor ceil"
    " round trunc sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh erf erfc"
    " erfinv lgamma digamma sigmoid logsigmoid softplus relu"
).split()
MAPPED = (
    "maximum minimum hypot arctan2 xlogy clamp logaddexp heaviside floor_divide remainder".split()
)
OF_TWO_NUMBERS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "maximum": max, "minimum": min,
    "heaviside": lambda x, at_zero: at_zero if x == 0 else Fraction(x > 0),
}  # fmt: skip

ENTRIES: dict[str, Rule] = {
    "constant": _constant,
    "mul": _times(1), "div": _times(-1), "multiply_no_nan": _without_nan,
    "pow": _power, "where": _where, "detach": _same, "ndtr": _normal_distribution,
    "inverse_mills": _inverse_mills, "sinc": _sinc, "spherical_jn": _spherical_jn,
    "logical_and": _both, POINTWISE: _mapped,
    **dict.fromkeys(ELEMENTARY, _elementary),
    **dict.fromkeys(MAPPED, _mapped),
    **dict.fromkeys(OF_TWO_NUMBERS, _of_two),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _compare),
}  # fmt: skip
