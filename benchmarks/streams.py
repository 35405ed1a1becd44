"""Streams: JSON Lines of two vectors of 8, value and gradients; a whole process each."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import numpy as np
import orjson

from .rounds import Table, interleaved
from .start_up import ENVIRONMENT, GRADCALC

RECORDS = 20_000
EXPRESSION = "sum((x - y)**2 * exp(-x))"

BATCHED = """
import sys, numpy as np, orjson
lines = sys.stdin.buffer.readlines()
for at in range(0, len(lines), 1024):
    records = [orjson.loads(line) for line in lines[at:at + 1024]]
    x = np.array([r["x"] for r in records]); y = np.array([r["y"] for r in records])
    d, e = x - y, np.exp(-x)
    values = (d*d*e).sum(1).tolist(); gx = (2*d*e - d*d*e).tolist(); gy = (-2*d*e).tolist()
    for n, (v, a, b) in enumerate(zip(values, gx, gy), at + 1):
        out = {"gradcalc": 1, "n": n, "value": v, "grads": {"x": a, "y": b}}
        sys.stdout.buffer.write(orjson.dumps(out) + b"\\n")
"""
ONE_BY_ONE = """
import sys, numpy as np, orjson
for n, line in enumerate(sys.stdin.buffer, 1):
    r = orjson.loads(line); x = np.array(r["x"]); y = np.array(r["y"])
    d, e = x - y, np.exp(-x)
    out = {"gradcalc": 1, "n": n, "value": (d*d*e).sum(),
           "grads": {"x": 2*d*e - d*d*e, "y": -2*d*e}}
    sys.stdout.buffer.write(orjson.dumps(out, option=orjson.OPT_SERIALIZE_NUMPY) + b"\\n")
"""


def _filter(command: list[str], data: bytes) -> None:
    nowhere = subprocess.DEVNULL
    subprocess.run(command, input=data, check=True, stdout=nowhere, stderr=nowhere, env=ENVIRONMENT)


def table(rounds: int = 7) -> Table:
    draw = np.random.default_rng(0).standard_normal((RECORDS, 2, 8)).tolist()
    data = b"".join(orjson.dumps({"x": x, "y": y}) + b"\n" for x, y in draw)
    commands = {
        "NumPy by hand, in batches": [sys.executable, "-c", BATCHED],
        "NumPy by hand, one by one": [sys.executable, "-c", ONE_BY_ONE],
        "gradcalc eval --jsonl": [GRADCALC, "eval", EXPRESSION, "--jsonl"],
        "gradcalc eval --jsonl --jobs 2": [GRADCALC, "eval", EXPRESSION, "--jsonl", "--jobs", "2"],
    }
    tasks = {name: partial(_filter, command, data) for name, command in commands.items()}
    note = f"`{EXPRESSION}`, {RECORDS} records, the start of the process included."
    return Table("Streams", note, "us a record", RECORDS, interleaved(tasks, rounds))


if __name__ == "__main__":
    print(table())
