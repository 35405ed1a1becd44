"""What a text that cannot be parsed was probably meant to be: one function per kind of mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import name as name_of
from unicodedata import normalize

from .errors import Diagnostic, Label, Span
from .lalr import Token
from .syntax import Argument

# Terminals of gradcalc.lark that the parser never accepts.
TERMINALS = ("CARET", "BITWISE", "WALRUS", "BRACE", "UNCLOSED", "OTHER")

SIGNS = {  # what to write instead; what is not here and has an ASCII twin is found by normalisation
    "×": "*", "·": "*", "\u0387": "*", "⋅": "*", "∙": "*", "•": "*", "⊙": "*", "∘": "*", "∗": "*",
    "÷": "/", "∕": "/", "⁄": "/",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-",
    "≤": "<=", "≥": ">=", "≠": "!=", "≟": "==", "←": "=", "≔": "=",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'",
    "′": ".T", "ᵀ": ".T",
    "∞": "inf", "√": "sqrt(x)", "∑": "sum(x)", "∏": "prod(x)", "∂": "grad(f, x)", "∇": "grad(f, x)",
    "⊗": "kron(a, b)", "¬": "where(c, 0, 1)", "∧": "a*b", "∨": "maximum(a, b)",
}  # fmt: skip

_SELECT = "`where(c, a, b)` is `a` where `c` holds and `b` elsewhere"
_WHOLE = "functions work on whole tensors: `sum(x**2)` instead of a loop"
_FORMULA = "write the formula itself; parts of it can be named: `r = x - y; sum(r**2)`"
_AND = "`(a > 0) * (b > 0)` holds where both do"
_OR = "`maximum(a > 0, b > 0)` holds where one of them does"
_NOT = "`where(c, 0, 1)` turns a condition round"
_EQUAL = "compare with `==` and `!=`"
_LIBRARY = "leave this out: every function of the language is there already"

_WAYS_OUT = {
    **dict.fromkeys(("if", "elif", "else"), _SELECT),
    **dict.fromkeys(("for", "while", "in", "break", "continue"), _WHOLE),
    **dict.fromkeys(("lambda", "def", "class", "return", "yield"), _FORMULA),
    **dict.fromkeys(("import", "from", "as"), _LIBRARY),
    **dict.fromkeys(("and", "&", "&&"), _AND),
    **dict.fromkeys(("or", "|", "||"), _OR),
    **dict.fromkeys(("not", "~"), _NOT),
    "is": _EQUAL,
    "<<": "`x * 2**n` for `x << n`",
    ">>": "`x // 2**n` for `x >> n`",
    "{": "a tensor is written `[1, 2]`",
    "}": "a tensor is written `[1, 2]`",
    ":=": "name the part in a statement of its own: `r = x - y; sum(r**2)`",
}

_CLOSING = {"(": ")", "[": "]"}
_OPERATORS = {"SIGN", "FACTOR", "POWER"}
ATOMS = {"NUMBER", "NAME", "STRING", "CONSTANT"}
VALUES = ATOMS | {"RPAR", "RSQB"}  # what ends one
_ENDS = {"$END", "_NEWLINE", "_SEMICOLON"}
_LONGEST_REWRITE = 60


def span_of(token: Token) -> Span:
    return token.start_pos, token.end_pos


def nothing() -> Diagnostic:
    return Diagnostic(
        "G108",
        "there is nothing to evaluate",
        labels=[Label((0, 0), primary=True)],
        help=["write an expression, such as `mean(x*x)`"],
    )


# Characters and words


def character(found: str, offset: int) -> Diagnostic:
    """A character that no part of the language uses."""
    twin = normalize("NFKC", found).replace("\u2044", "/")  # one half is 1/2
    described = name_of(found, "").lower() or f"U+{ord(found):04X}"
    shown = f"`{found}`" if found.isprintable() else "an invisible character"
    if found in SIGNS:
        advice = f"write `{SIGNS[found]}`"
    elif found.isnumeric() and twin.isdecimal() and twin != found:
        is_power = "superscript" in described
        advice = f"write a power as `x**{twin}`" if is_power else f"write it on the line: `x{twin}`"
    elif twin.isspace() or found in "\u200b\ufeff":
        advice = "write an ordinary space"
    elif twin.isascii() and twin.isprintable() and twin != found:
        advice = f"write `{twin}`"
    elif found == "!":
        advice = "factorial is `exp(lgamma(n + 1))`; not equal is `!=`"
    elif found == "?":
        advice = _SELECT
    else:
        advice = "leave it out"
    return Diagnostic(
        "G105",
        f"{shown} ({described}) means nothing here",
        labels=[Label((offset, offset + 1), primary=True)],
        help=[advice],
    )


def in_name(token: Token) -> Diagnostic:
    """The first character of a word that cannot be part of a name."""
    start, _ = span_of(token)
    for k, found in enumerate(token):
        if found in SIGNS or not f"{'a' if k else ''}{found}".isidentifier():
            break
    return character(found, start + k)


def _foreign(text: str, token: Token, previous: Token | None) -> Diagnostic:
    """A token of another language, or of the rest of Python."""
    if token.type == "OTHER":
        return character(token, span_of(token)[0])
    if token.type == "UNCLOSED":
        return _quote(token, previous) or Diagnostic(
            "G107",
            "this string is never closed",
            labels=[Label(span_of(token), f"{token[0]} is missing at its end", primary=True)],
            help=[f"a string ends with the quote it starts with: {token[0]}sum{token[0]}"],
        )
    if token.type == "CARET":
        if previous is not None and previous.type == "_DOT":
            return _dotted(previous, token, "**")
        start, end = span_of(token)
        advice = [_rewritten(text, start, end, "**") or "write a power as `x**2`"]
        if re.match(r"\s*[{(]?T\b", text[end:]):
            advice = ["the transpose of `x` is `x.T`"]
        return Diagnostic(
            "G104",
            "`^` is not an operator here; a power is written `**`",
            labels=[Label((start, end), primary=True)],
            help=advice,
        )
    return not_in_language(token)


def not_in_language(token: Token, where: str = "") -> Diagnostic:
    advice = _WAYS_OUT.get(token, "leave it out, or choose another name")
    return Diagnostic(
        "G106",
        f"`{token}`{where} is not part of the language",
        labels=[Label(span_of(token), primary=True)],
        help=[advice],
    )


def _quote(token: Token, previous: Token | None) -> Diagnostic | None:
    """A quote right after a value is the transpose of Matlab, or Python's prefix of a string."""
    if previous is None or previous.end_pos != token.start_pos:
        return None
    if previous.type not in {"NAME", "NUMBER", "RPAR", "RSQB"}:
        return None
    start, _ = span_of(token)
    if previous.lower() in {"f", "r", "b", "u", "rb", "br", "fr", "rf"} and token.type == "STRING":
        return Diagnostic(
            "G106",
            "strings have no prefix here",
            labels=[Label(span_of(previous), primary=True)],
            help=[f"write {token}", f"the transpose of `{previous}` is `{previous}.T`"],
        )
    value = previous if previous.type == "NAME" else "x"
    return Diagnostic(
        "G105",
        f"`{token[0]}` is not an operator here",
        labels=[Label((start, start + 1), primary=True)],
        help=[f"the transpose of `{value}` is `{value}.T`"],
    )


