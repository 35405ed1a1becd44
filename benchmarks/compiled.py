"""Compiled functions: value and gradient of three models; NumPy written by hand is 1."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from gradcalc.grammar.function import Function

from . import peers
from .rounds import Table, Task, interleaved

Arrays = dict[str, np.ndarray]
Answer = tuple[Any, Arrays]


def logistic(X: np.ndarray, y: np.ndarray, w: np.ndarray) -> Answer:
    z = X @ w
    value = np.mean(np.logaddexp(0, z) - y * z)
    return value, {"w": X.T @ ((1 / (1 + np.exp(-z)) - y) / len(y))}


LOGISTIC = "z = X @ w; mean(softplus(z) - y*z)"


def network(
    X: np.ndarray, Y: np.ndarray, A: np.ndarray, b: np.ndarray, B: np.ndarray, c: np.ndarray
) -> Answer:
    hidden = np.tanh(X @ A + b)
    left = hidden @ B + c - Y
    g = left * (2 / left.size)
    inner = (g @ B.T) * (1 - hidden * hidden)
    slopes = {"A": X.T @ inner, "b": inner.sum(0), "B": hidden.T @ g, "c": g.sum(0)}
    return np.mean(left * left), slopes


NETWORK = "h = tanh(X @ A + b); mean((h @ B + c - Y)**2)"


def mixture(x: np.ndarray, alpha: np.ndarray, m: np.ndarray, q: np.ndarray) -> Answer:
    """Gaussians with diagonal covariances: log weights, means, and log precisions."""
    scale = np.exp(q)
    apart = x[:, None, :] - m
    scaled = apart * scale
    inner = alpha + q.sum(1) - 0.5 * (scaled * scaled).sum(2)
    top = inner.max(1, keepdims=True)
    weights = np.exp(inner - top)
    sums = weights.sum(1, keepdims=True)
    value = (top + np.log(sums)).sum() - len(x) * (
        alpha.max() + np.log(np.exp(alpha - alpha.max()).sum())
    )
    weights /= sums
    total = weights.sum(0)
    soft = np.exp(alpha - alpha.max())
    pulled = weights[:, :, None] * scaled
    slopes = {
        "alpha": total - len(x) * soft / soft.sum(),
        "m": (pulled * scale).sum(0),
        "q": total[:, None] - (pulled * scaled).sum(0),
    }
    return value, slopes


MIXTURE = (
    "d = (unsqueeze(x, 1) - m) * exp(q);"
    "sum(logsumexp(alpha + sum(q, 1) - 0.5*sum(d*d, 2), 1)) - x.shape[0]*logsumexp(alpha, 0)"
)

LOSSES = {LOGISTIC: peers.logistic, NETWORK: peers.network, MIXTURE: peers.mixture}


def _models() -> dict[str, tuple[str, Callable[..., Answer], list[str], Arrays]]:
    draw = np.random.default_rng(0).standard_normal
    return {
        "logistic regression": (
            LOGISTIC, logistic, ["w"],
            {"X": draw((10_000, 50)), "y": (draw(10_000) > 0) * 1.0, "w": draw(50)},
        ),
        "small logistic regression": (
            LOGISTIC, logistic, ["w"],
            {"X": draw((20, 5)), "y": (draw(20) > 0) * 1.0, "w": draw(5)},
        ),
        "MLP": (
            NETWORK, network, ["A", "b", "B", "c"],
            {"X": draw((512, 64)), "Y": draw((512, 10)), "A": draw((64, 256)) / 8,
             "b": draw(256), "B": draw((256, 10)) / 16, "c": draw(10)},
        ),
        "GMM": (
            MIXTURE, mixture, ["alpha", "m", "q"],
            {"x": draw((500, 20)), "alpha": draw(10), "m": draw((10, 20)),
             "q": draw((10, 20)) / 4},
        ),
    }  # fmt: skip


def tables(rounds: int = 15) -> list[Table]:
    found = []
    for name, (text, by_hand, wrt, arrays) in _models().items():
        function = Function(text, wrt=wrt)
        value, slopes = function.value_and_grad(**arrays)
        expected, theirs = by_hand(**arrays)
        assert np.isclose(value, expected), (name, value, expected)
        assert all(np.allclose(slopes[v], theirs[v]) for v in wrt), name
        tasks: dict[str, Task] = {
            "NumPy by hand": lambda run=by_hand, arrays=arrays: run(**arrays),
            "gradcalc, value and gradient": lambda f=function, arrays=arrays: f.value_and_grad(
                **arrays
            ),
            "gradcalc, value alone": lambda f=function, arrays=arrays: f(**arrays),
        }
        tasks |= peers.gradients(LOSSES[text], arrays, wrt)
        rows = interleaved(tasks, rounds, process_time)
        cost = rows[1].seconds / rows[2].seconds
        note = (
            f"`{text}`, value and gradient by {', '.join(wrt)}. Target: 1.15. The gradient and the "
            f"value take {cost:.2f} times the value alone; target: 2.3."
        )
        found.append(Table(name, note, "us a call", 1, rows))
    return found


if __name__ == "__main__":
    print(*tables(), sep="\n")
