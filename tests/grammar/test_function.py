"""Functions: what they answer, when they compile, what they say to wrong calls."""

import numpy as np
import pytest

from gradcalc.grammar import function
from gradcalc.grammar.errors import Diagnostic
from gradcalc.grammar.function import Function
from gradcalc.grammar.program import Expression, Request, solve

draw = np.random.default_rng(0).standard_normal
LOGISTIC = "z = X @ w; mean(softplus(z) - y*z)"
DATA = {"X": draw((7, 3)), "w": draw(3), "y": draw(7)}

HESSIANS = {
    LOGISTIC: ("w", DATA),
    "sum((U @ V.T - R)**2)": ("U", {"U": draw((4, 2)), "V": draw((3, 2)), "R": draw((4, 3))}),
    "h = tanh(X @ A + b); mean((h @ B - Y)**2)": (
        "A", {"X": draw((5, 2)), "A": draw((2, 3)), "b": draw(3), "B": draw((3, 2)),
              "Y": draw((5, 2))},
    ),
    "sum(exp(x)*x)": ("x", {"x": draw(4)}),
    "logsumexp(x)": ("x", {"x": draw(5)}),
    "norm(x)": ("x", {"x": np.zeros(3)}),
    "abs(x)**2": ("x", {"x": np.zeros(())}),
    "sum(where(x > 0, x**3, 1/x))": ("x", {"x": draw((2, 3))}),
    "logdet(X.T @ X)": ("X", {"X": draw((3, 3))}),
    "sum(x[1:]*x[:-1])": ("x", {"x": draw(6)}),
    "prod(x)": ("x", {"x": np.array([0.0, 2.0, 0.0, 3.0])}),
    "x.T @ A @ x": ("x", {"x": draw(4), "A": draw((4, 4))}),
    "sum(softmax(X @ w)**2)": ("w", DATA),
}  # fmt: skip


@pytest.mark.parametrize("text", HESSIANS)
def test_a_hessian_is_that_of_the_command_line(text):
    name, values = HESSIANS[text]
    want = solve(Expression.read(text), values, Request(wrt=(name,), order="hessian")).grads[name]
    used = {key: values[key] for key in Expression.read(text).free}
    got = Function(text).hessian(name, **used)
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


def test_value_and_gradient():
    f = Function(LOGISTIC, wrt=["w"])
    value, grads = f.value_and_grad(**DATA)
    want = solve(Expression.read(LOGISTIC), DATA, Request(wrt=("w",)))
    np.testing.assert_array_equal(value, want.value)
    np.testing.assert_array_equal(grads["w"], want.grads["w"])
    np.testing.assert_array_equal(f(**DATA), want.value)


def test_a_seed_weighs_the_entries_of_a_result():
    f = Function("x*x")
    value, grads = f.value_and_grad([1.0, 10.0], x=[2.0, 3.0])
    assert (value.tolist(), grads["x"].tolist()) == ([4.0, 9.0], [4.0, 60.0])
    assert f.value_and_grad([0.0, 1.0], x=[2.0, 3.0])[1]["x"].tolist() == [0.0, 6.0]
    with pytest.raises(Diagnostic, match="G308"):
        f.value_and_grad([1.0], x=[2.0, 3.0])


def test_float32_stays_float32():
    f = Function("mean(exp(x))", dtype=np.float32)
    value, grads = f.value_and_grad(x=[1.0, 2.0])
    assert value.dtype == grads["x"].dtype == np.float32
    assert f.hessian("x", x=[1.0, 2.0]).dtype == np.float32


def test_results_are_the_callers_own():
    f = Function("sum(x*y)")
    x = np.ones(2000)
    _, grads = f.value_and_grad(x=x, y=x)
    grads["x"] += 1
    assert f.value_and_grad(x=x, y=x)[1]["y"].max() == x.max() == 1


def test_equal_gradients_are_two_arrays():
    _, grads = Function("sum(exp(x + y))").value_and_grad(x=[1.0, 2.0], y=[0.0, 0.0])
    grads["x"] += 1
    assert grads["y"].tolist() == np.exp([1.0, 2.0]).tolist()


def test_a_plan_is_made_once_for_shapes(monkeypatch):
    made = []
    original = function.plan
    monkeypatch.setattr(function, "plan", lambda *a: made.append(a) or original(*a))
    f = Function("mean(x*x)")
    for x in ([1, 2], [3.0, 4.0], np.ones(2), [[1, 2]], [[3, 4]], [5, 6]):
        f(x=x)
    assert len(made) == 2
    f.value_and_grad(x=[1, 2])
    f.value_and_grad(x=[3, 4])
    f.hessian("x", x=[1, 2])
    f.hessian("x", x=[3, 4])
    assert len(made) == 4


def test_plans_kept_are_few():
    f = Function("sum(x)")
    for n in range(1, function.KEPT + 10):
        f(x=np.ones(n))
    assert len(f._plans) == function.KEPT


def test_the_source_is_what_runs():
    f = Function("sum(tanh(x) * y)", wrt=["x"])
    with pytest.raises(ValueError, match="call the function first"):
        _ = f.source
    f(x=[1.0, 2.0], y=[3.0, 4.0])
    assert f.source == (
        "def plan(x, y):\n"
        "    t0 = np.tanh(x)\n"
        "    t0 = t0 * y\n"
        "    t0 = np.sum(t0)\n"
        "    return (asarray(t0, float64),)\n"
    )


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda f: f(x=[1.0]), "G201"),
        (lambda f: f(x=[1.0], y=[1.0], z=1), "G216"),
        (lambda f: f(x=[1.0], z=1), "G216"),
        (lambda f: f(x=[[1], [2, 3]], y=1), "G202"),
        (lambda f: f(x=["a"], y=1), "G202"),
        (lambda f: f(x=[1.0, 2.0], y=[1.0, 2.0, 3.0]), "G302"),
        (lambda f: f.value_and_grad(x=[1.0, 2.0], y=[1.0, 2.0]), "G401"),
        (lambda f: f.hessian("z", x=1, y=1), "G003"),
        (lambda f: f.hessian("x", x=[1.0, 2.0], y=[1.0, 2.0]), "G401"),
        (lambda f: Function("x*x", wrt=["y"]), "G003"),
        (lambda f: Function("inv(X)")(X=[[1, 2], [2, 4]]), "G502"),
    ],
)
def test_a_wrong_call_has_a_code(call, code):
    with pytest.raises(Diagnostic) as raised:
        call(Function("x*y"))
    assert raised.value.code == code


@pytest.mark.parametrize("name", ["np", "t0", "b1", "c0", "array", "float64", "λ", "mean_", "e1"])
def test_any_name_may_be_a_variable(name):
    assert float(Function(f"sum({name}*{name})")(**{name: [1.0, 2.0]})) == 5
