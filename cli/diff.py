"""The gradient as a formula: the closed form, from shapes alone.

Shapes are given as NAME:SHAPE, in numbers or in names (X:n,d); names without one are scalars. The
answer has the shape of the variable and is a program of the same language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from . import bindings, documents, forms, options, screen
from .arguments import Option

if TYPE_CHECKING:
    from ..grammar.closed_form import Form, Wanted
    from ..grammar.program import Expression

EXAMPLES = """\
\b
Examples:
  gradcalc diff 'mean((X @ w - y)**2)' X:5,3 w:3 y:5 --wrt w
  gradcalc diff 'mean((X @ w - y)**2)' X:n,d w:d y:n --format latex
  gradcalc diff 'x @ A @ x' x:3 A:3,3 --symmetric A --wrt x
  gradcalc diff 'sum(log(1 + exp(x)))' x:3 --order 2
  echo '{"expr": "norm(X @ w)", "shapes": {"X": ["n", "d"], "w": ["d"]}}' | gradcalc diff - --jsonl

"""

Seed = Annotated[
    str | None,
    Option(
        "--gradient",
        metavar="NAME",
        help="A name for the gradient of a result that is not a scalar.",
    ),
]
Order = Annotated[int, Option("--order", metavar="N", help="1 is the gradient, 2 the Hessian, ...")]


def run(
    words: options.Shapes = None,
    wrt: options.Wrt = None,
    order: Order = 1,
    gradient: Seed = None,
    expand: options.Expand = False,
    symmetric: options.Symmetric = None,
    positive: options.Positive = None,
    max_elements: options.MaxElements = None,
    format: options.Format = "text",
    json: options.Json = False,
    jsonl: options.Jsonl = False,
    on_error: options.OnError = "emit",
    keep: options.Keep = None,
    jobs: options.Jobs = 1,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    if order < 1:
        raise options.refused("--order", str(order), ["1 for the gradient, 2 for the Hessian"])
    notation = "text" if format == "json" else format
    limit = options.limit(max_elements)
    text, given = bindings.split(words or [])
    targets = options.names(wrt)
    are_symmetric = options.names(symmetric, "--symmetric") or ()
    are_positive = options.names(positive, "--positive") or ()
    if jsonl:
        from . import stream
        from .stream_forms import Asked, Forms

        asked = Asked(text, (), targets, order, gradient, are_symmetric, are_positive)
        policy = stream.Policy(on_error, options.names(keep, "--keep") or ())
        work = Forms(asked, given, notation, expand, limit)
        return stream.run(work, policy, options.processes(jobs))

    from ..grammar.closed_form import derive
    from ..grammar.program import Expression

    expression = Expression.read(text)
    shapes = forms.shapes(given, limit)
    question = forms.question(
        expression, shapes, targets, order, gradient, expand, are_symmetric, are_positive
    )
    found = forms.checked(lambda wanted: derive(expression, wanted), question)
    if json or format == "json":
        document: dict[str, Any] = {
            "gradcalc": 1,
            "expr": expression.text,
            "gradients": forms.as_json(found, expression, question, notation),
        }
        screen.emit(documents.dumps(document, indent=screen.is_terminal()) + b"\n")
    else:
        screen.emit(_page(found, expression, question, notation).encode() + b"\n")
    return 0


def _page(
    found: dict[str, Form], expression: Expression, question: Wanted, format: forms.Format
) -> str:
    """One answer as it is, several with their names; on a terminal, as formulas for people."""
    if format == "text" and screen.is_terminal():
        return "\n".join(
            forms.formula(form, f"d/d{name}", name, question) for name, form in found.items()
        )
    pages = []
    for name, form in found.items():
        label = f"d{name}" if len(found) > 1 else ""
        pages.append(forms.write(form, expression, question, format, label, f"gradient_{name}"))
    return ("\n\n" if format != "text" else "\n").join(pages)
