"""Comparisons with NumPy by hand and with peers: ``python -m benchmarks``, or one module.

Matrix products take one thread here: of more, a busy machine measures how they wait for each other.
Processes that are started from here are as they would be elsewhere.
"""

import os

_before = os.environ.get("OPENBLAS_NUM_THREADS")
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as numpy  # noqa: E402  # reads it once

if _before is None:
    del os.environ["OPENBLAS_NUM_THREADS"]
else:
    os.environ["OPENBLAS_NUM_THREADS"] = _before
