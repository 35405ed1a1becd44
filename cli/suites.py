"""Suites of checks: TOML or JSON files, found in folders, read with care."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic, Label, Span, suggest
from . import bindings, documents, files, toml

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.program import Expression, Request
    from ..grammar.verdict import Expected

SUFFIXES = (".toml", ".json")
MEMBERS = ("expr", "inputs", "value", "grads", "wrt", "gradient", "rtol", "atol", "seed")
DEFAULTS = ("rtol", "atol")  # may also stand at the top, for all checks of the file

# what may be the name of a check; possessive, so that no text takes quadratic time
_TOML_NAME = re.compile(
    r"^[ \t]*+(?P<sure>\[?[ \t]*+checks[ \t]*+\.[ \t]*+)?+"
    r"""(?P<name>"[^"\n]*+"|'[^'\n]*+'|[\w-]++)[ \t]*+[].=]""",
    re.MULTILINE,
)
_JSON_NAME = re.compile(r'(?P<name>"(?:[^"\\]|\\.)*+")(?P<sure>\s*+:\s*+\{)?+')


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
        return self.suite.lines.get(self.name, 1)

    def prepare(
        self, max_elements: int, dtype: str = "float64"
    ) -> tuple[Expression, dict[str, Array], Request, Expected]:
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
            lambda name: self.tolerance(name, dtype),
        )
        seed = tensor("gradient")
        ways = ("weigh its entries: `gradient` with {1}",)
        request = Request(targets, seed, "gradient", dtype, max_elements, instead=ways)
        return expression, arrays, request, expected

    def tolerance(self, name: str, dtype: str = "float64") -> tuple[float, float]:
        """rtol and atol for "value" or the gradient by a variable."""
        from ..grammar.verdict import TOLERANCE

        found = []
        for member, default in zip(DEFAULTS, TOLERANCE[dtype], strict=True):
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
        import json

        try:
            data = json.dumps(raw, default=str).encode()  # a date is refused as any other text
        except (RecursionError, ValueError):
            told = f"`{name}` of the check `{self.name}`"
            raise self.suite.wrong(f"{told} is nested too deep, or has endless digits") from None
        return documents.read_tensor(data, name, f"{self.suite.path}, check `{self.name}`")


@dataclass(slots=True)
class Suite:
    """A file of checks."""

    path: str
    text: str
    defaults: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # where checks start, by name

    @property
    def is_toml(self) -> bool:
        return self.path.lower().endswith(".toml")

    def wrong(self, message: str, *ways: str, at: Span | None = None) -> Diagnostic:
        source = "" if at is None else self.text
        labels = [] if at is None else [Label(at, primary=True)]
        way = "what a suite looks like: `gradcalc explain G007`"
        return Diagnostic("G007", message, source, labels, [*ways, way], origin=self.path)

    def place(self, check: str, member: str = "") -> Span | None:
        """Where a check, or a member of it, stands in the text as far as one can tell."""
        lines = self.text.split("\n")[: self.lines.get(check, 1) - 1]
        start = sum(len(line) + 1 for line in lines)
        name = re.escape(member or check)
        found = re.compile(rf"(?<![\w-]){name}(?=[\"']?\s*[]=:.])").search(self.text, start)
        return found.span() if found else None


