"""Linear algebra, einsum, losses and creation at their hard points, against other sources."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.linalg

import gradcalc.grad.rules  # noqa: F401  (fills the table)
from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.node import TABLE, Node
from gradcalc.grad.ops import F, constant, lift, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.rules.creation import manual_seed

from .cases import rng
from .compare import assert_same


def value(node: Node, **values: Any) -> Any:
    return evaluate([node], values).results[0]


def slope(root: Node, by: Node, **values: Any) -> Any:
    return value(gradient(root, [by])[0], **values)


def hessian(root: Node, x: Node, at: Any) -> Any:
    """Second derivatives, one row of the gradient at a time."""
    (g,) = gradient(root, [x])
    name = x.attr("name")
    rows = []
    for k in np.ndindex(*at.shape):
        unit = np.zeros(at.shape)
        unit[k] = 1
        rows.append(slope(F.sum(g * constant(unit)), x, **{name: at}))
    return np.array(rows).reshape(at.shape + at.shape)


def matrix(name: str, *shape: int) -> Any:
    return rng(name).uniform(-2, 2, shape)


# --- determinants ------------------------------------------------------------------------------


def leibniz_derivative(a: Any, order: int) -> Any:
    """All derivatives of det of that order, from its sum over permutations."""
    n = len(a)
    found = np.zeros((n, n) * order)
    for columns in itertools.permutations(range(n)):
        sign = round(np.linalg.det(np.eye(n)[list(columns)]))
        for rows in itertools.permutations(range(n), order):
            rest = [a[i, columns[i]] for i in range(n) if i not in rows]
            at = tuple(k for i in rows for k in (i, columns[i]))
            found[at] += sign * np.prod(rest)
    return found


def of_rank(n: int, rank: int) -> Any:
    return matrix(f"left{rank}", n, rank) @ matrix(f"right{rank}", rank, n)


@pytest.mark.parametrize(
    ("n", "rank"), [(1, 0), (2, 1), (3, 3), (3, 2), (3, 1), (3, 0), (4, 3), (4, 2)]
)
def test_det_has_exact_derivatives_at_any_rank(n: int, rank: int) -> None:
    a = of_rank(n, rank)
    X = variable("X", (n, n))
    assert_same(slope(F.det(X), X, X=a), leibniz_derivative(a, 1), 1e-13, 1e-13)
    assert_same(hessian(F.det(X), X, a), leibniz_derivative(a, 2), 1e-13, 1e-13)


@pytest.mark.parametrize("rank", [3, 2, 1, 0])
def test_det_has_exact_derivatives_of_third_order(rank: int) -> None:
    a, u = of_rank(3, rank), matrix("u", 3, 3)
    X = variable("X", (3, 3))
    (g,) = gradient(F.det(X), [X])
    third = hessian(F.sum(g * constant(u)), X, a)
    expected = np.einsum("abcdef,ab->cdef", leibniz_derivative(a, 3), u)
    assert_same(third, expected, 1e-12, 1e-12)


def test_cofactors_of_a_stack() -> None:
    a = np.stack([of_rank(3, 2), matrix("a", 3, 3), np.zeros((3, 3))])
    X = variable("X", (3, 3, 3))
    expected = np.stack([leibniz_derivative(part, 1) for part in a])
    assert_same(slope(F.sum(F.det(X)), X, X=a), expected, 1e-13, 1e-13)


def test_a_matrix_with_nan_has_no_influence_on_others() -> None:
    a = np.stack([matrix("a", 3, 3), np.full((3, 3), np.nan)])
    X = variable("X", (2, 3, 3))
    (g,) = gradient(F.sum(F.det(X)), [X])
    found = value(g, X=a)
    assert_same(found[0], leibniz_derivative(a[0], 1), 1e-13)
    assert np.isnan(found[1]).all()
    second = slope(F.sum(g * g), X, X=a)
    assert np.isfinite(second[0]).all()
    assert np.isnan(second[1]).all()


def test_the_log_of_a_determinant_that_underflows() -> None:
    n = 200
    a = 1e-3 * (matrix("tiny", n, n) + 10 * np.eye(n))
    X = variable("X", (n, n))
    assert value(F.det(X), X=a) == 0
    expected = float(mpmath.log(abs(mpmath.det(mpmath.matrix(a[:40, :40].tolist())))))
    assert_same(value(F.logabsdet(X[:40, :40]), X=a), expected, 1e-13)
    assert_same(slope(F.logabsdet(X), X, X=a), np.linalg.inv(a).T, 1e-10)
    assert_same(value(F.slogdet(X), X=a), np.array(np.linalg.slogdet(a)), 1e-13)


def test_logdet_of_a_negative_determinant_is_nan_and_of_a_singular_matrix_minus_infinity() -> None:
    X = variable("X", (2, 2))
    assert np.isnan(value(F.logdet(X), X=np.diag([1.0, -1.0])))
    assert value(F.logdet(X), X=np.ones((2, 2))) == -np.inf


@pytest.mark.parametrize("name", ["inv", "logdet", "logabsdet"])
def test_a_singular_matrix_is_an_error_where_an_inverse_is_needed(name: str) -> None:
    X = variable("X", (2, 2))
    with pytest.raises(GradError) as caught:
        slope(F.sum(TABLE[name](X)), X, X=np.zeros((2, 2)))
    assert caught.value.code == "G502"


# --- systems, spectra --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3, 3), (3,)),
        ((2, 3, 3), (3,)),
        ((3, 3), (2, 3, 4)),
        ((2, 3, 3), (2, 3, 1)),
        ((2, 1, 3, 3), (4, 3, 2)),
    ],
)
def test_solve_broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    A, B = variable("A", a), variable("B", b)
    at = {"A": matrix("A", *a) + 4 * np.eye(3), "B": matrix("B", *b)}
    found = F.solve(A, B)
    left, right = (at["A"], at["B"][:, None]) if len(b) == 1 else (at["A"], at["B"])
    expected = np.linalg.inv(left) @ right
    assert_same(value(found, **at), expected[..., 0] if len(b) == 1 else expected, 1e-13)
    # the same by inverse and product, whose rules are others
    other = F.inv(A) @ B
    for x in (A, B):
        ours, theirs = (F.sum(f**2) for f in (found, other))
        assert_same(slope(ours, x, **at), slope(theirs, x, **at), 1e-12, 1e-13)


def test_solve_from_the_right() -> None:
    A, B = matrix("A", 3, 3) + 4 * np.eye(3), matrix("B", 2, 3)
    assert_same(value(F.solve(A, B, left=False)) @ A, B, 1e-13)


def test_matrix_exp_and_its_derivatives() -> None:
    a, e, h = (matrix(name, 4, 4) for name in "aeh")
    X = variable("X", (4, 4))
    assert_same(value(F.matrix_exp(X), X=a), scipy.linalg.expm(a), 1e-14)
    _, along = scipy.linalg.expm_frechet(a, e)
    (g,) = gradient(F.sum(F.matrix_exp(X) * constant(h)), [X])
    assert_same(np.sum(value(g, X=a) * e), np.sum(along * h), 1e-12)


def test_the_rank_of_a_pseudoinverse_may_be_less_than_full() -> None:
    left, right = matrix("left", 4, 2), matrix("right", 2, 3)
    U, V = variable("U", (4, 2)), variable("V", (2, 3))
    found = F.pinv(U @ V)
    at = {"U": left, "V": right}
    assert_same(value(found, **at), np.linalg.pinv(left @ right), 1e-12)
    # for factors of full rank the pseudoinverse of the product is that of the factors
    other = V.T @ F.inv(V @ V.T) @ F.inv(U.T @ U) @ U.T
    weights = constant(matrix("w", 3, 4))
    for x in (U, V):
        ours, theirs = (slope(F.sum(f * weights), x, **at) for f in (found, other))
        assert_same(ours, theirs, 1e-11, 1e-12)


def test_functions_of_spectra_have_the_hessians_of_the_traces_they_are() -> None:
    a = matrix("sym", 3, 3)
    X = variable("X", (3, 3))
    symmetric = (X + X.T) / 2
    pairs = [
        (F.sum(F.eigvalsh(X) ** 3), F.trace(symmetric @ symmetric @ symmetric)),
        (F.sum(F.svdvals(X) ** 4), F.trace(X @ X.T @ X @ X.T)),
        (
            F.sum(F.eigenvectors(X) @ F.diag_embed(F.eigvalsh(X))),
            F.sum(symmetric @ F.eigenvectors(X)),
        ),
    ]
    for spectral, plain in pairs:
        assert_same(value(spectral, X=a), value(plain, X=a), 1e-12)
        assert_same(slope(spectral, X, X=a), slope(plain, X, X=a), 1e-11, 1e-12)
        assert_same(hessian(spectral, X, a), hessian(plain, X, a), 1e-9, 1e-10)


@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (3, 3)])
def test_singular_values_and_vectors_make_the_matrix_again(shape: tuple[int, int]) -> None:
    a = matrix("svd", *shape)
    X = variable("X", shape)
    again = F.svd_u(X) @ F.diag_embed(F.svdvals(X)) @ F.svd_vh(X)
    weights = constant(matrix("w", *shape))
    assert_same(value(again, X=a), a, 1e-13)
    assert_same(slope(F.sum(weights * again), X, X=a), weights.attr("value"), 1e-12)
    assert_same(hessian(F.sum(weights * again), X, a), np.zeros(shape + shape), 0, 1e-10)


def test_the_vectors_of_equal_eigenvalues_are_undetermined_and_said_to_be() -> None:
    X = variable("X", (2, 2))
    assert_same(slope(F.sum(F.eigvalsh(X) ** 2), X, X=np.eye(2)), 2 * np.eye(2), 1e-15)
    assert np.isnan(hessian(F.sum(F.eigvalsh(X) ** 2), X, np.eye(2))).any()


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 5])
def test_powers_of_a_matrix(n: int) -> None:
    a = matrix("power", 2, 3, 3) + 3 * np.eye(3)
    X = variable("X", (2, 3, 3))
    assert_same(value(F.matrix_power(X, n), X=a), np.linalg.matrix_power(a, n), 1e-12)


# --- einsum ------------------------------------------------------------------------------------

EINSUMS: list[tuple[str, tuple[tuple[int, ...], ...]]] = [
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ij,jk", ((2, 3), (3, 4))),
    ("ba", ((2, 3),)),
    ("ii", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("iij->j", ((3, 3, 2),)),
    ("iii->", ((2, 2, 2),)),
    ("iijj->ij", ((2, 2, 3, 3),)),
    ("ii,ij->j", ((3, 3), (3, 2))),
    ("ij->", ((2, 3),)),
    ("ij->i", ((2, 3),)),
    ("i,j->ij", ((2,), (3,))),
    ("i,i,i->", ((3,), (3,), (3,))),
    ("i,ij,j->", ((2,), (2, 3), (3,))),
    ("ij,kj,kl,lm->im", ((2, 3), (4, 3), (4, 2), (2, 5))),
    ("...ij,...jk->...ik", ((2, 1, 2, 3), (4, 3, 2))),
    ("...i,...i", ((2, 3), (3,))),
    ("i...->...", ((2, 3, 4),)),
    ("...ii->...", ((2, 3, 3),)),
    ("...->...", ((2, 3),)),
    ("...,ij", ((), (2, 3))),
    (",ij->ij", ((), (2, 3))),
    ("i...j,k...j->ik...", ((2, 5, 3), (4, 1, 3))),
    ("ij,ij->ij", ((1, 3), (2, 3))),
    ("ij,ij->", ((1, 3), (2, 1))),
    ("i,i->i", ((1,), (3,))),
    ("ij,kl->ijkl", ((2, 1), (1, 2))),
    (" i j , j k -> k i ", ((2, 3), (3, 4))),
    ("kde,nke->nkd", ((2, 3, 3), (4, 2, 3))),
]


@pytest.mark.parametrize(("equation", "shapes"), EINSUMS, ids=[e for e, _ in EINSUMS])
def test_einsum(equation: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    at = {f"x{i}": matrix(f"x{i}", *s) for i, s in enumerate(shapes)}
    operands = [variable(name, a.shape) for name, a in at.items()]
    node = F.einsum(equation, *operands)
    expected = np.einsum(equation, *at.values())
    assert_same(value(node, **at), expected, 1e-13)
    assert F.einsum(equation, operands) is node
    assert F.einsum(node.attr("equation"), *operands) is node
    weights = matrix("weights", *expected.shape)
    grads = gradient(F.sum(node * constant(weights)), operands)
    for (name, a), g in zip(at.items(), grads, strict=True):
        assert g.shape == a.shape
        found = value(g, **at)
        # linear in each operand: the derivative along a unit is the value at the unit
        for k in np.ndindex(*a.shape):
            unit = np.zeros(a.shape)
            unit[k] = 1
            moved = np.einsum(equation, *{**at, name: unit}.values())
            assert_same(found[k], np.sum(moved * weights), 1e-12, 1e-13, f"{name}{k}")


def test_einsum_sums_over_an_ellipsis_the_result_leaves_out() -> None:
    a = matrix("a", 2, 3, 4)
    assert_same(value(F.einsum("...i->i", a)), a.sum((0, 1)), 1e-14)


@pytest.mark.parametrize(
    ("equation", "shapes", "says"),
    [
        ("ij,jk->ik", ((2, 3),), "2 groups"),
        ("ij->i", ((2, 3, 4),), "names 2 axes, its tensor has 3"),
        ("ijk...->i", ((2, 3),), "names 3 axes, its tensor has 2"),
        ("ij,jk->ik", ((2, 3), (4, 5)), "the letter `j` stands for 3 and for 4"),
        ("ii->i", ((2, 3),), "the letter `i` stands for 2 and for 3"),
        ("ii->i", ((1, 3),), "the letter `i` stands for 1 and for 3"),
        ("ij->ik", ((2, 3),), "the letter `k` of the result"),
        ("ij->ii", ((2, 3),), "the letter `i` stands twice"),
        ("i1->i", ((2, 3),), "`1` is not a letter"),
        ("i..->i", ((2, 3),), "`.` is not a letter"),
        ("ij->...", ((2, 3),), "`...` of the result"),
    ],
)
def test_einsum_says_which_letter_does_not_fit(
    equation: str, shapes: tuple[tuple[int, ...], ...], says: str
) -> None:
    with pytest.raises(GradError, match=says.replace(".", r"\.")) as caught:
        F.einsum(equation, *(variable(f"x{i}", s) for i, s in enumerate(shapes)))
    assert caught.value.code == "G311"


def test_einsum_of_named_sizes() -> None:
    X = variable("X", ("n", "n"))
    (g,) = gradient(F.einsum("ii,jk->", X, X), [X])
    assert g.shape == ("n", "n")
    assert_same(value(g, X=np.ones((2, 2))), 4 * np.eye(2) + 2, 0)


# --- products ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dot", "inner", "kron", "tensordot"])
@pytest.mark.parametrize(
    "shapes",
    [((3,), (3,)), ((3, 3), (3, 3)), ((2, 3, 3), (3, 3)), ((3, 3), (2, 3, 3)), ((), (3,))],
)
def test_products_of_any_rank(name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    x, y = (matrix(f"{name}{i}", *s) for i, s in enumerate(shapes))
    try:
        expected = getattr(np, name)(x, y)
    except (ValueError, IndexError):
        with pytest.raises(GradError):
            TABLE[name](x, y)
    else:
        assert_same(value(TABLE[name](x, y)), expected, 1e-14)


def test_trace_of_other_axes() -> None:
    a = matrix("a", 3, 4, 3)
    X = variable("X", a.shape)
    for attrs in (
        {"dim1": 0, "dim2": 2},
        {"offset": 1, "dim1": 2, "dim2": 0},
        {"offset": -2, "axis1": 1, "axis2": 0},
    ):
        k, i, j = attrs.get("offset", 0), *list(attrs.values())[-2:]
        w = matrix("w", *np.trace(a, k, i, j).shape)
        node = F.sum(F.trace(X, **attrs) * constant(w))
        assert_same(value(node, X=a), np.sum(np.trace(a, k, i, j) * w), 1e-14)
        found = slope(node, X, X=a)
        for at in np.ndindex(*a.shape):
            unit = np.zeros(a.shape)
            unit[at] = 1
            assert_same(found[at], np.sum(np.trace(unit, k, i, j) * w), 1e-15)


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (lambda x, v: F.det(x), "G306", "2 rows, 3 columns"),
        (lambda x, v: F.inv(v), "G309", "1 axis"),
        (lambda x, v: F.trace(x), "G306", ""),
        (lambda x, v: F.solve(x, v), "G306", ""),
        (lambda x, v: F.solve(x @ x.T, v), "G301", "2 is not 3"),
        (lambda x, v: F.matrix_power(x, 2), "G306", ""),
        (lambda x, v: F.cross(x[:, :2], v), "G302", ""),
        (lambda x, v: F.cross(x[:, :2], x[:, :2]), "G310", ""),
        (lambda x, v: F.outer(x, v), "G309", ""),
        (lambda x, v: F.inner(x, v[:2]), "G301", "3 is not 2"),
        (lambda x, v: F.tensordot(x, v, 2), "G117", ""),
    ],
)
def test_shapes_that_do_not_fit(call: Any, code: str, says: str) -> None:
    with pytest.raises(GradError) as caught:
        call(variable("x", (2, 3)), variable("v", (3,)))
    assert caught.value.code == code
    assert says in caught.value.label
    assert caught.value.labels


def test_multi_dot_multiplies_in_the_order_that_costs_least() -> None:
    a, b, c = (variable(n, s) for n, s in (("a", (9, 2)), ("b", (2, 9)), ("c", (9, 1))))
    assert F.multi_dot(a, b, c) is a @ (b @ c)
    assert F.multi_dot([a, b]) is a @ b


# --- losses ------------------------------------------------------------------------------------


def torch_cross_entropy(
    x: Any, y: Any, w: Any = None, ignore: int = -100, reduction: str = "mean", smoothing: float = 0
) -> Any:
    """Entry by entry, as the documentation of PyTorch defines it."""
    classes = x.shape[1] if x.ndim > 1 else x.shape[0]
    x = np.moveaxis(x, 1, -1) if x.ndim > 1 else x
    w = np.ones(classes) if w is None else w
    losses, counts = np.zeros(y.shape), np.zeros(y.shape)
    for at in np.ndindex(*y.shape):
        logs = x[at] - scipy.special.logsumexp(x[at])
        k = int(y[at])
        if k != ignore:
            losses[at] = -(1 - smoothing) * w[k] * logs[k] - smoothing / classes * np.sum(w * logs)
            counts[at] = w[k]
    if reduction == "none":
        return losses
    return losses.sum() / (counts.sum() if reduction == "mean" else 1)


@pytest.mark.parametrize("shape", [(4, 3), (3,), (2, 3, 4), (2, 3, 2, 2)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0, 0.3])
def test_cross_entropy_of_classes(
    shape: tuple[int, ...], reduction: str, weighted: bool, smoothing: float
) -> None:
    x = matrix("logits", *shape)
    y = rng("classes", shape).integers(0, 3, shape[:1] + shape[2:] if len(shape) > 1 else ())
    w = np.array([0.5, 2.0, 1.5]) if weighted else None
    options = {"reduction": reduction, "label_smoothing": smoothing}
    expected = torch_cross_entropy(x, y, w, -100, reduction, smoothing)
    as_float = variable("y", y.shape)  # a bound name
    for target in (constant(y), as_float, variable("y", y.shape, "int")):
        node = F.cross_entropy(x, target, weight=w, **options)
        assert_same(value(node, y=y), expected, 1e-13)
    if y.ndim:
        y.flat[0] = 1
        assert not np.all(y == 1)
        expected = torch_cross_entropy(x, y, w, 1, reduction, smoothing)
        for target in (constant(y), as_float):
            node = F.cross_entropy(x, target, weight=w, ignore_index=1, **options)
            assert_same(value(node, y=y), expected, 1e-13)


@pytest.mark.parametrize("smoothing", [0, 0.3])
def test_cross_entropy_of_probabilities_agrees_with_that_of_classes(smoothing: float) -> None:
    x, y = matrix("logits", 4, 3, 2), rng("y").integers(0, 3, (4, 2))
    w = np.array([0.5, 2.0, 1.5])
    hot = np.moveaxis(np.eye(3)[y], -1, 1)
    for reduction in ("none", "sum"):
        ours, theirs = (
            F.cross_entropy(x, t, w, reduction=reduction, label_smoothing=smoothing)
            for t in (hot, y)
        )
        if not smoothing:
            assert_same(value(ours), value(theirs), 1e-13)
    mean = value(F.cross_entropy(x, hot, w, label_smoothing=smoothing))
    assert_same(
        mean,
        value(F.cross_entropy(x, hot, w, reduction="sum", label_smoothing=smoothing)) / 8,
        1e-14,
    )


def test_cross_entropy_where_a_class_is_ruled_out() -> None:
    x = variable("x", (2, 3))
    at = np.array([[1000.0, 0.0, -np.inf], [-1000.0, 3.0, 2.0]])
    loss = F.cross_entropy(x, [0, 0], reduction="none")
    assert_same(value(loss, x=at), [0.0, 1003.0 + np.log1p(np.exp(-1))], 1e-15)
    (g,) = gradient(F.sum(loss), [x])
    p = 1 / (1 + np.exp(-1))
    assert_same(value(g, x=at), [[0, 0, 0], [-1, p, 1 - p]], 1e-15)


def test_a_class_that_does_not_exist_is_an_error() -> None:
    for y in ([0, 3], [0, -1], [0, 0.5]):
        with pytest.raises(GradError) as caught:
            value(F.cross_entropy(matrix("x", 2, 3), y))
        assert caught.value.code == "G305"


def test_all_entries_ignored_is_nan_as_in_pytorch() -> None:
    assert np.isnan(value(F.nll_loss(matrix("x", 2, 3), [-100, -100])))


@pytest.mark.parametrize("x", [-1000.0, -40.0, 0.0, 40.0, 1000.0])
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_bce_with_logits_is_accurate_everywhere(x: float, y: float) -> None:
    with mpmath.workdps(1000):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
        expected = -(y * mpmath.log(p) + (1 - mpmath.mpf(y)) * mpmath.log(1 - p))
        slope_ = p - mpmath.mpf(y)
    v = variable("x")
    node = F.bce_with_logits(v, y)
    assert_same(value(node, x=np.array(x)), float(expected), 1e-14)
    assert_same(slope(node, v, x=np.array(x)), float(slope_), 1e-14)


def soft(x: Any) -> Any:
    return np.log(1 + np.exp(x))


def far(x: Any) -> Any:
    return np.sqrt(np.sum(x**2, -1))


def test_losses_against_their_formulas() -> None:
    x, y, w = (rng(n).uniform(0.1, 0.9, (4, 3)) for n in "xyw")
    z = matrix("z", 4, 3)
    log, exp, mean = np.log, np.exp, np.mean
    sign = np.where(y > 0.5, 1.0, -1.0)
    cosine = np.sum(x * z, 1) / far(x) / far(z)
    expected: list[tuple[Node, Any]] = [
        (F.mse_loss(x, y), mean((x - y) ** 2)),
        (F.mse_loss(x, y, weight=w), np.sum(w * (x - y) ** 2) / np.sum(w)),
        (F.binary_cross_entropy(x, y), -mean(y * log(x) + (1 - y) * log(1 - x))),
        (F.binary_cross_entropy(x, y, w), -mean(w * (y * log(x) + (1 - y) * log(1 - x)))),
        (F.bce_with_logits(z, y, pos_weight=w), mean(w * y * soft(-z) + (1 - y) * soft(z))),
        (F.kl_div(z, y, "batchmean"), np.sum(y * (log(y) - z)) / 4),
        (F.kl_div(z, y, log_target=True), mean(exp(y) * (y - z))),
        (F.gaussian_nll_loss(z, y, w, full=True),
         mean(log(w) + (z - y) ** 2 / w) / 2 + log(2 * np.pi) / 2),
        (F.gaussian_nll_loss(z, y, w[:, 0]), mean(log(w[:, :1]) + (z - y) ** 2 / w[:, :1]) / 2),
        (F.poisson_nll_loss(z, y), mean(exp(z) - y * z)),
        (F.poisson_nll_loss(x, y, log_input=False), mean(x - y * log(x + 1e-8))),
        (F.hinge_embedding_loss(z, sign), mean(np.where(sign == 1, z, np.maximum(0, 1 - z)))),
        (F.margin_ranking_loss(x, y, sign, 0.5), mean(np.maximum(0, 0.5 - sign * (x - y)))),
        (F.soft_margin_loss(z, sign), mean(soft(-sign * z))),
        (F.multilabel_soft_margin_loss(z, y), mean(y * soft(-z) + (1 - y) * soft(z))),
        (F.triplet_margin_loss(x, y, z),
         mean(np.maximum(0, far(x - y + 1e-6) - far(x - z + 1e-6) + 1))),
        (F.pairwise_distance(x, y), far(x - y + 1e-6)),
        (F.cdist(x, z), far(x[:, None] - z)),
        (F.cosine_similarity(x, z), cosine),
        (F.cosine_similarity(x[0], z[0]), cosine[0]),
        (F.cosine_embedding_loss(x, z, sign[:, 0]),
         mean(np.where(sign[:, 0] == 1, 1 - cosine, np.maximum(0, cosine)))),
    ]  # fmt: skip
    for node, right in expected:
        assert_same(value(node), right, 1e-13, what=node.op.name)


def test_probabilities_of_0_and_1_end_at_100_as_in_pytorch() -> None:
    x = variable("x", (4,))
    loss = F.binary_cross_entropy(x, [0.0, 1.0, 0.0, 1.0], reduction="none")
    at = np.array([0.0, 1.0, 1.0, 0.0])
    assert_same(value(loss, x=at), [0.0, 0.0, 100.0, 100.0], 0)
    assert np.isfinite(slope(F.sum(loss), x, x=at)).all()


def test_equal_rows_have_distance_0_and_no_slope() -> None:
    x = variable("x", (2, 3))
    at = np.ones((2, 3))
    assert_same(slope(F.sum(F.cdist(x, x)), x, x=at), np.zeros((2, 3)), 0)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda x, y: F.mse_loss(x, x, "avg"), "G117"),
        (lambda x, y: F.mse_loss(x, y, size_average=True), "G111"),
        (lambda x, y: F.cross_entropy(x, y, reduce=False), "G111"),
        (lambda x, y: F.mse_loss(x, y[:, None]), "G310"),
        (lambda x, y: F.cross_entropy(x, y[:2]), "G310"),
        (lambda x, y: F.cross_entropy(x, y, weight=[1, 2]), "G310"),
        (lambda x, y: F.cross_entropy(x, y, label_smoothing=2), "G117"),
        (lambda x, y: F.huber_loss(x, x, delta=0), "G117"),
        (lambda x, y: F.nll_loss(x, x), "G310"),
    ],
)
def test_mistakes_in_a_loss(call: Any, code: str) -> None:
    with pytest.raises(GradError) as caught:
        call(variable("x", (4, 3)), variable("y", (4,)))
    assert caught.value.code == code


# --- creation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (F.eye(3), np.eye(3)),
        (F.eye(2, 3), np.eye(2, 3)),
        (F.eye(N=3, M=2, k=-1), np.eye(3, 2, -1)),
        (F.tri(3, k=1), np.tri(3, k=1)),
        (F.full((2, 3), 7.5), np.full((2, 3), 7.5)),
        (F.full_like(lift([1.0, 2.0]), 3), np.full(2, 3)),
        (F.arange(5), np.arange(5)),
        (F.arange(1, 7, 2), np.arange(1, 7, 2)),
        (F.arange(0, 1, 0.25), np.arange(0, 1, 0.25)),
        (F.arange(3, 0, -1), np.arange(3, 0, -1)),
        (F.arange(3, 0), np.arange(3, 0)),
        (F.linspace(0, 1, 5), np.linspace(0, 1, 5)),
        (F.linspace(0, 1, num=4, endpoint=False), np.linspace(0, 1, 4, endpoint=False)),
        (F.logspace(0, 2, 3), np.logspace(0, 2, 3)),
        (F.logspace(0, 3, steps=4, base=2), np.logspace(0, 3, 4, base=2)),
        (F.tensor([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]])),
        (F.zeros((2, 0)), np.zeros((2, 0))),
        (F.ones(()), np.ones(())),
        (F.vander([1.0, 2.0, 3.0]), np.vander([1, 2, 3])),
        (F.vander([1.0, 2.0], N=4, increasing=True), np.vander([1, 2], 4, True)),
    ],
    ids=lambda x: x.op.name if isinstance(x, Node) else "",
)  # fmt: skip
def test_creation(node: Node, expected: Any) -> None:
    found = value(node)
    assert found.shape == node.shape
    assert_same(found, expected, 1e-15)


def test_arange_counts_in_integers_where_it_can() -> None:
    assert F.arange(3).kind == "int"
    assert F.arange(0.0, 3).kind == "float"
    assert F.arange(3) is F.arange(0, 3, 1)


def test_random_numbers_are_other_ones_in_each_call_and_the_same_for_a_seed() -> None:
    manual_seed(0)
    first, second = F.randn(2, 3), F.randn(2, 3)
    assert first is not second
    assert first.shape == (2, 3)
    manual_seed(0)
    assert F.randn((2, 3)) is first
    assert F.randn(2, 3) is second
    manual_seed(1)
    assert F.rand_like(first) is not F.rand_like(first)
    assert F.rand().shape == ()
    assert sorted(value(F.randperm(5))) == [0, 1, 2, 3, 4]
    with pytest.raises(GradError):
        F.rand("n", 2)


def test_sizes_may_be_names() -> None:
    x = variable("x", ("n",))
    node = F.eye("n") @ x + F.full(("n",), 2) + F.zeros("n")
    assert_same(value(node, x=np.ones(4)), np.full(4, 3.0), 0)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("name", ["cholesky_solve", "cholesky_inverse", "solve_triangular"])
def test_one_triangle_of_a_factor_is_read(name: str, upper: bool) -> None:
    x, b = variable("x", (2, 2)), constant(np.array([[1.0], [2.0]]))
    calls = {
        "cholesky_solve": F.cholesky_solve(b, x, upper),
        "cholesky_inverse": F.cholesky_inverse(x, upper),
        "solve_triangular": F.solve_triangular(x, b, upper),
    }
    whole = np.array([[2.0, 5.0], [1.0, 3.0]])
    part = np.triu(whole) if upper else np.tril(whole)
    lower = part.T if upper else part
    expected = scipy.linalg.inv(part if name == "solve_triangular" else lower @ lower.T)
    expected = expected if name == "cholesky_inverse" else expected @ [[1.0], [2.0]]
    assert_same(value(calls[name], x=whole), expected, 1e-14)
    assert_same(slope(F.sum(calls[name]), x, x=whole), slope(F.sum(calls[name]), x, x=part), 1e-14)
    assert slope(F.sum(calls[name]), x, x=whole)[(1, 0) if upper else (0, 1)] == 0
