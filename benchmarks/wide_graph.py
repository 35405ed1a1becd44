"""A wide graph: the cost of one operation on small arrays, of thousands; NumPy by hand is 1."""

from __future__ import annotations

from time import process_time

import numpy as np

from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.execution.plan import plan
from gradcalc.grad.ops import variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.simplify.exact import exact
from gradcalc.grammar.build import build
from gradcalc.grammar.parse import parse

from .rounds import Table, interleaved

TERMS = 2_000  # of four operations each
ENTRIES = 8


def by_hand(x: np.ndarray) -> np.ndarray:
    total = np.zeros_like(x)
    for k in range(1, TERMS + 1):
        total = total + np.tanh(x * k) * x
    return total


def by_hand_with_gradient(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total, slope = np.zeros_like(x), np.zeros_like(x)
    for k in range(1, TERMS + 1):
        t = np.tanh(x * k)
        total = total + t * x
        slope = slope + (t + x * ((1 - t * t) * k))
    return total, slope


def table(rounds: int = 7) -> Table:
    text = "sum(" + " + ".join(f"tanh(x*{k})*x" for k in range(1, TERMS + 1)) + ")"
    inputs = {"x": variable("x", (ENTRIES,))}
    x = np.linspace(-1, 1, ENTRIES)
    tree = parse(text)
    root = build(tree, inputs).root
    slopes = gradient(root, [inputs["x"]])
    value_plan, both_plan = plan([root]), plan([root, *slopes])
    assert np.isclose(value_plan({"x": x})[0], by_hand(x).sum())
    assert np.allclose(both_plan({"x": x})[1], by_hand_with_gradient(x)[1])
    tasks = {
        "NumPy by hand, value": lambda: by_hand(x),
        "NumPy by hand, value and gradient": lambda: by_hand_with_gradient(x),
        "run a plan, value": lambda: value_plan({"x": x}),
        "run a plan, value and gradient": lambda: both_plan({"x": x}),
        "text to plan": lambda: plan(exact([build(parse(text), inputs).root])),
        "parse": lambda: parse(text),
        "build": lambda: build(tree, inputs),
        "gradient": lambda: gradient(root, [inputs["x"]]),
        "plan": lambda: plan([root]),
        "evaluate without a plan": lambda: evaluate([root], {"x": x}),
    }
    rows = interleaved(tasks, rounds, process_time)
    note = (
        f"A sum of {TERMS} terms `tanh(x*k)*x`, {ENTRIES} entries each. Targets: plans 1.05 times "
        "NumPy by hand, text to plan 60 us an operation."
    )
    return Table("A wide graph", note, "us an operation", 4 * TERMS, rows)


if __name__ == "__main__":
    print(table())
