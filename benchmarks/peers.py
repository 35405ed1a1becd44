"""Peers: the models of the benchmarks in PyTorch, JAX and autograd, where they are installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from .rounds import Task

Arrays = Mapping[str, np.ndarray]
Loss = Callable[[Any, Mapping[str, Any]], Any]  # of a library, and its tensors by name


class Library(NamedTuple):
    """A peer: its functions by NumPy's names, and how it is asked for derivatives."""

    np: Any
    softplus: Callable[..., Any]
    logsumexp: Callable[..., Any]
    value_and_grad: Callable[[Callable[..., Any], dict[str, Any]], Task]
    hessian: Callable[[Callable[..., Any], Any], Task]
    tensor: Callable[[np.ndarray], Any]


def logistic(of: Library, v: Mapping[str, Any]) -> Any:
    z = v["X"] @ v["w"]
    return of.np.mean(of.softplus(z) - v["y"] * z)


def network(of: Library, v: Mapping[str, Any]) -> Any:
    hidden = of.np.tanh(v["X"] @ v["A"] + v["b"])
    return of.np.mean((hidden @ v["B"] + v["c"] - v["Y"]) ** 2)


def mixture(of: Library, v: Mapping[str, Any]) -> Any:
    d = (v["x"][:, None] - v["m"]) * of.np.exp(v["q"])
    inner = v["alpha"] + of.np.sum(v["q"], 1) - 0.5 * of.np.sum(d * d, 2)
    return of.np.sum(of.logsumexp(inner, 1)) - len(v["x"]) * of.logsumexp(v["alpha"], 0)


def factors(of: Library, v: Mapping[str, Any]) -> Any:
    return of.np.sum((v["U"] @ v["V"].T - v["R"]) ** 2)


def gradients(loss: Loss, arrays: Arrays, wrt: list[str]) -> dict[str, Task]:
    """The value and the gradients in each peer that there is."""
    found = {}
    for name, of in _libraries().items():
        tensors = {key: of.tensor(array) for key, array in arrays.items()}
        rest = {key: t for key, t in tensors.items() if key not in wrt}
        by = {key: tensors[key] for key in wrt}
        found[name] = of.value_and_grad(lambda p, of=of, rest=rest: loss(of, {**rest, **p}), by)
    return found


def hessians(loss: Loss, arrays: Arrays, x: str) -> dict[str, Task]:
    """The Hessian by one variable in each peer that there is."""
    found = {}
    for name, of in _libraries().items():
        tensors = {key: of.tensor(array) for key, array in arrays.items()}
        found[name] = of.hessian(lambda p, of=of, t=tensors: loss(of, {**t, x: p}), tensors[x])
    return found


def _libraries() -> dict[str, Library]:
    made = {
        "PyTorch": ("torch", _torch),
        "JAX, jit": ("jax", _jax),
        "autograd": ("autograd", _hips),
    }
    return {name: make() for name, (module, make) in made.items() if find_spec(module)}


def _torch() -> Library:
    torch = import_module("torch")
    torch.set_num_threads(1)

    def value_and_grad(loss: Callable[..., Any], by: dict[str, Any]) -> Task:
        def run() -> Any:
            leaves = {key: t.detach().requires_grad_() for key, t in by.items()}
            value = loss(leaves)
            return value, torch.autograd.grad(value, list(leaves.values()))

        return run

    return Library(
        torch,
        torch.nn.functional.softplus,
        torch.logsumexp,
        value_and_grad,
        lambda loss, x: lambda: torch.func.hessian(loss)(x),
        torch.from_numpy,
    )


def _jax() -> Library:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)

    def compiled(function: Callable[..., Any], at: Any) -> Task:
        run = jax.jit(function)
        return lambda: jax.block_until_ready(run(at))

    return Library(
        jax.numpy,
        jax.nn.softplus,
        lambda x, axis: jax.nn.logsumexp(x, axis),
        lambda loss, by: compiled(jax.value_and_grad(loss), by),
        lambda loss, x: compiled(jax.hessian(loss), x),
        jax.numpy.asarray,
    )


def _hips() -> Library:
    autograd = import_module("autograd")
    of = import_module("autograd.numpy")
    special = import_module("autograd.scipy.special")
    return Library(
        of,
        lambda z: of.logaddexp(0, z),
        special.logsumexp,
        lambda loss, by: partial(autograd.value_and_grad(loss), by),
        lambda loss, x: partial(autograd.hessian(loss), x),
        lambda array: array,
    )
