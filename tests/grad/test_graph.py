"""The graph: equal nodes are one object, names of sizes work, and nothing depends on depth."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import gradcalc.grad.rules  # noqa: F401  (fills the table)
from gradcalc.grad import node as graph
from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.forward import jvp
from gradcalc.grad.node import Node, walk
from gradcalc.grad.ops import F, constant, substitute, variable
from gradcalc.grad.reverse import backward, gradient

from .compare import assert_same

x, y = variable("x"), variable("y")
v = variable("v", (3,))


def value(root: Node, **values: Any) -> Any:
    return evaluate([root], {k: np.asarray(n, float) for k, n in values.items()}).results[0]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Node]:
    """Counts how many nodes are built: the work a transform does."""
    count: list[Node] = []
    new = Node.__new__

    def counted(cls: type[Node], *parts: Any) -> Node:
        node = new(cls, *parts)
        count.append(node)
        return node

    monkeypatch.setattr(Node, "__new__", counted)
    return count


# --- identity ----------------------------------------------------------------------------------


def test_equal_expressions_are_one_object() -> None:
    assert F.sin(x) * y is F.sin(x) * y
    assert F.sum(v, 0) is F.sum(v, dim=-1) is F.sum(v, axis=(0,))
    assert x * y is not y * x
    assert variable("x", (2,)) is not x


def test_constants_are_told_apart_by_sign_and_kind() -> None:
    assert constant(0.0) is not constant(-0.0)
    assert constant(1) is not constant(1.0)
    assert constant(True) is not constant(1)
    assert constant(float("nan")) is constant(float("nan"))
    assert constant(np.array([1.0, 2.0])) is constant(np.array([1.0, 2.0]))
    assert constant(np.array([0.0])) is not constant(np.array([-0.0]))
    assert value(1 / constant(-0.0)) == -np.inf


def test_an_array_is_copied_into_the_graph() -> None:
    array = np.array([1.0, 2.0])
    node = constant(array)
    array[0] = 9.0
    assert node.attr("value")[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        node.attr("value")[0] = 5.0


def test_a_node_does_not_change() -> None:
    with pytest.raises(AttributeError):
        x.shape = (3,)
    with pytest.raises(TypeError):
        bool(x)
    with pytest.raises(TypeError):
        list(v)


def test_nodes_nobody_uses_are_forgotten() -> None:
    before = len(graph._NODES)
    chain = x
    for _ in range(100):
        chain = F.cos(chain) + 3.25
    del chain
    assert len(graph._NODES) <= before + 2


def test_shapes_and_kinds_are_known_when_built() -> None:
    assert (v @ v).shape == ()
    assert (variable("a", (2, 3)) @ v).shape == (2,)
    assert (v > 0).kind == "bool"
    assert (constant(2) + 3).kind == "int"
    assert (constant(2) / 4).kind == "float"


# --- named sizes -------------------------------------------------------------------------------


def test_named_sizes() -> None:
    a, w = variable("a", ("m", "n")), variable("w", ("n",))
    assert (a @ w).shape == ("m",)
    assert F.flatten(a).shape == ("m*n",)
    assert F.stack([w, w]).shape == (2, "n")
    with pytest.raises(GradError) as caught:
        a + variable("b", ("n", "m"))
    assert caught.value.code == "G302"


def test_the_gradient_of_a_mean_over_any_size() -> None:
    a = variable("a", ("n",))
    (g,) = gradient(F.mean(a * a), [a])
    assert g.shape == ("n",)
    for n in (1, 4):
        assert_same(value(g, a=np.ones(n)), np.full(n, 2 / n))


def test_a_named_size_has_one_value() -> None:
    a, b = variable("a", ("n",)), variable("b", ("n",))
    with pytest.raises(GradError) as caught:
        value(a + b, a=np.ones(2), b=np.ones(3))
    assert caught.value.code == "G302"


# --- depth and sharing -------------------------------------------------------------------------


def test_a_long_chain_costs_its_length(made: list[Node]) -> None:
    def work(length: int) -> int:
        made.clear()
        chain = x
        for _ in range(length):
            chain = F.sin(chain) * y
        (g,) = gradient(chain, [x])
        jvp(chain, [x], [y])
        walk([g])
        return len(made)

    assert work(4_000) <= 2.01 * work(2_000)


@pytest.mark.slow
def test_a_hundred_thousand_operations() -> None:
    chain = x
    for _ in range(50_000):
        chain = F.tanh(chain) + 0.5
    assert len(walk([chain])) == 100_002
    (g,) = gradient(chain, [x])
    found, slope = evaluate([chain, g], {"x": np.array(0.1)}).results
    assert np.isfinite(found)
    assert np.isfinite(slope)


def test_formulas_in_a_chain_are_walked_once(made: list[Node]) -> None:
    """A derived row is differentiated through its formula, and no further down."""

    def work(length: int) -> int:
        made.clear()
        chain = v
        for _ in range(length):
            chain = F.silu(chain)
        gradient(F.sum(chain), [v])
        jvp(chain, [v], [v])
        return len(made)

    assert work(400) <= 2.05 * work(200)


def test_nothing_recurses() -> None:
    chain = x
    for _ in range(1_000):
        chain = F.sin(chain) + chain
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(220)
    try:
        (g,) = gradient(chain, [x])
        (h,) = substitute([jvp(g, [x], [y])], {y: constant(1.0)})
        evaluate([h], {"x": np.array(0.1)})
    finally:
        sys.setrecursionlimit(limit)


def test_doubling_forty_times() -> None:
    total = x
    for _ in range(40):
        total = total + total
    assert len(walk([total])) == 41
    (g,) = gradient(total, [x])
    assert len(walk([g])) < 100
    assert value(g, x=1.0) == 2.0**40


# --- what flows --------------------------------------------------------------------------------


def test_a_variable_that_does_not_occur_gets_zeros_of_its_shape() -> None:
    gx, gv = gradient(x * 2, [x, v])
    assert gv.shape == (3,)
    assert_same(value(gv), np.zeros(3))
    assert value(gx) == 2


def test_a_gradient_by_something_in_the_middle() -> None:
    middle = x * y
    (g,) = gradient(F.sin(middle) + middle, [middle])
    assert_same(value(g, x=0.5, y=0.4), np.cos(0.2) + 1)


def test_the_gradient_of_a_variable_by_itself_is_one() -> None:
    assert value(gradient(x, [x])[0]) == 1


def test_results_without_a_gradient_are_refused() -> None:
    for root, code in ((v, "G401"), (F.gt(x, 0), "G403")):
        with pytest.raises(GradError) as caught:
            gradient(root, [x])
        assert caught.value.code == code
    with pytest.raises(GradError) as caught:
        gradient(v, [v], constant(1.0))
    assert caught.value.code == "G308"


def test_every_use_contributes_a_step() -> None:
    steps = backward(F.sum(v * v), [v]).steps
    assert [(s.node.op.name, s.index) for s in steps] == [("sum", 0), ("mul", 0), ("mul", 1)]


def test_perturbations_are_not_confused() -> None:
    """d/dx (x * d/dy x) is 0, and d/dx (x * d/dy (x*y)) is 2*x."""
    (inner,) = gradient(x, [y])
    assert value(gradient(x * inner, [x])[0], x=1.5) == 0
    (inner,) = gradient(x * y, [y])
    assert value(gradient(x * inner, [x])[0], x=1.5, y=2.0) == 3
    inner = jvp(x * y, [y], [constant(1.0)])
    assert value(jvp(x * inner, [x], [constant(1.0)]), x=1.5, y=2.0) == 3


def test_only_the_partials_needed_are_computed() -> None:
    (g,) = gradient(x**2, [x])
    assert "log" not in {node.op.name for node in walk([g])}
    assert value(g, x=-3.0) == -6


@pytest.mark.parametrize(
    "branch",
    [
        lambda t: F.sqrt(-t),
        lambda t: F.log(t - t),
        lambda t: 1 / (t * 0),
        lambda t: F.exp(t * 1e6),
        lambda t: (t * 0) ** 0.5 * F.log(-t),
        lambda t: F.arccos(t + 5) * F.sqrt(t - 100),
    ],
)
def test_the_branch_not_taken_is_silent(branch: Any) -> None:
    """At both orders, for where, for what is selected by position, and for what is larger."""
    t = variable("t")
    for safe in (
        F.where(F.gt(t, 0), t**2, branch(t)),
        F.stack([t**2, branch(t)])[0],
        F.sum(F.where(constant(np.array([True, False])), F.stack([t**2, branch(t)]), 0.0)),
    ):
        (g,) = gradient(safe, [t])
        (h,) = gradient(g, [t])
        assert value(g, t=1.5) == 3.0
        assert value(h, t=1.5) == 2.0
        assert_same(value(jvp(g, [t], [constant(1.0)]), t=1.5), 2.0)


def test_data_that_are_not_finite_may_be_masked() -> None:
    data = np.array([1.0, np.nan, np.inf])
    w = variable("w")
    (g,) = gradient(F.sum(F.where(constant(np.isfinite(data)), w * v, 0.0)), [w])
    assert value(g, w=2.0, v=data) == 1.0
