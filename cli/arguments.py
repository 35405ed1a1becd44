"""What a verb takes on the command line: declared in its function's signature, read here.

An ordinary command line is read without typer, whose import takes a third of the time of a start.
A page of help, or a value that is refused, is typer's (`typed.py`), by the same declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

from ..grad.record import record
from ..grammar.errors import Diagnostic, Label, suggest

HELP = ("-h", "--help")
NOTHING: Mapping[str, Any] = {}
WAYS = ["`--help` says what each option takes"]


@record(frozen=True)
class Argument:
    """The words that are no options; `values` are those that there are, if they are few."""

    metavar: str
    help: str
    values: Sequence[str] = ()


class Option:
    """An option: its spellings, and what its value is called.

    `least` is the least number it takes, `values` are words that it takes besides others; `check`
    raises G003 for a value that its type allows and the verb does not.

    `setting` says that a file or the environment may set it (settings.py), as a matter of taste or
    policy; none may that changes what is asked. It is left aside when one of `voided_by` is given.

    `needs` is an option without which it says nothing: then it is refused, unless it is a setting.
    """

    def __init__(
        self,
        *spellings: str,
        help: str,
        metavar: str | None = None,
        least: int | None = None,
        values: Sequence[str] = (),
        check: Callable[[Any], object] | None = None,
        setting: bool = False,
        voided_by: Sequence[str] = (),
        needs: str = "",
    ) -> None:
        self.spellings = spellings
        self.help = help
        self.metavar = metavar
        self.least = least
        self.values = values
        self.check = check
        self.setting = setting
        self.voided_by = voided_by
        self.needs = needs


@record(frozen=True)
class Parameter:
    """One parameter of a verb's function: its type without None, and how it is declared."""

    name: str
    type: Any
    default: Any
    declared: Argument | Option

    @property
    def spellings(self) -> tuple[str, ...]:
        return self.declared.spellings if isinstance(self.declared, Option) else ()

    @property
    def choices(self) -> str:
        """The values there are, if they are few: auto|always|never."""
        return "|".join(get_args(self.type)) if get_origin(self.type) is Literal else ""

    def value(self, given: Sequence[str | None]) -> Any:
        """What it is, given so often and with these words. Raises ValueError for what is none."""
        text = given[-1]
        if self.type is bool and text is None:
            return True
        if self.type is bool or text is None:
            raise ValueError
        if self.type == list[str]:
            return given
        if get_origin(self.type) is Literal:
            if text not in get_args(self.type):
                raise ValueError
            return text
        found = self.type(text)
        least = self.declared.least if isinstance(self.declared, Option) else None
        if least is not None and found < least:
            raise ValueError
        return found


def parameters(run: Callable[..., int]) -> list[Parameter]:
    """What a verb's function takes, in order."""
    found = []
    for (name, hint), default in zip(
        get_type_hints(run, include_extras=True).items(), run.__defaults__ or (), strict=False
    ):
        bare = [kind for kind in get_args(hint.__origin__) if kind is not NoneType]
        optional = NoneType in get_args(hint.__origin__)
        found.append(
            Parameter(name, bare[0] if optional else hint.__origin__, default, hint.__metadata__[0])
        )
    return found


def read(
    known: Sequence[Parameter], words: Sequence[str], settings: Mapping[str, Any] = NOTHING
) -> dict[str, Any] | None:
    """The arguments for a verb's function; None for a page of help or a value that is refused.

    What is not given is as the settings have it. Raises G001 for an unknown option, G003 for one
    without its value, or without the option that it needs.
    """
    by_spelling = {spelling: p for p in known for spelling in p.spellings}
    takes_value = {spelling: p.type is not bool for spelling, p in by_spelling.items()}
    options, data = sort(words, takes_value | dict.fromkeys(HELP, False))
    values = {parameter.name: parameter.default for parameter in known} | dict(settings)
    given: dict[str, list[str | None]] = {}
    try:
        for spelling, text in options:
            parameter = by_spelling[spelling]  # KeyError: a page of help
            given.setdefault(parameter.name, []).append(text)
            values[parameter.name] = parameter.value(given[parameter.name])
        if data:
            (words_of,) = (p.name for p in known if isinstance(p.declared, Argument))
            values[words_of] = data
    except (KeyError, ValueError):
        return None
    check_needs(known, [spelling for spelling, _ in options])
    return values


def check_needs(known: Sequence[Parameter], given: Sequence[str]) -> None:
    """Raise G003 for an option given, by its spelling, without the one that it needs."""
    for parameter in known:
        needs = parameter.declared.needs if isinstance(parameter.declared, Option) else ""
        if needs and needs not in given and not set(given).isdisjoint(parameter.spellings):
            name = parameter.spellings[0]
            ways = [f"add `{needs}`, or leave `{name}` out"]
            raise Diagnostic("G003", f"`{name}` says nothing without `{needs}`", help=ways)


def sort(
    words: Sequence[str], takes_value: Mapping[str, bool]
) -> tuple[list[tuple[str, str | None]], list[str]]:
    """Options with their values, and data; `takes_value` has the known spellings.

    A word that starts with two minus signs is an option; one that starts with one is an option if
    it is a known one, and else data. After ``--`` everything is data. Raises G001 and G003.
    """
    options: list[tuple[str, str | None]] = []
    data: list[str] = []
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        if word == "--":
            return options, [*data, *reversed(waiting)]
        name, equals, value = word.partition("=")
        if word in takes_value:
            if not takes_value[word]:
                options.append((word, None))
            elif not waiting or waiting[-1] in takes_value:
                raise Diagnostic("G003", f"`{word}` needs a value", help=WAYS)
            else:
                options.append((word, waiting.pop()))
        elif equals and name.startswith("--") and name in takes_value:
            options.append((name, value))
        elif word.startswith("--"):
            no_option(name, takes_value)
        else:
            data.append(word)
    return options, data


def no_option(name: str, known: Iterable[str]) -> NoReturn:
    """Raise G001."""
    close = suggest(name, known)
    ways = [f"did you mean `{close}`?"] if close else []
    ways.append("all options: `--help`; after `--` everything is data")
    label = Label((0, len(name)), primary=True)
    raise Diagnostic("G001", f"there is no option `{name}`", name, [label], ways)
