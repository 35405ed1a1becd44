"""Products with identities, without computing with their zeros.

A batched derivative starts from an identity, and most of what it multiplies and sums are zeros.
Here the batched graph is rewritten so that an identity only says which two axes are one: a sum of
terms, each a product of deltas and of tensors with named axes. Sums go over the tensors that have
the axis, as matrix products; nothing is spread over an axis it does not depend on before that is
unavoidable. So `X.T @ (s[:, None] * X)` is what is left of the Hessian of a logistic regression.

The identities used are those of sums and products: commutative, associative, distributive, and
that zeros of an identity contribute nothing. They hold at every point, singular ones included;
results differ by rounding, and where 0*inf would have made a nan of an entry that is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from itertools import combinations
from math import prod
from operator import add, mul
from typing import Any

import numpy as np

from .node import Node, Shape, Size, walk
from .ops import F, Op, constant, count, is_constant, rebuild
from .record import record
from .signature import Signature

MOST = 6  # terms of a sum; with more it is computed

Axes = tuple[int, ...]  # of the whole, counted from the front


@record(frozen=True)
class Factor:
    """A tensor, and which axis of the whole each of its own is. None of them has size 1."""

    node: Node
    axes: Axes


@record(frozen=True)
class Term:
    """A product of factors that is 0 but where the two axes of each of `deltas` agree."""

    deltas: tuple[tuple[int, int], ...]
    factors: tuple[Factor, ...]


Sum = list[Term]


def contracted(root: Node) -> Node:
    """The same tensor, for all that rounding tells, without computing with zeros of identities."""
    done: dict[Node, Node] = {}
    sums: dict[Node, Sum] = {}

    def plain(node: Node) -> Node:
        if node not in done:
            done[node] = _written(sums[node], node.shape)
        return done[node]

    for node in walk([root]):
        found = _sum(node, sums, plain)
        if found is not None and len(found) <= MOST:
            sums[node] = found
        else:
            done[node] = rebuild(node, [plain(a) for a in node.args])
    return plain(root)


def _sum(node: Node, sums: Mapping[Node, Sum], plain: Callable[[Node], Node]) -> Sum | None:
    """A node as a sum of terms, if there is an identity in it that can be made use of."""
    if node.op.name == "eye" and node.attr("m") is None and not node.attr("k"):
        return [Term(((0, 1),), ())] if node.attr("n") != 1 else None
    rule = RULES.get(node.op.name)
    if rule is None or not any(a in sums for a in node.args):
        return None
    args = [sums[a] if a in sums else _dense(plain(a)) for a in node.args]
    return rule(node, *args)


def _dense(node: Node) -> Sum:
    """A tensor as a factor; of one that repeats or turns another it is that other one."""
    axes = tuple(range(node.ndim))
    while node.op.name in ("broadcast_to", "permute"):
        (inner,) = node.args
        if node.op.name == "permute":
            order = node.attr("dims")
            axes = tuple(axes[order.index(i - inner.ndim)] for i in range(inner.ndim))
        else:
            axes = axes[node.ndim - inner.ndim :]
        node = inner
    kept = tuple(i for i, size in enumerate(node.shape) if size != 1)
    if len(kept) < node.ndim:
        node = F.reshape(node, tuple(node.shape[i] for i in kept))
    return [Term((), (Factor(node, tuple(axes[i] for i in kept)),))]


# --- rules: what becomes of sums under an operation that is linear in them ------------------------


def _moved(sums: Sum, place: Callable[[int], int]) -> Sum:
    """The same terms, with axis i where `place(i)` says."""
    return [
        Term(
            tuple((place(i), place(j)) for i, j in term.deltas),
            tuple(Factor(f.node, tuple(map(place, f.axes))) for f in term.factors),
        )
        for term in sums
    ]


def _permute(node: Node, x: Sum) -> Sum:
    order = [d + node.ndim for d in node.attr("dims")]
    return _moved(x, order.index)


def _unsqueeze(node: Node, x: Sum) -> Sum:
    new = {d + node.ndim for d in node.attr("dim")}
    kept = [i for i in range(node.ndim) if i not in new]
    return _moved(x, kept.__getitem__)


def _squeeze(node: Node, x: Sum) -> Sum:
    rank = node.args[0].ndim
    gone = {d + rank for d in node.attr("dim")}
    kept = [i for i in range(rank) if i not in gone]
    return _moved(x, kept.index)


def _broadcast_to(node: Node, x: Sum) -> Sum:
    return _moved(x, lambda i: i + node.ndim - node.args[0].ndim)


def _aligned(node: Node, *args: Sum) -> list[Sum]:
    """Operands that broadcast, with the axes of the result."""
    return [
        _moved(x, lambda i, shift=node.ndim - a.ndim: i + shift)  # type: ignore[misc]
        for x, a in zip(args, node.args, strict=True)
    ]


def _add(node: Node, x: Sum, y: Sum) -> Sum:
    x, y = _aligned(node, x, y)
    return x + y


def _neg(node: Node, x: Sum) -> Sum:
    return [_product(term, Term((), (Factor(constant(-1.0), ()),))) for term in x]


def _sub(node: Node, x: Sum, y: Sum) -> Sum:
    x, y = _aligned(node, x, y)
    return x + _neg(node, y)


def _mul(node: Node, x: Sum, y: Sum) -> Sum:
    x, y = _aligned(node, x, y)
    return [_product(a, b) for a in x for b in y]


def _div(node: Node, x: Sum, y: Sum) -> Sum | None:
    x, y = _aligned(node, x, y)
    if len(y) != 1 or y[0].deltas:
        return None
    divisor = _merged(y[0].factors)
    return [_entrywise(term, divisor, lambda f, d: f / d) for term in x]


def _multiply_no_nan(node: Node, x: Sum, y: Sum) -> Sum | None:
    x, y = _aligned(node, x, y)
    if len(x) != 1 or x[0].deltas:
        return None
    partial = _merged(x[0].factors)
    return [_entrywise(term, partial, lambda g, p: F.multiply_no_nan(p, g)) for term in y]


def _where(node: Node, condition: Sum, x: Sum, y: Sum) -> Sum | None:
    condition, x, y = _aligned(node, condition, x, y)
    chosen = condition[0].factors[0]
    if is_constant(node.args[2], 0):
        return [_entrywise(term, chosen, lambda f, c: F.where(c, f, 0.0)) for term in x]
    if is_constant(node.args[1], 0):
        return [_entrywise(term, chosen, lambda f, c: F.where(c, 0.0, f)) for term in y]
    return None


def _reduced(node: Node, x: Sum) -> Sum:
    shape = node.args[0].shape
    dims = [d + len(shape) for d in node.attr("dim")]
    found = [reduce(lambda t, d: _summed(t, d, shape[d]), dims, term) for term in x]
    if node.attr("keepdim"):
        return found
    kept = [i for i in range(len(shape)) if i not in dims]
    return _moved(found, kept.index)


def _matmul(node: Node, x: Sum, y: Sum) -> Sum:
    """The sum over one more axis, put last: (..., i, k) and (..., k, j) in (..., i, j, k)."""
    a, b = node.args
    rank = node.ndim + (a.ndim == 1) + (b.ndim == 1)  # of the product with both axes present
    row, column, inner = rank - 2, rank - 1, rank  # axes of the product

    def left(i: int) -> int:
        from_end = i - a.ndim
        return inner if from_end == -1 else rank + from_end

    def right(i: int) -> int:
        from_end = i - b.ndim
        if b.ndim == 1 or from_end == -2:
            return inner
        return rank + from_end

    size = a.shape[-1]
    products = [_product(s, t) for s in _moved(x, left) for t in _moved(y, right)]
    found = [_summed(term, inner, size) for term in products]
    gone = [row] * (a.ndim == 1) + [column] * (b.ndim == 1)
    kept = [i for i in range(rank) if i not in gone]
    return _moved(found, kept.index)


RULES: dict[str, Callable[..., Sum | None]] = {
    "permute": _permute,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "broadcast_to": _broadcast_to,
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "multiply_no_nan": _multiply_no_nan,
    "where": _where,
    "sum": _reduced,
    "matmul": _matmul,
}


# --- terms ---------------------------------------------------------------------------------------


def _product(x: Term, y: Term) -> Term:
    """The product of two terms: axes that agree have one name, and factors of the same axes are
    multiplied at once."""
    found = Term(x.deltas, (*x.factors, *y.factors))
    for i, j in y.deltas:
        found = _joined(found, i, j)
    for i, j in found.deltas:
        found = _renamed(found, i, j)
    together: dict[frozenset[int], list[Factor]] = {}
    for factor in found.factors:
        together.setdefault(frozenset(factor.axes), []).append(factor)
    return Term(found.deltas, tuple(map(_merged, together.values())))


def _joined(term: Term, i: int, j: int) -> Term:
    """A term where axes i and j must agree, too."""
    stands = dict(term.deltas)
    i, j = stands.get(i, i), stands.get(j, j)
    if i == j:
        return term
    deltas = tuple((a, j if b == i else b) for a, b in term.deltas)
    return Term((*deltas, (i, j)), term.factors)


def _renamed(term: Term, i: int, j: int) -> Term:
    """A term whose factors have axis j where they had i."""
    return Term(term.deltas, tuple(_with_axis(factor, i, j) for factor in term.factors))


def _with_axis(factor: Factor, i: int, j: int) -> Factor:
    if i not in factor.axes:
        return factor
    if j not in factor.axes:
        return Factor(factor.node, tuple(j if a == i else a for a in factor.axes))
    one, two = factor.axes.index(i), factor.axes.index(j)
    rest = tuple(a for a in factor.axes if a not in (i, j))
    return Factor(F.diagonal(factor.node, 0, one, two), (*rest, j))


def _summed(term: Term, axis: int, size: Size) -> Term:
    """A term summed over an axis of that size."""
    for i, j in term.deltas:
        if axis in (i, j):  # only one entry of the sum is not 0
            other = i if axis == j else j
            rest = [d for d in term.deltas if d != (i, j)]
            moved = tuple((a, other if b == axis else b) for a, b in rest)
            return _renamed(Term(moved, term.factors), axis, other)
    having = [f for f in term.factors if axis in f.axes]
    others = [f for f in term.factors if axis not in f.axes]
    found = _contraction(having, axis) if having else Factor(count((size,)), ())
    return _product(Term(term.deltas, tuple(others)), Term((), (found,)))


def _contraction(factors: list[Factor], axis: int) -> Factor:
    """The sum over an axis that all these factors have, as a product of two matrices."""
    sizes = {a: s for f in factors for a, s in zip(f.axes, f.node.shape, strict=True)}

    def entries(pair: tuple[Factor, Factor]) -> int:
        union = {*pair[0].axes, *pair[1].axes}
        grows = len(union) > max(len(pair[0].axes), len(pair[1].axes))
        return grows * prod(int(sizes[a]) for a in union)

    while len(factors) > 1:
        pair = min(combinations(factors, 2), key=entries)
        if len(factors) == 2 and entries(pair):
            x, y = sorted(pair, key=lambda f: min(f.axes))  # so that the product needs no turning
            return _matrix_product(x, y, axis)
        factors = [f for f in factors if f not in pair] + [_paired(*pair, mul, first=axis)]
    (factor,) = factors
    place = factor.axes.index(axis)
    return Factor(F.sum(factor.node, place), factor.axes[:place] + factor.axes[place + 1 :])


def _matrix_product(x: Factor, y: Factor, axis: int) -> Factor:
    both = tuple(a for a in x.axes if a in y.axes and a != axis)
    mine = tuple(a for a in x.axes if a not in y.axes)
    theirs = tuple(a for a in y.axes if a not in x.axes)
    left, right = _ordered(x, (*both, *mine, axis)), _ordered(y, (*both, axis, *theirs))
    lead, inner = left.shape[: len(both)], left.shape[-1]
    rows, columns = left.shape[len(both) : -1], right.shape[len(both) + 1 :]
    if len(mine) != 1:
        left = F.reshape(left, (*lead, prod(rows), inner))
    if len(theirs) != 1:
        right = F.reshape(right, (*lead, inner, prod(columns)))
    return Factor(F.reshape(left @ right, (*lead, *rows, *columns)), (*both, *mine, *theirs))


def _ordered(factor: Factor, axes: Axes) -> Node:
    """The tensor of a factor with its axes in this order; one of size 1 where it has none. A number
    stays what it is."""
    node = factor.node
    if not factor.axes:
        return node
    order = tuple(factor.axes.index(a) for a in axes if a in factor.axes)
    if order != tuple(range(len(order))):
        node = F.permute(node, order)
    missing = tuple(i for i, a in enumerate(axes) if a not in factor.axes)
    return F.unsqueeze(node, missing) if missing else node


def _merged(factors: Iterable[Factor]) -> Factor:
    """A product as one factor, from the smallest to the largest."""
    ordered = sorted(factors, key=lambda f: len(f.axes))
    if len(ordered) == 1:
        return ordered[0]
    return reduce(lambda x, y: _paired(x, y, mul), ordered, Factor(constant(1.0), ()))


def _paired(
    x: Factor, y: Factor, operation: Callable[[Node, Node], Node], first: int | None = None
) -> Factor:
    """An operation entry by entry, in the order of axes of the factor that has more of them; one of
    the axes may be wanted first."""
    most, other = (x, y) if len(x.axes) > len(y.axes) else (y, x)
    axes = (*(a for a in other.axes if a not in most.axes), *most.axes)
    axes = tuple(sorted(axes, key=lambda a: a != first))
    if x.node is constant(1.0) and operation is mul:
        return y
    return Factor(operation(_ordered(x, axes), _ordered(y, axes)), axes)


def _entrywise(term: Term, other: Factor, operation: Callable[[Node, Node], Node]) -> Term:
    """An operation with another tensor that leaves zeros what they are."""
    for i, j in term.deltas:
        other = _with_axis(other, i, j)
    return Term(term.deltas, (_paired(_merged(term.factors), other, operation),))


# --- back ----------------------------------------------------------------------------------------


def _written(sums: Sum, shape: Shape) -> Node:
    """A sum of terms as a tensor: products first, then what stands on diagonals alone."""
    axes = tuple(range(len(shape)))
    dense = [_ordered(_merged(term.factors), axes) for term in sums if not term.deltas]
    found = reduce(add, dense) if dense else constant(0.0)
    if dense and found.shape != shape:
        found = F.broadcast_to(found, shape)
    for term in sums:
        if term.deltas:
            kept = tuple(a for a in axes if a not in dict(term.deltas))
            diagonal = _ordered(_merged(term.factors), kept)
            attrs = {"deltas": term.deltas, "shape": shape}
            found = ON_DIAGONAL.node([found, diagonal], attrs)
    return found


def _on_diagonal(x: Any, y: Any, shape: Any, deltas: Any) -> Any:
    """`x`, a tensor or 0, plus `y` where the two axes of each delta agree."""
    found = np.array(x) if np.ndim(x) else np.zeros(shape, y.dtype)
    thin = dict(deltas)
    axes = [thin.get(a, a) for a in range(found.ndim)]
    view = np.einsum(found, axes, [a for a in range(found.ndim) if a not in thin])
    view[...] = view + y if np.ndim(x) else y
    return found


ON_DIAGONAL = Op(
    "on_diagonal",
    Signature.read("on_diagonal(x, y, shape: shape, deltas: any)"),
    _on_diagonal,
    lambda x, y, shape, deltas: (shape, "float", {"shape": shape, "deltas": deltas}),
    "A tensor, and another added to its entries where some pairs of axes agree.",
    differentiable=False,
    hidden=True,
)
