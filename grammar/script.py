"""Scripts in the style of tutorials, from text to syntax tree: blocks, strings, statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from . import mistakes, syntax
from .errors import Diagnostic, Label, Span
from .lalr import Parser, Token, Unexpected
from .mistakes import span_of
from .parse import Layout, TreeBuilder
from .script_syntax import (
    Block,
    Conditional,
    Do,
    Expression,
    Field,
    For,
    Formatted,
    Handler,
    If,
    Import,
    Logical,
    Module,
    Negated,
    Script,
    Set,
    Simple,
    Statement,
    Try,
    Update,
    While,
    With,
)
from .script_tables import TABLES

WORDS = frozenset(
    "if elif else while for in with try except import from as pass break continue and or not is"
    .split()
)  # fmt: skip
OPENERS = frozenset("IF ELIF ELSE WHILE FOR WITH TRY EXCEPT".split())


def parse_script(text: str) -> Script:
    """The syntax tree of a script; a Diagnostic if there is none."""
    try:
        return Script(_parsed(text, "script"), text)
    except Diagnostic as diagnostic:
        diagnostic.source = text
        raise


def _parsed(text: str, start: str) -> Any:
    try:
        return _parser().parse(text, start)
    except Unexpected as error:
        raise _unexpected(text, error.read) from None


@cache
def _parser() -> Parser:
    return Parser(TABLES, _Blocks(), _Statements())


class _Blocks(Layout):
    """Between lexer and parser: finds the words of statements, and blocks by their indentation."""

    def process(self, tokens: Iterator[Token], text: str) -> Iterator[Token]:
        depths = [0]
        at_start, last = True, None
        for token in super().process(tokens, text):
            if token.type == "_NEWLINE":
                if not at_start:  # an empty line is nothing
                    yield token
                at_start = True
                continue
            if at_start:
                yield from self._depth(token, text, depths)
            if token.type == "KEYWORD" and token in WORDS:
                token.type = token.upper()
            at_start, last = False, token
            yield token
        if last is not None:
            end = Token.at(last, "_NEWLINE")
            end.start_pos = last.end_pos
            yield from () if at_start else (end,)
            yield from (Token.at(end, "_DEDENT") for _ in depths[1:])

    def _depth(self, token: Token, text: str, depths: list[int]) -> Iterator[Token]:
        depth = token.start_pos - (text.rfind("\n", 0, token.start_pos) + 1)
        if depth > depths[-1]:
            depths.append(depth)
            yield Token.at(token, "_INDENT")
        while depth < depths[-1]:
            depths.pop()
            yield Token.at(token, "_DEDENT")
        if depth != depths[-1]:
            raise _misplaced(token, "this line begins where no line above it does")


def _misplaced(token: Token, message: str) -> Diagnostic:
    label = Label(span_of(token), primary=True)
    ways = ["the lines of a block begin below each other, further right than its first line"]
    return Diagnostic("G118", message, labels=[label], help=ways)


def _unexpected(text: str, read: list[Token]) -> Diagnostic:
    """A token that cannot stand where it does: layout first, then as in an expression."""
    token, before = read[-1], read[:-1]
    if token.type == "_INDENT":
        return _misplaced(token, "this line is indented, and no block begins above it")
    if len(before) > 1 and before[-1].type == "_NEWLINE" and before[-2].type == "COLON":
        return _misplaced(token, "an indented block belongs here")
    line = before[1 + max((i for i, t in enumerate(before) if t.type == "_NEWLINE"), default=-1) :]
    first = next((t for t in line if t.type not in ("_INDENT", "_DEDENT")), None)
    if token.type == "_NEWLINE" and first is not None and first.type in OPENERS:
        end = before[-1].end_pos or 0
        label = Label((end, end), "`:` is missing here", primary=True)
        ways = [f"`{first} ...:`, and the lines of its block below, indented"]
        return Diagnostic("G102", "a block begins with `:`", labels=[label], help=ways)
    if first is not None and first.type in OPENERS and _begins_a_block(text, line, token):
        label = Label(span_of(token), "`:` is missing before this", primary=True)
        ways = [f"`{first} ...:`, and the block after it, or on lines of its own, indented"]
        return Diagnostic("G102", "a block begins with `:`", labels=[label], help=ways)
    shown = [t for t in read if t.type not in ("_INDENT", "_DEDENT")]
    opened = mistakes.open_brackets(before)
    if opened and token.type in ("FOR", "WHILE", "IF"):
        return mistakes.not_in_language(token, " within brackets")
    if token.type in WORDS_UPPER and token.type not in ("AND", "OR", "IS", "IN", "AS"):
        return Diagnostic(
            "G102",
            f"`{token}` cannot stand here",
            labels=[Label(span_of(token), primary=True)],
            help=["a statement begins on a line of its own"],
        )
    return mistakes.unexpected(text, shown if shown and shown[-1] is token else [*shown, token])


def _begins_a_block(text: str, line: list[Token], token: Token) -> bool:
    """Whether a token stands after a value where `:` does not end the head of a block later."""
    if token.type not in mistakes.ATOMS | WORDS_UPPER or line[-1].type not in mistakes.VALUES:
        return False
    end = token.end_pos or 0
    rest = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
    return not mistakes.open_brackets(line) and ":" not in rest


WORDS_UPPER = frozenset(word.upper() for word in WORDS)


class _Statements(TreeBuilder):
    """One method per rule of script.lark, and what strings are in a script."""

    def script(self, *statements: Statement) -> Block:
        return statements

    def block(self, *statements: Statement) -> Block:
        return statements

    def do(self, value: Expression) -> Do:
        return Do(value, value.span)

    def set(self, first: Expression, *rest: Any) -> Set:
        *targets, value = (first, *rest[1::2])
        for target in targets:
            _check_target(target, span_of(rest[0]))
        return Set(tuple(targets), value, (first.span[0], value.span[1]))

    def update(self, target: Expression, op: Token, value: Expression) -> Update:
        if isinstance(target, syntax.Sequence):
            raise mistakes.not_assignable(target.span, span_of(op))
        _check_target(target, span_of(op))
        return Update(target, str(op), span_of(op), value, (target.span[0], value.span[1]))

    def simple(self, word: Token) -> Simple:
        return Simple(str(word), span_of(word))

    # --- imports ---------------------------------------------------------------------------

    def path(self, *names: Token) -> Module:
        return Module(tuple(map(str, names)), "", (_start(names[0]), _end(names[-1])))

    def module(self, path: Module, *alias: Token) -> Module:
        if not alias:
            return path
        return Module(path.path, str(alias[1]), (path.span[0], _end(alias[1])))

    def import_(self, *parts: Any) -> Import:
        names = tuple(p for p in parts if isinstance(p, Module))
        return Import(None, names, (_start(parts[0]), names[-1].span[1]))

    def from_(self, *parts: Any) -> Import:
        source, *names = (p for p in parts if isinstance(p, Module))
        return Import(source, tuple(names), (_start(parts[0]), names[-1].span[1]))

    # --- blocks ----------------------------------------------------------------------------

    def if_(self, *parts: Any) -> If:
        branches: list[tuple[Expression | None, Block]] = []
        condition: Expression | None = None
        for part in parts:
            if isinstance(part, tuple):
                branches.append((condition, part))
                condition = None
            elif not isinstance(part, Token):
                condition = part
        return If(tuple(branches), span_of(parts[0]))

    def while_(self, word: Token, condition: Expression, _: Token, body: Block) -> While:
        return While(condition, body, span_of(word))

    def for_(self, word: Token, *parts: Any) -> For:
        names = tuple(str(p) for p in parts if isinstance(p, Token) and p.type == "NAME")
        return For(names, parts[-3], parts[-1], span_of(word))

    def with_(self, word: Token, *parts: Any) -> With:
        contexts = tuple(p for p in parts[:-1] if not isinstance(p, Token))
        return With(contexts, parts[-1], span_of(word))

    def try_(self, word: Token, _: Token, body: Block, *handlers: Handler) -> Try:
        return Try(body, handlers, span_of(word))

    def handler(self, word: Token, *parts: Any) -> Handler:
        kinds = [p for p in parts[:-1] if not isinstance(p, Token)]
        names = [str(p) for p in parts if isinstance(p, Token) and p.type == "NAME"]
        return Handler(
            kinds[0] if kinds else None, names[0] if names else "", parts[-1], span_of(word)
        )

    # --- expressions -----------------------------------------------------------------------

    def bare_tuple(self, *items: Expression) -> syntax.Sequence:
        return syntax.Sequence(items, True, (items[0].span[0], items[-1].span[1]))  # type: ignore[arg-type]

    def conditional(
        self, body: Expression, _: Token, condition: Expression, __: Token, other: Expression
    ) -> Conditional:
        return Conditional(condition, body, other, (body.span[0], other.span[1]))

    def either(self, *parts: Any) -> Logical:
        return Logical("or", parts[::2], (parts[0].span[0], parts[-1].span[1]))

    def every(self, *parts: Any) -> Logical:
        return Logical("and", parts[::2], (parts[0].span[0], parts[-1].span[1]))

    def negated(self, word: Token, operand: Expression) -> Negated:
        return Negated(operand, (_start(word), operand.span[1]))

    def comparator(self, *words: Token) -> Token:
        joined = Token.at(words[0], "COMPARISON", " ".join(words))
        joined.end_pos = words[-1].end_pos
        return joined

    def text(self, token: Token) -> syntax.Text:
        quotes = 3 if token[:3] in ('"""', "'''") else 1
        start, end = span_of(token)
        return syntax.Text(_plain(token[quotes:-quotes], start + quotes), (start, end))

    def formatted(self, token: Token) -> Formatted:
        quotes = 3 if token[1:4] in ('"""', "'''") else 1
        start, end = span_of(token)
        inside = token[1 + quotes : -quotes]
        return Formatted(tuple(_fields(inside, start + 1 + quotes)), (start, end))


