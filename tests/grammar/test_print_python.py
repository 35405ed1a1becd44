"""Printed functions run, and agree: every row, its calls and its gradients, in every library."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.node import TABLE, Node, walk
from gradcalc.grad.ops import F, Op, constant, dimension, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.rows import pointwise
from gradcalc.grammar.print_python import print_python
from gradcalc.grammar.spellings import TARGETS

from ..grad.cases import ROWS
from ..grad.test_rules import cases, seeded, smooth

HERE = [target for target in TARGETS if find_spec(target)]
# their signs are for each library to choose
UNDETERMINED = {"eigenvectors", "svd_u", "svd_vh"}

every_target = pytest.mark.parametrize("target", TARGETS)
every_library = pytest.mark.parametrize("target", HERE)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


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


def run(source: str, target: Any, *values: Any) -> Any:
    """What the printed function returns for these values."""
    space: dict[str, Any] = {}
    exec(compile(source, "<printed>", "exec"), space)  # noqa: S102
    with np.errstate(all="ignore"):
        return np.asarray(space["gradient"](*(tensor(target, v) for v in values)))


def agree(target: Any, node: Node, values: dict[str, Any]) -> None:
    (wanted,) = evaluate([node], values).results
    source = print_python((), node, target=target, inputs=list(values))
    found = run(source, target, *values.values())
    assert found.shape == wanted.shape
    chosen = UNDETERMINED & {n.op.name for n in walk([node])}
    if node.op.name in chosen:
        found, wanted = np.abs(found), np.abs(wanted)
    elif chosen and target != "numpy":
        return
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11, err_msg=source)


def source(node: Node, target: Any = "numpy", inputs: Any = ("x",), lets: Any = ()) -> str:
    return print_python(lets, node, target=target, inputs=inputs)


# --- looks -------------------------------------------------------------------------------------

X, w, y = variable("X", ("n", "d")), variable("w", ("d",)), variable("y", ("n",))
x = variable("x", (3,))
RESIDUAL = X @ w - y
SQUARES = F.sum(F.softmax(RESIDUAL) * F.maximum(RESIDUAL, 0)) / dimension("n")


@pytest.mark.parametrize(
    ("target", "lines"),
    [
        ("numpy", [
            "import numpy as np",
            "from scipy import special",
            "",
            "",
            "def gradient(X, w, y):",
            "    n = X.shape[0]",
            "    r = X @ w - y",
            "    return np.sum(special.softmax(r, axis=0) * np.maximum(r, 0)) / n",
        ]),
        ("torch", [
            "import torch",
            "",
            "",
            "def gradient(X, w, y):",
            "    n = X.shape[0]",
            "    r = X @ w - y",
            "    return torch.sum(torch.softmax(r, dim=0) * torch.clamp(r, min=0)) / n",
        ]),
        ("jax", [
            "import jax.numpy as jnp",
            "from jax import nn",
            "",
            "",
            "def gradient(X, w, y):",
            "    n = X.shape[0]",
            "    r = X @ w - y",
            "    return jnp.sum(nn.softmax(r, axis=0) * jnp.maximum(r, 0)) / n",
        ]),
    ],
)  # fmt: skip
def test_looks(target: Any, lines: Sequence[str]) -> None:
    text = source(SQUARES, target, ["X", "w", "y"], [("r", RESIDUAL)])
    assert text.splitlines() == lines


def test_a_part_may_stand_as_a_variable() -> None:
    r = variable("r", ("n",))
    lets = [("r", RESIDUAL), ("s", F.sum(r * r))]
    text = source(r * variable("s"), "numpy", ["X", "w", "y"], lets)
    assert text.splitlines()[3:] == [
        "def gradient(X, w, y):",
        "    r = X @ w - y",
        "    s = np.sum(r * r)",
        "    return r * s",
    ]


def last(node: Node, target: Any = "numpy", inputs: Any = ("x",)) -> str:
    return source(node, target, inputs).splitlines()[-1].removeprefix("    return ")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (-(x**2), "-x**2"),
        ((-x) ** 2, "(-x)**2"),
        (2 ** (x + 1) / 3, "2**(x + 1) / 3"),
        (x - (x - 1), "x - (x - 1)"),
        ((x + 1) @ x, "(x + 1) @ x"),
        (F.sum(x > 1), "np.sum(x > 1)"),
        (x + float("inf"), "x + np.inf"),
        (x * np.pi, "x * np.pi"),
        (x[1:], "x[1:]"),
        (x[[0, 2]], "x[[0, 2]]"),
        (F.reciprocal(x + 1), "1 / (x + 1)"),
        (F.detach(x + 1) * 2, "(x + 1) * 2"),
    ],
)
def test_expressions(node: Node, text: str) -> None:
    assert last(node) == text


def test_definitions_and_imports_come_with_use() -> None:
    assert "def " not in source(F.sin(x)).partition("def gradient")[0]
    text = source(F.iv(2, x), "torch")
    assert text.startswith("import math\n\nimport torch\n\n\ndef iv(n, x):\n")


def test_no_line_is_long() -> None:
    v = x
    for k in range(40):
        v = F.sin(v) * F.cos(v + k) + F.where(v > k, v, F.softmax(v))
    for target in TARGETS:
        assert max(map(len, source(v, target).splitlines())) <= 100


def test_shared_and_long_graphs_are_short() -> None:
    v = variable("v")
    for _ in range(40):
        v = v + v
    assert len(source(v, inputs=["v"])) < 2_000
    for _ in range(20_000):
        v = F.sin(v)
    start = perf_counter()
    source(v, inputs=["v"])
    assert perf_counter() - start < 4


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lambda", "np", "special", "t1", "λ", "x²", "gradient", "range"])
def test_any_name_is_an_input(name: str) -> None:
    v = variable(name, (3,))
    node = F.erf(v) * F.sum(F.erf(v) + F.arange(3))
    agree("numpy", node, {name: np.array([0.1, 0.2, 0.3])})


def test_names_that_python_takes_for_one() -> None:
    agree("numpy", variable("ﬁ") - variable("fi"), {"ﬁ": np.float64(3), "fi": np.float64(1)})


def test_a_size_and_an_input_of_one_name() -> None:
    v = variable("v", ("n",))
    text = source(F.sum(v) / dimension("n") * variable("n"), inputs=["v", "n"])
    assert run(text, "numpy", np.ones(4), np.float64(3)) == 3


def test_sizes_are_read_off_shapes() -> None:
    v = variable("v", ("2*n",))
    text = source(F.sum(v) * dimension("n"), inputs=["v"])
    assert "    n = v.shape[0] // 2\n" in text
    ones = F.ones(("n", "d")) / dimension("d*n")
    assert (
        run(source(ones, inputs={"X": X}), "numpy", np.zeros((2, 3))).tolist() == [[1 / 6] * 3] * 2
    )


def test_a_size_that_no_input_has() -> None:
    with pytest.raises(GradError, match="size `n`") as caught:
        source(F.ones(("n",)))
    assert caught.value.code == "G117"


# --- numbers -----------------------------------------------------------------------------------


@every_library
@pytest.mark.parametrize(
    "node",
    [
        x + constant(1) / constant(0),
        x * constant(-8.0) ** constant(0.5),
        x + constant(0) ** constant(-1),
        x * F.log(2) + F.exp(constant(1)),
        F.where(x > 0, 0.1, 0.2),
        F.maximum(F.maximum(1, 2), x),
        F.clamp(x, min=0.5, max=x + 1),
        F.unsqueeze(constant(2.0), 0) + x,
        constant(np.array([1, 2, 4])) ** -1.0 + x,
        (x > 0) * 2.5 - (x > 0.5),
        F.sum(x > 0) / constant(2),
        F.mean(x > 0),
        F.sin(F.sum(x > 0)),
        constant(1.0),
        F.ones(3),
        F.broadcast_to(constant(0.5), (2, 3)),
    ],
)
def test_numbers_are_numbers_of_the_library(node: Node, target: str) -> None:
    agree(target, node, {"x": np.array([-0.25, 0.25, 0.75])})


# --- the whole table ---------------------------------------------------------------------------


@every_target
@every_row
def test_every_row_is_written(row: Op, target: Any) -> None:
    for one in cases(row):
        ast.parse(source(one.node, target, list(one.values)))


def test_what_cannot_be_written_is_said() -> None:
    unheard = pointwise("unheard_of(x)", np.sin, None, doc="A row without a spelling.")
    try:
        with pytest.raises(GradError, match="`unheard_of` cannot be written for JAX") as caught:
            source(unheard(x), "jax")
        assert caught.value.code == "G117"
        assert caught.value.help
    finally:
        del TABLE["unheard_of"]


@every_library
@every_row
def test_calls_run(row: Op, target: str) -> None:
    for one in cases(row):
        agree(target, one.node, one.values)


@every_library
@every_row
def test_gradients_run(row: Op, target: str) -> None:
    for one in smooth(row):
        seed, value = seeded(one)
        for g in gradient(one.node, one.floats, seed):
            agree(target, g, {**one.values, "seed": value})
