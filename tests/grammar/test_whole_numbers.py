"""Whole numbers: exact, or an error with a way out; never wrapped round, never divided by zero."""

import pytest

from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.execution.plan import plan
from gradcalc.grad.ops import variable
from gradcalc.grammar.build import build
from gradcalc.grammar.errors import Diagnostic
from gradcalc.grammar.parse import parse


def value(text, **given):
    tree = parse(text)
    root = build(tree, {name: variable(name, (len(x),)) for name, x in given.items()}).root
    return evaluate([root], given).results[0].tolist()


BEYOND = (
    "kron([{n}], [{n}])",
    "matrix_power([[{n}, 0], [0, 1]], 2)",
    "dot([{n}], [{n}])",
    "inner([{n}], [{n}])",
    "outer([{n}], [{n}])",
    "einsum('i,i->', [{n}], [{n}])",
    "square({n})",
    "prod([{n}, {n}])",
    "cumprod([{n}, {n}])",
    "sum([{n}*900000, {n}*900000])",
    "cumsum([{n}*900000, {n}*900000])",
    "trace([[{n}*900000, 0], [0, {n}*900000]])",
    "addcmul(1, [{n}], [{n}])",
    "[{n}, 1][0] * {n}",
    "arange(3) * {n} * {n}",
    "y = [1, 2]; y[0] = {n}; y*y",
)


@pytest.mark.parametrize("text", BEYOND)
def test_what_is_too_large_is_not_wrapped_round(text):
    with pytest.raises(Diagnostic, match=r"beyond 2\*\*53"):
        value(text.format(n=10_000_000_000))
    value(text.format(n=7))


@pytest.mark.parametrize("text", ["5//0", "[5, 6]//[0, 2]", "5%0", "fmod(5, 0)", "True%False"])
def test_division_by_zero(text):
    with pytest.raises(Diagnostic, match="division of whole numbers by zero") as caught:
        value(text)
    assert caught.value.code == "G117"
    assert caught.value.help


def test_division_by_a_zero_that_is_found_at_run_time():
    assert value("argmin(x)//argmax(x)", x=[3.0, 1.0, 2.0][::-1]) == 0
    with pytest.raises(GradError, match="by zero") as caught:
        value("argmax(x)//argmin(x)", x=[1.0, 2.0])
    assert caught.value.node.op.name == "floor_divide"


def test_what_becomes_too_large_at_run_time():
    text = "argmax(x) * 10000000000 * 1000000000"
    assert value(text, x=[2.0, 1.0]) == 0
    with pytest.raises(GradError, match=r"beyond 2\*\*63"):
        value(text, x=[1.0, 2.0])
    tree = parse(text)
    planned = plan([build(tree, {"x": variable("x", (2,))}).root])
    assert planned({"x": [2.0, 1.0]})[0] == 0
    with pytest.raises(GradError, match=r"beyond 2\*\*63"):
        planned({"x": [1.0, 2.0]})


def test_floats_divide_by_zero():
    assert value("5.0//0") == float("inf")
    assert value("[5, 6]//2") == [2, 3]


def test_positions_are_not_numbers_to_compute_with():
    assert value("gather([[1, 2]], 1, [[1, 0]])") == [[2, 1]]
    assert value("scatter_add([[1, 2]], 1, [[1, 0]], [[1, 2]])") == [[3, 3]]
