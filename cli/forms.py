"""What diff and simplify share: declared shapes and facts, and a form in the format wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..grammar.errors import Diagnostic, suggest
from . import bindings

if TYPE_CHECKING:
    from ..grad.node import Shape
    from ..grammar.closed_form import Form, Wanted
    from ..grammar.program import Expression

T = TypeVar("T")
Format = Literal["text", "latex", "numpy", "torch", "jax"]
UNSHORTENED = (
    "gradcalc: a short form failed its check at random points, so this is the long one, which is"
    " right: please report it with the command"
)


def shapes(given: Mapping[str, bindings.Given], limit: int) -> dict[str, Shape]:
    """The shapes that the command line declares."""
    return {
        name: bindings.value_of(binding, limit).shape if binding.shape is None else binding.shape
        for name, binding in given.items()  # a value has a shape too
    }


def question(
    expression: Expression,
    shapes: Mapping[str, Shape],
    wrt: tuple[str, ...] | None = None,
    order: int = 1,
    seed: str | None = None,
    expand: bool = False,
    symmetric: Sequence[str] = (),
    positive: Sequence[str] = (),
) -> Wanted:
    """What is asked. Raises G216, G003 for names that do not occur, G306 for odd matrices."""
    from ..grad.simplify.facts import Facts
    from ..grammar.closed_form import Wanted
    from ..grammar.program import size_names

    known = dict.fromkeys([*expression.free, *shapes])
    for option, names in (
        ("--symmetric", symmetric),
        ("--positive", positive),
        ("--wrt", wrt or ()),
    ):
        for name in names:
            if name not in known:
                raise _no_variable(option, name, known)
    if seed in known:
        message = f"`--gradient {seed}`: the expression has a variable of this name"
        ways = ["a name that does not occur yet: `--gradient g`"]
        raise Diagnostic("G003", message, help=ways)
    for name in symmetric:
        shape = shapes.get(name, ())
        if len(shape) != 2 or shape[0] != shape[1]:
            raise Diagnostic(
                "G306",
                f"`--symmetric {name}`: `{name}` is not declared as a square matrix",
                help=[f"declare it: `{name}:3,3` or `{name}:n,n`"],
            )
    facts = Facts(frozenset(symmetric), frozenset(positive))
    for name in sorted(size_names(shapes)):
        if name in shapes or name in (wrt or ()):
            message = f"`{name}` is the name of a size and of a variable"
            raise Diagnostic("G003", message, help=["give the size another name: `x:k`"])
    return Wanted(shapes, wrt, order, seed, facts, expand)


def _no_variable(option: str, name: str, known: Mapping[str, object]) -> Diagnostic:
    close = suggest(name, known)
    ways = [f"did you mean `{close}`?"] if close else []
    ways.append("names of the expression: " + (", ".join(f"`{n}`" for n in known) or "none"))
    return Diagnostic("G003", f"`{option} {name}`: there is no variable `{name}`", help=ways)


def checked(derive: Callable[[Wanted], T], question: Wanted) -> T:
    """`derive(question)`; where a form fails its check, which is a bug, nothing is shortened."""
    from ..grammar.closed_form import Disagreement
    from . import screen

    try:
        return derive(question)
    except Disagreement:
        screen.complain(UNSHORTENED)
        return derive(replace(question, shorten=False))


def as_json(
    found: Mapping[str, Form], expression: Expression, question: Wanted, format: Format
) -> dict[str, Any]:
    """Forms as data, in another notation, too, if that is wanted."""
    gradients = {name: form.as_json("expr") for name, form in found.items()}
    if format != "text":
        for name, form in found.items():
            text = write(form, expression, question, format, "", f"gradient_{name}")
            gradients[name][format] = text
    return gradients


def write(
    form: Form, expression: Expression, question: Wanted, format: Format, label: str, name: str
) -> str:
    """A form as text of the language, as LaTeX, or as source for a library."""
    closed = form.nodes
    if format == "latex":
        from ..grammar.print_latex import latex_program

        return latex_program(closed.lets, closed.expr)
    if format != "text":
        from ..grad.errors import GradError
        from ..grammar.print_python import print_python

        inputs = expression.inputs(question.shapes, question.wrt or ())
        try:
            return print_python(closed.lets, closed.expr, target=format, inputs=inputs, name=name)
        except GradError as error:
            raise Diagnostic(error.code, error.message, help=error.help) from None
    lines = [f"{let} = {text}" for let, text in form.lets]
    lines.append(f"{label} = {form.text}" if label else form.text)
    assumed = _assumed(question, form)
    if assumed:
        lines[-1] += f"  # {assumed}"
    return "\n".join(lines)


def formula(form: Form, label: str, like: str, question: Wanted) -> str:
    """A form for people at a terminal: the formula, what its names stand for, and its shape."""
    from shutil import get_terminal_size

    from ..grad.ops import shape_text

    width = get_terminal_size().columns
    lines = _broken(f"{label} = {form.text}" if label else form.text, width)
    for let, text in form.lets:
        lines += _broken(f"  where {let} = {text}", width)
    notes = [f"shape {shape_text(form.shape)}" + (f", like {like}" if like else "")]
    if assumed := _assumed(question, form):
        notes.append(assumed)
    last = f"{lines[-1]}    {', '.join(notes)}"
    if len(lines) == 1 and len(last) <= width:
        return last
    return "\n".join([*lines, f"  {', '.join(notes)}"])


def _broken(text: str, width: int) -> list[str]:
    """A long formula in lines that begin with `+` or `-`, broken in as few brackets as possible."""
    lines = []
    while len(text) > width:
        depth, best = 0, (len(text), 0)  # (depth, position) of the best place so far
        for i, c in enumerate(text[:width]):
            depth += (c in "([") - (c in ")]")
            if text[i : i + 3] in (" + ", " - ") and i > width // 3 and depth <= best[0]:
                best = (depth, i)
        if not best[1]:
            break
        lines.append(text[: best[1]])
        text = "    " + text[best[1] + 1 :]
    return [*lines, text]


def _assumed(question: Wanted, form: Form) -> str:
    """The declared facts, and what textbooks take for granted, as a comment of the language."""
    facts = question.facts
    stated = [f"{name} symmetric" for name in sorted(facts.symmetric)]
    stated += [f"{name} positive" for name in sorted(facts.positive)]
    words = ["for " + ", ".join(stated)] if stated else []
    words += ["where " + " and ".join(form.where)] if form.where else []
    return ", ".join(words)
