"""Tensors are printed as PyTorch prints them, to the last blank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradcalc.grad as torch

SHAPES = [(), (1,), (3,), (20,), (2, 2), (3, 4), (2, 30), (40, 2), (2, 3, 4), (1, 1, 1), (0,),
          (2, 0), (1001,), (40, 40), (11, 10, 10), (2, 3, 4, 5), (7, 7, 7, 7), (1200, 2),
          (2, 1200), (1000,)]  # fmt: skip
MAGNITUDES = [1, 10, 1e3, 1e5, 1e9, 1e-3, 1e-6, 1e30, 1e-30, 0.5]


@pytest.fixture(autouse=True)
def _as_ever() -> Iterator[None]:
    yield
    torch.set_printoptions(profile="default", legacy=False)


def random_arrays(count: int) -> Iterator[np.ndarray[Any, Any]]:
    """Arrays of many shapes, types and magnitudes, whole, mixed, sparse, and not finite."""
    r = np.random.default_rng(0)
    for _ in range(count):
        shape = SHAPES[r.integers(len(SHAPES))]
        what = r.integers(10)
        if what < 6:
            a = r.standard_normal(shape) * MAGNITUDES[r.integers(len(MAGNITUDES))]
            some = r.uniform(size=shape) < 0.3
            a = [
                np.round(a),
                a * 10.0 ** r.integers(-8, 8, size=shape),
                np.where(some, np.nan, a),
                np.where(some, np.inf, np.round(a)),
                np.where(some, 0.0, -a),
                a,
            ][r.integers(6)]
            with np.errstate(over="ignore"):
                yield np.asarray(a, dtype=[np.float32, np.float64][r.integers(2)])
        elif what < 9:
            high = 10 ** int(r.integers(1, 9))
            whole = r.integers(-high, high, size=shape)
            yield np.asarray(whole, dtype=[np.int64, np.int32, np.uint8][r.integers(3)])
        else:
            yield np.asarray(r.uniform(size=shape) < 0.5)


def printed(module: Any, array: np.ndarray[Any, Any], history: int) -> str:
    tensor = module.from_numpy(array.copy())
    if history and array.dtype.kind == "f":
        tensor.requires_grad_()
        tensor = (tensor, tensor * 1, tensor.view(-1))[history - 1]
    return repr(tensor)


def test_random_tensors_look_as_in_pytorch() -> None:
    peer = pytest.importorskip("torch")
    for i, array in enumerate(random_arrays(500)):
        assert printed(torch, array, i % 4) == printed(peer, array, i % 4), (array.dtype, i)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ([1.0, 2.0], "tensor([1., 2.])"),
        ([0.5, -2.0], "tensor([ 0.5000, -2.0000])"),
        ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
        ([200000000.0], "tensor([2.0000e+08])"),
        ([float("nan"), 1.0], "tensor([nan, 1.])"),
        ([float("inf"), 0.25], "tensor([   inf, 0.2500])"),
        ([0.0, float("-inf")], "tensor([0., -inf])"),
        ([1, -10], "tensor([  1, -10])"),
        ([True, False], "tensor([ True, False])"),
        ([], "tensor([])"),
        (3, "tensor(3)"),
        (0.1, "tensor(0.1000)"),
    ],
)
def test_entries(data: Any, text: str) -> None:
    assert repr(torch.tensor(data)) == text


def test_options() -> None:
    x = torch.tensor([1.23456, 100.0])
    torch.set_printoptions(precision=2)
    assert repr(x) == "tensor([  1.23, 100.00])"
    torch.set_printoptions(sci_mode=True)
    assert repr(x) == "tensor([1.23e+00, 1.00e+02])"
    torch.set_printoptions(profile="short", threshold=4, edgeitems=1)
    assert repr(torch.arange(9)) == "tensor([0,  ..., 8])"
    torch.set_printoptions(profile="full")
    assert "..." not in repr(torch.arange(1001))
    assert torch.get_printoptions()["edgeitems"] == 3


def test_a_suffix_that_does_not_fit_goes_to_a_line_of_its_own() -> None:
    x = torch.ones(10, dtype=torch.float64, requires_grad=True) * 1000
    assert repr(x).endswith("1000.],\n       dtype=torch.float64, grad_fn=<MulBackward0>)")


LEGACY = {
    "\n 1  2\n 3  4\n[torch.FloatTensor of size 2x2]\n": [[1.0, 2.0], [3.0, 4.0]],
    "\n 0.5000\n 1.0000\n[torch.FloatTensor of size 2]\n": [0.5, 1.0],
    "\n  1\n-20\n[torch.LongTensor of size 2]\n": [1, -20],
    "\n 1.0000e-05\n 1.0000e+00\n[torch.FloatTensor of size 2]\n": [1e-5, 1.0],
    "\n1.00000e-03 *\n  1.0000  2.5000\n[torch.FloatTensor of size 1x2]\n": [[1e-3, 2.5e-3]],
    "\n  1\nnan\n[torch.FloatTensor of size 2]\n": [1.0, float("nan")],
    "\n 7.5000\n[torch.FloatTensor of size 1]\n": 7.5,
    "\n(0 ,.,.) = \n  1  2\n\n(1 ,.,.) = \n  3  4\n[torch.LongTensor of size 2x1x2]\n": [
        [[1, 2]], [[3, 4]]],
}  # fmt: skip


@pytest.mark.parametrize(("text", "data"), LEGACY.items(), ids=str)
def test_as_pytorch_0_3_printed(text: str, data: Any) -> None:
    torch.set_printoptions(legacy=True)
    tensor = torch.tensor(data)
    assert repr(tensor) == text
    variable = torch.autograd.Variable(tensor)
    assert repr(variable) == "Variable containing:" + text
    assert repr(variable * 1) == "Variable containing:" + text
    assert repr(variable.data) == text


def test_legacy_long_and_wide() -> None:
    torch.set_printoptions(legacy=True)
    long = repr(torch.arange(2000)).splitlines()
    assert [line.strip() for line in long[1:8]] == ["0", "1", "2", "⋮", "1997", "1998", "1999"]
    wide = repr(torch.zeros(2, 60))
    assert "Columns 0 to 12 " in wide
    assert "\nColumns 13 to 25 \n" in wide
    both = repr(torch.zeros(50, 50)).splitlines()
    assert both[1] == "    0     0     0  ...      0     0     0"
    assert "⋱" in both[4]
