"""The command `gradcalc`: finds the verb, and sees to it that every end is a good one."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from ..grammar.errors import Diagnostic
from . import arguments, screen, settings
from .verbs import SMALL
from .verbs import VERBS as VERBS

INTERRUPTED, BROKEN_PIPE = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is for the shell."""
    if arguments is None and not SMALL.isdisjoint(sys.argv[1:2]):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # starting threads takes longer
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)  # nothing that a start makes is garbage
    try:
        code = _safely(list(sys.argv[1:] if arguments is None else arguments))
    finally:
        gc.set_threshold(*usual)
    if arguments is None:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process at once: to take an interpreter apart is a tenth of a start.

    Not before a profiler or a debugger that watches, or processes that were started.
    """
    if sys.gettrace() or sys.getprofile() or "multiprocessing" in sys.modules:
        gc.freeze()  # what there is need not be looked through
        return
    with suppress(AttributeError, OSError, ValueError):  # no stream, or a closed one
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _safely(words: list[str]) -> int:
    report = screen.Reporter.for_words(words)
    try:
        screen.use_utf8()
        words = _as_utf8(words)
        if not words or words[0] not in VERBS:
            return _typed(words)
        run = import_module(f"..{words[0]}", __name__).run
        known = arguments.parameters(run)
        usual = {} if "--isolated" in words else settings.defaults(words[0], VERBS, known, words)
        report = screen.Reporter.for_words(words, usual)
        values = arguments.read(known, words[1:], usual)
        return _typed(words) if values is None else int(run(**values))
    except Diagnostic as diagnostic:
        report(diagnostic)
        return diagnostic.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except screen.Closed:
        return _abandoned()
    except MemoryError:
        way = "use less data, or `--max-elements` to be told before it happens"
        report(Diagnostic("G601", "there is not enough memory", help=[way]))
        return 4
    except Exception as error:  # noqa: BLE001  nobody outside should ever see a traceback
        from . import bugs

        bug = _unnameable(error) or bugs.diagnosed(words)
        report(bug)
        return bug.exit_code


def _as_utf8(words: list[str]) -> list[str]:
    """The words as UTF-8, whatever the locale has Python take them for. Raises G213."""
    if all(map(str.isascii, words)):
        return words
    try:
        return [os.fsencode(word).decode() for word in words]
    except UnicodeError:
        if any("\ud800" <= c <= "\udfff" for word in words for c in word):
            message = "an argument is not UTF-8"
            raise Diagnostic("G213", message, help=["convert it with iconv"]) from None
    return words


def _unnameable(error: Exception) -> Diagnostic | None:
    """A file whose name was read as UTF-8 where the locale has other letters."""
    system = sys.getfilesystemencoding()
    if not isinstance(error, UnicodeEncodeError) or error.encoding != system or system == "utf-8":
        return None
    ways = ["set a locale that can, such as `LC_ALL=C.UTF-8`"]
    return Diagnostic("G002", "the locale cannot write the name of a file", help=ways)


def _typed(words: list[str]) -> int:
    """What is not an ordinary command line: a page of help, or a mistake."""
    from . import typed

    return typed.run(words, VERBS)


def _interrupted() -> int:
    screen.complain("")
    return INTERRUPTED


def _abandoned() -> int:
    """Leave quietly; Python would complain at its end about what it still holds for stdout."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (AttributeError, OSError, ValueError):  # none, or not a file
            continue
    return BROKEN_PIPE
