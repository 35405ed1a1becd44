"""Tensors from Python data and from nothing but a shape, as PyTorch makes them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, prod
from typing import Any

import numpy as np

from ..evaluate import MAX_ELEMENTS, Array
from . import random_numbers
from .dtypes import BY_NUMPY, DTYPES, default_dtype, dtype, float32, int64, of_data
from .dtypes import unsupported as unsupported_text
from .errors import (
    ONLY_FLOATS,
    TensorRuntimeError,
    TensorTypeError,
    TensorValueError,
)
from .functions import as_dtype
from .tensor import METHODS, Tensor, wrap


def made(array: Array, requires_grad: bool = False) -> Tensor:
    """A new leaf. Raises TensorError G403 if it shall require grad and holds no floats."""
    result = wrap(array)
    if requires_grad:
        if not result.dtype.is_floating_point:
            raise TensorRuntimeError("G403", ONLY_FLOATS)
        result._requires_grad = True
    return result


# --- from data ---------------------------------------------------------------------------------


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of the data: int64 from ints, float32 from floats."""
    plain = _plain(data)
    found = as_dtype(dtype) if dtype is not None else _dtype_of(data, plain)
    return made(_array(plain, found), requires_grad)


def _plain(data: Any) -> Any:
    """Tensors in the data as what they hold."""
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, (list, tuple)) and any(isinstance(v, (Tensor, list, tuple)) for v in data):
        return [_number(v) if isinstance(v, Tensor) else _plain(v) for v in data]
    return data


def _number(value: Tensor) -> Any:
    if value._array.size != 1:
        text = "only one element tensors can be converted to Python scalars"
        raise TensorValueError("G113", text)
    return value._array.reshape(())[()]


def _dtype_of(data: Any, plain: Any) -> dtype:
    try:
        return of_data(plain)
    except TypeError as error:
        raise TensorTypeError("G113", str(error)) from None
    except RuntimeError as error:
        if isinstance(data, str):
            raise TensorTypeError("G203", "new(): invalid data type 'str'") from None
        if "str" in str(error):
            raise TensorValueError("G203", "too many dimensions 'str'") from None
        raise TensorRuntimeError("G113", str(error)) from None


def _array(data: Any, of: dtype) -> Array:
    _same_lengths(data, _lengths(data))
    with np.errstate(all="ignore"):
        if isinstance(data, (np.ndarray, np.generic)):
            return np.array(data).astype(of.numpy)
        kind = {"float": np.float64, "int": None, "bool": None}[of.kind]
        return np.array(data, dtype=kind).astype(of.numpy)


def _lengths(data: Any) -> list[int]:
    """The shape by the first entry at each depth."""
    found = []
    while isinstance(data, (list, tuple, range)):
        found.append(len(data))
        data = data[0] if len(data) else None
    return found


def _same_lengths(data: Any, lengths: Sequence[int], depth: int = 0) -> None:
    """Raises TensorError G202 for rows of different lengths."""
    if isinstance(data, (np.ndarray, np.generic)):
        return
    level = [data]
    for depth, length in enumerate(lengths):
        for part in level:
            if not isinstance(part, (list, tuple, range)):
                raise TensorTypeError("G202", "not a sequence")
            if len(part) != length:
                raise TensorValueError(
                    "G202",
                    f"expected sequence of length {length} at dim {depth} (got {len(part)})",
                )
        level = [item for part in level for item in part]
    nested = next((p for p in level if isinstance(p, (list, tuple, range))), None)
    if nested is not None:
        text = f"must be real number, not {type(nested).__name__}"
        raise TensorTypeError("G202", text)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """The tensor itself, an array in the memory it has, or a copy of other data."""
    if isinstance(data, np.ndarray) and dtype is None:
        return from_numpy(data)
    if isinstance(data, Tensor):
        result = data if dtype is None else data.to(dtype)
        assert isinstance(result, Tensor)
        return result
    return tensor(data, dtype=dtype)


def from_numpy(array: Any) -> Tensor:
    """A tensor in the memory of the array."""
    if not isinstance(array, np.ndarray):
        raise TensorTypeError("G113", f"expected np.ndarray (got {type(array).__name__})")
    if array.dtype not in BY_NUMPY:
        raise TensorTypeError("G211", unsupported_text(array.dtype))
    return made(array)


