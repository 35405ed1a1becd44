"""Reading rows that act on whole axes: softmax, norms, products, determinants, inverses."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from .. import sizes
from ..node import Node
from ..ops import dimension
from .read_axes import back, contraction, dims_of, last, summed_along
from .reader import Reader, Rule
from .tensors import ONE, Tensor, axes_of


def _along(name: str) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        moved, _, active = last(r, node, args[0], dims_of(node))
        if not active:
            return args[0] if name in ("logsumexp", "prod", "max", "min") else None
        return r.alg.along(name, moved, active)

    return rule


def _prod_others(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """The gradient of prod: prod(x)/x, for entries that are not 0."""
    dims = node.attr("dim")
    dims = (
        tuple(range(-node.ndim, 0))
        if dims is None
        else dims
        if isinstance(dims, tuple)
        else (dims,)
    )
    moved, order, active = last(r, node, args[0], dims)
    if not active:
        return r.alg.number(1, args[0].shape)
    made = r.alg.along("prod", moved, active)
    return r.alg.product(
        args[0].shape, (made, order[: made.rank], 1), (args[0], axes_of(args[0]), -1)
    )


def _cofactor_derivative(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """Along V: det(X) (tr(inv(X) V) inv(X)' - inv(X)' V' inv(X)'), for X that is not singular."""
    if len(args) != 2 or node.args[0].ndim != 2 or 1 in node.args[0].shape:
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
    if p == 1:
        return summed_along(r, x, r.alg.apply("abs", t), dims_of(node))
    if p not in (2, "fro"):
        return None
    square = r.alg.power(t, Fraction(2))
    return r.alg.power(summed_along(r, x, square, dims_of(node)), Fraction(1, 2))


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
    if node.args[0].ndim < 2 or 1 in node.args[0].shape[-2:]:
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
    "prod": _along("prod"), "prod_others": _prod_others, "max": _along("max"), "min": _along("min"),
    "norm": _norm, "var": _var(ONE), "std": _var(Fraction(1, 2)),
    "det": _matrix("det"), "inv": _matrix("inv"), "logdet": _matrix("logdet"),
    "cofactor": _cofactor, "cofactor_derivative": _cofactor_derivative, "solve": _solve,
}  # fmt: skip
