"""JSON to arrays of floats and back: strictly, losing nothing, saying where a document is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from math import inf, isinf
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ..grammar.errors import Diagnostic, Label, Span

if TYPE_CHECKING:
    from ..grad.evaluate import Array

DEEPEST = 64  # as many axes as an array can have

_BOM = b"\xef\xbb\xbf"
_BLANKS = r"[ \t\n\r]*+"  # what is possessive here keeps hostile text from taking quadratic time
_NUMBER = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_TOKEN = re.compile(
    rf"{_BLANKS}(?:(?P<mark>[][{{}}:,])|(?P<string>{_STRING})|(?P<number>{_NUMBER})"
    r"|(?P<word>-?Infinity|NaN|true|false|null))"
)
_ENTRY = rf'{_BLANKS}(?:{_NUMBER}|NaN|-?+Infinity|"NaN"|"-?+Infinity"){_BLANKS}'
_ROW = re.compile(rf"\[({_ENTRY}(?:,{_ENTRY})*+)\]")
_BLANK = re.compile(_BLANKS)
_KEY = re.compile(rb'"[ \t\n\r]*:')
_WIDTH = 88  # an object this short stays on one line when indented
_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


# --- reading -----------------------------------------------------------------------------------


def read_tensor(data: bytes, name: str, origin: str = "") -> Array:
    """The tensor a document holds; `name` is what messages call it. A Diagnostic if it is none.

    >>> read_tensor(b"[[1, 2], [3, 4]]", "x").tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    array = _plain_array(_loads(data), data)
    if array is not None:
        return array
    text = decode(data, origin)
    events = _Events(text, origin)
    array = _Tensor(name, events).read()
    events.finish()
    return array


def read_bindings(
    data: bytes, names: Collection[str], origin: str = ""
) -> tuple[dict[str, Array], list[str]] | None:
    """The tensors an object binds to `names`, and its other keys; None if it is no object."""
    bound, other = _plain_bindings(data, names)
    if bound is not None:
        return bound, other
    text = decode(data, origin)
    if not text.lstrip(" \t\n\r").startswith("{"):
        return None
    bound, other = {}, []
    events = _Events(text, origin)
    next(events)  # the opening brace
    for event in events:
        if event.kind == "}":
            break
        if event.value in names:
            bound[event.value] = _Tensor(event.value, events).read()
        else:
            other.append(event.value)
            events.skip()
    events.finish()
    return bound, other


def decode(data: bytes, origin: str = "") -> str:
    """Text from UTF-8 with or without a byte order mark. Raises G213 naming the first bad byte."""
    data = data.removeprefix(_BOM)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        shown = before + data[error.start :].decode(errors="backslashreplace")
        at = len(before)
        raise Diagnostic(
            "G213",
            f"byte {error.start} ({data[error.start]:#04x}) is not UTF-8",
            shown,
            [Label((at, at + 4), error.reason, primary=True)],
            ["convert it first: `iconv -f latin1 -t utf-8`"],
            origin=origin,
        ) from None


