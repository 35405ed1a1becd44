"""Names of PyTorch, NumPy and Python that there are none of here, and what to write instead.

They are not misspelt, so a name that looks like them would be no help.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import syntax
from .vocabulary import WORDS

_CPU = "leave it out: everything is computed on the CPU"
_SLOPES = "gradients are taken by every variable, or by those that `--wrt` names"
_DATA = "leave it out: the answer is plain data, for scripts with `--json`"
_LAYERS = "there are no layers: name their tensors and write the formula, `relu(x @ W.T + b)`"
_OWN = "write what it computes as a formula: the gradient follows from it"
_FACTORS = "`solve(A, b)`, `inv(A)` and `det(A)` need none; `cholesky(A)` is there"

_ANYWHERE = {
    **dict.fromkeys(("cuda", "mps", "xpu"), _CPU),
    **dict.fromkeys(("Module", "Sequential", "Parameter", "Conv1d", "Conv2d", "LSTM"), _LAYERS),
    **dict.fromkeys(("Embedding", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "Dropout"), _LAYERS),
    "Linear": "there are no layers: name its tensors and write `x @ W.T + b`",
    "Function": _OWN,
    "jit": _OWN,
    "factorial": "write `exp(lgamma(n + 1))`",
    **dict.fromkeys(("eig", "eigvals"), "`eigvalsh(A)` is there, for symmetric matrices"),
    "eigh": "its parts are `eigvalsh(A)` and `eigenvectors(A)`",
    "svd": "its parts are `svd_u(A)`, `svdvals(A)` and `svd_vh(A)`",
    **dict.fromkeys(("lu", "qr", "lu_factor"), _FACTORS),
}
EXPRESSION = _ANYWHERE | {
    **dict.fromkeys(("cpu", "to", "device"), _CPU),
    **dict.fromkeys(("grad", "backward"), "`grad(f, x)` is the gradient of `f` by `x`"),
    **dict.fromkeys(("requires_grad", "requires_grad_", "is_leaf", "grad_fn"), _SLOPES),
    **dict.fromkeys(("retain_grad", "zero_grad", "Variable"), _SLOPES),
    **dict.fromkeys(("item", "numpy", "tolist"), _DATA),
    **dict.fromkeys(("float", "double", "half"), "leave it out, or choose with `--dtype`"),
    **dict.fromkeys(("detach_", "no_grad"), "`detach(x)` is `x` counted as a constant"),
    **dict.fromkeys(
        ("optim", "SGD", "Adam", "AdamW"),
        "there are no optimisers: a step of descent is `w - 0.1*grad(loss, w)`",
    ),
    "len": "write `x.shape[0]`",
    "range": "write `arange(n)`",
    "average": "write `mean(x)`",
    "append": "write `cat([x, y])`",
    "print": "leave it out: the last statement is the result",
}
SCRIPT = _ANYWHERE | dict.fromkeys(
    ("optim", "SGD", "Adam", "AdamW"),
    "there are no optimisers: write a step out, `w.data -= lr*w.grad`, then `w.grad.zero_()`",
)
LIBRARIES = frozenset("F jax linalg nn scipy sp special tf".split())


def prefixed(source: str, tree: syntax.Tree) -> Iterator[tuple[str, syntax.Call, str]]:
    """The calls of ``F.relu(x)`` and the like: the library, the call, and the way out.

    `F` may well be a matrix that has a method, so this is for calls that fail.
    """
    for call in syntax.walk(tree):
        if isinstance(call, syntax.Call) and isinstance(call.function, syntax.Attribute):
            inner = call.function.value
            while isinstance(inner, syntax.Attribute):
                inner = inner.value
            known = call.function.name in WORDS
            if known and isinstance(inner, syntax.Name) and inner.id in LIBRARIES:
                start, end = inner.span[0], call.function.name_span[0]
                way = f"leave `{source[start:end]}` out: `{call.function.name}(...)`"
                yield inner.id, call, way
