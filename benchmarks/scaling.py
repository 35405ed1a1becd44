"""Scaling: what a node costs from text to print, from a thousand nodes to a million."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time
from typing import Any, NamedTuple

from gradcalc.grad.execution.plan import plan
from gradcalc.grad.ops import variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.simplify.exact import exact
from gradcalc.grammar.build import build
from gradcalc.grammar.parse import parse
from gradcalc.grammar.print_python import print_python
from gradcalc.grammar.print_text import print_program

SIZES = (1_000, 10_000, 100_000, 1_000_000)  # nodes
PER_TERM = 4  # nodes of `tanh(x*k)*x`, added to others
PER_MARK = 2  # microseconds a mark of the chart stands for


class Chart(NamedTuple):
    """The microseconds a node took, of each step and for each size."""

    title: str
    note: str
    sizes: tuple[int, ...]
    steps: dict[str, list[float]]

    def __str__(self) -> str:
        lines = [f"## {self.title}", "", self.note, "", "```"]
        for step, times in self.steps.items():
            lines.append(step)
            for size, time in zip(self.sizes, times, strict=True):
                lines.append(f"{size:>12,} {time:6.1f} {'#' * round(time / PER_MARK)}")
        return "\n".join([*lines, "```"]) + "\n"


def chart(sizes: tuple[int, ...] = SIZES) -> Chart:
    steps: dict[str, list[float]] = {}
    for size in sizes:
        for step, seconds in _steps(size // PER_TERM).items():
            steps.setdefault(step, []).append(seconds / size * 1e6)
    note = (
        "A sum of terms `tanh(x*k)*x`: microseconds of the processor a node, for as many nodes "
        "of the value. Target: the same for every size."
    )
    return Chart("Scaling", note, sizes, steps)


def _steps(terms: int) -> dict[str, float]:
    times: dict[str, float] = {}

    def timed(step: str, task: Callable[[], Any]) -> Any:
        start = process_time()
        found = task()
        times[step] = process_time() - start
        return found

    gc.collect()
    text = "sum(" + " + ".join(f"tanh(x*{k})*x" for k in range(1, terms + 1)) + ")"
    x = variable("x", (8,))
    tree = timed("parse", lambda: parse(text))
    root = timed("build", lambda: build(tree, {"x": x}).root)
    (root,) = timed("simplify, exact phase", lambda: exact([root]))
    slopes = timed("differentiate", lambda: gradient(root, [x]))
    timed("plan, value", lambda: plan([root]))
    timed("plan, value and gradient", lambda: plan([root, *slopes]))
    timed("print", lambda: print_program(root))
    timed("print for NumPy", lambda: print_python((), root, target="numpy", inputs=["x"]))
    return times


if __name__ == "__main__":
    print(chart())
