"""Functions of tensors that are more than a row, or say something of a tensor itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..evaluate import Array
from ..node import Node
from ..ops import F
from .calls import call, cast, method, record
from .dtypes import DTYPES, dtype, int64, promote
from .errors import NUMPY, TensorRuntimeError, TensorTypeError, not_a_tensor
from .tape import placeholder
from .tensor import METHODS, Tensor, wrap

# --- what a tensor is --------------------------------------------------------------------------


@method
def size(x: Tensor, dim: int | None = None) -> Any:
    """The shape, or the length along one axis."""
    return x.shape if dim is None else x.shape[dim]


@method
def dim(x: Tensor) -> int:
    """The number of axes."""
    return x.ndim


@method
def numel(x: Tensor) -> int:
    """The number of entries."""
    return x._array.size


METHODS["nelement"], METHODS["ndimension"] = numel, dim


@method
def item(x: Tensor) -> Any:
    """The one entry as a Python number."""
    if x._array.size != 1:
        text = f"a Tensor with {x._array.size} elements cannot be converted to Scalar"
        raise TensorRuntimeError("G113", text)
    return x._array.item()


@method
def tolist(x: Tensor) -> Any:
    """The entries as nested lists of Python numbers."""
    return x._array.tolist()


@method
def numpy(x: Tensor) -> Array:
    """The entries as a NumPy array, in the same memory."""
    if x.requires_grad:
        raise TensorRuntimeError("G404", NUMPY)
    return x._array


@method
def is_floating_point(x: Tensor) -> bool:
    """Whether the entries are floats."""
    return x.dtype.is_floating_point


@method
def is_contiguous(x: Tensor) -> bool:
    """Whether the entries lie in memory in order."""
    return x._array.flags.c_contiguous


@method
def stride(x: Tensor) -> tuple[int, ...]:
    """How many entries lie between neighbours along each axis."""
    return tuple(step // x._array.itemsize for step in x._array.strides)


@method
def element_size(x: Tensor) -> int:
    """The number of bytes of an entry."""
    return x._array.itemsize


@method
def requires_grad_(x: Tensor, requires_grad: bool = True) -> Tensor:
    """Ask for the gradient of a leaf."""
    if requires_grad and not x.dtype.is_floating_point:
        text = "only Tensors of floating point dtype can require gradients"
        raise TensorRuntimeError("G403", text)
    x.requires_grad = requires_grad
    return x


@method
def equal(x: Tensor, y: Tensor) -> bool:
    """Whether two tensors have the same shape and entries."""
    return bool(np.array_equal(x._array, y._array))


@method
def isclose(x: Tensor, y: Tensor, rtol: float = 1e-5, atol: float = 1e-8) -> Tensor:
    """Whether entries agree up to a tolerance."""
    return wrap(np.isclose(x._array, y._array, rtol, atol))


@method
def allclose(x: Tensor, y: Tensor, rtol: float = 1e-5, atol: float = 1e-8) -> bool:
    """Whether all entries agree up to a tolerance."""
    return bool(np.allclose(x._array, y._array, rtol, atol))


@method
def nonzero(x: Tensor, as_tuple: bool = False) -> Any:
    """The positions of entries that are not zero: a row for each, or an index for each axis."""
    found = np.nonzero(np.atleast_1d(x._array))
    return tuple(map(wrap, found)) if as_tuple else wrap(np.stack(found, 1))


# --- other types, other memory -----------------------------------------------------------------

_TYPES: dict[Any, dtype] = {float: DTYPES[1], int: int64, bool: DTYPES[-1]}
_TYPES |= {f"torch.{d.legacy}Tensor": d for d in DTYPES}


def as_dtype(given: Any) -> dtype:
    """A dtype, ``float``, ``'torch.DoubleTensor'`` or `DoubleTensor` as the dtype it stands for."""
    found = given if isinstance(given, dtype) else getattr(given, "dtype", None)
    found = found if isinstance(found, dtype) else _TYPES.get(given)
    if found is None:
        raise TensorTypeError("G113", f"invalid type: {given!r}")
    return found


@method
def to(x: Tensor, *args: Any, dtype: Any = None, copy: bool = False, **_: Any) -> Tensor:
    """As another type, or as that of another tensor; the one device there is changes nothing."""
    for given in args:
        if not isinstance(given, (str, Device, bool)):
            dtype = given
    made = x if dtype is None else cast(x, as_dtype(dtype))
    return clone(x) if copy and made is x else made


@method
def type_(x: Tensor, dtype: Any = None) -> Any:
    """The name of the type, ``'torch.FloatTensor'``; or the tensor as another type."""
    return f"torch.{x.dtype.legacy}Tensor" if dtype is None else cast(x, as_dtype(dtype))


@method
def type_as(x: Tensor, y: Tensor) -> Tensor:
    """As the type of another tensor."""
    return cast(x, y.dtype)


for _d in DTYPES:
    _to = lambda x, to=_d: cast(x, to)
    METHODS[_d.legacy.lower()] = _to
METHODS["cpu"] = lambda x: x


class Device:
    """Where tensors are: in the memory of this computer."""

    type = "cpu"
    index = None

    def __init__(self, name: str = "cpu") -> None:
        if not str(name).startswith("cpu"):
            raise TensorRuntimeError("G117", f"there is no device {name!r}: only 'cpu'")

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return str(other) == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")


CPU = Device()
METHODS["device"] = lambda x: CPU


def _whole(x: Tensor) -> Node:
    return placeholder(0, x.shape, x.dtype.kind)


@method
def clone(x: Tensor) -> Tensor:
    """The same entries in memory of their own; gradients flow back."""
    return record(_whole(x), [x], "CloneBackward0", value=x._array.copy(), dtype=x.dtype)


@method
def contiguous(x: Tensor) -> Tensor:
    """The tensor if its entries lie in memory in order, otherwise a copy that does."""
    return x if x._array.flags.c_contiguous else clone(x)


@method
def detach(x: Tensor) -> Tensor:
    """The same memory without history; what is written to it is noticed."""
    made = wrap(x._array, x._writes)
    made._variable, made._volatile = x._variable, x._volatile
    return made


@method
def detach_(x: Tensor) -> Tensor:
    """Forget the history of this tensor."""
    x._grad_fn, x._base, x._requires_grad = None, None, False
    return x


@method
def view(x: Tensor, *shape: Any) -> Tensor:
    """The same memory in another shape."""
    if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list, Tensor)):
        raise TensorTypeError("G113", "view() takes sizes; for another type use to()")
    made: Tensor = call("reshape", (x, *shape), shown="view")
    if made._writes is not x._writes and x._array.size:
        raise TensorRuntimeError(
            "G304",
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
        )
    return made


@method
def reshape_as(x: Tensor, y: Tensor) -> Any:
    """In the shape of another tensor."""
    return call("reshape", (x, tuple(y.shape)))


@method
def T(x: Tensor) -> Any:
    """With all axes reversed."""
    return call("transpose", (x,), shown="T")


@method
def mT(x: Tensor) -> Any:
    """With the last two axes swapped."""
    return call("mT", (x,))


@method
def t(x: Tensor) -> Any:
    """With its two axes swapped."""
    return call("t", (x,))


# --- arithmetic with more to say ---------------------------------------------------------------


def _times(value: Any, alpha: Any) -> Any:
    return value if alpha == 1 else value * alpha


@method
def add(x: Tensor, y: Any, *, alpha: Any = 1, out: None = None) -> Any:
    """``x + alpha*y``."""
    return call("add", (x, _times(y, alpha)))


@method
def sub(x: Any, y: Any, *, alpha: Any = 1, out: None = None) -> Any:
    """``x - alpha*y``."""
    if all(isinstance(v, Tensor) and v.dtype.kind == "bool" for v in (x, y)):
        text = "Subtraction, the `-` operator, with two bool tensors is not supported. "
        text += "Use the `^` or `logical_xor()` operator instead."
        raise TensorRuntimeError("G113", text)
    return call("sub", (x, _times(y, alpha)))


@method
def neg(x: Tensor) -> Any:
    """``-x``."""
    if x.dtype.kind == "bool":
        text = "Negation, the `-` operator, on a bool tensor is not supported. If you are trying "
        text += "to invert a mask, use the `~` or `logical_not()` operator instead."
        raise TensorRuntimeError("G113", text)
    return call("neg", (x,))


@method
def div(x: Any, y: Any, *, rounding_mode: str | None = None) -> Any:
    """``x / y``, rounded down with 'floor', towards zero with 'trunc'."""
    made = call("div", (x, y))
    if rounding_mode is None:
        return made
    return call({"floor": "floor", "trunc": "trunc"}[rounding_mode], (made,))


@method
def round_(x: Tensor, *, decimals: int = 0) -> Any:
    """To the nearest integer, or to so many decimals; halves go to even."""
    if not decimals:
        return call("round", (x,))
    return call("round", (x * 10**decimals,)) / 10**decimals


@method
def pow_(x: Any, y: Any) -> Any:
    """``x**y``; whole numbers stay whole."""
    operands = [v for v in (x, y) if isinstance(v, Tensor)]
    if any(t.dtype.is_floating_point for t in operands) or isinstance(x, float):
        return call("pow", (x, y))
    if isinstance(y, float):
        return call("pow", (x, y))
    exponent = y._array if isinstance(y, Tensor) else np.asarray(y)
    if (exponent < 0).any():
        text = "Integers to negative integer powers are not allowed."
        raise TensorRuntimeError("G117", text)
    to = promote("int", tuple((t.dtype, t.ndim) for t in operands))
    base = x._array if isinstance(x, Tensor) else np.asarray(x)
    return wrap(np.asarray(np.power(base.astype(to.numpy), exponent.astype(to.numpy))))


METHODS["power"] = pow_


@method
def matmul(x: Tensor, y: Any) -> Any:
    """The matrix product."""
    if not isinstance(y, Tensor):
        raise not_a_tensor("matmul", "other", 2, y)
    if x.dtype is not y.dtype:
        names = {"Float": "float", "Double": "double", "Long": "long int", "Int": "int"}
        mine, other = (names.get(t.dtype.legacy, t.dtype.legacy.lower()) for t in (x, y))
        text = f"expected m1 and m2 to have the same dtype, but got: {mine} != {other}"
        raise TensorRuntimeError("G113", text)
    return call("matmul", (x, y))


@method
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """`x` where the condition holds, `y` elsewhere; as a method of `x` the condition is second."""
    if x is None:
        return nonzero(condition, as_tuple=True)
    if isinstance(x, Tensor) and x.dtype.kind == "bool" and condition.dtype.kind != "bool":
        condition, x = x, condition
    return call("where", (condition, x, y))


def _bitwise(name: str, ufunc: Callable[..., Array]) -> None:
    def function(*args: Any) -> Tensor:
        found = [a._array if isinstance(a, Tensor) else np.asarray(a) for a in args]
        if any(a.dtype.kind == "f" for a in found):
            text = f"\"{name}_cpu\" not implemented for 'Float'"
            raise TensorRuntimeError("G113", text)
        return wrap(np.asarray(ufunc(*found)))

    METHODS[name] = function


_bitwise("bitwise_and", np.bitwise_and)
_bitwise("bitwise_or", np.bitwise_or)
_bitwise("bitwise_xor", np.bitwise_xor)
_bitwise("bitwise_not", np.invert)


@method
def roll(x: Tensor, shifts: Any, dims: Any = None) -> Any:
    """Entries moved along axes, those at the end to the front; all as one row without `dims`."""
    if dims is None and x.ndim != 1:
        return call("reshape", (roll(call("reshape", (x, (-1,))), shifts, 0), tuple(x.shape)))
    return call("roll", (x, shifts, 0 if dims is None else dims))


class SignedLog(NamedTuple):
    """The sign of a determinant and the logarithm of its size."""

    sign: Tensor
    logabsdet: Tensor


@method
def slogdet(x: Tensor) -> SignedLog:
    """The sign of the determinant, and the logarithm of its size."""
    return SignedLog(call("detsign", (x,)), call("logabsdet", (x,), shown="slogdet"))


# --- values and where they stand ---------------------------------------------------------------


class Pair(NamedTuple):
    """Values along an axis, and their positions there."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"torch.return_types.{name}(\nvalues={self.values!r},\nindices={self.indices!r})"


