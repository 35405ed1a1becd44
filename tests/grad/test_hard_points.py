"""Kinks, zeros and extreme arguments: what is taken where the textbook rule breaks, twice over."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import gradcalc.grad.rules  # noqa: F401  (fills the table)
from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.higher import hessian, jacobian
from gradcalc.grad.node import Node
from gradcalc.grad.ops import F, constant, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.simplify import exact

from .compare import assert_same

inf, nan = math.inf, math.nan
Function = Callable[[Node], Node]


def slopes(f: Function, x: Any, order: int = 2, weights: Any = None) -> list[Any]:
    """Value, gradient and Hessian (and so on) of f at x; entries are weighed."""
    at = np.asarray(x, float)
    v = variable("x", at.shape)
    value = f(v)
    root = value if weights is None else F.sum(value * constant(np.asarray(weights, float)))
    found = [root]
    for _ in range(order):
        if not found[-1].shape:
            found += gradient(found[-1], [v])
        else:
            rows = [gradient(found[-1][i], [v])[0] for i in range(at.size)]
            found.append(F.stack(rows, 0))
    return evaluate(found, {"x": at}).results


def partial_slopes(f: Callable[..., Node], *at: float) -> list[float]:
    """The partial derivatives of f by each of its numbers."""
    names = [variable(f"x{i}") for i in range(len(at))]
    grads = gradient(f(*names), names)
    values = {f"x{i}": np.array(x, float) for i, x in enumerate(at)}
    return [float(g) for g in evaluate(grads, values).results]


# --- corners and jumps of one number -----------------------------------------------------------

CORNERS: list[tuple[str, Function, float, float, float]] = [  # name, f, x, slope, second slope
    ("abs", F.abs, 0, 0, 0),
    ("sign", F.sign, 0, 0, 0),
    ("floor", F.floor, 2, 0, 0),
    ("relu", F.relu, 0, 0, 0),
    ("relu6 below", F.relu6, 0, 0, 0),
    ("relu6 above", F.relu6, 6, 0, 0),
    ("leaky_relu", F.leaky_relu, 0, 0.01, 0),
    ("elu", F.elu, 0, 1, 1),
    ("elu, alpha", lambda x: F.elu(x, 0.5), 0, 0.5, 0.5),
    ("celu, alpha", lambda x: F.celu(x, 0.5), 0, 1, 2),
    ("hardtanh", F.hardtanh, 1, 0, 0),
    ("hardsigmoid", F.hardsigmoid, 3, 0, 0),
    ("hardshrink", F.hardshrink, 0.5, 0, 0),
    ("softshrink", F.softshrink, -0.5, 0, 0),
    ("softsign", F.softsign, 0, 1, 0),
    ("threshold", lambda x: F.threshold(x, 0.1, 7), 0.1, 0, 0),
    ("clamp at its lower bound", lambda x: F.clamp(x, -1, 1), -1, 1, 0),
    ("clamp at its upper bound", lambda x: F.clamp(x, -1, 1), 1, 1, 0),
    ("clamp at its only bound", lambda x: F.clamp(x, max=1), 1, 1, 0),
    ("clamp beyond", lambda x: F.clamp(x, -1, 1), 1.5, 0, 0),
    ("maximum of ties", lambda x: F.maximum(x, 1), 1, 0.5, 0),
    ("minimum of ties", lambda x: F.minimum(x, 1), 1, 0.5, 0),
    ("fmax with nan", lambda x: F.fmax(x, nan), 1, 1, 0),
    ("x**0", lambda x: x**0, 0, 0, 0),
    ("x**2", lambda x: x**2, 0, 0, 2),
    ("softplus up to its threshold", lambda x: F.softplus(x, 1, 2), 2, 0.8807970779778823, 0.10499),
    ("softplus past its threshold", lambda x: F.softplus(x, 1, 2), 2.1, 1, 0),
    ("logit within eps", lambda x: F.logit(x, 0.1), 0.05, 0, 0),
    ("nan_to_num", F.nan_to_num, nan, 0, 0),
    ("xlogy", lambda x: F.xlogy(0, x), 0, 0, 0),
    ("norm of a number", F.norm, 0, 0, 0),
    ("sinc", F.sinc, 0, 0, -(math.pi**2) / 3),
    ("spherical_jn", lambda x: F.spherical_jn(2, x), 0, 0, 2 / 15),
    ("entr", F.entr, 1, -1, -1),
]


@pytest.mark.parametrize(
    ("f", "x", "first", "second"), [c[1:] for c in CORNERS], ids=[c[0] for c in CORNERS]
)
def test_corner(f: Function, x: float, first: float, second: float) -> None:
    _, slope, curvature = slopes(f, x)
    assert_same(slope, first, 1e-15)
    assert_same(curvature, second, 1e-4 if second == 0.10499 else 1e-14)


def test_sinc_has_every_derivative_at_0() -> None:
    """sinc is the series of (-1)**k*(pi*x)**(2*k)/(2*k + 1)!."""
    found = slopes(F.sinc, 0, 6)
    assert_same(
        np.array(found[::2]), [1, -(math.pi**2) / 3, math.pi**4 / 5, -(math.pi**6) / 7], 1e-14
    )
    assert_same(np.array(found[1::2]), [0, 0, 0], 0)


def test_infinite_slopes_stay_infinite() -> None:
    for f in (F.sqrt, F.log, F.cbrt, F.entr):
        assert slopes(f, 0, 1)[1] == inf
    assert partial_slopes(F.xlogy, 0, 0) == [-inf, 0]


def test_bounds_and_values_get_their_share() -> None:
    assert partial_slopes(lambda x, low, high: F.clamp(x, low, high), 3, 0, 1) == [0, 0, 1]
    assert partial_slopes(lambda x, low, high: F.clamp(x, low, high), -3, 0, 1) == [0, 1, 0]
    assert partial_slopes(lambda x, low, high: F.clamp(x, low, high), 0.5, 2, 1) == [0, 0, 1]
    assert partial_slopes(lambda x, low: F.clamp(x, low), 0.5, 2) == [0, 1]
    assert partial_slopes(F.heaviside, 0, 0.3) == [0, 1]
    assert partial_slopes(F.heaviside, 2, 0.3) == [0, 0]
    assert partial_slopes(F.hypot, 0, 0) == [0, 0]


# --- ties --------------------------------------------------------------------------------------

SHARES: list[tuple[str, Function, list[float], list[float]]] = [
    ("max", F.max, [1, 3, 3], [0, 0.5, 0.5]),
    ("min", F.min, [1, 1, 3], [0.5, 0.5, 0]),
    ("amax", F.amax, [2, 2, 2], [1 / 3] * 3),
    ("median, the lower", F.median, [4, 1, 2, 3], [0, 0, 1, 0]),
    ("median of ties", F.median, [2, 2, 5], [0.5, 0.5, 0]),
    ("quantile", lambda x: F.quantile(x, 0.5), [4, 1, 2, 3], [0, 0, 0.5, 0.5]),
    ("kthvalue", lambda x: F.kthvalue(x, 1), [2, 2, 5], [0.5, 0.5, 0]),
    ("norm, inf", lambda x: F.norm(x, inf), [2, -2, 1], [0.5, -0.5, 0]),
    ("norm, -inf", lambda x: F.norm(x, -inf), [2, -1, 1], [0, -0.5, 0.5]),
]


@pytest.mark.parametrize(("f", "x", "shares"), [c[1:] for c in SHARES], ids=[c[0] for c in SHARES])
def test_ties_share(f: Function, x: list[float], shares: list[float]) -> None:
    _, found, curvature = slopes(f, x)
    assert_same(found, shares, 1e-15)
    assert_same(curvature, np.zeros((len(x), len(x))), 0)


UNKNOWN: list[tuple[str, Function, list[float], list[float]]] = [  # the result is nan: its place
    ("max", F.max, [nan, 1], [1, 0]),
    ("min", F.min, [1, nan, 2], [0, 1, 0]),
    ("amax of two", F.amax, [nan, 1, nan], [0.5, 0, 0.5]),
    ("max along an axis", lambda x: F.max(x, 0), [nan, 1], [1, 0]),
    ("norm, inf", lambda x: F.norm(x, inf), [nan, 1], [nan, 0]),
    ("maximum", lambda x: F.maximum(x[0], x[1]), [nan, 1], [1, 0]),
    ("minimum", lambda x: F.minimum(x[0], x[1]), [1, nan], [0, 1]),
    ("maximum of both", lambda x: F.maximum(x[0], x[1]), [nan, nan], [0.5, 0.5]),
    ("median", F.median, [nan, 1, 2], [1, 0, 0]),
    ("median along an axis", lambda x: F.median(x, 0), [1, nan, 2], [0, 1, 0]),
    ("quantile", lambda x: F.quantile(x, 0.25), [1, 2, nan], [0, 0, 1]),
    ("cummax", lambda x: F.cummax(x)[-1], [1, nan, 2], [0, 1, 0]),
]


@pytest.mark.parametrize(("f", "x", "slope"), [c[1:] for c in UNKNOWN], ids=[c[0] for c in UNKNOWN])
def test_the_slope_goes_where_nan_is(f: Function, x: list[float], slope: list[float]) -> None:
    value, found = slopes(f, x, 1)
    assert_same(value, nan, 0)
    assert_same(found, slope, 0)


def test_kthvalue_counts_nan_as_the_largest() -> None:
    assert_same(slopes(lambda x: F.kthvalue(x, 1), [nan, 1, 2], 1)[0], 1, 0)
    assert_same(evaluate([F.argmedian(variable("x", (3,)))], {"x": [1, nan, 2]}).results[0], 1, 0)


def test_ties_of_order_keep_their_positions() -> None:
    assert_same(slopes(F.sort, [2, 1, 2], 1, [1, 2, 3])[1], [2, 1, 3], 0)
    descending: Function = lambda x: F.sort(x, 0, True)
    assert_same(slopes(descending, [2, 1, 2], 1, [1, 2, 3])[1], [1, 3, 2], 0)
    assert_same(slopes(F.cummax, [1, 3, 3, 2], 1, [1, 2, 3, 4])[1], [1, 2, 7, 0], 0)


# --- positions named twice ---------------------------------------------------------------------

TWICE: list[tuple[str, Any, list[int], list[float]]] = [  # index, entries of x put there, gradient
    ("a list", ([1, 1],), [0, 1], [0, 1, 0]),
    ("three times", ([2, 2, 2],), [0, 2, 1], [0, 1, 0]),
    ("others between", ([0, 1, 0],), [0, 1, 2], [0, 1, 1]),
    ("nested", ([[0, 1], [1, 0]],), [[0, 1], [2, 1]], [0, 1, 1]),
]


@pytest.mark.parametrize(
    ("index", "put", "slope"), [c[1:] for c in TWICE], ids=[c[0] for c in TWICE]
)
def test_an_overwritten_entry_gets_no_gradient(index: Any, put: list[int], slope: Any) -> None:
    x = np.array([2.0, 3.0, 5.0])
    expected = np.zeros(3)
    expected[index] = x[put]
    value, found, curvature = slopes(
        lambda v: F.sum(F.setitem(F.zeros(3), v[put], index) ** 2), x, 2
    )
    assert_same(value, np.sum(expected**2), 0)
    assert_same(curvature, 2 * np.diag(np.asarray(slope, float)), 0)
    assert_same(found, 2 * np.asarray(slope) * x, 0)


def test_an_axis_between_a_position_and_a_list() -> None:
    """NumPy puts the axis of the list first; the value of an assignment has them in order."""
    v = variable("x", (3, 2))
    for row in (F.setitem, F.additem):
        made = row(F.zeros((2, 3, 4)), v, (0, slice(None), [1, 2]))
        whole, (g,) = made, gradient(F.sum(made[0, :, 1:3] * v), [v])
        x = np.arange(6.0).reshape(3, 2)
        found, slope = evaluate([whole, g], {"x": x}).results
        assert_same(found[0, :, 1:3], x, 0)
        assert_same(found.sum(), x.sum(), 0)
        assert_same(slope, 2 * x, 0)


# --- products with zeros -----------------------------------------------------------------------


def products(x: list[float]) -> tuple[Any, Any]:
    """The gradient and the Hessian of the product, by leaving entries out."""
    n = len(x)

    def without(*left_out: int) -> float:
        return math.prod(v for i, v in enumerate(x) if i not in left_out)

    hessian = [[without(i, j) if i != j else 0.0 for j in range(n)] for i in range(n)]
    return np.array([without(i) for i in range(n)]), np.array(hessian)


ZEROS = [[2, 3, 5], [0, 3, 5], [2, 0, 5], [2, 3, 0], [0, 3, 0], [0, 0, 0], [4, 0, 0, 7], [5], [0]]


@pytest.mark.parametrize("x", ZEROS)
def test_prod_is_exact_with_zeros(x: list[float]) -> None:
    _, g, h = slopes(F.prod, x)
    first, second = products(x)
    assert_same(g, first, 1e-15)
    assert_same(h, second, 1e-15)


@pytest.mark.parametrize("x", ZEROS)
def test_cumprod_is_exact_with_zeros(x: list[float]) -> None:
    weights = np.arange(1.0, len(x) + 1)
    _, g, h = slopes(F.cumprod, x, 2, weights)
    first, second = np.zeros(len(x)), np.zeros((len(x), len(x)))
    for k, w in enumerate(weights, 1):
        partial = products(x[:k])
        first[:k] += w * partial[0]
        second[:k, :k] += w * partial[1]
    assert_same(g, first, 1e-15)
    assert_same(h, second, 1e-15)


def test_prod_over_several_axes_of_a_tensor() -> None:
    x = np.array([[[1.0, 0.0], [2.0, 3.0]], [[4.0, 5.0], [0.0, 0.0]]])
    v = variable("x", x.shape)
    (g,) = evaluate(gradient(F.sum(F.prod(v, (0, 2))), [v]), {"x": x}).results
    assert_same(g, [[[0, 20], [0, 0]], [[0, 0], [0, 0]]], 0)


# --- lengths and spreads -----------------------------------------------------------------------


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, 4, inf])
def test_norm_of_nothing_has_no_direction(p: float) -> None:
    _, g, h = slopes(lambda x: F.norm(x, p), [0, 0])
    assert_same(g, [0, 0], 0)
    assert_same(h, np.zeros((2, 2)), 0)


def test_norm_with_one_entry_zero() -> None:
    _, g, h = slopes(F.norm, [0, 2])
    assert_same(g, [0, 1], 1e-15)
    assert_same(h, [[0.5, 0], [0, 0]], 1e-15)


LENGTHS: list[tuple[str, Function, Any]] = [  # name, f, the Hessian of its square at 0
    ("norm", F.norm, 2 * np.eye(2)),
    ("norm along an axis", lambda x: F.norm(x, 2, 0), 2 * np.eye(2)),
    ("matrix_norm", lambda x: F.matrix_norm(x[None]), 2 * np.eye(2)),
    ("matrix_norm, axes", lambda x: F.matrix_norm(x[:, None], dim=(0, 1)), 2 * np.eye(2)),
    ("std", F.std, [[1, -1], [-1, 1]]),
    ("std, over n", lambda x: F.std(x, correction=0), [[0.5, -0.5], [-0.5, 0.5]]),
    ("dist", lambda x: F.dist(x, [0.0, 0.0]), 2 * np.eye(2)),
    ("hypot", lambda x: F.hypot(x[0], x[1]), 2 * np.eye(2)),
]


@pytest.mark.parametrize("square", [lambda y: y**2, lambda y: y * y, F.square])
@pytest.mark.parametrize(("f", "curvature"), [c[1:] for c in LENGTHS], ids=[c[0] for c in LENGTHS])
def test_squared_lengths_are_smooth_at_0(f: Function, curvature: Any, square: Function) -> None:
    _, g, h = slopes(lambda x: exact([square(f(x))])[0], [0, 0])
    assert_same(g, [0, 0], 0)
    assert_same(h, curvature, 1e-15)


def test_log_of_one_minus_exp_does_not_cancel() -> None:
    value, g = slopes(lambda x: exact([F.log(1 - F.exp(x))])[0], -1e-20, 1)
    assert_same(value, math.log(1e-20), 1e-15)
    assert_same(g, -1e20, 1e-15)


@pytest.mark.parametrize("x", [[2, 3, 5, 7], [0, 3, 5, 7], [0, 3, 0, 7], [0, 0, 0, 7]])
def test_product_with_zeros(x: list[float]) -> None:
    """Derivatives of every order are products of the other entries, zeros among them or not."""
    _, g, h = slopes(F.prod, x)
    places = range(4)
    for i in places:
        assert g[i] == math.prod(x[k] for k in places if k != i)
        for j in places:
            assert h[i][j] == (i != j) * math.prod(x[k] for k in places if k not in (i, j))
    v = variable("x", (4,))
    (third,) = evaluate([jacobian(hessian(F.prod(v), v), v)], {"x": np.array(x, float)}).results
    assert third[0, 1, 2] == x[3]
    assert third[1, 1, 2] == 0


def test_spread_of_equal_entries() -> None:
    _, g, h = slopes(F.std, [2, 2, 2])
    assert_same(g, [0, 0, 0], 0)
    assert_same(h, np.zeros((3, 3)), 0)
    _, g, h = slopes(F.var, [2, 2, 2])
    assert_same(g, [0, 0, 0], 0)
    assert_same(h, np.eye(3) - 1 / 3, 1e-15)


def test_normalize_nothing() -> None:
    value, g = slopes(F.normalize, [0, 0], 1, [1, 2])
    assert_same(value, 0, 0)
    assert_same(g, [1e12, 2e12], 1e-15)


# --- extreme arguments -------------------------------------------------------------------------


def logistic(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


SMOOTH: dict[str, Callable[[Any], Any]] = {
    "sigmoid": logistic,
    "logsigmoid": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "silu": lambda x: x * logistic(x),
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "expm1": mpmath.expm1,
    "erfc": mpmath.erfc,
    "softsign": lambda x: x / (1 + abs(x)),
    "log_ndtr": lambda x: mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2),
    "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "logaddexp": lambda x: mpmath.log1p(mpmath.exp(x)),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("x", [-300, -36, -20, -3, 3, 20, 36, 300])
def test_accurate_far_out(name: str, x: float) -> None:
    """Value and slopes have small relative errors where they are tiny, and none is nan."""
    f = getattr(F, name)
    found = slopes((lambda v: f(v, 0)) if name == "logaddexp" else f, x)
    with mpmath.workdps(320):
        exact = [mpmath.diff(SMOOTH[name], mpmath.mpf(x), k) for k in range(3)]
    for order, (a, b) in enumerate(zip(found, exact, strict=True)):
        # log_ndtr'' is a difference of squares that are x**2 times as large
        tolerance = 1e-13 * (x**2 if name in ("log_ndtr", "gelu", "erfc") else 10)
        assert abs(float(a) - float(b)) <= tolerance * abs(float(b)) + 1e-300, f"order {order}"


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("x", [-1e5, -800, 800, 1e5])
def test_never_nan_further_out(name: str, x: float) -> None:
    f = getattr(F, name)
    found = slopes((lambda v: f(v, 0)) if name == "logaddexp" else f, x)
    if not (name == "expm1" and x > 0):
        assert np.isfinite(found).all()


HALVES = [-math.sqrt(0.5), math.sqrt(0.5)]
LARGE: list[tuple[str, Function, list[float], Any, Any]] = [  # name, f, x, value, gradient
    ("logsumexp", F.logsumexp, [1000, 1000], 1000 + math.log(2), [0.5, 0.5]),
    ("logsumexp far below", F.logsumexp, [-1000, -1000], -1000 + math.log(2), [0.5, 0.5]),
    ("logsumexp with -inf", F.logsumexp, [-inf, 0], 0, [0, 1]),
    ("softmax", lambda x: F.softmax(x)[0], [1000, 0], 1, [0, 0]),
    ("log_softmax", lambda x: F.log_softmax(x)[1], [1000, 0], -1000, [-1, 1]),
    ("logcumsumexp", lambda x: F.logcumsumexp(x)[1], [1000, 1000], 1000 + math.log(2), [0.5, 0.5]),
    ("norm", F.norm, [3e300, 4e300], 5e300, [0.6, 0.8]),
    ("norm, tiny", F.norm, [3e-300, 4e-300], 5e-300, [0.6, 0.8]),
    ("norm, p=3", lambda x: F.norm(x, 3), [1e200, 0], 1e200, [1, 0]),
    ("mean", F.mean, [1.5e308, 1.5e308], 1.5e308, [0.5, 0.5]),
    ("std", F.std, [1e308, 1.5e308], 0.5e308 / math.sqrt(2), HALVES),
    ("std, tiny", F.std, [1e-200, 3e-200], math.sqrt(2) * 1e-200, HALVES),
    ("std, far from 0", F.std, [1e8, 1e8 + 2], math.sqrt(2), HALVES),
    ("hypot", lambda x: F.hypot(x[0], x[1]), [3e300, 4e300], 5e300, [0.6, 0.8]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("f", "x", "value", "first"), [c[1:] for c in LARGE], ids=[c[0] for c in LARGE]
)
def test_no_overflow(f: Function, x: list[float], value: float, first: Any) -> None:
    found, g = slopes(f, x, 1)
    assert_same(found, value, 1e-14)
    assert_same(g, first, 1e-13)


# --- nothing at all ----------------------------------------------------------------------------

EMPTY: list[tuple[str, Function, Any]] = [
    ("sum", F.sum, 0),
    ("prod", F.prod, 1),
    ("norm", F.norm, 0),
    ("logsumexp", F.logsumexp, -inf),
    ("mean", F.mean, nan),
    ("var", F.var, nan),
    ("cumprod", F.cumprod, []),
    ("softmax", F.softmax, []),
    ("sort", F.sort, []),
    ("cummax", F.cummax, []),
]


@pytest.mark.parametrize(("f", "value"), [c[1:] for c in EMPTY], ids=[c[0] for c in EMPTY])
def test_of_no_entries(f: Function, value: Any) -> None:
    v = variable("x", (0,))
    node = f(v)
    root = F.sum(node)
    found, g = evaluate([node, *gradient(root, [v])], {"x": np.zeros(0)}).results
    assert_same(found, np.asarray(value, float), 0)
    assert g.shape == (0,)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin", "median"])
def test_nothing_to_choose_from(name: str) -> None:
    with pytest.raises(GradError) as caught:
        getattr(F, name)(variable("x", (0,)))
    assert caught.value.code == "G312"
    assert getattr(F, name)(variable("x", (0, 3)), 1).shape == (0,)
