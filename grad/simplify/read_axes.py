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
from .tensors import Index, Tensor, axes_of, vanishes

# --- linear algebra by indices -------------------------------------------------------------------


def _sum(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    return summed_along(r, node.args[0], args[0], node.attr("dim"))


def summed_along(r: Reader, x: Node, t: Tensor, dims: Sequence[int]) -> Tensor:
    kept, gone = r.reduce(x, dims)
    names = {a: n for n, a in enumerate((*kept, *gone))}
    idx = tuple(names[a] for a in range(t.rank))
    bound = {names[a]: t.shape[a] for a in gone}
    return r.alg.product([t.shape[a] for a in kept], (t, idx, 1), bound=bound)


def _mean(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    x, dims = node.args[0], node.attr("dim")
    total = summed_along(r, x, args[0], dims)
    n = sizes.product(x.shape[d] for d in dims)
    if isinstance(n, int):
        return r.alg.times(Fraction(1, n), total) if n else r.call(node, args)
    return r.alg.product(total.shape, (total, axes_of(total), 1), (r.read(dimension(n)), (), -1))


def _dimension(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """A named size; n*m as the product of two."""
    return r.alg.sum((), [r.alg.size(node.attr("size"))])


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
    if isinstance(size, int):
        if not isinstance(entry, tuple):
            return r.alg.rows((entry % size,), size), 0
        if entry[0] == "array" and np.ndim(entry[1]) != 1:
            return None
        listed = range(size)[slice(*entry[1:])] if entry[0] == "slice" else entry[1]
        picked = tuple(int(i) % size for i in listed)
        return (r.alg.rows(picked, size), int(len(picked) > 1)) if picked else None
    if not isinstance(entry, tuple):
        return r.alg.tensor("select", "select", (size,), (), (("entry", entry),)), 0
    if entry == ("slice", None, None, -1):
        attrs = (("entry", entry), ("distinct", True))
        return r.alg.tensor("select", "select", (size, size), (), attrs), 1
    if entry[0] == "array" and np.ndim(entry[1]) == 1 and len(entry[1]) > 1:
        attrs = (("entry", entry), ("distinct", len(set(entry[1])) == len(entry[1])))
        return r.alg.tensor("select", "select", (len(entry[1]), size), (), attrs), 1
    return None


def selections(
    r: Reader, whole: Shape, index: Sequence[Any]
) -> tuple[list[tuple[Tensor, int | None, int]], Index] | None:
    """For each axis of `whole` that is picked from: the selector, the axis of the result it makes
    (None for a single position), the axis of `whole`; and the axes of the rest, by axis of `whole`.
    """
    arrays = [n for n, e in enumerate(index) if isinstance(e, tuple) and e[0] == "array"]
    if arrays and arrays != list(range(arrays[0], arrays[-1] + 1)):
        return None  # the axis that they share is moved to the front
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
        again = axis in arrays[1:]  # arrays go along one axis together
        found.append((t, out - again if rows else None, len(names)))
        names.append(-1 - len(found))
        out += rows and not again
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
            summed.setdefault(out, len(whole) + len(summed))
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


def _order_statistic(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """The k-th entry in order: what nan would make of it is not shown."""
    return r.read(TABLE["kthvalue"](node.args[0], **dict(node.attrs)))


def _one_hot(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """one_hot([0, 2], 3) as rows of an identity; of a single class there is nothing but ones."""
    x, n = node.args[0], node.attr("num_classes")
    if n == 1 and node.attr("ignore_index") is None:
        return r.alg.number(1, squeezed(node.shape))
    if x.op is not CONSTANT or x.ndim != 1 or not isinstance(n, int) or n < 2:
        return None
    rows = tuple(int(i) for i in x.attr("value"))
    if len(rows) < 2 or min(rows) < 0:
        return None
    picked = selector(r, ("array", rows), n)
    return None if picked is None else picked[0]


def _one_of_each(node: Node) -> Index | None:
    """For each place along all other axes the one that a constant index picks along `dim`."""
    index, d = node.args[1], node.attr("dim")
    if index.op is not CONSTANT or not index.ndim:
        return None
    value, size = index.attr("value"), node.args[0].shape[d]
    others = [s for a, s in enumerate(index.shape, -index.ndim) if a != d]
    if not isinstance(size, int) or size < 2 or max(value.shape) < 2:
        return None
    if index.ndim > 2 or (index.ndim == 2 and index.shape[d] != 1) or others != [
            s for a, s in enumerate(node.args[0].shape, -index.ndim) if a != d]:  # fmt: skip
        return None
    return tuple(int(i) % size for i in value.ravel())


def _gather(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """One entry of each row, or some of a vector: a contraction with rows of an identity."""
    picked = _one_of_each(node)
    if picked is None:
        return None
    rows = r.alg.rows(picked, node.args[0].shape[node.attr("dim")])
    places = (1,) if args[0].rank == 1 else (0, 1) if node.attr("dim") == -1 else (1, 0)
    return r.alg.product((len(picked),), (rows, (0, 1), 1), (args[0], places, 1))


def _scatter_add(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    picked = _one_of_each(node)
    if picked is None or node.args[2].ndim != node.ndim:
        return None
    rows = r.alg.rows(picked, node.shape[node.attr("dim")])
    places = (1, 0) if node.ndim == 1 else (0, 1) if node.attr("dim") == -1 else (1, 0)
    there = r.alg.product(squeezed(node.shape), (rows, places, 1), (args[2], (places[0],), 1))
    return r.alg.plus(args[0], there)


def _flip(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    if not node.ndim:
        return args[0]
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


def _triangle(lower: bool) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        """The entries up to the diagonal, as a product with a triangle of ones."""
        n = node.shape[-1]
        if node.ndim < 2 or not _plain_diagonal(node) or node.shape[-2] != n or n == 1:
            return None
        triangle = r.alg.tensor("triangle", "triangle", (n, n))  # [i,k]: 1 where k <= i
        i, j = args[0].rank - 2, args[0].rank - 1
        places = (i, j) if lower else (j, i)
        return r.alg.product(args[0].shape, (triangle, places, 1), (args[0], axes_of(args[0]), 1))

    return rule


def _pad(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """Zeros around a tensor, or entries cut off; cumprod(x)/x as below."""
    pads, x = node.attr("pad"), node.args[0]
    if not node.ndim:
        return args[0]
    if node.attr("mode") != "constant":
        return None
    if node.attr("value") == 1 and x.op.name == "cumprod" and len(x.attr("dim")) == 1:
        return _product_before(r, node, args)
    sizes_known = all(isinstance(s, int) for s in x.shape)
    if node.attr("value") != 0 or not sizes_known:
        return None
    pairs = [(0, 0)] * (x.ndim - len(pads) // 2) + list(zip(pads[-2::-2], pads[::-2], strict=True))
    cut = tuple(("slice", max(0, -a), s - max(0, -b), None)
                for (a, b), s in zip(pairs, x.shape, strict=True))  # fmt: skip
    there = tuple(("slice", max(0, a), s - max(0, b), None)
                  for (a, b), s in zip(pairs, node.shape, strict=True))  # fmt: skip
    inside = x[tuple(slice(*e[1:]) for e in cut)]
    if 0 in inside.shape:
        return None
    return placed(r, node.shape, r.read(inside), there)


def _product_before(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """The running product up to the entry before: cumprod(x)/x, for entries that are not 0."""
    inner = node.args[0]
    d = inner.attr("dim")[0]
    if node.attr("pad") != (0, 0) * (-1 - d) + (1, -1):
        return None
    x = r.read(inner.args[0])
    if vanishes(x):
        return None
    return r.alg.product(x.shape, (args[0], axes_of(x), 1), (x, axes_of(x), -1))


def _recurrence(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """y[k] = b[k] + w[k]/w[k + 1]*y[k + 1], as sums from the end of b/w, times w."""
    names, d = r.labels(node.shape), node.attr("dim")
    ratio = node.args[0]
    weights = _weights(ratio, d) if node.attr("reverse") and d in names else None
    if weights is None or weights.shape != node.shape:
        return None
    w, axis = r.read(weights), names[d]
    if ratio.op.name == "pad" and vanishes(r.read(ratio.args[0])):
        return None
    axes, summed = axes_of(w), w.rank
    n = w.shape[axis]
    triangle = r.alg.tensor("triangle", "triangle", (n, n))
    moved = tuple(summed if a == axis else a for a in axes)
    return r.alg.product(
        w.shape, (w, axes, 1), (triangle, (summed, axis), 1), (w, moved, -1), (args[1], moved, 1),
    )  # fmt: skip


def _weights(ratio: Node, d: int) -> Node | None:
    """w, where a recurrence goes back by w[k]/w[k + 1]: that is x[k + 1] for 1/cumprod(x), and
    exp(u[k] - u[k + 1]) for exp(u)."""
    following = (0, 0) * (-1 - d) + (-1, 1)
    if ratio.op.name == "pad" and ratio.attr("pad") == following:
        return 1 / TABLE["cumprod"](ratio.args[0], d)  # type: ignore[no-any-return]
    if ratio.op.name == "exp" and ratio.args[0].op.name == "sub":
        u, later = ratio.args[0].args
        if later.op.name == "pad" and later.attr("pad") == following and later.args[0] is u:
            return TABLE["exp"](u)  # type: ignore[no-any-return]
    return None


def _logcumsumexp(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """log(cumsum(exp(x)))."""
    if not node.attr("dim") or len(node.attr("dim")) > 1:
        return None
    running = TABLE["cumsum"](TABLE["exp"](node.args[0]), node.attr("dim"))
    return r.read(TABLE["log"](running))


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
    "sum": _sum, "mean": _mean, "dimension": _dimension, "matmul": _matmul, "outer": _outer,
    "einsum": _einsum, "dot": _dot, "trace": _trace, "diagonal": _diagonal,
    "diag_embed": _diagonal_matrix, "diag": _diag, "eye": _eye, "zeros": _filled(0),
    "ones": _filled(1), "one_hot": _one_hot, "permute": _permute, "unsqueeze": _same,
    "squeeze": _same, "broadcast_to": _broadcast, "reshape": _reshape, "index": _index,
    "index_add": _index_add, "index_set": _index_set, "flip": _flip,
    "tril": _triangle(True), "triu": _triangle(False), "cumsum": _cumsum, "cumprod": _cumprod,
    "pad": _pad, "order_statistic": _order_statistic,
    "recurrence": _recurrence, "logcumsumexp": _logcumsumexp, "gather": _gather,
    "scatter_add": _scatter_add,
}  # fmt: skip