# Brackets


def unclosed(opening: Token, last: Token) -> Diagnostic:
    _, end = span_of(last)
    return Diagnostic(
        "G101",
        f"`{opening}` is never closed",
        labels=[
            Label((end, end), f"`{_CLOSING[opening]}` is missing here", primary=True),
            Label(span_of(opening), "opened here"),
        ],
        help=[f"every `{opening}` needs its `{_CLOSING[opening]}`"],
    )


def wrong_bracket(closing: Token, opened: Sequence[Token]) -> Diagnostic:
    if not opened:
        return Diagnostic(
            "G101",
            f"`{closing}` closes nothing",
            labels=[Label(span_of(closing), "no bracket is open here", primary=True)],
            help=[f"leave it out, or open it with `{'(' if closing == ')' else '['}`"],
        )
    opening = opened[-1]
    return Diagnostic(
        "G101",
        f"`{opening}` is closed by `{closing}`",
        labels=[
            Label(span_of(closing), f"`{_CLOSING[opening]}` belongs here", primary=True),
            Label(span_of(opening), "opened here"),
        ],
        help=[f"brackets come in pairs: `{opening}...{_CLOSING[opening]}`"],
    )


def too_deep(token: Token, deepest: int) -> Diagnostic:
    return Diagnostic(
        "G109",
        f"brackets are nested more than {deepest:,} deep",
        labels=[Label(span_of(token), primary=True)],
        help=["give inner parts a name: `a = ...; f(a)`"],
    )


