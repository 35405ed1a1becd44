"""Reading rows that act on whole axes: softmax, norms, products, determinants, inverses."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf

from .. import sizes
from ..node import TABLE, Node, Shape
from ..ops import dimension
from .matrices import rank_one
from .read_axes import back, contraction, dims_of, last, summed_along
from .reader import Reader, Rule
from .tensors import ONE, Index, Tensor, axes_of, vanishes

MOST_PARTS = 12  # of a norm's exponent, as a fraction


def _along(name: str) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        moved, _, active = last(r, node, args[0], dims_of(node))
        if not active:
            return args[0] if name in ("logsumexp", "prod", "max", "min") else None
        return r.alg.along(name, moved, active)

    return rule


def _weighted_logsumexp(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """log(sum(y*exp(x)))."""
    x, y = node.args
    summed = TABLE["sum"](y * TABLE["exp"](x), dim=node.attr("dim"), keepdim=node.attr("keepdim"))
    return r.read(TABLE["log"](summed))


def _prod_others(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """The gradient of prod(x), and that along directions: as shares of it, for x not 0."""
    if len(args) > 3 or r.alg.guarded or vanishes(args[0]):
        return None
    alg = r.alg
    kept, gone = r.reduce(node, node.attr("dim"))
    x, *directions = (r.spread(a, t, node.shape) for a, t in zip(node.args, args, strict=True))
    if not gone:
        return alg.number(0 if directions else 1, x.shape)
    product = alg.along("prod", alg.permuted(x, (*kept, *gone)), len(gone))
    axes = axes_of(x)
    shares = [alg.product(x.shape, (h, axes, 1), (x, axes, -1)) for h in directions]
    rest = _over_others(r, x.shape, shares, gone)
    return alg.product(x.shape, (product, kept, 1), (x, axes, -1), (rest, axes, 1))


def _over_others(r: Reader, shape: Shape, shares: Sequence[Tensor], gone: Index) -> Tensor:
    """For each entry the sum of r1[i]*...*rm[k] over positions along the axes `gone` that differ
    from its own and from each other."""
    if not shares:
        return r.alg.number(1, shape)
    *others, last_one = shares
    axes, rank = tuple(range(len(shape))), len(shape)
    summed = {a: rank + n for n, a in enumerate(gone)}
    everywhere = r.alg.product(
        shape, (last_one, tuple(summed.get(a, a) for a in axes), 1),
        bound={i: shape[a] for a, i in summed.items()},
    )  # fmt: skip
    elsewhere = r.alg.plus(everywhere, r.alg.times(-1, last_one))
    found = r.alg.product(
        shape, (_over_others(r, shape, others, gone), axes, 1), (elsewhere, axes, 1)
    )
    for k, share in enumerate(others):
        both = r.alg.product(shape, (share, axes, 1), (last_one, axes, 1))
        taken = _over_others(r, shape, [*others[:k], both, *others[k + 1 :]], gone)
        found = r.alg.plus(found, r.alg.times(-1, taken))
    return found


def _cofactor_derivative(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """Along V: det(X) (tr(inv(X) V) inv(X)' - inv(X)' V' inv(X)'), for X that is not singular."""
    if len(args) != 2 or node.args[0].ndim != 2 or 1 in node.args[0].shape or rank_one(args[0]):
        return None
    x, v = args
    lead = tuple(range(v.rank - 2))
    i, j, k, m = (v.rank - 2 + n for n in range(4))
    det, inv = r.alg.matrix("det", x), r.alg.matrix("inv", x)
    change = (v, (*lead, m, k), 1)
    one = r.alg.product(v.shape, (det, (), 1), (inv, (k, m), 1), change, (inv, (j, i), 1))
    two = r.alg.product(v.shape, (det, (), 1), (inv, (k, i), 1), change, (inv, (j, m), 1))
    return r.alg.plus(one, r.alg.times(-1, two))


def _softmax(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    moved, order, active = last(r, node, args[0], dims_of(node))
    if not active:
        return r.alg.number(1, args[0].shape)
    made = r.alg.along("softmax", moved, 1, keep=True)
    return r.alg.permuted(made, back(order))


def _log_softmax(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """log_softmax(x) = x - logsumexp(x); render.py turns it back."""
    moved, order, active = last(r, node, args[0], dims_of(node))
    if not active:
        return r.alg.number(0, args[0].shape)
    made = r.alg.along("logsumexp", moved, 1)
    x = args[0]
    idx = tuple(order[n] for n in range(made.rank))
    spread = r.alg.product(x.shape, (made, idx, 1))
    return r.alg.plus(x, r.alg.times(-1, spread))


def _norm(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    a = dict(node.attrs)
    p = a["p"] if a["ord"] is None else a["ord"]
    x, t = node.args[0], args[0]
    if p in (inf, -inf):
        moved, _, active = last(r, node, r.alg.apply("abs", t), dims_of(node))
        return r.alg.along("max" if p > 0 else "min", moved, active) if active else moved
    if not isinstance(p, (int, float)) and p != "fro":
        return None
    e = Fraction(2) if p == "fro" else Fraction(p).limit_denominator(MOST_PARTS)
    if e <= 0:
        return None
    even = e.denominator == 1 and e % 2 == 0
    powers = r.alg.power(t if even else r.alg.apply("abs", t), e)
    return r.alg.power(summed_along(r, x, powers, dims_of(node)), 1 / e)


def _centred(r: Reader, x: Node, t: Tensor, dims: Sequence[int]) -> Tensor:
    """`t` minus its average along axes."""
    kept, _ = r.reduce(x, dims)
    n = sizes.product(x.shape[d] for d in dims)
    total = summed_along(r, x, t, dims)
    count = r.read(dimension(n))
    spread = r.alg.product(t.shape, (total, kept, 1), (count, (), -1))
    return r.alg.plus(t, r.alg.times(-1, spread))


def _var(exponent: Fraction) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        a = dict(node.attrs)
        correction = a.get("correction", 1)
        x, dims = node.args[0], dims_of(node)
        n = sizes.product(x.shape[d] for d in dims)
        if not isinstance(n, int) or n <= correction:
            return None
        centred = _centred(r, x, args[0], dims)
        total = summed_along(r, x, r.alg.power(centred, Fraction(2)), dims)
        return r.alg.power(r.alg.times(1 / (Fraction(n) - Fraction(correction)), total), exponent)

    return rule


def _matrix(name: str) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        if node.args[0].ndim < 2 or 1 in node.args[0].shape[-2:]:
            return None
        return r.alg.matrix(name, args[0])

    return rule


def _cofactor(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """The gradient of det: det(X) inv(X)', for X that is not singular."""
    if node.args[0].ndim < 2 or 1 in node.args[0].shape[-2:] or rank_one(args[0]):
        return None
    t = args[0]
    b = t.rank - 2
    det, inv = r.alg.matrix("det", t), r.alg.matrix("inv", t)
    return r.alg.product(t.shape, (det, tuple(range(b)), 1), (inv, (*range(b), b + 1, b), 1))


