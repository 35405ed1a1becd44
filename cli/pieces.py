"""Large documents of JSON, read piece by piece: numbers go straight into an array.

As Python objects all at once they would take eight times the memory, and longer. Where a document
is cut does not matter: if what is left and right of a comma is valid, each within its own brackets,
the whole is. What is odd is left to `documents`, which takes a closer look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from struct import error as StructError
from struct import pack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..grad.evaluate import Array

PIECE = 2**15  # bytes of a piece, or a few more

DEEPEST = 64  # as many axes as an array can have

_BLANKS = b" \t\n\r"
_OPENING = re.compile(rb"(?:\[[ \t\n\r]*)+")
_MEMBER = re.compile(rb'[ \t\n\r]*"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')


def array(data: bytes) -> Array | None:
    """The tensor in a list of numbers, or of lists; None for anything else or anything odd."""
    if b"true" in data or b"false" in data:  # would be taken for numbers
        return None
    return _read(data.strip(_BLANKS), DEEPEST)


def _read(text: bytes, deepest: int) -> Array | None:
    import numpy as np

    opening = _OPENING.match(text)
    depth = opening[0].count(b"[") if opening else 0
    if not 0 < depth <= deepest or not text.endswith(b"]"):
        return None
    item_ends = b"]" * (depth - 1)  # with blanks in between they are not found: one long piece
    if depth > 1 and text.find(item_ends, 0, len(text) - 1) > 2 * PIECE:  # few items, long ones
        found = [_read(item.strip(_BLANKS), depth - 1) for item in _pieces(text, item_ends, 0)]
        arrays = [item for item in found if item is not None]
        alike = len({item.shape for item in arrays}) == 1
        return np.array(arrays) if alike and len(arrays) == len(found) else None
    numbers = bytearray()
    shape: list[int] = []
    count = 0
    for piece in _pieces(text, item_ends, PIECE):
        items = items_of(b"[%b]" % piece)
        shape = shape or _shape(items)
        flat = flattened(items, shape[1:])
        if not flat:
            return None
        count += len(items)
        numbers += flat
    return np.frombuffer(numbers).reshape(count, *shape[1:])


def _pieces(text: bytes, item_ends: bytes, size: int) -> Iterator[bytes]:
    """A list, without its brackets, cut at commas between items into pieces of about one size."""
    at, last = 1, len(text) - 1
    while True:
        end = text.find(item_ends, at + size, last)
        comma = text.find(b",", end, last) if end >= 0 else -1
        yield text[at : comma if comma >= 0 else last]
        if comma < 0:
            return
        at = comma + 1


def items_of(text: bytes) -> list[Any]:
    """What a list holds; nothing if it cannot be read."""
    import orjson

    try:
        return list(orjson.loads(text))
    except orjson.JSONDecodeError:
        return []


def flattened(items: list[Any], sizes: Sequence[int]) -> bytes | None:
    """The numbers in lists of lists of these sizes as floats; None if they are not that.

    True and false are taken for numbers.
    """
    try:
        for size in sizes:
            if set(map(len, items)) != {size}:
                return None
            items = list(chain.from_iterable(items))
        return pack(f"{len(items)}d", *items)  # takes a third of the time of np.array
    except (StructError, OverflowError, TypeError):
        return None


def _shape(items: Any) -> list[int]:
    """The shape that the first entries suggest."""
    shape = []
    while isinstance(items, list):
        shape.append(len(items))
        items = items[0] if items else None
    return shape


def members(data: bytes) -> dict[str, bytes] | None:
    """The members of an object, their values still text; None if there are strings among these.

    It is valid if each of the values is.
    """
    text = data.strip(_BLANKS)
    if not text.startswith(b"{") or not text.endswith(b"}"):
        return None
    found: dict[str, bytes] = {}
    end, last = 1, len(text) - 1
    while end < last:
        key = _MEMBER.match(text, end)
        if key is None:
            return None
        following = text.find(b'"', key.end(), last)
        end = following if following >= 0 else last
        value = text[key.end() : end].rstrip(_BLANKS)
        if end < last:
            if not value.endswith(b","):
                return None
            value = value[:-1]
        try:
            name = key[1].decode()
        except UnicodeDecodeError:
            return None
        if name in found:
            return None
        found[name] = value
    return found
