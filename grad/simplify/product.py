"""One product of the normal form, written in the shortest way there is.

Factors with the same indices are multiplied entry by entry; the groups that makes are combined two
at a time, in every order that indices allow: by `@`, `outer`, `diag`, broadcasting and sums, by
indexing and running sums; by `einsum` where a tensor has more than two axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from typing import Any, Protocol

from ..node import Node
from ..ops import F
from .groups import Groups
from .identities import Calculus
from .layout import WHOLE, Layout, arrange, entry_of, interleaved, repeated, stripped
from .measure import Measure
from .pieces import Piece, chained, closed, multiplied, node_order, number_node, raised
from .tensors import ZERO, Factor, Index, Tensor

ROW = 1.1  # how much longer `x @ A` counts than it is: `A.T @ x` is a column
MATRIX_SOLVE = 1.2  # how much longer `solve(A, B)` counts for a matrix B: `inv(A) @ B` reads better
SEARCHING = 50  # steps to look at the ways to write a part of a product
HALF = Fraction(1, 2)
LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


class Writer(Protocol):
    """What writes the factors of a product."""

    alg: Calculus
    size: Measure
    work: int
    solves: bool

    def render(self, t: Tensor, want: Layout) -> Node: ...

    def power(self, t: Tensor, layout: Layout, e: Fraction) -> Node: ...

    def easiest(self, t: Tensor) -> Index: ...


def _is_root(node: Node) -> bool:
    """Whether a node is the root of something that varies."""
    return node.op.name == "sqrt" and bool(node.shape)


class Product:
    """One product: its factors grouped by the indices they have, and ways to combine the groups."""

    def __init__(self, renderer: Writer, factors: list[Factor], rank: int) -> None:
        self.r, self.rank = renderer, rank
        groups: dict[frozenset[int], list[Factor]] = {}
        self.operators: list[tuple[Tensor, Index]] = []
        for f, idx, e in factors:
            own = f.form in ("delta", "select", "triangle") or (
                f.form == "along" and f.name == "inv"
            )
            key = frozenset(idx)
            if own and idx:
                groups[frozenset((*key, ~len(groups)))] = [(f, idx, e)]
            else:
                groups.setdefault(key, []).append((f, idx, e))
        self.scalars = self.whole_determinants(groups.pop(frozenset(), []))
        self.groups = list(groups.values())
        self.indices = [frozenset(i for _, idx, _ in g for i in idx) for g in self.groups]
        self.parts = Groups(self.indices, rank)
        self.kept, self.members = self.parts.kept, self.parts.members
        self.sizes = {
            i: s for g in self.groups for f, idx, _ in g for i, s in zip(idx, f.shape, strict=True)
        }
        self.known: dict[tuple[int, Layout], Piece | None] = {}

    def piece(self, layout: Layout) -> Piece:
        """The whole product with axes as in `layout`."""
        tensor = Piece((), (), 0)
        if self.groups:
            found = self.best(self.parts.everything, layout)
            assert found is not None, f"no way to write {self.groups} as {layout}"
            tensor = found
        scalars = self.elementwise(self.scalars, {})
        return multiplied(scalars, tensor)

    def whole_determinants(self, scalars: list[Factor]) -> list[Factor]:
        """det(A)*det(B) as det(A @ B), where that was asked about and is shorter."""
        exponents = {f: Fraction(e) for f, _, e in scalars}
        for term, whole in self.r.alg.products.items():
            times = [exponents.get(f, ZERO) / e for f, _, e in term]
            most = min(times, key=abs)
            if most.denominator == 1 and all(k * most > 0 for k in times):
                apart = sum(self.r.size(self.r.power(f, (), e)) + 1 for f, _, e in term)
                if self.r.size(self.r.render(whole, ())) + 1 < apart:
                    for f, _, e in term:
                        exponents[f] -= most * e
                    exponents[whole] = most
        return [(f, (), e) for f, e in exponents.items() if e]

    def best(self, subset: int, layout: Layout) -> Piece | None:
        """The shortest way to write the product of a subset of the groups."""
        key = (subset, layout)
        if key not in self.known:
            self.r.work += 1
            self.r.alg.budget.spend(SEARCHING)
            self.known[key] = None
            ways = list(self.ways(subset, layout))
            self.known[key] = min(ways) if ways else None
        return self.known[key]

    def ways(self, subset: int, layout: Layout) -> Iterator[Piece]:
        if not subset & (subset - 1):
            yield from self.single(subset.bit_length() - 1, layout)
            return
        written = False
        for a, b in self.parts.splits(subset):
            for piece in self.pair(a, b, layout):
                yield piece
                written = True
            if written and self.r.alg.budget.scarce:
                break
        whole = subset == self.parts.everything
        axes = max(sum(i is not None for i in layout), *map(len, self.indices))
        found = self.einsum(subset, layout) if whole and (axes > 2 or not written) else None
        if found is not None:
            yield found

    # --- one group -------------------------------------------------------------------------------

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
        opposite = len(group) == 2 and group[0][1] == group[1][1][::-1]
        if (
            opposite
            and len(set(group[0][1])) == 2
            and len(order) < 2
            and group[0][2] == group[1][2] == 1
        ):
            yield self.crossed(group, order, layout)
        for inner, dims in interleaved(order, gone):
            yield from self.summed(self.laid(group, inner), order, dims, layout, inner)

    def crossed(self, group: list[Factor], order: Layout, layout: Layout) -> Piece:
        """The sum over j of A[i,j] B[j,i], as diag(A @ B), or trace(A @ B) over i as well."""
        (x, _, _), (y, _, _) = group if not order or group[0][1][0] == order[0] else group[::-1]
        node = chained(self.r.render(x, (0, 1)), self.r.render(y, (0, 1)))
        if not order:
            return self.whole(F.trace(node))
        return self.whole(arrange(F.diag(node), order, layout))

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
        if f.form == "function":  # the diagonal of exp(X) is exp(diag(X))
            return diagonal_of(self.r.alg, f, idx), tuple(names)
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
                node = raised(self.diagonal_node(f, lay(idx)), Fraction(abs(e)))
                (above if e > 0 else below).append(node)
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
                    roots.setdefault(HALF if e > 0 else -HALF, []).append(
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
        if roots:
            top, bottom = (
                reduce(lambda a, b: a * b, sorted(roots[e], key=node_order)) if e in roots else None
                for e in (HALF, -HALF)
            )
            if top is not None:  # sqrt(2)/sqrt(pi) is sqrt(2/pi)
                above.append(F.sqrt(top if bottom is None else top / bottom))
            elif bottom is not None:
                below.append(F.sqrt(bottom))
        top, bottom = (next((x for x in p if _is_root(x)), None) for p in (above, below))
        if top is not None and bottom is not None:  # sqrt(x)/sqrt(y) = sqrt(x/y), for x, y > 0
            above.remove(top)
            below.remove(bottom)
            above.append(F.sqrt(top.args[0] / bottom.args[0]))
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

    # --- two parts -------------------------------------------------------------------------------

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
        if len(summed) == 1 and len(order) == 1 and ka == kb:
            x, y = self.best(a, (*order, *summed)), self.best(b, (*summed, *order))
            if x is not None and y is not None:  # the sum over j of A[i,j] B[j,i], for each i
                nx, ny = self.full(x, (*order, *summed)), self.full(y, (*summed, *order))
                yield self.whole(arrange(F.diag(chained(nx, ny)), order, layout))
        if len(summed) == 1:
            yield from self.multiplied(a, b, summed[0], order, layout)
        if len(summed) == 2 and not order and ka == kb:
            yield from self.traced(a, b, *summed)
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
            form = self.groups[members[0]][0][0].form if len(members) == 1 else ""
            if form == "triangle" and None not in layout and self.kept(second) == set(order):
                i, j = self.groups[members[0]][0][1]
                x = self.best(second, layout) if {i, j} == set(order[-2:]) else None
                if x is not None:
                    whole = self.full(x, layout)
                    yield self.whole(F.tril(whole) if order[-1] == j else F.triu(whole))
            if form == "delta":
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
                if x.above or y.above:
                    yield self.whole(arrange(F.outer(closed(x), closed(y)), order, layout))
                else:
                    below = (closed(Piece(p.below, (), 0)) for p in (x, y))
                    piece = self.whole(arrange(F.outer(*below), order, layout))
                    yield Piece((), piece.above, piece.size + 1)

    def multiplied(self, a: int, b: int, k: int, order: Layout, layout: Layout) -> Iterator[Piece]:
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
            if right and left and not lead:
                yield from self.scaled_chain(first, second, left, k, right, order, layout)
            if not left and not right and ny.op.name == "matmul" and ny.args[0].ndim == 2:
                node = nx @ ny.args[0] @ ny.args[1]  # x @ A @ y
            else:
                node = nx @ ny
            if nx.op.name == ny.op.name == "inv" and nx is not ny and nx.ndim == 2:
                node = F.inv(chained(ny.args[0], nx.args[0]))  # inv(B) @ inv(A)
            piece = self.whole(arrange(node, order, layout))
            if right and not left and not lead:
                piece = Piece(piece.above, (), piece.size + ROW)
            yield piece
            if right or left:
                yield from self.solved(first, ny, order, layout, (*left, k))

    def traced(self, a: int, b: int, i: int, j: int) -> Iterator[Piece]:
        """The sum over i and j of A[i,j] B[j,i], as trace(A @ B)."""
        for first, second in ((a, b), (b, a)):
            x, y = self.best(first, (i, j)), self.best(second, (j, i))
            if x is None or y is None:
                continue
            nx, ny = self.full(x, (i, j)), self.full(y, (j, i))
            yield self.whole(F.trace(chained(nx, ny)))
            for piece in self.solved(first, ny, (i, i), (i, i), (i, j)):
                yield self.whole(F.trace(closed(piece)))

    def scaled_chain(
        self, first: int, second: int, left: Layout, k: int, right: Layout, order: Layout,
        layout: Layout,
    ) -> Iterator[Piece]:  # fmt: skip
        """``A @ diag(s) @ B``, for a factor s that the index summed over alone has."""
        for part, other in ((first, second), (second, first)):
            weights = sum(1 << n for n in self.members(part) if self.indices[n] == {k})
            rest = part & ~weights
            if not weights or not rest or not self.parts.connected(rest):
                continue
            s, x, y = (
                self.best(weights, (k,)),
                self.best(rest, (*left, k) if part == first else (k, *right)),
                self.best(other, (k, *right) if part == first else (*left, k)),
            )
            if s is not None and x is not None and y is not None:
                a, b = (x, y) if part == first else (y, x)
                weighted = self.full(a, (*left, k)) @ F.diag(self.full(s, (k,)))
                node = weighted @ self.full(b, (k, *right))
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
        if idx[0] == idx[1] or set(rows) != set(idx):
            return  # its diagonal, or summed over as it stands
        own = {i: n for n, i in enumerate(idx)}
        inner = self.r.render(f.args[0], tuple(own[i] for i in rows if i is not None))
        if self.r.alg.split and right.op.name == "solve":  # solve(B, solve(A, x))
            inner, right = chained(right.args[0], inner), right.args[1]
        piece = self.whole(arrange(F.solve(inner, right), order, layout))
        more = MATRIX_SOLVE if right.ndim > 1 and not self.r.solves else 0
        yield Piece(piece.above, (), piece.size + more)

    def applied(self, operator: int, operand: int, layout: Layout) -> Iterator[Piece]:
        """Selections and triangles applied to an axis: indexing, cumulative sums."""
        members = self.members(operator)
        if len(members) != 1:
            return
        f, idx, _ = self.groups[members[0]][0]
        if f.form not in ("select", "triangle") or len(set(idx)) < len(idx):
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
                node = entry_of(x, at, f.attr("entry"))
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

    # --- whatever else ---------------------------------------------------------------------------

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
                own = self.r.easiest(f)
                if e < 0:
                    node = closed(Piece((), (self.r.power(f, own, -e),), 0))
                elif f.name == "exp":
                    node = closed(self.elementwise([(f, own, e)], dict(enumerate(own))))
                else:
                    node = self.r.power(f, own, e)
                shape = tuple(f.shape[a] for a in own)
                nodes.append(node if node.shape == shape else repeated(node, shape, None))
                terms.append("".join(names[idx[a]] for a in own))
        equation = ",".join(terms) + "->" + "".join(names[i] for i in order)
        return self.whole(arrange(F.einsum(equation, *nodes), tuple(order), layout))


def diagonal_of(alg: Calculus, f: Tensor, idx: Index) -> Tensor:
    """A function of tensors where some of its indices are equal."""
    names = list(dict.fromkeys(idx))
    shape = [f.shape[idx.index(i)] for i in names]
    views = []
    for t, places in f.args:
        at = tuple(names.index(idx[p]) for p in places)
        axes = sorted(set(at))
        inner = alg.product([shape[a] for a in axes], (t, tuple(axes.index(a) for a in at), 1))
        views.append((inner, tuple(axes)))
    return alg.tensor("function", f.name, shape, tuple(views), f.attrs)
