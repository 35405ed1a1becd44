"""From a graph to the normal form of display: every row becomes a sum of products where it is one.

Transposes, broadcasting, reductions, products of matrices, indexing and cumulative sums are read as
indices; elementary functions through their identities; what is left stays a call.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .. import sizes
from ..node import TABLE, Node, Shape, walk
from ..ops import CONSTANT, dimension
from .identities import Calculus, axes_of
from .polynomial import ONE, Factor, Index, Item, Tensor

Rule = Callable[["Reader", Node, Sequence[Tensor]], Tensor]
_HALF = Fraction(1, 2)
DECIMALS = 6  # digits of a float that is taken for the decimal it was written as


class Reader:
    """Reads graphs into tensors of one calculus."""

    def __init__(self, alg: Calculus) -> None:
        self.alg = alg
        self.done: dict[Node, Tensor] = {}

    def read(self, root: Node) -> Tensor:
        """The tensor of a node; its shape is the node's without axes of size 1."""
        uses = Counter(a for node in walk([root]) for a in node.args)
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.done:
                stack.pop()
                continue
            inner = opened(node)
            signs: list[int] = []
            if node.op.name in ADDITIVE:
                signs, needs = addends(node, uses)
            else:
                needs = list(node.args) if inner is node else [inner]
            waiting = [a for a in needs if a not in self.done]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            found = [self.done[a] for a in needs]
            if signs:
                self.done[node] = self.add(node, needs, signs)
                continue
            if inner is not node:
                self.done[node] = found[0]
                continue
            rule = RULES.get(node.op.name, _mapped if node.op.partials else None)
            made = rule(self, node, found) if rule else None
            if made is None:
                made = self.call(node, found)
            assert made.shape == squeezed(node.shape), f"{node} read as {made}"
            self.done[node] = made
        return self.done[root]

    def add(self, node: Node, parts: Sequence[Node], signs: Sequence[int]) -> Tensor:
        """A sum of many, made at once."""
        shape = squeezed(node.shape)
        items = []
        for part, sign in zip(parts, signs, strict=True):
            t = self.done[part]
            for c, factors in self.alg.items(t, self.seen(part, node.shape), len(shape)):
                items.append((sign * c, factors))
        return self.alg.sum(shape, items)

    def call(self, node: Node, args: Sequence[Tensor]) -> Tensor:
        """A row that is nothing but itself here."""
        if not node.args:
            return self.alg.leaf(node)
        shapes = tuple(a.shape for a in node.args)
        return self.alg.tensor(
            "call", node.op.name, squeezed(node.shape), tuple(args),
            (*node.attrs, ("shapes of arguments", shapes)),
        )  # fmt: skip

    # --- labels ----------------------------------------------------------------------------

    def labels(self, shape: Shape) -> dict[int, int]:
        """For each axis (negative) of a shape that is not of size 1, its axis in the tensor."""
        names: dict[int, int] = {}
        for d in range(-len(shape), 0):
            if shape[d] != 1:
                names[d] = len(names)
        return names

    def seen(self, arg: Node, out: Shape) -> Index:
        """The axes of `arg` as axes of the shape it broadcasts to."""
        names = self.labels(out)
        return tuple(names[d] for d in range(-arg.ndim, 0) if arg.shape[d] != 1)

    def spread(self, arg: Node, t: Tensor, out: Shape) -> Tensor:
        """`t` repeated along the axes of the shape it broadcasts to."""
        if t.shape == squeezed(out):
            return t
        return self.alg.product(squeezed(out), (t, self.seen(arg, out), 1))

    def reduce(self, node: Node, dims: Sequence[int]) -> tuple[Index, Index]:
        """The axes of a tensor that stay, and those (of size other than 1) reduced."""
        names = self.labels(node.shape)
        gone = tuple(names[d] for d in dims if d in names)
        return tuple(a for a in names.values() if a not in gone), gone


def squeezed(shape: Shape) -> Shape:
    return tuple(s for s in shape if s != 1)


ADDITIVE = frozenset(("add", "sub", "neg"))


def addends(root: Node, uses: Mapping[Node, int]) -> tuple[list[int], list[Node]]:
    """The signs and the terms of a sum, through sums inside it that nothing else uses."""
    signs, terms = [], []
    stack = [(1, root)]
    while stack:
        sign, node = stack.pop()
        if node.op.name in ADDITIVE and (node is root or uses[node] == 1):
            last = sign if node.op.name == "add" else -sign
            stack.append((last, node.args[-1]))
            if len(node.args) == 2:
                stack.append((sign, node.args[0]))
        else:
            signs.append(sign)
            terms.append(node)
    return signs, terms


def opened(node: Node) -> Node:
    """What a node is read as: a derived row as its formula."""
    if node.op.formula is not None and node.op.name not in RULES:
        inner = node.op.expand(node)
        return inner if isinstance(inner, Node) else node
    return node


