"""The dtypes of tensors as PyTorch names them, and which one an operation on several has."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..node import Kind


class dtype:
    """A type of entries: ``torch.float32``. `legacy` is its name in error texts and old types."""

    __module__ = "torch"
    __slots__ = ("kind", "legacy", "name", "numpy")

    def __init__(self, name: str, legacy: str, kind: Kind) -> None:
        self.name = name
        self.legacy = legacy
        self.numpy: np.dtype[Any] = np.dtype(name)
        self.kind = kind

    @property
    def is_floating_point(self) -> bool:
        return self.kind == "float"

    @property
    def itemsize(self) -> int:
        return self.numpy.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"


float64 = dtype("float64", "Double", "float")
float32 = dtype("float32", "Float", "float")
int64 = dtype("int64", "Long", "int")
int32 = dtype("int32", "Int", "int")
int16 = dtype("int16", "Short", "int")
int8 = dtype("int8", "Char", "int")
uint8 = dtype("uint8", "Byte", "int")
bool_ = dtype("bool", "Bool", "bool")

DTYPES = (float64, float32, int64, int32, int16, int8, uint8, bool_)
BY_NUMPY = {d.numpy: d for d in DTYPES}
_default = float32


def default_dtype() -> dtype:
    """The type of floats that were not given one: float32, unless set otherwise."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make `d` the type of floats that were not given one."""
    global _default
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d
    promote.cache_clear()


def of_numpy(d: npt.DTypeLike) -> dtype | None:
    """The dtype of an array; None where tensors have no such entries."""
    return BY_NUMPY.get(np.dtype(d).newbyteorder("="))


@lru_cache
def promote(kind: Kind, operands: tuple[tuple[dtype, int], ...]) -> dtype:
    """The type of a result of `kind` computed from operands of these types and numbers of axes.

    A scalar decides only where no tensor with axes is of the same category, and a Python number
    never does: it is not among the operands. Booleans alone leave an int result to be int64.
    """
    if kind == "bool":
        return bool_
    same = [(d, ndim) for d, ndim in operands if d.kind == kind]
    deciding = [d for d, ndim in same if ndim] or [d for d, _ in same]
    if not deciding:
        return _default if kind == "float" else int64
    found = of_numpy(np.result_type(*(d.numpy for d in deciding)))
    assert found is not None, deciding
    return found


def of_data(data: Any) -> dtype:
    """The type PyTorch gives a tensor of this Python data: bools, ints, floats, or NumPy's own."""
    if isinstance(data, (np.ndarray, np.generic)):
        found = of_numpy(data.dtype)
        if found is None:
            raise TypeError(unsupported(data.dtype))
        return found
    kinds: set[dtype] = set()
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, (list, tuple, range)):
            stack.extend(value)
        elif isinstance(value, (np.ndarray, np.generic)):
            kinds.add(of_data(value))
        elif isinstance(value, bool):
            kinds.add(bool_)
        elif isinstance(value, int):
            kinds.add(int64)
        elif isinstance(value, float):
            kinds.add(_default)
        else:
            raise RuntimeError(f"Could not infer dtype of {type(value).__name__}")
    if not kinds:
        return _default
    kind: Kind = next(k for k in ("float", "int", "bool") if any(d.kind == k for d in kinds))
    return promote(kind, tuple((d, 1) for d in kinds))


def unsupported(d: np.dtype[Any]) -> str:
    """What PyTorch says of an array it cannot take, with the types that tensors have here."""
    names = ", ".join(known.name for known in DTYPES[:-1])
    return (
        f"can't convert np.ndarray of type numpy.{d.type.__name__}. "
        f"The only supported types are: {names}, and bool."
    )