def _solve(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """solve(A, B) = inv(A) @ B; render.py turns it back."""
    a, b = node.args
    if 1 in a.shape[-2:] or not dict(node.attrs).get("left", True):
        return None
    inv = r.alg.matrix("inv", args[0])
    lead = len(node.shape) - (1 if b.ndim == 1 else 2)
    letters = list(range(node.ndim))
    row, summed = letters[lead], node.ndim
    ia = [*letters[lead - (a.ndim - 2) : lead], row, summed]
    ib = [summed] if b.ndim == 1 else [*letters[lead - (b.ndim - 2) : lead], summed, letters[-1]]
    return contraction(r, node.shape, (a, inv, ia), (b, args[1], ib))


ALONG: dict[str, Rule] = {
    "softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _along("logsumexp"),
    "weighted_logsumexp": _weighted_logsumexp,
    "prod": _along("prod"), "prod_others": _prod_others, "prod_derivative": _prod_others,
    "max": _along("max"), "min": _along("min"),
    "norm": _norm, "var": _var(ONE), "std": _var(Fraction(1, 2)),
    "det": _matrix("det"), "inv": _matrix("inv"), "logdet": _matrix("logdet"),
    "cofactor": _cofactor, "cofactor_derivative": _cofactor_derivative, "solve": _solve,
}  # fmt: skip
