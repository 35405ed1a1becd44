"""Every function: signature, shapes, derivative rule, kinks, and an example that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from ..grammar.errors import Diagnostic, Label, suggest
from . import documents, options, screen
from .arguments import Argument, Option

if TYPE_CHECKING:
    from ..grad.ops import Op

EXAMPLES = """\
\b
Examples:
  gradcalc functions
  gradcalc functions tanh
  gradcalc functions --grep exponential
  gradcalc functions softmax --json | jq .rule

"""

Names = Annotated[
    list[str] | None,
    Argument(metavar="[NAME ...]", help="Functions to tell about."),
]
Grep = Annotated[
    str | None,
    Option("--grep", metavar="TEXT", help="Only those that mention TEXT."),
]
Format = Annotated[
    Literal["text", "json", "markdown"], Option("--format", help="How to write them.")
]


def run(
    words: Names = None,
    grep: Grep = None,
    json: options.Json = False,
    format: Format = "text",
    error_format: options.ErrorFormat = "text",
) -> int:
    from ..grammar import reference

    rows = [_row(word) for word in words] if words else reference.functions()
    if grep:
        rows = [row for row in rows if _mentions(row, grep)]
        if not rows:
            raise Diagnostic(
                "G110", f"no function mentions `{grep}`", help=["all: `gradcalc functions`"]
            )
    if json or format == "json":
        found: list[dict[str, Any]] = [reference.reference(row).as_json() for row in rows]
        wanted = found[0] if words and len(found) == 1 else found
        screen.emit(documents.dumps(wanted, indent=screen.is_terminal()) + b"\n")
    elif format == "markdown":
        screen.emit(markdown(rows).encode())
    elif words:
        screen.emit("\n\n".join(map(reference.describe, rows)).encode() + b"\n")
    else:
        screen.emit(_list(rows).encode())
    return 0


def _row(word: str) -> Op:
    """The row of that name. Raises G110."""
    from ..grammar import reference

    row = reference.named(word.removesuffix("()"))
    if row is None:
        names = [name for r in reference.functions() for name in (r.name, *r.aliases)]
        close = suggest(word, names)
        ways = [f"did you mean `{close}`?"] if close else []
        ways.append(f"search: `gradcalc functions --grep {word}`")
        label = Label((0, len(word)), primary=True)
        raise Diagnostic("G110", f"unknown function `{word}`", word, [label], ways)
    return row


def _mentions(row: Op, text: str) -> bool:
    words = (row.name, *row.aliases, row.doc, str(row.signature), *(k.at for k in row.kinks))
    return any(text.casefold() in word.casefold() for word in words)


def _list(rows: list[Op]) -> str:
    """One line a function, by subject."""
    from ..grammar import reference

    wide = min(max(len(str(row.signature)) for row in rows), 44)
    lines: list[str] = []
    subject = ""
    for row in rows:
        group = reference.group(row)
        if group != subject:
            lines += [""] * bool(lines) + [group.replace("_", " ").capitalize()]
            subject = group
        signature = str(row.signature)
        if len(signature) > wide:
            lines.append(f"  {signature}")
            signature = ""
        lines.append(f"  {signature:<{wide}}  {row.doc}".rstrip())
    return "\n".join(lines) + "\n"


def markdown(rows: list[Op]) -> str:
    """The page docs/functions.md."""
    from ..grammar import reference

    lines = [
        "# Functions",
        "",
        "Made from the table by `gradcalc functions --format markdown`; the rules are the ones",
        "that run. `g` is the gradient that arrives at the result; shapes are those of an example.",
    ]
    subject = ""
    for row in rows:
        r = reference.reference(row)
        if r.group != subject:
            subject = r.group
            lines += ["", f"## {subject.replace('_', ' ').capitalize()}"]
        lines += ["", f"### `{r.signature}`", "", r.doc]
        also = ", ".join(f"`{name}`" for name in r.aliases)
        if also:
            lines += ["", f"Also {also}."]
        shapes = ", ".join(f"{name} {tuple(shape)}" for name, shape in r.shapes.items())
        lines += ["", f"- shapes: {shapes or 'none'} -> {tuple(r.result)}"]
        if r.formula:
            lines.append(f"- `{r.example}` = `{r.formula}`")
        for name, text in r.slopes.items():
            lines.append(f"- d{name} = `{text}`" if text else f"- d{name}: nothing flows back")
        lines.append(f"- differentiable: {'at any order' if r.order == 'any' else 'no'}")
        for at, taken, why in r.kinks:
            lines.append(f"- at {at}: {taken}" + (f" ({why})" if why else ""))
    return "\n".join(lines) + "\n"
