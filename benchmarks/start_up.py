"""Start-up: a whole process, from its fork to its exit."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from .rounds import Table, interleaved

GRADCALC = str(Path(sys.executable).parent / "gradcalc")
SQUARES = ("mean(x*x)", "x=[[1,2],[3,4]]")
COMPLETION = (GRADCALC, "completion", "bash", "--isolated", "--", "9", " \t\n\"'><=;|&(:")
# As users have it: with compiled modules kept, and with a buffer before standard output.
UNUSUAL = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in UNUSUAL}
PEERS = ("autograd", "jax", "torch")


def _process(*command: str) -> None:
    nowhere = subprocess.DEVNULL
    subprocess.run(command, check=True, stdout=nowhere, stderr=nowhere, env=ENVIRONMENT)


def table(rounds: int = 15) -> Table:
    commands = {
        "python -c 'import numpy'": (sys.executable, "-c", "import numpy"),
        "python -c pass": (sys.executable, "-c", "pass"),
        "gradcalc --help": (GRADCALC, "--help"),
        "gradcalc completion, a function": (*COMPLETION, "gradcalc eval 'mean(sof"),
        "gradcalc completion, an option": (*COMPLETION, "gradcalc check x --re"),
        "gradcalc eval --json": (GRADCALC, "eval", *SQUARES, "--json"),
        "gradcalc eval": (GRADCALC, "eval", *SQUARES),
        "gradcalc diff": (GRADCALC, "diff", "mean((X @ w - y)**2)", "X:5,3", "w:3", "y:5"),
    } | {
        f"python -c 'import {peer}'": (sys.executable, "-c", f"import {peer}")
        for peer in PEERS
        if find_spec(peer)
    }
    tasks = {name: partial(_process, *command) for name, command in commands.items()}
    return Table(
        "Start-up",
        "A whole process, from its fork to its exit.",
        "ms",
        1,
        interleaved(tasks, rounds),
    )


if __name__ == "__main__":
    print(table())
