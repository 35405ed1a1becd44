"""A JSON document read event by event, so that what is wrong with it is found at its place."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from math import inf, isinf
from typing import TYPE_CHECKING, Any, NamedTuple

from ..grammar.errors import Diagnostic, Label, Span
from . import pieces

if TYPE_CHECKING:
    from ..grad.evaluate import Array

DEEPEST = 64  # as many axes as an array can have

_BLANKS = r"[ \t\n\r]*+"  # what is possessive here keeps hostile text from taking quadratic time
_NUMBER = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_TOKEN = re.compile(
    rf"{_BLANKS}(?:(?P<mark>[][{{}}:,])|(?P<string>{_STRING})|(?P<number>{_NUMBER})"
    r"|(?P<word>-?Infinity|NaN|true|false|null))"
)
_ENTRY = rf'{_BLANKS}(?:{_NUMBER}|NaN|-?+Infinity|"NaN"|"-?+Infinity"){_BLANKS}'
_ENTRIES = re.compile(rf"{_ENTRY}(?:,{_ENTRY})*+")
_ODD = re.compile(r'["{tf]')  # in strings, objects, true and false
_BLANK = re.compile(_BLANKS)
_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


class Event(NamedTuple):
    """A part of a document: a bracket, a "key", a "string", "number" or "word", or a "row".

    A row is a whole list of numbers at once, which is nearly all there is in a large document.
    """

    kind: str
    value: Any
    span: Span


class _Open(NamedTuple):
    at: int
    keys: set[str] | None  # of an object: those read so far


class Events(Iterator[Event]):
    """A document as events, its syntax checked on the way, without recursion.

    Slower than orjson, but it knows where it is. It runs when something is wrong, and for what
    orjson does not read: NaN as a word or a string, a byte order mark.
    """

    def __init__(self, text: str, origin: str) -> None:
        self.text, self.origin = text, origin
        self._at = 0
        self._odd_until = 0  # here items are read one by one
        self._open: list[_Open] = []
        self._wanted = "a value"  # what may come next, in the words of the messages
        self._deepest = DEEPEST + text.lstrip().startswith("{")  # a tensor inside may be that deep

    def __next__(self) -> Event:
        while self._wanted:
            event = self._row() or self._token()
            if event is not None:
                return event
        raise StopIteration

    def skip(self) -> None:
        """Pass over one value of whatever kind."""
        depth = 0
        for event in self:
            depth += (event.kind in ("[", "{")) - (event.kind in ("]", "}"))
            if not depth and event.kind != "key":
                return

    def pass_items(self, sizes: Sequence[int]) -> tuple[int, bytes]:
        """Pass over the next items of a list, if these are many: how many, and their numbers.

        They are lists of lists of these sizes of numbers, plain ones, and nothing is odd in them;
        else nothing is passed over, and no more tried in this piece of the text.
        """
        if self._at < self._odd_until or self._at + pieces.PIECE > len(self.text):
            return 0, b""
        at = self._after_blanks() + 1  # after a comma, or else nothing is found
        end = at + pieces.PIECE
        item_ends = "]" * len(sizes)
        if self.text.find(item_ends + "]", at, end) >= 0:  # so does their list: these are few
            return 0, b""
        comma = self.text.rfind(item_ends + ",", at, end) + len(sizes)
        items, numbers = self._items(at, comma, sizes)
        if not items:
            self._odd_until = end
            return 0, b""
        self._at = comma
        return items, numbers

    def _items(self, at: int, end: int, sizes: Sequence[int]) -> tuple[int, bytes]:
        if at > end or not self.text.startswith(",", at - 1):
            return 0, b""
        text = self.text[at:end]
        items = [] if _ODD.search(text) else pieces.items_of(b"[%b]" % text.encode())
        if not items and not sizes:
            items = _floats(text) or []
        numbers = pieces.flattened(items, sizes)
        return (0, b"") if numbers is None else (len(items), numbers)

    def finish(self) -> None:
        """Read to the end. Raises if anything follows the document."""
        for _ in self:
            pass
        at = self._after_blanks()
        if at < len(self.text):
            message = "the document ends before this"
            way = 'an object holds several tensors: {"x": ..., "y": ...}'
            raise self.error("G209", message, (at, at + 1), "nothing may follow it", way)

    def error(self, code: str, message: str, span: Span, text: str = "", *help: str) -> Diagnostic:
        labels = [Label(span, text, primary=True)]
        return Diagnostic(code, message, self.text, labels, list(help), origin=self.origin)

    def _row(self) -> Event | None:
        """The list of numbers that comes next, if one does and each is in range."""
        if not self._wanted.startswith("a value") or len(self._open) >= self._deepest:
            return None
        at = self._after_blanks()
        end = self.text.find("]", at, at + pieces.PIECE)  # of a longer one, piece by piece
        if end < 0 or not self.text.startswith("[", at):
            return None
        numbers = _floats(self.text[at + 1 : end])
        return None if numbers is None else self._value("row", numbers, (at, end + 1))

    def _token(self) -> Event | None:
        """The next event; None after a comma or a colon. Raises G207, G208 or G209."""
        match = _TOKEN.match(self.text, self._at)
        if match is None:
            raise self._unreadable()
        kind, wanted = str(match.lastgroup), self._wanted
        value, span = match[kind], match.span(kind)
        if kind == "mark" and f"`{value}`" in wanted:
            self._at = span[1]
            if value in "]}":
                self._open.pop()
                return self._value(value, value, span)
            in_object = self._open[-1].keys is not None
            self._wanted = "a key" if in_object and value == "," else "a value"
            return None
        if wanted.startswith("a key") and kind == "string":
            key, keys = _string(value), self._open[-1].keys
            if keys is None or key in keys:
                told = f'the key "{key}" is given twice'
                raise self.error("G207", told, span, "", "remove one of the two")
            keys.add(key)
            self._at, self._wanted = span[1], "`:`"
            return Event("key", key, span)
        if not wanted.startswith("a value") or (kind == "mark" and value not in "[{"):
            raise self.error("G209", "this is not JSON", span, f"{wanted} belongs here")
        if kind != "mark":
            return self._value(kind, _string(value) if kind == "string" else value, span)
        if len(self._open) == self._deepest:
            raise self.error("G208", f"lists are nested more than {DEEPEST} deep", span)
        self._open.append(_Open(span[0], set() if value == "{" else None))
        self._at = span[1]
        self._wanted = "a key or `}`" if value == "{" else "a value or `]`"
        return Event(value, value, span)

    def _value(self, kind: str, value: Any, span: Span) -> Event:
        """The event that completes a value."""
        self._at = span[1]
        in_list = self._open and self._open[-1].keys is None
        self._wanted = "" if not self._open else "`,` or `]`" if in_list else "`,` or `}`"
        return Event(kind, value, span)

    def _after_blanks(self) -> int:
        match = _BLANK.match(self.text, self._at)
        assert match is not None
        return match.end()

    def _unreadable(self) -> Diagnostic:
        at, label = self._after_blanks(), f"{self._wanted} belongs here"
        if at < len(self.text):
            ways = ["strings take double quotes"] if self.text[at] == "'" else []
            return self.error("G209", "this is not JSON", (at, at + 1), label, *ways)
        at = len(self.text.rstrip())
        error = self.error("G209", "the document ends too early", (at, at), label)
        if self._open:
            opened = self._open[-1].at
            error.labels.append(Label((opened, opened + 1), "opened here"))
        return error


class Tensor:
    """The tensor that the next value of a document is, its shape checked entry by entry."""

    def __init__(self, name: str, events: Events) -> None:
        self.name, self.events = name, events
        self.numbers = array("d")
        self.rank = -1  # how deep the numbers are, once that is known
        self.sizes: list[tuple[int, Span]] = [(-1, (0, 0))] * DEEPEST  # of the first list per depth
        self.counts: list[int] = []  # how many entries of each open list are complete

    def read(self) -> Array:
        import numpy as np

        starts: list[int] = []
        for event in self.events:
            depth = len(self.counts)
            if event.kind in ("[", "row") and 0 <= self.rank <= depth:
                first = f"{self.name}{'[0]' * self.rank} is a number"
                raise self._ragged(self._path(), "is a list", first, event.span)
            if event.kind == "[":
                starts.append(event.span[0])
                self.counts.append(0)
                continue
            if event.kind == "]":
                self._list_of(self.counts.pop(), (starts.pop(), event.span[1]))
            elif event.kind == "row":
                self._numbers_at(depth + 1, event.span, "[0]")
                self._list_of(len(event.value), event.span)
                self.numbers.extend(event.value)
            else:
                self.numbers.append(self._number(event))
                self._numbers_at(depth, event.span)
            if not self.counts:
                break
            self.counts[-1] += 1
            self._pass_alike()
        shape = [size for size, _ in self.sizes[: self.rank]]
        return np.array(self.numbers, dtype=np.float64).reshape(shape)

    def _pass_alike(self) -> None:
        """Pass over items of the shape of those that were read, as long as there are many."""
        sizes = [size for size, _ in self.sizes[len(self.counts) : self.rank]]
        if self.rank < len(self.counts) or -1 in sizes:
            return
        while True:
            items, numbers = self.events.pass_items(sizes)
            if not items:
                return
            self.counts[-1] += items
            self.numbers.frombytes(numbers)

    def _path(self) -> str:
        return self.name + "".join(f"[{count}]" for count in self.counts)

    def _numbers_at(self, depth: int, span: Span, entry: str = "") -> None:
        """Note or check how deep the numbers are. Raises G202."""
        if self.rank < 0:
            self.rank = depth
        elif depth < self.rank:
            path = self._path() + entry
            raise self._ragged(path, "is a number", f"{self.name}{'[0]' * depth} is a list", span)

    def _list_of(self, size: int, span: Span) -> None:
        """Note or check the length of a list that is complete. Raises G202."""
        depth = len(self.counts)
        known, first = self.sizes[depth]
        if self.rank < 0:
            self.rank = depth + 1  # it is empty
        if known < 0:
            self.sizes[depth] = (size, span)
        elif size != known:
            other = f"{self.name}{'[0]' * depth} has {known}"
            error = self._ragged(self._path(), f"has {_entries(size)}", other, span)
            error.labels.append(Label(first, _entries(known)))
            raise error

    def _ragged(self, path: str, has: str, first: str, span: Span) -> Diagnostic:
        way = "all lists at one depth must have the same length"
        return self.events.error("G202", f"{path} {has}, but {first}", span, has, way)

    def _number(self, event: Event) -> float:
        """A scalar as a float. Raises G203 to G206, or G217."""
        kind, value, span = event
        if kind in ("string", "word") and value in _NOT_FINITE:
            return float(_NOT_FINITE[value])
        if kind == "number":
            number = float(value)
            if not isinf(number):
                return number
            code, has, label = "G206", "is too large for a float", "the largest is about 1.8e308"
            ways = ['write "Infinity" if that is what is meant']
        elif kind == "string":
            code, has, label = "G203", "is a string, not a number", ""
            ways = ['as strings only "NaN", "Infinity" and "-Infinity" are numbers']
            if _TOKEN.fullmatch(value):
                ways.insert(0, "remove the quotes")
        elif kind == "{":
            code, has, label = "G217", "is an object", "a number or a list belongs here"
            ways = ["objects bind names, at the top level of standard input only"]
        elif value == "null":
            code, has, label = "G204", "is null, not a number", ""
            ways = ['leave it out, or write the number that is meant ("NaN" for not-a-number)']
        else:
            code, has, label = "G205", f"is {value}, not a number", ""
            ways = ["write 1 for true and 0 for false"]
        raise self.events.error(code, f"{self._path()} {has}", span, label, *ways)


def _floats(text: str) -> list[float] | None:
    """Numbers with commas between; None if they are not that, or one is too large."""
    if not _ENTRIES.fullmatch(text):
        return None
    items = text.replace('"', "")
    numbers = list(map(float, items.split(",")))
    infinite = numbers.count(inf) + numbers.count(-inf)
    return None if infinite > items.count("Infinity") else numbers


def _string(value: str) -> str:
    import orjson

    try:
        return str(orjson.loads(value))
    except orjson.JSONDecodeError:  # half of a surrogate pair: only ever shown
        return value[1:-1]


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