class LegacyType(type):
    """``torch.FloatTensor([1, 2])``, ``torch.FloatTensor(2, 3)``, and what is an instance of it."""

    dtype: dtype

    def __call__(cls, *data: Any) -> Tensor:
        return _legacy(cls.dtype, data)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.dtype


def _legacy(of: dtype, data: tuple[Any, ...]) -> Tensor:
    if len(data) == 1 and isinstance(data[0], Tensor):
        return wrap(data[0]._array)
    if len(data) == 1 and not isinstance(data[0], (int, np.integer)):
        return made(_array(_plain(data[0]), of))
    return zeros(*data, dtype=of)


LEGACY_TYPES = {
    f"{d.legacy}Tensor": LegacyType(f"{d.legacy}Tensor", (), {"dtype": d, "__module__": "torch"})
    for d in DTYPES
}
METHODS["legacy_tensor"] = lambda *data: _legacy(float32, data)


# --- from a shape ------------------------------------------------------------------------------


def _shape(size: tuple[Any, ...], name: str) -> tuple[int, ...]:
    if not size:
        text = f'{name}() missing 1 required positional arguments: "size"'
        raise TensorTypeError("G112", text)
    one = len(size) == 1 and isinstance(size[0], (list, tuple))
    found = tuple(int(s) for s in (size[0] if one else size))
    if any(s < 0 for s in found):
        raise TensorRuntimeError("G117", f"{name}: Dimension size must be non-negative.")
    return _affordable(name, *found)


def _affordable(name: str, *shape: int) -> tuple[int, ...]:
    """The shape. Raises TensorError G601 for one of more entries than memory is taken for."""
    if prod(shape) > MAX_ELEMENTS:
        text = f"`{name}` would make {prod(shape):,} entries; the limit is {MAX_ELEMENTS:,}"
        raise TensorRuntimeError("G601", text)
    return shape


