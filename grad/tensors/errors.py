"""Mistakes with tensors, in the words PyTorch has for them.

What goes wrong in a row of the table is a `GradError`; here it becomes the exception PyTorch
raises (``except RuntimeError`` works), with its sentence, and is a `GradError` with a code still.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import GradError
from ..node import Shape
from ..ops import broadcast

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)
LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_IN_PLACE = LEAF_IN_PLACE.replace("a leaf", "a view of a leaf")
OVERLAP = (
    "unsupported operation: more than one element of the written-to tensor refers to a single "
    "memory location. Please clone() the tensor before performing the operation."
)
CHANGE_FLAGS = (
    "you can only change requires_grad flags of leaf variables. If you want to use a computed "
    "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
)
ONLY_FLOATS = "Only Tensors of floating point and complex dtype can require gradients"
NUMPY = "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
DATA_DTYPE = "data set to a tensor that requires gradients must be floating point or complex dtype"
GRAD_SHAPE = (
    "attempting to assign a gradient of size '{}' to a tensor of size '{}'. Please ensure that "
    "the gradient and the tensor are the same size"
)
GRAD_DTYPE = (
    "attempting to assign a gradient with dtype '{}' to a tensor with grad_dtype '{}'. The "
    "gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set "
    "the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set "
    "grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
    "downstream systems that assume they match."
)
NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor."
)


class TensorError(GradError):
    """A mistake with tensors; what is printed is PyTorch's sentence alone."""

    def __str__(self) -> str:
        return self.message


def _raised_as(builtin: type[Exception]) -> type[TensorError]:
    """A TensorError that is caught as `builtin` and shows under that name in a traceback."""
    return type(builtin.__name__, (TensorError, builtin), {"__module__": "builtins"})


TensorRuntimeError = _raised_as(RuntimeError)
TensorTypeError = _raised_as(TypeError)
TensorIndexError = _raised_as(IndexError)
TensorValueError = _raised_as(ValueError)
_NotImplemented = _raised_as(NotImplementedError)


def modified(legacy: str, shape: Shape, producer: str, version: int, expected: int) -> TensorError:
    """A saved array was written to after the forward pass, and the gradient needs it."""
    made_by = f", which is output 0 of {producer}," if producer else ""
    return TensorRuntimeError(
        "G405",
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [torch.{legacy}Tensor {list(shape)}]{made_by} is at version {version}; "
        f"expected version {expected} instead. Hint: enable anomaly detection to find the "
        "operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False).",
    )


def translated(
    error: GradError, name: str, shapes: Sequence[Shape], args: Sequence[Any] = ()
) -> TensorError:
    """`error`, raised by the row called `name` for operands of these shapes, as PyTorch has it.

    `args` are all arguments of the call.
    """
    raised, text = _sentence(error, name, shapes, args)
    return raised(
        error.code,
        text or error.message,
        at=error.at,
        label=error.label,
        labels=error.labels,
        help=error.help,
        node=error.node,
    )


def _sentence(
    error: GradError, name: str, shapes: Sequence[Shape], args: Sequence[Any]
) -> tuple[type[TensorError], str]:
    numbers = [int(n) for n in re.findall(r"-?\d+", error.message)]
    match error.code:
        case "G111" | "G113" | "G114":
            return TensorTypeError, f"{name}(): {error.message}"
        case "G112":
            missing = re.search(r"missing its argument `(\w+)`", error.message)
            argument = {"x": "input", "y": "other", "xs": "tensors"}
            lost = argument.get(missing[1], missing[1]) if missing else ""
            text = f'{name}() missing 1 required positional arguments: "{lost}"'
            if "at least one tensor" in error.message:
                text = f"torch.{name}(): expected a non-empty list of Tensors"
                return TensorValueError, text
            return TensorTypeError, text if lost else f"{name}(): {error.message}"
        case "G301":
            return TensorRuntimeError, _matmul(*shapes[:2])
        case "G302" if name in ("broadcast_to", "expand") and shapes:
            return TensorRuntimeError, _expand(shapes[0], _sizes(error.message))
        case "G302":
            return TensorRuntimeError, _broadcast(shapes)
        case "G303" if name == "permute" and "each of" in error.message:
            dims = next((a for a in args if isinstance(a, (tuple, list))), args[1:])
            return TensorRuntimeError, (
                "permute(sparse_coo): number of dimensions in the tensor input does not match the "
                "length of the desired ordering of dimensions i.e. input.dim() = "
                f"{len(shapes[0])} is not equal to len(dims) = {len(dims)}"
            )
        case "G303" if len(numbers) == 2:
            low, high = (-numbers[1], numbers[1] - 1) if numbers[1] else (-1, 0)
            return TensorIndexError, (
                f"Dimension out of range (expected to be in range of [{low}, {high}], "
                f"but got {numbers[0]})"
            )
        case "G304" if "at most one" in error.message:
            return TensorRuntimeError, "only one dimension can be inferred"
        case "G304":
            wanted = list(_sizes(error.message))
            return TensorRuntimeError, f"shape '{wanted}' is invalid for input of size {numbers[0]}"
        case "G305":
            return TensorIndexError, (
                f"index {numbers[0]} is out of bounds for dimension {numbers[1]} "
                f"with size {numbers[2]}"
            )
        case "G307":
            if not shapes[0]:
                return TensorIndexError, (
                    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                    "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
                )
            return TensorIndexError, f"too many indices for tensor of dimension {len(shapes[0])}"
        case "G309" if name == "matmul":
            return TensorRuntimeError, (
                "both arguments to matmul need to be at least 1D, but they are "
                f"{len(shapes[0])}D and {len(shapes[1])}D"
            )
        case "G306" if shapes and len(shapes[0]) > 1:
            rows, columns = shapes[0][-2:]
            return TensorRuntimeError, (
                f"linalg.{'inv' if name == 'inverse' else name}: A must be batches of square "
                f"matrices, but they are {rows} by {columns} matrices"
            )
        case "G310" if name in ("stack", "concat", "cat") and shapes:
            dims = [a for a in args if isinstance(a, int)]
            return TensorRuntimeError, _joined(name, shapes, dims[0] if dims else 0)
        case "G117" if "by zero" in error.message:
            return TensorRuntimeError, "ZeroDivisionError"
        case "G117" if "an axis twice" in error.message:
            dims = next((list(a) for a in args if isinstance(a, (tuple, list))), [])
            twice = next((d for d in dims if dims.count(d) > 1), "")
            return TensorRuntimeError, f"dim {twice} appears multiple times in the list of dims"
    return TensorRuntimeError, ""


