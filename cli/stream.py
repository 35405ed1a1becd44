"""JSON Lines: one record in, one answer out, in order; a bad record is answered by its error.

Records that are there together and have the same shapes are stacked and computed by one call. The
ordinary record passes through orjson and NumPy only; one that these do not take is read again by
`documents`, which is slower and knows what is wrong with it, and where.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any, Literal

import orjson

from ..grammar.errors import Diagnostic, Label
from . import answers, bindings, documents, records, screen
from .bindings import Given

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.program import Expression, Request
    from ..grammar.stacked import Stacked

EXPRESSIONS = 64  # so many are kept compiled where each record brings its own
OURS = ("n", "value", "grads", "jacobian", "hessian", "error")  # members that answers have

_FORM = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do with each record besides computing it."""

    on_error: Literal["emit", "stop", "skip"] = "emit"
    keep: tuple[str, ...] = ()
    only: str | None = None
    finite: bool = False

    def __post_init__(self) -> None:
        for name in self.keep:
            if name in OURS:
                ways = ["rename the member, with jq for example"]
                raise Diagnostic("G003", f"`--keep {name}`: answers have their own", help=ways)


@dataclass(slots=True)
class Tally:
    """How it went."""

    records: int = 0
    failed: int = 0
    nonfinite: int = 0
    lines: list[int] = field(default_factory=list)  # the first ones that failed

    def __str__(self) -> str:
        plural = "" if self.records == 1 else "s"
        text = f"{self.records:,} record{plural}: {self.records - self.failed:,} done"
        if self.failed:
            listed = ", ".join(map(str, self.lines))
            more = ", ..." if self.failed > len(self.lines) else ""
            word = "line" if self.failed == 1 else "lines"
            text += f", {self.failed:,} failed ({word} {listed}{more})"
        return text + (f", {self.nonfinite:,} not finite" if self.nonfinite else "")


def run(text: str, given: Mapping[str, Given], request: Request, policy: Policy) -> int:
    """Answer every record of standard input; 1 if any failed. With the expression ``-`` each
    record brings its own as `expr`."""
    stream = Stream.prepare(text, given, request, policy)
    if sys.stdin is not None:
        records.finish_writes()
        number = 1
        for lines in records.blocks(sys.stdin.buffer):
            records.write(stream.answer(number, lines))
            number += len(lines)
    screen.complain(f"gradcalc: {stream.tally}")
    return 1 if stream.tally.failed else 0


