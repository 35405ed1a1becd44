"""JSON: a million numbers read and written; orjson is 1."""

from __future__ import annotations

import json

import numpy as np
import orjson

from gradcalc.cli import documents

from .rounds import Table, interleaved

NUMBERS = 1_000_000


def tables(rounds: int = 7) -> list[Table]:
    array = np.random.default_rng(0).standard_normal((NUMBERS // 1000, 1000))
    data = orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY)
    assert np.array_equal(documents.read_tensor(data, "x"), array)
    reading = {
        "orjson.loads and np.array": lambda: np.array(orjson.loads(data)),
        "orjson.loads": lambda: orjson.loads(data),
        "gradcalc": lambda: documents.read_tensor(data, "x"),
        "json.loads": lambda: json.loads(data),
    }
    writing = {
        "orjson, from the array": lambda: orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY),
        "gradcalc": lambda: documents.dumps(array),
        "orjson, by tolist": lambda: orjson.dumps(array.tolist()),
    }
    return [
        Table("JSON read", "A matrix of a million numbers, to an array.", "ns a number", NUMBERS,
              interleaved(reading, rounds)),
        Table("JSON written", "The same matrix, to bytes.", "ns a number", NUMBERS,
              interleaved(writing, rounds)),
    ]  # fmt: skip


if __name__ == "__main__":
    print(*tables(), sep="\n")