for _rule in ("import", "from", "if", "while", "for", "with", "try"):  # words of Python
    setattr(_Statements, _rule, getattr(_Statements, f"{_rule}_"))


def _start(part: Any) -> int:
    return span_of(part)[0]


def _end(part: Any) -> int:
    return span_of(part)[1]


def _check_target(target: Expression, op: Span) -> None:
    """Raise G115 for what cannot be assigned to."""
    waiting: list[Any] = [target]
    while waiting:
        part = waiting.pop()
        if isinstance(part, syntax.Sequence):
            waiting.extend(part.items)
        elif not isinstance(part, syntax.Name | syntax.Attribute | syntax.Subscript):
            raise mistakes.not_assignable(part.span, op)


# --- strings -----------------------------------------------------------------------------------

_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b",
    "f": "\f", "v": "\v", "0": "\0", "\n": "",
}  # fmt: skip
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def _plain(text: str, start: int) -> str:
    """A text with its escapes replaced. Raises G106 for one that Python has and scripts do not."""

    def replaced(escape: re.Match[str]) -> str:
        written = escape[1]
        if written[0] in "xu" and len(written) > 1:
            return chr(int(written[1:], 16))
        if written not in _ESCAPES:
            place = start + escape.start()
            raise Diagnostic(
                "G106",
                f"`\\{written}` is not an escape here",
                labels=[Label((place, place + 2), primary=True)],
                help=["a backslash itself is written `\\\\`"],
            )
        return _ESCAPES[written]

    return _ESCAPE.sub(replaced, text)


