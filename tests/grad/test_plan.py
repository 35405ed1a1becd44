"""Plans: the same numbers as evaluation, row by row, and nothing shared with the caller."""

import numpy as np
import pytest

from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.execution.plan import plan
from gradcalc.grad.node import Node
from gradcalc.grad.ops import F, variable
from gradcalc.grad.reverse import gradient
from tests.grad.cases import ROWS, cases


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_plan_computes_what_evaluation_does(row):
    for case in cases(row):
        roots: list[Node] = [case.node]
        if case.node.kind == "float" and row.differentiable:
            roots += gradient(F.sum(case.node), case.floats)
        if any(isinstance(s, str) for root in roots for s in root.shape):
            continue
        compiled = plan(roots)
        want = evaluate(roots, case.values).results
        for _ in range(2):  # the second run finds used buffers
            got = compiled(case.values)
            for a, b in zip(got, want, strict=True):
                assert (a.shape, a.dtype) == (b.shape, b.dtype)
                np.testing.assert_array_equal(a, b)


def test_booleans_count_as_integers():
    x = variable("x", (3,))
    larger, smaller = F.gt(x, 0), F.lt(x, 2)
    roots = [F.add(larger, smaller), F.sub(larger, smaller), F.mul(larger, smaller), F.neg(larger)]
    values = {"x": np.array([-1.0, 1.0, 3.0])}
    want = [[1, 2, 1], [-1, 0, 1], [0, 1, 0], [0, -1, -1]]
    for found in (plan(roots)(values), evaluate(roots, values).results):
        assert [array.tolist() for array in found] == want


def test_buffers_are_reused_and_results_are_the_callers_own():
    x = variable("x", (1000,))
    y = x
    for _ in range(20):
        y = F.sin(y) * 1.5
    compiled = plan([y])
    assert compiled.source.count("out=b") == 39
    assert "b1" not in compiled.source  # one buffer is enough for a chain: each step is in place
    first = compiled({"x": np.ones(1000)})[0]
    kept = first.copy()
    compiled({"x": np.zeros(1000)})
    np.testing.assert_array_equal(first, kept)


def test_views_keep_their_buffer_alive():
    x = variable("x", (40, 40))
    view = F.sin(x).T
    other = F.cos(F.exp(x)) + F.tanh(F.exp(x) * 2)
    roots = [view + other, view]
    values = {"x": np.random.default_rng(0).normal(size=(40, 40))}
    for got, want in zip(plan(roots)(values), evaluate(roots, values).results, strict=True):
        np.testing.assert_array_equal(got, want)


def test_results_are_neither_inputs_nor_constants():
    x = variable("x", (3,))
    array = np.arange(3.0)
    compiled = plan([x, x[::-1], F.ones(3)])
    for result in compiled({"x": array}):
        result += 1
    np.testing.assert_array_equal(array, [0, 1, 2])
    np.testing.assert_array_equal(compiled({"x": array})[2], [1, 1, 1])


def test_a_missing_or_misshapen_input_is_told():
    compiled = plan([F.sum(variable("x", (3,)))])
    with pytest.raises(GradError, match="G201"):
        compiled({})
    with pytest.raises(GradError, match="G302"):
        compiled({"x": np.ones(4)})


def test_a_long_chain_is_one_statement_an_operation():
    x = variable("x", ())
    y = x
    for i in range(20_000):
        y = y * 1.0001 if i % 2 else F.sin(y)
    compiled = plan([y])
    assert compiled.source.partition("def plan")[2].count("\n") == 20_002
    assert np.isfinite(compiled({"x": 0.3})[0])


def test_passes_are_shared_and_needless_ones_left_out():
    x = variable("x", (30, 40))
    roots = [F.logsumexp(x, 1), F.softmax(x, 1), F.sum(-x), F.ones(30, 40) * x]
    source = plan(roots).source
    assert source.count("np.exp(") == 1
    assert "multiply" not in source
    assert "negative" not in source  # the sum is, not every entry


def test_what_is_repeated_is_left_to_broadcasting():
    x, y = variable("x", (30, 1)), variable("y", (30, 40))
    source = plan([F.broadcast_to(x, (30, 40)) * y, F.broadcast_to(x, (30, 40))]).source
    assert "x * y" in source
    assert source.count("broadcast_to") == 1


def test_the_order_of_arguments_may_be_told():
    x, y, z = (variable(name, (2,)) for name in "xyz")
    compiled = plan([y - x], inputs=[x, y, z])
    assert [name for name, _ in compiled.inputs] == ["x", "y", "z"]
    (found,) = compiled.run(np.ones(2), np.zeros(2), np.ones(2))
    assert found.tolist() == [-1, -1]