def find(paths: Sequence[str]) -> list[Suite]:
    """The suites in these files and, recursively, folders; a folder's other files are passed over.

    Raises Diagnostic: G002 for what cannot be read, G007 for what is no suite.
    """
    suites: dict[str, list[Suite]] = {}  # a file may be named twice, by a folder, too
    for path in map(os.path.normpath, paths):
        if not os.path.isdir(path):
            suites[path] = _read(path, must=True)
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            for name in sorted(names):
                file = os.path.normpath(os.path.join(folder, name))
                if name.lower().endswith(SUFFIXES) and file not in suites:
                    suites[file] = _read(file, must=False)
    return [suite for found in suites.values() for suite in found]


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
            ways = _meant(member, ("checks", *DEFAULTS))
            raise suite.wrong(f"`{member}` is not known", *ways, at=suite.place("", member))
    suite.defaults = {m: content[m] for m in DEFAULTS if m in content}
    _check_tolerances(suite, "the suite", suite.defaults)
    suite.lines = _lines(suite)
    for name, members in content["checks"].items():
        _check_members(suite, name, members)
        suite.checks.append(Check(name, suite, members))
    if any("\ud800" <= c <= "\udfff" for c in path):  # reports, which are UTF-8, could not name it
        label = Label((0, len(path)), primary=True)
        message = "the name of this suite is not UTF-8"
        raise Diagnostic("G213", message, path, [label], ["give the file another name"])
    return [suite]


def _lines(suite: Suite) -> dict[str, int]:
    """The line that a name first stands at, at best where it is sure to be that of a check."""
    first: dict[str, int] = {}
    sure: dict[str, int] = {}
    line, counted = 1, 0
    for match in (_TOML_NAME if suite.is_toml else _JSON_NAME).finditer(suite.text):
        line += suite.text.count("\n", counted, match.start())
        counted = match.start()
        (sure if match["sure"] else first).setdefault(match["name"].strip("\"'"), line)
    return first | sure


def _parsed(suite: Suite) -> Any:
    if suite.is_toml:
        try:
            return toml.loads(suite.text)
        except toml.NotToml as error:
            at = None if error.at is None else (error.at, error.at + 1)
            raise suite.wrong(str(error), at=at) from None
    content = documents.loads(suite.text.encode())
    if content is None:
        documents.read_bindings(suite.text.encode(), (), suite.path)  # says what is wrong
        raise suite.wrong("this is not JSON that a suite can be")
    return content


def _check_members(suite: Suite, name: str, members: Any) -> None:
    called = f"the check `{name}`"

    def wrong(member: str, message: str, *ways: str) -> Diagnostic:
        return suite.wrong(message, *ways, at=suite.place(name, member))

    if not isinstance(members, dict):
        raise wrong("", f"{called} is not a table")
    for member in members:
        if member not in MEMBERS:
            raise wrong(member, f"{called} has a member `{member}`", *_meant(member, MEMBERS))
    if "expr" not in members:
        raise wrong("", f"{called} has no `expr`, a text")
    if not isinstance(members["expr"], str):
        raise wrong("expr", f"`expr` of {called} is not a text")
    for member in ("inputs", "grads"):
        if not isinstance(members.get(member, {}), dict):
            raise wrong(member, f"`{member}` of {called} is not a table of names and tensors")
    wrt = members.get("wrt", "")
    if not isinstance(wrt, str) and not (
        isinstance(wrt, list) and all(isinstance(w, str) for w in wrt)
    ):
        raise wrong("wrt", f"`wrt` of {called} is not a list of names")
    seed = members.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise wrong("seed", f"`seed` of {called} is not a whole number")
    _check_tolerances(suite, called, members, name)


def _check_tolerances(suite: Suite, called: str, members: dict[str, Any], check: str = "") -> None:
    """Those of a check may be tables by name."""
    for member in DEFAULTS:
        stated = members.get(member, 0)
        numbers = stated.values() if check and isinstance(stated, dict) else [stated]
        if not all(map(_is_tolerance, numbers)):
            at = suite.place(check, member)
            raise suite.wrong(f"`{member}` of {called} is not a number, 0 or more", at=at)


def _is_tolerance(number: Any) -> bool:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return False
    try:
        return float(number) >= 0
    except OverflowError:
        return False


def _meant(word: str, known: Sequence[str]) -> list[str]:
    close = suggest(word, known)
    hint = [f"did you mean `{close}`?"] if close else []
    return [*hint, "known are " + ", ".join(f"`{k}`" for k in known)]
