"""Completion for a shell: verbs, options, files, and names inside an expression.

Printed is a script that teaches the shell to complete; the first examples are lines for its
start-up file. Inside quotes, functions and names of the expression complete, and after it NAME=.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Annotated

from ..grammar.errors import Diagnostic, suggest
from . import options, screen
from .arguments import Argument
from .complete import candidates
from .inside import Candidate
from .shell_words import Word, continued, read
from .verbs import VERBS

SHELLS = {"bash": "gradcalc", "zsh": "_gradcalc", "fish": "gradcalc.fish"}  # files in shells/

EXAMPLES = """\
\b
Examples:
  eval "$(gradcalc completion bash)"       # in ~/.bashrc
  eval "$(gradcalc completion zsh)"        # in ~/.zshrc, after compinit
  gradcalc completion fish | source        # in ~/.config/fish/config.fish

"""

Shell = Annotated[
    list[str] | None,
    Argument(metavar="SHELL", help="One of bash, zsh and fish.", values=tuple(SHELLS)),
]

MENU, LIST = "37", "63"  # what bash says it wants: one candidate after the other, or to see them


def run(
    words: Shell = None,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    shell, *asked = words or [""]
    if shell not in SHELLS:
        close = suggest(shell, SHELLS)
        ways = [f"did you mean `{close}`?"] if close else []
        message = f"there is no completion for `{shell}`" if shell else "for which shell?"
        raise Diagnostic("G004", message, help=[*ways, f"shells: {', '.join(SHELLS)}"])
    if not asked:
        with open(os.path.join(os.path.dirname(__file__), "shells", SHELLS[shell]), "rb") as file:
            screen.emit(file.read())
        return 0
    answers: dict[str, Callable[..., list[str]]] = {"bash": bash, "zsh": zsh, "fish": fish}
    lines = answers[shell](VERBS, *asked)
    screen.emit("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    return 0


def bash(verbs: Mapping[str, str], kind: str = "", breaks: str = "", line: str = "") -> list[str]:
    """Answers for readline, which puts them in place of the word since its last break.

    `kind` is COMP_TYPE, `breaks` COMP_WORDBREAKS, and `line` what stands before the cursor. Of a
    word in quotes readline replaces what follows the quote, and closes the quote behind the only
    answer. Where more is to be typed that is prevented by a second answer.
    """
    word, found = _found(verbs, line)
    if kind == LIST and len(found) > 1:
        return [candidate.shown for candidate in found]
    start = word.since if word.quote else _after_break(word.written, breaks)
    answers = []
    for candidate in found:
        answer = continued(word, candidate.text, start)[start:]
        answers.append(answer if candidate.goes_on or word.quote else _closed(answer) + " ")
    if len(found) == 1 and found[0].goes_on and word.quote and kind != MENU:
        answers.append(f"{answers[0]}...")
    return answers


def _found(verbs: Mapping[str, str], line: str) -> tuple[Word, list[Candidate]]:
    words, word = read(line)
    return word, candidates(verbs, words[1:], word.text)


def _after_break(written: str, breaks: str) -> int:
    at = max(written.rfind(sign) for sign in breaks or " ")
    return at if written[at : at + 1] in ("@", "$") else at + 1  # which readline leaves in


def _closed(answer: str) -> str:
    """A finished word, with the quote closed that was opened for it."""
    return answer + "'" * (read(answer)[1].quote == "'")


def zsh(verbs: Mapping[str, str], prefix: str = "", line: str = "") -> list[str]:
    """Answers for compadd: how it ends, what is put in, and what is shown, between tabs.

    `prefix` is QIPREFIX, which zsh keeps; `line` the words as they are written.
    """
    word, found = _found(verbs, line)
    rows = []
    for candidate in found:
        answer = continued(word, candidate.text)[len(prefix) :]
        if not candidate.goes_on and not prefix:
            answer = _closed(answer)
        shown = _described(candidate, max(len(c.shown) for c in found))
        rows.append(f"{'' if candidate.goes_on else ' '}\t{answer}\t{shown}")
    return rows


def fish(verbs: Mapping[str, str], line: str = "") -> list[str]:
    """Answers for fish: words as they are meant, with what is said of them behind a tab."""
    _, found = _found(verbs, line)
    rows = [f"{candidate.text}\t{candidate.about}" for candidate in found]
    if len(found) == 1 and found[0].goes_on and found[0].text[-1] not in "/=:":
        # else fish would close the quote and begin a new word
        rows.append(f"{found[0].text}...\t{found[0].shown}")
    return rows


def _described(candidate: Candidate, width: int) -> str:
    if not candidate.about:
        return candidate.shown
    return f"{candidate.shown:<{min(width, 40)}}  {candidate.about}"