def _sizes(message: str) -> Shape:
    """The last shape a message speaks of."""
    return tuple(int(n) for n in re.findall(r"-?\d+", message[message.rfind("(") :]))


def _broadcast(shapes: Sequence[Shape]) -> str:
    """The first two shapes that disagree, and where: counted in the axes of the result."""
    for a in shapes:
        for b in shapes:
            if broadcast(a, b) is not None:
                continue
            rank = max(len(a), len(b))
            for axis in range(-1, -rank - 1, -1):
                if (
                    len(a) >= -axis
                    and len(b) >= -axis
                    and broadcast((a[axis],), (b[axis],)) is None
                ):
                    return (
                        f"The size of tensor a ({a[axis]}) must match the size of tensor b "
                        f"({b[axis]}) at non-singleton dimension {rank + axis}"
                    )
    return ""


def _expand(have: Shape, wanted: Shape) -> str:
    if len(have) > len(wanted):
        return (
            f"expand(torch.FloatTensor{{{list(have)}}}, size={list(wanted)}): the number of sizes "
            f"provided ({len(wanted)}) must be greater or equal to the number of dimensions in "
            f"the tensor ({len(have)})"
        )
    for axis in range(-1, -len(have) - 1, -1):
        if have[axis] not in (1, wanted[axis]):
            return (
                f"The expanded size of the tensor ({wanted[axis]}) must match the existing size "
                f"({have[axis]}) at non-singleton dimension {len(wanted) + axis}.  "
                f"Target sizes: {list(wanted)}.  Tensor sizes: {list(have)}"
            )
    return ""


def _matmul(x: Shape, y: Shape) -> str:
    match len(x), len(y):
        case 1, 1:
            return (
                f"inconsistent tensor size, expected tensor {list(x)} and src {list(y)} to have "
                f"the same number of elements, but got {x[0]} and {y[0]} elements respectively"
            )
        case 2, 1:
            return f"size mismatch, got input ({x[0]}), mat ({x[0]}x{x[1]}), vec ({y[0]})"
        case ((1 | 2), 2):
            rows = x[0] if len(x) == 2 else 1
            return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x[-1]} and {y[0]}x{y[1]})"
    return (
        "Expected size for first two dimensions of batch2 tensor to be: "
        f"{[x[0], x[-1]]} but got: {[y[0], y[-2]] if len(y) > 1 else [y[0]]}."
    )


def _joined(name: str, shapes: Sequence[Shape], dim: int) -> str:
    first = shapes[0]
    for i, shape in enumerate(shapes):
        if name == "stack" and shape != first:
            return (
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                f"and {list(shape)} at entry {i}"
            )
        for axis, (a, b) in enumerate(zip(first, shape, strict=False)):
            if a != b and axis != dim % len(first):
                return (
                    f"Sizes of tensors must match except in dimension {dim % len(first)}. "
                    f"Expected size {a} but got size {b} for tensor number {i} in the list."
                )
    return ""


# rows that PyTorch refuses to apply to integers, and its sentences; {} is the type
NEED_FLOATS: Mapping[str, str] = {
    "mean": "mean(): could not infer output dtype. Input dtype must be either a floating point or "
    "complex dtype. Got: {}",
    "std": "std and var only support floating point and complex dtypes",
    "var": "std and var only support floating point and complex dtypes",
    "norm": "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {}",
    "softmax": "\"softmax_lastdim_kernel_impl\" not implemented for '{}'",
    "log_softmax": "\"log_softmax_lastdim_kernel_impl\" not implemented for '{}'",
}


def need_floats(name: str, legacy: str) -> TensorError:
    """A function of floats was given a tensor of integers."""
    text = NEED_FLOATS[name].format(legacy)
    return (_NotImplemented if text.startswith('"') else TensorRuntimeError)("G113", text)


def not_a_tensor(name: str, argument: str, position: int, value: Any) -> TensorError:
    """A function was given something else where a tensor belongs."""
    return TensorTypeError(
        "G113",
        f"{name}(): argument '{argument}' (position {position}) must be Tensor, "
        f"not {type(value).__name__}",
    )


def not_a_grad(value: Any) -> TensorError:
    """Something else was assigned to ``x.grad``."""
    kind = type(value).__name__
    return TensorTypeError(
        "G113", f"assigned grad expected to be a Tensor or None but got grad of type {kind}"
    )


def not_data(value: Any) -> TensorError:
    """Something else was given as the data of a variable."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return TensorTypeError("G113", f"Variable data has to be a tensor, but got {name}")
