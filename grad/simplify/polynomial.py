"""The normal form of display: sums of products of tensors with named indices.

``X.T @ (X @ w - y)`` is the sum over k of ``X[k,i] * P[k]`` with ``P[k] = X[k,j]*w[j] - y[k]``. In
this form transposes, broadcasting, outer products and identity matrices are a matter of where the
same index stands, so identities of matrix calculus become ordinary algebra: like terms add up,
inverse factors cancel, an identity matrix renames an index.

Tensors are interned: equal tensors are the same object. Axes of size 1 do not exist here; reader.py
drops them, render.py puts them back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

from ..node import Node, Size
from ..ops import VARIABLE, dimension
from ..sizes import monomial
from .budget import LARGEST_POWER, Budget, TooLong
from .facts import Facts
from .tensors import (
    NONNEGATIVE,
    ONE,
    ZERO,
    Factor,
    Index,
    Item,
    Tensor,
    Term,
    content,
    effective,
    is_count,
    is_mask,
    summed_sizes,
    term_key,
)
from .terms import merged, occurrence, relabelled, substituted


class Algebra:
    """The tensors of one simplification, and the operations that make them."""

    def __init__(self, facts: Facts | None = None, budget: Budget | None = None) -> None:
        self.facts = facts or Facts()
        self.budget = budget or Budget()
        self._table: dict[Hashable, Tensor] = {}
        self._as_factor: dict[Tensor, tuple[Fraction, Tensor, Index]] = {}

    # --- making tensors --------------------------------------------------------------------------

    def tensor(
        self,
        form: str,
        name: str,
        shape: Sequence[Size] = (),
        args: tuple[Any, ...] = (),
        attrs: tuple[tuple[str, Any], ...] = (),
        node: Any = None,
        terms: dict[Term, Fraction] | None = None,
    ) -> Tensor:
        """The tensor with these parts: the one there is, or a new one."""
        content = None if terms is None else frozenset(terms.items())
        key = (form, name, tuple(shape), args, attrs, node, content)
        found = self._table.get(key)
        if found is None:
            found = Tensor()
            found.id = len(self._table)
            found.form, found.name, found.args, found.attrs = form, name, args, attrs
            found.shape, found.node, found.terms = tuple(shape), node, terms or {}
            found.symmetric = False
            found.nonnegative = self._is_nonnegative(found)
            self._table[key] = found
            found.symmetric = self._is_symmetric(found)
        return found

    def _is_symmetric(self, t: Tensor) -> bool:
        """Whether a matrix is known to equal its transpose."""
        if t.rank != 2 or t.shape[0] != t.shape[1]:
            return False
        if t.form == "leaf":
            return t.node.op is VARIABLE and t.node.attr("name") in self.facts.symmetric
        if t.form == "along" and t.name == "inv":
            return bool(t.args[0].symmetric)
        if t.form == "function":
            return all((idx == (0, 1) and a.symmetric) or not idx for a, idx in t.args)
        if t.form == "sum" and len(t.terms) < 20:
            return self.permuted(t, (1, 0)) is t
        mirrored = t.form == "select" and t.attr("entry") == ("slice", None, None, -1)
        return t.form == "delta" or mirrored

    def leaf(self, node: Node) -> Tensor:
        return self.tensor("leaf", node.op.name, [s for s in node.shape if s != 1], node=node)

    def number(self, value: Fraction | int, shape: Sequence[Size] = ()) -> Tensor:
        """A rational number at every entry of a shape."""
        return self.sum(shape, [(Fraction(value), [])])

    def delta(self, size: Size) -> Tensor:
        """The identity matrix."""
        return self.tensor("delta", "eye", (size, size))

    def rows(self, picked: Sequence[int], size: int) -> Tensor:
        """Rows of an identity matrix by number; one row has no axis for rows."""
        if len(picked) == 1:
            return self.tensor("select", "select", (size,), (), (("entry", picked[0]),))
        if tuple(picked) == tuple(range(size)):
            return self.delta(size)
        entry: Any = ("array", tuple(picked))
        step = picked[1] - picked[0]
        end = picked[0] + step * len(picked)
        in_steps = step and tuple(picked) == tuple(range(picked[0], end, step))
        if in_steps and (abs(step) == 1 or len(picked) > 2):
            start = None if picked[0] == (0 if step > 0 else size - 1) else picked[0]
            stop = None if not 0 <= end < size else end
            entry = ("slice", start, stop, None if step == 1 else step)
        attrs = (("entry", entry), ("distinct", len(set(picked)) == len(picked)))
        return self.tensor("select", "select", (len(picked), size), (), attrs)

    def size(self, size: Size) -> Item:
        """A size as a coefficient and factors."""
        if isinstance(size, int):
            return Fraction(size), []
        k, names = monomial(size)
        return Fraction(k), [(self.leaf(dimension(name)), (), ONE) for name in names]

    # --- reading tensors -------------------------------------------------------------------------

    def items(self, t: Tensor, idx: Index, fresh: int) -> list[Item]:
        """The terms of `t` with its axes called `idx`, its own summed indices from `fresh` on."""
        if t.form != "sum":
            return [(ONE, [(t, idx, ONE)])]
        found = []
        for term, c in t.terms.items():
            factors = [(f, self._renamed(i, idx, t.rank, fresh), e) for f, i, e in term]
            found.append((c, factors))
        return found

    @staticmethod
    def _renamed(i: Index, idx: Index, rank: int, fresh: int) -> Index:
        return tuple(idx[k] if k < rank else fresh + k - rank for k in i)

    def constant(self, t: Tensor) -> Fraction | None:
        """The rational number that `t` is at every entry, if it is one."""
        if t.form != "sum":
            return None
        if not t.terms:
            return ZERO
        if len(t.terms) == 1 and () in t.terms:
            return t.terms[()]
        return None

    # --- sums of products ------------------------------------------------------------------------

    def sum(
        self,
        shape: Sequence[Size],
        items: Iterable[Item],
        bound: dict[int, Size] | None = None,
    ) -> Tensor:
        """The sum of products `items`: indices below the rank are axes, others summed over.

        `bound` gives the sizes of summed indices that may occur in no factor.
        """
        shape = tuple(shape)
        terms: dict[Term, Fraction] = {}
        for c, factors in items:
            for c1, term in self._normal(c, factors, len(shape), bound or {}):
                terms[term] = terms.get(term, ZERO) + c1
        terms = {term: c for term, c in terms.items() if c}
        if len(terms) > 1:
            terms = self.joined(terms, len(shape))
        if len(terms) == 1:
            ((term, c),) = terms.items()
            if c == 1 and len(term) == 1:
                t, idx, e = term[0]
                if e == 1 and idx == tuple(range(len(shape))) and t.shape == shape:
                    return t
        return self.tensor("sum", "", shape, terms=terms)

    def joined(self, terms: dict[Term, Fraction], rank: int) -> dict[Term, Fraction]:
        """Terms after identities between two of them; identities.py has them."""
        return terms

    def factor_rules(self, factors: list[Factor], rank: int) -> tuple[list[Factor], Index] | None:
        """A product after an identity between its factors, and the indices it has summed over.

        identities.py has them.
        """
        return None

    def _normal(
        self, c: Fraction, factors: list[Factor], rank: int, bound: dict[int, Size]
    ) -> list[tuple[Fraction, Term]]:
        """A product in normal form: one term, or none if it is zero."""
        sizes = dict(bound)
        for t, idx, _ in factors:
            for i, size in zip(idx, t.shape, strict=True):
                if i >= rank:
                    sizes[i] = size
        flat = self._flat(c, factors, rank, sizes)
        if flat is None:
            return []
        c, factors = flat
        while True:
            self.budget.spend(3 + len(factors))
            factors = merged(factors)
            if any(e == 1 and t.form == "sum" and len(t.terms) == 1 for t, _, e in factors):
                again = self._flat(c, factors, rank, sizes)
                if again is None:
                    return []
                c, factors = again
                continue
            resolved = self._resolved_delta(factors, rank, sizes)
            if resolved is not None:
                factors = resolved
                continue
            changed = (
                self.factor_rules(factors, rank)
                or self._shorter_sum(factors, rank)
                or self._cancelled(factors, rank)
            )
            if changed is None:
                break
            factors, summed = changed
            for i in summed:
                del sizes[i]
            again = self._flat(c, factors, rank, sizes)
            if again is None:
                return []
            c, factors = again
        present = {i for _, idx, _ in factors for i in idx}
        for i, size in sizes.items():
            if i >= rank and i not in present:
                k, more = self.size(size)
                c *= k
                factors = merged(factors + more)
        c, factors = self._rational(c, factors)
        return [(c, self.relabelled(factors, rank))] if c else []

    def _flat(
        self, c: Fraction, factors: list[Factor], rank: int, sizes: dict[int, Size]
    ) -> Item | None:
        """Products inside a product opened, sums as factors in their normal form; None if zero.

        Raises TooLong.
        """
        out: list[Factor] = []
        pending = list(reversed(factors))
        fresh = max([rank - 1, *sizes]) + 1
        while pending:
            t, idx, e = pending.pop()
            self.budget.spend(3)
            if t.form in ("delta", "select", "triangle") and e < 0:  # nothing cancels what is 0
                t, e = self.function("reciprocal", t), ONE
            if t.form != "sum":
                out.append((t, idx, e))
                continue
            if not t.terms:
                if e > 0:
                    return None
                out.append((t, (), e))
                continue
            if len(t.terms) == 1:
                ((term, k),) = t.terms.items()
                summed = any(i >= t.rank for _, f, _ in term for i in f)
                if e == 1 or (not summed and e.denominator == 1):
                    if k != 1:
                        c *= self.raised(k, int(e))
                    first = fresh
                    for f, i, e1 in reversed(term):
                        new = self._renamed(i, idx, t.rank, first)
                        for a, size in zip(new, f.shape, strict=True):
                            if a >= rank:
                                sizes[a] = size
                                fresh = max(fresh, a + 1)
                        pending.append((f, new, e1 if e == 1 else e1 * e))
                    continue
            if len(t.terms) == 1 and e.denominator == 1:
                rest, loose = self._loosened(t)
                if loose:  # (x sum(y))^e = x^e sum(y)^e
                    own = [(f, self._renamed(i, idx, t.rank, 0), e1 * e) for f, i, e1 in loose]
                    pending += [(rest, idx, e), *own]
                    continue
            k, inner, axes = self.as_factor(t)
            if e.denominator == 1:
                c *= self.raised(k, int(e))
            else:
                if k < 0:
                    k, inner = -k, self.times(-1, inner)
                k, roots = self.rational_power(k, e)
                c *= k
                out += roots
            out.append((inner, tuple(idx[a] for a in axes), e))
        return c, out

    def _loosened(self, t: Tensor) -> tuple[Tensor, list[Factor]]:
        """The sum of one product without the factors that have no summed index, and those."""
        ((term, k),) = t.terms.items()
        loose = [f for f in term if all(i < t.rank for i in f[1])]
        if not loose or len(loose) == len(term):
            return t, []
        return self.sum(t.shape, [(k, [f for f in term if f not in loose])]), loose

    def _resolved_delta(
        self, factors: list[Factor], rank: int, sizes: dict[int, Size]
    ) -> list[Factor] | None:
        """A product after one identity matrix in it is resolved; None if there is none."""
        for n, (t, idx, _) in enumerate(factors):
            if t.form != "delta":
                continue
            a, b = min(idx), max(idx)
            rest = factors[:n] + factors[n + 1 :]
            if a == b:  # delta[i,i] = 1
                return rest
            if b >= rank:  # the sum over b of delta[a,b] f[b] is f[a]
                sizes.pop(b, None)
                return substituted(rest, b, a)
            if any(b in i for _, i, _ in rest):  # delta[a,b] f[b] = delta[a,b] f[a]
                return [*substituted(rest, b, a), (t, (a, b), ONE)]
        return None

    def _shorter_sum(self, factors: list[Factor], rank: int) -> tuple[list[Factor], Index] | None:
        """The sum of a sum, where it has fewer terms than that: x - mean(x) adds up to 0."""
        uses = Counter(i for _, idx, _ in factors for i in idx)
        for n, (t, idx, e) in enumerate(factors):
            if t.form != "sum" or e != 1:
                continue
            for axis, k in enumerate(idx):
                if k < rank or uses[k] > 1:
                    continue
                places = tuple(t.rank - 1 if a == axis else a - (a > axis) for a in range(t.rank))
                total = self.sum(
                    [s for a, s in enumerate(t.shape) if a != axis],
                    self.items(t, places, t.rank), {t.rank - 1: t.shape[axis]},
                )  # fmt: skip
                if total.form != "sum" or len(total.terms) < len(t.terms):
                    rest = factors[:n] + factors[n + 1 :]
                    left = tuple(i for i in idx if i != k)
                    return [*rest, (total, left, ONE)], (k,)
        return None

    def _cancelled(self, factors: list[Factor], rank: int) -> tuple[list[Factor], Index] | None:
        """A contraction that is divided by, too: U[i,k] V[k,j] / (U V)[i,j] = 1, for U V not 0."""
        for n, (t, idx, e) in enumerate(factors):
            if t.form == "sum" and e < 0 and e.denominator == 1 and len(t.terms) == 1:
                ((term, k),) = t.terms.items()
                rest = factors[:n] + factors[n + 1 :]
                found = occurrence(term, dict(enumerate(idx)), rest) if k == 1 else None
                if found is not None:
                    left, names = found
                    summed = tuple(place for i, place in names.items() if i >= t.rank)
                    elsewhere = {i for _, places, _ in left for i in places}.union(idx, range(rank))
                    if len(set(summed)) == len(summed) and elsewhere.isdisjoint(summed):
                        return [*left, (t, idx, e + 1)], summed
        return None

    def _rational(self, c: Fraction, factors: list[Factor]) -> Item:
        """Numbers under fractional exponents, such that 2*2**(-1/2) is 2**(1/2)."""
        out = []
        for t, idx, e in factors:
            if t.form == "number" and isinstance(t.node, Fraction):
                whole = int(e)  # towards zero
                c *= t.node**whole
                e -= whole
                while e < 0 and c.numerator % t.node.numerator == 0 and t.node.denominator == 1:
                    c, e = c / t.node, e + 1
                while e > 0 and c.denominator % t.node.numerator == 0 and t.node.denominator == 1:
                    c, e = c * t.node, e - 1
                if not e:
                    continue
            out.append((t, idx, e))
        return c, out

    def relabelled(self, factors: list[Factor], rank: int) -> Term:
        """A term with its summed indices named in a canonical order, its factors sorted."""
        self.budget.spend(len(factors))
        return relabelled(factors, rank)

    # --- sums as factors -------------------------------------------------------------------------

    def as_factor(self, t: Tensor) -> tuple[Fraction, Tensor, Index]:
        """A sum as a coefficient times a sum of coprime coefficients, on the axes it depends on.

        Its axes are put in a canonical order: the third part names, for each, the axis of `t`.
        """
        found = self._as_factor.get(t)
        if found is None:
            found = self._as_factor[t] = self._find_factor(t)
        return found

    def _find_factor(self, t: Tensor) -> tuple[Fraction, Tensor, Index]:
        if not t.terms:  # the sum of nothing
            return Fraction(1), t, tuple(range(t.rank))
        used = sorted({i for term in t.terms for _, idx, _ in term for i in idx if i < t.rank})
        c = content(effective(t))
        counts = [term for term in t.terms if term and all(is_count(f) for f, _, _ in term)]
        sizes = counts and len(counts) + (() in t.terms) == len(t.terms)
        first = min(counts if sizes else t.terms, key=term_key)  # the constant, but for n - 1
        if t.terms[first] < 0:
            c = -c
        scaled = self.tensor("sum", "", t.shape, terms={term: k / c for term, k in t.terms.items()})
        orders = permutations(used) if len(used) in (2, 3) and len(t.terms) < 20 else [tuple(used)]
        best, axes = None, tuple(used)
        for order in orders:
            made = self.taken(scaled, order)
            key = sorted((term_key(term), k) for term, k in made.terms.items())
            if best is None or key < best[0]:
                best, axes = (key, made), order
        assert best is not None
        return c, best[1], axes

    def taken(self, t: Tensor, axes: Index) -> Tensor:
        """`t` with its axes `axes` alone, in that order; it depends on no other."""
        names = {a: n for n, a in enumerate(axes)}
        shape = tuple(t.shape[a] for a in axes)
        if t.form != "sum":
            return self.sum(shape, [(ONE, [(t, tuple(names[a] for a in range(t.rank)), ONE)])])
        items = [
            (c, [(f, tuple(names[i] if i < t.rank else len(axes) + i - t.rank for i in idx), e)
                 for f, idx, e in term])
            for term, c in t.terms.items()
        ]  # fmt: skip
        return self.sum(shape, items)

    def permuted(self, t: Tensor, axes: Index) -> Tensor:
        return self.taken(t, axes)

    # --- arithmetic ------------------------------------------------------------------------------

    def times(self, c: Fraction | int, t: Tensor) -> Tensor:
        axes = tuple(range(t.rank))
        return self.sum(t.shape, [(c * k, f) for k, f in self.items(t, axes, t.rank)])

    def plus(self, *parts: Tensor) -> Tensor:
        """Sum of tensors of the same shape."""
        axes = tuple(range(parts[0].rank))
        items = [item for t in parts for item in self.items(t, axes, t.rank)]
        return self.sum(parts[0].shape, items)

    def product(self, shape: Sequence[Size], *views: tuple[Tensor, Index, Fraction | int],
                bound: dict[int, Size] | None = None) -> Tensor:  # fmt: skip
        """Product of tensors whose axes are called as the indices say."""
        return self.sum(shape, [(ONE, [(t, i, Fraction(e)) for t, i, e in views])], bound)

    def expanded(self, t: Tensor, most: int = 16, highest: int = 2) -> Tensor | None:
        """`t` with products of sums, up to a power, multiplied out; None if there are none, or too
        many terms."""
        items: list[tuple[Fraction, list[Factor], dict[int, Size]]] = [
            (c, list(term), summed_sizes(term, t.rank)) for term, c in t.terms.items()
        ]
        changed = False
        done: list[Tensor] = []
        fresh = 1000
        while items:
            c, factors, bound = items.pop()
            for n, (f, idx, e) in enumerate(factors):
                whole = e.denominator == 1 and 1 <= e <= highest
                if f.form == "sum" and whole and len(f.terms) > 1:
                    rest = factors[:n] + factors[n + 1 :]
                    if e == 2:
                        rest.append((f, idx, ONE))
                    for k, inner in self.items(f, idx, fresh):
                        sizes = summed_sizes(tuple(inner), fresh)
                        items.append((c * k, rest + inner, bound | sizes))
                    fresh += 100
                    changed = True
                    break
            else:
                done.append(self.sum(t.shape, [(c, factors)], bound))
            if len(items) + len(done) > most:
                return None
        return self.plus(*done) if changed and done else None

    def nonnegative(self, t: Tensor, e: Fraction = ONE) -> bool:
        """Whether every entry of ``t**e`` is known not to be negative."""
        return t.nonnegative or (e.denominator == 1 and e % 2 == 0)

    def _is_nonnegative(self, t: Tensor) -> bool:
        if t.form == "leaf":
            return t.node.op.name == "dimension" or (
                t.node.op is VARIABLE and t.node.attr("name") in self.facts.positive
            )
        if t.form in ("number", "delta"):
            return t.form == "delta" or t.node > 0
        if t.form == "sum":
            return all(
                c > 0 and all(self.nonnegative(f, e1) for f, _, e1 in term)
                for term, c in t.terms.items()
            )
        if t.form == "function" and t.name == "pow":
            return bool(t.args[0][0].nonnegative)
        return t.name in NONNEGATIVE or is_mask(t)

    def power(self, t: Tensor, e: Fraction) -> Tensor:
        """``t**e``, entry by entry; factors known not to be negative come out of a root."""
        axes = tuple(range(t.rank))
        if e == 0:
            return self.number(1, t.shape)
        if t.form == "sum" and len(t.terms) == 1 and e.denominator != 1:
            ((term, c),) = t.terms.items()
            summed = any(i >= t.rank for _, idx, _ in term for i in idx)
            if not summed:
                return self._root(t, term, c, e)
        return self.product(t.shape, (t, axes, e))

    def _root(self, t: Tensor, term: Term, c: Fraction, e: Fraction) -> Tensor:
        out: list[Factor] = []
        rest: list[Factor] = []
        for f, idx, k in term:
            if self.nonnegative(f):
                out.append((f, idx, k * e))
            elif k.denominator == 1 and k % 2 == 0:
                if (k * e).denominator == 1 and (k * e) % 2 == 0:
                    out.append((f, idx, k * e))
                else:  # (x^2)^(1/2) = |x|
                    out.append((self.function("abs", f), idx, k * e))
            else:
                rest.append((f, idx, k))
        scale = abs(c) if len(rest) != 1 or c > 0 else ONE
        if c < 0 or len(rest) > 1 or (rest and rest[0][2] != 1):  # must stay whole under the root
            inner = self.tensor(
                "sum", "", t.shape, terms={self.relabelled(rest, t.rank): c / scale}
            )
            used = sorted({i for _, idx, _ in rest for i in idx})
            out.append((self.taken(inner, tuple(used)), tuple(used), e))
        elif rest:
            out.append((rest[0][0], rest[0][1], rest[0][2] * e))
        k, roots = self.rational_power(scale, e)
        return self.sum(t.shape, [(k, out + roots)])

    @staticmethod
    def raised(c: Fraction, e: int) -> Fraction:
        """``c**e``. Raises TooLong for a number of thousands of digits."""
        bits = max(abs(c.numerator), c.denominator).bit_length()
        if bits > 1 and bits * abs(e) > LARGEST_POWER:
            raise TooLong
        return c**e

    def rational_power(self, c: Fraction, e: Fraction) -> Item:
        """``c**e`` for positive c: a rational number and roots of integers."""
        k = ONE
        factors: list[Factor] = []
        for n, sign in ((c.numerator, 1), (c.denominator, -1)):
            if n == 1:
                continue
            root = round(n ** (1 / e.denominator)) if e.denominator < 5 and n < 10**12 else 0
            if root and root**e.denominator == n:
                k *= self.raised(Fraction(root), int(e * e.denominator * sign))
            else:
                base = self.tensor("number", str(n), node=Fraction(n))
                factors.append((base, (), e * sign))
        return k, factors

    def function(self, name: str, *args: Tensor) -> Tensor:
        """A function of tensors of one shape, without identities; see functions.py."""
        rank = args[0].rank
        views = tuple((a, tuple(range(rank))) for a in args)
        return self.tensor("function", name, args[0].shape, views)
