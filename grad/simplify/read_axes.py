"""Reading rows that are linear: what they do to axes is a matter of indices.

Products of matrices, transposes, broadcasting and reductions; indexing is a contraction with rows
of an identity, a running sum one with a triangle of ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .. import sizes
from ..node import TABLE, Node, Shape
from ..ops import CONSTANT, dimension
from .reader import Reader, Rule, squeezed
from .tensors import Index, Tensor, axes_of

# --- linear algebra by indices -------------------------------------------------------------------


def _sum(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    return summed_along(r, node.args[0], args[0], node.attr("dim"))


def summed_along(r: Reader, x: Node, t: Tensor, dims: Sequence[int]) -> Tensor:
    kept, gone = r.reduce(x, dims)
    names = {a: n for n, a in enumerate((*kept, *gone))}
    idx = tuple(names[a] for a in range(t.rank))
    bound = {names[a]: t.shape[a] for a in gone}
    fresh = t.rank
    return r.alg.sum([t.shape[a] for a in kept], r.alg.items(t, idx, fresh), bound)


def _mean(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    x, dims = node.args[0], node.attr("dim")
    total = summed_along(r, x, args[0], dims)
    n = sizes.product(x.shape[d] for d in dims)
    if isinstance(n, int):
        return r.alg.times(Fraction(1, n), total) if n else r.call(node, args)
    return r.alg.product(total.shape, (total, axes_of(total), 1), (r.read(dimension(n)), (), -1))


def _matmul(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    x, y = node.args
    lead = node.shape[: node.ndim - (x.ndim > 1) - (y.ndim > 1)]
    rows = x.shape[-2:-1] if x.ndim > 1 else ()
    columns = y.shape[-1:] if y.ndim > 1 else ()
    out = (*lead, *rows, *columns)
    letters = list(range(len(out)))
    summed = len(out)
    lead_letters = letters[: len(lead)]
    ix = lead_letters[len(lead) - max(x.ndim - 2, 0) :] + (
        [letters[len(lead)]] if rows else []
    ) + [summed]  # fmt: skip
    iy = lead_letters[len(lead) - max(y.ndim - 2, 0) :] + [summed] + (
        [letters[-1]] if columns else []
    )  # fmt: skip
    return contraction(r, out, (x, args[0], ix), (y, args[1], iy))


def contraction(r: Reader, out: Shape, *views: tuple[Node, Tensor, Sequence[int]]) -> Tensor:
    """Tensors whose axes have letters, multiplied, and summed over those from ``len(out)`` on."""
    names: dict[int, int] = {}
    for letter, size in enumerate(out):
        if size != 1:
            names[letter] = len(names)
    size_of = dict(enumerate(out))
    for x, _, letters in views:
        for letter, size in zip(letters, x.shape, strict=True):
            if letter >= len(out) and (letter not in size_of or size_of[letter] == 1):
                size_of[letter] = size
    for letter, size in size_of.items():
        if size != 1 and letter not in names:
            names[letter] = len(names)
    factors = [
        (t, tuple(names[k] for k, s in zip(letters, x.shape, strict=True) if s != 1), 1)
        for x, t, letters in views
    ]
    bound = {n: size_of[k] for k, n in names.items() if k >= len(out)}
    return r.alg.product(squeezed(out), *factors, bound=bound)


def _outer(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    x, y = node.args
    return contraction(r, node.shape, (x, args[0], [0]), (y, args[1], [1]))


def _einsum(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    left, _, right = node.attr("equation").partition("->")
    names = {c: n for n, c in enumerate(dict.fromkeys(right + left.replace(",", "")))}
    views = [
        (x, t, [names[c] for c in term])
        for x, t, term in zip(node.args, args, left.split(","), strict=True)
    ]
    return contraction(r, node.shape, *views)


def _dot(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    if any(a.ndim != 1 for a in node.args):
        return None
    return contraction(r, (), *((x, t, [0]) for x, t in zip(node.args, args, strict=True)))


def _trace(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    x = node.args[0]
    if not _plain_diagonal(node) or x.ndim != 2:
        return None
    return contraction(r, (), (x, args[0], [0, 0]))


def _plain_diagonal(node: Node) -> bool:
    a = dict(node.attrs)
    axes = {a.get("dim1", -2), a.get("dim2", -1)}
    return a.get("offset", a.get("diagonal", a.get("k", 0))) == 0 and axes == {-2, -1}


def _diagonal(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """The diagonal of the last two axes."""
    x = node.args[0]
    if not _plain_diagonal(node) or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return None
    letters = list(range(x.ndim - 1))
    return contraction(r, node.shape, (x, args[0], [*letters, letters[-1]]))


def _diagonal_matrix(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """A matrix with its diagonal given: delta[i,j] x[i]."""
    x = node.args[0]
    if not _plain_diagonal(node) or x.shape[-1] == 1:
        return None
    t, n = args[0], args[0].rank
    return r.alg.product(
        squeezed(node.shape), (t, axes_of(t), 1), (r.alg.delta(x.shape[-1]), (n - 1, n), 1)
    )


def _diag(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    return (_diagonal_matrix if node.args[0].ndim == 1 else _diagonal)(r, node, args)


def _eye(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    n, m = node.attr("n"), node.attr("m")
    if node.attr("k") or m not in (None, n):
        return None
    return r.alg.delta(n) if n != 1 else r.alg.number(1)


def _filled(value: int) -> Rule:
    return lambda r, node, args: r.alg.number(value, squeezed(node.shape))


# --- shapes --------------------------------------------------------------------------------------


def _same(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    return args[0]


def _permute(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    names = r.labels(node.args[0].shape)
    order = tuple(names[d] for d in node.attr("dims") if d in names)
    return r.alg.permuted(args[0], order)


def _broadcast(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    return r.spread(node.args[0], args[0], node.shape)


def _reshape(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    if squeezed(node.shape) == squeezed(node.args[0].shape):
        return args[0]
    value = r.alg.constant(args[0])
    return None if value is None else r.alg.number(value, squeezed(node.shape))


# --- indexing: contraction with rows of an identity ----------------------------------------------


def selector(r: Reader, entry: Any, size: Any) -> tuple[Tensor, int] | None:
    """The rows of an identity that an index entry picks, and how many axes they have in front."""
    if not isinstance(entry, tuple):
        return r.alg.tensor("select", "select", (size,), (), (("entry", entry),)), 0
    if entry[0] == "slice":
        if not isinstance(size, int):
            if entry[1:] != (None, None, -1):
                return None
            rows: Any = size
        else:
            rows = len(range(size)[slice(*entry[1:])])
        distinct = True
    else:
        if np.ndim(entry[1]) != 1:
            return None
        rows, distinct = len(entry[1]), len(set(entry[1])) == len(entry[1])
    attrs = (("entry", entry), ("distinct", distinct))
    if rows == 1 and isinstance(size, int):
        only = range(size)[slice(*entry[1:])][0] if entry[0] == "slice" else entry[1][0]
        return r.alg.tensor("select", "select", (size,), (), (("entry", int(only)),)), 0
    return r.alg.tensor("select", "select", (rows, size), (), attrs), 1


def selections(
    r: Reader, whole: Shape, index: Sequence[Any]
) -> tuple[list[tuple[Tensor, int | None, int]], Index] | None:
    """For each axis of `whole` that is picked from: the selector, the axis of the result it makes
    (None for a single position), the axis of `whole`; and the axes of the rest, by axis of `whole`.
    """
    if sum(isinstance(e, tuple) and e[0] == "array" for e in index) > 1:
        return None
    found: list[tuple[Tensor, int | None, int]] = []
    names: list[int] = []
    out = 0
    for axis, size in enumerate(whole):
        entry = index[axis] if axis < len(index) else ("slice", None, None, None)
        if size == 1:
            if isinstance(entry, tuple) and entry[0] == "array" and len(entry[1]) != 1:
                return None
            continue
        if entry == ("slice", None, None, None):
            names.append(out)
            out += 1
            continue
        made = selector(r, entry, size)
        if made is None or 0 in made[0].shape:
            return None
        t, rows = made
        found.append((t, out if rows else None, len(names)))
        names.append(-1 - len(found))
        out += rows
    return found, tuple(names)


def _index(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    picked = selections(r, node.args[0].shape, node.attr("index"))
    if picked is None:
        return None
    found, names = picked
    shape = squeezed(node.shape)
    summed = {axis: len(shape) + n for n, (_, _, axis) in enumerate(found)}
    idx = tuple(summed.get(a, name) for a, name in enumerate(names))
    views = [
        (t, (summed[axis],) if out is None else (out, summed[axis]), 1) for t, out, axis in found
    ]
    return r.alg.product(shape, *views, (args[0], idx, 1))


def placed(r: Reader, shape: Shape, t: Tensor, index: Sequence[Any]) -> Tensor | None:
    """`t` at the positions `index` of a tensor of zeros."""
    picked = selections(r, shape, index)
    if picked is None:
        return None
    found, names = picked
    whole = squeezed(shape)
    summed: dict[int, int] = {}
    views: list[tuple[Tensor, Index, int]] = []
    for selected, out, axis in found:
        if out is None:
            views.append((selected, (axis,), 1))
        else:
            summed[out] = len(whole) + len(summed)
            views.append((selected, (summed[out], axis), 1))
    back = {name: axis for axis, name in enumerate(names) if name >= 0}
    idx = tuple(summed[n] if n in summed else back[n] for n in range(t.rank))
    return r.alg.product(whole, *views, (t, idx, 1))


def _index_add(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    there = placed(r, node.shape, args[1], node.attr("index"))
    return None if there is None else r.alg.plus(args[0], there)


def _index_set(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    index = node.attr("index")
    kept = node.args[0][index] if index else node.args[0]
    old = placed(r, node.shape, r.read(kept), index)
    new = placed(r, node.shape, args[1], index)
    if old is None or new is None:
        return None
    return r.alg.plus(args[0], r.alg.times(-1, old), new)


def _one_hot(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """one_hot([0, 2], 3) as rows of an identity."""
    x, n = node.args[0], node.attr("num_classes")
    if x.op is not CONSTANT or x.ndim != 1 or not isinstance(n, int) or n < 2:
        return None
    rows = tuple(int(i) for i in x.attr("value"))
    if len(rows) < 2 or min(rows) < 0:
        return None
    picked = selector(r, ("array", rows), n)
    return None if picked is None else picked[0]


def _flip(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    turned = [d % node.ndim for d in node.attr("dims")]
    index = tuple(("slice", None, None, -1 if d in turned else None) for d in range(node.ndim))
    return _index(r, node.args[0][index], args)


# --- cumulative sums: contraction with a triangle of ones ----------------------------------------


def _cumsum(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    names = r.labels(node.shape)
    if len(node.attr("dim")) > 1:
        return None
    d = node.attr("dim")[0] if node.attr("dim") else None
    if d not in names:
        return args[0]
    t, axis, summed = args[0], names[d], len(names)
    n = t.shape[axis]
    triangle = r.alg.tensor("triangle", "triangle", (n, n))  # [i,k]: 1 where k <= i
    idx = tuple(summed if a == axis else a for a in range(t.rank))
    return r.alg.product(t.shape, (triangle, (axis, summed), 1), (t, idx, 1))


def _cumprod(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """A running product, its axis last."""
    if len(node.attr("dim")) != 1 or node.shape[node.attr("dim")[0]] == 1:
        return r.call(node, args) if node.attr("dim") else args[0]
    moved, order, _ = last(r, node, args[0], dims_of(node))
    return r.alg.permuted(r.alg.along("cumprod", moved, 1, keep=True), back(order))


def _pad(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """The running product up to the entry before: cumprod(x)/x, for entries that are not 0."""
    inner, pads = node.args[0], node.attr("pad")
    if inner.op.name != "cumprod" or len(inner.attr("dim")) != 1 or node.attr("value") != 1:
        return None
    d = inner.attr("dim")[0]
    if pads != (0, 0) * (-1 - d) + (1, -1) or node.attr("mode") != "constant":
        return None
    x = r.read(inner.args[0])
    return r.alg.product(x.shape, (args[0], axes_of(x), 1), (x, axes_of(x), -1))


def _recurrence(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """y[k] = b[k] + x[k+1]*y[k+1], as sums from the end of b*cumprod(x), over cumprod(x)."""
    shifted = node.args[0]
    d = node.attr("dim")
    pads = (0, 0) * (-1 - d) + (-1, 1)
    if not node.attr("reverse") or shifted.op.name != "pad" or shifted.attr("pad") != pads:
        return None
    x = shifted.args[0]
    names = r.labels(node.shape)
    running = r.read(TABLE["cumprod"](x, d))
    if d not in names or running.shape != args[1].shape:
        return None
    axes, summed, axis = axes_of(running), running.rank, names[d]
    n = running.shape[axis]
    triangle = r.alg.tensor("triangle", "triangle", (n, n))
    moved = tuple(summed if a == axis else a for a in axes)
    return r.alg.product(
        running.shape, (running, axes, -1), (triangle, (summed, axis), 1), (running, moved, 1),
        (args[1], moved, 1),
    )  # fmt: skip


def back(order: Index) -> Index:
    """The permutation that undoes `order`."""
    return tuple(order.index(a) for a in range(len(order)))


def last(r: Reader, node: Node, t: Tensor, dims: Sequence[int]) -> tuple[Tensor, Index, int]:
    """`t` with the axes `dims` last; where each axis came from; how many there are."""
    kept, gone = r.reduce(node.args[0], dims)
    order = (*kept, *gone)
    return r.alg.permuted(t, order), order, len(gone)


def dims_of(node: Node) -> tuple[int, ...]:
    dim = node.attr("dim")
    return dim if isinstance(dim, tuple) else (dim,)


AXES: dict[str, Rule] = {
    "sum": _sum, "mean": _mean, "matmul": _matmul, "outer": _outer, "einsum": _einsum, "dot": _dot,
    "trace": _trace, "diagonal": _diagonal, "diag_embed": _diagonal_matrix, "diag": _diag,
    "eye": _eye, "zeros": _filled(0), "ones": _filled(1), "one_hot": _one_hot,
    "permute": _permute, "unsqueeze": _same, "squeeze": _same, "broadcast_to": _broadcast,
    "reshape": _reshape, "index": _index, "index_add": _index_add, "index_set": _index_set,
    "flip": _flip, "cumsum": _cumsum, "cumprod": _cumprod, "pad": _pad, "recurrence": _recurrence,
}  # fmt: skip
