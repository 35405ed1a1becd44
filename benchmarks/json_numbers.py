"""JSON: a million numbers read and written; orjson is 1."""

from __future__ import annotations

import json

import numpy as np
import orjson

from gradcalc.cli import documents

from .rounds import Table, interleaved

NUMBERS = 1_000_000


def _reading(title: str, shape: tuple[int, ...], rounds: int) -> Table:
    array = np.random.default_rng(0).standard_normal(shape)
    data = orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY)
    assert np.array_equal(documents.read_tensor(data, "x"), array)
    tasks = {
        "orjson.loads and np.array": lambda: np.array(orjson.loads(data)),
        "orjson.loads": lambda: orjson.loads(data),
        "gradcalc": lambda: documents.read_tensor(data, "x"),
        "json.loads": lambda: json.loads(data),
    }
    note = "A million numbers, to an array."
    return Table(f"JSON read: {title}", note, "ns a number", NUMBERS, interleaved(tasks, rounds))


def _writing(rounds: int) -> Table:
    array = np.random.default_rng(0).standard_normal((NUMBERS // 1000, 1000))
    tasks = {
        "orjson, from the array": lambda: orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY),
        "gradcalc": lambda: documents.dumps(array),
        "orjson, by tolist": lambda: orjson.dumps(array.tolist()),
    }
    note = "A matrix of a million numbers, to bytes."
    return Table("JSON written", note, "ns a number", NUMBERS, interleaved(tasks, rounds))


def tables(rounds: int = 7) -> list[Table]:
    return [
        _reading("a matrix", (NUMBERS // 1000, 1000), rounds),
        _reading("a list", (NUMBERS,), rounds),
        _reading("points", (NUMBERS // 2, 2), rounds),
        _writing(rounds),
    ]


if __name__ == "__main__":
    print(*tables(), sep="\n")
