"""One value in a TOML or JSON text replaced, the rest left as it is to the letter."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import orjson

Path = tuple[str, ...]
Span = tuple[int, int]

DEEPEST = 8  # of tables in tables; what lies deeper is not looked for

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"""'
    r"|'''(?:[^']|'(?!''))*+'''"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
_KEY = re.compile(rf"(?:{_STRING.pattern}|[A-Za-z0-9_-]+)", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\s#]+")
_HEADER = re.compile(r"\[\[?([^\n]*?)\]\]?[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")


def replaced(text: str, path: Path, value: Any, *, toml: bool) -> str | None:
    """The text with the value at `path` replaced; None if that cannot be done safely.

    The result is read again: it has to say the same but for this one value.

    >>> replaced("[a]\\nx = [1, 2] # so far\\n", ("a", "x"), [1.5, 2.0], toml=True)
    '[a]\\nx = [1.5, 2.0] # so far\\n'
    """
    try:
        spans = _Spans(text, toml).find()
        start, end = spans[path]
    except (KeyError, ValueError):
        return None
    several = "\n" in text[start:end]
    new = text[:start] + _written(value, toml, _indent(text, start) if several else None)
    new += text[end:]
    read = tomllib.loads if toml else orjson.loads
    hole = object()
    try:
        before, after = read(text), read(new)
        for document in (before, after):
            for key in path[:-1]:
                document = document[key]
            document[path[-1]] = hole
    except (KeyError, TypeError, ValueError):
        return None
    return new if repr(before) == repr(after) else None  # by text: a nan is not equal to itself


def places(text: str, *, toml: bool) -> dict[Path, Span]:
    """Where each value stands; nothing where the text cannot be followed."""
    try:
        return _Spans(text, toml).find()
    except ValueError:
        return {}


class _Spans:
    """Where each value of a TOML or JSON text stands. ValueError for what is neither."""

    def __init__(self, text: str, toml: bool) -> None:
        self.text, self.toml = text, toml
        self.found: dict[Path, Span] = {}

    def find(self) -> dict[Path, Span]:
        if not self.toml:
            self.value(self.space(0), ())
            return self.found
        at = self.space(0)
        table: Path = ()
        while at < len(self.text):
            if self.text[at] == "[":
                header = _HEADER.match(self.text, at)
                if header is None:
                    raise ValueError
                table, _ = self.key(header.start(1), "]")
                at = self.space(header.end())
            else:
                key, at = self.key(at, "=")
                at = self.space(self.value(self.space(at), (*table, *key)))
        return self.found

    def space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def key(self, at: int, until: str) -> tuple[Path, int]:
        """A dotted key, and where what follows its last mark starts."""
        parts = []
        while True:
            match = _KEY.match(self.text, self.space(at))
            if match is None:
                raise ValueError
            parts.append(_plain(match[0]))
            at = self.space(match.end())
            if self.text.startswith(until, at):
                return tuple(parts), at + 1
            if not self.text.startswith(".", at):
                raise ValueError
            at += 1

    def value(self, at: int, path: Path) -> int:
        """Note a value and those in it; where it ends."""
        opening = self.text[at : at + 1]
        if opening == "{" and len(path) < DEEPEST:
            end = self.space(at + 1)
            while not self.text.startswith("}", end):
                key, end = self.key(end, "=" if self.toml else ":")
                end = self.space(self.value(self.space(end), (*path, *key)))
                if self.text.startswith(",", end):
                    end = self.space(end + 1)
            end += 1
        elif opening and opening in "[{":
            end = self.brackets(at)
        elif string := _STRING.match(self.text, at):
            end = string.end()
        elif scalar := _SCALAR.match(self.text, at):
            end = scalar.end()
        else:
            raise ValueError
        self.found[path] = (at, end)
        return end

    def brackets(self, at: int) -> int:
        """Where the bracket that opens here is closed."""
        depth = 0
        while at < len(self.text):
            if string := _STRING.match(self.text, at):
                at = string.end()
                continue
            character = self.text[at]
            if character == "#":
                at = self.space(at)
                continue
            depth += (character in "[{") - (character in "]}")
            at += 1
            if not depth:
                return at
        raise ValueError


def _plain(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    return str(orjson.loads(key)) if key[0] == '"' else key


def _indent(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    line = text[start:at]
    return line[: len(line) - len(line.lstrip())]


def _written(value: Any, toml: bool, indent: str | None) -> str:
    """A number or nested lists of them; with an indent each row on a line of its own."""
    if not isinstance(value, list):
        return _number(value, toml)
    items = [_written(item, toml, None) for item in value]
    if indent is None or not items:
        return "[" + ", ".join(items) + "]"
    rows = ",\n".join(f"{indent}  {item}" for item in items)
    return f"[\n{rows}\n{indent}]"


def _number(value: float, toml: bool) -> str:
    if toml or value - value == 0:
        return repr(value)  # TOML says nan, inf and -inf, as Python does
    return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'