@lru_cache
def _pair(name: str) -> Any:
    """The type of what ``max(x, dim)`` returns, called ``max``."""
    return type(name, (Pair,), {"__slots__": ()})


def _picked(name: str, x: Tensor, indices: Tensor, dim: int, keep: bool) -> Any:
    """The pair: the entries of `x` at `indices`, along an axis that is gone unless `keep`."""
    where = placeholder(1, indices.shape, "int")
    at = where if keep or not x.ndim else F.unsqueeze(where, dim)
    node = F.take_along_dim(_whole(x), at, dim) if x.ndim else F.reshape(_whole(x), ())
    node = node if keep or not x.ndim else F.squeeze(node, dim)
    stem = name.capitalize()
    number = 1 if name == "median" else 0
    value = record(node, [x, indices], f"{stem}Backward{number}", dtype=x.dtype)
    return _pair(name)(value, indices)


def _extreme(name: str, positions: str, pointwise: str = "") -> None:
    def function(x: Tensor, *args: Any, **words: Any) -> Any:
        other = words.get("other", args[0] if args else None)
        if isinstance(other, Tensor) and pointwise:
            return call(pointwise, (x, other))
        if not args and not {"dim", "axis"} & words.keys():
            return call(name, (x,), words)
        dim = args[0] if args else words.pop("dim", words.pop("axis", None))
        keep = bool(args[1]) if len(args) > 1 else bool(words.get("keepdim", False))
        return _picked(name, x, call(positions, (x, dim, keep)), dim, keep)

    function.__name__ = name
    METHODS[name] = function


_extreme("max", "argmax", "maximum")
_extreme("min", "argmin", "minimum")
_extreme("median", "argmedian")


@method
def kthvalue(x: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest along an axis, and where it stands."""
    return _picked("kthvalue", x, call("argkthvalue", (x, k, dim, keepdim)), dim, keepdim)


def _ordered(name: str, positions: str) -> None:
    def function(x: Tensor, *args: Any, **words: Any) -> Any:
        if name.startswith("cum") and not args and "dim" not in words:
            return call(name, (x,))
        indices = call(positions, (x, *args), words)
        place = {"sort": 0, "topk": 1}.get(name, 0)
        dim = words.get("dim", args[place] if len(args) > place else -1)
        return _picked(name, x, indices, dim, True)

    function.__name__ = name
    METHODS[name] = function


_ordered("sort", "argsort")
_ordered("topk", "argtopk")
_ordered("cummax", "argcummax")
_ordered("cummin", "argcummin")
