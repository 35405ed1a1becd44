"""The language of run, live: each line shows its value.

Besides statements it takes commands: :vars, :graph NAME, :help FUNCTION, :save FILE, :quit. Without
a terminal the same is read from standard input, up to the first mistake.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic, Label, suggest
from . import options, screen
from .complete import files
from .run import MaxSteps, Output, Printing, fresh_session
from .screen import Look, Reporter

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

    from ..grammar.script_history import History
    from ..grammar.script_run import Machine

COMMANDS = {
    ":vars": "the tensors there are",
    ":graph NAME": "the graph that a tensor was computed by",
    ":help FUNCTION": "what a function does, and its rule",
    ":save FILE": "write what was typed so far as a program for run",
    ":quit": "leave, as Ctrl-D does",
}
PROMPT, CONTINUED = ">>> ", "... "

EXAMPLES = """\
\b
Examples:
  gradcalc repl
  printf 'x = tensor([1., 2.], requires_grad=True)\\ny = (x*x).sum()\\n:graph y\\n' | gradcalc repl

"""


def run(
    printing: Printing = "now",
    max_steps: MaxSteps = None,
    seed: options.Seed = None,
    precision: options.Precision = "6",
    color: options.Color = "auto",
    ascii: options.Ascii = False,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    options.check_steps(max_steps)
    look = Look.choose(color, ascii, options.digits(precision))
    interactive = sys.stdin is not None and sys.stdin.isatty()
    prompt = _prompt() if interactive else None

    from ..grad.tensors.tensor import mode
    from ..grammar.script_history import History
    from ..grammar.script_run import MAX_STEPS, Machine

    output = Output()
    history = History()
    machine = Machine(output.write, max_steps or MAX_STEPS, echo=True)
    session = Session(machine, history, output, look)
    with ExitStack() as ends:
        ends.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: output.warn(str(message))
        fresh_session(printing == "0.3", seed)
        mode.watch = history.watch
        ends.callback(setattr, mode, "watch", None)
        ends.callback(output.flush)
        if prompt is not None:
            _live(session, prompt, Reporter(error_format == "json", ascii, color))
            return 0
        with suppress(EOFError):
            for part in _sections("" if sys.stdin is None else sys.stdin.read()):
                session.take(part)
    return 0


# --- what is typed -----------------------------------------------------------------------------


class Session:
    """A machine that takes statements and commands, and remembers what was typed."""

    def __init__(self, machine: Machine, history: History, output: Output, look: Look) -> None:
        self.machine = machine
        self.history = history
        self.output = output
        self.look = look
        self.typed: list[str] = []

    def take(self, text: str) -> None:
        """Run statements or a command. Raises Diagnostic, and EOFError to leave."""
        from ..grammar.script import parse_script
        from ..grammar.script_code import Code

        if text.lstrip().startswith(":"):
            self.command(text)
            return
        self.machine.steps = 0
        try:
            self.machine.run(Code.of(parse_script(text)))
        finally:
            self.output.flush()
        if text.strip():
            self.typed.append(text.strip("\n"))

    def command(self, text: str) -> None:
        """Raises G004 for a command that there is not."""
        word, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        known = {name.split()[0]: name for name in COMMANDS}
        if word not in known:
            close = suggest(word, known)
            ways = [f"did you mean `{close}`?"] if close else []
            self._refuse(f"there is no command `{word}`", text, [*ways, *_listed()])
        if " " in known[word] and not rest and word != ":help":
            self._refuse(f"`{word}` wants more", text, [f"as in `{known[word]}`"])
        match word:
            case ":vars":
                self._vars()
            case ":graph":
                self._graph(rest, text)
            case ":help":
                self._help(rest)
            case ":save":
                self._save(rest)
            case ":quit":
                raise EOFError

    def _refuse(self, message: str, text: str, ways: list[str]) -> None:
        at = len(text) - len(text.lstrip())
        label = Label((at, len(text.rstrip())), primary=True)
        raise Diagnostic("G004", message, text, [label], ways)

    def _vars(self) -> None:
        from .explained import table, tensors

        self.output.show(table(tensors(self.machine.names).items(), self.look), self.look)

    def _graph(self, name: str, text: str) -> None:
        from ..grammar.graph_text import of_solution
        from .explained import table, tensors
        from .graph import tree_lines

        found = tensors(self.machine.names)
        if name not in found:
            close = suggest(name, found)
            ways = [f"did you mean `{close}`?"] if close else []
            self._refuse(f"there is no tensor `{name}`", text, [*ways, "all of them: `:vars`"])
        tensor = found[name]
        solution = self.history.solution(tensor, tensor._array * 0 + 1, self.machine.names)
        if solution is None:  # a leaf
            lines = table([(name, tensor)], self.look)
        else:
            lines = list(tree_lines(of_solution(solution), self.look))
        self.output.show(lines, self.look)

    def _help(self, name: str) -> None:
        if not name:
            self.output.write("\n".join(_listed()) + "\n")
            self.output.flush()
            return
        from ..grammar.operator_reference import find
        from ..grammar.reference import describe

        found = find(name)
        if found is None:
            ways = ["`gradcalc functions` lists all of them"]
            raise Diagnostic("G110", f"unknown function `{name}`", help=ways)
        self.output.write(describe(found) + "\n")
        self.output.flush()

    def _save(self, path: str) -> None:
        try:
            Path(path).write_text("\n".join([*self.typed, ""]), encoding="utf-8")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Diagnostic("G005", f"`{path}` cannot be written: {reason}") from None


def _listed() -> list[str]:
    return [f"{name:<15} {what}" for name, what in COMMANDS.items()]


def _sections(text: str) -> Iterator[str]:
    """Commands and, between them, programs; each at the line where it stands."""
    lines = text.splitlines()
    start = 0
    for i, line in enumerate([*lines, ":"]):
        if line.startswith(":"):
            program = "\n".join(lines[start:i])
            if program.strip():
                yield "\n" * start + program
            if i < len(lines):
                yield "\n" * i + line
            start = i + 1


def complete(text: str) -> bool:
    """Whether what was typed is all of it: no bracket is open, and a block ended by an empty line.

    >>> complete("x = 1"), complete("x = (1"), complete("for i in range(2):"), complete("2x")
    (True, False, False, True)
    """
    from ..grammar.script import parse_script

    if text.lstrip().startswith(":") or not text.strip():
        return True
    try:
        tree = parse_script(text)
    except Diagnostic as diagnostic:
        at_end = diagnostic.span is not None and diagnostic.span[1] >= len(text.rstrip())
        if diagnostic.code == "G118" and text.rstrip().endswith(":"):
            return False
        opened = len(re.findall(r'"""|\'\'\'', text)) % 2 == 1
        return not opened and not (diagnostic.code == "G101" and at_end)
    is_block = type(tree.statements[-1]).__name__ in ("If", "While", "For", "With", "Try")
    return not is_block or text.endswith("\n") or not text.splitlines()[-1].strip()


