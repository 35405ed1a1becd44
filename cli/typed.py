"""The command line as typer has it: pages of help, and what a refused value should have been."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from ..grammar.errors import Diagnostic, Label, suggest
from . import screen
from .arguments import HELP, WAYS, Argument, Parameter, check_needs, no_option, parameters, sort
from .verbs import DESCRIPTION, EXAMPLES, EXIT_CODES

ENDS = "\b\nExit codes:\n" + "".join(f"  {k:>3}   {v}\n" for k, v in EXIT_CODES.items())

INTERRUPTED = 130
_SETTINGS = {"help_option_names": list(HELP), "max_content_width": 100}


def run(words: Sequence[str], verbs: Mapping[str, str]) -> int:
    """Answer a command line that is not an ordinary one. Raises G001, G003, G004."""
    try:
        code = _app(verbs)(list(words), "gradcalc", standalone_mode=False)
    except typer.TyperException as error:  # what typer itself checks: the values of options
        message = error.format_message().strip().rstrip(".").replace("'", "`")
        message = message[:1].lower() + message[1:].removesuffix(" range").replace(
            "a valid int", "a whole number"
        )
        raise Diagnostic("G003", message, help=WAYS) from None
    if code == INTERRUPTED:
        raise KeyboardInterrupt  # typer has swallowed it
    return code or 0


def _app(verbs: Mapping[str, str]) -> typer.Typer:
    class Verbs(_Verbs):
        summaries = verbs

    app = typer.Typer(
        cls=Verbs, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
        context_settings=_SETTINGS,
    )  # fmt: skip

    @app.callback(invoke_without_command=True, help=DESCRIPTION, epilog=EXAMPLES + ENDS)
    def gradcalc(
        ctx: typer.Context,
        version: Annotated[
            bool, typer.Option("--version", "-V", help="Print the version.", is_eager=True)
        ] = False,
    ) -> None:
        if version:
            from importlib.metadata import version as installed

            screen.emit(f"gradcalc {installed('gradcalc')}\n".encode())
            raise typer.Exit(0)
        if ctx.invoked_subcommand is None:
            screen.complain(ctx.get_help())
            raise typer.Exit(2)

    return app


class _Helped:
    """Pages of help are written as every answer is: a full disk or a closed pipe is told."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        option.callback = _show_help
        return option


def _show_help(ctx: Any, option: Any, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        screen.emit(f"{ctx.get_help()}\n".encode())
        ctx.exit()


class _Verbs(_Helped, TyperGroup):
    """All verbs; a verb's module is imported when it is called."""

    summaries: Mapping[str, str]

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.summaries)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.summaries:
            return None
        module = import_module(f"..{cmd_name}", __name__)
        app = typer.Typer(add_completion=False, rich_markup_mode=None)

        class Verb(_Verb):
            known = parameters(module.run)

        app.command(
            cmd_name,
            cls=Verb,
            help=module.__doc__,
            epilog=module.EXAMPLES + ENDS,
            context_settings=_SETTINGS,
        )(declared(module.run))
        return typer.main.get_command(app)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = [s for parameter in self.get_params(ctx) for s in parameter.opts]
        if args and args[0].startswith("-") and args[0] not in known:
            no_option(args[0].partition("=")[0], known)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.summaries:
            _no_verb(args[0], self.summaries)
        return super().resolve_command(ctx, args)


class _Verb(_Helped, TyperCommand):
    """A verb, whose expression may start with a minus and whose options may stand anywhere."""

    known: Sequence[Parameter]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named: list[Any] = [p for p in self.get_params(ctx) if p.param_type_name == "option"]
        takes_value = {spelling: not p.is_flag for p in named for spelling in p.opts}
        options, data = sort(args, takes_value)
        words = []
        for spelling, value in options:
            attached = value is not None and spelling.startswith("--")
            words += [f"{spelling}={value}"] if attached else [spelling, *filter(None, [value])]
        rest = super().parse_args(ctx, [*words, "--", *data])
        check_needs(self.known, [spelling for spelling, _ in options])
        return rest


def declared(run: Callable[..., int]) -> Callable[..., int]:
    """A verb's function with the signature in which typer expects it."""

    def command(**values: Any) -> int:
        return run(**values)

    taken = [
        inspect.Parameter(
            parameter.name, inspect.Parameter.KEYWORD_ONLY, default=parameter.default,
            annotation=_annotation(parameter),
        )
        for parameter in parameters(run)
    ]  # fmt: skip
    command.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in taken}
    return command


def _annotation(parameter: Parameter) -> Any:
    declared, default = parameter.declared, parameter.default
    shared: dict[str, Any] = {"metavar": declared.metavar, "help": declared.help}
    shown = default is not None and default is not False
    if isinstance(declared, Argument):
        info = typer.Argument(**shared, show_default=shown)
    else:
        least = declared.least
        info = typer.Option(*declared.spellings, **shared, show_default=shown, min=least)
    return Annotated[parameter.type if shown or default is False else parameter.type | None, info]


def _no_verb(word: str, verbs: Mapping[str, str]) -> None:
    close = suggest(word, verbs)
    if close:
        ways = [f"did you mean `{close}`?"]
    else:
        ways = [f"to evaluate an expression: gradcalc eval '{word}'"]
    ways.append("all commands: `gradcalc --help`")
    label = Label((0, len(word)), primary=True)
    raise Diagnostic("G004", "the command comes first", word, [label], ways)
