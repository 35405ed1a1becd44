"""Text to syntax tree, by a LALR parser that builds the tree as it reduces: nothing recurses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from keyword import iskeyword
from math import inf
from typing import Any
from unicodedata import normalize

from ..grad.record import replace
from . import mistakes
from .errors import Diagnostic, Span
from .lalr import Parser, Token, Unexpected
from .mistakes import span_of
from .syntax import (
    Argument,
    Assign,
    Attribute,
    Binary,
    Call,
    Compare,
    Constant,
    Expression,
    Index,
    Name,
    Number,
    Program,
    Sequence,
    Slice,
    Statement,
    Subscript,
    Text,
    Unary,
)
from .tables import TABLES

DEEPEST = 10_000  # brackets within brackets

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_OPENING = {"LPAR": "RPAR", "LSQB": "RSQB"}


def parse(text: str) -> Program:
    """The syntax tree of an expression or a program; a Diagnostic if there is none.

    >>> parse("2*x").statements[0].op
    '*'
    """
    try:
        if unreadable := _UNREADABLE.search(text):
            raise mistakes.character(unreadable[0], unreadable.start())
        return Program(_statements(text), text, (0, len(text)))
    except Diagnostic as diagnostic:
        diagnostic.source = text
        raise


def _statements(text: str) -> tuple[Statement, ...]:
    try:
        statements: tuple[Statement, ...] = _parser().parse(text, "program")
    except Unexpected as error:
        raise mistakes.unexpected(text, error.read) from None
    if not statements:
        raise mistakes.nothing()
    return statements


@cache
def _parser() -> Parser:
    return Parser(TABLES, Layout(), TreeBuilder())


class Layout:
    """Between lexer and parser: pairs brackets, drops newlines inside them, finds the keywords."""

    def process(self, tokens: Iterator[Token], text: str) -> Iterator[Token]:
        opened: list[Token] = []
        previous: Token | None = None
        for token in tokens:
            match token.type:
                case "_NEWLINE" if opened:
                    continue
                case "NAME" if iskeyword(token):
                    token.type = "CONSTANT" if token in _CONSTANTS else "KEYWORD"
                case "NAME" if not token.isidentifier() or mistakes.SIGNS.keys() & set(token):
                    raise mistakes.in_name(token)
                case "LPAR" | "LSQB":
                    opened.append(token)
                    if len(opened) > DEEPEST:
                        raise mistakes.too_deep(token, DEEPEST)
                case "RPAR" | "RSQB":
                    if not opened or _OPENING[opened[-1].type] != token.type:
                        raise mistakes.wrong_bracket(token, opened)
                    opened.pop()
            previous = token
            yield token
        if opened and previous is not None:
            raise mistakes.unclosed(opened[-1], previous)


_CONSTANTS = {"True": True, "False": False, "None": None, "...": ...}


class TreeBuilder:
    """One method per rule of the grammar, called with the rule's parts when it is recognised."""

    def program(self, *statements: Statement) -> tuple[Statement, ...]:
        return statements

    def assign(self, target: Expression, op: Token, value: Expression) -> Assign:
        base = target
        while isinstance(base, Subscript):
            base = base.value
        if not (isinstance(target, Name | Subscript) and isinstance(base, Name)):
            raise mistakes.not_assignable(target.span, _span(op))
        return Assign(target, str(op), _span(op), value, _join(target, value))

    def compare(self, first: Expression, *chain: Any) -> Compare:
        ops = tuple((str(op), _span(op)) for op in chain[::2])
        return Compare(first, ops, chain[1::2], _join(first, chain[-1]))

    def binary(self, left: Expression, op: Token, right: Expression) -> Binary:
        return Binary(str(op), left, right, _span(op), _join(left, right))

    def unary(self, op: Token, operand: Expression) -> Unary:
        return Unary(str(op), operand, _join(op, operand))

    def call(self, function: Expression, opening: Token, *rest: Any) -> Call:
        if not isinstance(function, Name | Attribute):
            raise mistakes.not_callable(function.span, _span(opening))
        *arguments, closing = rest
        named: dict[str, Span] = {}
        for argument in arguments:
            if named and argument.name is None:
                raise mistakes.positional_after_keyword(argument.span)
            if argument.name in named:
                raise mistakes.repeated_keyword(argument, named[argument.name])
            if argument.name is not None:
                named[argument.name] = argument.span
        return Call(function, tuple(arguments), _join(function, closing))

    def argument(self, first: Any, *rest: Any) -> Argument:
        if not rest:
            return Argument(None, None, first, first.span)
        _, value = rest
        return Argument(_identifier(first), _span(first), value, _join(first, value))

    def subscript(self, value: Expression, _: Token, index: Index, closing: Token) -> Subscript:
        return Subscript(value, index, _join(value, closing))

    def attribute(self, value: Expression, name: Token) -> Attribute:
        return Attribute(value, _identifier(name), _span(name), _join(value, name))

    def indices(self, *items: Index) -> Sequence:
        return Sequence(items, is_tuple=True, span=_join(items[0], items[-1]))

    def slice(self, *parts: Any) -> Slice:
        bounds: list[Expression | None] = [None, None, None]
        place = 0
        for part in parts:
            if isinstance(part, Token):
                place += 1
            else:
                bounds[place] = part
        lower, upper, step = bounds
        return Slice(lower, upper, step, _join(parts[0], parts[-1]))

    def number(self, token: Token) -> Number:
        digits = token.replace("_", "")
        if float(digits) == inf:
            raise mistakes.too_large(token)
        if not digits.isdecimal():
            return Number(float(digits), _span(token))
        if not digits.strip("0"):
            return Number(0, _span(token))
        if digits[0] == "0":
            raise mistakes.leading_zero(token)
        return Number(int(digits), _span(token))

    def name(self, token: Token) -> Name:
        return Name(_identifier(token), _span(token))

    def text(self, token: Token) -> Text:
        if "\\" in token:
            raise mistakes.backslash(token)
        return Text(token[1:-1], _span(token))

    def constant(self, token: Token) -> Constant:
        return Constant(_CONSTANTS[token], _span(token))

    def group(self, opening: Token, expression: Expression, closing: Token) -> Expression:
        return replace(expression, span=_join(opening, closing))

    def tuple(self, opening: Token, *rest: Any) -> Sequence:
        return Sequence(rest[:-1], is_tuple=True, span=_join(opening, rest[-1]))

    def list(self, opening: Token, *rest: Any) -> Sequence:
        return Sequence(rest[:-1], is_tuple=False, span=_join(opening, rest[-1]))


def _identifier(token: Token) -> str:
    return normalize("NFKC", str(token))  # as Python does


def _span(part: Token | Index) -> Span:
    return span_of(part) if isinstance(part, Token) else part.span


def _join(first: Token | Index, last: Token | Index) -> Span:
    return _span(first)[0], _span(last)[1]
