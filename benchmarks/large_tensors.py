"""Large tensors: value and gradient over ten million entries; NumPy written by hand is 1."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from gradcalc.grammar.function import Function

from .rounds import Table, Task, interleaved

SIZE = 10_000_000
BY_HAND, GRADCALC = "NumPy by hand", "gradcalc"
Arrays = dict[str, np.ndarray]
Answer = tuple[Any, np.ndarray]  # the value, and the gradient by x


def mean_of_squares(x: np.ndarray) -> Answer:
    return np.mean(x * x), 2 * x / x.size


def wavelet(x: np.ndarray) -> Answer:
    bell, wave = np.exp(-x * x), np.sin(x)
    return np.sum(bell * wave), bell * np.cos(x) - 2 * x * bell * wave


def logistic(x: np.ndarray) -> Answer:
    z = x * 1.5 + 0.5
    return np.mean(np.logaddexp(0, z)), 1.5 / x.size / (1 + np.exp(-z))


MODELS: dict[str, Callable[[np.ndarray], Answer]] = {
    "mean(x*x)": mean_of_squares,
    "sum(exp(-x*x)*sin(x))": wavelet,
    "mean(softplus(1.5*x + 0.5))": logistic,
}


def entries() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(SIZE)


# --- peers -------------------------------------------------------------------------------------


def in_torch(text: str, x: np.ndarray) -> Task:
    import torch

    f = {
        "mean(x*x)": lambda x: (x * x).mean(),
        "sum(exp(-x*x)*sin(x))": lambda x: (torch.exp(-x * x) * torch.sin(x)).sum(),
        "mean(softplus(1.5*x + 0.5))": lambda x: torch.nn.functional.softplus(1.5 * x + 0.5).mean(),
    }[text]
    tensor = torch.from_numpy(x).requires_grad_()

    def run() -> object:
        value = f(tensor)
        return value, torch.autograd.grad(value, tensor)

    return run


def in_jax(text: str, x: np.ndarray) -> Task:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    f = {
        "mean(x*x)": lambda x: jnp.mean(x * x),
        "sum(exp(-x*x)*sin(x))": lambda x: jnp.sum(jnp.exp(-x * x) * jnp.sin(x)),
        "mean(softplus(1.5*x + 0.5))": lambda x: jnp.mean(jax.nn.softplus(1.5 * x + 0.5)),
    }[text]
    compiled, array = jax.jit(jax.value_and_grad(f)), jnp.asarray(x)
    return lambda: jax.block_until_ready(compiled(array))


PEERS = {"torch": ("PyTorch", in_torch), "jax": ("JAX, compiled", in_jax)}


# --- tables ------------------------------------------------------------------------------------


def tasks(text: str, x: np.ndarray) -> dict[str, Task]:
    function, by_hand = Function(text), MODELS[text]
    found: dict[str, Task] = {
        BY_HAND: lambda: by_hand(x),
        GRADCALC: lambda: function.value_and_grad(x=x),
    }
    for package, (name, task) in PEERS.items():
        if find_spec(package):
            found[name] = task(text, x)
    return found


def extra_memory(task: Task) -> float:
    """MiB that a task takes at its peak, the result among them."""
    tracemalloc.start()
    task()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


def tables(rounds: int = 7) -> list[Table]:
    found, x = [], entries()
    for text, by_hand in MODELS.items():
        value, slopes = Function(text).value_and_grad(x=x)
        expected, theirs = by_hand(x)
        assert np.isclose(value, expected), (text, value, expected)
        assert np.allclose(slopes["x"], theirs), text
        work = tasks(text, x)
        used = [f"{extra_memory(work[name]):.0f} for {name}" for name in (BY_HAND, GRADCALC)]
        note = f"`{text}` of {SIZE:,} entries, value and gradient. Memory taken, in MiB, of which"
        note += f" the gradient needs {x.nbytes / 2**20:.0f}: {', '.join(used)}."
        found.append(Table(text, note, "ms", 1, interleaved(work, rounds)))
    return found


if __name__ == "__main__":
    print(*tables(), sep="\n")