# Values and targets


def not_callable(function: Span, opening: Span) -> Diagnostic:
    return Diagnostic(
        "G103",
        "a value and a bracket side by side are not multiplied",
        labels=[
            Label(opening, "an operator is missing before this", primary=True),
            Label(function),
        ],
        help=["write `*` between them: `2*(x + 1)`"],
    )


def not_assignable(target: Span, op: Span) -> Diagnostic:
    return Diagnostic(
        "G115",
        "this cannot be assigned to",
        labels=[Label(target, "neither a name nor entries of one", primary=True), Label(op)],
        help=["the name stands on the left: `y = x + 1`, `y[0] = x`", "compare with `==`"],
    )


def too_large(token: Token) -> Diagnostic:
    return Diagnostic(
        "G206",
        "this number is too large for a float",
        labels=[Label(span_of(token), primary=True)],
        help=["the largest is about 1.8e308; infinity is written `inf`"],
    )


def positional_after_keyword(argument: Span) -> Diagnostic:
    return Diagnostic(
        "G102",
        "an argument without a name follows one with a name",
        labels=[Label(argument, "this comes first", primary=True)],
        help=["give the named ones last: `sum(x, dim=0)`"],
    )


def repeated_keyword(argument: Argument, first: Span) -> Diagnostic:
    return Diagnostic(
        "G112",
        f"`{argument.name}` is given twice",
        labels=[Label(argument.span, "again", primary=True), Label(first, "here already")],
        help=["leave one of them out"],
    )


def leading_zero(token: Token) -> Diagnostic:
    return Diagnostic(
        "G102",
        "a whole number does not start with 0",
        labels=[Label(span_of(token), primary=True)],
        help=[f"write `{token.lstrip('0_')}`"],
    )


def backslash(token: Token) -> Diagnostic:
    offset = span_of(token)[0] + token.index("\\")
    return Diagnostic(
        "G106",
        "strings have no escapes here",
        labels=[Label((offset, offset + 1), primary=True)],
        help=["leave the `\\` out"],
    )


# Tokens in the wrong place


def unexpected(text: str, read: Sequence[Token]) -> Diagnostic:
    """The last token read, or the end, cannot stand where it does."""
    *before, token = read
    previous = before[-1] if before else None
    if token.type in TERMINALS or token.type == "KEYWORD":
        return _foreign(text, token, previous)
    if previous is None:
        return _no_value(token, f"an expression cannot start with `{token}`")
    opened = open_brackets(before)
    if previous.type == "_DOT":
        return _after_dot(previous, token)
    if opened and (token.type == "_SEMICOLON" or _on_new_line(text, previous, token)):
        return unclosed(opened[-1], previous)
    after_value = previous.type in VALUES
    if after_value and token.type in ATOMS:
        return _side_by_side(text, previous, token, opened)
    if token.type in {"ASSIGN", "AUGMENTED"} and after_value:
        return _assignment(token, opened)
    if after_value:
        return _no_operator(token, opened)
    if token in ("*", "**") and previous.type in {"LPAR", "_COMMA"}:
        return _unpacking(token)
    if token.type in _ENDS:
        return _too_early(previous)
    return _no_value(token, f"{_quoted(token)} cannot follow {_quoted(previous)}")


def _after_dot(dot: Token, token: Token) -> Diagnostic:
    if token.type in _OPERATORS and dot.end_pos == token.start_pos:
        return _dotted(dot, token, str(token))
    start, end = span_of(token) if token.type not in _ENDS else (span_of(dot)[1],) * 2
    return Diagnostic(
        "G102",
        "a name belongs after `.`",
        labels=[Label((start, end), "a name is missing here", primary=True)],
        help=["write `x.T` for the transpose, or a function: `x.sum()`"],
    )


def _dotted(dot: Token, operator: Token, plain: str) -> Diagnostic:
    return Diagnostic(
        "G102",
        f"`.{operator}` is not an operator here",
        labels=[Label((span_of(dot)[0], span_of(operator)[1]), primary=True)],
        help=[f"write `{plain}`, which works entry by entry; the matrix product is `@`"],
    )