@dataclass(slots=True)
class Stream:
    """Answers records, block by block, and keeps count."""

    policy: Policy
    request: Request
    given: Mapping[str, Given]
    fixed: dict[str, Array]
    single: _Source | None  # None if each record brings its own expression
    tally: Tally = field(default_factory=Tally)
    _sources: dict[str, _Source] = field(default_factory=dict)

    @classmethod
    def prepare(
        cls, text: str, given: Mapping[str, Given], request: Request, policy: Policy
    ) -> Stream:
        """Raises Diagnostic for what is wrong whatever the records are."""
        fixed = {
            name: bindings.value_of(binding, request.max_elements)
            for name, binding in given.items()
            if binding.value not in (None, "-")
        }
        stream = cls(policy, request, given, fixed, None)
        if text != "-":
            stream.single = stream._source(text)
            bindings.check_used(stream.single.expression, given, request.wrt or ())
            stream._check_options(stream.single.expression)
        return stream

    def _check_options(self, expression: Expression) -> None:
        """Raise G003 for a name or a member that no answer will have."""
        from ..grammar.program import chosen

        names: dict[str, Any] = dict.fromkeys([*expression.free, *self.fixed])
        slopes = chosen(expression, names, self.request) if self.member else ()
        if self.policy.only:
            example = {"n": 0, "value": 0, self.member or "grads": dict.fromkeys(slopes)}
            answers.member(example, self.policy.only)

    @property
    def member(self) -> str:
        """What the derivatives are called in an answer; empty if there are none."""
        order = self.request.order
        return {"gradient": "grads", "none": ""}.get(order, order)

    def _source(self, text: str) -> _Source:
        from ..grammar.program import Expression
        from ..grammar.stacked import Stacked

        source = self._sources.pop(text, None)
        if source is None:
            expression = Expression.read(text)
            names = dict.fromkeys([*expression.free, *(self.request.wrt or ())])
            fixed = {name: self.fixed[name] for name in names if name in self.fixed}
            streamed = tuple(name for name in expression.free if name not in fixed)
            source = _Source(expression, streamed, Stacked(expression, self.request, fixed))
            while len(self._sources) >= EXPRESSIONS:
                del self._sources[next(iter(self._sources))]
        self._sources[text] = source  # the last used stands last
        return source

    # --- a block of lines ------------------------------------------------------------------

    def answer(self, number: int, lines: list[bytes]) -> list[bytes]:
        """The lines that answer these lines, the first of which is line `number`."""
        block = _Block(number, lines, records.read(lines))
        self.tally.records += len(lines)
        for source, places in self._by_expression(block):
            self._compute(block, source, places)
        if self.policy.on_error == "stop" and block.failed:
            place, diagnostic = min(block.failed.items())
            records.write(block.answers[:place])
            raise _placed(diagnostic, number + place)
        return block.answers

    def _by_expression(self, block: _Block) -> list[tuple[_Source, list[int]]]:
        """The places of the records that each expression is for."""
        if self.single is not None:
            return [(self.single, list(range(len(block.lines))))]
        groups: dict[str, tuple[_Source, list[int]]] = {}
        for place, record in enumerate(block.records):
            try:
                text = _own_expression(block, place)
                if text not in groups:
                    groups[text] = (self._source(text), [])
                groups[text][1].append(place)
            except Diagnostic as diagnostic:
                self._fail(block, place, record, diagnostic)
        return list(groups.values())

    def _compute(self, block: _Block, source: _Source, places: list[int]) -> None:
        """Fill in the answers for some places, stacking what has the same shapes."""
        plain = [place for place in places if block.records[place] is not None]
        stacks = records.stacked([block.records[place] for place in plain], source.names)
        waiting: list[tuple[list[int], dict[str, Array]]] = []
        if plain and stacks is not None:
            waiting = [(plain, stacks)]
            places = [place for place in places if block.records[place] is None]
        by_shape: dict[tuple[Any, ...], tuple[list[int], list[dict[str, Array]]]] = {}
        for place in places:
            try:
                arrays = self._read(block, source, place)
            except Diagnostic as diagnostic:
                self._fail(block, place, block.records[place], diagnostic)
                continue
            key = tuple(array.shape for array in arrays.values())
            alike = by_shape.setdefault(key, ([], []))
            alike[0].append(place)
            alike[1].append(arrays)
        waiting += [
            (found, records.joined(several, source.names)) for found, several in by_shape.values()
        ]
        while waiting:
            places, stacks = waiting.pop()
            try:
                self._solve(block, source, places, stacks)
            except Diagnostic as diagnostic:
                if len(places) == 1:
                    self._fail(block, places[0], block.records[places[0]], diagnostic)
                else:  # find the culprit
                    half = len(places) // 2
                    for part in (slice(half), slice(half, None)):
                        halves = {name: stack[part] for name, stack in stacks.items()}
                        waiting.append((places[part], halves))

    def _read(self, block: _Block, source: _Source, place: int) -> dict[str, Array]:
        """The tensors of one record, looked at closely. Raises Diagnostic."""
        record = block.records[place]
        if record is not None and (alone := records.stacked([record], source.names)) is not None:
            return {name: stack[0] for name, stack in alone.items()}
        line, origin = block.lines[place], _origin(block.number + place)
        if not line.strip():
            raise Diagnostic(
                "G209", "the line is empty", "", [Label((0, 0), "a record belongs here", True)],
                ["every line is a record, so that answers stay in step"], origin=origin,
            )  # fmt: skip
        return bindings.from_document(
            source.expression, self.given, source.names, [], line, self.request.max_elements, origin
        ).arrays

    def _solve(
        self, block: _Block, source: _Source, places: list[int], stacks: dict[str, Array]
    ) -> None:
        """Fill in the answers for data of the same shapes. Raises Diagnostic."""
        if self.request.dtype == "float32":
            answers.check_float32(stacks)
        value, grads = source.compute(stacks, len(places))
        finite = _finite(value)
        for grad in grads.values():
            finite &= _finite(grad)
        if not finite.all():
            if self.policy.finite:
                self._check(source, stacks, len(places))
            self.tally.nonfinite += len(places) - int(finite.sum())
        values = _listed(value, finite)
        rows = zip(*(_listed(grad, finite) for grad in grads.values()), strict=True)
        slopes = map(dict, map(zip, repeat(tuple(grads)), rows)) if grads else repeat({})
        numbers = [block.number + place for place in places]
        member = self.member or "grads"
        found: Iterable[Any] = (
            {"n": n, "value": v, member: s}
            for n, v, s in zip(numbers, values, slopes, strict=False)
        )
        if self.policy.keep:
            found = (
                {"n": answer.pop("n"), **self._kept(block, place), **answer}
                for place, answer in zip(places, found, strict=True)
            )
        if self.policy.only:
            found = (answers.member(answer, self.policy.only) for answer in found)
        lines = [orjson.dumps(answer, None, _FORM) for answer in found]
        for place, line in zip(places, lines, strict=True):
            block.answers[place] = line

    def _check(self, source: _Source, stacks: dict[str, Array], count: int) -> None:
        """Raise G501, as an error, for data whose answer is not finite."""
        from ..grammar.program import solve

        if count > 1:
            raise Diagnostic("G501", "one of several answers is not finite")
        values = {name: stack[0] for name, stack in stacks.items()}
        solution = solve(source.expression, {**source.compute.fixed, **values}, self.request)
        diagnostic = answers.not_finite(source.expression, solution)
        diagnostic.severity = "error"
        raise diagnostic

    # --- what is wrong ---------------------------------------------------------------------

    def _fail(self, block: _Block, place: int, record: Any, diagnostic: Diagnostic) -> None:
        """Answer a record by its error, or do what the policy says instead."""
        number = block.number + place
        self.tally.failed += 1
        if len(self.tally.lines) < 5:
            self.tally.lines = sorted([*self.tally.lines, number])
        policy = self.policy.on_error
        if policy == "emit":
            error = _as_json(diagnostic, number)
            answer = {"n": number, **self._kept(block, place), "error": error}
            block.answers[place] = documents.dumps(answer) + b"\n"
        elif policy == "skip":
            screen.complain(_placed(diagnostic, number).render())
        else:
            block.failed[place] = diagnostic

    def _kept(self, block: _Block, place: int) -> dict[str, Any]:
        """The members to be copied, as far as the record can be read."""
        if not self.policy.keep:
            return {}
        record = block.records[place]
        if record is None:
            record = records.leniently(block.lines[place])
        if not isinstance(record, dict):
            return {}
        return {name: documents.strict(record[name]) for name in self.policy.keep if name in record}


