"""Operations on tensors: a row of the table applied to them, its value, and what is recorded."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import GradError
from ..evaluate import Array
from ..node import TABLE, Node
from ..ops import VARIABLE, substitute
from ..rules.selection import numpy_index
from .backward_names import backward_name
from .dtypes import bool_, default_dtype, dtype, float64, int64, promote
from .errors import NEED_FLOATS, need_floats, not_a_tensor, translated
from .tape import CACHED, Edge, GradFn, forward, grad_fn_class, placeholder, pullback
from .tensor import METHODS, Tensor, mode, saved, wrap

# results that look at their operand's memory, as in PyTorch; all others have memory of their own
VIEWS = frozenset(
    "reshape view flatten ravel permute transpose t T mT adjoint swapaxes swapdims squeeze "
    "unsqueeze expand_dims broadcast_to expand expand_as view_as diagonal movedim moveaxis "
    "unflatten getitem narrow select unbind split chunk tensor_split".split()
)
# with a number or a list PyTorch saves that as a tensor, and frees it on the way back
FREES = ("MulBackward0", "DivBackward0", "PowBackward0", "PowBackward2", "IndexBackward0")


def record(
    node: Node,
    operands: Sequence[Tensor],
    name: str,
    *,
    value: Array | None = None,
    dtype: dtype | None = None,
    view: bool = False,
) -> Tensor:
    """The result of `node`, an operation on placeholders for `operands`, with its history.

    `name` is that of its `GradFn`. `value` is the result, where it is known, `dtype` its type,
    where that is not what promotion gives. A result that happens to look at the memory of an
    operand keeps doing so if it is a `view`, and is copied otherwise.
    """
    types = tuple((t.dtype, t.ndim) for t in operands)
    result = dtype or promote(node.kind, types)
    working = result if result.is_floating_point else _working(node, types)
    if value is None:
        value = _part(node, operands)
    if value is None:
        arrays = {str(i): t._array for i, t in enumerate(operands)}
        try:
            value = forward(node).run(arrays, working.numpy)[0]
        except GradError as error:
            raise translated(error, node.op.name, [t.shape for t in operands]) from None
    value = np.asarray(value, dtype=result.numpy)
    seen = next((t for t in operands if np.may_share_memory(value, t._array)), None)
    if seen is not None and not view:
        value, seen = value.copy(), None
    made = wrap(value, None if seen is None else seen._writes)
    made._variable = any(t._variable for t in operands)
    if any(t._volatile for t in operands):
        made._volatile = True
        return made
    if seen is not None:
        _look_at(made, node, seen)
    edges = tuple(t.edge() for t in operands) if mode.grad and result.is_floating_point else ()
    if any(edges) and node.kind == "float" and node.op.differentiable:
        made._grad_fn = _grad_fn(node, operands, edges, name, working, made)
        if mode.watch is not None:
            mode.watch(made._grad_fn, operands)
    return made


def _part(node: Node, operands: Sequence[Tensor]) -> Array | None:
    """What a basic index selects, as a view even where that is a single entry."""
    if node.op.name != "index" or node.args[0].op is not VARIABLE:
        return None
    index = numpy_index(node.attr("index"))
    if any(isinstance(entry, np.ndarray) for entry in index):
        return None
    part: Array = operands[int(node.args[0].attr("name"))]._array[(*index, ...)]
    return part


def _working(node: Node, types: tuple[tuple[dtype, int], ...]) -> dtype:
    """The type in which a result that is not a float is computed: floats as they are compared."""
    if any(d.is_floating_point for d, _ in types):
        return promote("float", types)
    return float64 if node.kind != "float" else default_dtype()


def _look_at(made: Tensor, node: Node, seen: Tensor) -> None:
    """Make `made` a view, of the base of `seen` if that is one itself."""
    made._seen = seen._writes.number
    if seen._base is None:
        made._base, made._view, made._live = seen, node, mode.grad
    elif seen._view is not None:
        operand = placeholder(0, seen.shape, node.kind)
        made._base, made._live = seen._base, mode.grad and seen._live
        made._view = substitute([node], {operand: seen._view})[0]


def _grad_fn(
    node: Node,
    operands: Sequence[Tensor],
    edges: tuple[Edge | None, ...],
    name: str,
    working: dtype,
    made: Tensor,
) -> GradFn:
    wanted = tuple(
        placeholder(i, t._array.shape, t.dtype.kind)
        for i, (t, edge) in enumerate(zip(operands, edges, strict=True))
        if edge is not None
    )
    back = pullback(node, wanted)
    kept = {n: saved(operands[int(n)]) for n in back.program.reads if n.isdigit()}
    if back.reads_output:
        kept[GradFn.OUTPUT] = saved(made)
    dtypes = tuple(
        t._array.dtype for t, edge in zip(operands, edges, strict=True) if edge is not None
    )
    made_by = grad_fn_class(name)
    return made_by(node, edges, wanted, dtypes, working.numpy, kept, bool(kept) or name in FREES)


def cast(tensor: Tensor, to: dtype) -> Tensor:
    """The same entries as another type; the tensor itself if it is of that type."""
    if tensor.dtype is to:
        return tensor
    whole = placeholder(0, tensor.shape, tensor.dtype.kind)
    with np.errstate(all="ignore"):
        value = tensor._array.astype(to.numpy)
    return record(whole, [tensor], "ToCopyBackward0", value=value, dtype=to)


# --- applying rows -----------------------------------------------------------------------------


def build(
    name: str, args: Sequence[Any], keywords: Mapping[str, Any] | None = None, shown: str = ""
) -> tuple[Any, list[Tensor]]:
    """A row applied to placeholders for the tensors among its arguments, and these tensors.

    A row that takes its argument apart gives a tuple of nodes.

    Raises TensorError for what the row refuses; `shown` is the name it goes by there.
    """
    operands: list[Tensor] = []
    placed = [_placed(value, operands) for value in args]
    words = {word: _placed(value, operands) for word, value in (keywords or {}).items()}
    try:
        if words or not all(isinstance(value, SIMPLE) and value != 0 for value in placed):
            node = TABLE[name](*placed, **words)
        else:
            node = _applied(name, *placed)
    except GradError as error:
        shapes = [t.shape for t in operands]
        raise translated(error, shown or name, shapes, (*args, *words.values())) from None
    return node, operands


SIMPLE = (Node, int, float, bool)


@lru_cache(CACHED, typed=True)
def _applied(name: str, *placed: Any) -> Any:
    """What is applied again and again is built once. (Zero has a sign and is built each time.)"""
    return TABLE[name](*placed)


def _placed(value: Any, operands: list[Tensor]) -> Any:
    """An argument with placeholders for its tensors, which become operands."""
    if isinstance(value, Tensor):
        operands.append(value)
        return placeholder(len(operands) - 1, value._array.shape, value.dtype.kind)
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        return [_placed(v, operands) for v in value]
    return value


def call(
    name: str, args: Sequence[Any], keywords: Mapping[str, Any] | None = None, shown: str = ""
) -> Any:
    """The row called `name`, on tensors; `shown` is what PyTorch calls it."""
    shown = shown or name
    words = dict(keywords or {})
    words.pop("out", None)
    to = words.pop("dtype", None)
    if to is not None and args and isinstance(args[0], Tensor):
        args = [cast(args[0], to), *args[1:]]
    if shown in NEED_FLOATS and isinstance(args[0], Tensor) and args[0].dtype.kind != "float":
        raise need_floats(shown, args[0].dtype.legacy)
    made, operands = build(name, args, words, shown)
    dim_given = len(args) > 1 or not words.keys().isdisjoint(("dim", "axis"))
    shapes = tuple(t._array.shape for t in operands)

    def recorded(node: Node) -> Tensor:
        label = backward_name(shown, node, shapes, dim_given)
        return record(node, operands, label, view=shown in VIEWS, dtype=_kept(name, node, args))

    return tuple(map(recorded, made)) if isinstance(made, tuple) else recorded(made)


# rows whose value is a float on the graph, and a whole number again for whole numbers
ROUNDINGS = ("floor", "ceil", "round", "trunc", "fix")
# rows whose value is an int64 for integers of any type
SUMS = ("sum", "prod", "cumsum", "cumprod", "nansum")
# rows whose value is an int on the graph, and a bool again for bools
LATTICE = ("add", "mul", "multiply", "maximum", "minimum", "where", "max", "min", "amax", "amin")


def _kept(name: str, node: Node, args: Sequence[Any]) -> dtype | None:
    """The type of the result where it is not what promotion gives."""
    types = {a.dtype for a in args if isinstance(a, Tensor)}
    if node.kind == "int" and name in SUMS:
        return int64
    if name in ROUNDINGS and all(d.kind == "int" for d in types):
        return next(iter(types), None)
    bools = all(a.dtype is bool_ if isinstance(a, Tensor) else isinstance(a, bool) for a in args)
    return bool_ if node.kind == "int" and name in LATTICE and bools else None


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make this a function and a method of tensors; ``pow_`` is called so for Python alone."""
    name = function.__name__
    METHODS[name[:-1] if hasattr(builtins, name[:-1]) else name] = function
    return function


def _row_function(name: str) -> Callable[..., Any]:
    """The row of that name as a function of tensors."""
    parameters = TABLE[name].signature.parameters
    tensor_first = bool(parameters) and parameters[0].type == "tensor" and not NUMBER_FIRST & {name}

    def function(*args: Any, **keywords: Any) -> Any:
        if tensor_first and args and not isinstance(args[0], Tensor):
            raise not_a_tensor(name, "input", 1, args[0])
        return call(name, args, keywords)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = TABLE[name].doc
    return function


NUMBER_FIRST = frozenset(("sub", "pow", "power", "where", "xlogy", "remainder", "floor_divide"))
for _name, _row in TABLE.items():
    if any(p.is_tensor for p in _row.signature.parameters) and not _row.hidden:
        METHODS[_name] = _row_function(_name)
