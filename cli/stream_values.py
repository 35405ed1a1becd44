"""Streams of data: the value and the gradients for each record of `eval --jsonl`.

Records that are there together and have the same shapes are stacked and computed by one call. The
ordinary record passes through orjson and NumPy only; one that these do not take is read again by
`documents`, which is slower and knows what is wrong with it, and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

import orjson

from ..grad.record import record
from ..grammar.errors import Diagnostic
from . import answers, bindings, documents, records
from .bindings import Given
from .stream import Block, by_expression

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.program import Expression, Request
    from ..grammar.stacked import Stacked

_NUMPY = orjson.OPT_SERIALIZE_NUMPY
_MARK = re.compile(rb'"<(\d+)>"')

EXPRESSIONS = 64  # so many are kept compiled where each record brings its own


@record()
class Source:
    """An expression, the names it takes from records, and its compiled form."""

    expression: Expression
    names: tuple[str, ...]
    compute: Stacked


class Values:
    """What `eval` does with records. With the expression ``-`` each brings its own as `expr`."""

    own = ("n", "value", "grads", "jacobian", "hessian", "error")
    done = "done"
    together = 2**16

    def __init__(
        self,
        text: str,
        given: Mapping[str, Given],
        request: Request,
        only: str | None = None,
        finite: bool = False,
    ) -> None:
        """Raises Diagnostic for what is wrong whatever the records are."""
        self.text, self.given, self.request = text, given, request
        self.only, self.finite = only, finite
        self.fixed = {
            name: bindings.value_of(binding, request.max_elements)
            for name, binding in given.items()
            if binding.value not in (None, "-")
        }
        self.source = lru_cache(EXPRESSIONS)(self._source)
        if text != "-":
            expression = self.source(text).expression
            bindings.check_used(expression, given, request.wrt or ())
            self._check_options(expression)

    def _check_options(self, expression: Expression) -> None:
        """Raise G003 for a name or a member that no answer will have."""
        from ..grammar.program import chosen

        names: dict[str, Any] = dict.fromkeys([*expression.free, *self.fixed])
        slopes = chosen(expression, names, self.request) if self.member else ()
        if self.only:
            example = {"n": 0, "value": 0, self.member or "grads": dict.fromkeys(slopes)}
            answers.member(example, self.only)

    @property
    def member(self) -> str:
        """What the derivatives are called in an answer; empty if there are none."""
        order = self.request.order
        return {"gradient": "grads", "none": ""}.get(order, order)

    def _source(self, text: str) -> Source:
        from ..grammar.program import Expression
        from ..grammar.stacked import Stacked

        expression = Expression.read(text)
        names = dict.fromkeys([*expression.free, *(self.request.wrt or ())])
        fixed = {name: self.fixed[name] for name in names if name in self.fixed}
        streamed = tuple(name for name in expression.free if name not in fixed)
        return Source(expression, streamed, Stacked(expression, self.request, fixed))

    # --- a block of records ----------------------------------------------------------------

    def answer(self, block: Block) -> None:
        for source, places in by_expression(block, self.text, self.source):
            self._compute(block, source, places)

    def _compute(self, block: Block, source: Source, places: list[int]) -> None:
        """Answer the records at some places, stacking what has the same shapes."""
        waiting = self._stacks(block, source, places)
        while waiting:
            places, stacks = waiting.pop()
            try:
                self._solve(block, source, places, stacks)
            except Diagnostic as diagnostic:
                if len(places) == 1:
                    block.fail(places[0], diagnostic)
                else:  # find the culprit
                    half = len(places) // 2
                    for part in (slice(half), slice(half, None)):
                        halves = {name: stack[part] for name, stack in stacks.items()}
                        waiting.append((places[part], halves))

    def _stacks(
        self, block: Block, source: Source, places: list[int]
    ) -> list[tuple[list[int], dict[str, Array]]]:
        """The data at some places, those of the same shapes together. What is no data fails."""
        plain = [place for place in places if block.records[place] is not None]
        found, odd = records.alike({place: block.records[place] for place in plain}, source.names)
        places = [*odd, *(place for place in places if block.records[place] is None)]
        by_shape: dict[tuple[Any, ...], tuple[list[int], list[dict[str, Array]]]] = {}
        for place in places:
            if block.fail_again(place):
                continue
            try:
                arrays = self._read(block, source, place)
            except Diagnostic as diagnostic:
                block.fail(place, diagnostic)
                continue
            key = tuple(array.shape for array in arrays.values())
            alike = by_shape.setdefault(key, ([], []))
            alike[0].append(place)
            alike[1].append(arrays)
        return found + [
            (alike, records.joined(several, source.names)) for alike, several in by_shape.values()
        ]

    def _read(self, block: Block, source: Source, place: int) -> dict[str, Array]:
        """The tensors of one record, looked at closely. Raises Diagnostic."""
        record = block.records[place]
        if record is not None and (alone := records.stacked([record], source.names)) is not None:
            return {name: stack[0] for name, stack in alone.items()}
        line, origin = block.line(place), block.origin(place)
        return bindings.from_document(
            source.expression, self.given, source.names, [], line, self.request.max_elements, origin
        ).arrays

    def _solve(
        self, block: Block, source: Source, places: list[int], stacks: dict[str, Array]
    ) -> None:
        """Answer records of the same shapes. Raises Diagnostic."""
        if self.request.dtype == "float32":
            answers.check_float32(stacks)
        value, grads = source.compute(stacks, len(places))
        tensors = [value, *grads.values()]
        finite = _finite(tensors)
        if not finite.all():
            if self.finite:
                self._check_finite(source, stacks, len(places))
            block.tally.nonfinite += len(places) - int(finite.sum())
        forms, columns = zip(*(_texts(stack, finite) for stack in tensors), strict=True)
        numbers = [b"%d" % (block.number + place) for place in places]
        if block.policy.keep:
            kept = (orjson.dumps(block.kept(place), None, _NUMPY)[1:-1] for place in places)
            numbers = [n + (text and b"," + text) for n, text in zip(numbers, kept, strict=True)]
        form, chosen = self._form(tuple(grads), (b"%b", *forms))
        texts = [(numbers, *columns)[i] for i in chosen]
        rows = zip(*texts, strict=True) if texts else repeat(())
        for place, row in zip(places, rows, strict=False):
            block.answers[place] = form % row

    def _form(self, names: tuple[str, ...], forms: tuple[bytes, ...]) -> tuple[bytes, list[int]]:
        """A line as a format, and which texts go into it: 0 is `n`, 1 the value, 2 a slope, ..."""
        slopes = {name: f"<{i}>" for i, name in enumerate(names, 2)}
        marks = {"n": "<0>", "value": "<1>", self.member or "grads": slopes}
        wanted = answers.member(marks, self.only) if self.only else marks
        line = orjson.dumps(wanted) + b"\n"
        return _MARK.sub(lambda m: forms[int(m[1])], line), list(map(int, _MARK.findall(line)))

    def _check_finite(self, source: Source, stacks: dict[str, Array], count: int) -> None:
        """Raise G501, as an error, for data whose answer is not finite."""
        from ..grammar.program import solve

        if count > 1:
            raise Diagnostic("G501", "one of several answers is not finite")
        values = {name: stack[0] for name, stack in stacks.items()}
        solution = solve(source.expression, {**source.compute.fixed, **values}, self.request)
        diagnostic = answers.not_finite(source.expression, solution)
        diagnostic.severity = "error"
        raise diagnostic


# --- writing -----------------------------------------------------------------------------------


def _finite(stacks: Iterable[Array]) -> Array:
    """For each datum, whether all that was computed for it is finite."""
    import numpy as np

    found = [np.isfinite(stack) for stack in stacks]
    whole = np.ones(len(found[0]), bool)
    for stack in found:
        if not stack.all():
            whole &= stack.reshape(len(stack), -1).all(axis=1)
    return whole


def _texts(stack: Array, finite: Array) -> tuple[bytes, list[bytes]]:
    """The entries of a stack as JSON, written at once, and what goes around each: ``[%b]``."""
    import numpy as np

    if not stack.size:
        return b"%b", [documents.dumps(entry) for entry in stack]
    depth = stack.ndim - 1
    opened, closed = b"[" * depth, b"]" * depth
    whole = orjson.dumps(np.ascontiguousarray(stack), None, _NUMPY)
    texts = whole[1 + depth : -1 - depth].split(closed + b"," + opened)
    for i in (~finite).nonzero()[0]:
        texts[i] = documents.dumps(stack[i])[depth : -depth or None]
    return opened + b"%b" + closed, texts
