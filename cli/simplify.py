"""The closed form of any expression, derivative operators included.

Shapes are given as NAME:SHAPE, in numbers or in names (X:n,d); names without one are scalars.
"""

from __future__ import annotations

from typing import Any

from . import bindings, documents, forms, options, screen

EXAMPLES = """\
\b
Examples:
  gradcalc simplify 'x*x + x*x' x:3
  gradcalc simplify 'hessian(logsumexp(x, dim=0), x)' x:4
  gradcalc simplify 'trace(A @ B @ A.T)' A:n,m B:m,m --format latex

"""


def run(
    words: options.Shapes = None,
    expand: options.Expand = False,
    symmetric: options.Symmetric = None,
    positive: options.Positive = None,
    max_elements: options.MaxElements = None,
    format: options.Format = "text",
    json: options.Json = False,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    text, given = bindings.split(words or [])

    from ..grammar.closed_form import simplified
    from ..grammar.program import Expression

    expression = Expression.read(text)
    question = forms.question(
        expression,
        forms.shapes(given, options.limit(max_elements)),
        expand=expand,
        symmetric=options.names(symmetric, "--symmetric") or (),
        positive=options.names(positive, "--positive") or (),
    )
    form = forms.checked(lambda wanted: simplified(expression, wanted), question)
    if json or format == "json":
        document: dict[str, Any] = {"gradcalc": 1, "expr": text} | form.as_json("simplified")
        screen.emit(documents.dumps(document, indent=screen.is_terminal()) + b"\n")
    elif format == "text" and screen.is_terminal():
        screen.emit(forms.formula(form, "", "", question).encode() + b"\n")
    else:
        screen.emit(forms.write(form, expression, question, format, "", "value").encode() + b"\n")
    return 0
