"""The command `gradcalc`: finds the verb, and sees to it that every end is a good one."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from ..grammar.errors import Diagnostic, Label, suggest
from . import screen

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

EXIT_CODES = """\
\b
Exit codes:
    0   done
    1   ran to the end, but a check or a record failed
    2   usage: an unknown option, a file that cannot be read
    3   the expression is wrong whatever the data: syntax, unknown function
    4   expression and data do not fit, or the data are wrong: shapes, JSON
    5   a NaN or an infinity, with --finite
   70   a bug in gradcalc
  130   interrupted (Ctrl-C)
  141   nobody reads the output any more
"""

EXAMPLES = """\
\b
Examples:
  gradcalc eval 'mean(x*x)' x='[[1,2],[3,4]]'
  gradcalc eval 'mean((X @ w - y)**2)' X=@X.npy w='zeros(3)' y=@y.csv --wrt w
  echo '{"x": [1, 2]}' | gradcalc eval 'sum(exp(x))' --json | jq .grads

"""

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
    try:
        code = _app()(words, "gradcalc", standalone_mode=False)
    except typer.TyperException as error:  # what typer itself checks: the values of options
        message = error.format_message().strip().rstrip(".").replace("'", "`")
        message = message[:1].lower() + message[1:].replace("a valid int", "a whole number")
        ways = ["`--help` says what each option takes"]
        raise Diagnostic("G003", message, help=ways) from None
    if code == INTERRUPTED:
        raise KeyboardInterrupt  # typer has swallowed it
    return code or 0


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


# --- the command line --------------------------------------------------------------------------


class _Verb(TyperCommand):
    """A verb, whose expression may start with a minus and whose options may stand anywhere."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        options, data = _sort(self, ctx, args)
        return super().parse_args(ctx, [*options, "--", *data])


class _Verbs(TyperGroup):
    """All verbs; a verb's module is imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"..{cmd_name}", __name__)
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(
            cmd_name,
            cls=_Verb,
            help=module.__doc__,
            epilog=module.EXAMPLES + EXIT_CODES,
            context_settings=_SETTINGS,
        )(module.run)
        return typer.main.get_command(app)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0].startswith("-"):
            _sort(self, ctx, args[:1])
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in VERBS:
            _no_verb(args[0])
        return super().resolve_command(ctx, args)


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _app() -> typer.Typer:
    app = typer.Typer(
        cls=_Verbs, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
        context_settings=_SETTINGS,
    )  # fmt: skip

    @app.callback(invoke_without_command=True, epilog=EXAMPLES + EXIT_CODES)
    def gradcalc(
        ctx: typer.Context,
        version: Annotated[
            bool, typer.Option("--version", "-V", help="Print the version.", is_eager=True)
        ] = False,
    ) -> None:
        """Differentiate expressions over tensors: value, gradient and derivation."""
        if version:
            from importlib.metadata import version as installed

            screen.emit(f"gradcalc {installed('gradcalc')}\n".encode())
        elif ctx.invoked_subcommand is None:
            screen.complain(ctx.get_help())
            raise typer.Exit(2)
        if version:
            raise typer.Exit(0)

    return app


def _sort(command: Any, ctx: Any, args: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options with their values, and data.

    A word that starts with two minus signs is an option; one that starts with one is an option if
    it is a known one, and else data. After ``--`` everything is data. Raises G001 and G003.
    """
    takes_value = {
        spelling: not parameter.is_flag
        for parameter in command.get_params(ctx)
        if parameter.param_type_name == "option"
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    }
    options: list[str] = []
    data: list[str] = []
    waiting = list(reversed(args))
    while waiting:
        word = waiting.pop()
        if word == "--":
            return options, [*data, *reversed(waiting)]
        name, equals, _ = word.partition("=")
        if word in takes_value:
            if not takes_value[word]:
                options.append(word)
            elif not waiting or waiting[-1] in takes_value:
                ways = ["`--help` says what each option takes"]
                raise Diagnostic("G003", f"`{word}` needs a value", help=ways)
            else:
                options += [word, waiting.pop()]
        elif equals and name.startswith("--") and name in takes_value:
            options.append(word)
        elif word.startswith("--") or (word.startswith("-") and isinstance(command, _Verbs)):
            _no_option(name, takes_value)
        else:
            data.append(word)
    return options, data


def _no_option(name: str, known: Sequence[str] | dict[str, bool]) -> NoReturn:
    close = suggest(name, known)
    ways = [f"did you mean `{close}`?"] if close else []
    ways.append("all options: `--help`; after `--` everything is data")
    label = Label((0, len(name)), primary=True)
    raise Diagnostic("G001", f"there is no option `{name}`", name, [label], ways)


def _no_verb(word: str) -> NoReturn:
    close = suggest(word, VERBS)
    if close:
        ways = [f"did you mean `{close}`?"]
    else:
        ways = [f"to evaluate an expression: gradcalc eval '{word}'"]
    ways.append("all commands: `gradcalc --help`")
    label = Label((0, len(word)), primary=True)
    raise Diagnostic("G004", "the command comes first", word, [label], ways)
