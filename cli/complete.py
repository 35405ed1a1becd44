"""What may come next on a command line: verbs, options and their values, names, functions, files.

Everything is derived from what is declared: the signatures of the verbs, and the table of functions
as vocabulary.py has it. Nothing here computes, so nothing here imports NumPy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Literal, get_args, get_origin

from ..grad.record import replace
from ..grammar.errors import Diagnostic
from ..grammar.vocabulary import WORDS
from .arguments import HELP, Argument, Parameter, parameters
from .inside import NAME, Candidate, function, inside


def candidates(verbs: Mapping[str, str], words: Sequence[str], word: str) -> list[Candidate]:
    """What `word` may become, after `words` (without the command's own name)."""
    if not words:
        found = [Candidate(verb, verb, about) for verb, about in verbs.items()]
        options = [("--version", "Print the version."), ("--help", "Show all commands.")]
        found += [Candidate(text, text, about) for text, about in options if word.startswith("-")]
        return _beginning(word, found)
    if words[0] not in verbs:
        return []
    module = import_module(f"..{words[0]}", __name__)
    return _beginning(word, _Line(parameters(module.run), words[1:]).next(word))


def _beginning(word: str, found: Iterable[Candidate]) -> list[Candidate]:
    chosen = list({c.text: c for c in found if c.text.startswith(word)}.values())
    typed_out = [c.text for c in chosen] == [word] and chosen[0].goes_on
    return [] if typed_out else chosen


class _Line:
    """The words after the verb, as its declarations read them."""

    def __init__(self, known: Sequence[Parameter], words: Sequence[str]) -> None:
        self.known = known
        self.options = {spelling: p for p in known for spelling in p.spellings}
        self.data: list[str] = []
        self.given: set[str] = set()
        self.waiting: Parameter | None = None  # the option whose value comes next
        self.only_data = False
        for word in words:
            self._take(word)

    def _take(self, word: str) -> None:
        option = self.options.get(word.partition("=")[0] if word.startswith("--") else word)
        if self.waiting is not None:
            self.waiting = None
        elif self.only_data or (option is None and not word.startswith("--")):
            self.data.append(word)
        elif word == "--":
            self.only_data = True
        elif option is not None:
            self.given.add(option.name)
            if option.type is not bool and "=" not in word:
                self.waiting = option

    @property
    def expression(self) -> str:
        return self.data[0] if self.data else ""

    def next(self, word: str) -> Iterator[Candidate]:
        if self.waiting is not None:
            yield from self.values(self.waiting, word)
            return
        name, equals, value = word.partition("=")
        if word.startswith("--") and equals and name in self.options and not self.only_data:
            yield from _moved(f"{name}=", self.values(self.options[name], value))
            return
        if word.startswith("-") and not self.only_data:
            yield from self.spellings()
        if word.startswith("--") and not self.only_data:
            return
        for parameter in self.known:
            if isinstance(parameter.declared, Argument):
                yield from self.values(parameter, word)

    def spellings(self) -> Iterator[Candidate]:
        """The long spellings of options that are not given yet, or may be given again."""
        for parameter in self.known:
            if parameter.name in self.given and parameter.type != list[str]:
                continue
            for spelling in parameter.spellings:
                if spelling.startswith("--"):
                    yield Candidate(spelling, spelling, parameter.declared.help)
        yield Candidate(HELP[-1], HELP[-1], "Show this command's options.")

    def values(self, parameter: Parameter, word: str) -> Iterator[Candidate]:
        """What the value of an option, or a word that is none, may become.

        Which kind of value it is says its metavar: FILE, NAMES, FORMAT[:FILE], ...
        """
        declared = parameter.declared
        if get_origin(parameter.type) is Literal:
            yield from (Candidate(value, value) for value in get_args(parameter.type))
        yield from (Candidate(value, value) for value in declared.values)
        kinds = re.findall("[A-Z]+", declared.metavar or "")
        kind = kinds[0] if kinds else ""
        if kind == "EXPR" and not self.data:
            yield from inside(word)
        elif kind in ("EXPR", "NAME"):
            yield from self.bindings(word, kinds)
        elif kind == "VALUE":
            yield from constants(word)
        elif kind == "FILE":
            yield from files(word)
        elif kind == "FORMAT" and ":" in word:
            form, _, path = word.partition(":")
            yield from _moved(f"{form}:", files(path))
        elif kind == "NAMES":
            yield from self.names(word)
        elif kind == "FUNCTION":
            yield from (function(name, call=False) for name in WORDS)
        elif kind == "CODE":
            from ..grammar.codes import CODES

            yield from (Candidate(code, code, CODES[code].title) for code in CODES)

    def names(self, word: str) -> Iterator[Candidate]:
        """Names of the expression, separated by commas."""
        before, comma, _ = word.rpartition(",")
        taken = before.split(",")
        for name in free(self.expression):
            if name not in taken:
                yield Candidate(before + comma + name, name)

    def bindings(self, word: str, kinds: Sequence[str]) -> Iterator[Candidate]:
        """A name of the expression that has no value yet, or its value."""
        name, equals, value = word.partition("=")
        if equals:
            yield from _moved(f"{name}=", constants(value))
            return
        bound = {re.split("[=:]", text)[0].strip() for text in self.data[1:]}
        for name in free(self.expression):
            for kind, sign in (("VALUE", "="), ("SHAPE", ":")):
                if kind in kinds and name not in bound:
                    yield Candidate(name + sign, name + sign, goes_on=True)


def constants(value: str) -> Iterator[Candidate]:
    """A value: a file, or an expression without names."""
    if value.startswith("@"):
        from .files import READABLE

        yield from _moved("@", files(value[1:], READABLE))
    elif re.search(rf"{NAME}$", value):
        yield from inside(value)


def _moved(before: str, found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Candidates for the rest of a word."""
    for candidate in found:
        yield replace(candidate, text=before + candidate.text)


def free(expression: str) -> list[str]:
    """The names of an expression that want a value; none if it has a mistake."""
    from ..grammar.parse import parse
    from ..grammar.syntax import free_names

    try:
        return [name for name, _ in free_names(parse(expression))]
    except Diagnostic:
        return []


def files(word: str, suffixes: Sequence[str] = ()) -> Iterator[Candidate]:
    """Files and folders, of these suffixes if there are any; hidden ones if asked for."""
    folder, name = os.path.split(word)
    before = word[: len(word) - len(name)]
    try:
        entries = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") and not name.startswith("."):
            continue
        if entry.is_dir():
            yield Candidate(f"{before}{entry.name}/", f"{entry.name}/", goes_on=True)
        elif not suffixes or entry.name.lower().endswith(tuple(suffixes)):
            yield Candidate(before + entry.name, entry.name)
