"""The judge: one command in this process, and what no input may bring about."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from gradcalc.cli import bugs, forms
from gradcalc.cli import main as entry

SECONDS = 5  # a command that takes longer hangs
MOST = 20_000  # entries of a tensor: `--max-elements` of every command here
MEMORY = 3 * 2**30  # bytes of address space, most of it libraries and the stacks of threads

_ERROR = re.compile(r"^error\[G\d{3}\](?=: \S)", re.M)
_WAY_OUT = re.compile(r"^  = \S", re.M)


class Hang(BaseException):
    """A command was not done in time. No Exception, which gradcalc would tell as a bug."""


class Wrong(AssertionError):
    """A command ended, but not as it should."""


def limit_memory(most: int = MEMORY) -> None:
    """Let this process, which should do nothing else, take no more than so many bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def judge(
    words: Sequence[str], stdin: bytes = b"", *, records: bool = False, prints: bool = False
) -> int:
    """Run a command; its exit code. Whatever gradcalc holds for a bug of its own goes on as it is.

    Raises Wrong for an end that is not one of the documented ones, Hang for none in time. With
    `records`, standard output has a line for each line of `stdin`, whatever became of it; with
    `prints` there may be something on it, and more memory may have been wanted, before an error.
    """
    code, out, err = _run(words, stdin)
    if code not in range(6):
        raise Wrong(f"exit code {code}: {err}")
    if forms.UNSHORTENED in err:
        raise Wrong("a short form is not equal to what it comes from")
    if "not enough memory" in err and not prints:
        raise Wrong(f"took more memory than `--max-elements {MOST}` can need")
    if records and code in (0, 1):
        _check_records(out, stdin)
    elif code > 1 and out and not prints:
        raise Wrong(f"exit code {code}, but something on standard output: {out[:60]!r}")
    if code > 1:
        told = _ERROR.search(err)
        if told is None or not _WAY_OUT.search(err):
            raise Wrong(f"{told[0] if told else 'no code'}, and no way out: {err!r}")
    return code


def _check_records(out: bytes, stdin: bytes) -> None:
    lines = out.splitlines()
    asked = len(stdin.removesuffix(b"\n").split(b"\n")) if stdin else 0
    if len(lines) != asked:
        raise Wrong(f"{asked} lines in, {len(lines)} lines out")
    for number, line in enumerate(lines, 1):
        answer = json.loads(line, parse_constant=_refuse)
        if answer["n"] != number or ("error" in answer) == ("value" in answer):
            raise Wrong(f"the answer to line {number} is {line[:80]!r}")


def _refuse(word: str) -> NoReturn:
    raise Wrong(f"{word} in JSON")


def _run(words: Sequence[str], stdin: bytes) -> tuple[int, bytes, str]:
    streams, bug = (sys.stdin, sys.stdout, sys.stderr), bugs.diagnosed
    with _stream(io.BytesIO(stdin)) as given, _stream() as out, _stream() as err:
        sys.stdin, sys.stdout, sys.stderr, bugs.diagnosed = given, out, err, _go_on
        try:
            with _alarm(), warnings.catch_warnings():
                warnings.simplefilter("error")  # of Python, which nobody should see
                code = entry.main(words)
            return code, _written(out), _written(err).decode()
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
            bugs.diagnosed = bug


def _stream(file: Any = None) -> io.TextIOWrapper:
    return io.TextIOWrapper(file or tempfile.TemporaryFile(), encoding="utf-8")


def _written(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    stream.seek(0)
    return stream.buffer.read()


def _go_on(*_: Any) -> NoReturn:
    raise  # what has just been caught


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: Any) -> NoReturn:
        raise Hang(f"not done after {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def folder(path: Path) -> Iterator[None]:
    """Within, `path` is the current folder."""
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)
