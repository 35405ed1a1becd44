"""What checks found, told to people and in the formats of CI systems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..grammar.codes import CODES
from ..grammar.errors import Diagnostic
from . import documents

if TYPE_CHECKING:
    from ..grammar.verdict import Comparison

HOME = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
NOWHERE = "command-line"  # the file of a check that is in none
ANNOTATIONS = 10  # GitHub shows so many of a step and drops the others
WORDS = {  # what a tensor was compared with
    "expected": "what is expected",
    "complex step": "a complex step",
    "finite differences": "finite differences",
}

# what neither XML nor YAML may hold, and other line breaks than the usual ones
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(slots=True)
class Result:
    """What became of one check: comparisons, or the error that came in between."""

    name: str
    expr: str
    path: str = ""
    line: int = 1
    comparisons: list[Comparison] = field(default_factory=list)
    error: Diagnostic | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.error is None and all(c.passed for c in self.comparisons)

    @property
    def failures(self) -> list[Comparison]:
        return [c for c in self.comparisons if not c.passed]

    @property
    def code(self) -> str:
        if self.error:
            return self.error.code
        first = self.failures[0]
        return "G701" if first.name == "value" else "G702" if first.want is not None else "G703"

    @property
    def excess(self) -> float:
        """By how much the worst entry is too far off; what is no number at all counts most."""
        if self.error or any(c.shapes_differ for c in self.comparisons):
            return float("inf")
        return max((c.worst[0].excess for c in self.failures), default=0.0)

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.path else ""

    @property
    def message(self) -> str:
        """One line."""
        if self.error:
            return str(self.error)
        return "; ".join(_brief(c) for c in self.failures)

    @property
    def details(self) -> str:
        """All there is to say about a failure, in several lines."""
        if self.error:
            return "\n".join([self.message, self.error.render()])
        return "\n".join(
            [self.message, self.expr, *(line for c in self.comparisons for line in _lines(c))]
        )


Report = Callable[[Sequence[Result]], bytes]


def _clean(words: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", words)


# --- text --------------------------------------------------------------------------------------


def text(results: Sequence[Result]) -> bytes:
    """For people: failures in full, worst entries first; files that passed on a line each."""
    rows: list[str] = []
    if len(results) == 1:
        rows += _told(results[0])
    else:
        by_file: dict[str, list[Result]] = {}
        for result in results:
            by_file.setdefault(result.path, []).append(result)
            if not result.passed:
                rows += [*_told(result), ""]
        width = max(map(len, by_file))
        for path, found in by_file.items():
            failed = sum(not result.passed for result in found)
            tail = f", {failed} failed" if failed else ""
            rows.append(f"{path:<{width}}   {len(found) - failed} passed{tail}")
    plural = "" if len(results) == 1 else "s"
    failed = sum(not result.passed for result in results)
    counts = f"{len(results) - failed} passed, {failed} failed" if failed else "passed"
    rows.append(f"{len(results)} check{plural}: {counts}")
    return _clean("\n".join(rows) + "\n").encode()


def _told(result: Result) -> Iterator[str]:
    yield f"{'ok  ' if result.passed else 'FAIL'}  {result.name}   {result.place}".rstrip()
    if result.error:
        yield from ("  " + line for line in result.error.render().splitlines())
        return
    if result.name != result.expr:
        yield from ("  " + line for line in result.expr.strip().splitlines())
    for comparison in result.comparisons:
        yield from ("  " + line for line in _lines(comparison))
    if not result.passed and result.path and any(c.want is not None for c in result.failures):
        from shlex import join, quote

        command = join(["gradcalc", "check", "-f", result.path])
        yield f"  to accept it: {command} --only {quote(result.name)} --update"


def _brief(comparison: Comparison) -> str:
    c = comparison
    if c.want is not None and c.shapes_differ:
        return f"{c.title}: shape {c.got.shape}, expected {c.want.shape}"
    worst = c.worst[0]
    where = f" at {list(worst.index)}" if worst.index else ""
    return (
        f"{c.title}: {_count(c.differing, c.compared)}; "
        f"worst{where}: got {worst.got!r}, {c.against} {worst.want!r}"
    )


def _lines(comparison: Comparison) -> Iterator[str]:
    """One tensor: that it agrees, or a table of the entries that do not."""
    c = comparison
    title = f"{c.title:<16}"
    if c.want is not None and c.shapes_differ:
        yield f"{title} shapes differ     got {c.got.shape}   expected {c.want.shape}"
        return
    if c.passed:
        entries = "1 entry" if c.compared == 1 else f"{c.compared:,} entries"
        agree = "agrees" if c.compared == 1 else "agree"
        yield (
            f"{title} {entries} {agree} with {WORDS[c.against]}"
            if c.compared
            else f"{title} not compared"
        )
    else:
        yield f"{title} {_count(c.differing, c.compared)}   rtol {c.rtol:g}  atol {c.atol:g}"
        table = [("index", "got", c.against, "off by", "allowed", "")]
        for d in c.worst:
            index = str(list(d.index)) if d.index else ""
            times = f"{_factor(d.excess)} times too far" if d.excess < float("inf") else ""
            table.append(
                (index, repr(d.got), repr(d.want), f"{d.size:.3g}", f"{d.allowed:.3g}", times)
            )
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            yield ("  " + "   ".join(cells)).rstrip()
        if c.differing > len(c.worst):
            yield f"  and {c.differing - len(c.worst):,} more"
    for remark in (c.opinion, c.note):
        if remark:
            yield f"  {remark}"


def _factor(excess: float) -> str:
    return f"{excess:.2g}" if excess < 10 or excess >= 1e7 else f"{excess:,.0f}"


def _count(differing: int, compared: int) -> str:
    entries = "entry" if compared == 1 else "entries"
    return f"{differing:,} of {compared:,} {entries} {'differs' if differing == 1 else 'differ'}"


# --- data --------------------------------------------------------------------------------------


def json(results: Sequence[Result]) -> bytes:
    failed = sum(not result.passed for result in results)
    document = {
        "gradcalc": 1,
        "passed": len(results) - failed,
        "failed": failed,
        "checks": [_as_data(result) for result in results],
    }
    return documents.dumps(document) + b"\n"


def _as_data(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "file": result.path or None,
        "line": result.line if result.path else None,
        "expr": result.expr,
        "passed": result.passed,
        "error": result.error.as_json() if result.error else None,
        "comparisons": [as_data(comparison) for comparison in result.comparisons],
    }


def as_data(c: Comparison) -> dict[str, Any]:
    """One tensor, what it was compared with, and what came of it."""
    return {
        "name": c.name,
        "against": c.against,
        "passed": c.passed,
        "shape": list(c.got.shape),
        "expected_shape": list(c.want.shape) if c.want is not None else None,
        "rtol": c.rtol,
        "atol": c.atol,
        "compared": c.compared,
        "differing": c.differing,
        "worst": [
            {"index": list(d.index), "got": d.got, "want": d.want, "allowed": d.allowed}
            for d in c.worst
        ],
        "opinion": c.opinion,
        "note": c.note,
    }


# --- CI ----------------------------------------------------------------------------------------


def junit(results: Sequence[Result]) -> bytes:
    """JUnit's XML: a test suite a file. What is not to be said in XML is left out."""
    from xml.etree import ElementTree as xml

    def counts(found: Sequence[Result]) -> dict[str, str]:
        return {
            "tests": str(len(found)),
            "failures": str(sum(not r.passed and r.error is None for r in found)),
            "errors": str(sum(r.error is not None for r in found)),
            "time": f"{sum(r.seconds for r in found):.3f}",  # Jenkins takes no more digits
        }

    root = xml.Element("testsuites", {"name": "gradcalc", **counts(results)})
    for path in dict.fromkeys(result.path for result in results):
        found = [result for result in results if result.path == path]
        name = _clean(path or NOWHERE)
        suite = xml.SubElement(root, "testsuite", {"name": name, **counts(found), "skipped": "0"})
        for result in found:
            case = xml.SubElement(
                suite, "testcase",
                {"classname": name, "name": _clean(result.name), "time": f"{result.seconds:.3f}"},
            )  # fmt: skip
            if not result.passed:
                kind = "error" if result.error else "failure"
                told = {"message": _clean(result.message), "type": result.code}
                xml.SubElement(case, kind, told).text = _clean(result.details)
    xml.indent(root)
    return bytes(xml.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def github(results: Sequence[Result]) -> bytes:
    """Annotations, the worst first; beyond the ten that GitHub shows, one for all the rest."""
    failed = sorted((r for r in results if not r.passed), key=lambda r: -r.excess)
    shown = failed if len(failed) <= ANNOTATIONS else failed[: ANNOTATIONS - 1]
    lines = []
    for result in shown:
        where = {"file": result.path, "line": str(result.line)} if result.path else {}
        title = f"gradcalc {result.code} {result.name}"
        lines.append(_annotation({"title": title, **where}, result.details))
    if rest := failed[len(shown) :]:
        names = ", ".join(result.name for result in rest[:20]) + (", ..." if rest[20:] else "")
        lines.append(_annotation({"title": f"gradcalc: {len(rest)} more checks failed"}, names))
    return "".join(lines).encode()


def _annotation(properties: dict[str, str], message: str) -> str:
    def escaped(words: str, more: str = "") -> str:
        return "".join(f"%{ord(c):02X}" if c in "%\r\n" + more else c for c in _clean(words))

    said = ",".join(f"{key}={escaped(value, ':,')}" for key, value in properties.items())
    return f"::error {said}::{escaped(message)}\n"


def gitlab(results: Sequence[Result]) -> bytes:
    """GitLab's code quality report."""
    issues = [
        {
            "description": f"{result.name}: {result.message}",
            "check_name": result.code,
            "fingerprint": _fingerprint(result),
            "severity": "critical" if result.error else "major",
            "location": {"path": result.path or NOWHERE, "lines": {"begin": result.line}},
        }
        for result in results
        if not result.passed
    ]
    return documents.dumps(issues) + b"\n"


def _fingerprint(result: Result) -> str:
    """The same for the same failure from run to run, wherever it moves in the file."""
    from hashlib import sha256

    words = "\0".join((result.path, result.name, result.code))
    return sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def sarif(results: Sequence[Result]) -> bytes:
    """SARIF 2.1.0."""
    from importlib.metadata import version
    from urllib.parse import quote

    failed = [result for result in results if not result.passed]
    codes = list(dict.fromkeys(result.code for result in failed))
    found = []
    for result in failed:
        uri = quote(result.path.replace("\\", "/") or NOWHERE)
        place = {"artifactLocation": {"uri": uri}, "region": {"startLine": result.line}}
        found.append(
            {
                "ruleId": result.code,
                "ruleIndex": codes.index(result.code),
                "level": "error",
                "message": {"text": f"{result.name}: {result.details}"},
                "locations": [{"physicalLocation": place}],
                "partialFingerprints": {"gradcalc/v1": _fingerprint(result)},
            }
        )
    rules = []
    for code in codes:
        title, told = {"text": CODES[code].title}, {"text": CODES[code].explanation}
        # GitHub wants all three
        rules.append({"id": code, "shortDescription": title, "fullDescription": told, "help": told})
    driver = {"name": "gradcalc", "version": version("gradcalc"), "rules": rules}
    run = {"tool": {"driver": driver}, "results": found}
    return documents.dumps({"$schema": HOME, "version": "2.1.0", "runs": [run]}) + b"\n"


def tap(results: Sequence[Result]) -> bytes:
    """TAP 13, with details as YAML."""
    lines = ["TAP version 13", f"1..{len(results)}"]
    for number, result in enumerate(results, 1):
        name = re.sub(r"([\\#])", r"\\\1", " ".join(_clean(result.name).split()))
        lines.append(f"{'ok' if result.passed else 'not ok'} {number} - {name}")
        if not result.passed:
            lines += ["  ---", "  message: |-"]
            lines += [f"    {line}" for line in _clean(result.message).splitlines()]
            if result.path:
                lines += [
                    f"  file: {documents.dumps(result.path).decode()}",
                    f"  line: {result.line}",
                ]
            details = _clean(result.details).splitlines()
            lines += ["  details: |-", *(f"    {line}" for line in details)]
            lines.append("  ...")
    return ("\n".join(lines) + "\n").encode()


FORMATS: dict[str, Report] = {
    "text": text, "json": json, "junit": junit, "github": github, "gitlab": gitlab,
    "sarif": sarif, "tap": tap,
}  # fmt: skip
