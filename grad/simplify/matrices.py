"""Rows along axes in the normal form of display: softmax, norms, determinants and inverses.

Products, diagonals, and multiples of the identity plus a matrix of rank one have the determinant
and the inverse that their parts make, for matrices that are not singular.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from .budget import Budget
from .facts import Facts
from .functions import Functions
from .tensors import ONE, Factor, Index, Tensor, Term, axes_of
from .terms import occurrence

TURNED = {0: 1, 1: 0}  # rows and columns of an inverse


class Matrices(Functions):
    """The algebra of named indices with rows along axes, and with matrices.

    ``products``  determinants of products: as determinants of the factors, and as they were
    ``split``     whether an inverse of a product has become a product of inverses
    ``guarded``   whether ``where(n == 0, 0, 1/n)`` is a function by itself, and identities that
                  need something not to be 0 are left out
    """

    def __init__(self, facts: Facts | None = None, budget: Budget | None = None) -> None:
        super().__init__(facts, budget)
        self.products: dict[Term, Tensor] = {}
        self.split = False
        self.guarded = False

    def along(self, name: str, t: Tensor, active: int, keep: bool = False) -> Tensor:
        """A row acting on the last `active` axes of `t`; they stay if `keep`."""
        kept = t.rank if keep else t.rank - active
        first = t.rank - active
        if name == "softmax" and self.constant(t) is not None and isinstance(t.shape[-1], int):
            return self.number(Fraction(1, t.shape[-1]), t.shape)  # n equal shares
        if name in ("softmax", "logsumexp") and t.form == "sum":
            loose = {
                term: c
                for term, c in t.terms.items()
                if not any(first <= i < t.rank for _, idx, _ in term for i in idx)
            }
            if loose and len(loose) < len(t.terms):
                # softmax(x + c) = softmax(x) and logsumexp(x + c) = logsumexp(x) + c
                shift = [(c, list(term)) for term, c in loose.items()]
                rest = self.sum(
                    t.shape, [(c, list(k)) for k, c in t.terms.items() if k not in loose]
                )
                made = self.along(name, rest, active, keep)
                if name == "softmax":
                    return made
                names = {i: i - active for term in loose for _, idx, _ in term for i in idx
                         if i >= t.rank}  # fmt: skip
                moved = [
                    (c, [(f, tuple(names.get(i, i) for i in idx), e) for f, idx, e in term])
                    for c, term in shift
                ]
                return self.plus(made, self.sum(made.shape, moved))
        used = set(range(first, t.rank))
        if t.form == "sum":
            used |= {i for term in t.terms for _, idx, _ in term for i in idx if i < t.rank}
        else:
            used |= set(range(t.rank))
        axes = tuple(sorted(used))
        if len(axes) < t.rank:
            t, whole = self.taken(t, axes), t
            out = self.along(name, t, active, keep)
            left = tuple(a for a in axes if keep or a < first)
            return self.product(whole.shape[:kept], (out, left, 1))
        return self.tensor("along", name, t.shape[:kept], (t,), (("active", active),))

    def matrix(self, name: str, t: Tensor) -> Tensor:
        """det, inv or logdet of the last two axes; det(c X) = c^n det(X), inv(c X) = inv(X)/c."""
        n = t.shape[-1]
        if name == "logdet" or t.form != "sum" or not isinstance(n, int):
            return self._of_matrix(name, t)
        c = self.as_factor(t)[0]
        scalars, t = self._scalar_factors(self.times(1 / c, t)) if t.rank == 2 else (
            [], self.times(1 / c, t))  # fmt: skip
        made = self._of_matrix(name, t)
        k = n if name == "det" else -1
        outside = [(f, (), e * k) for f, _, e in scalars]
        return self.sum(made.shape, [(c**k, [*outside, (made, axes_of(made), ONE)])])

    def _of_matrix(self, name: str, t: Tensor) -> Tensor:
        found = _of_parts(self, name, t)
        if found is not None:
            return found
        batch = tuple(range(t.rank - 2))
        rows = (*batch, t.rank - 2, t.rank - 1)
        flipped = self.taken(t, (*batch, t.rank - 1, t.rank - 2))
        if flipped.id < t.id:  # det X' = det X, inv X' = (inv X)'
            t, rows = flipped, (*batch, t.rank - 1, t.rank - 2)
        if t.form == "along" and t.name == "inv":
            inside = t.args[0]
            if name == "inv":  # inv(inv(X)) = X
                return self.taken(inside, rows)
            if name == "det":  # det(inv(X)) = 1/det(X)
                return self.power(self.matrix("det", inside), -ONE)
            return self.times(-1, self.matrix("logdet", inside))
        shape = t.shape if name == "inv" else t.shape[:-2]
        made = self.tensor("along", name, shape, (t,), (("active", 2),))
        return self.permuted(made, rows) if name == "inv" else made

    def _scalar_factors(self, t: Tensor) -> tuple[list[Factor], Tensor]:
        """The factors without axes of a single product, and the rest of it."""
        if t.form != "sum" or len(t.terms) != 1:
            return [], t
        ((term, c),) = t.terms.items()
        scalars = [f for f in term if not f[1]]
        if not scalars:
            return [], t
        return scalars, self.sum(t.shape, [(c, [f for f in term if f[1]])])


def _of_parts(alg: Matrices, name: str, t: Tensor) -> Tensor | None:
    """det, inv or logdet of a matrix of one of these kinds; None of any other."""
    if t.rank != 2:
        return None
    if t.form == "delta":
        return t if name == "inv" else alg.number(name == "det")
    factors = _chain(t)
    if factors is not None and name != "logdet":
        return (_inverse if name == "inv" else _determinant)(alg, t, factors)
    if factors is not None and not any(f.rank == 2 and f.form != "delta" for f, _, _ in factors):
        return alg.apply("log", _determinant(alg, t, factors))
    updated = update(alg, t) if name != "inv" else None
    if updated is None:
        return None
    s, total, _, _ = updated
    n = t.shape[0]
    if isinstance(n, int):  # det(s I + u v') = s^(n - 1) (s + v'u)
        det = alg.product((), (s, (), n - 1), (total, (), 1))
    elif alg.constant(s) == 1:
        det = total
    else:
        return None
    return det if name == "det" else alg.apply("log", det)


def _chain(t: Tensor) -> list[Factor] | None:
    """The factors of a product of square matrices and diagonals, if `t` is one."""
    if t.form != "sum" or t.rank != 2 or len(t.terms) != 1:
        return None
    ((term, c),) = t.terms.items()
    matrices = [idx for f, idx, e in term if f.rank == 2 and e == 1 and idx[0] != idx[1]]
    if c != 1 or len(matrices) + sum(f.rank == 1 for f, _, _ in term) != len(term) or len(term) < 2:
        return None
    if len({s for f, _, _ in term for s in f.shape}) != 1:
        return None
    here = 0  # from the rows to the columns, through every matrix once
    while here != 1:
        steps = [idx for idx in matrices if here in idx]
        if len(steps) != 1:
            return None
        matrices.remove(steps[0])
        here = steps[0][1] if steps[0][0] == here else steps[0][0]
    return None if matrices else list(term)


def _inverse(alg: Matrices, t: Tensor, factors: list[Factor]) -> Tensor:
    """inv(A B) = inv(B) inv(A), inv(diag(s)) = diag(1/s)."""
    found: list[Factor] = []
    alg.split = True
    for f, idx, e in factors:
        turned = tuple(TURNED.get(i, i) for i in reversed(idx))
        found.append((f, turned, -e) if f.rank == 1 else (alg.matrix("inv", f), turned, ONE))
    return alg.sum(t.shape, [(ONE, found)])


def _determinant(alg: Matrices, t: Tensor, factors: list[Factor]) -> Tensor:
    """det(A B) = det(A) det(B), det(diag(s)) = prod(s)."""
    found: list[Factor] = []
    for f, _, e in factors:
        found.append((alg.along("prod", f, 1) if f.rank == 1 else alg.matrix("det", f), (), e))
    made = alg.sum((), [(ONE, found)])
    if made.form == "sum" and set(made.terms.values()) == {ONE}:
        whole = alg.tensor("along", "det", (), (t,), (("active", 2),))
        alg.products[next(iter(made.terms))] = whole
    return made


def update(alg: Functions, t: Tensor) -> tuple[Tensor, Tensor, list[Factor], list[Factor]] | None:
    """``(s, s + v'u, u, v)`` if `t` is the matrix s I + u v'."""
    if t.form != "sum" or t.rank != 2 or len(t.terms) != 2:
        return None
    for one, other in permutations(t.terms):
        scalars = [f for f in one if f[0].form != "delta"]
        if len(scalars) != len(one) - 1 or any(idx for _, idx, _ in scalars):
            continue
        u, v = _connected(other, 0), _connected(other, 1)
        if u and v and not any(f in v for f in u):
            s = alg.sum((), [(t.terms[one], scalars)])
            joined = [(f, tuple(0 if i == 1 else i for i in idx), e) for f, idx, e in other]
            return s, alg.plus(s, alg.sum((), [(t.terms[other], joined)])), u, v
    return None


def rank_one(t: Tensor) -> bool:
    """Whether a matrix is a column times a row, which has no inverse."""
    if t.form != "sum" or t.rank != 2 or len(t.terms) != 1:
        return False
    (term,) = t.terms
    return not any(1 in idx for _, idx, _ in _connected(term, 0))


def _connected(term: Term, axis: int) -> list[Factor]:
    """The factors of a product that an axis leads to."""
    reached, found = {axis}, 0
    while found != len(reached):
        found = len(reached)
        for _, idx, _ in term:
            if reached.intersection(idx):
                reached.update(idx)
    return [f for f in term if reached.intersection(f[1])]


def applied_to_update(
    alg: Functions, f: Tensor, idx: Index, rest: list[Factor], rank: int
) -> tuple[list[Factor], Index] | None:
    """inv(s I + u v') u = u/(s + v'u) and v' inv(s I + u v') = v'/(s + v'u)."""
    found = update(alg, f.args[0])
    if found is None:
        return None
    _, total, *parts = found
    for axis, part in enumerate(parts):
        k, other = idx[1 - axis], idx[axis]
        match = occurrence(tuple(part), {axis: k}, rest) if k >= rank and k != other else None
        if match is None:
            continue
        left, names = match
        places = [place for i, place in names.items() if i > 1]
        elsewhere = {i for _, places_, _ in left for i in places_}.union(idx, range(rank))
        if k in {i for _, places_, _ in left for i in places_} or elsewhere.intersection(places):
            continue
        taken = [(t, tuple(other if i == axis else names[i] for i in i_), e) for t, i_, e in part]
        return [*left, *taken, (total, (), -ONE)], (k,)
    return None