def _side_by_side(text: str, left: Token, right: Token, opened: Sequence[Token]) -> Diagnostic:
    """``2x``, ``x y``, ``sin x``, ``[1 2]``: an operator, a bracket or a comma is missing."""
    if right.type == "STRING" and (diagnostic := _quote(right, left)):
        return diagnostic
    if left.type == "NUMBER" and left.end_pos == right.start_pos:
        if right in ("j", "J"):
            return _not_real(left, right, "complex")
        if left == "0" and re.fullmatch(r"[xXbBoO]\w*", right):
            return _not_real(left, right, "hexadecimal, octal and binary")
    start, end = span_of(left)[1], span_of(right)[0]
    advice = []
    if "STRING" not in {left.type, right.type}:
        product = f"write `{left}*{right}`" if left.type in ATOMS else "write `*` between them"
        advice.append(f"to multiply, {_rewritten(text, start, end, '*') or product}")
    if left.type == "NAME":
        advice.append(f"to call a function, write `{left}({right})`")
    if opened:
        advice.append(f"to separate them, {_rewritten(text, start, end, ', ') or 'write `,`'}")
    return Diagnostic(
        "G103",
        "there is no operator between these two",
        labels=[
            Label(span_of(right), "an operator is missing before this", primary=True),
            Label(span_of(left)),
        ],
        help=advice or ["leave one of them out"],
    )


def _not_real(left: Token, right: Token, kind: str) -> Diagnostic:
    return Diagnostic(
        "G106",
        f"{kind} numbers are not part of the language",
        labels=[Label((span_of(left)[0], span_of(right)[1]), primary=True)],
        help=["numbers are real and decimal: `16`, `0.5`, `1e-3`"],
    )


def _unpacking(token: Token) -> Diagnostic:
    return Diagnostic(
        "G106",
        f"`{token}` before an argument is not part of the language",
        labels=[Label(span_of(token), primary=True)],
        help=["write the arguments out: `f(a, b, dim=0)`"],
    )


def _assignment(token: Token, opened: Sequence[Token]) -> Diagnostic:
    advice = ["compare with `==`"] if token == "=" else []
    if opened:
        advice.append("an argument given by name looks like `sum(x, dim=0)`")
    advice.append("an assignment is a statement of its own: `y = x + 1; y**2`")
    return Diagnostic(
        "G102",
        f"`{token}` cannot stand {'inside an expression' if opened else 'here'}",
        labels=[Label(span_of(token), primary=True)],
        help=advice,
    )


def _no_operator(token: Token, opened: Sequence[Token]) -> Diagnostic:
    """Something after a value that does not go on with it."""
    if token.type == "_COMMA":
        advice = "several values stand together in brackets: `[a, b]`"
    elif token.type == "COLON":
        advice = "`:` belongs into an index: `x[1:3]`, `x[::2]`"
    elif opened:
        advice = f"here can stand an operator, `,` or `{_CLOSING[opened[-1]]}`"
    else:
        advice = "here can stand an operator, `;` or the end"
    return Diagnostic(
        "G102",
        f"{_quoted(token)} cannot stand here",
        labels=[Label(span_of(token), primary=True)],
        help=[advice],
    )


def _too_early(previous: Token) -> Diagnostic:
    _, end = span_of(previous)
    return Diagnostic(
        "G102",
        f"the expression ends after {_quoted(previous)}",
        labels=[Label((end, end), "a value is missing here", primary=True)],
        help=[f"complete it, or leave the {_quoted(previous)} out"],
    )


def _no_value(token: Token, message: str) -> Diagnostic:
    return Diagnostic(
        "G102",
        message,
        labels=[Label(span_of(token), "a value is missing before this", primary=True)],
        help=["a value is a number, a name, or anything in brackets"],
    )


def open_brackets(tokens: Sequence[Token]) -> list[Token]:
    opened: list[Token] = []
    for token in tokens:
        if token.type in {"LPAR", "LSQB"}:
            opened.append(token)
        elif token.type in {"RPAR", "RSQB"}:
            opened.pop()
    return opened


def _on_new_line(text: str, previous: Token, token: Token) -> bool:
    return bool(re.search(r"[\r\n]", text[span_of(previous)[1] : span_of(token)[0]]))


def _rewritten(text: str, start: int, end: int, by: str) -> str:
    """The text with a part replaced, as an advice; nothing if that would be too long to read."""
    if len(text) > _LONGEST_REWRITE or not text.isprintable():
        return ""
    return f"write `{text[:start]}{by}{text[end:]}`"


def _quoted(token: Token) -> str:
    return "a new line" if token.type == "_NEWLINE" else f"`{token}`"
