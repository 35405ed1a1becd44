"""Suites of checks: TOML or JSON files, found in folders, read with care."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic, Label, suggest
from . import bindings, documents, files

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.program import Expression, Request
    from ..grammar.verdict import Expected

SUFFIXES = (".toml", ".json")
MEMBERS = ("expr", "inputs", "value", "grads", "wrt", "gradient", "rtol", "atol", "seed")
DEFAULTS = ("rtol", "atol")  # may also stand at the top, for all checks of the file

_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it was written; `name` is unique in its file."""

    name: str
    suite: Suite = field(repr=False)
    members: dict[str, Any]

    @property
    def expr(self) -> str:
        return str(self.members["expr"])

    @property
    def line(self) -> int:
        """The line of the file it starts at."""
        name = re.escape(self.name)
        if self.suite.is_toml:
            pattern = rf"""^[ \t]*(\[[ \t]*checks[ \t]*\.[ \t]*)?["']?{name}["']?[ \t]*[].=]"""
        else:
            pattern = rf'"{name}"\s*:\s*\{{'
        match = re.search(pattern, self.suite.text, re.MULTILINE)
        return 1 + self.suite.text.count("\n", 0, match.start()) if match else 1

    def prepare(self, max_elements: int) -> tuple[Expression, dict[str, Array], Request, Expected]:
        """What `verdict.check` wants to know. Raises Diagnostic."""
        from ..grammar.program import Expression, Request
        from ..grammar.verdict import Expected

        members = self.members
        expression = Expression.read(self.expr)
        inputs = self._table("inputs")
        given = {name: bindings.Given(name, f"{name}=", value="") for name in inputs}
        wrt = members.get("wrt")
        targets = None if wrt is None else ((wrt,) if isinstance(wrt, str) else tuple(wrt))
        bindings.check_used(expression, given, targets or ())
        arrays = {name: self._tensor(name, raw, max_elements) for name, raw in inputs.items()}
        if missing := [name for name in expression.free if name not in arrays]:
            raise bindings.unbound(
                expression, missing, given, hint=f"write it into `inputs` of `{self.name}`"
            )

        def tensor(member: str) -> Array | None:
            raw = members.get(member)
            return None if raw is None else self._tensor(member, raw, max_elements)

        expected = Expected(
            tensor("value"),
            {
                name: self._tensor(f"grads.{name}", raw, max_elements)
                for name, raw in self._table("grads").items()
            },
            self.tolerance,
        )
        request = Request(wrt=targets, seed=tensor("gradient"), max_elements=max_elements)
        return expression, arrays, request, expected

    def tolerance(self, name: str) -> tuple[float, float]:
        """rtol and atol for "value" or the gradient by a variable."""
        from ..grammar.verdict import ATOL, RTOL

        found = []
        for member, default in (("rtol", RTOL), ("atol", ATOL)):
            stated = self.members.get(member)
            if isinstance(stated, Mapping):
                stated = stated.get(name)
            if stated is None:
                stated = self.suite.defaults.get(member, default)
            found.append(float(stated))
        return found[0], found[1]

    def _table(self, member: str) -> dict[str, Any]:
        return dict(self.members.get(member) or {})

    def _tensor(self, name: str, raw: Any, max_elements: int) -> Array:
        """A tensor written in place, as a constant expression, or as ``@file`` beside the suite."""
        if isinstance(raw, str):
            value = raw
            if raw.startswith("@"):
                value = "@" + os.path.join(os.path.dirname(self.suite.path), raw[1:])
            return bindings.value_of(bindings.Given(name, f"{name}={value}", value), max_elements)
        import orjson

        data = orjson.dumps(documents.strict(raw))
        return documents.read_tensor(data, name, f"{self.suite.path}, check `{self.name}`")


@dataclass(slots=True)
class Suite:
    """A file of checks."""

    path: str
    text: str
    defaults: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    @property
    def is_toml(self) -> bool:
        return self.path.lower().endswith(".toml")

    def wrong(self, message: str, *ways: str, at: tuple[int, int] | None = None) -> Diagnostic:
        source, labels = "", []
        if at:
            lines = self.text.splitlines(keepends=True)
            start = sum(map(len, lines[: at[0] - 1])) + at[1] - 1
            source, labels = self.text, [Label((start, start + 1), primary=True)]
        way = "what a suite looks like: `gradcalc explain G007`"
        return Diagnostic("G007", message, source, labels, [*ways, way], origin=self.path)


