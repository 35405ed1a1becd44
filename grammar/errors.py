"""A mistake, told in terms of places in the text: a stable code, labelled carets, a way out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal
from unicodedata import combining, east_asian_width

from ..grad.record import field, record

Span = tuple[int, int]  # half-open offsets into the source text
# texts with their parts in it: error, warning, message, margin, source, mark, help, or none
Row = list[tuple[str, str]]

_TAB = " " * 4
_LONGEST_LINE = 120  # a longer line is cut ...
_CONTEXT = 30  # ... to this many characters on either side of each end of a label


@record(frozen=True)
class Label:
    """Marks a part of the source, with a remark; the primary label is the place to blame."""

    span: Span
    text: str = ""
    primary: bool = False


@record(eq=False)
class Diagnostic(Exception):
    """What is wrong, where, and what to do about it.

    `labels` are spans of `source`; `origin` names the source where it is not the expression itself
    (a file, a bound name, a record). `help` lists ways out, each one sentence or expression.

    >>> print(Diagnostic("G104", "`^` is not power here", "x^2", [Label((1, 2), primary=True)],
    ...                  ["write `x**2`"]).render())
    error[G104]: `^` is not power here
      1 | x^2
        |  ^
      = write `x**2`
    """

    code: str
    message: str
    source: str = ""
    labels: list[Label] = field(default_factory=list)
    help: list[str] = field(default_factory=list)
    severity: Literal["error", "warning"] = "error"
    origin: str = ""

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"

    @property
    def exit_code(self) -> int:
        from .codes import CODES  # many lines of text, which no answer needs

        return CODES[self.code].exit

    @property
    def span(self) -> Span | None:
        return next((label.span for label in self.labels if label.primary), None)

    def as_json(self) -> dict[str, Any]:
        span = list(self.span) if self.span else None
        return {"code": self.code, "message": self.message, "span": span, "help": self.ways}

    @property
    def ways(self) -> list[str]:
        """What to do about it: for an error, there is always something."""
        if self.help or self.severity != "error":
            return list(self.help)
        return [f"more about it: `gradcalc explain {self.code}`"]

    def rows(self, ascii: bool = False) -> list[Row]:
        """What there is to say, each row as wide as it needs to be."""
        rows: list[Row] = [
            [(f"{self.severity}[{self.code}]", self.severity), (f": {self.message}", "message")]
        ]
        if self.origin:
            rows.append([(f"  in {self.origin}:", "")])
        rows += _excerpt(self.source, self.labels, ascii)
        rows += [[("  = ", "margin"), (line, "help")] for line in self.ways]
        return [[(_printable(text, ascii), role) for text, role in row] for row in rows]

    def render(self, ascii: bool = False) -> str:
        """The diagnostic as plain text."""
        rows = ("".join(text for text, _ in row).rstrip() for row in self.rows(ascii))
        return "\n".join(rows)


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, or None.

    A slip of the keyboard is forgiven, and one more for every six letters. A word of two letters
    has too few left after a slip to tell what it was. Capitals and what joins words do not count.

    >>> suggest("maen", ["max", "mean", "median"])
    'mean'
    >>> suggest("factorial", ["cofactor"]) or suggest("cuda", ["cummax"]) or suggest("lu", ["glu"])
    """
    said = _letters(word)
    found: list[tuple[int, bool, int, str]] = []
    for candidate in candidates:
        known = _letters(candidate)
        apart, shorter = abs(len(said) - len(known)), min(len(said), len(known))
        allowed = shorter // 6 + 1 if shorter > 2 else 0
        if shorter and apart <= allowed and (off := _slips(said, known)) <= allowed:
            found.append((off, said[0] != known[0], apart, candidate))
    return min(found)[-1] if found else None


def _letters(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")


def _slips(said: str, known: str) -> int:
    """How many letters are missing, too many, wrong, or swapped with the next (Damerau)."""
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, letter in enumerate(said, 1):
        above, row, last = row, [i], before
        for j, right in enumerate(known, 1):
            off = min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != right))
            if i > 1 and j > 1 and said[i - 2] == right and letter == known[j - 2]:
                off = min(off, last[j - 2] + 1)
            row.append(off)
        before = above
    return row[-1]


