"""From the normal form back to a formula as a person would have written it.

A sum of products with named indices becomes `@`, `.T`, `outer`, `diag`, `trace`, broadcasting and
reductions; `einsum` where nothing else fits. Of the ways to write a product the shortest is taken,
by searching over the orders in which its factors can be combined (a few factors at a time).

A *layout* says which index each axis of a node is: a tuple of indices, None for an axis of size 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations
from typing import Any

from ..node import TABLE, Node
from ..ops import F, constant, dimension
from ..sizes import product as product_of_sizes
from .identities import Calculus
from .measure import Measure
from .polynomial import ONE, Factor, Index, Tensor, Term, TooLong, is_mask

Layout = tuple[int | None, ...]
WHOLE = ("slice", None, None, None)
DIAG = 1.2  # how much longer `(A*s) @ B` counts than it is: `A @ diag(s) @ B` reads better
ROW = 1.1  # how much longer `x @ A` counts than it is: `A.T @ x` is a column
MATRIX_SOLVE = 1.2  # how much longer `solve(A, B)` counts for a matrix B: `inv(A) @ B` reads better
MOST_PLACES = 10
MOST_WRITTEN = 40_000  # factors, over all the products that are written on the way
MOST_LEVELS = 3  # forms within forms, from where on sums are written as they stand
DEEP = 60  # tensors in one formula, from where on those deep inside are written first
MOST_GROUPS = 9  # of factors whose orders are searched; of longer products a part is written first
LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


@dataclass(frozen=True, slots=True)
class Piece:
    """A product still open: factors above and below the fraction bar, and their size together."""

    above: tuple[Node, ...]
    below: tuple[Node, ...]
    size: float

    def __lt__(self, other: Piece) -> bool:
        return self.size < other.size


class Renderer:
    """Writes tensors as nodes; `variants` offers other forms of a sum (see shortest.py)."""

    def __init__(self, alg: Calculus, decimals: bool = False, solves: bool = False) -> None:
        self.alg = alg
        self.decimals, self.solves = decimals, solves  # how the formula at hand writes such things
        self.size = Measure()
        self.known: dict[tuple[Tensor, Layout, bool], Node] = {}
        self.open: set[tuple[Tensor, Layout, bool]] = set()
        self.level = 0
        self.work = self.written = 0
        self.complements: dict[Tensor, Tensor] = {}

    def variants(self, t: Tensor) -> Sequence[Tensor]:
        return [t]

    # --- tensors ---------------------------------------------------------------------------

    def render(self, t: Tensor, want: Layout) -> Node:
        """The shortest node for `t` whose axes are those of `want`, None for one of size 1."""
        whole = self.level < MOST_LEVELS
        key = (t, want, whole)
        found = self.known.get(key)
        if found is None:
            if key in self.open:
                return self.plain(t, want)  # a form of t has led back to t
            self.open.add(key)
            found = self.known[key] = min(self.ways(t, want, whole), key=self.size)
            self.open.remove(key)
            assert fits(found, t, want), f"{found} written for {t} as {want}"
        return found

    def ways(self, t: Tensor, want: Layout, whole: bool) -> Iterator[Node]:
        """Nodes for `t`: of each of its forms, transposed, with axes of size 1 added last."""
        forms = self.variants(t) if whole else [t]
        real = tuple(a for a in want if a is not None)
        if len(real) < len(want) and t.form in ("function", "sum"):
            outside = self.render(t, real)
            if outside.ndim == len(real):
                yield arrange(outside, real, want)
        turned = t.form == "sum" and len(real) == 2 and None not in want and len(t.terms) < 8
        for form in forms:
            self.level += form is not t
            yield self.plain(form, want)
            if turned:
                other = self.plain(form, want[::-1])
                if other.ndim == 2 and other.op.name != "permute":
                    yield turn(other)
            self.level -= form is not t

    def plain(self, t: Tensor, want: Layout) -> Node:
        """`t` as it stands."""
        match t.form:
            case "sum":
                return self.sum(t, want)
            case "function":
                return self.function(t, want)
            case "along":
                return self.along(t, want)
            case "call":
                return self.call(t, want)
        return self.leaf(t, want)

    def prepare(self, tensors: Sequence[Tensor]) -> None:
        """Look at everything that is to be written, arguments first.

        Where s(u) and s(-u) both occur and u is long, the one is written as 1 minus the other.
        Parts deep inside are written first, so that none is written in deep recursion.
        """
        for t in tensors if len(tensors) > DEEP else ():
            axes = tuple(range(t.rank))
            self.render(t, axes)
            if t.rank == 2:
                self.render(t, axes[::-1])
        sigmoids = [t for t in tensors if t.form == "function" and t.name == "sigmoid"]
        for t in sigmoids:
            other = self.alg.apply("sigmoid", self.alg.times(-1, t.args[0][0]))
            if other in sigmoids and not self.complements.keys() & {t, other}:
                sizes = [self.size(self.render(s.args[0][0], tuple(range(s.rank)))) for s in (t, other)]
                if min(sizes) > 2:
                    long, short = (t, other) if sizes[0] > sizes[1] else (other, t)
                    self.complements[long] = short
        if sigmoids:
            self.known.clear()

    def leaf(self, t: Tensor, want: Layout) -> Node:
        if t.form == "delta":
            return arrange(F.eye(t.shape[0]), (0, 1), want)
        if t.form == "number":
            return number_node(t.node)
        if t.form == "triangle":
            full = TABLE["ones"](t.shape[0], t.shape[0])
            return arrange(F.tril(full), (0, 1), want)
        if t.form == "select":
            return self.selection(t, want)
        names = iter(range(t.rank))
        have = tuple(None if s == 1 else next(names) for s in t.node.shape)
        return arrange(t.node, have, want)

    def selection(self, t: Tensor, want: Layout) -> Node:
        """Rows of an identity, `eye(n)[entry]`, or columns where that is what is wanted."""
        entry, eye = t.attr("entry"), F.eye(t.shape[-1])
        if t.rank == 1:
            return arrange(F.index(eye, (entry,)), (0,), want)
        if tuple(a for a in want if a is not None) == (1, 0):
            return arrange(F.index(eye, (WHOLE, entry)), (1, 0), want)
        return arrange(F.index(eye, (entry,)), (0, 1), want)

    def function(self, t: Tensor, want: Layout) -> Node:
        args = []
        if t in self.complements:
            return 1 - self.render(self.complements[t], want)
        place = {a: n for n, a in enumerate(want) if a is not None}
        for a, idx in t.args:
            inner = {place[axis]: k for k, axis in enumerate(idx)}
            layout = tuple(inner.get(n) for n in range(len(want)))
            args.append(self.render(a, stripped(layout)))
        if t.name == "pow":
            out = args[0] ** args[1]
        elif t.name == "truth":
            out = args[0]
        else:
            out = TABLE[t.name].node(args, dict(t.attrs))
        return lengthened(out, want)

    def along(self, t: Tensor, want: Layout) -> Node:
        """A row along axes: its argument laid out so that as little as possible has to be moved."""
        x, active = t.args[0], t.attr("active")
        if t.name in ("det", "inv", "logdet"):
            return self.matrix(t, x, want)
        batch = x.rank - active
        order = tuple(a for a in want if a is not None)
        if t.rank == x.rank:  # softmax, cumprod
            place = order.index(batch)
            node = TABLE[t.name](self.render(x, order), dim=place)
            return arrange(node, order, want)
        gone = tuple(range(batch, x.rank))
        ways = []
        for at in range(len(order) + 1):
            inner = (*order[:at], *gone, *order[at:])
            dims = tuple(range(at, at + active))
            arg = self.render(x, inner)
            dim = None if not order and t.name != "logsumexp" else dims if active > 1 else dims[0]
            ways.append(arrange(reduction(t.name, arg, dim, False), order, want))
            kept = (*order[:at], *[None] * active, *order[at:])
            if kept == want and dim is not None:
                ways.append(reduction(t.name, arg, dim, True))
        return min(ways, key=self.size)

    def matrix(self, t: Tensor, x: Tensor, want: Layout) -> Node:
        batch = x.rank - 2
        rows, turned = tuple(range(x.rank)), (*range(batch), batch + 1, batch)
        ways = []
        for layout in (rows, turned):
            node = TABLE[t.name](self.render(x, layout))
            have: Layout = rows[:batch]
            if t.name == "inv":
                have = layout
            ways.append(arrange(node, have, want))
        return min(ways, key=self.size)

    def call(self, t: Tensor, want: Layout) -> Node:
        """A row that is only itself: its arguments get the axes they had."""
        attrs = {k: v for k, v in t.attrs if k != "shapes of arguments"}
        args = []
        for a, shape in zip(t.args, t.attr("shapes of arguments"), strict=True):
            args.append(self.exact(a, shape))
        node = TABLE[t.name].node(args, attrs)
        names = iter(range(t.rank))
        have = tuple(None if s == 1 else next(names) for s in node.shape)
        return arrange(node, have, want)

    def exact(self, t: Tensor, shape: Sequence[Any], like: Node | None = None) -> Node:
        """`t` as a node of exactly this shape."""
        names = iter(range(t.rank))
        want = tuple(None if s == 1 else next(names) for s in shape)
        node = self.render(t, want)
        if node.shape == tuple(shape):
            return node
        return repeated(node, tuple(shape), like)

    # --- sums ------------------------------------------------------------------------------

    def sum(self, t: Tensor, want: Layout) -> Node:
        """Terms joined by + and -, those with a plus first."""
        special = self.log_softmax(t, want) or self.where(t, want)
        if special is not None:
            return special
        if not t.terms:
            return constant(0)
        terms = sorted(t.terms.items(), key=lambda item: _term_order(*item))
        plus = [self.term(term, c, t.rank, want) for term, c in terms if c > 0]
        minus = [(term, c) for term, c in terms if c < 0]
        if not plus:
            (term, c), *minus = minus
            plus = [self.term(term, c, t.rank, want)]
        out = reduce(lambda a, b: a + b, sorted(plus, key=lambda n: n.op.name == "permute"))
        for term, c in minus:
            out = out - self.term(term, -c, t.rank, want)
        return lengthened(out, want)

    def log_softmax(self, t: Tensor, want: Layout) -> Node | None:
        """x - logsumexp(x, d) + rest, as log_softmax(x, d) + rest."""
        for term, c in t.terms.items():
            for f, idx, e in term:
                if f.name == "logsumexp" and f.form == "along" and e == 1 and len(term) == 1:
                    x = f.args[0]
                    free = [a for a in range(t.rank) if a not in idx]
                    if x.rank != len(idx) + 1 or len(free) != 1:
                        continue
                    axes = (*idx, *free)
                    items = self.alg.items(x, axes, t.rank)
                    terms = dict(self.alg.tensor("sum", "", t.shape, terms=t.terms).terms)
                    del terms[term]
                    whole = self.alg.sum(t.shape, [(-c * k, g) for k, g in items])
                    pieces = whole.terms or {((whole, tuple(range(whole.rank)), ONE),): ONE}
                    if any(terms.get(p) != k for p, k in pieces.items()):
                        continue
                    rest = {p: k for p, k in terms.items() if p not in pieces}
                    soft = self.alg.tensor("along", "log_softmax", x.shape, (x,), f.attrs)
                    inner = self.alg.tensor("sum", "", t.shape, terms={
                        **rest, ((soft, axes, ONE),): -c})  # fmt: skip
                    return self.sum(inner, want)
        return None

    def where(self, t: Tensor, want: Layout) -> Node | None:
        """m*a + (not m)*b + rest, as where(m, a, b) + rest."""
        for mask, idx in _masks(t):
            no = self.alg.opposite(mask) if mask.form == "function" else mask
            yes_terms, no_terms, rest = {}, {}, {}
            for term, c in t.terms.items():
                others = tuple(f for f in term if (f[0], f[1]) not in ((mask, idx), (no, idx)))
                if len(others) == len(term):
                    rest[term] = c
                elif any(f[0] is mask and f[1] == idx for f in term):
                    yes_terms[others] = c
                else:
                    no_terms[others] = c
            if not no_terms and not any(_fragile(term) for term in yes_terms):
                continue
            if mask.name in ("le", "lt", "ne") and no_terms and no.name != "lt":
                mask, no, yes_terms, no_terms = no, mask, no_terms, yes_terms
            branches = []
            for terms in (yes_terms, no_terms):
                branch = self.alg.sum(t.shape, [(c, list(k)) for k, c in terms.items()])
                branches.append(self.render(self.used(branch), self.of(branch, want)))
            place = {a: n for n, a in enumerate(want) if a is not None}
            layout: list[int | None] = [None] * len(want)
            for k, axis in enumerate(idx):
                layout[place[axis]] = k
            out = F.where(self.render(mask, stripped(tuple(layout))), *branches)
            if rest:
                more = self.alg.sum(t.shape, [(c, list(k)) for k, c in rest.items()])
                out = out + self.render(self.used(more), self.of(more, want))
            return lengthened(out, want)
        return None

    def used(self, t: Tensor) -> Tensor:
        """`t` on the axes that it depends on."""
        if t.form != "sum":
            return t
        return self.alg.taken(t, _used(t))

    def of(self, t: Tensor, want: Layout) -> Layout:
        """The layout of `used(t)` in `want`."""
        names = {a: n for n, a in enumerate(_used(t))} if t.form == "sum" else {
            a: a for a in range(t.rank)}  # fmt: skip
        return stripped(tuple(names.get(a) if a is not None else None for a in want))

    # --- products --------------------------------------------------------------------------

    def term(self, term: Term, c: Fraction, rank: int, want: Layout) -> Node:
        """A product of factors, summed over the indices from `rank` on, times a coefficient."""
        self.written += len(term)
        if self.written > MOST_WRITTEN:
            raise TooLong
        factors = list(term)
        if c < 0:
            c, factors = self.flipped(c, factors)
        product = Product(self, self.shortened(factors, rank), rank)
        present = {i for _, idx, _ in term for i in idx}
        layout = stripped(tuple(a if a in present else None for a in want))
        piece, c = averaged(product.piece(layout), c)
        return scaled(piece, c, self.decimals)

    def shortened(self, factors: list[Factor], rank: int) -> list[Factor]:
        """A product of too many factors with some of them, joined by indices, as one."""
        while len({idx for _, idx, _ in factors if idx}) > MOST_GROUPS:
            first = next(n for n, (_, idx, _) in enumerate(factors) if idx)
            inside, reach = [first], set(factors[first][1])
            while len(inside) < MOST_GROUPS // 2:
                rest = [n for n, (_, idx, _) in enumerate(factors) if idx and n not in inside]
                near = [n for n in rest if reach & set(factors[n][1])] or rest
                inside.append(near[0])
                reach |= set(factors[near[0]][1])
            others = [f for n, f in enumerate(factors) if n not in inside]
            outside = {i for _, idx, _ in others for i in idx}
            kept = sorted(i for i in reach if i < rank or i in outside)
            names = {i: n for n, i in enumerate([*kept, *sorted(reach - set(kept))])}
            size_of = {
                i: s for n in inside for i, s in zip(factors[n][1], factors[n][0].shape, strict=True)
            }
            renamed = [
                (f, tuple(names[i] for i in idx), e) for f, idx, e in (factors[n] for n in inside)
            ]
            inner = self.alg.sum([size_of[i] for i in kept], [(ONE, renamed)])
            factors = [*others, (inner, tuple(kept), ONE)]
        return factors

    def flipped(self, c: Fraction, factors: list[Factor]) -> tuple[Fraction, list[Factor]]:
        """-2*(y - x) as 2*(x - y), where that has a plus in front too."""
        for n, (f, idx, e) in enumerate(factors):
            if f.form == "sum" and e.denominator == 1 and e % 2 and 0 < len(f.terms) < 20:
                signs = {k > 0 for term, k in f.terms.items()}
                if signs == {True, False} and (c == -1 or () not in f.terms):
                    turned = {term: -k for term, k in f.terms.items()}
                    other = self.alg.tensor("sum", "", f.shape, terms=turned)
                    return -c, [*factors[:n], (other, idx, e), *factors[n + 1 :]]
        return c, factors

    def power(self, t: Tensor, layout: Layout, e: Fraction) -> Node:
        """``t**e`` for positive e."""
        if e == 1:
            return self.render(t, layout)
        if e.denominator == 2 and t.form == "sum":
            norm = self.norm(t, layout)
            if norm is not None:
                return norm if e == Fraction(1, 2) else norm ** number(2 * e)
        if e == Fraction(1, 2):
            return F.sqrt(self.render(t, layout))
        return self.render(t, layout) ** number(e)

    def norm(self, t: Tensor, layout: Layout) -> Node | None:
        """The root of a sum of squares."""
        if len(t.terms) != 1:
            return None
        ((term, c),) = t.terms.items()
        if c != 1 or any(e % 2 for _, _, e in term):
            return None
        bound = sorted({i for _, idx, _ in term for i in idx if i >= t.rank})
        if not bound:
            return None
        halves = [(f, idx, Fraction(e) / 2) for f, idx, e in term]
        size_of = {i: s for f, idx, _ in term for i, s in zip(idx, f.shape, strict=True)}
        shape = [size_of.get(i, t.shape[i] if i < t.rank else 1) for i in range(t.rank + len(bound))]
        inner = self.alg.sum(shape, [(ONE, halves)])
        order = tuple(a for a in layout if a is not None)
        ways = []
        for at in range(len(order) + 1):
            dims = tuple(range(at, at + len(bound)))
            arg = self.exact_layout(inner, (*order[:at], *bound, *order[at:]))
            dim = None if not order else dims if len(dims) > 1 else dims[0]
            ways.append(arrange(F.norm(arg, dim=dim) if order else F.norm(arg), order, layout))
            kept = (*order[:at], *[None] * len(bound), *order[at:])
            if kept == layout and order:
                ways.append(F.norm(arg, dim=dim, keepdim=True))
        return min(ways, key=self.size)

    def exact_layout(self, t: Tensor, layout: Layout) -> Node:
        """`t` with every axis at its full size, though it may not depend on it."""
        shape = tuple(1 if a is None else t.shape[a] for a in layout)
        node = self.render(self.used(t), self.of(t, layout))
        return node if node.shape == shape else repeated(node, shape, None)


class Product:
    """One product: its factors grouped by the indices they have, and ways to combine the groups."""

    def __init__(self, renderer: Renderer, factors: list[Factor], rank: int) -> None:
        self.r, self.rank = renderer, rank
        groups: dict[frozenset[int], list[Factor]] = {}
        self.operators: list[tuple[Tensor, Index]] = []
        for f, idx, e in factors:
            own = f.form in ("delta", "select", "triangle") or (f.form == "along" and f.name == "inv")
            key = frozenset(idx)
            if own and idx:
                groups[frozenset((*key, ~len(groups)))] = [(f, idx, e)]
            else:
                groups.setdefault(key, []).append((f, idx, e))
        self.scalars = groups.pop(frozenset(), [])
        self.groups = list(groups.values())
        self.indices = [frozenset(i for _, idx, _ in g for i in idx) for g in self.groups]
        self.sizes = {
            i: s for g in self.groups for f, idx, _ in g for i, s in zip(idx, f.shape, strict=True)
        }
        self.known: dict[tuple[int, Layout], Piece | None] = {}
        self._kept: dict[int, frozenset[int]] = {}
        self._connected: dict[int, bool] = {}
        self.neighbours = [
            sum(1 << n for n, other in enumerate(self.indices) if idx & other)
            for idx in self.indices
        ]

    def piece(self, layout: Layout) -> Piece:
        """The whole product with axes as in `layout`."""
        everything = (1 << len(self.groups)) - 1
        tensor = Piece((), (), 0)
        if self.groups:
            found = self.best(everything, layout)
            assert found is not None, f"no way to write {self.groups} as {layout}"
            tensor = found
        scalars = self.elementwise(self.scalars, {})
        return multiplied(scalars, tensor)

    def kept(self, subset: int) -> frozenset[int]:
        """The indices of a subset that the result or another group has too."""
        found = self._kept.get(subset)
        if found is None:
            inside: frozenset[int] = frozenset()
            outside: frozenset[int] = frozenset()
            for n, idx in enumerate(self.indices):
                if subset >> n & 1:
                    inside |= idx
                else:
                    outside |= idx
            found = frozenset(i for i in inside if i < self.rank or i in outside)
            self._kept[subset] = found
        return found

    def best(self, subset: int, layout: Layout) -> Piece | None:
        """The shortest way to write the product of a subset of the groups."""
        key = (subset, layout)
        if key not in self.known:
            self.r.work += 1
            self.known[key] = None
            ways = list(self.ways(subset, layout))
            self.known[key] = min(ways) if ways else None
        return self.known[key]

    def ways(self, subset: int, layout: Layout) -> Iterator[Piece]:
        if not subset & (subset - 1):
            yield from self.single(subset.bit_length() - 1, layout)
            return
        for a, b in self.splits(subset):
            yield from self.pair(a, b, layout)
        if subset == (1 << len(self.groups)) - 1:
            if any(len(idx) > 2 for idx in self.indices) or sum(i is not None for i in layout) > 2:
                found = self.einsum(subset, layout)
                if found is not None:
                    yield found

    def members(self, subset: int) -> list[int]:
        return [n for n in range(len(self.groups)) if subset >> n & 1]

    def splits(self, subset: int) -> Iterator[tuple[int, int]]:
        """Two parts of a subset, each of them connected by indices where the subset is."""
        parts = self.components(subset)
        if len(parts) > 1:
            yield parts[0], subset & ~parts[0]
            return
        lowest = subset & -subset
        rest = subset & ~lowest
        inner = rest
        while inner:
            inner = (inner - 1) & rest
            a = inner | lowest
            if self.connected(a) and self.connected(subset & ~a):
                yield a, subset & ~a

    def connected(self, subset: int) -> bool:
        found = self._connected.get(subset)
        if found is None:
            found = self._connected[subset] = len(self.components(subset)) == 1
        return found

    def components(self, subset: int) -> list[int]:
        """The connected parts of a subset, as subsets."""
        found = []
        while subset:
            part = subset & -subset
            grown = 0
            while grown != part:
                grown = part
                for n in self.members(part):
                    part |= self.neighbours[n] & subset
            found.append(part)
            subset &= ~part
        return found

    # --- one group -------------------------------------------------------------------------

    def single(self, n: int, layout: Layout) -> Iterator[Piece]:
        group = self.groups[n]
        kept = self.kept(1 << n)
        gone = sorted(self.indices[n] - kept)
        if not gone:
            yield self.laid(group, layout)
            return
        order = tuple(i for i in layout if i is not None)
        if group[0][0].form == "triangle" and len(gone) == 1 and len(order) == 1:
            f, idx, _ = group[0]
            ones = F.ones(f.shape[0])
            yield self.whole(arrange(self.accumulated(ones, 0, gone[0] == idx[1]), order, layout))
        if not order and len(group) == 1 and group[0][2] == 1:
            f, idx, _ = group[0]
            if len(idx) == 2 and idx[0] == idx[1]:
                yield self.whole(F.trace(self.r.render(f, (0, 1))))
                return
        if not order and len(gone) == 1:
            dot = self.dot(group, gone[0])
            if dot is not None:
                yield dot
        for inner, dims in interleaved(order, gone):
            yield from self.summed(self.laid(group, inner), order, dims, layout, inner)

    def summed(
        self, piece: Piece, order: Layout, dims: tuple[int, ...], layout: Layout, inner: Layout
    ) -> Iterator[Piece]:
        node, rank = self.full(piece, inner), len(inner)
        if len(dims) == rank:
            yield self.whole(arrange(F.sum(node), (), layout))
            return
        dim = dims if len(dims) > 1 else dims[0]
        yield self.whole(arrange(F.sum(node, dim=dim), order, layout))
        kept: list[int | None] = list(order)
        for d in dims:
            kept.insert(d, None)
        if tuple(kept) == layout:
            yield self.whole(F.sum(node, dim=dim, keepdim=True))

    def full(self, piece: Piece, layout: Layout) -> Node:
        """A piece as a node of its full shape, though it may not depend on every index."""
        node = closed(piece)
        shape = tuple(1 if i is None else self.sizes[i] for i in layout)
        return node if node.shape == shape else repeated(node, shape, None)

    def dot(self, group: list[Factor], k: int) -> Piece | None:
        """The sum over k of a product of vectors."""
        if any(idx != (k,) for _, idx, _ in group):
            return None
        if len(group) == 1 and group[0][2] == 2:
            x = self.r.render(group[0][0], (0,))
            return self.whole(x @ x if self.r.size(x) <= 2 else F.norm(x) ** 2)
        if len(group) < 2:
            return None
        node = closed(self.laid(group, (k,)))
        if node.op.name == "mul" and node.args[0].ndim == node.args[1].ndim == 1:
            return self.whole(node.args[0] @ node.args[1])
        return None

    def laid(self, group: list[Factor], layout: Layout) -> Piece:
        """The factors of a group multiplied entry by entry; diagonals are taken where they are."""
        place: dict[int, int] = {}
        factors = []
        for f, idx, e in group:
            if len(set(idx)) < len(idx):
                f, idx = self.diagonal(f, idx)
            factors.append((f, idx, e))
        for n, i in enumerate(layout):
            if i is not None:
                place[i] = n
        return self.elementwise(factors, dict(enumerate(layout)))

    def diagonal(self, f: Tensor, idx: Index) -> tuple[Tensor, Index]:
        """A factor with an index twice, as the tensor of its diagonal."""
        names = list(dict.fromkeys(idx))
        shape = [f.shape[idx.index(i)] for i in names]
        attrs = (("places", tuple(names.index(i) for i in idx)),)
        return self.r.alg.tensor("call", "diagonal of", shape, (f,), attrs), tuple(names)

    def elementwise(self, factors: list[Factor], layout: dict[int, int | None]) -> Piece:
        """Factors multiplied entry by entry, exponentials and roots of numbers brought together."""
        r, alg = self.r, self.r.alg
        above: list[Node] = []
        below: list[Node] = []
        exponent: list[tuple[Tensor, Index, Fraction]] = []
        roots: dict[Fraction, list[Node]] = {}
        powers = {(f.args[0][0], idx): e for f, idx, e in factors
                  if f.name == "pow" and f.form == "function" and
                  f.args[0][1] == tuple(range(f.rank))}  # fmt: skip
        extra = {key: e for f, idx, e in factors if (key := (f, idx)) in powers}
        order = [i for i in layout.values() if i is not None]

        def lay(idx: Index) -> Layout:
            own = {i: k for k, i in enumerate(idx)}
            return stripped(tuple(own.get(i) if i is not None else None for i in layout.values()))

        for f, idx, e in factors:
            if (f, idx) in extra:
                continue
            if f.form == "call" and f.name == "diagonal of":
                above.append(self.diagonal_node(f, lay(idx)))
                continue
            if f.form == "function" and f.name == "exp":
                exponent.append((f.args[0][0], idx, e))
            elif f.form == "function" and f.name == "pow":
                base = r.render(f.args[0][0], self.through(f.args[0][1], idx, lay))
                inner, places = f.args[1]
                power = alg.times(e, inner)
                k = extra.get((f.args[0][0], idx), Fraction(0))
                if k:
                    power = alg.plus(power, alg.number(k, power.shape))
                node = r.render(power, self.through(places, idx, lay))
                above.append(base**node)
            elif f.form == "number":
                if e.denominator == 2:
                    roots.setdefault(Fraction(1, 2) if e > 0 else Fraction(-1, 2), []).append(
                        raised(number_node(f.node), 2 * abs(e)))  # fmt: skip
                else:
                    (above if e > 0 else below).append(raised(number_node(f.node), abs(e)))
            elif e > 0:
                above.append(r.power(f, lay(idx), e))
            else:
                below.append(r.power(f, lay(idx), -e))
        if exponent:
            used = sorted({i for _, idx, _ in exponent for i in idx}, key=order.index)
            names = {i: n for n, i in enumerate(used)}
            size_of = {i: s for f, idx, _ in exponent for i, s in zip(idx, f.shape, strict=True)}
            total = alg.sum(
                [size_of[i] for i in used],
                [(e * c, g) for f, idx, e in exponent
                 for c, g in alg.items(f, tuple(names[i] for i in idx), len(used))],
            )  # fmt: skip
            above.append(F.exp(r.render(total, lay(tuple(used)))))
        for e, nodes in roots.items():
            node = F.sqrt(reduce(lambda a, b: a * b, sorted(nodes, key=_node_order)))
            (above if e > 0 else below).append(node)
        size = sum(map(r.size, above)) + sum(map(r.size, below)) + len(above) + len(below) - 1
        return Piece(tuple(above), tuple(below), max(size, 0) + (not above and bool(below)))

    @staticmethod
    def through(places: Index, idx: Index, lay: Any) -> Layout:
        """A layout for an argument whose axes are the axes `places` of a factor."""
        whole = lay(idx)
        back = {axis: k for k, axis in enumerate(places)}
        return stripped(tuple(back.get(a) if a is not None else None for a in whole))

    def diagonal_node(self, f: Tensor, layout: Layout) -> Node:
        """The diagonal of a matrix; of anything larger by einsum."""
        x, places = f.args[0], f.attr("places")
        inner = self.r.render(x, tuple(range(x.rank)))
        if places == (0, 0):
            return arrange(F.diag(inner), (0,), layout)
        left = "".join(LETTERS[p] for p in places)
        right = "".join(LETTERS[a] for a in layout if a is not None)
        order = tuple(a for a in layout if a is not None)
        return arrange(F.einsum(f"{left}->{right}", inner), order, layout)

    def whole(self, node: Node) -> Piece:
        return Piece((node,), (), self.r.size(node))

    # --- two parts -------------------------------------------------------------------------

    def pair(self, a: int, b: int, layout: Layout) -> Iterator[Piece]:
        kept = self.kept(a | b)
        ka, kb = self.kept(a), self.kept(b)
        summed = sorted((ka & kb) - kept)
        if not summed:
            yield from self.by_entry(a, b, layout)
            return
        for first, second in ((a, b), (b, a)):
            yield from self.applied(first, second, layout)
        order = tuple(i for i in layout if i is not None)
        if len(summed) == 1:
            yield from self.multiplied(a, b, summed[0], order, layout)
        if (ka & kb) - set(summed) or len(summed) > 1:
            for inner, dims in interleaved(order, summed):
                for piece in self.by_entry(a, b, inner):
                    yield from self.summed(piece, order, dims, layout, inner)

    def by_entry(self, a: int, b: int, layout: Layout) -> Iterator[Piece]:
        """The product entry by entry, what lacks an axis repeated along it."""
        parts = []
        for part in (a, b):
            kept = self.kept(part)
            own = stripped(tuple(i if i in kept else None for i in layout))
            found = self.best(part, own)
            if found is None:
                return
            parts.append(found)
        yield multiplied(*parts)
        order = tuple(i for i in layout if i is not None)
        for first, second in ((a, b), (b, a)):
            members = self.members(first)
            if len(members) == 1 and self.groups[members[0]][0][0].form == "delta":
                i, j = self.groups[members[0]][0][1]
                if set(order) == {i, j} and self.kept(second) == {i}:
                    x = self.best(second, (i,))
                    if x is not None and closed(x).ndim == 1:
                        yield self.whole(arrange(F.diag(closed(x)), order, layout))
        ka, kb = self.kept(a), self.kept(b)
        if len(order) == 2 and len(ka) == len(kb) == 1 and ka != kb:
            first, second = (a, b) if order[0] in ka else (b, a)
            x, y = self.best(first, order[:1]), self.best(second, order[1:])
            if x is not None and y is not None:
                node = F.outer(closed(x), closed(y))
                yield self.whole(arrange(node, order, layout))

    def multiplied(
        self, a: int, b: int, k: int, order: Layout, layout: Layout
    ) -> Iterator[Piece]:
        """``A @ B``, summed over k; leading axes in common are batches."""
        ka, kb = self.kept(a) - {k}, self.kept(b) - {k}
        common = ka & kb
        lead = order[: len(common)]
        if set(lead) != common or len(ka - common) > 1 or len(kb - common) > 1:
            return
        if common and (ka == common or kb == common):
            return
        for first, second, kf, ks in ((a, b, ka, kb), (b, a, kb, ka)):
            left, right = tuple(kf - common), tuple(ks - common)
            if (*lead, *left, *right) != order:
                continue
            x, y = self.best(first, (*lead, *left, k)), self.best(second, (*lead, k, *right))
            if x is None or y is None:
                continue
            nx, ny = self.full(x, (*lead, *left, k)), self.full(y, (*lead, k, *right))
            if right and left:
                yield from self.scaled_chain(first, second, left, k, right, order, layout)
            if not left and not right and ny.op.name == "matmul" and ny.args[0].ndim == 2:
                node = nx @ ny.args[0] @ ny.args[1]  # x @ A @ y
            else:
                node = nx @ ny
            piece = self.whole(arrange(node, order, layout))
            if left and right and (_scales_columns(nx) or _scales_columns(ny)):
                piece = Piece(piece.above, (), piece.size + DIAG)
            if right and not left and not lead:
                piece = Piece(piece.above, (), piece.size + ROW)
            yield piece
            if right or left:
                yield from self.solved(first, ny, order, layout, (*left, k))

    def scaled_chain(
        self, first: int, second: int, left: Layout, k: int, right: Layout, order: Layout,
        layout: Layout,
    ) -> Iterator[Piece]:  # fmt: skip
        """``A @ diag(s) @ B``, for a factor s that the index summed over alone has."""
        for part, other in ((first, second), (second, first)):
            weights = sum(1 << n for n in self.members(part) if self.indices[n] == {k})
            rest = part & ~weights
            if not weights or not rest or not self.connected(rest):
                continue
            s, x, y = (
                self.best(weights, (k,)),
                self.best(rest, (*left, k) if part == first else (k, *right)),
                self.best(other, (k, *right) if part == first else (*left, k)),
            )
            if s is not None and x is not None and y is not None:
                a, b = (x, y) if part == first else (y, x)
                node = closed(a) @ F.diag(closed(s)) @ closed(b)
                yield self.whole(arrange(node, order, layout))

    def solved(
        self, first: int, right: Node, order: Layout, layout: Layout, rows: Layout
    ) -> Iterator[Piece]:
        """inv(A) @ b as solve(A, b)."""
        members = self.members(first)
        if len(members) != 1 or len(self.groups[members[0]]) != 1:
            return
        f, idx, e = self.groups[members[0]][0]
        if f.form != "along" or f.name != "inv" or e != 1 or f.rank != 2 or right.ndim > 2:
            return
        own = {i: n for n, i in enumerate(idx)}
        inner = self.r.render(f.args[0], tuple(own[i] for i in rows if i is not None))
        piece = self.whole(arrange(F.solve(inner, right), order, layout))
        more = MATRIX_SOLVE if right.ndim > 1 and not self.r.solves else 0
        yield Piece(piece.above, (), piece.size + more)

    def applied(self, operator: int, operand: int, layout: Layout) -> Iterator[Piece]:
        """Selections and triangles applied to an axis: indexing, cumulative sums."""
        members = self.members(operator)
        if len(members) != 1:
            return
        f, idx, _ = self.groups[members[0]][0]
        if f.form not in ("select", "triangle"):
            return
        shared = self.kept(operator) & self.kept(operand)
        order = tuple(i for i in layout if i is not None)
        if len(shared) != 1:
            return
        (k,) = shared
        mirrored = f.form == "select" and f.rank == 2 and f.attr("entry") == (
            "slice", None, None, -1)  # fmt: skip
        if f.form == "select" and idx[-1] != k and not mirrored:
            return
        new = next((i for i in idx if i != k), None)
        if new is not None and new not in order:
            return
        for at in range(len(order) + 1) if new is None else [order.index(new)]:
            inner = (
                (*order[:at], k, *order[at:])
                if new is None
                else tuple(k if i == new else i for i in order)
            )
            found = self.best(operand, inner)
            if found is None:
                continue
            x = self.full(found, inner)
            if f.form == "select":
                node = F.index(x, (WHOLE,) * at + (f.attr("entry"),))
            else:
                node = self.accumulated(x, at, idx[1] == k)
            yield self.whole(arrange(node, order, layout))

    @staticmethod
    def accumulated(x: Node, axis: int, forward: bool) -> Node:
        """The sum up to each position, or from it on."""
        turn = (WHOLE,) * axis + (("slice", None, None, -1),)
        if forward:
            return F.cumsum(x, dim=axis)
        return F.index(F.cumsum(F.index(x, turn), dim=axis), turn)

    # --- whatever else ---------------------------------------------------------------------

    def einsum(self, subset: int, layout: Layout) -> Piece | None:
        """Any product of tensors, each as it comes."""
        order = [i for i in layout if i is not None]
        every = list(dict.fromkeys((*order, *sorted(self.sizes))))
        if len(every) > len(LETTERS):
            return None
        names = dict(zip(every, LETTERS, strict=False))
        terms, nodes = [], []
        for n in self.members(subset):
            for f, idx, e in self.groups[n]:
                own = tuple(range(f.rank))
                if e < 0:
                    nodes.append(closed(Piece((), (self.r.power(f, own, -e),), 0)))
                else:
                    nodes.append(self.r.power(f, own, e) if f.name != "exp" else closed(
                        self.elementwise([(f, own, e)], dict(enumerate(own)))))  # fmt: skip
                terms.append("".join(names[i] for i in idx))
        if any(x.ndim != len(t) for x, t in zip(nodes, terms, strict=True)):
            return None
        equation = ",".join(terms) + "->" + "".join(names[i] for i in order)
        return self.whole(arrange(F.einsum(equation, *nodes), tuple(order), layout))


# --- numbers ---------------------------------------------------------------------------------------


def number(value: Fraction) -> Node:
    """A rational number alone: an integer, a short decimal, or a fraction."""
    if value.denominator == 1:
        return integer(int(value))
    if short(value):
        return constant(float(value))
    return integer(value.numerator) / integer(value.denominator)


def integer(value: int) -> Node:
    """An integer, as a float where it has no place in 64 bits."""
    return constant(value if abs(value) < 2**53 else float(value))


def short(value: Fraction) -> bool:
    """Whether a number has at most three decimals."""
    return 1000 % value.denominator == 0


def number_node(value: Any) -> Node:
    if isinstance(value, Fraction):
        return number(value)
    return constant(value)


def raised(x: Node, e: Fraction) -> Node:
    return x if e == 1 else x ** number(e)


def scaled(piece: Piece, c: Fraction, decimals: bool) -> Node:
    """A product closed, with its coefficient: ``2/5*x``, ``x/5``, ``0.5/x``."""
    if not piece.above and not piece.below:
        return number(c)
    p, q = c.numerator, c.denominator
    as_decimal = short(c) and q != 1 and (
        (not piece.above) or (abs(p) != 1 and (decimals or (q == 2 and abs(p) > 2)))
    )  # fmt: skip
    if as_decimal:
        lead: Node | None = constant(float(abs(c)))
        q = 1
    else:
        lead = integer(abs(p)) if abs(p) != 1 else None
    below = list(piece.below)
    sizes = [x for x in below if x.op.name == "dimension"]
    if sizes and piece.above and not as_decimal and (lead is not None or len(below) > len(sizes)):
        below = [x for x in below if x not in sizes]  # 2/n*x
        if q != 1:
            sizes.insert(0, integer(q))
        q = 1
        lead = (constant(1) if lead is None else lead) / reduce(lambda a, b: a * b, sizes)
    if q != 1 and (below or lead is None):
        below.insert(0, integer(q))
    elif q != 1 and lead is not None:
        lead = lead / integer(q)
    out = closed(Piece(piece.above, tuple(below), 0), lead)
    return with_minus(out) if c < 0 else out


def averaged(piece: Piece, c: Fraction) -> tuple[Piece, Fraction]:
    """sum(x)/5 as mean(x), of five entries."""
    for k, node in enumerate(piece.above):
        if node.op.name == "sum":
            x, dims = node.args[0], node.attr("dim")
            count = product_of_sizes(x.shape[d] for d in dims)
            mean = (*piece.above[:k], TABLE["mean"].node([x], dict(node.attrs)), *piece.above[k + 1 :])
            if isinstance(count, int) and count > 1 and c.denominator % count == 0:
                return Piece(mean, piece.below, 0), c * count
            named = dimension(count)
            if isinstance(count, str) and named in piece.below:
                below = list(piece.below)
                below.remove(named)
                return Piece(mean, tuple(below), 0), c
    return piece, c


def closed(piece: Piece, lead: Node | None = None) -> Node:
    """A product as one node: numbers first, matrix products last, one fraction bar."""
    above = sorted(piece.above, key=_node_order)
    below = sorted(piece.below, key=_node_order)
    if len(above) > 1 and above[-1].op.name == "matmul" and not any(x.shape for x in above[:-1]):
        scalars = reduce(lambda a, b: a * b, above[:-1])  # det(P)*A.T @ B
        above = [led(scalars, above[-1])] if above[-1].shape else above
    if not above:
        top = lead if lead is not None else constant(1)
    elif lead is not None:
        top = reduce(lambda a, b: a * b, above[1:], led(lead, above[0]))
    else:
        top = reduce(lambda a, b: a * b, above)
    return top / reduce(lambda a, b: a * b, below) if below else top


def led(lead: Node, x: Node) -> Node:
    """`lead * x`, with the number at the very front: ``2*X.T @ r``."""
    if x.op.name in ("matmul", "mul", "div"):
        first = x.args[0]
        if not (x.op.name == "div" and not first.shape and first.op.name == "constant"):
            return x.op.node([led(lead, first), x.args[1]], {})  # type: ignore[no-any-return]
    return lead * x


def fits(node: Node, t: Tensor, want: Layout) -> bool:
    """Whether the axes of a node are those of a tensor as laid out, or of size 1."""
    shape = [1 if a is None else t.shape[a] for a in want]
    return node.ndim <= len(want) and all(
        s in (1, shape[d - node.ndim]) for d, s in enumerate(node.shape)
    )


def turn(x: Node) -> Node:
    """The transpose, a sign at the very front left there."""
    bare = without_minus(x)
    return F.permute(x, (-1, -2)) if bare is None else -F.permute(bare, (-1, -2))


def without_minus(x: Node) -> Node | None:
    """What a node is the negative of, if there is a sign at its very front."""
    if x.op.name == "neg":
        return x.args[0]
    if x.op.name in ("matmul", "mul", "div"):
        first = without_minus(x.args[0])
        return None if first is None else x.op.node([first, x.args[1]], {})
    return None


def with_minus(x: Node) -> Node:
    """`-x`, with the sign at the very front."""
    if x.op.name == "constant" and not x.shape:
        return constant(-x.attr("value"))
    if x.op.name in ("matmul", "mul", "div"):
        return x.op.node([with_minus(x.args[0]), x.args[1]], {})  # type: ignore[no-any-return]
    return -x


def multiplied(x: Piece, y: Piece) -> Piece:
    if not (x.above or x.below):
        return y
    if not (y.above or y.below):
        return x
    return Piece(x.above + y.above, x.below + y.below, x.size + y.size + 1)


def interleaved(order: Layout, more: Sequence[int]) -> Iterator[tuple[Layout, tuple[int, ...]]]:
    """Layouts with further indices between those of `order`, and where those then are."""
    rank = len(order) + len(more)
    for dims in list(combinations(range(rank), len(more)))[:MOST_PLACES]:
        old, new = iter(order), iter(more)
        yield tuple(next(new) if n in dims else next(old) for n in range(rank)), dims


# --- axes ------------------------------------------------------------------------------------------


def stripped(layout: Layout) -> Layout:
    """A layout without the axes of size 1 in front: broadcasting adds those."""
    n = 0
    while n < len(layout) and layout[n] is None:
        n += 1
    return layout[n:]


def lengthened(node: Node, want: Layout) -> Node:
    """A node with the axes of size 1 in front that `want` has, if it lacks them."""
    missing = len(want) - node.ndim
    if missing > 0 and all(a is None for a in want[:missing]):
        return F.unsqueeze(node, tuple(range(missing)))
    return node


def arrange(node: Node, have: Layout, want: Layout) -> Node:
    """A node whose axes are `have` with them as in `want`."""
    if have == want:
        return node
    order = tuple(a for a in want if a is not None)
    if None in have:
        entries = tuple(0 if a is None else WHOLE for a in have)
        node, have = F.index(node, entries), tuple(a for a in have if a is not None)
        if have == want:
            return node
    if have != order:
        node = F.permute(node, tuple(have.index(a) for a in order))
    new = tuple(n for n, a in enumerate(want) if a is None)
    return F.unsqueeze(node, new) if new else node


def repeated(node: Node, shape: tuple[Any, ...], like: Node | None) -> Node:
    """A node repeated to a shape; of the shape of `like` by means of ones_like."""
    ones = ones_like(like) if like is not None and like.shape == shape else None
    if ones is None:
        ones = F.ones(*shape)
    if node.op.name == "constant" and not node.shape and node.attr("value") in (0, 1):
        if node.attr("value") == 1:
            return ones
        return zeros_like(like) if like is not None and like.shape == shape else F.zeros(*shape)
    return led(node, ones) if node.op.name == "constant" else node * ones


def ones_like(x: Node) -> Node:
    return Node(TABLE["ones_like"], (x,), (), x.shape, "float")


def zeros_like(x: Node) -> Node:
    return Node(TABLE["zeros_like"], (x,), (), x.shape, "float")


def reduction(name: str, x: Node, dim: Any, keepdim: bool) -> Node:
    if dim is None:
        return TABLE[name](x)  # type: ignore[no-any-return]
    return TABLE[name](x, dim=dim, keepdim=keepdim)  # type: ignore[no-any-return]


# --- order -----------------------------------------------------------------------------------------


def _node_order(node: Node) -> int:
    name = node.op.name
    if name in ("constant", "dimension"):
        return 0 if name == "dimension" or isinstance(node.attr("value"), int) else 1
    if name == "sqrt" and node.args[0].op.name == "constant":
        return 1
    if not node.shape:
        return 2 if name == "variable" else 3
    if name == "matmul":
        return 6
    return 5 if name in ("add", "sub", "where") else 4


def _term_order(term: Term, c: Fraction) -> tuple[Any, ...]:
    return c < 0, tuple((f.id, idx, e) for f, idx, e in term)


def _used(t: Tensor) -> Index:
    return tuple(sorted({i for term in t.terms for _, idx, _ in term for i in idx if i < t.rank}))


def _masks(t: Tensor) -> list[tuple[Tensor, Index]]:
    found: dict[tuple[Tensor, Index], None] = {}
    for term in t.terms:
        for f, idx, _ in term:
            if f.form == "function" and is_mask(f) and all(i < t.rank for i in idx):
                found[f, idx] = None
    return list(found)


def _fragile(term: Term) -> bool:
    """Whether a product may be nan or inf where its mask is 0."""
    return any(
        (e < 0 or e.denominator != 1 or f.name in ("log", "pow", "exp")) and not _count(f)
        for f, _, e in term
    )


def _scales_columns(node: Node) -> bool:
    """Whether a node is a matrix times a vector along one of its axes."""
    return node.op.name in ("mul", "div") and min(a.ndim + (1 in a.shape) * -1 for a in node.args
                                                  if a.ndim) < node.ndim  # fmt: skip


def _count(t: Tensor) -> bool:
    """Whether a tensor is a number of entries that satisfy something."""
    return t.form == "sum" and all(is_mask(f) for term in t.terms for f, _, _ in term)
