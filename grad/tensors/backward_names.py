"""What PyTorch calls the backward step of a function: ``grad_fn=<MulBackward0>``."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ..node import Node, Shape

# functions whose name differs; those not listed are written together in capitals: LogSoftmax
STEMS = {
    "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "arctan2": "Atan2",
    "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh", "absolute": "Abs",
    "log1p": "Log1P", "logsigmoid": "LogSigmoid", "logaddexp": "Logaddexp",
    "subtract": "Sub", "multiply": "Mul", "divide": "Div", "true_divide": "Div",
    "negative": "Neg", "square": "Pow", "power": "Pow", "remainder": "Remainder",
    "concat": "Cat", "concatenate": "Cat", "clip": "Clamp", "broadcast_to": "Expand",
    "expand_as": "Expand", "reshape": "View", "flatten": "View", "ravel": "View",
    "view_as": "View", "T": "Permute", "mT": "Transpose", "swapaxes": "Transpose",
    "swapdims": "Transpose", "expand_dims": "Unsqueeze", "tile": "Repeat",
    "norm": "LinalgVectorNorm", "vector_norm": "LinalgVectorNorm",
    "det": "LinalgDet", "inv": "LinalgInvEx", "inverse": "LinalgInvEx",
    "solve": "LinalgSolveEx", "cholesky": "LinalgCholeskyEx", "pinv": "LinalgPinv",
    "pinverse": "LinalgPinv", "slogdet": "LinalgSlogdet", "cross": "LinalgCross",
    "outer": "Mul", "ger": "Mul", "mm": "Mm", "mv": "Mv", "bmm": "Bmm", "dot": "Dot",
    "vdot": "Dot", "cross_entropy": "NllLoss", "nll_loss": "NllLoss",
    "bce_loss": "BinaryCrossEntropy", "bce_with_logits": "BinaryCrossEntropyWithLogits",
    "chunk": "Split", "diff": "Sub", "kron": "UnsafeView", "normalize": "Div",
    "nanmean": "Div", "cosine_similarity": "Sum", "l1_loss": "Mean", "kl_div": "Mean",
}  # fmt: skip

# the number at the end, where it is not 0: by whether `dim` was given, or always the same
BY_DIM = {"sum": (0, 1), "mean": (0, 1), "prod": (0, 1), "max": (1, 0), "min": (1, 0),
          "median": (0, 1), "squeeze": (0, 1)}  # fmt: skip
NUMBERS = {"clamp": 1, "clip": 1, "cosine_similarity": 1}


@lru_cache(4096)
def backward_name(function: str, node: Node, shapes: tuple[Shape, ...], dim_given: bool) -> str:
    """The name of the step that undoes `function`, recorded as `node` on operands of `shapes`."""
    if function in SPECIAL:
        return SPECIAL[function](node, shapes)
    stem = STEMS.get(function) or "".join(part[:1].upper() + part[1:] for part in _parts(function))
    number = BY_DIM[function][dim_given] if function in BY_DIM else NUMBERS.get(function, 0)
    return f"{stem}Backward{number}"


def _parts(function: str) -> list[str]:
    return function.split("_")


def _power(node: Node, shapes: tuple[Shape, ...]) -> str:
    """A tensor to a number, two tensors, a number to a tensor."""
    if len(shapes) == 2:
        return "PowBackward1"
    return "PowBackward0" if node.args and node.args[0].op.name == "variable" else "PowBackward2"


PRODUCTS: dict[tuple[int, ...], str] = {  # by the number of axes of both
    (1, 1): "DotBackward0",
    (2, 1): "MvBackward0",
    (2, 2): "MmBackward0",
    (1, 2): "SqueezeBackward4",
}


def _product(node: Node, shapes: tuple[Shape, ...]) -> str:
    ranks = tuple(map(len, shapes))
    return PRODUCTS.get(ranks, "UnsafeViewBackward0")


def _difference(node: Node, shapes: tuple[Shape, ...]) -> str:
    number_first = len(shapes) == 1 and node.args and node.args[0].op.name == "constant"
    return "RsubBackward1" if number_first else "SubBackward0"


def _entries(node: Node, shapes: tuple[Shape, ...]) -> str:
    """By the last step: PyTorch takes an index apart, one axis after the other."""
    if node.op.name == "unsqueeze":
        return "UnsqueezeBackward0"
    if node.op.name != "index":
        return "SliceBackward0"
    entries = node.attr("index")
    if any(isinstance(entry, tuple) and entry[0] == "array" for entry in entries):
        return "IndexBackward0"
    return "SelectBackward0" if isinstance(entries[-1], int) else "SliceBackward0"


def _linalg_norm(node: Node, shapes: tuple[Shape, ...]) -> str:
    """By what it is made of: that of a matrix is an extreme, or a sum of singular values."""
    if node.op.name == "norm" or node.attr("ord") == "fro":
        return "LinalgVectorNormBackward0"
    if node.attr("ord") == "nuc":
        return "SumBackward1"
    return "AmaxBackward0" if node.attr("ord") > 0 else "AminBackward0"


SPECIAL: dict[str, Callable[[Node, tuple[Shape, ...]], str]] = {
    "pow": _power,
    "power": _power,
    "matmul": _product,
    "sub": _difference,
    "getitem": _entries,
    "linalg_norm": _linalg_norm,
    "matrix_norm": _linalg_norm,
}
