"""Rules: inverses, linear systems, factors and spectra; leading axes are batches of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node, Shape, Size
from ..ops import F, Inferred, Kink, broadcast, broadcast_nodes, shape_text
from ..rows import derived, structural

MATRIX = {"A": "x"}  # PyTorch's name for the argument
SINGULAR = Kink("a singular matrix", "an error", "there is no inverse")


def _matrix(name: str, x: Node, at: int = 0) -> None:
    if x.ndim < 2:
        raise GradError(
            "G309", f"`{name}` is for matrices", at=at, labels={at: shape_text(x.shape)},
            label=f"{x.ndim} ax{'i' if x.ndim == 1 else 'e'}s",
        )  # fmt: skip


def square(name: str, x: Node, at: int = 0) -> Size:
    """The size of a square matrix. Raises GradError G309, G306."""
    _matrix(name, x, at)
    rows, columns = x.shape[-2:]
    if rows != columns:
        raise GradError(
            "G306", f"`{name}` is for square matrices", at=at,
            label=f"{rows} rows, {columns} columns", labels={at: shape_text(x.shape)},
        )  # fmt: skip
    return rows


def of_square(name: str, drop: int = 0) -> Any:
    """The shape rule of a row from a square matrix to its shape without the last `drop` axes."""

    def infer(x: Node, **attrs: Any) -> Inferred:
        square(name, x)
        return x.shape[: x.ndim - drop], "float", attrs

    return infer


def derivative_shape(name: str) -> Any:
    def infer(x: Node, *directions: Node) -> Inferred:
        square(name, x)
        return broadcast_nodes(name, (x, *directions)), "float", {}

    return infer


# --- inverses and linear systems ---------------------------------------------------------------


@structural(
    "inv(x)", np.linalg.inv, of_square("inv"), doc="Inverse of a matrix.", sample=("square",),
    aliases=("inverse",), spellings=MATRIX, kinks=(SINGULAR,),
)  # fmt: skip
def inv(g: Node, out: Node, x: Node) -> Node:
    return -(out.mT @ g @ out.mT)


def _solve_shape(A: Node, B: Node, left: bool) -> Inferred:
    size = square("solve", A)
    labels = {0: shape_text(A.shape), 1: shape_text(B.shape)}
    if not B.ndim or (B.ndim == 1 and not left):
        raise GradError("G309", "`solve` needs a right side with more axes", at=1, labels=labels)
    rows = B.shape[0] if B.ndim == 1 else B.shape[-2 if left else -1]
    if rows != size:
        stack = B.ndim > 1 and B.shape == A.shape[:-1]
        raise GradError(
            "G301",
            f"`solve` needs a right side with as many {'rows' if left else 'columns'} as the first",
            label=f"{size} is not {rows}",
            labels=labels,
            help=["for one vector per matrix write `solve({0}, {1}[..., None])[..., 0]`"] * stack,
        )
    if B.ndim == 1:
        return A.shape[:-1], "float", {"left": left}
    lead = broadcast(A.shape[:-2], B.shape[:-2])
    if lead is None:
        raise GradError("G302", "the leading axes of `solve` do not broadcast", labels=labels)
    return (*lead, *B.shape[-2:]), "float", {"left": left}


def _solve(a: Any, b: Any, left: bool) -> Any:
    if b.ndim == 1:
        return np.linalg.solve(a, b[:, None])[..., 0]
    if left:
        return np.linalg.solve(a, b)
    return np.linalg.solve(a.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)


@structural(
    "solve(A, B, left: bool = True)", _solve, _solve_shape,
    doc="The X with A @ X = B (with X @ A = B if not `left`), for a vector or a matrix B.",
    linear=(1,), broadcasts=True, batch="solve", sample=("square", "3x3"), kinks=(SINGULAR,),
    spellings={"a": "A", "b": "B", "input": "A", "other": "B"}, example="solve(A, B)",
)  # fmt: skip
def solve(g: Node, out: Node, A: Node, B: Node, left: bool) -> tuple[Node, Node]:
    if B.ndim == 1 and A.ndim > 2:  # one vector for a stack of matrices
        column = F.solve(A.mT, F.unsqueeze(g, -1))
        return -(column * F.unsqueeze(out, -2)), F.squeeze(column, -1)
    right = F.solve(A.mT, g, left)
    if not left:
        return -(out.mT @ right), right
    return -(right @ out.mT if B.ndim > 1 else F.outer(right, out)), right


def _solve_triangular(A: Node, B: Node, upper: bool, left: bool, unitriangular: bool) -> Node:
    part = F.triu(A, int(unitriangular)) if upper else F.tril(A, -int(unitriangular))
    return F.solve(part + F.eye(square("solve_triangular", A)) if unitriangular else part, B, left)


solve_triangular = derived(
    "solve_triangular(A, B, upper: bool, left: bool = True, unitriangular: bool = False)",
    _solve_triangular, sample=("lower", "3x2"), example="solve_triangular(A, B, upper=False)",
    doc="`solve` with one triangle of A, whatever the other one holds.", kinks=(SINGULAR,),
    spellings={"a": "A", "b": "B"}, calls=(("A", "B", "upper=False", "unitriangular=True"),),
)  # fmt: skip


def _pinv(x: Any, rtol: float | None, atol: float | None, hermitian: bool) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    if rtol is None:  # as PyTorch: nothing below a tolerance that was given is cut off besides
        rtol = 0.0 if atol else max(x.shape[-2:]) * np.finfo(s.dtype).eps
    largest = s.max(-1, keepdims=True, initial=0)
    kept = s > np.maximum(rtol * largest, atol or 0.0)
    inverse = np.where(kept, 1 / np.where(kept, s, 1), 0)
    return vh.conj().swapaxes(-1, -2) @ (inverse[..., :, None] * u.conj().swapaxes(-1, -2))


def _pinv_shape(x: Node, **attrs: Any) -> Inferred:
    _matrix("pinv", x)
    if attrs["hermitian"]:
        square("pinv", x)
    return (*x.shape[:-2], x.shape[-1], x.shape[-2]), "float", attrs


@structural(
    "pinv(x, rtol: number = None, atol: number = None, hermitian: bool = False)",
    _pinv, _pinv_shape,
    doc="Pseudoinverse (Moore and Penrose); smaller singular values than the tolerance count as 0.",
    sample=("3x2",), aliases=("pinverse",), spellings={**MATRIX, "rcond": "rtol"},
    kinks=(Kink("the rank changes", "as if it did not"),), example="pinv(x)",
)  # fmt: skip
def pinv(g: Node, out: Node, x: Node, **attrs: Any) -> Node:
    """Golub and Pereyra (1973), for a rank that stays as it is."""
    rows, columns = x.shape[-2:]
    found = -(out.mT @ g @ out.mT)
    found = found + (F.eye(rows) - x @ out) @ g.mT @ out @ out.mT
    return found + out.mT @ out @ g.mT @ (F.eye(columns) - out @ x)


lstsq = derived(
    "lstsq(A, B)", lambda A, B: F.pinv(A) @ B, sample=("3x2", "3"), kinks=pinv.kinks,
    doc="The X of least norm for which A @ X is closest to B.", spellings={"a": "A", "b": "B"},
)  # fmt: skip


def _matrix_power(x: Node, n: int) -> Node:
    size = square("matrix_power", x)
    if n == 0:
        return F.broadcast_to(F.eye(size), x.shape) if x.ndim > 2 else F.eye(size)
    base, left = (F.inv(x), -n) if n < 0 else (x, n)
    found: Node | None = None
    while left:
        if left % 2:
            found = base if found is None else found @ base
        left //= 2
        if left:
            base = base @ base
    assert found is not None
    return found


matrix_power = derived(
    "matrix_power(x, n: int)", _matrix_power, sample=("square",), example="matrix_power(x, 3)",
    doc="A square matrix times itself, n times; of the inverse for a negative n.",
    spellings={**MATRIX, "exponent": "n"},
    calls=(("x", "2"), ("x", "-2"), ("x", "1"), ("x", "0"), ("x", "7")),
)  # fmt: skip


@structural(
    "matrix_exp(x)", "scipy.linalg:expm", of_square("matrix_exp"), sample=("square",),
    doc="Exponential of a matrix, the sum of its powers over factorials.", aliases=("expm",),
    spellings=MATRIX,
)  # fmt: skip
def matrix_exp(g: Node, out: Node, x: Node) -> Node:
    return F.matrix_exp_derivative(x.mT, g)


def _matrix_exp_derivative(x: Any, *directions: Any) -> Any:
    """The corner of the exponential of a block matrix: that of [[A, E], [0, A]] has the derivative
    of exp(A) along E above its diagonal (Van Loan 1978), and so on (Higham and Relton 2014)."""
    x, *turned = np.broadcast_arrays(x, *directions)
    n, block = x.shape[-1], x
    for direction in turned:
        copies = block.shape[-1] // n
        above = np.kron(np.eye(copies), direction)
        block = np.block([[block, above], [np.zeros_like(block), block]])
    return matrix_exp.run(block)[..., :n, -n:]


@structural(
    "matrix_exp_derivative(x, *directions: tensors)", _matrix_exp_derivative,
    derivative_shape("matrix_exp_derivative"),
    doc="How `matrix_exp` changes along directions.", linear=tuple(range(1, 32)),
    broadcasts=True, batch="align", hidden=True, sample=("square", "3x3"),
    example="matrix_exp_derivative(x, y)", calls=(("x", "y", "z"),),
)  # fmt: skip
def matrix_exp_derivative(g: Node, out: Node, x: Node, *directions: Node) -> list[Node]:
    """A derivative is symmetric in its directions, and that of the transpose is transposed."""
    turned = [d.mT for d in directions]
    others = [turned[:i] + turned[i + 1 :] for i in range(len(turned))]
    return [F.matrix_exp_derivative(x.mT, *rest, g) for rest in (turned, *others)]


# --- factors and spectra -----------------------------------------------------------------------
#
# Rows for symmetric matrices read the symmetric part of theirs, (X + X.T)/2, as JAX does. So value
# and gradient agree whichever entries change, and the gradient is symmetric.


def _symmetric(x: Any) -> Any:
    return (x + x.swapaxes(-1, -2)) / 2


def _cholesky(x: Any, upper: bool) -> Any:
    found = np.linalg.cholesky(_symmetric(x))
    return found.swapaxes(-1, -2) if upper else found


@structural(
    "cholesky(x, upper: bool = False)", _cholesky, of_square("cholesky"), sample=("posdef",),
    doc="The triangular L with L @ L.T = x, for a symmetric positive definite x.",
    spellings=MATRIX, kinks=(Kink("not positive definite", "an error"),),
)  # fmt: skip
def cholesky(g: Node, out: Node, x: Node, upper: bool) -> Node:
    """Murray (2016), equation 10."""
    L, g = (out.mT, g.mT) if upper else (out, g)
    product = L.mT @ g
    lower = (F.tril(product) + F.tril(product, -1)) / 2  # the diagonal counts half
    found = F.solve(L.mT, F.solve(L.mT, lower).mT)
    return (found + found.mT) / 2


def _lower(L: Node, upper: bool) -> Node:
    """The triangle of a factor that is read, as the lower one."""
    if L.op is cholesky and L.attr("upper") == upper:  # the other one is empty
        return L.mT if upper else L
    return F.triu(L).mT if upper else F.tril(L)


def _cholesky_solve(B: Node, L: Node, upper: bool) -> Node:
    lower = _lower(L, upper)
    return F.solve(lower.mT, F.solve(lower, B))


cholesky_solve = derived(
    "cholesky_solve(B, L, upper: bool = False)", _cholesky_solve, sample=("3x2", "lower"),
    doc="The X with L @ L.T @ X = B, given a triangular L; the other triangle is not read.",
    kinks=(SINGULAR,), spellings={"input": "B", "input2": "L"},
    calls=(("B", "L", "upper=True"),),
)  # fmt: skip
cholesky_inverse = derived(
    "cholesky_inverse(L, upper: bool = False)",
    lambda L, upper: F.inv(_lower(L, upper) @ _lower(L, upper).mT), sample=("lower",),
    doc="The inverse of L @ L.T, given a triangular L; the other triangle is not read.",
    kinks=(SINGULAR,), spellings={"input": "L"},
)  # fmt: skip

TIES = (Kink("equal values", "nan at order 2", "the vectors are not determined there"),)


@structural(
    "eigvalsh(x)", lambda x: np.linalg.eigvalsh(_symmetric(x)), of_square("eigvalsh", 1),
    doc="Eigenvalues of a symmetric matrix, from small to large.", sample=("symmetric",),
    spellings=MATRIX, kinks=TIES,
)  # fmt: skip
def eigvalsh(g: Node, out: Node, x: Node) -> Node:
    vectors = F.eigenvectors(x)
    return (vectors * F.unsqueeze(g, -2)) @ vectors.mT


@structural(
    "eigenvectors(x)", lambda x: np.linalg.eigh(_symmetric(x))[1], of_square("eigenvectors"),
    doc="Eigenvectors of a symmetric matrix as columns, in the order of `eigvalsh`.",
    sample=("symmetric",), spellings=MATRIX,
    kinks=(Kink("equal eigenvalues", "nan", "the vectors are not determined there"),),
)  # fmt: skip
def eigenvectors(g: Node, out: Node, x: Node) -> Node:
    found = out @ (_over_gaps(F.eigvalsh(x)) * (out.mT @ g)) @ out.mT
    return (found + found.mT) / 2


def _over_gaps(values: Node) -> Node:
    """One over the j-th value minus the i-th; 0 on the diagonal, where it would be one over 0."""
    ones = F.eye(values.shape[-1])
    return 1 / (F.unsqueeze(values, -2) - F.unsqueeze(values, -1) + ones) - ones


def _smaller(x: Node) -> Size:
    """The number of singular values."""
    rows, columns = x.shape[-2:]
    if isinstance(rows, int) and isinstance(columns, int):
        return min(rows, columns)
    if rows == columns:
        return rows
    raise GradError(
        "G117", f"singular values of unknown number: the smaller of {rows} and {columns}", at=0,
        labels={0: shape_text(x.shape)},
    )  # fmt: skip


def _singular_shape(name: str, rows: bool, columns: bool) -> Any:
    """The shape of a factor of the thin decomposition (.., m, k) (.., k) (.., k, n)."""

    def infer(x: Node) -> Inferred:
        _matrix(name, x)
        k = _smaller(x)
        own: Shape = (*x.shape[-2:-1] * rows, k, *x.shape[-1:] * columns)
        return (*x.shape[:-2], *own), "float", {}

    return infer


@structural(
    "svdvals(x)", lambda x: np.linalg.svd(x, compute_uv=False),
    _singular_shape("svdvals", False, False), sample=("2x3",), spellings=MATRIX,
    doc="Singular values, from large to small.", kinks=(*TIES, Kink("a value of 0", "one side")),
)  # fmt: skip
def svdvals(g: Node, out: Node, x: Node) -> Node:
    return (F.svd_u(x) * F.unsqueeze(g, -2)) @ F.svd_vh(x)


VECTORS = (Kink("equal singular values, or 0", "nan", "the vectors are not determined there"),)


@structural(
    "svd_u(x)", lambda x: np.linalg.svd(x, full_matrices=False)[0],
    _singular_shape("svd_u", True, False), sample=("2x3",), spellings=MATRIX, kinks=VECTORS,
    doc="Left singular vectors as columns: U in x = U @ diag(svdvals(x)) @ Vh.",
)  # fmt: skip
def svd_u(g: Node, out: Node, x: Node) -> Node:
    """As `svd_backward` of PyTorch, for the part that comes from U."""
    values, vh = F.svdvals(x), F.svd_vh(x)
    turn = out.mT @ g
    across = F.unsqueeze(values, -2)
    found = out @ ((turn - turn.mT) * _over_square_gaps(values) * across)
    if x.shape[-2] != values.shape[-1]:
        found = found + (g - out @ turn) / across
    return found @ vh


@structural(
    "svd_vh(x)", lambda x: np.linalg.svd(x, full_matrices=False)[2],
    _singular_shape("svd_vh", False, True), sample=("2x3",), spellings=MATRIX, kinks=VECTORS,
    doc="Right singular vectors as rows: Vh in x = U @ diag(svdvals(x)) @ Vh.",
)  # fmt: skip
def svd_vh(g: Node, out: Node, x: Node) -> Node:
    values, u = F.svdvals(x), F.svd_u(x)
    turn = out @ g.mT
    along = F.unsqueeze(values, -1)
    found = (along * (turn - turn.mT) * _over_square_gaps(values)) @ out
    if x.shape[-1] != values.shape[-1]:
        found = found + (g - turn.mT @ out) / along
    return u @ found


def _over_square_gaps(values: Node) -> Node:
    """One over the square of the j-th value minus that of the i-th; 0 on the diagonal."""
    ones = F.eye(values.shape[-1])
    a, b = F.unsqueeze(values, -2), F.unsqueeze(values, -1)
    return 1 / ((a - b) * (a + b) + ones) - ones
