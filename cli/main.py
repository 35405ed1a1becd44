"""The command `gradcalc`: finds the verb, and sees to it that every end is a good one."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ..grammar.errors import Diagnostic
from . import arguments, screen

VERBS = {  # a module each, imported when called
    "eval": "Value, gradients, and how they come about.",
    "diff": "The gradient as a formula, from shapes alone.",
    "simplify": "The closed form of an expression.",
    "check": "Gradients against finite differences or expected values; suites.",
    "run": "A program in the style of autograd tutorials.",
    "repl": "The same language, live.",
    "graph": "The computational graph, as a tree or a picture.",
    "functions": "Every function: signature, rule, kinks, example.",
    "explain": "What an error code means, and how to fix it.",
}

INTERRUPTED, BROKEN_PIPE = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is for the shell."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)  # nothing that a start makes is garbage,
    if arguments is None:
        atexit.register(gc.freeze)  # and what there is at the end need not be looked through
    try:
        return _safely(list(sys.argv[1:] if arguments is None else arguments))
    finally:
        gc.set_threshold(*usual)


def _safely(words: list[str]) -> int:
    report = screen.Reporter.for_words(words)
    try:
        screen.use_utf8()
        return _run(words)
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
    except Exception:  # noqa: BLE001  nobody outside should ever see a traceback
        return _bug(report, words)


def _run(words: list[str]) -> int:
    for word in words:
        if not word.isprintable() and any("\ud800" <= c <= "\udfff" for c in word):
            message = "an argument is not UTF-8"
            raise Diagnostic("G213", message, word, help=["convert it with iconv"])
    verb, *rest = words or [""]
    if verb in VERBS:
        run = import_module(f"..{verb}", __name__).run
        values = arguments.read(run, rest)
        if values is not None:
            return int(run(**values))
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


def _bug(report: screen.Reporter, words: list[str]) -> int:
    import shlex
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="gradcalc-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        print("gradcalc", shlex.join(words), file=file)
        traceback.print_exc(file=file)
    ways = [f"the details are in {file.name}", "please report them together with the command"]
    diagnostic = Diagnostic("G900", "this is a bug in gradcalc, not in your input", help=ways)
    report(diagnostic)
    return diagnostic.exit_code
