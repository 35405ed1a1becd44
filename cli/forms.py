"""What diff and simplify share: declared shapes and facts, and a form in the format wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..grammar.errors import Diagnostic, suggest
from . import bindings

if TYPE_CHECKING:
    from ..grad.node import Shape
    from ..grammar.closed_form import Form, Wanted
    from ..grammar.program import Expression

T = TypeVar("T")


def question(
    expression: Expression,
    given: Mapping[str, bindings.Given],
    wrt: tuple[str, ...] | None,
    order: int,
    seed: str | None,
    expand: bool,
    symmetric: Sequence[str] | None,
    positive: Sequence[str] | None,
) -> Wanted:
    """What the command line asks. Raises G216, G003 for names that do not occur."""
    from ..grad.evaluate import MAX_ELEMENTS
    from ..grad.simplify.facts import Facts
    from ..grammar.closed_form import Wanted

    shapes: dict[str, Shape] = {}
    for name, binding in given.items():
        if binding.shape is not None:
            shapes[name] = binding.shape
        else:  # a value has a shape too
            shapes[name] = bindings.value_of(binding, MAX_ELEMENTS).shape
    known = dict.fromkeys([*expression.free, *shapes])
    facts = []
    for option, stated in (("--symmetric", symmetric), ("--positive", positive)):
        names = [name.strip() for part in stated or () for name in part.split(",")]
        for name in names:
            if name not in known:
                raise _no_variable(option, name, known)
        facts.append(frozenset(names))
    for name in wrt or ():
        if name not in known:
            raise _no_variable("--wrt", name, known)
    for name in facts[0]:
        shape = shapes.get(name, ())
        if len(shape) != 2 or shape[0] != shape[1]:
            raise Diagnostic(
                "G306",
                f"`--symmetric {name}`: `{name}` is not declared as a square matrix",
                help=[f"declare it: `{name}:3,3` or `{name}:n,n`"],
            )
    return Wanted(shapes, wrt, order, seed, Facts(*facts), expand)


def _no_variable(option: str, name: str, known: Mapping[str, object]) -> Diagnostic:
    close = suggest(name, known)
    ways = [f"did you mean `{close}`?"] if close else []
    ways.append("names of the expression: " + (", ".join(f"`{n}`" for n in known) or "none"))
    return Diagnostic("G003", f"`{option} {name}`: there is no variable `{name}`", help=ways)


def checked(derive: Callable[[], T]) -> T:
    """`derive()`; a form that fails its own check is a bug, and the long form is shown instead."""
    from ..grammar.closed_form import Disagreement

    try:
        return derive()
    except Disagreement as wrong:
        long = str(wrong)
        raise Diagnostic(
            "G900",
            "the short form failed its check at random points: this is a bug in gradcalc",
            help=[
                "please report it with the command",
                "the form before it was shortened, which is right:",
                *(long if len(long) < 4_000 else long[:4_000] + " ...").splitlines(),
            ],
        ) from None


def write(
    form: Form, expression: Expression, question: Wanted, format: str, label: str, name: str
) -> str:
    """A form as text of the language, as LaTeX, or as source for a library."""
    from ..grammar.print_latex import latex_program
    from ..grammar.print_python import print_python

    closed = form.nodes
    if format == "latex":
        return latex_program(closed.lets, closed.expr)
    if format in ("numpy", "torch", "jax"):
        inputs = dict.fromkeys([*expression.free, *([question.seed] if question.seed else [])])
        return print_python(closed.lets, closed.expr, target=format, inputs=list(inputs), name=name)
    lines = [f"{let} = {text}" for let, text in form.lets]
    lines.append(f"{label} = {form.text}" if label else form.text)
    assumed = _assumed(question)
    if assumed:
        lines[-1] += f"  # {assumed}"
    return "\n".join(lines)


def _assumed(question: Wanted) -> str:
    """The declared facts, as a comment of the language."""
    facts = question.facts
    stated = [f"{name} symmetric" for name in sorted(facts.symmetric)]
    stated += [f"{name} positive" for name in sorted(facts.positive)]
    return "for " + ", ".join(stated) if stated else ""
