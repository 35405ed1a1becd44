"""Large tensors in blocks that fit the cache, over threads, with nothing stored but results.

A pass goes through its rows in blocks. All steps are taken on one block while it is in the cache,
in buffers that each thread uses again and again. Blocks depend on shapes alone, and what a
reduction makes of each is combined in their order, so that results do not depend on threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt

from ..evaluate import LARGE, MAX_ELEMENTS, Array, Run, compute, limit, schedule, sized
from ..node import Node
from ..ops import VARIABLE, shape_text
from ..record import record
from ..sizes import entries
from .block_program import Program
from .parts import Reduction
from .passes import Pass, arrange, operands
from .rowwise import numbers, read

BLOCK = 1 << 16  # entries; smaller ones fit a nearer cache, but threads wait for each other more
STRETCHES = 128  # of blocks: what a thread takes at a time
MOST_THREADS = 8  # more do not get data from memory any faster

Progress = Callable[[float], object]  # told which share of the work is done, now and then


@record(frozen=True)
class Size:
    """From how many entries on a tensor is cut, into blocks of how many, for how many threads."""

    large: int = LARGE
    block: int = BLOCK
    threads: int = 0  # as many as there are processors


USUAL = Size()


def evaluate(
    roots: Sequence[Node],
    values: Mapping[str, Any],
    dtype: npt.DTypeLike = np.float64,
    *,
    max_elements: int = MAX_ELEMENTS,
    size: Size = USUAL,
    progress: Progress | None = None,
) -> list[Array]:
    """The values of `roots`, which differ from those of `evaluate.evaluate` in the last bits only:
    sums over large axes add up in another order, `var` and `std` over them are several passes.
    Raises GradError as it does."""
    arrays = {name: np.asarray(value) for name, value in values.items()}
    roots = sized(roots, arrays)
    limit(schedule(roots)[0], max_elements)
    return Blocks(roots, size)(arrays, dtype, progress)


class Blocks:
    """A graph of fixed shapes, ready to be computed in blocks."""

    def __init__(self, roots: Sequence[Node], size: Size = USUAL) -> None:
        self.inputs = [node for node in schedule(roots)[0] if node.op is VARIABLE]
        self.reading = read(roots, size.large, size.block)
        self.stages = arrange(self.reading)
        self.size = size

    @property
    def store_nothing(self) -> bool:
        """Whether nothing large is held in memory but the inputs and the results."""
        results = set(self.reading.roots)
        held: set[Node] = set()
        for stage in self.stages:
            held |= stage.what.stored if isinstance(stage.what, Pass) else set(stage.what.nodes)
        return all(
            node.op is VARIABLE or entries(node.shape) < self.size.large for node in held - results
        )

    def __call__(
        self,
        arrays: Mapping[str, Array],
        dtype: npt.DTypeLike = np.float64,
        progress: Progress | None = None,
    ) -> list[Array]:
        """The values of the roots, given arrays by name. Raises GradError G201, G302, G502."""
        run = Run(np.dtype(dtype), arrays)
        for node in self.inputs:
            run.given(node)  # is there, and has its shape
        clock = _Clock(progress, sum(isinstance(stage.what, Pass) for stage in self.stages))
        memo: dict[Node, Array] = {}
        with np.errstate(all="ignore"):
            for stage in self.stages:
                if isinstance(stage.what, Pass):
                    memo |= _values(Program(stage.what, run, memo), self.size, clock)
                    clock.done += 1
                else:
                    nodes, wanted = stage.what.nodes, stage.what.wanted
                    found = compute(wanted, nodes, self.reading.needs, arrays, dtype, known=memo)
                    memo |= {node: found[node] for node in wanted}
                for node in stage.spent:
                    memo.pop(node, None)
        return [memo[root] for root in self.reading.roots]

    @property
    def source(self) -> str:
        """What is done, to be read: functions of the table, called in a loop over blocks or not."""
        taken, names = operands(self.reading), dict[Node, str]()
        lines = []
        for stage in self.stages:
            indent = ""
            if isinstance(stage.what, Pass):
                lines.append(f"for rows in blocks of {shape_text(stage.what.lead)}:")
                indent = "    "
            for node in stage.nodes:
                for a in (*taken[node], node):
                    names.setdefault(a, a.attr("name") if a.op is VARIABLE else f"t{len(names)}")
                words = [names[a] for a in taken[node]]
                words += [f"{key}={value!r}" for key, value in node.attrs]
                if node.op is not VARIABLE:
                    lines.append(f"{indent}{names[node]} = {node.op.name}({', '.join(words)})")
        results = ", ".join(names[root] for root in self.reading.roots)
        return "\n".join([*lines, f"return {results}", ""])


@record()
class _Clock:
    """Tells how much of all passes is done, given the share of the present one."""

    tell: Progress | None
    passes: int
    done: int = 0

    def __call__(self, share: float) -> None:
        if self.tell is not None:
            self.tell((self.done + share) / self.passes)


# --- a pass ------------------------------------------------------------------------------------


def _values(program: Program, size: Size, clock: _Clock) -> dict[Node, Array]:
    """The results of a program for all rows. Threads take stretches of blocks, in turns."""
    height = max(1, size.block // program.width)
    stretch = height * ceil(program.rows / height / STRETCHES)
    count = ceil(program.rows / stretch)
    found: list[list[Array]] = [[] for _ in range(count)]  # the parts of each stretch

    def worker() -> Callable[[int], None]:
        buffers = program.buffers(height)

        def take(i: int) -> None:
            end = min((i + 1) * stretch, program.rows)
            starts = range(i * stretch, end, height)
            parts = [program.block(a, min(a + height, end), buffers) for a in starts]
            found[i] = _combined(program.reductions, parts)

        return take

    _share(count, min(size.threads or processors(), MOST_THREADS, count), worker, clock)
    values = {node: rows.reshape(numbers(node.shape)) for node, rows in program.kept.items()}
    totals = _combined(program.reductions, found)
    for reduction, total in zip(program.reductions, totals, strict=True):
        values[reduction.node] = reduction.result(total)
    return values


def _combined(reductions: Sequence[Reduction], blocks: Sequence[Sequence[Array]]) -> list[Array]:
    each = zip(*blocks, strict=True)
    return [r.combined(parts) for r, parts in zip(reductions, each, strict=True)]


def _share(
    count: int, threads: int, worker: Callable[[], Callable[[int], None]], clock: _Clock
) -> None:
    """Call a worker with each number below `count`; each thread makes one. The first failure ends
    it, Ctrl-C too."""
    todo = iter(range(count))  # each number comes out once, whoever asks
    failures: list[BaseException] = []

    def work(clock: _Clock | None = None) -> None:
        try:
            take = worker()
            with np.errstate(all="ignore"):  # each thread has its own
                for i in todo:
                    take(i)
                    if failures:
                        break
                    if clock is not None:
                        clock((i + 1) / count)
        except BaseException as failure:  # noqa: BLE001  raised below, in the main thread
            failures.append(failure)

    others = [Thread(target=work, daemon=True) for _ in range(threads - 1)]
    for thread in others:
        thread.start()
    work(clock)
    for thread in others:
        thread.join()
    if failures:
        raise failures[0]


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
