"""Tensors behave as PyTorch's: a session recorded there, every row as a function, history."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest

import gradcalc.grad as torch
from gradcalc.grad.autograd import Variable
from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.ops import F, Op
from gradcalc.grad.reverse import gradient
from gradcalc.grad.tensors.tape import GradFn
from gradcalc.grad.tensors.tensor import METHODS

from .cases import ROWS, cases
from .torch_session import LINES, answer


def leaf(*values: float) -> Any:
    return torch.tensor(values, requires_grad=True)


# --- as PyTorch --------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "said"), LINES, ids=[line[:60] for line, _ in LINES])
def test_the_session_goes_as_it_went_with_pytorch(line: str, said: str) -> None:
    assert answer(line, torch) == said


def test_the_session_goes_as_it_says_with_the_pytorch_installed_here() -> None:
    peer = pytest.importorskip("torch")
    differing = [line for line, said in LINES if answer(line, peer) != said]
    assert not differing


def test_every_name_tutorials_import_is_there() -> None:
    from gradcalc.grad.autograd import Variable as V

    assert torch.autograd.Variable is V
    assert isinstance(leaf(1.0), V)
    assert isinstance(leaf(1.0), torch.FloatTensor)
    assert not isinstance(leaf(1.0), torch.LongTensor)
    assert torch.nn.functional.relu(leaf(-1.0)).item() == 0
    assert torch.linalg.det(torch.eye(2)).item() == 1
    with pytest.raises(AttributeError, match="module 'torch' has no attribute 'foo'"):
        _ = torch.foo


def test_the_core_is_imported_without_numpy() -> None:
    """A name of PyTorch loads the tensors; a module of the core loads itself."""
    code = "import sys, gradcalc.grad.node; print('numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout == "False\n", found.stderr


def test_errors_are_coded_and_caught_as_pytorchs() -> None:
    with pytest.raises(RuntimeError, match="must match the size") as caught:
        torch.ones(2) + torch.ones(3)
    assert isinstance(caught.value, GradError)
    assert caught.value.code == "G302"
    with pytest.raises(IndexError):
        _ = torch.ones(2)[5]
    with pytest.raises(TypeError):
        torch.ones(2) + None


# --- the same rules ----------------------------------------------------------------------------

TENSOR_ROWS = [row for row in ROWS if row.name in METHODS and not row.hidden]
# functions that PyTorch defines otherwise than the row of that name
OTHERWISE = {"equal", "numel", "slogdet", "view", "rand_like", "randn_like"}
PARTS = {"meshgrid", "split", "chunk", "tensor_split", "unbind"}  # several tensors


@pytest.mark.parametrize("row", TENSOR_ROWS, ids=lambda row: row.name)
def test_a_row_has_the_value_and_gradient_it_has_on_the_graph(row: Op) -> None:
    if row.name in OTHERWISE | PARTS:
        pytest.skip("not one result, or not that of the row")
    for case in cases(row)[:2]:
        tensors = {
            name: torch.tensor(value, requires_grad=np.asarray(value).dtype.kind == "f")
            for name, value in case.arrays.items()
        }
        made = case.call(METHODS[row.name], tensors)
        if isinstance(made, tuple):
            made = made[0]
        if isinstance(case.node, tuple) or made.dtype is not torch.float64:
            continue
        value = evaluate([case.node], case.values).results[0]
        np.testing.assert_allclose(made.detach().numpy(), value, rtol=1e-12, atol=1e-14)
        wrt = [x for x in case.floats if tensors[x.attr("name")].requires_grad]
        if not made.requires_grad or not wrt:
            continue
        seed = np.linspace(0.5, 1.5, made.numel()).reshape(made.shape)
        made.backward(torch.from_numpy(seed))
        wanted = evaluate(gradient(case.node, wrt, F.tensor(seed)), case.values).results
        for x, g in zip(wrt, wanted, strict=True):
            found = tensors[x.attr("name")].grad
            assert found is not None, case.label
            np.testing.assert_allclose(found.numpy(), g, rtol=1e-9, atol=1e-12, err_msg=case.label)


def test_a_branch_not_taken_does_not_leak_nan() -> None:
    """PyTorch gives nan here."""
    x = leaf(1.0, -1.0)
    torch.where(x > 0, x.sqrt(), x).sum().backward()
    assert x.grad.tolist() == [0.5, 1.0]


# --- history -----------------------------------------------------------------------------------


def test_volatile_spreads_and_outranks_requires_grad() -> None:
    regular, flag = leaf(1.0, 2.0), Variable(torch.ones(2), volatile=True)
    both = regular * flag
    assert (both.volatile, both.requires_grad, both.grad_fn) == (True, False, None)
    assert (both + 1).volatile
    assert not regular.volatile
    with pytest.raises(RuntimeError, match="can't be volatile and require_grad"):
        Variable(torch.ones(2), requires_grad=True, volatile=True)


def test_a_saved_value_may_be_overwritten_where_the_gradient_does_not_need_it() -> None:
    x = leaf(1.0, 2.0)
    y = x * 1
    total = (y + y).sum() + (y * 3).sum()
    y.zero_()
    total.backward()
    assert x.grad.tolist() == [5.0, 5.0]


def test_hooks_see_and_may_replace_gradients() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3
    seen: list[Any] = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = x.register_hook(lambda g: g * 10)
    y.sum().backward(retain_graph=True)
    assert (seen, x.grad.tolist()) == ([[1.0, 1.0]], [30.0, 30.0])
    handle.remove()
    x.grad = None
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_grad_of_what_is_not_a_leaf_warns() -> None:
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="not a leaf Tensor"):
        assert y.grad is None
    y.retain_grad()
    y.backward()
    assert y.grad.item() == 1


def test_decorators_and_switches() -> None:
    x = leaf(1.0)

    @torch.no_grad()
    def frozen() -> Any:
        return x * 2

    assert not frozen().requires_grad
    with torch.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad
    torch.set_grad_enabled(False)
    try:
        assert not torch.is_grad_enabled()
        with torch.enable_grad():
            assert (x * 2).requires_grad
    finally:
        torch.set_grad_enabled(True)


def test_views_share_memory_and_history() -> None:
    base = torch.zeros(2, 3)
    part = base[0]
    x = leaf(1.0, 2.0, 3.0)
    part.copy_(x)
    base.mul_(2)
    assert part.tolist() == [2.0, 4.0, 6.0]
    (base.sum() + part.sum()).backward()
    assert x.grad.tolist() == [4.0, 4.0, 4.0]
    column = base.t()[1]
    with torch.no_grad():
        column.fill_(7)
    assert base[:, 1].tolist() == [7.0, 7.0]


def test_third_derivative() -> None:
    x = leaf(2.0)
    g: Any = (x**4).sum()
    for expected in (32.0, 48.0, 48.0):
        (g,) = torch.autograd.grad(g.sum(), x, create_graph=True)
        assert g.item() == expected


def test_create_graph_through_shared_and_reduced_steps() -> None:
    x = leaf(0.5, -1.5, 2.0)
    y = torch.softmax(x, 0) * torch.tanh(x) + x.prod() / x.norm()
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    (found,) = torch.autograd.grad((g * g).sum(), x)
    f = lambda v: torch.softmax(v, 0) * torch.tanh(v) + v.prod() / v.norm()

    def slope(values: Any) -> Any:
        v = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        (inner,) = torch.autograd.grad((f(v) ** 2).sum(), v)
        return float((inner * inner).sum())

    step = 1e-6
    numerical = [
        (slope(x.double().detach().numpy() + d) - slope(x.double().detach().numpy() - d)) / 2 / step
        for d in np.eye(3) * step
    ]
    np.testing.assert_allclose(found.numpy(), numerical, rtol=1e-3)


# --- where PyTorch and NumPy go other ways ------------------------------------------------------


def test_linalg_norm_is_that_of_the_matrix() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = torch.linalg.norm(x, 2)
    assert y.grad_fn.name() == "AmaxBackward0"
    np.testing.assert_allclose(y.item(), 5.4649857, rtol=1e-7)
    np.testing.assert_allclose(torch.norm(x, 2).item(), 5.4772256, rtol=1e-7)
    assert torch.linalg.norm(x, dim=1).grad_fn.name() == "LinalgVectorNormBackward0"


def test_whole_numbers_divided_by_zero() -> None:
    for divide in (lambda x: x // 0, lambda x: x % 0, lambda x: 5 // (x * 0)):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            divide(torch.tensor([5]))


def test_an_entry_written_twice() -> None:
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[[0, 0]] = x[1:]
    (y**2).sum().backward()
    assert y.tolist() == [3.0, 2.0, 3.0]
    assert x.grad.tolist() == [0.0, 4.0, 12.0]


def test_the_median_of_nan() -> None:
    x = leaf(1.0, np.nan, 3.0)
    x.median().backward()
    assert x.grad.tolist() == [0.0, 1.0, 0.0]
    assert x.median(0).indices.item() == 1


# --- long programs -----------------------------------------------------------------------------


def descend(steps: int) -> tuple[Any, Any]:
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    for _ in range(steps):
        y = y * 1.0001 + x * 0.001
    return x, y.sum()


def test_a_graph_goes_when_its_result_goes() -> None:
    """By counting references alone: nothing waits for the collector."""
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(o, GradFn) for o in gc.get_objects())
        _, total = descend(50)
        total.backward()
        del total
        assert sum(isinstance(o, GradFn) for o in gc.get_objects()) == before
    finally:
        gc.enable()


@pytest.mark.parametrize("steps", [1500, pytest.param(50_000, marks=pytest.mark.slow)])
def test_a_long_loop_neither_recurses_nor_leaks(steps: int) -> None:
    descend(10)[1].backward()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        x, total = descend(steps)
        held = tracemalloc.get_traced_memory()[0] - before
        total.backward()
        del total
        gc.collect()
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert np.isfinite(x.grad.numpy()).all()
    assert left < held / 10
    assert left < 300_000


def test_a_loop_that_throws_graphs_away_does_not_grow() -> None:
    w = leaf(0.5, 0.5)

    def step(i: int) -> None:
        loss = ((w * float(i) - 1) ** 2).mean()
        loss.backward()
        w.data -= 1e-9 * w.grad
        w.grad.zero_()

    for i in range(300):
        step(i)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for i in range(300):
            step(i)
        assert tracemalloc.get_traced_memory()[0] - before < 100_000
    finally:
        tracemalloc.stop()


def test_nothing_warns_without_reason() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = leaf(-1.0, 0.0)
        x.log().sum().backward()
        assert x.grad.tolist() == [-1.0, np.inf]
