"""The screen: streams, colour, and how numbers and tensors look to people."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from ..grad.record import record
from ..grammar.errors import Diagnostic

if TYPE_CHECKING:
    from ..grad.evaluate import Array

Piece = tuple[str, str]  # a text and its style
Line = Sequence[Piece]
Choice = Literal["auto", "always", "never"]

MARKS = {"error": "bold red", "warning": "bold yellow", "message": "bold", "margin": "blue"}

NOTHING: Mapping[str, Any] = {}
MOST_CELLS = 12  # a tensor with more is shown as its shape and a summary
EXACT = 1e15  # whole numbers below are written with all their digits


# --- streams -----------------------------------------------------------------------------------


def use_utf8() -> None:
    """UTF-8 out whatever the locale; what a stream cannot write is spelled out."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            keep = stream.isatty() and not _speaks_unicode(stream)
            stream.reconfigure(encoding=None if keep else "utf-8", errors="backslashreplace")


def _speaks_unicode(stream: Any) -> bool:
    try:
        "≈…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Closed(Exception):
    """Nobody reads standard output any more. Not an OSError: typer has its own idea of those."""


def emit(data: bytes) -> None:
    """Write to standard output, whole. Raises Closed, or G005."""
    if sys.stdout is None:
        raise Diagnostic("G005", "standard output cannot be written: it is closed")
    rest = memoryview(data)
    try:
        sys.stdout.flush()
        while rest:  # unbuffered, as PYTHONUNBUFFERED makes it, a pipe takes a part at a time
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.buffer.flush()  # now, while a failure can still be handled
    except BrokenPipeError:
        raise Closed from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Diagnostic("G005", f"standard output cannot be written: {reason}") from None


