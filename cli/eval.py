"""Value, gradients, and how they come about.

Without options it prints the derivation; with --json, --only or --quiet what a script wants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic
from . import answers, bindings, documents, options, progress, screen
from .screen import Look, Reporter

if TYPE_CHECKING:
    from ..grad.evaluate import Array

WEIGH = "weigh its entries: `--gradient '{1}'`"
LESS = ("all slopes: `--jacobian`", "the value alone: `--no-grad`")
RESULTS = ("value", "grads", "jacobian", "hessian")  # the members of an answer that have tensors

EXAMPLES = """\
\b
Examples:
  gradcalc eval 'mean(x*x)' x='[[1,2],[3,4]]'
  gradcalc eval 'x*2' x='[1,2,3]' --gradient '[1,2,3]'
  gradcalc eval 'b = a + 3; mean(b*b*3)' a='[2,3]' --only grads
  gradcalc eval -x*x x=3 -q
  gradcalc eval 'sum((X @ w - y)**2)' X=@X.npy y=@y.csv w='zeros(3)' --wrt w -o grad.npz
  gradcalc eval 'mean((x - y)**2)' --jsonl --keep id < records.jsonl > answers.jsonl

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
    jsonl: options.Jsonl = False,
    on_error: options.OnError = "emit",
    keep: options.Keep = None,
    jobs: options.Jobs = 1,
    steps: options.Steps = False,
    precision: options.Precision = "6",
    color: options.Color = "auto",
    ascii: options.Ascii = False,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    options.exclusive(
        no_grad=no_grad, gradient=gradient is not None, jacobian=jacobian, hessian=hessian
    )
    look = Look.choose(color, ascii, options.digits(precision))
    suffix = _suffix(output) if output else ""
    only = only or ("value" if quiet else None)
    options.exclusive(jsonl=jsonl, output=output is not None)
    options.exclusive(jsonl=jsonl, steps=steps)
    options.exclusive(keep=keep is not None, only=only is not None)
    text, given = bindings.split(words or [])

    from ..grammar.program import Expression, Request, solve

    options.start_random(seed)
    limit = options.limit(max_elements)
    targets = options.names(wrt)
    order = "jacobian" if jacobian else "hessian" if hessian else "gradient"
    request = Request(
        wrt=targets,
        seed=None if gradient is None else _seed(gradient, limit),
        order="none" if no_grad or only == "value" else order,
        dtype=dtype,
        max_elements=limit,
        steps=steps or not (output or json or only),
        instead=(f"in place of `--hessian`, {'; '.join(LESS)}",)
        if hessian
        else (WEIGH, "; ".join(LESS)),
    )
    if jsonl:
        from . import stream
        from .stream_values import Values

        policy = stream.Policy(on_error, options.names(keep, "--keep") or ())
        work = Values(text, given, request, only, finite)
        return stream.run(work, policy, options.processes(jobs))
    expression = Expression.read(text)
    bound = bindings.bind(expression, given, limit, targets or ())
    if dtype == "float32":
        answers.check_float32(bound.arrays)
    with progress.shown() as tell:
        solution = solve(expression, bound.arrays, request, tell)

    report = Reporter(error_format == "json", ascii, color)
    warnings = [answers.not_finite(expression, solution)] if solution.nonfinite() else []
    if finite and warnings:
        warnings[0].severity = "error"
        raise warnings[0]
    for note in bound.notes:
        screen.complain(f"gradcalc: {note}")
    for warning in warnings:
        report(warning)

    if output or json or only:
        document = answers.document(expression, solution, request, warnings, steps)
        _write(document, only, output, suffix)
    else:
        from ..grammar.closed_form import closed_forms
        from ..grammar.derivation import Derivation
        from . import tutorial

        story = Derivation.of(solution)
        forms = closed_forms(solution) if gradient is None else {}
        screen.show(tutorial.tell(expression.text, story, forms, dtype, look, steps), look)
    return 0


# --- input -------------------------------------------------------------------------------------


def _seed(text: str, limit: int) -> Array:
    """The value of `--gradient`."""
    given = bindings.Given("--gradient", f"--gradient={text}", value=text)
    return bindings.value_of(given, limit)


# --- output ------------------------------------------------------------------------------------


def _suffix(output: str) -> str:
    from . import files

    return files.check_writable(output)


def _write(document: dict[str, Any], only: str | None, output: str | None, suffix: str) -> None:
    """Print the document, or the part of it that is wanted, or write it to a file."""
    wanted = answers.member(document, only) if only else document
    if not output:
        screen.emit(documents.dumps(wanted, indent=screen.is_terminal()) + b"\n")
        return
    from . import files

    if suffix == ".json":
        files.write_json(output, wanted)
    else:
        arrays = _arrays(wanted if only else {k: document[k] for k in RESULTS if k in document})
        if suffix == ".npz":
            files.write_npz(output, {name or "value": array for name, array in arrays.items()})
        else:
            files.write_npy(output, _single(arrays, only, output))


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
