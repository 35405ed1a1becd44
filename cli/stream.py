"""JSON Lines: one record in, one answer out, in order; a bad record is answered by its error.

What the verbs have in common. What the answer to a record is, each says itself, as its `Work`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from ..grad.record import field, record
from ..grammar.errors import Diagnostic, Label
from . import bindings, documents, records, screen

T = TypeVar("T")

LISTED = 5  # so many of the lines that failed are named in the summary
REMEMBERED = 64  # so many wrong lines of a block, in case they come again


@record(frozen=True)
class Policy:
    """What to do with each record besides answering it."""

    on_error: Literal["emit", "stop", "skip"] = "emit"
    keep: tuple[str, ...] = ()


@record()
class Tally:
    """How it went."""

    records: int = 0
    failed: int = 0
    nonfinite: int = 0
    lines: list[int] = field(default_factory=list)  # the first ones that failed

    def add(self, more: Tally) -> None:
        """Count what came after."""
        self.records += more.records
        self.failed += more.failed
        self.nonfinite += more.nonfinite
        self.lines = [*self.lines, *more.lines][:LISTED]

    def told(self, done: str) -> str:
        """One line; `done` is what became of records that did not fail."""
        plural = "" if self.records == 1 else "s"
        text = f"{self.records:,} record{plural}: {self.records - self.failed:,} {done}"
        if self.failed:
            listed = ", ".join(map(str, self.lines))
            more = ", ..." if self.failed > len(self.lines) else ""
            word = "line" if self.failed == 1 else "lines"
            text += f", {self.failed:,} failed ({word} {listed}{more})"
        return text + (f", {self.nonfinite:,} not finite" if self.nonfinite else "")


class Work(Protocol):
    """What a verb does with records.

    ``own``       the members that its answers have
    ``done``      a word for what has become of a record that did not fail
    ``together``  so many records, at most, are answered before anything is written
    """

    @property
    def own(self) -> Collection[str]: ...
    @property
    def done(self) -> str: ...
    @property
    def together(self) -> int: ...

    def answer(self, block: Block) -> None:
        """Answer each record of a block, or fail it."""


class Answered(NamedTuple):
    """What became of a block: lines to write, and `stop` if nothing is to come after them."""

    lines: list[bytes]
    tally: Tally
    complaints: list[str]
    stop: Diagnostic | None


def run(work: Work, policy: Policy, processes: int = 1) -> int:
    """Answer every record of standard input; 1 if any failed."""
    for name in policy.keep:
        if name in work.own:
            ways = ["rename the member, with jq for example"]
            raise Diagnostic("G003", f"`--keep {name}`: answers have their own", help=ways)
    tally = Tally()
    if sys.stdin is not None:
        with closing(_answers(work, policy, processes)) as parts:
            for part in parts:
                records.write(part.lines)
                for complaint in part.complaints:
                    screen.complain(complaint)
                if part.stop is not None:
                    raise part.stop
                tally.add(part.tally)
    screen.complain(f"gradcalc: {tally.told(work.done)}")
    return 1 if tally.failed else 0


def _answers(work: Work, policy: Policy, processes: int) -> Generator[Answered, None, None]:
    """What becomes of the blocks of standard input, one after the other."""
    answer = partial(_answered, work, policy)
    source: Any = sys.stdin.buffer
    records.widen(source)
    if processes == 1:
        records.finish_writes()
        yield from map(answer, _numbered(records.blocks(source.read1), work.together))
        return
    from . import jobs

    with jobs.started(answer, processes) as workers:
        records.finish_writes()
        # unbuffered: a thread that waits must not hold a lock when the process ends
        blocks = _numbered(records.blocks(source.raw.read), work.together)
        yield from jobs.ordered(workers, blocks)


def _numbered(blocks: Iterable[list[bytes]], most: int) -> Iterator[tuple[int, list[bytes]]]:
    """Blocks of at most so many lines, each with the number of its first line."""
    number = 1
    for lines in blocks:
        for at in range(0, len(lines), most):
            part = lines[at : at + most] if len(lines) > most else lines
            yield number, part
            number += len(part)


def _answered(work: Work, policy: Policy, numbered: tuple[int, list[bytes]]) -> Answered:
    block = Block(*numbered, policy)
    try:
        work.answer(block)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  a bug, which must not take other records with it
        return _one_by_one(work, policy, *numbered)
    return block.answered()


def _one_by_one(work: Work, policy: Policy, number: int, lines: Sequence[bytes]) -> Answered:
    """What becomes of lines, each alone; a bug is the answer to those that it meets."""
    whole = Answered([], Tally(), [], None)
    for place, line in enumerate(lines):
        block = Block(number + place, [line], policy)
        try:
            work.answer(block)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001
            from . import bugs

            block = Block(number + place, [line], policy)
            block.fail(0, bugs.diagnosed(sys.argv[1:]))
        answered = block.answered()
        whole.lines.extend(answered.lines)
        whole.complaints.extend(answered.complaints)
        whole.tally.add(answered.tally)
        if answered.stop is not None:
            return whole._replace(stop=answered.stop)
    return whole


class Block:
    """Lines that came together, the first of which is line `number`, and their answers.

    ``records``  what orjson makes of each; None: look closely
    ``answers``  filled in by the verb; empty for a record that is not answered
    """

    __slots__ = (
        "_failed",
        "_failures",
        "answers",
        "complaints",
        "lines",
        "number",
        "policy",
        "records",
        "tally",
    )

    def __init__(self, number: int, lines: list[bytes], policy: Policy) -> None:
        self.number, self.lines, self.policy = number, lines, policy
        self.records: list[Any] = records.read(lines)
        self.answers: list[bytes] = [b""] * len(lines)
        self.tally = Tally(len(lines))
        self.complaints: list[str] = []
        self._failed: dict[int, Diagnostic] = {}  # where these end the stream
        self._failures: dict[bytes, tuple[bytes, ...]] = {}  # by line: what goes around its number

    def answered(self) -> Answered:
        if not self._failed:
            return Answered(self.answers, self.tally, self.complaints, None)
        place, diagnostic = min(self._failed.items())
        stop = _placed(diagnostic, self.number + place)
        return Answered(self.answers[:place], self.tally, [], stop)

    # --- reading -------------------------------------------------------------------------------

    def origin(self, place: int) -> str:
        return _origin(self.number + place)

    def line(self, place: int) -> bytes:
        """A line that may be a record. Raises G209 for an empty one, G604 for one too long."""
        line, origin = self.lines[place], self.origin(place)
        if line == records.TOO_LONG:
            ways = [
                "a stream is made of many records: is a line break missing?",
                "large tensors belong into files: `x=@x.npy`",
            ]
            message = f"the line is longer than {records.LONGEST:,} bytes"
            raise Diagnostic("G604", message, help=ways, origin=origin)
        if not line.strip():
            raise Diagnostic(
                "G209", "the line is empty", "", [Label((0, 0), "a record belongs here", True)],
                ["every line is a record, so that answers stay in step"], origin=origin,
            )  # fmt: skip
        return line

    def object(self, place: int, example: str) -> dict[str, Any]:
        """A record that has to be an object. Raises G218, or what is wrong with it as JSON."""
        record = self.records[place]
        if record is None and len(self.lines[place]) > records.LONG:
            record = self.records[place] = records.plain(self.lines[place])
        if record is None:
            line = self.line(place)
            documents.check(line, self.origin(place))
            record = records.leniently(line)
        if not isinstance(record, dict):
            raise self.wrong(place, "the record is not an object", example)
        return record

    def expression(self, place: int) -> str:
        """The `expr` of a record. Raises G218, or what is wrong with the record as JSON."""
        example = 'as in {"expr": "mean(x*x)", ...}'
        record = self.object(place, example)
        text = record.get("expr")
        if not isinstance(text, str):
            message = "`expr` is not a text" if "expr" in record else "the record has no `expr`"
            raise self.wrong(place, message, example)
        return text

    def names(
        self, place: int, record: dict[str, Any], member: str, usual: tuple[str, ...] | None
    ) -> tuple[str, ...] | None:
        """A member that is a name, several with commas between, or a list of them. Raises G218."""
        found = record.get(member, usual)
        if found is None:
            return None
        names = found.split(",") if isinstance(found, str) else found
        if not isinstance(names, (list, tuple)) or not all(map(is_name, names)):
            example = f'as in {{"{member}": ["w"]}}'
            raise self.wrong(place, f"`{member}` is not a list of names", example)
        return tuple(names)

    def wrong(self, place: int, message: str, *help: str) -> Diagnostic:
        """G218: a record that is JSON, but not what was expected."""
        origin = self.origin(place)
        shown = documents.decode(self.lines[place], origin)
        label = Label((0, len(shown)), primary=True)
        return Diagnostic("G218", message, shown, [label], list(help), origin=origin)

    # --- answering -----------------------------------------------------------------------------

    def write(self, place: int, answer: dict[str, Any]) -> None:
        """Answer a record; `n` and what is kept of it come first."""
        whole = {"n": self.number + place, **self.kept(place), **answer}
        self.answers[place] = documents.dumps(whole) + b"\n"

    def fail(self, place: int, diagnostic: Diagnostic) -> None:
        """Answer a record by its error, or do what the policy says instead."""
        number = self.number + place
        self.count_failure(place)
        policy = self.policy.on_error
        if policy == "emit":
            self.write(place, {"error": _as_json(diagnostic, number)})
            self._remember(place)
        elif policy == "skip":
            self.complaints.append(_placed(diagnostic, number).render())
        else:
            self._failed[place] = diagnostic

    def _remember(self, place: int) -> None:
        """Note how a line is answered that is wrong, if nothing but its number is its own."""
        number, answer = b"%d" % (self.number + place), self.answers[place]
        before, line, after = b'{"n":' + number, b'"line":', b',"column":'
        middle, mark, rest = answer.removeprefix(before).partition(line + number + after)
        own = mark in rest or self.origin(place).encode() in answer
        if mark and not own and len(self._failures) < REMEMBERED:
            self._failures[self.lines[place]] = (b'{"n":', middle + line, after + rest)

    def fail_again(self, place: int) -> bool:
        """Answer a record as the same line was before that is wrong; False if there is none."""
        around = self._failures.get(self.lines[place])
        if around is None:
            return False
        self.count_failure(place)
        self.answers[place] = (b"%d" % (self.number + place)).join(around)
        return True

    def count_failure(self, place: int) -> None:
        self.tally.failed += 1
        lines, number = self.tally.lines, self.number + place
        if len(lines) < LISTED or number < lines[-1]:
            self.tally.lines = sorted([*lines, number])[:LISTED]

    def kept(self, place: int) -> dict[str, Any]:
        """The members to be copied, as far as the record can be read."""
        if not self.policy.keep:
            return {}
        record = self.records[place]
        if record is None:
            record = records.leniently(self.lines[place])
        if not isinstance(record, dict):
            return {}
        return {name: documents.strict(record[name]) for name in self.policy.keep if name in record}


def by_expression(
    block: Block, text: str, read: Callable[[str], T]
) -> Sequence[tuple[T, list[int]]]:
    """What `read` makes of each expression, and the places of the records that it is for.

    With `text` being ``-`` each record brings its own. Those that bring none, or one that cannot be
    read, fail.
    """
    if text != "-":
        return [(read(text), list(range(len(block.lines))))]
    groups: dict[str, tuple[T, list[int]]] = {}
    for place in range(len(block.lines)):
        if block.fail_again(place):
            continue
        try:
            own = block.expression(place)
            if own not in groups:
                groups[own] = (read(own), [])
            groups[own][1].append(place)
        except Diagnostic as diagnostic:
            block.fail(place, diagnostic)
    return list(groups.values())


def is_name(word: object) -> bool:
    return isinstance(word, str) and word.isidentifier()


# --- what is wrong -----------------------------------------------------------------------------


def _origin(number: int) -> str:
    return f"line {number} of {bindings.STDIN}"


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