@dataclass(slots=True)
class _Source:
    """An expression, the names it takes from records, and its compiled form."""

    expression: Expression
    names: tuple[str, ...]
    compute: Stacked


@dataclass(slots=True)
class _Block:
    """Lines that came together, their records (None: look closely), and their answers."""

    number: int
    lines: list[bytes]
    records: list[Any]
    answers: list[bytes] = field(init=False)
    failed: dict[int, Diagnostic] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.answers = [b""] * len(self.lines)


# --- reading -----------------------------------------------------------------------------------


def _own_expression(block: _Block, place: int) -> str:
    """The `expr` of a record. Raises G218, or what is wrong with the record as JSON."""
    line, origin = block.lines[place], _origin(block.number + place)
    record = block.records[place]
    if record is None:
        documents.read_bindings(line, (), origin)
        record = records.leniently(line)
    text = record.get("expr") if isinstance(record, dict) else None
    if not isinstance(text, str):
        shown = documents.decode(line, origin)
        label = Label((0, len(shown)), primary=True)
        ways = ['as in {"expr": "mean(x*x)", "x": [1, 2]}']
        message = "the record has no `expr`"
        raise Diagnostic("G218", message, shown, [label], ways, origin=origin)
    return text


def _origin(number: int) -> str:
    return f"line {number} of {bindings.STDIN}"


# --- writing -----------------------------------------------------------------------------------


def _finite(stack: Array) -> Array:
    """For each entry of a stack, whether it is finite throughout."""
    import numpy as np

    return np.asarray(np.isfinite(stack).reshape(len(stack), -1).all(axis=1))


def _listed(stack: Array, finite: Array) -> list[Any]:
    """The entries of a stack in a form that orjson writes as it should."""
    if stack.dtype == "float32":  # as a Python float it would have more digits than its own
        return [documents.strict(entry) for entry in stack]
    listed = list(stack.tolist())
    for i in (~finite).nonzero()[0]:
        listed[i] = documents.strict(stack[i])
    return listed


def _as_json(diagnostic: Diagnostic, number: int) -> dict[str, Any]:
    """An error as data; `column` counts in the record, `span` is there if it is in EXPR."""
    data = diagnostic.as_json()
    in_record = diagnostic.origin == _origin(number)
    column = diagnostic.span[0] + 1 if in_record and diagnostic.span else 1
    error = {"code": data["code"], "message": data["message"], "line": number, "column": column}
    if not in_record and diagnostic.span:
        error["span"] = data["span"]
    return error | {"help": data["help"]}


def _placed(diagnostic: Diagnostic, number: int) -> Diagnostic:
    """A diagnostic that says in which record it came up, also where the mistake is in EXPR."""
    origin = diagnostic.origin or f"the expression, at {_origin(number)}"
    return Diagnostic(
        diagnostic.code, diagnostic.message, diagnostic.source, diagnostic.labels,
        diagnostic.help, origin=origin,
    )  # fmt: skip
