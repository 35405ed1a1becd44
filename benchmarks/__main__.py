"""All comparisons, one after the other, written to docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from . import (
    compiled,
    hessians,
    json_numbers,
    large_tensors,
    scaling,
    start_up,
    streams,
    wide_graph,
)
from .rounds import Table
from .scaling import Chart

REPORT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PACKAGES = ("gradcalc", "numpy", "scipy", "orjson", "typer", "lark", "torch", "jax", "autograd")
HEAD = """\
# Benchmarks

Written by `make bench`. Every table is one run in which the tasks take turns, so that a busy
machine slows all of them: read the ratios, which are medians of ratios within a round, with their
quartiles. The first row of a table is 1. Times are medians, of the processor where a task runs in
one process and one thread, which matrix products are held to.
"""


def machine() -> str:
    """What was measured on, without saying where that is."""
    processor = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    system = f"{platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    return f"{processor}, {os.cpu_count()} processors; {system}"


def versions() -> str:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def main() -> None:
    tables: list[Table | Chart] = [start_up.table(), wide_graph.table(), scaling.chart()]
    tables += [*compiled.tables(), *hessians.tables(), *large_tensors.tables()]
    tables += [*json_numbers.tables(), streams.table()]
    text = "\n".join([HEAD, machine() + ".", versions() + ".", "", *map(str, tables)])
    REPORT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
