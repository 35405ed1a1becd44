"""Calls as NumPy and PyTorch spell them, where a name means another thing, or another way to it."""

import numpy as np
import pytest

from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.ops import variable
from gradcalc.grammar.build import build
from gradcalc.grammar.errors import Diagnostic
from gradcalc.grammar.parse import parse

X = np.array([[1.0, 2.0, 0.5, -1.0], [3.0, 4.0, -2.0, 0.0], [0.3, 2.5, 1.0, 7.0]])


def value(text):
    return evaluate([build(parse(text), {"X": variable("X", X.shape)}).root], {"X": X}).results[0]


ORDERS = {
    "": {},
    ", 2": {"ord": 2},
    ", 1": {"ord": 1},
    ", -1": {"ord": -1},
    ", inf": {"ord": np.inf},
    ", 'nuc'": {"ord": "nuc"},
    ", 'fro'": {"ord": "fro"},
    ", ord=2": {"ord": 2},
    ", -2": {"ord": -2},
    ", 1, 0": {"ord": 1, "axis": 0},
    ", 3, axis=1": {"ord": 3, "axis": 1},
    ", 2, axis=(0, 1), keepdims=True": {"ord": 2, "axis": (0, 1), "keepdims": True},
    ", axis=0": {"axis": 0},
}


@pytest.mark.parametrize("module", ["np", "torch"])
@pytest.mark.parametrize("order", ORDERS)
def test_linalg_norm_is_that_of_the_matrix(order, module):
    expected = np.linalg.norm(X, **ORDERS[order])
    np.testing.assert_allclose(value(f"{module}.linalg.norm(X{order})"), expected, rtol=1e-13)


def test_norm_is_that_of_the_entries():
    for text in ("torch.norm(X, 2)", "X.norm(2)", "torch.linalg.vector_norm(X, 2)"):
        np.testing.assert_allclose(value(text), np.sqrt(np.sum(X * X)), rtol=1e-14)


def test_the_way_out_of_an_order_works():
    for order in ("'nuc'", "2", "inf"):
        with pytest.raises(Diagnostic) as caught:
            value(f"norm(X, ord={order})")
        ways = [line.split("`")[1] for line in caught.value.help]
        assert len(ways) == (1 if order == "'nuc'" else 2)
        for way in ways:
            value(way)


SAME = {
    "X[np.newaxis, :, 0]": X[np.newaxis, :, 0],
    "X[[[0], [2]], [1, 3]]": X[[[0], [2]], [1, 3]],
    "X[[[0], [2]], [[1, 3], [0, 2]]]": X[[[0], [2]], [[1, 3], [0, 2]]],
    "X[[0, 2], [1]]": X[[0, 2], [1]],
    "np.quantile(X, [0.25, 0.5])": np.quantile(X, [0.25, 0.5]),
    "np.quantile(X, (0.25, 0.5), axis=1)": np.quantile(X, (0.25, 0.5), axis=1),
    "np.quantile(X, 0.3)": np.quantile(X, 0.3),
}


@pytest.mark.parametrize("text", SAME)
def test_as_numpy(text):
    np.testing.assert_allclose(value(text), SAME[text], rtol=1e-13)


def test_methods_of_tensors():
    assert value("X.numel()") == 12
    assert value("(X.clone() == X).all()")


def test_index_lists_that_do_not_broadcast():
    with pytest.raises(Diagnostic, match=r"\(2,\) and \(3,\) do not broadcast"):
        value("X[[0, 1], [0, 1, 2]]")
