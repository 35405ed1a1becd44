"""Streams of checks: what `check --jsonl` answers to each record.

A record binds names as for `eval`, or in a table `inputs`, and holds what is expected as a check in
a suite does: {"x": [1, 2], "value": 5, "grads": {"x": [2, 4]}}. The values and gradients of checks
of the same shapes are computed and compared together; those that fail, those without expectations
and those with a `gradient` or a `seed` of their own are made one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..grad.record import record, replace
from ..grammar.errors import Diagnostic
from . import answers, bindings, documents, options, reports, suites
from .bindings import Given
from .stream import Block

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.program import Expression, Request
    from ..grammar.stacked import Stacked
    from ..grammar.verdict import Comparison, Expected

    Arrays = dict[str, Array]

EXPRESSIONS = 64  # so many are kept compiled where each record brings its own
EXAMPLE = 'as in {"x": [1, 2], "value": 5, "grads": {"x": [2, 4]}}'


class _Alike(NamedTuple):
    """What checks have in common that are made together."""

    text: str
    wanted: tuple[str, ...]  # "value", and the names of gradients
    shapes: tuple[tuple[str, tuple[int, ...]], ...]


@record()
class _Check:
    """One check as a record states it; `seed` is where its random numbers start."""

    place: int
    expression: Expression
    arrays: Arrays
    request: Request
    expected: Expected
    seed: int | None

    def want(self, name: str) -> Array:
        """What is expected of "value" or the gradient by a name."""
        found = self.expected.value if name == "value" else self.expected.grads[name]
        assert found is not None
        return found

    @property
    def alike(self) -> _Alike | None:
        """What it shares with checks that can be made with it; None if there are none."""
        wanted = (*("value",) * (self.expected.value is not None), *self.expected.grads)
        if not wanted or self.request.seed is not None or self.seed is not None:
            return None
        shapes = [(name, array.shape) for name, array in self.arrays.items()]
        shapes += [(f"expected {name}", self.want(name).shape) for name in wanted]
        return _Alike(self.expression.text, wanted, tuple(shapes))


class Checks:
    """What `check` does with records. With the expression ``-`` each brings its own as `expr`."""

    own = ("n", "passed", "comparisons", "error")
    done = "passed"
    together = 64

    def __init__(
        self,
        text: str,
        given: Mapping[str, Given],
        request: Request,
        tolerance: Callable[[str], tuple[float, float]],
    ) -> None:
        """Raises Diagnostic for what is wrong whatever the records are."""
        from ..grammar.program import Expression

        self.text, self.given, self.request, self.tolerance = text, given, request, tolerance
        self.fixed = {
            name: bindings.value_of(binding, request.max_elements)
            for name, binding in given.items()
            if binding.value not in (None, "-")
        }
        self.read = lru_cache(EXPRESSIONS)(Expression.read)
        self.compiled = lru_cache(EXPRESSIONS)(self._compiled)
        if text != "-":
            bindings.check_used(self.read(text), given, request.wrt or ())

    def _compiled(self, text: str, wanted: tuple[str, ...]) -> Stacked:
        from ..grammar.stacked import Stacked

        grads = tuple(name for name in wanted if name != "value")
        request = replace(self.request, wrt=grads, order="gradient" if grads else "none")
        return Stacked(self.read(text), request)

    # --- a block of records ----------------------------------------------------------------

    def answer(self, block: Block) -> None:
        groups: dict[_Alike, list[_Check]] = {}
        alone: list[_Check] = []
        for place in range(len(block.lines)):
            if block.fail_again(place):
                continue
            try:
                check = self._check(block, place)
            except Diagnostic as diagnostic:
                block.fail(place, diagnostic)
                continue
            alike = check.alike
            if alike is None:
                alone.append(check)
            else:
                groups.setdefault(alike, []).append(check)
        for alike, checks in groups.items():
            alone += self._made_together(block, alike, checks)
        for check in alone:
            try:
                self._made_alone(block, check)
            except Diagnostic as diagnostic:
                block.fail(check.place, diagnostic)

    def _made_together(self, block: Block, alike: _Alike, checks: list[_Check]) -> list[_Check]:
        """Answer checks that pass; those that fail, or that cannot be made, are returned."""
        import numpy as np

        from ..grammar.verdict import Comparison, close

        compute = self.compiled(alike.text, alike.wanted)
        stacks = {
            name: np.stack([check.arrays[name] for check in checks]) for name in checks[0].arrays
        }
        try:
            value, grads = compute(stacks, len(checks))
        except Diagnostic:
            return checks
        found: list[list[Comparison]] = [[] for _ in checks]
        passed = np.ones(len(checks), bool)
        for name in alike.wanted:
            got = value if name == "value" else grads[name]
            want = np.stack([check.want(name) for check in checks])
            if got.shape != want.shape:
                return checks
            off = [check.expected.tolerance(name) for check in checks]
            rtol, atol = np.array(off).T.reshape(2, -1, *(1,) * (got.ndim - 1))
            with np.errstate(over="ignore"):
                allowed = atol + rtol * np.abs(want)
            agree = close(got, want, allowed)
            passed &= agree.reshape(len(checks), -1).all(axis=1)
            for i, comparisons in enumerate(found):
                size = int(got[i].size)
                comparisons.append(Comparison(name, got[i], want[i], *off[i], compared=size))
        for check, comparisons, ok in zip(checks, found, passed, strict=True):
            if ok:
                _write(block, check.place, comparisons)
        return [check for check, ok in zip(checks, passed, strict=True) if not ok]

    def _made_alone(self, block: Block, check: _Check) -> None:
        """Answer one check. Raises Diagnostic."""
        from ..grammar import verdict

        options.start_random(check.seed)
        found = verdict.check(check.expression, check.arrays, check.request, check.expected)
        _write(block, check.place, found)

    # --- a record --------------------------------------------------------------------------

    def _check(self, block: Block, place: int) -> _Check:
        """The check that a record states. Raises G201, G218, or what is wrong with it as JSON."""
        from ..grammar.verdict import Expected

        members = _Members(block, place)
        text = block.expression(place) if self.text == "-" else self.text
        expression = self.read(text)
        targets = members.names("wrt", self.request.wrt)
        inputs = {name: Given(name, f"{name}=", value="") for name in members.table("inputs")}
        bindings.check_used(expression, inputs, targets or ())
        names = dict.fromkeys([*expression.free, *(targets or ())])
        fixed = {name: array for name, array in self.fixed.items() if name in names}
        places = {name: path for name in names if name not in fixed and (path := members.at(name))}
        grads = {name: f"grads.{name}" for name in members.table("grads")}
        own = [member for member in ("value", "gradient") if member in members.record]
        found = documents.read_members(
            block.lines[place], [*places.values(), *grads.values(), *own],
            block.origin(place), block.records[place],
        )  # fmt: skip
        arrays = {**fixed, **{name: found[path] for name, path in places.items()}}
        if missing := [name for name in expression.free if name not in arrays]:
            raise self._unbound(block, place, expression, missing, members)
        if self.request.dtype == "float32":
            answers.check_float32(arrays)
        expected = Expected(
            found.get("value"),
            {name: found[path] for name, path in grads.items()},
            members.tolerance(self.tolerance),
        )
        request = replace(self.request, wrt=targets, seed=found.get("gradient", self.request.seed))
        return _Check(place, expression, arrays, request, expected, members.seed())

    def _unbound(
        self, block: Block, place: int, expression: Expression, names: list[str], members: _Members
    ) -> Diagnostic:
        where = "`inputs` of the object" if "inputs" in members.record else "the object"
        keys = ", ".join(f'"{key}"' for key in members.table("inputs") or members.record)
        hint = f"{where} on {block.origin(place)} binds {keys or 'nothing'}"
        taken = [name for name in names if name in suites.MEMBERS]
        if taken:
            hint = f'`{taken[0]}` has a meaning in checks: write "inputs": {{"{taken[0]}": ...}}'
        return bindings.unbound(expression, names, self.given, hint=hint)


class _Members:
    """The members of a record that are not tensors, each looked at when it is asked for."""

    def __init__(self, block: Block, place: int) -> None:
        self.block, self.place = block, place
        self.record = block.object(place, EXAMPLE)

    def at(self, name: str) -> str:
        """The path of the tensor that is bound to a name; empty if there is none."""
        if "inputs" in self.record:
            return f"inputs.{name}" if name in self.table("inputs") else ""
        return name if name in self.record and name not in suites.MEMBERS else ""

    def table(self, member: str) -> dict[str, Any]:
        found = self.record.get(member, {})
        if not isinstance(found, dict):
            raise self._wrong(f"`{member}` is not a table of names and tensors", EXAMPLE)
        return found

    def names(self, member: str, usual: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return self.block.names(self.place, self.record, member, usual)

    def seed(self) -> int | None:
        found = self.record.get("seed")
        if found is not None and (type(found) is not int or found < 0):
            raise self._wrong("`seed` is not a whole number, 0 or more", 'as in {"seed": 1}')
        return found

    def tolerance(
        self, usual: Callable[[str], tuple[float, float]]
    ) -> Callable[[str], tuple[float, float]]:
        """rtol and atol for "value" or the gradient by a name: numbers, or tables by name."""
        stated = [self.record.get(member) for member in suites.DEFAULTS]
        if stated == [None, None]:
            return usual
        for member, given in zip(suites.DEFAULTS, stated, strict=True):
            for number in given.values() if isinstance(given, dict) else [given]:
                if number is not None and (type(number) not in (int, float) or not number >= 0):
                    message = f"`{member}` is not a number, 0 or more"
                    raise self._wrong(message, f'as in {{"{member}": 1e-6}}')

        def tolerance(name: str) -> tuple[float, float]:
            found = [g.get(name) if isinstance(g, dict) else g for g in stated]
            rtol, atol = (u if f is None else f for f, u in zip(found, usual(name), strict=True))
            return float(rtol), float(atol)

        return tolerance

    def _wrong(self, message: str, *help: str) -> Diagnostic:
        return self.block.wrong(self.place, message, *help)


def _write(block: Block, place: int, comparisons: list[Comparison]) -> None:
    passed = all(comparison.passed for comparison in comparisons)
    if not passed:
        block.count_failure(place)
    data = [reports.as_data(comparison) for comparison in comparisons]
    block.write(place, {"passed": passed, "comparisons": data})
