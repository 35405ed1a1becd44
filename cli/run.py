"""A program in the style of autograd tutorials: tensors, backward(), print.

What it prints is what Python with PyTorch would print. Nothing is executed by Python: what is
outside the language is an error. --explain tells, line by line, what became of every tensor, and
after each backward() how its gradients came about.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import ExitStack
from typing import Annotated, Literal

from ..grammar.errors import Diagnostic
from . import files, options, screen
from .arguments import Argument, Option
from .screen import Look

EXAMPLES = """\
\b
Examples:
  gradcalc run tutorial.py
  gradcalc run tutorial.py --explain
  echo 'x = torch.ones(2, requires_grad=True); print(x*x)' | gradcalc run -

"""

File = Annotated[
    list[str] | None,
    Argument(metavar="FILE|-", help="The program, or - for standard input."),
]
Explain = Annotated[bool, Option("--explain", help="Tell what happens, line by line.")]
Printing = Annotated[
    Literal["now", "0.3"],
    Option(
        "--printing", help="Print tensors as PyTorch does now, or as version 0.3 did.", setting=True
    ),
]
MaxSteps = Annotated[
    int | None,
    Option("--max-steps", metavar="N", help="Stop after N statements in all.", setting=True),
]

BUFFER = 1 << 16  # characters of output that are kept back


def run(
    words: File = None,
    explain: Explain = False,
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
    origin, text = _program(words or [])

    from ..grammar.script import parse_script
    from ..grammar.script_code import Code
    from ..grammar.script_run import MAX_STEPS, Machine

    output = Output()
    try:
        code = Code.of(parse_script(text))
        machine = Machine(output.write, max_steps or MAX_STEPS)
        with ExitStack() as session:
            session.enter_context(warnings.catch_warnings())
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_, **__: output.warn(str(message))
            session.callback(fresh_session, legacy=False, seed=None)  # leave no mark
            fresh_session(printing == "0.3", seed)
            if explain:
                from .explained import Explained

                teller = Explained(code.source, output.show, look)
                machine.watcher = session.enter_context(teller)
            machine.run(code)
    except Diagnostic as diagnostic:
        diagnostic.origin = diagnostic.origin or origin
        raise
    finally:
        output.flush()
    return 0


def fresh_session(legacy: bool, seed: int | None) -> None:
    """Tensors are printed as at the start, and random numbers begin at `seed`."""
    from ..grad import torch_names
    from ..grad.tensors import printing

    printing.set_printoptions(profile="default", legacy=legacy)
    if seed is not None:
        torch_names.find("manual_seed")(seed)


def _program(words: list[str]) -> tuple[str, str]:
    """What the program is called in messages, and its text. Raises G004, G002 or G213."""
    if len(words) != 1:
        message = "the program is missing" if not words else "there is more than one program"
        ways = ["name one file: `gradcalc run tutorial.py`, or `-` for standard input"]
        raise Diagnostic("G004", message, help=ways)
    (path,) = words
    if path == "-":
        data = b"" if sys.stdin is None else sys.stdin.buffer.read()
    else:
        data = files.read_text(path)
    try:
        return ("standard input" if path == "-" else path), data.decode("utf-8-sig")
    except UnicodeDecodeError:
        ways = ["convert it with iconv"]
        raise Diagnostic("G213", f"`{path}` is not UTF-8", help=ways) from None


class Output:
    """What a program prints: on a terminal at once, otherwise in larger parts."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._size = 0
        self._at_once = screen.is_terminal()

    def write(self, text: str) -> None:
        self._kept.append(text)
        self._size += len(text)
        if self._at_once or self._size > BUFFER:
            self.flush()

    def flush(self) -> None:
        kept, self._kept, self._size = self._kept, [], 0
        screen.emit("".join(kept).encode("utf-8", "backslashreplace"))

    def show(self, lines: list[screen.Line], look: Look) -> None:
        self.flush()
        screen.show(lines, look)

    def warn(self, message: str) -> None:
        self.flush()
        screen.complain(f"gradcalc: {message}")
