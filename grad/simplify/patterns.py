"""Patterns of graphs: `log(1 + exp(x)) >> softplus(x)` is a rewrite that can be read aloud.

A pattern is built like an expression, from `wild` parts that match anything, numbers, and rows of
the table called by name. Sums and products match in either order. A wild part that occurs twice
must match the same node twice; so must a wild attribute (`dim=D`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..node import TABLE, Node
from ..ops import CONSTANT, lift
from ..record import field, record

Found = dict[str, Any]  # what each wild part stands for
Condition = Callable[..., bool]

COMMUTATIVE = frozenset(("add", "mul", "maximum", "minimum", "hypot", "logaddexp"))


class Pattern:
    """A shape of graph to look for, or to make."""

    def match(self, node: Node, found: Found) -> Iterator[Found]:
        raise NotImplementedError

    def make(self, found: Found) -> Any:
        raise NotImplementedError

    def __add__(self, other: Any) -> Call:
        return Call("add", (self, _pattern(other)))

    def __radd__(self, other: Any) -> Call:
        return Call("add", (_pattern(other), self))

    def __sub__(self, other: Any) -> Call:
        return Call("sub", (self, _pattern(other)))

    def __rsub__(self, other: Any) -> Call:
        return Call("sub", (_pattern(other), self))

    def __mul__(self, other: Any) -> Call:
        return Call("mul", (self, _pattern(other)))

    def __rmul__(self, other: Any) -> Call:
        return Call("mul", (_pattern(other), self))

    def __truediv__(self, other: Any) -> Call:
        return Call("div", (self, _pattern(other)))

    def __rtruediv__(self, other: Any) -> Call:
        return Call("div", (_pattern(other), self))

    def __pow__(self, other: Any) -> Call:
        return Call("pow", (self, _pattern(other)))

    def __matmul__(self, other: Any) -> Call:
        return Call("matmul", (self, _pattern(other)))

    def __neg__(self) -> Call:
        return Call("neg", (self,))

    def __rshift__(self, result: Any) -> Rewrite:
        assert isinstance(self, Call), "a rewrite begins with an operation"
        return Rewrite(self, _pattern(result))


@record(frozen=True)
class Wild(Pattern):
    """Any node, remembered under a name; `number` for a constant scalar only."""

    name: str
    number: bool = False

    def match(self, node: Node, found: Found) -> Iterator[Found]:
        if self.name in found:
            if found[self.name] is node:
                yield found
        elif not self.number or (node.op is CONSTANT and not node.shape):
            yield {**found, self.name: node}

    def make(self, found: Found) -> Any:
        return found[self.name]


@record(frozen=True)
class Number(Pattern):
    """A constant, alone or repeated along axes."""

    value: float

    def match(self, node: Node, found: Found) -> Iterator[Found]:
        while node.op.name == "broadcast_to":
            node = node.args[0]
        if node.op is CONSTANT and not node.shape and node.attr("value") == self.value:
            yield found

    def make(self, found: Found) -> Any:
        return self.value


@record(frozen=True)
class Attribute:
    """A static argument, remembered under a name."""

    name: str


@record(frozen=True)
class Call(Pattern):
    """A row of the table applied to patterns. Static arguments that are not named may be any."""

    row: str
    args: tuple[Pattern, ...]
    attrs: dict[str, Any] = field(default_factory=dict)

    def match(self, node: Node, found: Found) -> Iterator[Found]:
        if node.op.name != self.row or len(node.args) != len(self.args):
            return
        for name, wanted in self.attrs.items():
            value = node.attr(name)
            if isinstance(wanted, Attribute):
                if found.get(wanted.name, value) != value:
                    return
                found = {**found, wanted.name: value}
            elif value != wanted:
                return
        orders = [node.args]
        if self.row in COMMUTATIVE and node.args[0] is not node.args[1]:
            orders.append(node.args[::-1])
        for args in orders:
            yield from _match_each(self.args, args, found)

    def make(self, found: Found) -> Any:
        attrs = {
            name: found[value.name] if isinstance(value, Attribute) else value
            for name, value in self.attrs.items()
        }
        return TABLE[self.row](*(a.make(found) for a in self.args), **attrs)


@record(frozen=True)
class Made(Pattern):
    """A result that is computed from what was found, for what a pattern cannot say."""

    function: Callable[..., Any]

    def make(self, found: Found) -> Any:
        return self.function(**found)


@record(frozen=True)
class Rewrite:
    """A pattern and what to write instead, where `conditions` on what was found hold."""

    pattern: Call
    result: Pattern
    conditions: tuple[Condition, ...] = ()

    def when(self, condition: Condition) -> Rewrite:
        """This rewrite where `condition`, a function of what was found by name, holds too."""
        return Rewrite(self.pattern, self.result, (*self.conditions, condition))

    def apply(self, node: Node) -> Node | None:
        """What `node` becomes; None where the rewrite does not apply."""
        for found in self.pattern.match(node, {}):
            if all(condition(**found) for condition in self.conditions):
                made = lift(self.result.make(found))
                if made.shape == node.shape and made.kind == node.kind:
                    return made
        return None


def _pattern(value: Any) -> Pattern:
    if isinstance(value, Pattern):
        return value
    return Number(value) if isinstance(value, (int, float)) else Made(value)


def _match_each(
    patterns: tuple[Pattern, ...], args: tuple[Node, ...], found: Found
) -> Iterator[Found]:
    """Every way to match all of `patterns`; their number is that of a written pattern."""
    if not patterns:
        yield found
        return
    for first in patterns[0].match(args[0], found):
        yield from _match_each(patterns[1:], args[1:], first)


def row(name: str) -> Callable[..., Call]:
    """The row of that name, to be called with patterns."""

    def call(*args: Any, **attrs: Any) -> Call:
        return Call(name, tuple(map(_pattern, args)), attrs)

    return call


def rows(names: str) -> list[Callable[..., Call]]:
    """Several rows, for unpacking."""
    return [row(name) for name in names.split()]
