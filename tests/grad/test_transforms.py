"""jvp, batch, Jacobians, Hessians, and the numerical derivatives they are judged by."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import gradcalc.grad.rules  # noqa: F401  (fills the table)
from gradcalc.grad.batch import batch
from gradcalc.grad.differences import central_differences, complex_step
from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import Run, evaluate
from gradcalc.grad.forward import jvp
from gradcalc.grad.higher import hessian, hvp, identity, jacobian, vjp
from gradcalc.grad.node import TABLE, Node, walk
from gradcalc.grad.ops import F, constant, variable
from gradcalc.grad.reverse import gradient

from .compare import assert_same

X = np.array([0.3, -0.7, 1.1])
A = np.array([[0.5, -1.0, 0.25], [1.5, 0.5, -0.5]])
x, a = variable("x", (3,)), variable("a", (2, 3))


def value(node: Node, **more: Any) -> Any:
    return evaluate([node], {"x": X, "a": A, **more}).results[0]


# --- jvp ---------------------------------------------------------------------------------------


def test_jvp_is_the_jacobian_times_the_direction() -> None:
    y = F.tanh(a @ x) * F.exp(x[0])
    d = np.array([1.0, -2.0, 0.5])
    expected = central_differences(y, x, {"x": X, "a": A}).value @ d
    assert_same(value(jvp(y, [x], [constant(d)])), expected, 1e-9)


def test_jvp_along_several_inputs_adds_up() -> None:
    y = F.sum(a * x)
    both = jvp(y, [x, a], [x, a])
    assert_same(value(both), 2 * value(y))
    assert_same(value(jvp(y, [x, x], [x, x])), 2 * value(jvp(y, [x], [x])))


def test_jvp_of_what_does_not_move_is_zeros_of_its_shape() -> None:
    assert_same(value(jvp(a * 2, [x], [x])), np.zeros((2, 3)))
    assert_same(value(jvp(F.floor(x), [x], [x])), np.zeros(3))


def test_jvp_broadcasts_the_tangent_with_the_value() -> None:
    y = x + a
    assert jvp(y, [x], [x]).shape == (2, 3)
    assert_same(value(jvp(y, [x], [x])), np.broadcast_to(X, (2, 3)))


def test_jvp_refuses_another_shape() -> None:
    with pytest.raises(GradError) as caught:
        jvp(x, [x], [a])
    assert caught.value.code == "G308"


def test_jvp_of_a_branch_not_taken_is_not_seen() -> None:
    y = F.where(F.gt(x, 0), x, F.sqrt(-x) / 0)
    assert_same(value(jvp(y, [x], [F.ones(3)]))[[0, 2]], [1.0, 1.0])
    y = F.maximum(x, F.log(x * 0))
    assert_same(value(jvp(y, [x], [F.ones(3)])), np.ones(3))


def test_a_long_chain_is_pushed_through_once() -> None:
    y = x
    for _ in range(2_000):
        y = F.sin(y) + y
    assert len(walk([jvp(y, [x], [x])])) < 20_000


# --- batch -------------------------------------------------------------------------------------


def test_batch_over_two_axes_at_once() -> None:
    y = F.sum(F.exp(a @ x))
    xs = variable("xs", (4, 2, 3))
    (many,) = batch([y], {x: xs}, (4, 2))
    stack = np.random.default_rng(0).uniform(-1, 1, (4, 2, 3))
    expected = [[value(y, x=row) for row in rows] for rows in stack]
    assert_same(value(many, xs=stack), expected)


def test_batch_repeats_what_does_not_depend_on_it() -> None:
    (many,) = batch([a], {x: variable("xs", (4, 3))}, (4,))
    assert many.shape == (4, 2, 3)


def test_batch_of_names_stays_named() -> None:
    y = F.sum(x * x)
    (many,) = batch([y], {x: variable("xs", ("n", 3))}, ("n",))
    assert many.shape == ("n",)


def test_the_last_resort_repeats_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    y = F.softmax(a, -1) * x[0]
    stacks = {a: variable("as", (2, 2, 2, 3)), x: variable("xs", (2, 2, 3))}
    (usual,) = batch([y], stacks, (2, 2))
    monkeypatch.setattr(TABLE["softmax"], "batch", "unroll")
    (unrolled,) = batch([y], stacks, (2, 2))
    assert unrolled is not usual
    r = np.random.default_rng(2)
    more = {"as": r.uniform(-1, 1, (2, 2, 2, 3)), "xs": r.uniform(-1, 1, (2, 2, 3))}
    assert_same(value(unrolled, **more), value(usual, **more), 1e-14)
    with pytest.raises(GradError) as caught:
        batch([y], {a: variable("as", ("n", 2, 3))}, ("n",))
    assert caught.value.code == "G117"


def test_a_scalar_in_a_stack_still_has_an_axis_of_its_own() -> None:
    s = variable("s")
    for y in (F.softmax(s, 0), F.cumsum(s, -1), F.flip(s), F.argmax(s, 0) + s):
        (many,) = batch([y], {s: variable("ss", (3,))}, (3,))
        assert_same(value(many, ss=X), [value(y, s=e) for e in X])


def test_a_stack_of_scalars_keeps_a_reduction_over_nothing() -> None:
    s = variable("s")
    for y in (F.sum(s), F.mean(s), F.sum(s, 0), F.sum(s, -1, True)):
        (many,) = batch([y * s], {s: variable("ss", (3,))}, (3,))
        assert_same(value(many, ss=X), X * X)


@pytest.mark.parametrize("left", [(3,), (2, 3), (4, 2, 3)])
@pytest.mark.parametrize("right", [(3,), (3, 2), (4, 3, 2)])
@pytest.mark.parametrize("which", [(0,), (1,), (0, 1)])
def test_matrix_products_of_every_rank(left: Any, right: Any, which: Any) -> None:
    r = np.random.default_rng(1)
    leaves = [variable("l", left), variable("r", right)]
    arrays = [r.uniform(-1, 1, left), r.uniform(-1, 1, right)]
    y = leaves[0] @ leaves[1]
    names = "lr"
    stacks = {names[i]: r.uniform(-1, 1, (5, *arrays[i].shape)) for i in which}
    replaced = {leaves[i]: variable(names[i] + "s", stacks[names[i]].shape) for i in which}
    (many,) = batch([y], replaced, (5,))
    plain = dict(zip(names, arrays, strict=True))
    found = evaluate([many], {**plain, **{n + "s": s for n, s in stacks.items()}}).results[0]
    expected = [
        evaluate([y], {**plain, **{n: s[k] for n, s in stacks.items()}}).results[0]
        for k in range(5)
    ]
    assert_same(found, np.stack(expected))


# --- Jacobians and Hessians --------------------------------------------------------------------


def test_jacobian_of_a_linear_map_is_its_matrix() -> None:
    assert_same(value(jacobian(a @ x, x)), A)
    assert jacobian(a @ x, a).shape == (2, 2, 3)
    assert_same(value(jacobian(a @ x, a)), np.einsum("ij,k->ijk", np.eye(2), X))


@pytest.mark.parametrize(
    "make",
    [
        lambda: F.exp(a) * x,
        lambda: F.sum(a * x, 0, True),
        lambda: F.tanh(a @ x)[None],
        lambda: F.maximum(a, x),
        lambda: (a @ F.unsqueeze(x, -1)) / F.sum(x * x),
        lambda: F.sum(a) * F.sin(x[1:]),
    ],
)
def test_jacobian_agrees_with_differences(make: Any) -> None:
    y = make()
    for wrt in (x, a):
        found = jacobian(y, wrt)
        assert found.shape == y.shape + wrt.shape
        assert_same(value(found), central_differences(y, wrt, {"x": X, "a": A}).value, 1e-9, 1e-10)


def test_jacobian_of_many_by_few_goes_forward() -> None:
    t = variable("t", (2,))
    wide = F.sin(t[0] * constant(np.arange(100.0) / 50)) + t[1] * t[0]
    found = jacobian(wide, t)
    assert found.shape == (100, 2)
    assert all(F.eye(100) is not node for node in walk([found]))
    at = {"t": np.array([0.1, 0.2])}
    assert_same(evaluate([found], at).results[0], central_differences(wide, t, at).value, 1e-8)


def test_jacobian_by_something_that_does_not_occur_is_zeros() -> None:
    assert_same(value(jacobian(F.sin(a), x)), np.zeros((2, 3, 3)))


def test_hessian_of_a_quadratic_form() -> None:
    m = a.T @ a
    assert_same(value(hessian(x @ m @ x, x)), 2 * A.T @ A)
    assert hessian(F.sum(a * a), a).shape == (2, 3, 2, 3)
    with pytest.raises(GradError) as caught:
        hessian(x, x)
    assert caught.value.code == "G401"


def test_hvp_is_the_hessian_times_a_vector() -> None:
    f = F.sum(F.exp(a @ x) ** 2) * x[0]
    d = constant(np.array([1.0, 2.0, -1.0]))
    assert_same(value(hvp(f, x, d)), value(hessian(f, x)) @ [1.0, 2.0, -1.0], 1e-12)


def test_vjp_is_the_transposed_jacobian_times_a_vector() -> None:
    y = F.tanh(a @ x)
    v = np.array([0.5, -1.5])
    assert_same(value(vjp(y, x, constant(v))), v @ value(jacobian(y, x)), 1e-13)


def test_mixed_second_derivatives() -> None:
    f = F.sum(F.sin(a @ x))
    mixed = jacobian(gradient(f, [x])[0], a)
    assert mixed.shape == (3, 2, 3)
    other = jacobian(gradient(f, [a])[0], x)
    assert_same(value(mixed), np.transpose(value(other), (2, 0, 1)), 1e-12)


def test_names_of_sizes_go_into_the_jacobian() -> None:
    b, w = variable("b", ("m", "n")), variable("w", ("n",))
    found = jacobian(F.tanh(b @ w), w)
    assert found.shape == ("m", "n")
    at = {"b": A, "w": X}
    expected = central_differences(F.tanh(a @ x), x, {"a": A, "x": X}).value
    assert_same(evaluate([found], at).results[0], expected, 1e-9)


def test_identity_is_a_product_of_one_eye_for_each_axis() -> None:
    seed = identity((2, 1, 3))
    assert seed.shape == (2, 1, 3, 2, 1, 3)
    assert_same(value(seed), np.eye(6).reshape(2, 1, 3, 2, 1, 3))
    assert "reshape" not in {node.op.name for node in walk([seed])}
    assert_same(value(identity((1,))), [[1.0]])


def test_third_derivative_agrees_with_mpmath() -> None:
    s = variable("s")
    y = F.sin(s) * F.exp(s)
    for _ in range(3):
        (y,) = gradient(y, [s])
    expected = mpmath.diff(lambda t: mpmath.sin(t) * mpmath.exp(t), 0.7, 3)
    assert_same(evaluate([y], {"s": np.array(0.7)}).results[0], float(expected), 1e-9)


def test_hessian_of_a_network_of_three_layers() -> None:
    r = np.random.default_rng(3)
    sizes = [(4, 3), (4, 4), (1, 4)]
    weights = [variable(f"w{i}", s) for i, s in enumerate(sizes)]
    at = {f"w{i}": r.uniform(-1, 1, s) for i, s in enumerate(sizes)} | {"x": X}
    y = x
    for w in weights:
        y = F.tanh(w @ y)
    loss = F.sum(y * y)
    for w in weights:
        (slope,) = gradient(loss, [w])
        found = evaluate([hessian(loss, w)], at).results[0]
        assert_same(found, complex_step(slope, w, at), 1e-9, 1e-12)


# --- numerical derivatives ---------------------------------------------------------------------


def test_differences_know_a_kink_and_an_edge() -> None:
    p = variable("p", (5,))
    at = {"p": np.array([0.0, 1.0, 1e-4, -2.0, 0.0])}
    found = central_differences(F.sum(F.abs(p)), p, at)
    assert found.kink.tolist() == [True, False, True, False, True]
    found = central_differences(F.sum(F.sqrt(p[1:3])), p, at)
    assert found.edge.tolist() == [False, False, True, False, False]
    assert not found.reliable[2]


def test_differences_are_honest_about_their_error() -> None:
    f = F.sum(F.exp(x) / (x + 2))
    found = central_differences(f, x, {"x": X})
    exact = complex_step(f, x, {"x": X})
    assert (np.abs(found.value - exact) <= found.error).all()
    assert found.error.max() < 1e-8
    assert found.reliable.all()


def test_differences_of_a_tensor_against_a_cotangent() -> None:
    v = np.array([1.0, -2.0, 0.0])
    found = central_differences(F.sqrt(x + 0.7), x, {"x": X}).against(v)
    assert found.value.shape == (3,)
    assert found.edge.tolist() == [False, True, False]


def test_differences_compute_once_what_does_not_move(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []
    node_of = Run.node

    def counted(self: Run, node: Node, args: Any) -> Any:
        computed.append(node.op.name)
        return node_of(self, node, args)

    monkeypatch.setattr(Run, "node", counted)
    p, q = variable("p", (4,)), variable("q", (4,))
    central_differences(F.sum(F.exp(q) * p), p, {"p": np.ones(4), "q": np.ones(4)})
    assert computed.count("exp") == 1
    assert computed.count("sum") == 1 + 6 * 4


def test_the_table_is_filled() -> None:
    assert len(TABLE) > 60