def _loads(data: bytes) -> Any:
    """What orjson makes of a document; None if it refuses, as it does for NaN, 1e400 and a BOM."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _plain_array(value: Any, data: bytes) -> Array | None:
    """An array of the numbers in nested lists; None where the document needs a closer look."""
    import numpy as np

    if isinstance(value, (str, dict)) or b"true" in data or b"false" in data:
        return None  # NumPy would take True for 1
    try:
        array = np.array(value)
    except ValueError:  # ragged, or too deep
        return None
    return array.astype(np.float64) if array.dtype.kind in "iuf" else None


def _plain_bindings(
    data: bytes, names: Collection[str]
) -> tuple[dict[str, Array] | None, list[str]]:
    value = _loads(data)
    if not isinstance(value, dict) or len(_KEY.findall(data)) != _count_keys(value):
        return None, []  # orjson keeps the last of equal keys
    bound = {}
    for name in value.keys() & set(names):
        array = _plain_array(value[name], data)
        if array is None:
            return None, []
        bound[name] = array
    return bound, [key for key in value if key not in names]


def _count_keys(value: dict[str, Any]) -> int:
    count, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        count += len(value)
        waiting += [inner for inner in value.values() if isinstance(inner, dict)]
    return count


class _Event(NamedTuple):
    """A part of a document: a bracket, a "key", a "string", "number" or "word", or a "row".

    A row is a whole list of numbers at once, which is nearly all there is in a large document.
    """

    kind: str
    value: Any
    span: Span


class _Open(NamedTuple):
    at: int
    keys: set[str] | None  # of an object: those read so far


class _Events(Iterator[_Event]):
    """A document as events, its syntax checked on the way, without recursion.

    Slower than orjson, but it knows where it is. It runs when something is wrong, and for what
    orjson does not read: NaN as a word or a string, a byte order mark.
    """

    def __init__(self, text: str, origin: str) -> None:
        self.text, self.origin = text, origin
        self._at = 0
        self._open: list[_Open] = []
        self._wanted = "a value"  # what may come next, in the words of the messages
        self._deepest = DEEPEST + text.lstrip().startswith("{")  # a tensor inside may be that deep

    def __next__(self) -> _Event:
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

    def _row(self) -> _Event | None:
        """The list of numbers that comes next, if one does and each is in range."""
        if not self._wanted.startswith("a value") or len(self._open) >= self._deepest:
            return None
        at = self._after_blanks()
        match = _ROW.match(self.text, at) if self.text.startswith("[", at) else None
        if match is None:
            return None
        items = match[1].replace('"', "")
        numbers = list(map(float, items.split(",")))
        if numbers.count(inf) + numbers.count(-inf) > items.count("Infinity"):
            return None  # one is too large, and will be found
        return self._value("row", numbers, match.span())

    def _token(self) -> _Event | None:
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
                raise self.error("G207", f'the key "{key}" is given twice', span)
            keys.add(key)
            self._at, self._wanted = span[1], "`:`"
            return _Event("key", key, span)
        if not wanted.startswith("a value") or (kind == "mark" and value not in "[{"):
            raise self.error("G209", "this is not JSON", span, f"{wanted} belongs here")
        if kind != "mark":
            return self._value(kind, _string(value) if kind == "string" else value, span)
        if len(self._open) == self._deepest:
            raise self.error("G208", f"lists are nested more than {DEEPEST} deep", span)
        self._open.append(_Open(span[0], set() if value == "{" else None))
        self._at = span[1]
        self._wanted = "a key or `}`" if value == "{" else "a value or `]`"
        return _Event(value, value, span)

    def _value(self, kind: str, value: Any, span: Span) -> _Event:
        """The event that completes a value."""
        self._at = span[1]
        in_list = self._open and self._open[-1].keys is None
        self._wanted = "" if not self._open else "`,` or `]`" if in_list else "`,` or `}`"
        return _Event(kind, value, span)

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


class _Tensor:
    """The tensor that the next value of a document is, its shape checked entry by entry."""

    def __init__(self, name: str, events: _Events) -> None:
        self.name, self.events = name, events
        self.numbers: list[float] = []
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
                self._numbers_at(depth + 1, self._path() + "[0]", event.span)
                self._list_of(len(event.value), event.span)
                self.numbers += event.value
            else:
                self.numbers.append(self._number(event))
                self._numbers_at(depth, self._path(), event.span)
            if not self.counts:
                break
            self.counts[-1] += 1
        shape = [size for size, _ in self.sizes[: self.rank]]
        return np.array(self.numbers, dtype=np.float64).reshape(shape)

    def _path(self) -> str:
        return self.name + "".join(f"[{count}]" for count in self.counts)

    def _numbers_at(self, depth: int, path: str, span: Span) -> None:
        """Note or check how deep the numbers are. Raises G202."""
        if self.rank < 0:
            self.rank = depth
        elif depth < self.rank:
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

    def _number(self, event: _Event) -> float:
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


def _string(value: str) -> str:
    try:
        return str(orjson.loads(value))
    except orjson.JSONDecodeError:  # half of a surrogate pair: only ever shown
        return value[1:-1]


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


# --- writing -----------------------------------------------------------------------------------


def dumps(document: Any, *, indent: bool = False) -> bytes:
    """Strict JSON of a document with arrays in it: shortest numbers that read back the same.

    Numbers that JSON lacks become the strings "NaN", "Infinity" and "-Infinity". Indented, the
    innermost row of a tensor stays on one line.

    >>> dumps({"x": [0.1, float("inf")]})
    b'{"x":[0.1,"Infinity"]}'
    """
    plain = strict(document)
    if not indent:
        return orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY)
    return "".join(_indented(plain, "\n")).encode()


def strict(value: Any) -> Any:
    """The same document, with what JSON lacks spelt as strings."""
    if isinstance(value, dict):
        return {key: strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(inner) for inner in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else _spelt(value)
    return _strict_array(value) if hasattr(value, "dtype") else value


def _strict_array(array: Array) -> Any:
    import numpy as np

    finite = array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
    if not array.ndim:
        return array[()] if finite else _spelt(float(array))
    if finite and array.size:
        return np.ascontiguousarray(array)
    flat, entries = array.ravel(), np.empty(array.size, dtype=object)
    entries[:] = list(flat)  # NumPy's own scalars: a float32 keeps its own shortest digits
    for i in np.flatnonzero(~np.isfinite(flat)):
        entries[i] = _spelt(flat[i])
    return entries.reshape(array.shape).tolist()


def _spelt(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _indented(value: Any, newline: str) -> Iterator[str]:
    """Recursive as deep as the document is, which is `DEEPEST` and a few at most."""
    members = _members(value)
    if isinstance(value, dict):
        short = newline != "\n" and not any(_is_nested(m) for m in members)
        whole = short and len(_line(value)) <= _WIDTH
        pairs, brackets = [(_line(key) + ": ", value[key]) for key in value], "{}"
    else:
        whole = not _is_nested(value)
        pairs, brackets = [("", member) for member in members], "[]"
    if whole:
        yield _line(value)
        return
    yield brackets[0]
    for i, (key, member) in enumerate(pairs):
        yield ("," if i else "") + newline + "  " + key
        yield from _indented(member, newline + "  ")
    yield newline + brackets[1]


def _line(value: Any) -> str:
    """A value on one line, with a space after each comma and colon."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_line(key)}: {_line(value[key])}" for key in value) + "}"
    if _is_list(value):
        return "[" + ", ".join(map(_line, value)) + "]"
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _members(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if _is_list(value) else ()


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or bool(getattr(value, "shape", ()))


def _is_nested(value: Any) -> bool:
    return any(isinstance(m, dict) or _is_list(m) for m in _members(value))
