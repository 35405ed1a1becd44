"""From the normal form back to a formula as a person would have written it.

Of the forms that a sum has (see shortest.py) and the ways to write each product in it (see
product.py) the shortest is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from itertools import permutations
from typing import Any

from ..node import TABLE, Node
from ..ops import F, constant
from .budget import TooLong
from .functions import ODD
from .identities import Calculus
from .layout import WHOLE, Layout, arrange, fits, lengthened, reduction, repeated, stripped
from .measure import Measure
from .pieces import added, averaged, number, number_node, scaled, turn, with_minus
from .product import Product, diagonal_of
from .tensors import ONE, Factor, Index, Item, Tensor, Term, axes_used, is_count, is_mask

WRITING = 8  # steps to write one factor of a product
MOST_ENTRIES = 6  # of a vector or matrix that is written entry by entry
MOST_LEVELS = 3  # forms within forms, from where on sums are written as they stand
ORDERED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}  # seen from the other side
DOUBLE = {"sin": "cos", "sinh": "cosh"}
DEEP = 60  # tensors in one formula, from where on those deep inside are written first
MOST_GROUPS = 9  # of factors whose orders are searched; of longer products a part is written first


class Renderer:
    """Writes tensors as nodes; `variants` offers other forms of a sum (see shortest.py)."""

    def __init__(
        self,
        alg: Calculus,
        decimals: bool = False,
        solves: bool = False,
        named: Sequence[Node] = (),
        outers: bool = False,
    ) -> None:
        self.alg = alg
        self.decimals, self.solves = decimals, solves  # how the formula at hand writes such things
        self.size = Measure(named, outers)
        self.named = bool(named)
        self.known: dict[tuple[Tensor, Layout, bool], Node] = {}
        self.open: set[tuple[Tensor, Layout, bool]] = set()
        self.level = 0
        self.work = 0
        self.complements: dict[Tensor, Tensor] = {}

    def variants(self, t: Tensor) -> Sequence[Tensor]:
        return [t]

    # --- tensors ---------------------------------------------------------------------------------

    def render(self, t: Tensor, want: Layout) -> Node:
        """The shortest node for `t` whose axes are those of `want`, None for one of size 1."""
        if t.symmetric:  # A' = A
            axes = iter(sorted(a for a in want if a is not None))
            want = tuple(None if a is None else next(axes) for a in want)
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
        if t.form == "function" and want == (1, 0):
            straight = self.render(t, (0, 1))
            if straight.ndim == 2:
                yield arrange(straight, (0, 1), want)
        sides = self.sides(t) if t.name in ORDERED else None
        if sides is not None:
            yield self.function(sides, want)
        stacked = self.stacked(t) if want == tuple(range(t.rank)) else None
        if stacked is not None:
            yield stacked
        turned = t.form == "sum" and len(real) == 2 and None not in want and len(t.terms) < 8
        for form in forms:
            if form is not t and self.alg.budget.scarce:
                return
            self.level += form is not t
            yield self.plain(form, want)
            if turned:
                other = self.plain(form, want[::-1])
                if other.ndim == 2 and other.op.name != "permute":
                    yield turn(other)
            self.level -= form is not t

    def sides(self, t: Tensor) -> Tensor | None:
        """x - y > 0 as x > y, and 1 - x > 0 as x < 1."""
        (u, places), (zero, _) = t.args
        if u.form != "sum" or self.alg.constant(zero) != 0:
            return None
        plus, minus = (
            self.alg.sum(u.shape, [(s * c, list(term)) for term, c in u.terms.items() if s * c > 0])
            for s in (1, -1)
        )
        if self.alg.constant(plus) == 0 or self.alg.constant(minus) == 0:
            return None
        sides, name = [(plus, places), (minus, places)], t.name
        if self.alg.constant(plus) is not None:
            sides, name = sides[::-1], ORDERED[name]
        return self.alg.tensor("function", name, t.shape, tuple(sides), t.attrs)

    def stacked(self, t: Tensor) -> Node | None:
        """A sum of multiples of rows of an identity, entry by entry."""
        n = t.shape[0] if t.form == "sum" and 0 < t.rank < 3 and len(t.terms) > 1 else None
        if not isinstance(n, int) or n > MOST_ENTRIES:
            return None
        entries: list[list[Item]] = [[] for _ in range(n)]
        for term, c in t.terms.items():
            at = [f for f in term if f[0].form == "select" and f[1] == (0,)]
            rest = [f for f in term if f not in at]
            if len(at) != 1 or any(0 in idx for _, idx, _ in rest):
                return None
            moved = [(f, tuple(i - 1 for i in idx), e) for f, idx, e in rest]
            entries[at[0][0].attr("entry")].append((c, moved))
        parts = [self.alg.sum(t.shape[1:], items) for items in entries]
        rows = [self.exact(p, t.shape[1:]) for p in parts]
        return TABLE["stack"](rows, 0)  # type: ignore[no-any-return]

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
            self.render(t, tuple(range(t.rank)))
        sigmoids = [t for t in tensors if t.form == "function" and t.name == "sigmoid"]
        for t in sigmoids:
            other = self.alg.apply("sigmoid", self.alg.times(-1, t.args[0][0]))
            if other in sigmoids and not self.complements.keys() & {t, other}:
                sizes = [
                    self.size(self.render(s.args[0][0], tuple(range(s.rank)))) for s in (t, other)
                ]
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
            if tuple(a for a in want if a is not None) == (1, 0):
                return arrange(F.triu(full), (1, 0), want)
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
            out = TABLE["ne"](args[0], 0)
        else:
            row = TABLE[t.name]
            out = row.node(args, row.defaults | dict(t.attrs))
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
            node = TABLE[t.name](self.exact_layout(x, order), dim=place)
            return arrange(node, order, want)
        gone = tuple(range(batch, x.rank))
        ways = []
        for at in range(len(order) + 1):
            inner = (*order[:at], *gone, *order[at:])
            dims = tuple(range(at, at + active))
            arg = self.exact_layout(x, inner)
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
        """A row that is only itself: its arguments get the axes they had, positions stay integers.

        Raises TooLong for positions that have become products with floats.
        """
        attrs = {k: v for k, v in t.attrs if k != "arguments"}
        args = []
        for a, (shape, kind) in zip(t.args, t.attr("arguments"), strict=True):
            if kind == "int":
                node = self.laid_out(a, shape)
                if node.kind != "int":
                    raise TooLong
                args.append(node if node.shape == shape else F.broadcast_to(node, shape))
            else:
                args.append(self.exact(a, shape))
        node = TABLE[t.name].node(args, attrs)
        names = iter(range(t.rank))
        have = tuple(None if s == 1 else next(names) for s in node.shape)
        return arrange(node, have, want)

    def exact(self, t: Tensor, shape: Sequence[Any], like: Node | None = None) -> Node:
        """`t` as a node of exactly this shape."""
        node = self.laid_out(t, shape)
        return node if node.shape == tuple(shape) else repeated(node, tuple(shape), like)

    def laid_out(self, t: Tensor, shape: Sequence[Any]) -> Node:
        """`t` as a node that broadcasts to this shape."""
        names = iter(range(t.rank))
        return self.render(t, tuple(None if s == 1 else next(names) for s in shape))

    # --- sums ------------------------------------------------------------------------------------

    def sum(self, t: Tensor, want: Layout) -> Node:
        """Terms joined by + and -, those with a plus first."""
        for special in (self.log_softmax, self.clamped, self.where):
            found = special(t, want)
            if found is not None:
                return found
        if not t.terms:
            return constant(0)
        terms = sorted(t.terms.items(), key=lambda item: _term_order(*item))
        plus = [self.term(term, c, t.rank, want) for term, c in terms if c > 0]
        minus = [(term, c) for term, c in terms if c < 0]
        if not plus:  # x*(x - 2) - 1 rather than -1 - x*(2 - x)
            ready = [k for k in minus if self.flipped(k[1], list(k[0]))[0] > 0]
            lead = (ready or minus)[0]
            minus.remove(lead)
            plus = [self.term(*lead, t.rank, want)]
        first, *more = sorted(plus, key=lambda n: n.op.name == "permute")
        less = [self.term(term, -c, t.rank, want) for term, c in minus]
        if first.kind == "bool" and (not (more or less) or (more or less)[0].kind == "bool"):
            first = constant(1) * first  # NumPy adds truth values up to a truth value
        out = reduce(lambda x, y: x - y, less, reduce(added, more, first))
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

    def clamped(self, t: Tensor, want: Layout) -> Node | None:
        """c*sign(u) where abs(u) > c, else u, as clamp(u, min=-c, max=c), for c not negative."""
        for mask, idx in _masks(t):
            if mask.name not in ORDERED:
                continue
            (v, at), (c, places) = mask.args
            if v.form != "function" or v.name != "abs" or not self.alg.nonnegative(c):
                continue
            u, own = v.args[0]
            inner = (u, tuple(idx[at[i]] for i in own), 1)
            bound = (c, tuple(idx[i] for i in places), 1)
            sign = (self.alg.function("sign", u), inner[1], 1)
            far = self.alg.product(t.shape, bound, sign)
            near = self.alg.product(t.shape, inner)
            outside = mask if mask.name in ("gt", "ge") else self.alg.opposite(mask)
            whole = self.alg.product(t.shape, (outside, idx, 1))
            if self.alg.choose(whole, far, near) is t:
                nodes = [
                    self.render(self.used(x), self.of(x, want))
                    for x in (near, self.alg.product(t.shape, bound))
                ]
                return F.clamp(nodes[0], min=with_minus(nodes[1]), max=nodes[1])
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
            for k, axis in enumerate(dict.fromkeys(idx)):
                layout[place[axis]] = k
            if len(set(idx)) < len(idx):
                mask = diagonal_of(self.alg, mask, idx)
            chosen = self.render(mask, stripped(tuple(layout)))
            if mask.name == "truth":
                chosen = chosen.args[0]  # `where` asks for no more
            out = F.where(chosen, *branches)
            if rest:
                sign = 1 if any(c > 0 for c in rest.values()) else -1
                more = self.alg.sum(t.shape, [(sign * c, list(k)) for k, c in rest.items()])
                last = self.render(self.used(more), self.of(more, want))
                out = added(out, last) if sign > 0 else out - last
            return lengthened(out, want)
        return None

    def used(self, t: Tensor) -> Tensor:
        """`t` on the axes that it depends on."""
        if t.form != "sum":
            return t
        return self.alg.taken(t, axes_used(t))

    def of(self, t: Tensor, want: Layout) -> Layout:
        """The layout of `used(t)` in `want`."""
        names = {a: n for n, a in enumerate(axes_used(t))} if t.form == "sum" else {
            a: a for a in range(t.rank)}  # fmt: skip
        return stripped(tuple(names.get(a) if a is not None else None for a in want))

    # --- products --------------------------------------------------------------------------------

    def term(self, term: Term, c: Fraction, rank: int, want: Layout) -> Node:
        """A product of factors, summed over the indices from `rank` on, times a coefficient."""
        self.alg.budget.spend(WRITING * len(term))
        c, factors = self.doubled(c, list(term))
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
                i: s
                for n in inside
                for i, s in zip(factors[n][1], factors[n][0].shape, strict=True)
            }
            renamed = [
                (f, tuple(names[i] for i in idx), e) for f, idx, e in (factors[n] for n in inside)
            ]
            inner = self.alg.sum([size_of[i] for i in kept], [(ONE, renamed)])
            factors = [*others, (inner, tuple(kept), ONE)]
        return factors

    def doubled(self, c: Fraction, factors: list[Factor]) -> tuple[Fraction, list[Factor]]:
        """2 sin u cos u = sin 2u, and 2 sinh u cosh u = sinh 2u, where that is shorter."""
        if c.numerator % 2:
            return c, factors
        for f, idx, e in factors:
            if f.form == "function" and f.name in DOUBLE and e == 1:
                other = self.alg.function(DOUBLE[f.name], f.args[0][0])
                if (other, idx, ONE) in factors:
                    rest = [g for g in factors if g not in ((f, idx, e), (other, idx, ONE))]
                    twice = self.alg.apply(f.name, self.alg.times(2, f.args[0][0]))
                    return c / 2, [*rest, (twice, idx, ONE)]
        return c, factors

    def flipped(self, c: Fraction, factors: list[Factor]) -> tuple[Fraction, list[Factor]]:
        """-2*(y - x) as 2*(x - y), where that has a plus in front too; -sign(y - x) likewise.

        x - mean(x) and then 1 - x stay what they are, if there is another difference.
        """
        order = sorted(range(len(factors)), key=lambda n: _awkward_turned(factors[n][0]))
        for n in order:
            f, idx, e = factors[n]
            if e.denominator != 1 or e % 2 == 0:
                continue
            turned = self.negated(f, c)
            if f.form == "function" and f.name in ODD and turned is None:
                inner = self.negated(f.args[0][0], c)
                if inner is not None:
                    args = ((inner, f.args[0][1]),)
                    turned = self.alg.tensor("function", f.name, f.shape, args, f.attrs)
            if turned is not None and not (self.named and self.easy(f) + 1 < self.easy(turned)):
                return -c, [*factors[:n], (turned, idx, e), *factors[n + 1 :]]
        return c, factors

    def easiest(self, t: Tensor) -> Index:
        """The order of its axes in which a sum is the shortest to write."""
        orders = permutations(range(t.rank)) if t.form == "sum" and t.rank < 4 else ()
        own = tuple(range(t.rank))
        return min(orders, key=lambda order: self.size(self.render(t, order)), default=own)

    def easy(self, t: Tensor) -> float:
        """The length of a tensor in that order."""
        return self.size(self.render(t, self.easiest(t)))

    def negated(self, t: Tensor, c: Fraction) -> Tensor | None:
        """A difference the other way round; not 1 - x**2, which is written so, in 2*(1 - x**2)."""
        if t.form != "sum" or not 0 < len(t.terms) < 20:
            return None
        if {k > 0 for k in t.terms.values()} != {True, False}:
            return None
        if any(all(is_count(f) for f, _, _ in term) for term in t.terms if term):
            return None  # n - 1, with the named size in front
        bent = any(f.form == "function" or e != 1 for term in t.terms for f, _, e in term)
        if c != -1 and () in t.terms and bent:
            return None
        turned = {term: -k for term, k in t.terms.items()}
        return self.alg.tensor("sum", "", t.shape, terms=turned)

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
        shape = [
            size_of.get(i, t.shape[i] if i < t.rank else 1) for i in range(t.rank + len(bound))
        ]
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


def _term_order(term: Term, c: Fraction) -> tuple[Any, ...]:
    return c < 0, tuple((f.id, idx, e) for f, idx, e in term)


def _awkward_turned(t: Tensor) -> int:
    """How odd a difference looks the other way round."""
    plain = [c for term, c in t.terms.items() if all(i < t.rank for _, idx, _ in term for i in idx)]
    summed = len(plain) < len(t.terms)
    return 2 if summed and plain and min(plain) > 0 else () in t.terms


def _masks(t: Tensor) -> list[tuple[Tensor, Index]]:
    found: dict[tuple[Tensor, Index], None] = {}
    for term in t.terms:
        for f, idx, _ in term:
            if f.form == "function" and is_mask(f) and all(i < t.rank for i in idx):
                found[f, idx] = None
    return list(found)


def _fragile(term: Term) -> bool:
    """Whether a product may be nan or inf where its mask is 0."""
    waiting, seen = list(term), set()
    while waiting:
        f, _, e = waiting.pop()
        if (e < 0 or e.denominator != 1 or f.name in ("log", "pow", "exp")) and not _count(f):
            return True
        if f.form == "sum" and f not in seen:
            seen.add(f)
            waiting.extend(factor for inner in f.terms for factor in inner)
    return False


def _count(t: Tensor) -> bool:
    """Whether a tensor is a number of entries that satisfy something."""
    return t.form == "sum" and all(is_mask(f) for term in t.terms for f, _, _ in term)