def _fields(text: str, start: int) -> Iterator[str | Field]:
    """The parts of an f-string: texts, and what stands in braces."""
    at, literal = 0, ""
    while at < len(text):
        if text[at] not in "{}":
            end = next((i for i in range(at, len(text)) if text[i] in "{}"), len(text))
            literal += _plain(text[at:end], start + at)
            at = end
        elif text[at : at + 2] in ("{{", "}}"):
            literal += text[at]
            at += 2
        elif text[at] == "}":
            raise _brace(start + at, "this brace closes nothing", "a brace itself is written `}}`")
        else:
            if literal:
                yield literal
            literal = ""
            end = _closing(text, at, start)
            yield from _field(text[at + 1 : end], start + at + 1)
            at = end + 1
    if literal:
        yield literal


def _closing(text: str, opening: int, start: int) -> int:
    """Where the brace ends that opens here."""
    depth, quote = 0, ""
    for i in range(opening, len(text)):
        if quote:
            quote = "" if text[i] == quote else quote
        elif text[i] in "'\"":
            quote = text[i]
        elif text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if not depth:
                return i
    raise _brace(start + opening, "this brace is never closed", "a brace itself is written `{{`")


def _field(text: str, start: int) -> Iterator[str | Field]:
    """``value!r:spec``; ``value=`` shows the expression, too."""
    depth, end, quote = 0, len(text), ""
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif not depth and (c == ":" or (c == "!" and text[i + 1 : i + 2] != "=")):
            end = i
            break
    written, rest = text[:end], text[end:]
    conversion = ""
    if rest.startswith("!"):
        conversion, rest = rest[1:2], rest[2:]
        if conversion not in ("r", "s", "a") or (rest and rest[0] != ":"):
            raise _brace(start + end, "after `!` comes r, s or a", "as in `{x!r}`")
    spec = tuple(_fields(rest[1:], start + len(text) - len(rest) + 1)) if rest else ()
    if re.search(r"[^=!<>]=\s*$", written):
        yield written
        written = written.rstrip()[:-1]
        conversion = conversion or ("" if spec else "r")
    if not written.strip():
        raise _brace(start, "there is nothing in these braces", "a brace itself is written `{{`")
    value = _parsed("(" + " " * (start - 1) + written + "\n)", "embedded")  # so places are right
    yield Field(value, conversion, spec)


def _brace(place: int, message: str, way: str) -> Diagnostic:
    label = Label((place, place + 1), primary=True)
    return Diagnostic("G102", message, labels=[label], help=[way])
