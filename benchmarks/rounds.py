"""Interleaved rounds: every task runs once a round, so that a busy machine slows all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple

Task = Callable[[], object]
SHORTEST = 0.02  # seconds; a shorter task is repeated within its round


class Row(NamedTuple):
    """How long a task takes; `ratio` to the first task of its table, within a round."""

    task: str
    seconds: float  # median
    ratio: float  # median, and the quartiles about it
    low: float
    high: float


class Table(NamedTuple):
    """One subject: what was compared, in rows, the first of which is 1."""

    title: str
    note: str
    unit: str  # one of UNITS
    per: int  # a task's time is divided by this
    rows: list[Row]

    def __str__(self) -> str:
        lines = [f"## {self.title}", "", self.note, "", f"| | ratio | quartiles | {self.unit} |"]
        lines.append("|---|---|---|---|")
        for row in self.rows:
            time = row.seconds / self.per * UNITS[self.unit]
            spread = f"{row.low:.2f} - {row.high:.2f}"
            lines.append(f"| {row.task} | {row.ratio:.2f} | {spread} | {time:.3g} |")
        return "\n".join(lines) + "\n"


UNITS = {
    "ms": 1e3,
    "us an operation": 1e6,
    "us a call": 1e6,
    "us a record": 1e6,
    "ns a number": 1e9,
}


def interleaved(
    tasks: Mapping[str, Task], rounds: int, clock: Callable[[], float] = perf_counter
) -> list[Row]:
    """The rows of a table. Each task is run once before anything is timed.

    The clock of tasks that neither wait nor use threads may be that of the processor.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    repeats = {name: _repeats(task) for name, task in tasks.items()}
    for _ in range(rounds):
        for name, task in tasks.items():
            start = clock()
            for _ in range(repeats[name]):
                task()
            times[name].append((clock() - start) / repeats[name])
    first = next(iter(times.values()))
    rows = []
    for name, taken in times.items():
        ratios = [a / b for a, b in zip(taken, first, strict=True)]
        low, ratio, high = statistics.quantiles(ratios, n=4)
        rows.append(Row(name, statistics.median(taken), ratio, low, high))
    return rows


def _repeats(task: Task) -> int:
    task()
    start = perf_counter()
    task()
    return max(1, round(SHORTEST / max(perf_counter() - start, 1e-7)))