def _filled(
    name: str,
    size: tuple[Any, ...],
    value: Any,
    dtype: Any,
    requires_grad: bool,
) -> Tensor:
    of = default_dtype() if dtype is None else as_dtype(dtype)
    return made(np.full(_shape(size, name), value, dtype=of.numpy), requires_grad)


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """All entries 0."""
    return _filled("zeros", size, 0, dtype, requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """All entries 1."""
    return _filled("ones", size, 1, dtype, requires_grad)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Entries that are written later; here they are 0, there whatever memory held."""
    return _filled("empty", size, 0, dtype, requires_grad)


def full(
    size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """All entries the same."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    of = of_data(value) if dtype is None else as_dtype(dtype)
    return made(np.full(_shape((size,), "full"), value, dtype=of.numpy), requires_grad)


def full_like(
    x: Tensor, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """All entries the same, of the shape and type of `x`."""
    of = x.dtype if dtype is None else as_dtype(dtype)
    return made(np.full(x.shape, fill_value, dtype=of.numpy), requires_grad)


def zeros_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape and type of `x`."""
    return full_like(x, 0, dtype=dtype, requires_grad=requires_grad)


def ones_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape and type of `x`."""
    return full_like(x, 1, dtype=dtype, requires_grad=requires_grad)


empty_like = zeros_like


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal."""
    of = default_dtype() if dtype is None else as_dtype(dtype)
    _affordable("eye", n, n if m is None else m)
    return made(np.eye(n, m, dtype=of.numpy), requires_grad)


def _numbers(*values: Any) -> list[Any]:
    return [v.item() if isinstance(v, (Tensor, np.generic)) else v for v in values]


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from `start` up to, but not including, `end`; int64 if all three are ints."""
    start, end, step = _numbers(*((0, start) if end is None else (start, end)), step)
    of = of_data([start, end, step]) if dtype is None else as_dtype(dtype)
    _check_step(start, end, step)
    (count,) = _affordable("arange", ceil((end - start) / step))
    values = start + step * np.arange(count, dtype=None if of.kind == "int" else np.float64)
    return made(values.astype(of.numpy), requires_grad)


def range_(
    start: Any, end: Any, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Floats from `start` up to and including `end`."""
    start, end, step = _numbers(start, end, step)
    of = default_dtype() if dtype is None else as_dtype(dtype)
    _check_step(start, end, step)
    (count,) = _affordable("range", floor((end - start) / step) + 1)
    return made((start + step * np.arange(count)).astype(of.numpy), requires_grad)


def _check_step(start: float, end: float, step: float) -> None:
    if step == 0:
        raise TensorRuntimeError("G117", "step must be nonzero")
    if (end - start) * step < 0:
        text = "upper bound and lower bound inconsistent with step sign"
        raise TensorRuntimeError("G117", text)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """So many numbers from `start` to `end`, both included, evenly spaced."""
    start, end = _numbers(start, end)
    of = default_dtype() if dtype is None else as_dtype(dtype)
    _affordable("linspace", steps)
    return made(np.linspace(start, end, steps).astype(of.numpy), requires_grad)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Powers of `base`, with exponents evenly spaced from `start` to `end`."""
    start, end = _numbers(start, end)
    of = default_dtype() if dtype is None else as_dtype(dtype)
    _affordable("logspace", steps)
    return made(np.logspace(start, end, steps, base=base).astype(of.numpy), requires_grad)


# --- at random ---------------------------------------------------------------------------------


def rand(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers from 0 to 1."""
    of = default_dtype() if dtype is None else as_dtype(dtype)
    return made(random_numbers.uniform(_shape(size, "rand"), of), requires_grad)


def randn(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers of mean 0 and variance 1."""
    of = default_dtype() if dtype is None else as_dtype(dtype)
    return made(random_numbers.normal(_shape(size, "randn"), of), requires_grad)


def rand_like(x: Tensor, *, requires_grad: bool = False) -> Tensor:
    """Numbers from 0 to 1, of the shape and type of `x`."""
    return rand(tuple(x.shape), dtype=x.dtype, requires_grad=requires_grad)


def randn_like(x: Tensor, *, requires_grad: bool = False) -> Tensor:
    """Numbers of mean 0 and variance 1, of the shape and type of `x`."""
    return randn(tuple(x.shape), dtype=x.dtype, requires_grad=requires_grad)


def randint(low: int, high: Any = None, size: Any = None, *, dtype: Any = int64) -> Tensor:
    """Integers from `low` (0, if left out) up to, but not including, `high`."""
    if size is None:
        low, high, size = 0, low, high
    drawn = random_numbers.integers(int(low), int(high), _shape((size,), "randint"))
    return made(drawn.astype(as_dtype(dtype).numpy))


def randperm(n: int) -> Tensor:
    """The integers below `n` in random order."""
    return made(random_numbers.permutation(*_affordable("randperm", n)))


def normal(mean: Any, std: Any = 1.0, size: Any = None) -> Tensor:
    """Numbers of this mean and standard deviation: one for each entry of these, or so many."""
    shapes = [tuple(v.shape) for v in (mean, std) if isinstance(v, Tensor)]
    shape = _shape((size,), "normal") if size is not None else np.broadcast_shapes(*shapes)
    drawn = made(random_numbers.normal(shape, default_dtype()))
    result = METHODS["detach"](drawn * std + mean)
    assert isinstance(result, Tensor)
    return result


def manual_seed(seed: int) -> random_numbers.Generator:
    """Make what is random from now on the same each time, and the same as in PyTorch."""
    return random_numbers.generator.manual_seed(int(seed))


# --- like another ------------------------------------------------------------------------------


def _new(name: str, make: Any) -> None:
    def function(x: Tensor, *args: Any, **words: Any) -> Tensor:
        words.setdefault("dtype", x.dtype)
        result = make(*args, **words)
        assert isinstance(result, Tensor)
        return result

    METHODS[name] = function


_new("new_tensor", tensor)
_new("new_zeros", zeros)
_new("new_ones", ones)
_new("new_full", full)
_new("new_empty", empty)
METHODS["new"] = lambda x, *data: _legacy(x.dtype, data)
