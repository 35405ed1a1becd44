"""What an error code means, and how to fix it."""

from __future__ import annotations

from typing import Annotated

from ..grammar.codes import CODES
from ..grammar.errors import Diagnostic, Label, suggest
from . import documents, options, screen
from .arguments import Argument

EXAMPLES = """\
\b
Examples:
  gradcalc explain G301
  gradcalc explain

"""

Codes = Annotated[
    list[str] | None,
    Argument(metavar="[CODE ...]", help="Codes such as G301."),
]


def run(
    words: Codes = None,
    json: options.Json = False,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    chosen = [_code(word) for word in words or CODES]
    if json:
        found = [
            {
                "code": c,
                "title": CODES[c].title,
                "exit": CODES[c].exit,
                "text": CODES[c].explanation,
            }
            for c in chosen
        ]
        wanted = found[0] if words and len(found) == 1 else found
        screen.emit(documents.dumps(wanted, indent=screen.is_terminal()) + b"\n")
    elif words:
        texts = [
            f"{c}: {CODES[c].title} (exit code {CODES[c].exit})\n\n{CODES[c].explanation.strip()}\n"
            for c in chosen
        ]
        screen.emit("\n".join(texts).encode())
    else:
        screen.emit("".join(f"{c}  {CODES[c].title}\n" for c in chosen).encode())
    return 0


def _code(word: str) -> str:
    """A code however it is written. Raises G003."""
    code = word.upper()
    if code.isdigit():
        code = f"G{code}"
    if code not in CODES:
        close = suggest(code, CODES)
        ways = [f"did you mean `{close}`?"] if close else []
        label = Label((0, len(word)), primary=True)
        raise Diagnostic(
            "G003", f"there is no code `{word}`", word, [label], [*ways, "all: `gradcalc explain`"]
        )
    return code