# --- at a terminal -----------------------------------------------------------------------------


def _prompt() -> type[PromptSession[str]]:
    """Raises G008 where prompt_toolkit is not installed."""
    try:
        from prompt_toolkit import PromptSession
    except ImportError:
        ways = ["install it: pip install 'gradcalc[repl]'", "or run a program: `gradcalc run FILE`"]
        raise Diagnostic("G008", "the prompt needs prompt_toolkit", help=ways) from None
    return PromptSession


def _live(session: Session, prompt: type[PromptSession[str]], report: Reporter) -> None:
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class Names(Completer):
        """Names, attributes and commands."""

        def get_completions(self, document: Any, complete_event: Any) -> Iterator[Completion]:
            before = document.text_before_cursor
            for name in candidates(before, session.machine.names):
                typed = next(k for k in range(len(name), -1, -1) if before.endswith(name[:k]))
                yield Completion(name, start_position=-typed)

    place = _history_file()
    typed: PromptSession[str] = prompt(
        history=FileHistory(str(place)) if place else InMemoryHistory(),
        completer=Names(),
        complete_while_typing=False,
        enable_history_search=True,
        multiline=Condition(lambda: not complete(typed.default_buffer.text)),
        prompt_continuation=CONTINUED,
    )
    screen.complain("gradcalc: `:help` lists the commands, Ctrl-D ends")
    while True:
        try:
            session.take(typed.prompt(PROMPT))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        except Diagnostic as diagnostic:
            report(diagnostic)


def candidates(before: str, names: dict[str, Any]) -> list[str]:
    """What the word before the cursor may become.

    >>> candidates(":gr", {}), candidates("torch.zeros_l", {}), candidates("a*gamm", {"gamma": 1})
    ([':graph '], ['zeros_like'], ['gamma', 'gammaln'])
    """
    if before.startswith(":"):
        return _of_command(*before.partition(" "), names)
    from ..grad.tensors.tensor import METHODS
    from ..grammar import script_names

    *_, word = re.split(r"[^\w.]", before)
    base, dot, start = word.rpartition(".")
    if not dot:
        known = [*names, *script_names.known_names()]
    elif base in ("torch", "np", "numpy"):
        known = list(script_names.MODULES["numpy" if base != "torch" else "torch"].names())
    else:
        known = [*script_names.TENSOR, *METHODS]
    return sorted({name for name in known if name.startswith(start)})


def _of_command(command: str, space: str, rest: str, names: dict[str, Any]) -> list[str]:
    """What a command, or the word after it, may become."""
    from ..grammar.vocabulary import WORDS

    if not space:
        shown = [name.partition(" ") for name in COMMANDS]
        return [name + space for name, space, _ in shown if name.startswith(command)]
    if command == ":save":
        return [file.text for file in files(rest) if file.text.startswith(rest)]
    known = {":graph": names, ":help": WORDS}.get(command, {})
    return sorted(name for name in known if name.startswith(rest))


def _history_file() -> Path | None:
    """Where lines are remembered; None where that cannot be."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    folder = Path(state).expanduser() / "gradcalc"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder / "history"
