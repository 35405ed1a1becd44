"""Defaults from a file and from the environment, for options that are a matter of taste or policy.

What the command line says counts for more than the environment (GRADCALC_PRECISION=4), and that for
more than the nearest gradcalc.toml, or pyproject.toml with a table [tool.gradcalc]. `--isolated`
leaves both aside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, NoReturn, get_args, get_origin

from ..grad.record import record
from ..grammar.errors import Diagnostic, Label, Span, suggest
from .arguments import Option, Parameter, parameters

FILES = ("gradcalc.toml", "pyproject.toml")
PREFIX = "GRADCALC_"
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
MEANING = ["what can be set, and where: `gradcalc explain G009`"]


def defaults(
    verb: str, verbs: Mapping[str, str], known: Sequence[Parameter], words: Sequence[str] = ()
) -> dict[str, Any]:
    """What a verb's options are if the command line, `words`, does not say. Raises G009."""
    given = {word.partition("=")[0] for word in words}
    found = {**_from_file(verb, verbs, known), **_from_environment(verbs, known)}
    return {name: value for name, (value, p) in found.items() if given.isdisjoint(_voids(p))}


def settings(known: Sequence[Parameter]) -> dict[str, Parameter]:
    """The options that may be set, by the name they have there."""
    return {key(p): p for p in known if isinstance(p.declared, Option) and p.declared.setting}


def key(parameter: Parameter) -> str:
    """What an option is called in a file: its long spelling, without the minus signs."""
    return parameter.spellings[0].removeprefix("--")


def variable(parameter: Parameter) -> str:
    """What an option is called in the environment."""
    return PREFIX + key(parameter).upper().replace("-", "_")


def every(verbs: Mapping[str, str]) -> dict[str, Parameter]:
    """What may be set for any of the verbs; this imports them all."""
    return settings(_all(verbs))


def _all(verbs: Mapping[str, str]) -> list[Parameter]:
    return [p for v in verbs for p in parameters(import_module(f"..{v}", __name__).run)]


def _voids(parameter: Parameter) -> Sequence[str]:
    return parameter.declared.voided_by if isinstance(parameter.declared, Option) else ()


Found = dict[str, tuple[Any, Parameter]]  # by the name of the parameter

# --- the environment ---------------------------------------------------------------------------


def _from_environment(verbs: Mapping[str, str], known: Sequence[Parameter]) -> Found:
    stated = {name: text for name, text in os.environ.items() if name.startswith(PREFIX) and text}
    if not stated:
        return {}
    found: Found = {}
    for parameter in settings(known).values():
        text = stated.pop(variable(parameter), None)
        if text is not None:
            found[parameter.name] = _of_variable(parameter, text), parameter
    if stated:
        names = [variable(parameter) for parameter in every(verbs).values()]
        for name in stated:
            _check_variable(name, names)
    return found


def _of_variable(parameter: Parameter, text: str) -> Any:
    given: Any = text
    if parameter.type is bool:
        given = True if text.lower() in YES else False if text.lower() in NO else text
    elif parameter.type == list[str]:
        given = text.split(",")
    name = variable(parameter)
    source = f"{name}={text}"
    return _value(parameter, given, name, source, (len(name) + 1, len(source)), "the environment")


def _check_variable(name: str, names: Sequence[str]) -> None:
    """Raise G009 for what is probably misspelt; other variables may be somebody else's."""
    close = suggest(name.removeprefix(PREFIX), [known.removeprefix(PREFIX) for known in names])
    if name not in names and close:
        ways = [f"did you mean `{PREFIX}{close}`?", *MEANING]
        label = Label((0, len(name)), primary=True)
        source = f"{name}={os.environ[name]}"
        message = f"there is no setting `{name}`"
        raise Diagnostic("G009", message, source, [label], ways, origin="the environment")


# --- a file ------------------------------------------------------------------------------------


@record(frozen=True)
class File:
    """A file of settings: its text, and the table that is meant for gradcalc."""

    path: str
    text: str
    table: dict[str, Any]
    inside: tuple[str, ...]  # where in the file the table is

    def wrong(self, message: str, ways: Sequence[str], span: Span | None) -> NoReturn:
        labels = [Label(span, primary=True)] if span else []
        raise Diagnostic(
            "G009", message, self.text if span else "", labels, [*ways, *MEANING], origin=self.path
        )

    def place(self, *path: str, of_key: bool = False) -> Span | None:
        """Where a value stands, or its key; None where that is not found."""
        from . import rewrite

        word = path[-1]
        value = rewrite.places(self.text, toml=True).get((*self.inside, *path))
        if value and not of_key:
            return value
        at = self.text.rfind(word, 0, value[0]) if value else self.text.find(word)
        return (at, at + len(word)) if at >= 0 else None