# --- numbers -----------------------------------------------------------------------------------


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
        first = value.flat[0] if value.size else 0
        if value.size and bool((value == first).all()):
            return r.alg.sum(squeezed(node.shape), [read_number(r.alg, first.item())])
        if value.ndim == 2 and value.shape[0] == value.shape[1] > 1:
            if bool((value == np.eye(value.shape[0])).all()):
                return r.alg.delta(value.shape[0])
        return None
    return r.alg.sum((), [read_number(r.alg, value)])


# --- arithmetic and functions --------------------------------------------------------------------


def _times(exponent: int) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
        x, y = args
        ix, iy = (r.seen(a, node.shape) for a in node.args)
        return r.alg.product(squeezed(node.shape), (x, ix, 1), (y, iy, exponent))

    return rule


def _power(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    x, y = (r.spread(a, t, node.shape) for a, t in zip(node.args, args, strict=True))
    value = r.alg.constant(y)
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


def _compare(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    made = _mapped(r, node, args)
    x, y = args
    if r.alg.constant(x) is not None and r.alg.constant(y) is None:
        swapped = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}.get(node.op.name, node.op.name)
        if made.form == "function":
            return r.alg.tensor("function", swapped, made.shape, made.args[::-1])
    return made


def _where(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    mask, x, y = (r.spread(a, t, node.shape) for a, t in zip(node.args, args, strict=True))
    if node.args[0].kind != "bool":
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
    if t.form == "function" and t.name in ("eq", "ne"):
        special, usual = (x, y) if t.name == "eq" else (y, x)
        if r.alg.constant(special) is not None:
            return usual
    no, axes = r.alg.opposite(t), axes_of(x)
    return r.alg.sum(
        x.shape, [(ONE, [(t, idx, ONE), (x, axes, ONE)]), (ONE, [(no, idx, ONE), (y, axes, ONE)])]
    )


# --- linear algebra by indices -------------------------------------------------------------------


def _sum(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    return _summed(r, node.args[0], args[0], node.attr("dim"))


def _summed(r: Reader, x: Node, t: Tensor, dims: Sequence[int]) -> Tensor:
    kept, gone = r.reduce(x, dims)
    names = {a: n for n, a in enumerate((*kept, *gone))}
    idx = tuple(names[a] for a in range(t.rank))
    bound = {names[a]: t.shape[a] for a in gone}
    fresh = t.rank
    return r.alg.sum([t.shape[a] for a in kept], r.alg.items(t, idx, fresh), bound)


def _mean(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    x, dims = node.args[0], node.attr("dim")
    total = _summed(r, x, args[0], dims)
    n = sizes.product(x.shape[d] for d in dims)
    if isinstance(n, int):
        return r.alg.times(Fraction(1, n), total) if n else r.call(node, args)
    return r.alg.product(
        total.shape, (total, axes_of(total), 1), (r.read(dimension(n)), (), -1)
    )


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


def contraction(
    r: Reader, out: Shape, *views: tuple[Node, Tensor, Sequence[int]]
) -> Tensor:
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


# --- indexing: contraction with rows of an identity -----------------------------------------------


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
    views = []
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
    index = [("slice", None, None, None)] * node.ndim
    for d in node.attr("dims"):
        index[d] = ("slice", None, None, -1)
    return _index(r, rebuilt_index(node, tuple(index)), args)


def rebuilt_index(node: Node, index: Any) -> Node:
    return node.args[0][index]


# --- cumulative sums: contraction with a triangle of ones -----------------------------------------


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
    moved, order, _ = _last(r, node, args[0], _dims(node))
    return r.alg.permuted(r.alg.along("cumprod", moved, 1, keep=True), _back(order))


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
    shifted, b = node.args
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


def _back(order: Index) -> Index:
    """The permutation that undoes `order`."""
    return tuple(order.index(a) for a in range(len(order)))


# --- rows along axes -------------------------------------------------------------------------------


def _last(r: Reader, node: Node, t: Tensor, dims: Sequence[int]) -> tuple[Tensor, Index, int]:
    """`t` with the axes `dims` last; where each axis came from; how many there are."""
    kept, gone = r.reduce(node.args[0], dims)
    order = (*kept, *gone)
    return r.alg.permuted(t, order), order, len(gone)


def _dims(node: Node) -> tuple[int, ...]:
    dim = node.attr("dim")
    return dim if isinstance(dim, tuple) else (dim,)


def _along(name: str) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        moved, _, active = _last(r, node, args[0], _dims(node))
        if not active:
            return args[0] if name in ("logsumexp", "prod", "max", "min") else None
        return r.alg.along(name, moved, active)

    return rule


def _prod_others(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """The gradient of prod: prod(x)/x, for entries that are not 0."""
    dims = node.attr("dim")
    dims = tuple(range(-node.ndim, 0)) if dims is None else dims if isinstance(dims, tuple) else (dims,)
    moved, order, active = _last(r, node, args[0], dims)
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


def _both(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """Two comparisons that both hold, as their product."""
    if any(a.kind != "bool" for a in node.args):
        return _mapped(r, node, args)
    return _times(1)(r, node, args)


def _softmax(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    moved, order, active = _last(r, node, args[0], _dims(node))
    if not active:
        return r.alg.number(1, args[0].shape)
    made = r.alg.along("softmax", moved, 1, keep=True)
    return r.alg.permuted(made, _back(order))


def _log_softmax(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor:
    """log_softmax(x) = x - logsumexp(x); render.py turns it back."""
    moved, order, active = _last(r, node, args[0], _dims(node))
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
        return _summed(r, x, r.alg.apply("abs", t), _dims(node))
    if p not in (2, "fro"):
        return None
    square = r.alg.power(t, Fraction(2))
    return r.alg.power(_summed(r, x, square, _dims(node)), Fraction(1, 2))


def _centred(r: Reader, x: Node, t: Tensor, dims: Sequence[int]) -> Tensor | None:
    kept, _ = r.reduce(x, dims)
    n = sizes.product(x.shape[d] for d in dims)
    total = _summed(r, x, t, dims)
    count = r.read(dimension(n))
    spread = r.alg.product(t.shape, (total, kept, 1), (count, (), -1))
    return r.alg.plus(t, r.alg.times(-1, spread))


def _var(exponent: Fraction) -> Rule:
    def rule(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
        a = dict(node.attrs)
        correction = a.get("correction", 1)
        x, dims = node.args[0], _dims(node)
        n = sizes.product(x.shape[d] for d in dims)
        if not isinstance(n, int) or n <= correction:
            return None
        centred = _centred(r, x, args[0], dims)
        total = _summed(r, x, r.alg.power(centred, Fraction(2)), dims)
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
    return r.alg.product(
        t.shape, (det, tuple(range(b)), 1), (inv, (*range(b), b + 1, b), 1)
    )


def _solve(r: Reader, node: Node, args: Sequence[Tensor]) -> Tensor | None:
    """solve(A, B) = inv(A) @ B; render.py turns it back."""
    a, b = node.args
    if 1 in a.shape[-2:] or not dict(node.attrs).get("left", True):
        return None
    inv = r.alg.matrix("inv", args[0])
    lead = len(node.shape) - (1 if b.ndim == 1 else 2)
    letters = list(range(node.ndim))
    row, summed = letters[lead], node.ndim
    ia = letters[lead - (a.ndim - 2) : lead] + [row, summed]
    ib = [summed] if b.ndim == 1 else [*letters[lead - (b.ndim - 2) : lead], summed, letters[-1]]
    return contraction(r, node.shape, (a, inv, ia), (b, args[1], ib))


ELEMENTARY = (
    "exp expm1 exp2 log log1p log2 log10 sqrt rsqrt square reciprocal cbrt abs sign floor ceil round"
    " trunc sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh erf erfc erfinv"
    " lgamma digamma sigmoid logsigmoid softplus relu"
).split()
MAPPED = "maximum minimum hypot arctan2 xlogy clamp logaddexp heaviside floor_divide remainder".split()

RULES: dict[str, Rule | Callable[..., Tensor | None]] = {
    "constant": _constant,
    "mul": _times(1), "div": _times(-1),
    "multiply_no_nan": _times(1), "pow": _power, "where": _where, "detach": _same,
    **dict.fromkeys(ELEMENTARY, _elementary),
    **dict.fromkeys(MAPPED, _mapped),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _compare),
    **dict.fromkeys(("logical_or", "logical_not"), _mapped), "logical_and": _both,
    "sum": _sum, "mean": _mean, "matmul": _matmul, "outer": _outer, "einsum": _einsum, "dot": _dot,
    "trace": _trace, "diagonal": _diagonal, "diag_embed": _diagonal_matrix, "diag": _diag,
    "eye": _eye, "zeros": _filled(0), "ones": _filled(1),
    "permute": _permute, "unsqueeze": _same, "squeeze": _same, "broadcast_to": _broadcast,
    "reshape": _reshape, "index": _index, "index_add": _index_add, "index_set": _index_set,
    "flip": _flip, "cumsum": _cumsum, "cumprod": _cumprod, "pad": _pad, "recurrence": _recurrence,
    "one_hot": _one_hot, "ndtr": _normal_distribution,
    "softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _along("logsumexp"),
    "prod": _along("prod"), "max": _along("max"), "min": _along("min"), "amax": _along("max"),
    "amin": _along("min"), "norm": _norm, "var": _var(ONE), "std": _var(Fraction(1, 2)),
    "det": _matrix("det"), "inv": _matrix("inv"), "logdet": _matrix("logdet"),
    "cofactor": _cofactor, "cofactor_derivative": _cofactor_derivative, "solve": _solve,
    "prod_others": _prod_others,
}  # fmt: skip
