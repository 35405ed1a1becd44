"""Hessians: three models; the closed form written by hand in NumPy is 1."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np

from gradcalc.grammar.function import Function

from . import peers
from .compiled import LOGISTIC, NETWORK
from .rounds import Table, Task, interleaved

Arrays = dict[str, np.ndarray]
FACTORS = "sum((U @ V.T - R)**2)"


def logistic(X: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    s = 1 / (1 + np.exp(-(X @ w)))
    return X.T @ ((s * (1 - s) / len(y))[:, None] * X)


def factors(U: np.ndarray, V: np.ndarray, R: np.ndarray) -> np.ndarray:
    (n, k), own = U.shape, np.arange(len(U))
    found = np.zeros((n, k, n, k))
    found[own, :, own, :] = 2 * V.T @ V
    return found


def network(
    X: np.ndarray, Y: np.ndarray, A: np.ndarray, b: np.ndarray, B: np.ndarray, c: np.ndarray
) -> np.ndarray:
    """By A: what the second layer couples, and the curvature of each hidden unit."""
    (k, i), own = A.shape, np.arange(A.shape[1])
    hidden = np.tanh(X @ A + b)
    slope = 1 - hidden * hidden
    g = (hidden @ B + c - Y) @ B.T * (2 / Y.size)
    inner = (X[:, :, None] * slope[:, None, :]).reshape(len(X), -1)
    found = (inner.T @ inner).reshape(k, i, k, i) * (B @ B.T * (2 / Y.size))[:, None, :]
    bent = (X[:, :, None] * (-2 * hidden * slope * g)[:, None, :]).reshape(len(X), -1)
    found[:, own, :, own] += (bent.T @ X).reshape(k, i, k).transpose(1, 0, 2)
    return found


LOSSES = {LOGISTIC: peers.logistic, FACTORS: peers.factors, NETWORK: peers.network}


def _cases() -> dict[str, tuple[str, str, Callable[..., np.ndarray], Arrays]]:
    draw = np.random.default_rng(0).standard_normal

    def regression(n: int) -> Arrays:
        return {"X": draw((5 * n, n)), "y": (draw(5 * n) > 0) * 1.0, "w": draw(n) / 10}

    return {
        **{
            f"logistic regression, n = {n}": (LOGISTIC, "w", logistic, regression(n))
            for n in (100, 200, 400)
        },
        "matrix factorisation": (
            FACTORS, "U", factors, {"U": draw((40, 8)), "V": draw((30, 8)), "R": draw((40, 30))},
        ),
        "MLP": (
            NETWORK, "A", network,
            {"X": draw((64, 8)), "Y": draw((64, 4)), "A": draw((8, 16)) / 3, "b": draw(16),
             "B": draw((16, 4)) / 4, "c": draw(4)},
        ),
    }  # fmt: skip


def tables(rounds: int = 15) -> list[Table]:
    found = []
    for name, (text, x, by_hand, arrays) in _cases().items():
        function = Function(text)
        assert np.allclose(function.hessian(x, **arrays), by_hand(**arrays)), name
        tasks: dict[str, Task] = {
            "NumPy by hand": lambda run=by_hand, arrays=arrays: run(**arrays),
            "gradcalc": lambda f=function, x=x, arrays=arrays: f.hessian(x, **arrays),
        }
        tasks |= peers.hessians(LOSSES[text], arrays, x)
        note = f"`{text}`, twice by {x}, {arrays[x].size} entries. Target: 1.3."
        rows = interleaved(tasks, rounds, process_time)
        found.append(Table(f"Hessian: {name}", note, "us a call", 1, rows))
    return found


if __name__ == "__main__":
    print(*tables(), sep="\n")
