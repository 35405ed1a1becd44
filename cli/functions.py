"""Every function: signature, shapes, derivative rule, kinks, and an example that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from ..grammar.errors import Diagnostic, Label, suggest
from . import documents, options, screen
from .arguments import Argument, Option

if TYPE_CHECKING:
    from ..grad.ops import Op
    from ..grammar.reference import Reference

    Entry = Op | Reference

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
    Argument(metavar="[FUNCTION ...]", help="Functions to tell about."),
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
    isolated: options.Isolated = False,
) -> int:
    found = [_named(word) for word in words] if words else everything()
    found = [entry for entry in found if grep is None or _mentions(entry, grep)]
    if not found:
        ways = ["all: `gradcalc functions`"]
        raise Diagnostic("G110", f"no function mentions `{grep}`", help=ways)
    if json or format == "json":
        told = [_told(entry).as_json() for entry in found]
        wanted = told[0] if words and len(told) == 1 else told
        screen.emit(documents.dumps(wanted, indent=screen.is_terminal()) + b"\n")
    elif format == "markdown":
        screen.emit(markdown(found).encode())
    elif words:
        from ..grammar.reference import describe

        screen.emit("\n\n".join(describe(_told(entry)) for entry in found).encode() + b"\n")
    else:
        screen.emit(_list(found).encode())
    return 0


def everything() -> list[Entry]:
    """Every function, by subject; what is said of it is put together when it is shown."""
    from ..grammar.operator_reference import operators
    from ..grammar.reference import functions

    return [*functions(), *operators()]


def _named(word: str) -> Entry:
    """Raises G110."""
    from ..grammar.operator_reference import find

    found = find(word)
    if found is None:
        close = suggest(word, [name for entry in everything() for name in _names(entry)])
        ways = [f"did you mean `{close}`?"] if close else []
        ways.append(f"search: `gradcalc functions --grep {word}`")
        label = Label((0, len(word)), primary=True)
        raise Diagnostic("G110", f"unknown function `{word}`", word, [label], ways)
    return found


def _told(entry: Entry) -> Reference:
    from ..grammar.reference import Reference, reference

    return entry if isinstance(entry, Reference) else reference(entry)


def _group(entry: Entry) -> str:
    from ..grammar.reference import Reference, group

    return entry.group if isinstance(entry, Reference) else group(entry)


def _names(entry: Entry) -> tuple[str, ...]:
    return (entry.name, *entry.aliases)


def _mentions(entry: Entry, text: str) -> bool:
    kinks = " ".join(map(str, entry.kinks))
    words = (*_names(entry), entry.doc, str(entry.signature), kinks)
    return any(text.casefold() in word.casefold() for word in words)


def _list(entries: list[Entry]) -> str:
    """One line a function, by subject."""
    wide = min(max(len(str(row.signature)) for row in entries), 44)
    lines: list[str] = []
    subject = ""
    for row in entries:
        group = _group(row)
        if group != subject:
            lines += [""] * bool(lines) + [group.replace("_", " ").capitalize()]
            subject = group
        signature = str(row.signature)
        if len(signature) > wide:
            lines.append(f"  {signature}")
            signature = ""
        lines.append(f"  {signature:<{wide}}  {row.doc}".rstrip())
    return "\n".join(lines) + "\n"


def markdown(entries: list[Entry]) -> str:
    """The page docs/functions.md."""
    lines = [
        "# Functions",
        "",
        "Made from the table by `gradcalc functions --format markdown`; the rules are the ones",
        "that run. `g` is the gradient that arrives at the result; shapes are those of an example.",
    ]
    subject = ""
    for entry in entries:
        r = _told(entry)
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
