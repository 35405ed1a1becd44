"""Products with identities: what is left without their zeros is what there was with them."""

import numpy as np
import pytest

from gradcalc.grad.contract import contracted
from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.execution.cost import operations
from gradcalc.grad.higher import cheapest_hessian, hessian, jacobian
from gradcalc.grad.node import Node, walk
from gradcalc.grad.ops import F, variable
from tests.grad.cases import ROWS, Case, cases


def same(node: Node, other: Node, case: Case) -> None:
    """Equal but for rounding; what is not finite only because zeros were multiplied may be."""
    assert node.shape == other.shape
    want, got = evaluate([other, node], case.values).results
    known = np.isfinite(want)
    scale = max(1.0, np.abs(want[known]).max(initial=0))
    np.testing.assert_allclose(got[known], want[known], rtol=1e-9, atol=1e-12 * scale)
    assert np.isfinite(got[known]).all()


MOST = 400  # nodes; the longest are those of matrix functions
SMOOTH = [row for row in ROWS if row.differentiable]


@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.name)
def test_derivatives_of_a_row(row):
    for case in cases(row)[:2]:
        if case.node.kind != "float" or any(isinstance(s, str) for s in case.node.shape):
            continue
        root = F.sum(case.node * case.node)
        for x in case.floats:
            try:
                wanted = jacobian(case.node, x), hessian(root, x)
            except GradError:
                continue
            if len(walk(wanted)) > MOST:
                continue
            same(contracted(wanted[0]), wanted[0], case)
            same(contracted(wanted[1]), wanted[1], case)
            same(cheapest_hessian(root, x), wanted[1], case)


def test_no_identity_is_left_in_the_hessian_of_a_logistic_regression():
    X, y, w = variable("X", (50, 20)), variable("y", (50,)), variable("w", (20,))
    z = X @ w
    found = cheapest_hessian(F.mean(F.softplus(z) - y * z), w)
    names = {node.op.name for node in walk([found])}
    assert not names & {"eye", "on_diagonal"}
    assert operations([found]) < 1.2 * 2 * 50 * 20 * 20  # the product of matrices, and little else


def test_a_block_diagonal_is_written_once_and_last():
    U, V, R = variable("U", (40, 8)), variable("V", (30, 8)), variable("R", (40, 30))
    found = cheapest_hessian(F.sum((U @ V.T - R) ** 2), U)
    assert found.op.name == "on_diagonal"
    assert max(np.prod(node.shape, dtype=int) for node in walk(found.args)) == 30 * 8


def test_zeros_do_not_meet_infinities():
    x = variable("x", (3,))
    root = F.sum(F.exp(x) * x)
    found = evaluate([cheapest_hessian(root, x)], {"x": np.array([0.0, 1000.0, 1.0])}).results[0]
    assert np.isinf(found[1, 1])
    assert not np.isnan(found).any()
    assert (found[~np.eye(3, dtype=bool)] == 0).all()
