"""Tensors as PyTorch has them: arrays that remember what they were computed from.

``Tensor`` is the define-by-run face of the table: an operation on tensors applies a row to
placeholders for its operands, computes the value at once, and, where an operand requires grad,
leaves a `GradFn` on the tape. Rules, shapes and values are the graph's own; names, types, defaults
and error texts are PyTorch's. (The file is not called ``tensor``: that name, in this package, is
the function.)
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from weakref import ref

import numpy as np

from .. import rules  # noqa: F401  (fills the table)
from ..evaluate import Array
from ..node import Node
from ..ops import F
from ..reverse import pull
from .dtypes import BY_NUMPY, bool_, default_dtype, dtype, int64
from .errors import (
    CHANGE_FLAGS,
    DATA_DTYPE,
    GRAD_DTYPE,
    GRAD_SHAPE,
    LEAF_IN_PLACE,
    NON_LEAF_GRAD,
    NUMPY,
    ONLY_FLOATS,
    OVERLAP,
    TensorRuntimeError,
    TensorTypeError,
    TensorValueError,
    not_a_grad,
    not_data,
)
from .printing import OPTIONS, text
from .printing_legacy import legacy_text
from .tape import (
    AccumulateGrad,
    Edge,
    GradFn,
    Saved,
    Version,
    grad_fn_class,
    placeholder,
)

METHODS: dict[str, Callable[..., Any]] = {}  # every function of tensors; later files fill it
SHOWN_PLAIN = (int64, bool_)  # types that are not named where a tensor is printed


class _Mode(threading.local):
    """Whether operations are recorded, in this thread, and who wants to know."""

    grad = True
    watch: Callable[[GradFn, Sequence[Any]], None] | None = None  # told of each, with its operands


mode = _Mode()


class Size(tuple[int, ...]):
    """A shape, printed as ``torch.Size([2, 3])``."""

    __module__ = "torch"
    __slots__ = ()

    def numel(self) -> int:
        return int(np.prod(self, dtype=np.int64))

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"


def _operator(name: str, swapped: bool = False) -> Callable[[Tensor, Any], Any]:
    """A method of `Tensor` that applies a function to it and what stands beside it."""

    def operator(self: Tensor, other: Any) -> Any:
        value = operand(self, other)
        if value is NotImplemented:
            return value
        return METHODS[name](*((value, self) if swapped else (self, value)))

    return operator


def _in_place(name: str) -> Callable[[Tensor, Any], Any]:
    def operator(self: Tensor, other: Any) -> Any:
        value = operand(self, other)
        if value is NotImplemented:
            return value
        return self.become_result_of(METHODS[name], value)

    return operator


def _alone(name: str) -> Callable[[Tensor], Any]:
    return lambda self: METHODS[name](self)


class Tensor:
    """An array, and what it was computed from.

    ``Tensor([[1, 2]])`` holds floats; ``Tensor(2, 3)`` has that shape.
    """

    __slots__ = (
        "__weakref__",
        "_accumulate",  # the AccumulateGrad of a leaf, weakly: it holds on to the leaf
        "_array",
        "_base",  # for a view: the tensor whose memory it looks at
        "_grad",
        "_grad_fn",
        "_hooks",
        "_live",  # a view that follows the history of its base
        "_requires_grad",  # of a leaf; other tensors have a grad_fn
        "_seen",  # the version at which `_grad_fn` of a view was right
        "_variable",  # made by Variable, or from one: told apart in the old way of printing
        "_view",  # how a view comes from its base: a graph over placeholder 0
        "_volatile",
        "_writes",
    )
    __module__ = "torch"  # print(type(x))
    __array_priority__ = 1000  # so that NumPy's numbers leave operators to tensors

    _accumulate: ref[AccumulateGrad] | None
    _array: Array
    _base: Tensor | None
    _grad: Tensor | None
    _grad_fn: GradFn | None
    _hooks: Sequence[Callable[[Any], Any]]
    _live: bool
    _requires_grad: bool
    _seen: int
    _variable: bool
    _writes: Version
    _view: Node | None
    _volatile: bool

    def __new__(cls, *data: Any) -> Tensor:
        made = METHODS["legacy_tensor"](*data)
        assert isinstance(made, Tensor)
        return made

    # --- attributes --------------------------------------------------------------------------

    @property
    def dtype(self) -> dtype:
        return BY_NUMPY[self._array.dtype]

    @property
    def shape(self) -> Size:
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def device(self) -> Any:
        return METHODS["device"](self)

    @property
    def is_leaf(self) -> bool:
        return self.grad_fn is None

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad or self.grad_fn is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not isinstance(wanted, (bool, np.bool_)):
            raise TensorRuntimeError("G113", "requires_grad must be a bool")
        if self.grad_fn is not None:
            if not wanted:
                raise TensorRuntimeError("G404", CHANGE_FLAGS)
            return
        if wanted and not self.dtype.is_floating_point:
            raise TensorRuntimeError("G403", f"only {ONLY_FLOATS[5:]}")
        self._requires_grad = bool(wanted)

    @property
    def _version(self) -> int:
        """How often the entries were written to."""
        return self._writes.number

    @property
    def grad_fn(self) -> GradFn | None:
        """The operation that made this tensor; a view whose base was written to has a new one."""
        base = self._base
        if base is not None and self._live and self._seen != self._writes.number:
            self._seen = self._writes.number
            edge = base.edge()
            if edge is not None and self._view is not None:
                whole = placeholder(0, base._array.shape, "float")
                kind, kinds = base._array.dtype, (base._array.dtype,)
                made = grad_fn_class("AsStridedBackward0")
                self._grad_fn = made(self._view, (edge,), (whole,), kinds, kind, {}, False)
        return self._grad_fn

    @property
    def grad(self) -> Tensor | None:
        fn = self._grad_fn
        if fn is not None and self._grad is None and fn.retained is None:
            warnings.warn(NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise not_a_grad(value)
        if value is not None and value.shape != self.shape:
            raise TensorRuntimeError("G308", GRAD_SHAPE.format([*value.shape], [*self.shape]))
        if value is not None and value.dtype is not self.dtype:
            mine = value.dtype.legacy.lower(), self.dtype.legacy
            raise TensorRuntimeError("G308", GRAD_DTYPE.format(*mine))
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same memory without history; what is written to it is not noticed."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise not_data(value)
        if self.requires_grad and not value.dtype.is_floating_point:
            raise TensorRuntimeError("G403", DATA_DTYPE)
        self._array = value._array

    @property
    def volatile(self) -> bool:
        """The old flag: what is computed from such a tensor has no history."""
        return self._volatile

    @volatile.setter
    def volatile(self, wanted: bool) -> None:
        if self.grad_fn is not None:
            raise TensorRuntimeError("G404", "volatile can only be set on leaf variables")
        self._volatile = wanted

    @property
    def T(self) -> Any:
        return METHODS["T"](self)

    @property
    def mT(self) -> Any:
        return METHODS["mT"](self)

    def edge(self) -> Edge | None:
        """Where the gradient of this tensor goes; None if it needs none."""
        fn = self.grad_fn
        if fn is not None or not self._requires_grad:
            return fn
        known = self._accumulate() if self._accumulate is not None else None
        if known is None:
            known = AccumulateGrad(self)
            self._accumulate = ref(known)
        return known

    def __getattr__(self, name: str) -> Any:
        """Functions of tensors as methods; with ``_`` at the end they change the tensor itself."""
        if name in METHODS:
            return partial(METHODS[name], self)
        if name.endswith("_") and name[:-1] in METHODS:
            return partial(self.become_result_of, METHODS[name[:-1]])
        raise AttributeError(f"'Tensor' object has no attribute '{name}'")

    # --- in place ----------------------------------------------------------------------------

    def become_result_of(
        self, out_of_place: Callable[..., Any], *args: Any, **words: Any
    ) -> Tensor:
        """An operation in place: its result is written into this tensor, which takes its history.

        Raises TensorError G407 for a leaf that requires grad.
        """
        base = self._base
        if mode.grad:
            if self._requires_grad and self.grad_fn is None:
                raise TensorRuntimeError("G407", LEAF_IN_PLACE)
            if base is not None and base._requires_grad and base.grad_fn is None:
                raise TensorRuntimeError(
                    "G407", LEAF_IN_PLACE.replace("a leaf", "a view of a leaf")
                )
        result = out_of_place(self, *args, **words)
        if result.shape != self.shape:
            raise TensorRuntimeError(
                "G302",
                f"output with shape {list(self.shape)} doesn't match the broadcast shape "
                f"{list(result.shape)}",
            )
        if result.dtype is not self.dtype:
            order = ("bool", "int", "float")
            if order.index(result.dtype.kind) > order.index(self.dtype.kind):
                raise TensorRuntimeError(
                    "G113",
                    f"result type {result.dtype.legacy} can't be cast to the desired output type "
                    f"{self.dtype.legacy}",
                )
            result = result.to(self.dtype)
        self.overwrite(result)
        return self

    def overwrite(self, result: Tensor) -> None:
        """Take the entries of `result`, of the same shape and type, and its history."""
        if not self._array.flags.writeable:
            raise TensorRuntimeError("G404", OVERLAP)
        self._array[...] = result._array
        self._writes.number += 1
        fn = result.grad_fn
        if fn is None:
            return
        if fn.saved and GradFn.OUTPUT in fn.saved:
            fn.saved = {**fn.saved, GradFn.OUTPUT: saved(self)}
        if self._base is None:
            self._grad_fn, self._requires_grad = fn, False
        else:
            self._base._grad_fn = self._replaced(self._base, fn)
            self._base._requires_grad = False
            self._live = True

    def _replaced(self, base: Tensor, fn: GradFn) -> GradFn:
        """The history of the base of this view, now that `fn` has made the entries looked at."""
        assert self._view is not None
        whole, part = placeholder(0, base.shape, "float"), placeholder(1, self.shape, "float")
        if self._view is whole:
            node = part
        elif self._view.op.name == "index" and self._view.args[0] is whole:
            node = F.index_set(whole, part, self._view.attr("index"))
        else:
            node = whole + pull(self._view, [whole], part - self._view).grads[0]
        edge = base.edge()
        wanted = (part,) if edge is None else (whole, part)
        kind = base._array.dtype
        made = grad_fn_class("CopySlices")(
            node, (edge, fn), wanted, (kind,) * len(wanted), kind, {}, False
        )
        if mode.watch is not None:
            mode.watch(made, (base, self))
        return made

    # --- as Python has it --------------------------------------------------------------------

    def __repr__(self) -> str:
        if OPTIONS.legacy:
            known = self._variable or self.requires_grad
            return legacy_text(self._array, f"{self.dtype.legacy}Tensor", known)
        suffixes = []
        shown = self.dtype in (default_dtype(), *(() if not self._array.size else SHOWN_PLAIN))
        if not self._array.size and self.ndim != 1:
            suffixes.append(f"size={tuple(self.shape)}")
        if not shown:
            suffixes.append(f"dtype={self.dtype}")
        if self.grad_fn is not None:
            suffixes.append(f"grad_fn=<{self.grad_fn.name()}>")
        elif self.requires_grad:
            suffixes.append("requires_grad=True")
        return text(self._array, suffixes)

    def __format__(self, spec: str) -> str:
        if not self.ndim and not OPTIONS.legacy:
            return format(self._array.item(), spec)
        return object.__format__(self, spec)

    def __bool__(self) -> bool:
        if self._array.size != 1:
            count = "no values" if not self._array.size else "more than one value"
            text = f"Boolean value of Tensor with {count} is ambiguous"
            raise TensorRuntimeError("G113", text)
        return bool(self._array.item())

    def _number(self) -> Any:
        if self._array.size != 1:
            text = "only one element tensors can be converted to Python scalars"
            raise TensorValueError("G113", text)
        return self._array.item()

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __index__(self) -> int:
        if self.dtype.is_floating_point or self._array.size != 1:
            text = "only integer tensors of a single element can be converted to an index"
            raise TensorTypeError("G113", text)
        return int(self._array.item())

    def __len__(self) -> int:
        if not self.ndim:
            raise TensorTypeError("G113", "len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TensorTypeError("G113", "iteration over a 0-d tensor")
        return iter(METHODS["unbind"](self))

    def __contains__(self, item: object) -> bool:
        return bool((self == item).any())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.requires_grad:
            raise TensorRuntimeError("G404", NUMPY)
        return np.array(self._array, dtype=dtype, copy=copy)

    def __getitem__(self, index: Any) -> Any:
        return METHODS["getitem"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        METHODS["setitem"](self, index, value)

    def __hash__(self) -> int:
        return id(self)

    # fmt: off
    __add__, __radd__, __iadd__ = _operator("add"), _operator("add"), _in_place("add")
    __sub__, __rsub__, __isub__ = _operator("sub"), _operator("sub", True), _in_place("sub")
    __mul__, __rmul__, __imul__ = _operator("mul"), _operator("mul"), _in_place("mul")
    __truediv__, __itruediv__ = _operator("div"), _in_place("div")
    __floordiv__, __rfloordiv__ = _operator("floor_divide"), _operator("floor_divide", True)
    __mod__, __rmod__ = _operator("remainder"), _operator("remainder", True)
    __pow__, __rpow__, __ipow__ = _operator("pow"), _operator("pow", True), _in_place("pow")
    __matmul__, __imatmul__ = _operator("matmul"), _in_place("matmul")
    __ifloordiv__, __imod__ = _in_place("floor_divide"), _in_place("remainder")
    __lt__, __le__ = _operator("lt"), _operator("le")
    __gt__, __ge__ = _operator("gt"), _operator("ge")
    __eq__, __ne__ = _operator("eq"), _operator("ne")
    __and__, __or__ = _operator("bitwise_and"), _operator("bitwise_or")
    __xor__, __invert__ = _operator("bitwise_xor"), _alone("bitwise_not")
    __neg__, __abs__ = _alone("neg"), _alone("abs")
    # fmt: on

    def __pos__(self) -> Tensor:
        return self

    def __rtruediv__(self, other: Any) -> Any:
        """As PyTorch: the reciprocal, then a product."""
        value = operand(self, other)
        return value if value is NotImplemented else METHODS["mul"](self.reciprocal(), value)


def operand(self: Tensor, other: Any) -> Any:
    """What stands beside a tensor at an operator; NotImplemented for what cannot."""
    if isinstance(other, (Tensor, bool, int, float)):
        return other
    if isinstance(other, np.generic):
        return other.item()
    if isinstance(other, np.ndarray):
        if self.requires_grad:
            raise TensorRuntimeError("G404", NUMPY)
        return wrap(other)
    return NotImplemented


# --- making tensors ----------------------------------------------------------------------------


def wrap(array: Array, version: Version | None = None) -> Tensor:
    """A leaf that looks at this memory, and shares the count of writes if `version` is given."""
    tensor = object.__new__(Tensor)
    tensor._array = array
    tensor._writes = Version() if version is None else version
    tensor._requires_grad = tensor._volatile = tensor._variable = tensor._live = False
    tensor._accumulate = tensor._base = tensor._grad = tensor._grad_fn = tensor._view = None
    tensor._hooks = ()
    tensor._seen = 0
    return tensor


def saved(tensor: Tensor) -> Saved:
    """The entries of a tensor as they are now."""
    version = tensor._writes
    return Saved(tensor._array, version, version.number, ref(tensor))
