"""The LALR parser: runs tables that lark made of a grammar when gradcalc was built.

To import lark and have it read a grammar takes as long as to import NumPy, so that is done by
`make tables` (see lark_tables.py), and what is left for run time is this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol


class Tables(NamedTuple):
    """What there is to know of a grammar.

    A row of `states` is the number of its shifts, then pairs of a rule and of the set in `follows`
    of the terminals at which it is reduced. A rule is the symbol it makes, its length, the method
    that builds its part of the tree (none: its only part is passed on, or, if the symbol begins
    with an underscore, all its parts become parts of the rule around it), and the places of its
    parts that stay in the tree, a place `k` whose parts are taken over as `~k`.
    """

    terminals: tuple[tuple[str, str], ...]  # with their regular expressions, first come first
    ignored: tuple[str, ...]
    rules: tuple[tuple[str, int, str, tuple[int, ...]], ...]
    follows: tuple[str, ...]
    shifts: tuple[dict[str, int], ...]
    states: tuple[tuple[int, ...], ...]
    starts: dict[str, tuple[int, int]]  # a symbol's first state, and the one that ends it


class Token(str):
    """A piece of the text: its terminal, and its place."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int

    def __new__(cls, type: str, text: str, start_pos: int, end_pos: int) -> Token:
        self = str.__new__(cls, text)
        self.type, self.start_pos, self.end_pos = type, start_pos, end_pos
        return self

    @classmethod
    def at(cls, place: Token, type: str, text: str = "") -> Token:
        """A token that is not in the text, at the place of one that is."""
        return cls(type, text, place.start_pos, place.end_pos)


class Unexpected(Exception):
    """The last of these tokens cannot follow those before it."""

    def __init__(self, read: list[Token]) -> None:
        super().__init__(read)
        self.read = read


class Layout(Protocol):
    """What stands between lexer and parser: it may drop, rename and add tokens."""

    def process(self, tokens: Iterator[Token], text: str) -> Iterator[Token]: ...


class Parser:
    """A grammar's tables, ready to run; `builder` has the methods that the rules name."""

    def __init__(self, tables: Tables, layout: Layout, builder: object) -> None:
        self._match = re.compile("|".join(f"(?P<{n}>{p})" for n, p in tables.terminals)).match
        self._ignored = frozenset(tables.ignored)
        self._layout = layout
        self._starts = tables.starts
        self._rules: list[tuple[str, int, Callable[..., Any] | None, tuple[int, ...]]] = [
            (symbol, length, getattr(builder, method) if method else None, parts)
            for symbol, length, method, parts in tables.rules
        ]
        # rules that only call a part by another name, and the states in which such names end
        self._names = {
            k
            for k, (symbol, _, build, parts) in enumerate(self._rules)
            if build is None and parts == (0,) and symbol[0] != "_" and self._rules[k][1] == 1
        }
        self._last_names: dict[tuple[int, int, str], int] = {}
        # by state and symbol: the next state, or ~k where rule k is reduced
        self._actions: list[dict[str, int]] = []
        follows = [terminals.split() for terminals in tables.follows]
        for shifts, *reduced in tables.states:
            actions = dict(tables.shifts[shifts])
            for rule, follow in zip(reduced[::2], reduced[1::2], strict=True):
                actions |= dict.fromkeys(follows[follow], ~rule)
            self._actions.append(actions)

    def parse(self, text: str, start: str) -> Any:
        """What the builder made of the text. Raises Unexpected, and what layout and builder do."""
        actions, rules = self._actions, self._rules
        first, last = self._starts[start]
        states = [first]
        values: list[Any] = []
        read: list[Token] = []
        for token in self._with_end(self._layout.process(self._tokens(text), text), read):
            read.append(token)
            kind = token.type
            while True:
                action = actions[states[-1]].get(kind)
                if action is None:
                    raise Unexpected(read)
                if action >= 0:
                    states.append(action)
                    values.append(token)
                    break
                symbol, length, build, parts = rules[~action]
                if ~action in self._names:
                    states[-1] = self._named(states[-2], states[-1], kind)
                else:
                    place = len(values) - length
                    found = values[place:]
                    kept: list[Any] = []
                    for part in parts:
                        if part >= 0:
                            kept.append(found[part])
                        else:
                            kept.extend(found[~part])
                    values[place:] = [
                        build(*kept) if build else kept if symbol[0] == "_" else kept[0]
                    ]
                    del states[len(states) - length :]
                    states.append(actions[states[-1]][symbol])
                if states[-1] == last and kind == "$END":
                    return values[-1]
        raise AssertionError("no grammar takes anything after its end")

    def _named(self, below: int, state: int, kind: str) -> int:
        """The state of a part after all its names at once: a number is a power, a product, ..."""
        key = below, state, kind
        if key not in self._last_names:
            while ~(action := self._actions[state].get(kind, 0)) in self._names:
                state = self._actions[below][self._rules[~action][0]]
            self._last_names[key] = state
        return self._last_names[key]

    def _tokens(self, text: str) -> Iterator[Token]:
        match, ignored = self._match, self._ignored
        place = 0
        while place < len(text):
            found = match(text, place)
            assert found is not None, "a grammar has a terminal for every character"
            kind, end = str(found.lastgroup), found.end()
            if kind not in ignored:
                yield Token(kind, found[0], place, end)
            place = end

    def _with_end(self, tokens: Iterable[Token], read: list[Token]) -> Iterator[Token]:
        yield from tokens
        yield Token.at(read[-1], "$END") if read else Token("$END", "", 0, 0)
