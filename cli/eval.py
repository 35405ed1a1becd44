"""Value, gradients, and how they come about.

Without options it prints the derivation; with --json, --only or --quiet what a script wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic, Label, suggest
from . import bindings, documents, files, options, screen
from .screen import Look, Reporter

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grad.node import Node
    from ..grammar.program import Expression, Request, Solution

LONGEST_QUOTE = 40  # characters of a step that a message quotes

EXAMPLES = """\
\b
Examples:
  gradcalc eval 'mean(x*x)' x='[[1,2],[3,4]]'
  gradcalc eval 'x*2' x='[1,2,3]' --gradient '[1,2,3]'
  gradcalc eval 'b = a + 3; mean(b*b*3)' a='[2,3]' --only grads
  gradcalc eval -x*x x=3 -q
  gradcalc eval 'sum((X @ w - y)**2)' X=@X.npy y=@y.csv w='zeros(3)' --wrt w -o grad.npz

"""


def run(
    words: options.Words = None,
    wrt: options.Wrt = None,
    gradient: options.Gradient = None,
    no_grad: options.NoGrad = False,
    jacobian: options.Jacobian = False,
    hessian: options.Hessian = False,
    dtype: options.Dtype = "float64",
    seed: options.Seed = None,
    max_elements: options.MaxElements = None,
    finite: options.Finite = False,
    json: options.Json = False,
    only: options.Only = None,
    quiet: options.Quiet = False,
    output: options.Output = None,
    steps: options.Steps = False,
    precision: options.Precision = "6",
    color: options.Color = "auto",
    ascii: options.Ascii = False,
    error_format: options.ErrorFormat = "text",
) -> int:
    options.exclusive(
        no_grad=no_grad, gradient=gradient is not None, jacobian=jacobian, hessian=hessian
    )
    look = Look.choose(color, ascii, options.digits(precision))
    suffix = files.check_writable(output) if output else ""
    only = only or ("value" if quiet else None)
    text, given = bindings.split(words or [])

    from ..grammar.program import Expression, Request, solve

    limit = options.limit(max_elements)
    expression = Expression.read(text)
    targets = options.names(wrt)
    bound = bindings.bind(expression, given, limit, targets or ())
    if dtype == "float32":
        _check_float32(bound.arrays)
    order = "jacobian" if jacobian else "hessian" if hessian else "gradient"
    request = Request(
        wrt=targets,
        seed=None if gradient is None else _seed(gradient, limit),
        order="none" if no_grad or only == "value" else order,
        dtype=dtype,
        max_elements=limit,
        steps=steps or not (output or json or only),
    )
    solution = solve(expression, bound.arrays, request)

    report = Reporter(error_format == "json", ascii)
    warnings = [_not_finite(expression, solution)] if solution.nonfinite() else []
    if finite and warnings:
        warnings[0].severity = "error"
        raise warnings[0]
    for note in bound.notes:
        screen.complain(f"gradcalc: {note}")
    for warning in warnings:
        report(warning)

    if output or json or only:
        document = _document(expression, solution, request, warnings, steps)
        _write(document, only, output, suffix)
    else:
        from . import tutorial

        story = tutorial.Derivation.of(solution)
        screen.show(tutorial.tell(expression.text, story, dtype, look, steps), look)
    return 0


# --- input -------------------------------------------------------------------------------------


def _seed(text: str, limit: int) -> Array:
    """The value of `--gradient`."""
    given = bindings.Given("--gradient", f"--gradient={text}", value=text)
    return bindings.value_of(given, limit)


def _check_float32(arrays: dict[str, Array]) -> None:
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


# --- output ------------------------------------------------------------------------------------


def _document(
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
        from . import tutorial

        document["steps"] = tutorial.as_data(tutorial.Derivation.of(solution))
    return document


def _write(document: dict[str, Any], only: str | None, output: str | None, suffix: str) -> None:
    """Print the document, or the part of it that is wanted, or write it to a file."""
    wanted = _member(document, only) if only else document
    if suffix == ".json" and output:
        files.write_json(output, wanted)
    elif suffix and output:
        arrays = _arrays(wanted if only else {k: document[k] for k in ("value", "grads")})
        if suffix == ".npz":
            files.write_npz(output, {name or "value": array for name, array in arrays.items()})
        else:
            files.write_npy(output, _single(arrays, only, output))
    else:
        screen.emit(documents.dumps(wanted, indent=screen.is_terminal()) + b"\n")


def _member(document: dict[str, Any], path: str) -> Any:
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


def _arrays(wanted: Any, prefix: str = "") -> dict[str, Array]:
    """The tensors in a part of a document, by path."""
    if hasattr(wanted, "dtype"):
        return {prefix: wanted}
    found: dict[str, Array] = {}
    if isinstance(wanted, dict):
        for key, member in wanted.items():
            found |= _arrays(member, f"{prefix}.{key}" if prefix else key)
    return found


def _single(arrays: dict[str, Array], only: str | None, output: str) -> Array:
    """The one tensor for a .npy file: what `--only` names, else the value."""
    if only is None:
        return arrays["value"]
    if len(arrays) != 1:
        ways = ["name one: `--only grads.x`", "several fit into a .npz file"]
        raise Diagnostic("G005", f"`{output}` holds one tensor, not {len(arrays)}", help=ways)
    return next(iter(arrays.values()))


# --- what is not finite ------------------------------------------------------------------------


def _not_finite(expression: Expression, solution: Solution) -> Diagnostic:
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

    from ..grammar.print_text import print_text

    text = print_text(node)
    bad = ~np.isfinite(value)
    word = "nan" if np.isnan(value[bad][0]) else "infinite"
    told = f"`{text if len(text) <= LONGEST_QUOTE else node.op.name}` is {word}"
    told += f" at {_index(bad)}" if value.ndim else ""
    if len(node.args) == 1 and node.args[0] in memo and node.args[0].shape == value.shape:
        argument = print_text(node.args[0])
        if len(argument) <= LONGEST_QUOTE:
            told += f", where {argument} = {memo[node.args[0]][bad][0]:g}"
    return told