def _excerpt(source: str, labels: Sequence[Label], ascii: bool) -> list[Row]:
    """The lines of the source that carry labels, each followed by its marks."""
    lines: dict[Span, list[Label]] = {}
    for label in labels:
        lines.setdefault(_line_around(source, label.span[0]), []).append(label)
    numbers = {line: 1 + _breaks(source, line[0]) for line in lines}
    gutter = 2 + len(str(max(numbers.values(), default=1)))
    rows = []
    for (start, end), number in sorted(numbers.items()):
        here = [_move(label, start, end) for label in lines[start, end]]
        text, marks = _draw(source[start:end], here, ascii)
        rows.append([(f"{number:>{gutter}} | ", "margin"), (text, "source")])
        rows += [[(f"{'':{gutter}} | ", "margin"), (row, "mark")] for row in marks]
    return rows


def _breaks(source: str, end: int) -> int:
    """How many lines end before an offset, also in a text that is too long to be split."""
    counts = [source.count(mark, 0, end) for mark in ("\n", "\r", "\r\n")]
    return counts[0] + counts[1] - counts[2]


def _line_around(source: str, offset: int) -> Span:
    start = 1 + max(source.rfind("\n", 0, offset), source.rfind("\r", 0, offset))
    ends = (source.find("\n", start), source.find("\r", start))  # in hostile texts far away
    return start, min((end for end in ends if end >= 0), default=len(source))


def _move(label: Label, start: int, end: int) -> Label:
    """The label relative to the line in which it starts, cut where that line ends."""
    first, last = (min(max(offset, start), end) - start for offset in label.span)
    return Label((first, max(first, last)), label.text, label.primary)


def _draw(line: str, labels: list[Label], ascii: bool) -> tuple[str, list[str]]:
    """One line as it is shown, and the rows below it: marks, then the texts hung from them."""
    text, column = _lay_out(line, labels, ascii)

    def cells(label: Label) -> range:
        start, end = (column[offset] for offset in label.span)
        return range(start, max(end, start + 1))

    marks: dict[int, str] = {}
    for label in sorted(labels, key=lambda label: (-len(cells(label)), label.primary)):
        marks |= dict.fromkeys(cells(label), "^" if label.primary else "-")
    rows = [_row(marks)]

    hung = [(cells(label).start, row) for label in labels for row in label.text.splitlines()]
    if len(hung) == 1 and max(marks) in cells(next(label for label in labels if label.text)):
        return text, [f"{rows[0]} {hung[0][1]}"]
    hung.sort(key=lambda item: -item[0])  # stable: texts at one place keep their order
    for start, remark in hung:
        rows.append(_row({left: "|" for left, _ in hung if left < start} | {start: remark}))
    return text, rows


def _row(pieces: dict[int, str]) -> str:
    row = ""
    for column in sorted(pieces):
        row = f"{row:<{column}}{pieces[column]}"
    return row


def _lay_out(line: str, labels: list[Label], ascii: bool) -> tuple[str, dict[int, int]]:
    """The line as shown, and the screen column of each end of a label."""
    ends = sorted({offset for label in labels for offset in label.span})
    windows = [(0, len(line))]
    if len(line) > _LONGEST_LINE:
        windows = []
        for end in ends:
            start = max(end - _CONTEXT, windows[-1][1] if windows else 0)
            windows.append((start, min(end + _CONTEXT, len(line))))
    gap = "..." if ascii else "…"
    text, column, reached = "", {}, 0
    for start, stop in windows:
        text += gap if start > reached else ""
        pieces = [_show(character, ascii) for character in line[start:stop]]
        for end in ends:
            if start <= end <= stop:
                column[end] = _width(text) + _width("".join(pieces[: end - start]))
        text += "".join(pieces)
        reached = stop
    return text + (gap if reached < len(line) else ""), column


def _show(character: str, ascii: bool) -> str:
    """What stands for a character on the screen: invisible ones are spelled out."""
    if character == "\t":
        return _TAB
    if character.isprintable() and (character.isascii() or not ascii):
        return character
    return character.encode("unicode_escape").decode()


def _width(shown: str) -> int:
    """How many terminal cells a printable text takes."""
    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in shown
    )


def _printable(text: str, ascii: bool) -> str:
    if ascii:
        return text.encode("ascii", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c == "\n" else _show(c, False) for c in text)
