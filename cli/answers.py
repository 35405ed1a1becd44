"""An answer as a document: what `--json` prints, its parts, and what in it is not finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic, Label, suggest
from . import options

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grad.node import Node
    from ..grammar.program import Expression, Request, Solution

LONGEST_QUOTE = 40  # characters of a step that a message quotes


def document(
    expression: Expression,
    solution: Solution,
    request: Request,
    warnings: list[Diagnostic],
    steps: bool,
) -> dict[str, Any]:
    """What `--json` prints, in the order in which it prints it."""
    first_order = request.order in ("gradient", "none")
    document: dict[str, Any] = {
        "gradcalc": 1,
        "expr": expression.text,
        "value": solution.value,
        "grads": solution.grads if first_order else {},
    }
    if not first_order:
        document[request.order] = solution.grads
    shapes = {name: list(node.shape) for name, node in solution.inputs.items()}
    document["shapes"] = {"value": list(solution.value.shape)} | shapes
    document["dtype"] = str(request.dtype)
    document["nonfinite"] = solution.nonfinite()
    document["warnings"] = [warning.as_json() for warning in warnings]
    if steps:
        from ..grammar.derivation import Derivation, as_data

        document["steps"] = as_data(Derivation.of(solution))
    return document


def member(document: dict[str, Any], path: str) -> Any:
    """The part of a document that `--only` names. Raises G003."""
    found: Any = document
    for i, key in enumerate(parts := path.split(".")):
        members = list(found) if isinstance(found, dict) else []
        if key not in members:
            inside = ".".join(parts[:i])
            close = suggest(key, members)
            prefix = inside + "." if inside else ""
            ways = [f"did you mean `{prefix}{close}`?"] if close else []
            ways.append(f"there is {', '.join(f'`{prefix}{m}`' for m in members) or 'nothing'}")
            raise options.refused("--only", path, ways)
        found = found[key]
    return found


# --- what is not finite ------------------------------------------------------------------------


def not_finite(expression: Expression, solution: Solution) -> Diagnostic:
    """A warning that points at the first step where a NaN or an infinity came up."""
    import numpy as np

    from ..grad.node import walk

    memo, steps = solution.memo, solution.backward.steps if solution.backward else []
    node = solution.first_nonfinite()
    what, value = "", memo.get(node) if node is not None else None
    if node not in set(walk([solution.root])):  # the value is fine, a gradient is not
        culprit = (s for s in steps if not np.isfinite(memo.get(s.contribution, 0.0)).all())
        step = next(culprit, None)
        node, value = (step.node, memo[step.contribution]) if step else (None, None)
        what = "the slope of "
    labels = []
    message = "the result is not finite"
    if node is not None and value is not None:
        span = solution.built.spans.get(node)
        labels = [Label(span, primary=True)] if span else []
        message = f"{what}{_told(node, value, memo)}"
    counts = ", ".join(f"{count} in {where}" for where, count in solution.nonfinite().items())
    ways = [f"not finite: {counts}"]
    return Diagnostic("G501", message, expression.text, labels, ways, severity="warning")


def _told(node: Node, value: Array, memo: Mapping[Node, Array]) -> str:
    """``log(x)` is infinite at [0], where x = 0``."""
    import numpy as np

    from ..grad.ops import is_constant
    from ..grammar.print_text import print_text

    text = print_text(node)
    bad = ~np.isfinite(value)
    word = "nan" if np.isnan(value[bad][0]) else "infinite"
    told = f"`{text if len(text) <= LONGEST_QUOTE else node.op.name}` is {word}"
    told += f" at {_index(bad)}" if value.ndim else ""
    of = node.args[0] if len(node.args) == 1 else node
    if of is not node and of in memo and of.shape == value.shape and not is_constant(of):
        argument = print_text(of)
        if len(argument) <= LONGEST_QUOTE:
            told += f", where {argument} = {memo[of][bad][0]:g}"
    return told


def check_float32(arrays: dict[str, Array]) -> None:
    """Raise G206 for a finite number that a float32 cannot hold."""
    import numpy as np

    for name, array in arrays.items():
        with np.errstate(over="ignore"):
            lost = np.isfinite(array) & ~np.isfinite(array.astype(np.float32))
        if lost.any():
            where = f"{name}{_index(lost)}"
            ways = ["the largest float32 is about 3.4e38: use `--dtype float64`"]
            raise Diagnostic("G206", f"{where} is too large for a float32", help=ways)


def _index(found: Array) -> str:
    """The position of the first true entry: ``[0][1]``."""
    import numpy as np

    return "".join(f"[{i}]" for i in np.argwhere(found)[0])