def _from_file(verb: str, verbs: Mapping[str, str], known: Sequence[Parameter]) -> Found:
    file = nearest()
    if file is None:
        return {}
    own = settings(known)
    found: Found = {}
    section = file.table.get(verb, {})
    for name, given in file.table.items():
        if isinstance(given, dict) and name in verbs:
            continue
        if name in own:
            found[own[name].name] = _of_file(file, own[name], given, name), own[name]
        elif name not in (others := every(verbs)):
            _no_setting(file, (name,), verbs if isinstance(given, dict) else others, verbs)
    for name, given in section.items() if isinstance(section, dict) else ():
        if name not in own:
            _no_setting(file, (verb, name), own, verbs)
        found[own[name].name] = _of_file(file, own[name], given, verb, name), own[name]
    return found


def _of_file(file: File, parameter: Parameter, given: Any, *path: str) -> Any:
    span = file.place(*path)
    return _value(parameter, given, path[-1], file.text if span else "", span, file.path)


def _no_setting(
    file: File, path: tuple[str, ...], known: Iterable[str], verbs: Mapping[str, str]
) -> NoReturn:
    close = suggest(path[-1], known)
    ways = [f"did you mean `{close}`?" if close else "there is " + ", ".join(known)]
    of = f" of `{path[0]}`" if len(path) > 1 else ""
    message = f"there is no setting `{path[-1]}`{of}"
    asked = [p for p in _all(verbs) if f"--{path[-1]}" in p.spellings and not settings([p])]
    if asked and path[-1] not in every(verbs):
        ways = [f"it changes what is asked, so it is for the command line: `--{path[-1]}`"]
    file.wrong(message, ways, file.place(*path, of_key=True))


def nearest() -> File | None:
    """The file that counts here, else the user's own; None if there is none."""
    try:
        folders = list(_upwards(os.getcwd()))
    except OSError:  # the current folder is gone
        folders = []
    for place in folders:
        for name in FILES:
            file = _read(os.path.join(place, name), name)
            if file is not None:
                return file
    own = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return _read(os.path.join(own, "gradcalc", FILES[0]), FILES[0])


def _upwards(folder: str) -> Iterator[str]:
    """This folder and those above, up to the root of a repository or the home folder.

    A folder in which anybody may write, such as /tmp, is not a place for settings of all below it.
    """
    home = os.path.expanduser("~")
    while True:
        yield folder
        above = os.path.dirname(folder)
        if folder in (home, above) or os.path.exists(os.path.join(folder, ".git")):
            return
        if os.stat(above).st_mode & stat.S_IWOTH:
            return
        folder = above


def _read(path: str, name: str) -> File | None:
    """The settings in a file; None if there is no such file, or it says nothing of gradcalc."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Diagnostic("G009", f"`{path}` cannot be read: {reason}", help=MEANING) from None
    is_ours = name == FILES[0]
    if not is_ours and b"gradcalc" not in data:
        return None
    return _parsed(path, data, is_ours)


def _parsed(path: str, data: bytes, is_ours: bool) -> File | None:
    from . import toml

    inside = () if is_ours else ("tool", "gradcalc")
    text = data.decode("utf-8-sig", "replace")
    path = os.path.relpath(path)
    file = File(path, text, {}, inside)
    try:
        table: Any = toml.loads(text)
    except toml.NotToml as error:
        if not is_ours:
            return None  # for others to complain about
        file.wrong(str(error), (), None if error.at is None else (error.at, error.at + 1))
    for name in inside:
        table = table.get(name) if isinstance(table, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        file.wrong("`tool.gradcalc` is not a table", (), None)
    return File(path, text, table, inside)


# --- values ------------------------------------------------------------------------------------


def _value(
    parameter: Parameter, given: Any, name: str, source: str, span: Span | None, origin: str
) -> Any:
    """What an option is set to. Raises G009 for what it does not take."""
    ways = [f"it takes {_taken(parameter)}"]
    try:
        return _converted(parameter, given)
    except ValueError:
        pass
    except Diagnostic as refused:
        ways = refused.help
    labels = [Label(span, primary=True)] if span else []
    shown = given if isinstance(given, str) else repr(given)
    message = f"`{shown}` is not a value of `{name}`"
    raise Diagnostic("G009", message, source, labels, [*ways, *MEANING], origin=origin)


def _converted(parameter: Parameter, given: Any) -> Any:
    """Raises ValueError, or Diagnostic where the declaration has a better word for it."""
    if parameter.type is bool:
        if not isinstance(given, bool):
            raise ValueError
        return given
    check = parameter.declared.check if isinstance(parameter.declared, Option) else None
    items = given if isinstance(given, list) and parameter.type == list[str] else [given]
    for item in items:
        if isinstance(item, bool) or not isinstance(item, (str, int, float)):
            raise ValueError
    value = parameter.value(list(map(str, items)))
    if check is not None:
        for part in value if isinstance(value, list) else [value]:
            check(part)
    return value


def _taken(parameter: Parameter) -> str:
    kind, declared = parameter.type, parameter.declared
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in get_args(kind))
    if kind == list[str]:
        return "texts"
    least = declared.least if isinstance(declared, Option) else None
    number = "a whole number" if kind is int else "a number" if kind is float else "a text"
    return number + (f", {least} or more" if least is not None else "")
