"""The autograd core: graph, rules, transforms and tensors; knows no text and no terminal.

``import gradcalc.grad as torch`` lets code written for PyTorch's autograd run: its names are found
when they are asked for, so that importing one module of the core loads no more than that.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.util import find_spec

    if find_spec(f"{__name__}.{name}") is not None:  # a module of the core, not loaded yet
        return import_module(f"{__name__}.{name}")
    return import_module(f"{__name__}.torch_names").find(name)