def complain(text: str) -> None:
    """Write a line to standard error, if there is one."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)


@record(frozen=True)
class Reporter:
    """Tells a diagnostic on standard error, as text or as one line of JSON."""

    as_json: bool = False
    ascii: bool = False
    color: Choice = "auto"

    @classmethod
    def for_words(cls, words: Sequence[str], usual: Mapping[str, Any] = NOTHING) -> Reporter:
        """As the command line wants it, which need not be a valid one, or else as is usual."""
        stated = dict(pairwise(words)) | dict(
            word.partition("=")[::2] for word in words if "=" in word
        )
        color: Choice = stated.get("--color", usual.get("color", "auto"))
        form = stated.get("--error-format", usual.get("error_format"))
        return cls(form == "json", "--ascii" in words or usual.get("ascii", False), color)

    def __call__(self, diagnostic: Diagnostic) -> None:
        if sys.stderr is None:
            return
        if self.as_json:
            from . import documents

            complain(documents.dumps({diagnostic.severity: diagnostic.as_json()}).decode())
            return
        ascii = self.ascii or not _speaks_unicode(sys.stderr)
        if not is_colored(self.color, sys.stderr):
            complain(diagnostic.render(ascii=ascii))
            return
        marks = MARKS | {"mark": MARKS[diagnostic.severity]}
        lines = [
            [(text, marks.get(role, "")) for text, role in row] for row in diagnostic.rows(ascii)
        ]
        complain(_in_color(lines).rstrip("\n"))


# --- looks -------------------------------------------------------------------------------------


@record(frozen=True)
class Look:
    """How to write for people: with how many digits (None: all), in colour, in plain ASCII."""

    precision: int | None = 6
    color: bool = False
    ascii: bool = False

    @classmethod
    def choose(
        cls,
        color: Choice = "auto",
        ascii: bool = False,
        precision: int | None = 6,
    ) -> Look:
        """What the options and the environment say."""
        stream = sys.stdout
        plain = ascii or stream is None or not _speaks_unicode(stream)
        return cls(precision, is_colored(color, stream), plain)

    @property
    def about(self) -> str:
        """The mark before numbers that are rounded."""
        return "~ " if self.ascii else "≈ "

    def cut(self, text: str, width: int) -> str:
        dots = "..." if self.ascii else "…"
        return text if len(text) <= width else text[: width - len(dots)] + dots


def is_colored(choice: Choice, stream: Any) -> bool:
    """Whether to write to the stream in colour. NO_COLOR counts for more than FORCE_COLOR."""
    if choice != "auto":
        return choice == "always"
    environment = os.environ.get
    wanted = stream is not None and stream.isatty() and environment("TERM") != "dumb"
    return not environment("NO_COLOR") and bool(wanted or environment("FORCE_COLOR"))


def is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def show(lines: Iterable[Line], look: Look) -> None:
    """Print lines, in colour if it is wanted; never wrapped, never read as markup."""
    if not look.color:
        text = "".join("".join(piece for piece, _ in line).rstrip() + "\n" for line in lines)
        if look.ascii:
            text = text.encode("ascii", "backslashreplace").decode()
        emit(text.encode())
        return
    emit(_in_color(lines).encode())


def _in_color(lines: Iterable[Line]) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    page = StringIO()
    console = Console(
        file=page, force_terminal=True, color_system="standard", markup=False, highlight=False,
        emoji=False, soft_wrap=True, legacy_windows=False,
    )  # fmt: skip
    for line in lines:
        console.print(Text.assemble(*line))
    return page.getvalue()


# --- numbers -----------------------------------------------------------------------------------


def number(value: Any, precision: int | None) -> tuple[str, bool]:
    """A number for people, and whether it is rounded.

    >>> number(0.5, 6), number(7.0, 6), number(1 / 3, 6)
    (('0.5', False), ('7', False), ('0.333333', True))
    """
    if not isinstance(value, float) and getattr(value, "dtype", "int") not in (
        "float32",
        "float64",
    ):
        return str(value), False
    full = str(value)  # the shortest that reads back the same, in the type of the number
    if value != value or abs(value) == float("inf"):
        return full, False
    if value == int(value) and abs(value) < EXACT:
        return full.removesuffix(".0") if "e" not in full else str(int(value)), False
    if precision is None or len(full.lstrip("-0.").replace(".", "").split("e")[0]) <= precision:
        return full, False
    short = f"{float(value):.{precision}g}"
    return short, True


def brief(array: Array, look: Look) -> str:
    """A tensor on one line: its entries if they are few, else shape and summary."""
    if array.size > MOST_CELLS:
        return summary(array, look)
    cells, rounded = _cells(array, look.precision)
    return (look.about if rounded else "") + _joined(array.shape, cells, ", ")


def rows(array: Array, look: Look) -> list[str]:
    """A tensor on as many lines as it has rows, its columns aligned."""
    if array.size > MOST_CELLS:
        return [summary(array, look)]
    cells, rounded = _cells(array, look.precision)
    if array.ndim > 1:
        width = array.shape[-1]
        widths = [max(map(len, cells[i::width])) for i in range(min(width, len(cells)))]
        cells = [cell.rjust(widths[i % width]) for i, cell in enumerate(cells)]
    mark = look.about if rounded else ""
    lines = (mark + _joined(array.shape, cells, ",\n")).split("\n")
    return [lines[0], *(" " * len(mark) + line for line in lines[1:])]


def summary(array: Array, look: Look) -> str:
    """Shape, extremes and mean of a large tensor."""
    import numpy as np

    shape = str(tuple(array.shape)).replace(",)", ",)")
    finite = array[np.isfinite(array)]
    words = []
    for name, value in (("min", np.min), ("max", np.max), ("mean", np.mean)):
        if finite.size:
            text, rounded = number(value(finite) + 0.0, look.precision)  # no -0
            words.append(f"{name} {look.about.strip() if rounded else ''}{text}")
    if finite.size < array.size:
        words.append(f"{array.size - finite.size} not finite")
    return "  ".join([shape, *words])


def _cells(array: Array, precision: int | None) -> tuple[list[str], bool]:
    cells = [number(value, precision) for value in array.ravel()]
    return [text for text, _ in cells], any(rounded for _, rounded in cells)


def _joined(shape: tuple[int, ...], cells: list[str], between_rows: str) -> str:
    """Cells in brackets; `between_rows` stands between lists, a comma between numbers."""
    if not shape:
        return cells[0]
    if 0 in shape:
        return "[]" if shape == (0,) else f"empty {shape}"
    texts = [
        "[" + ", ".join(cells[i : i + shape[-1]]) + "]" for i in range(0, len(cells), shape[-1])
    ]
    for depth in range(len(shape) - 2, -1, -1):
        separator = between_rows + " " * (depth + 1) if "\n" in between_rows else between_rows
        size = shape[depth]
        texts = [
            "[" + separator.join(texts[i : i + size]) + "]" for i in range(0, len(texts), size)
        ]
    return texts[0]
