"""Printed functions run and agree: every row, its calls and its gradients, for every library here."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.node import Node, walk
from gradcalc.grad.ops import CONSTANT, VARIABLE, F, Op, constant, dimension, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grammar.print_python import print_python
from gradcalc.grammar.spellings import TARGETS

from ..grad import cases as making
from ..grad.cases import ROWS, Case, rng

cases = cache(making.cases)
MODULES = {"numpy": "numpy", "torch": "torch", "jax": "jax"}
every_target = pytest.mark.parametrize(
    "target",
    [
        pytest.param(t, marks=pytest.mark.skipif(not find_spec(m), reason=f"{m} is not installed"))
        for t, m in MODULES.items()
    ],
)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
# their signs, and the order of equal values, are for each library to choose
UNDETERMINED = {"eigenvectors", "svd_u", "svd_vh"}


def tensor(target: str, value: Any) -> Any:
    """An array as the library's tensor, floats in double precision."""
    if target == "torch":
        import torch

        return torch.tensor(value)
    if target == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        return jax.numpy.asarray(value)
    return np.asarray(value)


def run(target: Any, node: Node, values: dict[str, Any], lets: Any = ()) -> Any:
    """What the printed function returns for these values."""
    source = print_python(lets, node, target=target, inputs=list(values))
    space: dict[str, Any] = {}
    exec(compile(source, "<printed>", "exec"), space)  # noqa: S102
    with np.errstate(all="ignore"):
        result = space["gradient"](*(tensor(target, v) for v in values.values()))
    return np.asarray(result)


def agree(target: Any, node: Node, values: dict[str, Any]) -> None:
    (wanted,) = evaluate([node], values).results
    found = run(target, node, values)
    assert found.shape == wanted.shape
    chosen = UNDETERMINED & {n.op.name for n in walk([node])}
    if node.op.name in chosen:
        found, wanted = np.abs(found), np.abs(wanted)
    elif chosen and target != "numpy":
        return
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)


@every_target
@every_row
def test_calls_run(row: Op, target: Any) -> None:
    for one in cases(row):
        agree(target, one.node, one.values)


@every_target
@every_row
def test_gradients_run(row: Op, target: Any) -> None:
    for one in cases(row):
        for node, values in slopes(one):
            agree(target, node, values)


def slopes(one: Case) -> list[tuple[Node, dict[str, Any]]]:
    """The gradients of a call, with the values of everything in them."""
    if one.node.kind != "float" or not one.row.differentiable:
        return []
    seed = variable("seed", one.node.shape)
    shape = tuple(s for s in one.node.shape if isinstance(s, int))
    values = {**one.values, "seed": rng(one.row.name, "seed").uniform(-1, 1, shape)}
    return [(g, values) for g in gradient(one.node, one.floats, seed)]
