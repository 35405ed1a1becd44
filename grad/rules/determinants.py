"""Rules: determinants and their logarithms, exact at singular matrices too."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from ..node import Node
from ..ops import F, Kink
from ..rows import opaque, spelling, structural
from .factorizations import MATRIX, SINGULAR, derivative_shape, of_square


def spread(g: Node, x: Node) -> Node:
    """One number per matrix, to be multiplied with the entries of the matrix."""
    return g if x.ndim == 2 else F.unsqueeze(g, (-2, -1))


@structural(
    "det(x)", np.linalg.det, of_square("det", 2), doc="Determinant.", sample=("square",),
    spellings=MATRIX, kinks=(Kink("a singular matrix", "its cofactors"),),
)  # fmt: skip
def det(g: Node, out: Node, x: Node) -> Node:
    return spread(g, x) * F.cofactor(x)


@structural(
    "cofactor(x)", lambda x: _where_finite(_cofactors, x), of_square("cofactor"),
    sample=("square",), spellings=MATRIX,
    doc="The matrix of cofactors: det(x)*inv(x).T, and defined for singular matrices too.",
)  # fmt: skip
def cofactor(g: Node, out: Node, x: Node) -> Node:
    return F.cofactor_derivative(x, g)


@structural(
    "cofactor_derivative(x, *directions: tensors)",
    lambda x, *directions: _where_finite(_cofactor_derivative, x, *directions),
    derivative_shape("cofactor_derivative"),
    doc="How the cofactors change along directions: a derivative of `det` of higher order.",
    linear=tuple(range(1, 32)), broadcasts=True, batch="align", hidden=True,
    sample=("square", "3x3"), example="cofactor_derivative(x, y)",
    calls=(("x", "y"), ("x", "y", "z")),
)  # fmt: skip
def cofactor_derivative(g: Node, out: Node, x: Node, *directions: Node) -> list[Node]:
    """The m-th derivative of det is symmetric in its m directions, so all gradients are alike."""
    others = [directions[:i] + directions[i + 1 :] for i in range(len(directions))]
    return [F.cofactor_derivative(x, *rest, g) for rest in (directions, *others)]


def _where_finite(f: Callable[..., Any], *matrices: Any) -> Any:
    """`f` of the matrices that are finite; nan for others, as det has it, where SVD would fail."""
    finite = [np.isfinite(x).all((-2, -1), keepdims=True) for x in matrices]
    if all(map(np.all, finite)):
        return f(*matrices)
    clean = f(*(np.where(ok, x, 0) for ok, x in zip(finite, matrices, strict=True)))
    return np.where(reduce(np.logical_and, finite), clean, np.nan)


def _cofactors(x: Any) -> Any:
    """Where x = u @ diag(s) @ vh, cof(x) = cof(u) @ cof(diag(s)) @ cof(vh), and the cofactors of an
    orthogonal matrix are itself times its determinant. Nothing is divided: it holds at any rank."""
    u, s, vh = np.linalg.svd(x)
    diagonal = np.prod(np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]), -1)
    return _orientation(u, vh) * ((u.conj() * diagonal[..., None, :]) @ vh.conj())


def _orientation(u: Any, vh: Any) -> Any:
    """The determinant of ``u @ vh``, 1 or -1 (of absolute value 1 where complex)."""
    return (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]


def _cofactor_derivative(x: Any, *directions: Any) -> Any:
    """The coefficient of t1*...*tm in the cofactors of ``x + t1*G1 + ... + tm*Gm``.

    For one direction, turned to where x is diagonal, it has minors of a diagonal matrix as entries.
    Each further one is a derivative of a polynomial of degree below n, which its values at n points
    of a circle give exactly (Cauchy's integral formula), at singular matrices like anywhere else.
    """
    x, *turned = np.broadcast_arrays(x, *directions)
    *rest, last = turned
    n = x.shape[-1]
    if rest:
        size, step = (np.linalg.norm(a, axis=(-2, -1), keepdims=True) for a in (x, last))
        radius = np.where((step > 0) & (size > 0), size / np.where(step > 0, step, 1), 1)
        roots = np.exp(2j * np.pi * np.arange(n) / n).reshape(n, *(1,) * x.ndim)
        points = roots * radius
        found = np.mean(_cofactor_derivative(x + points * last, *rest) / points, axis=0)
        found = np.where(step > 0, found, 0)
        return found if any(np.iscomplexobj(a) for a in (x, *turned)) else found.real
    u, s, vh = np.linalg.svd(x)
    change = u.conj().swapaxes(-1, -2) @ last @ vh.conj().swapaxes(-1, -2)
    minors = _products_without_two(s)
    on_diagonal = (minors @ np.diagonal(change, 0, -2, -1)[..., None])[..., 0]
    inner = np.eye(n) * on_diagonal[..., None] - minors * change.swapaxes(-1, -2)
    return _orientation(u, vh) * (u.conj() @ inner @ vh.conj())


def _products_without_two(s: Any) -> Any:
    """The product of all entries but the i-th and the j-th; 0 where i is j. Nothing is divided."""
    n = s.shape[-1]
    one = np.ones((*s.shape[:-1], 1), s.dtype)
    before = np.concatenate([one, np.cumprod(s, -1)], -1)[..., :n]
    after = np.concatenate([one, np.cumprod(s[..., ::-1], -1)], -1)[..., :n][..., ::-1]
    upper = np.triu(np.ones((n, n), bool), 1)
    following = np.cumprod(np.where(upper, s[..., None, :], 1), -1)  # of i+1 .. j
    between = np.concatenate([one[..., None, :].repeat(n, -2), following], -1)[..., :n]
    products = np.where(upper, before[..., :, None] * between * after[..., None, :], 0)
    return products + products.swapaxes(-1, -2)


def _logdet(x: Any) -> Any:
    sign, size = np.linalg.slogdet(x)
    if np.iscomplexobj(x):
        return size + np.log(sign)
    return np.where(sign < 0, np.nan, size)


@structural(
    "logdet(x)", _logdet, of_square("logdet", 2), sample=("posdef",), spellings=MATRIX,
    doc="Logarithm of the determinant, also where that is too small or large for a number.",
    kinks=(SINGULAR, Kink("a negative determinant", "nan")),
)  # fmt: skip
def logdet(g: Node, out: Node, x: Node) -> Node:
    return spread(g, x) * F.inv(x).mT


@structural(
    "logabsdet(x)", lambda x: np.linalg.slogdet(x)[1], of_square("logabsdet", 2),
    doc="Logarithm of the absolute value of the determinant.", sample=("square",),
    spellings=MATRIX, kinks=(SINGULAR,),
)  # fmt: skip
def logabsdet(g: Node, out: Node, x: Node) -> Node:
    return spread(g, x) * F.inv(x).mT


detsign = opaque(
    "detsign(x)", lambda x: np.linalg.slogdet(x)[0], of_square("detsign", 2),
    doc="Sign of the determinant: -1, 0 or 1.", sample=("square",), spellings=MATRIX,
)  # fmt: skip
slogdet = spelling(
    "slogdet(x)", lambda x: F.stack([F.detsign(x), F.logabsdet(x)], 0), sample=("square",),
    doc="Sign of the determinant, and logarithm of its absolute value: `slogdet(x)[1]`.",
    spellings=MATRIX,
)  # fmt: skip