def find(paths: Sequence[str]) -> list[Suite]:
    """The suites in these files and, recursively, folders; a folder's other files are passed over.

    Raises Diagnostic: G002 for what cannot be read, G007 for what is no suite.
    """
    suites: list[Suite] = []
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(f for f in folders if not f.startswith("."))
                for name in sorted(names):
                    if name.lower().endswith(SUFFIXES):
                        suites += _read(os.path.normpath(os.path.join(folder, name)), must=False)
        else:
            suites += _read(path, must=True)
    return suites


def chosen(suites: Sequence[Suite], patterns: Sequence[str]) -> list[Check]:
    """The checks whose names match a pattern (``loss*``); all if there are none. Raises G006."""
    every = [check for suite in suites for check in suite.checks]
    found = [c for c in every if not patterns or any(fnmatchcase(c.name, p) for p in patterns)]
    if found:
        return found
    ways = [f"there is {_listed(c.name for c in every)}"] if every else []
    if patterns and every and (close := suggest(patterns[0], [c.name for c in every])):
        ways.insert(0, f"did you mean `{close}`?")
    message = "no check has this name" if every else "no checks were found"
    ways.append("what a suite looks like: `gradcalc explain G007`")
    raise Diagnostic("G006", message, help=ways)


def _listed(names: Iterable[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return ", ".join(quoted[:10]) + (", ..." if len(quoted) > 10 else "")


def _read(path: str, *, must: bool) -> list[Suite]:
    """The suite in a file; none if it is a file of another kind and need not be one."""
    data = files.read_text(path)
    if not must and b"checks" not in data:
        return []
    suite = Suite(path, documents.decode(data, path))
    content = _parsed(suite)
    if not must and not (isinstance(content, dict) and isinstance(content.get("checks"), dict)):
        return []
    if not isinstance(content, dict) or not isinstance(content.get("checks"), dict):
        raise suite.wrong("there is no table `checks`")
    for member in content:
        if member not in ("checks", *DEFAULTS):
            raise suite.wrong(f"`{member}` is not known", *_meant(member, ("checks", *DEFAULTS)))
    suite.defaults = {m: content[m] for m in DEFAULTS if m in content}
    _check_tolerances(suite, "the suite", suite.defaults, by_name=False)
    for name, members in content["checks"].items():
        _check_members(suite, name, members)
        suite.checks.append(Check(name, suite, members))
    return [suite]


def _parsed(suite: Suite) -> Any:
    if suite.is_toml:
        try:
            return tomllib.loads(suite.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            place = _TOML_PLACE.search(str(error))
            message = _TOML_PLACE.sub("", str(error))
            at = (int(place[1]), int(place[2])) if place else None
            raise suite.wrong(f"this is not TOML: {message.lower()}", at=at) from None
    content = documents.loads(suite.text.encode())
    if content is None:
        documents.read_bindings(suite.text.encode(), (), suite.path)  # says what is wrong
        raise suite.wrong("this is not JSON that a suite can be")
    return content


def _check_members(suite: Suite, name: str, members: Any) -> None:
    called = f"the check `{name}`"
    if not isinstance(members, dict):
        raise suite.wrong(f"{called} is not a table")
    for member in members:
        if member not in MEMBERS:
            raise suite.wrong(f"{called} has a member `{member}`", *_meant(member, MEMBERS))
    if not isinstance(members.get("expr"), str):
        raise suite.wrong(f"{called} has no `expr`, a text")
    for member in ("inputs", "grads"):
        if not isinstance(members.get(member, {}), dict):
            raise suite.wrong(f"`{member}` of {called} is not a table of names and tensors")
    wrt = members.get("wrt", "")
    if not isinstance(wrt, str) and not (
        isinstance(wrt, list) and all(isinstance(w, str) for w in wrt)
    ):
        raise suite.wrong(f"`wrt` of {called} is not a list of names")
    seed = members.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise suite.wrong(f"`seed` of {called} is not a whole number")
    _check_tolerances(suite, called, members, by_name=True)


def _check_tolerances(suite: Suite, called: str, members: dict[str, Any], by_name: bool) -> None:
    for member in DEFAULTS:
        stated = members.get(member, 0)
        numbers = stated.values() if by_name and isinstance(stated, dict) else [stated]
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, (int, float)) or not number >= 0:
                raise suite.wrong(f"`{member}` of {called} is not a number, 0 or more")


def _meant(word: str, known: Sequence[str]) -> list[str]:
    close = suggest(word, known)
    hint = [f"did you mean `{close}`?"] if close else []
    return [*hint, "known are " + ", ".join(f"`{k}`" for k in known)]
