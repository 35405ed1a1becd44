"""Streams of shapes: the closed forms for each record of `diff --jsonl`.

A record says what the command line leaves open: {"expr": ..., "shapes": {"X": ["n", "d"]},
"wrt": ..., "order": ..., "gradient": ..., "symmetric": ..., "positive": ...}.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..grammar.errors import Diagnostic
from . import forms
from .bindings import Given, Shape
from .stream import Block, is_name

KNOWN = 256  # answers to so many different questions are kept
EXAMPLE = 'as in {"shapes": {"X": [5, 3], "w": ["n"]}}'

Names = tuple[str, ...]


class Asked(NamedTuple):
    """A question: what the command line asks, or what a record makes of it."""

    text: str
    shapes: tuple[tuple[str, Shape], ...] = ()
    wrt: Names | None = None
    order: int = 1
    gradient: str | None = None
    symmetric: Names = ()
    positive: Names = ()


class Forms:
    """What `diff` does with records. With the expression ``-`` each brings its own as `expr`."""

    own = ("n", "gradients", "error")
    done = "done"
    together = 8

    def __init__(
        self,
        asked: Asked,
        given: Mapping[str, Given],
        format: forms.Format,
        expand: bool,
        limit: int,
    ) -> None:
        """Raises Diagnostic for what is wrong whatever the records are."""
        from ..grammar.program import Expression

        self.asked, self.format, self.expand = asked, format, expand
        self.shapes = forms.shapes(given, limit)
        self.read = lru_cache(KNOWN)(Expression.read)
        self.derived = lru_cache(KNOWN)(self._derived)
        if asked.text != "-":
            self.read(asked.text)

    def answer(self, block: Block) -> None:
        for place in range(len(block.lines)):
            if block.fail_again(place):
                continue
            try:
                block.write(place, {"gradients": self.derived(self._asked(block, place))})
            except Diagnostic as diagnostic:
                block.fail(place, diagnostic)

    def _derived(self, asked: Asked) -> dict[str, Any]:
        from ..grammar.closed_form import derive

        expression = self.read(asked.text)
        question = forms.question(
            expression, dict(asked.shapes), asked.wrt, asked.order, asked.gradient,
            self.expand, asked.symmetric, asked.positive,
        )  # fmt: skip
        found = forms.checked(lambda wanted: derive(expression, wanted), question)
        return forms.as_json(found, expression, question, self.format)

    # --- a record --------------------------------------------------------------------------

    def _asked(self, block: Block, place: int) -> Asked:
        """What a record asks. Raises G218, or what is wrong with it as JSON."""
        record = block.object(place, EXAMPLE)
        usual = self.asked
        text = block.expression(place) if usual.text == "-" else usual.text
        shapes = self.shapes | _shapes(block, place, record)
        for name in self.read(text).free:
            if name in record and name not in shapes:
                message = f"`{name}` stands in the record, but not in its `shapes`"
                raise block.wrong(place, message, EXAMPLE)
        order = record.get("order", usual.order)
        if type(order) is not int or order < 1:
            way = "1 for the gradient, 2 for the Hessian"
            raise block.wrong(place, "`order` is not a whole number, 1 or more", way)
        gradient = record.get("gradient", usual.gradient)
        if gradient is not None and not is_name(gradient):
            raise block.wrong(place, "`gradient` is not a name", 'as in {"gradient": "g"}')
        return Asked(
            text,
            tuple(shapes.items()),
            block.names(place, record, "wrt", usual.wrt),
            order,
            gradient,
            block.names(place, record, "symmetric", usual.symmetric) or (),
            block.names(place, record, "positive", usual.positive) or (),
        )


def _shapes(block: Block, place: int, record: dict[str, Any]) -> dict[str, Shape]:
    found = record.get("shapes", {})
    if not isinstance(found, dict):
        raise block.wrong(place, "`shapes` is not a table of names and shapes", EXAMPLE)
    for name, shape in found.items():
        if not isinstance(shape, list) or not all(map(_is_size, shape)):
            message = f"the shape of `{name}` is not a list of sizes, numbers or names"
            raise block.wrong(place, message, EXAMPLE)
    return {name: tuple(shape) for name, shape in found.items()}


def _is_size(size: object) -> bool:
    return is_name(size) or (type(size) is int and 0 <= size < 2**63)
