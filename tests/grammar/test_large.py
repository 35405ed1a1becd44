"""Large data: answered in blocks, and what is not finite is still found."""

import numpy as np
import pytest

from gradcalc.grad.evaluate import LARGE
from gradcalc.grammar.program import Expression, Request, solve


def asked(text, **options):
    x = np.linspace(0.5, 1.5, LARGE)
    x[1234] = 0
    return solve(Expression.read(text), {"x": x}, Request(**options))


def test_no_step_is_kept_unless_asked_for():
    assert asked("mean(x*x)").memo == {}
    assert asked("mean(x*x)", steps=True).memo


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_in_blocks_as_with_steps(dtype):
    found, whole = (asked("norm(x)", dtype=dtype, steps=steps) for steps in (False, True))
    precision = np.finfo(dtype).eps * 8
    np.testing.assert_allclose(found.value, whole.value, precision)
    np.testing.assert_allclose(found.grads["x"], whole.grads["x"], precision)
    assert found.value.dtype == found.grads["x"].dtype == dtype


@pytest.mark.parametrize("text", ["sum(log(x) + 1)", "sum(2*log(x))"])
def test_the_first_step_that_is_not_finite(text):
    solution = asked(text)
    assert solution.nonfinite() == {"value": 1, "grads.x": 1}
    first = solution.first_nonfinite()
    assert first.op.name == "log"
    assert np.isinf(solution.memo[first][1234])
    assert solution.memo[first.args[0]][1234] == 0


def test_the_first_gradient_that_is_not_finite():
    solution = asked("sum(sqrt(x)*2)")
    assert solution.nonfinite() == {"grads.x": 1}
    steps = solution.backward.steps
    (bad,) = {s.node for s in steps if not np.isfinite(solution.memo.get(s.contribution, 0)).all()}
    assert bad.op.name == "sqrt"
