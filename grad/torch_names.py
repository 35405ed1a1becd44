"""The names of the module ``torch`` and what they stand for here."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from . import autograd
from .tensors import creation, printing
from .tensors.dtypes import DTYPES, default_dtype, dtype, set_default_dtype
from .tensors.functions import Device
from .tensors.tensor import METHODS, Size, Tensor


class Namespace:
    """A part of ``torch`` that is searched like a module: ``torch.linalg.norm``."""

    def __init__(self, name: str, **parts: Any) -> None:
        self.__name__ = name
        self.__dict__.update(parts)

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return METHODS[name]
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<module '{self.__name__}'>"


def is_tensor(value: object) -> bool:
    """Whether this is a tensor."""
    return isinstance(value, Tensor)


def on_any_device(make: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with a keyword ``device`` that is looked at and makes no difference."""

    @wraps(make)
    def function(*args: Any, device: Any = None, **keywords: Any) -> Any:
        if device is not None:
            Device(device)
        return make(*args, **keywords)

    return function


_functional = Namespace("torch.nn.functional")

NAMES: dict[str, Any] = {
    "Tensor": Tensor, "Size": Size, "dtype": dtype, "device": Device,
    "autograd": autograd, "Variable": autograd.Variable,
    "nn": Namespace("torch.nn", functional=_functional), "functional": _functional,
    "linalg": Namespace("torch.linalg", norm=METHODS["linalg_norm"]),
    "cuda": Namespace("torch.cuda", is_available=lambda: False),
    "special": Namespace("torch.special"),
    "is_tensor": is_tensor, "get_default_dtype": default_dtype,
    "set_default_dtype": set_default_dtype,
    "pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan,
    "float": DTYPES[1], "double": DTYPES[0], "long": DTYPES[2], "int": DTYPES[3],
    "short": DTYPES[4],
    **{d.name: d for d in DTYPES},
    **creation.LEGACY_TYPES,
}  # fmt: skip
CREATION = (
    "tensor as_tensor from_numpy zeros ones empty full zeros_like ones_like empty_like full_like "
    "eye arange range linspace logspace rand randn rand_like randn_like randint randperm normal "
    "manual_seed"
).split()
NAMES |= {
    name: on_any_device(getattr(creation, "range_" if name == "range" else name))
    for name in CREATION
}
NAMES |= {
    name: getattr(autograd, name)
    for name in ("no_grad", "enable_grad", "set_grad_enabled", "is_grad_enabled", "inference_mode")
}
NAMES |= {name: getattr(printing, name) for name in ("set_printoptions", "get_printoptions")}


def find(name: str) -> Any:
    """What ``torch.name`` is. Raises AttributeError as the module would."""
    if name in NAMES:
        return NAMES[name]
    if name in METHODS and not name.endswith("_"):
        return METHODS[name]
    raise AttributeError(f"module 'torch' has no attribute '{name}'")
