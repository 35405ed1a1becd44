"""Entries of tensors by position: ``x[0]``, ``x[1:, None]``, ``x[x > 0]``, and writing to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops import F
from .backward_names import backward_name
from .calls import build, call, cast, method, record
from .errors import (
    TensorIndexError,
    TensorRuntimeError,
    TensorTypeError,
    TensorValueError,
)
from .tape import placeholder
from .tensor import Tensor, wrap


def _plain(index: Any, shape: tuple[int, ...]) -> Any:
    """An index without tensors: positions as integers, lists and masks as arrays of positions."""
    entries: list[Any] = []
    for entry in index if isinstance(index, tuple) else (index,):
        if isinstance(entry, Tensor):
            entry = entry._array
        elif isinstance(entry, (list, range)):
            entry = np.array(entry, dtype=np.int64 if not len(entry) else None)
        if isinstance(entry, np.ndarray):
            entries.extend(_positions(entry, shape))
        elif isinstance(entry, slice):
            if entry.step is not None and int(entry.step) < 1:
                raise TensorValueError("G117", "step must be greater than zero")
            bounds = (entry.start, entry.stop, entry.step)
            entries.append(slice(*(None if b is None else int(b) for b in bounds)))
        elif entry is None or entry is Ellipsis:
            entries.append(entry)
        elif isinstance(entry, (int, np.integer)) and not isinstance(entry, bool):
            entries.append(int(entry))
        else:
            kind = type(entry).__name__
            text = "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables"
            raise TensorIndexError("G113", f"{text} are valid indices (got {kind})")
    return tuple(entries)


def _positions(entry: Any, shape: tuple[int, ...]) -> list[Any]:
    """What a tensor among the indices stands for."""
    if entry.dtype == np.bool_:
        if entry.shape != shape[: entry.ndim]:
            raise TensorIndexError(
                "G310",
                f"The shape of the mask {list(entry.shape)} at index 0 does not match the shape "
                f"of the indexed tensor {list(shape)} at index 0",
            )
        return list(np.nonzero(entry))
    if entry.dtype.kind not in "iu":
        text = "tensors used as indices must be long, int, byte or bool tensors"
        raise TensorIndexError("G113", text)
    return [entry] if entry.ndim else [int(entry)]


def _is_basic(index: tuple[Any, ...]) -> bool:
    return not any(isinstance(entry, np.ndarray) for entry in index)


@method
def getitem(x: Tensor, index: Any) -> Any:
    """``x[index]``: a view, unless positions are given as a list or a mask."""
    plain = _plain(index, x.shape)
    if not _is_basic(plain):
        return call("getitem", (x, plain))
    node, operands = build("getitem", (x, plain))
    part = x._array[plain if Ellipsis in plain else (*plain, ...)]
    name = backward_name("getitem", node, (x.shape,), True)
    return record(node, operands, name, value=part, view=True)


@method
def setitem(x: Tensor, index: Any, value: Any) -> None:
    """``x[index] = value``, in place."""
    if isinstance(value, (list, tuple, np.ndarray)):
        kind = "numpy.ndarray" if isinstance(value, np.ndarray) else type(value).__name__
        text = f"can't assign a {kind} to a torch.{x.dtype.legacy}Tensor"
        raise TensorTypeError("G113", text)
    new = value if isinstance(value, Tensor) else wrap(np.asarray(value, dtype=x._array.dtype))
    plain = _plain(index, x.shape)
    if _is_basic(plain):
        copy_(getitem(x, plain), new)
    else:
        x.become_result_of(_put, plain, new)


def _put(x: Tensor, index: Any, value: Tensor) -> Tensor:
    whole = placeholder(0, x.shape, x.dtype.kind)
    part = placeholder(1, value.shape, x.dtype.kind)
    shape = x._array[index].shape
    node = F.setitem(whole, F.broadcast_to(part, shape), index)
    return record(node, [x, cast(value, x.dtype)], "IndexPutBackward0")


@method
def copy_(x: Tensor, source: Tensor) -> Tensor:
    """Write the entries of another tensor, repeated as needed, into this one."""
    return x.become_result_of(_copied, source)


def _copied(x: Tensor, source: Tensor) -> Tensor:
    value = cast(source, x.dtype)
    while value.ndim > x.ndim and value.shape[0] == 1:
        value = value[0]
    if value.ndim > x.ndim or value.shape != x.shape:
        call("broadcast_to", (value, tuple(x.shape)))  # says what does not fit
    part = placeholder(1, value.shape, value.dtype.kind)
    node = F.broadcast_to(part, tuple(x.shape)) if value.shape != x.shape else part
    return record(node, [x, value], "CopyBackwards", dtype=x.dtype)


@method
def fill_(x: Tensor, value: Any) -> Tensor:
    """Write one number everywhere."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise TensorRuntimeError(
                "G302",
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value.ndim} dimensions.",
            )
        return x.become_result_of(_filled_with, value)
    return x.become_result_of(_filled, value, "FillBackward2")


@method
def zero_(x: Tensor) -> Tensor:
    """Write 0 everywhere."""
    return x.become_result_of(_filled, 0, "ZeroBackward0")


def _filled(x: Tensor, value: Any, name: str) -> Tensor:
    node = F.full(tuple(x.shape), float(value))
    array = np.full(x.shape, value, dtype=x._array.dtype)
    return record(node, [x], name, value=array, dtype=x.dtype)


def _filled_with(x: Tensor, value: Tensor) -> Tensor:
    part = placeholder(1, (), value.dtype.kind)
    node = F.broadcast_to(part, tuple(x.shape)) if x.ndim else part
    return record(node, [x, cast(value, x.dtype)], "FillBackward3", dtype=x.dtype)


@method
def masked_select(x: Tensor, mask: Tensor) -> Any:
    """The entries where the mask is true, in one axis."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    whole = x if x.shape == shape else call("broadcast_to", (x, shape))
    chosen = np.nonzero(np.broadcast_to(mask._array, shape))
    return call("getitem", (whole, chosen), shown="masked_select")
