"""Lines of JSON, as many at once as are there; records, fast where they are plain."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import current_thread, main_thread
from typing import IO, TYPE_CHECKING, Any

import orjson

from . import documents, screen

if TYPE_CHECKING:
    from ..grad.evaluate import Array

BLOCK = 2**16  # bytes to ask for at once: from 2**17 on the C library takes fresh memory each time
PIPE = 2**20  # bytes that a pipe may hold, so that its writer need not wait
LONG = 2**20  # bytes of a line from which on it is read in pieces, if need be
LONGEST = 2**28  # bytes that a line may have
TOO_LONG = b"\n"  # what stands for a line with more of them; none can be this
PIECE = 4096  # bytes that a pipe takes whole or not at all (PIPE_BUF)

_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ of Linux, which fcntl names in Python 3.10 and later only


def blocks(read: Callable[[int], bytes]) -> Iterator[list[bytes]]:
    """The lines of a stream, as many at once as are there; a last one need not be ended.

    `read` returns at most so many bytes, those that are there, and none at the end.
    """
    rest: list[bytes] = []  # of a line whose end is yet to come: its beginning, and
    size = 0  # how much of it there was; beyond `LONGEST` it is read past and not held
    while chunk := read(BLOCK):
        end = chunk.rfind(b"\n")
        if end < 0:
            size += len(chunk)
            if size <= LONGEST:
                rest.append(chunk)
            else:
                rest.clear()
            continue
        lines = chunk[:end].split(b"\n")
        whole = size + len(lines[0]) <= LONGEST
        lines[0] = b"".join([*rest, lines[0]]) if whole else TOO_LONG
        yield lines
        rest = [chunk[end + 1 :]]
        size = len(rest[0])
    if size:
        yield [b"".join(rest) if size <= LONGEST else TOO_LONG]


def widen(source: IO[bytes]) -> None:
    """Let a pipe hold more than its 64 KiB, where the system does that."""
    try:
        from fcntl import fcntl

        fcntl(source.fileno(), _SET_PIPE_SIZE, PIPE)
    except (ImportError, OSError, ValueError):  # not Linux, not a pipe, not a file at all
        pass


def finish_writes() -> None:
    """Let SIGTERM wait for the end of a write, as SIGINT does: the kernel would break it off."""

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    if current_thread() is main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)


def write(lines: Sequence[bytes]) -> None:
    """Write lines; to a pipe in pieces of whole ones, each of which it takes as one."""
    data = b"".join(lines)
    at, most = 0, PIECE
    if sys.stdout is not None and stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
        most = len(data)
    while at < len(data):
        end = data.rfind(b"\n", at, at + most) + 1 or data.find(b"\n", at) + 1
        screen.emit(data[at:end])
        at = end


# --- records ----------------------------------------------------------------------------------


def read(lines: list[bytes]) -> list[Any]:
    """What orjson makes of each line; None for those that need a closer look, or are long."""
    if max(map(len, lines)) > LONG:
        return [plain(line) if len(line) <= LONG else None for line in lines]
    try:
        records = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        records = [documents.loads(line) for line in lines]
    whole = b"\n".join(lines)
    # no key twice (orjson keeps the last one), and no true or false, which NumPy takes for numbers:
    # looked for in all lines at once, since nearly always there are none
    if not _has_truths(whole):
        alike = _kinds(records) == {dict}
        objects = records if alike else [r for r in records if isinstance(r, dict)]
        if whole.count(b":") == sum(map(len, objects)):
            return records
    return [
        record if _is_plain(record, line) else None
        for record, line in zip(records, lines, strict=True)
    ]


def plain(line: bytes) -> Any:
    """What orjson makes of a line; None if it needs a closer look."""
    record = documents.loads(line)
    return record if _is_plain(record, line) else None


def _kinds(records: list[Any]) -> set[type]:
    return set(map(type, records))


def _has_truths(text: bytes) -> bool:
    """Whether there may be a true or a false in it. To look for one letter first is faster."""
    return (b"u" in text and b"true" in text) or (b"s" in text and b"false" in text)


def _is_plain(record: Any, line: bytes) -> bool:
    if _has_truths(line):
        return False
    return not isinstance(record, dict) or documents.keys_are_unique(record, line)


def stacked(records: list[Any], names: tuple[str, ...]) -> dict[str, Array] | None:
    """The tensors of records that are alike, one stack for each name; None if they are not."""
    import numpy as np

    kinds = _kinds(records)
    if kinds == {dict}:
        try:
            columns = {name: [record[name] for record in records] for name in names}
        except KeyError:
            return None
    elif len(names) == 1 and dict not in kinds:
        columns = {names[0]: records}
    else:
        return None
    stacks = {}
    for name, column in columns.items():
        try:
            stack = np.array(column)
        except ValueError:  # of different shapes, or ragged
            return None
        if stack.dtype.kind not in "iuf":
            return None
        stacks[name] = stack.astype(np.float64, copy=False)
    return stacks


def alike(
    records: Mapping[int, Any], names: tuple[str, ...]
) -> tuple[list[tuple[list[int], dict[str, Array]]], list[int]]:
    """Stacks of the records that are alike, by their places; and the places of those that are odd.

    All of them at once, if that can be done; else those that look alike, in halves until it can.
    """
    found, odd = [], []
    waiting = [list(records)] if records else []
    together = True
    while waiting:
        places = waiting.pop()
        stacks = stacked([records[place] for place in places], names)
        if stacks is not None:
            found.append((places, stacks))
        elif len(places) == 1:
            odd += places
        elif together:
            by_look: dict[tuple[Any, ...], list[int]] = {}
            for place in places:
                by_look.setdefault(_look(records[place], names), []).append(place)
            waiting += by_look.values()
        else:
            half = len(places) // 2
            waiting += [places[:half], places[half:]]
        together = False
    return found, odd


def _look(record: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    """What is seen of the shapes in a record at a glance."""
    values = [record.get(name) for name in names] if isinstance(record, dict) else [record]
    looks: list[Any] = [isinstance(record, dict)]
    for value in values:
        inner = value[0] if isinstance(value, list) and value else None
        looks += [type(value), len(value) if isinstance(value, list) else 0]
        looks.append(len(inner) if isinstance(inner, list) else 0)
    return tuple(looks)


def joined(several: list[dict[str, Array]], names: tuple[str, ...]) -> dict[str, Array]:
    """Tensors of the same shapes as stacks."""
    import numpy as np

    return {name: np.stack([arrays[name] for arrays in several]) for name in names}


def leniently(line: bytes) -> Any:
    """A record that orjson refuses, as Python reads it; None if that does not either."""
    import json

    try:
        return json.loads(line.decode("utf-8-sig"), parse_int=float)
    except (ValueError, RecursionError):
        return None
