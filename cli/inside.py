"""What a name inside an expression may become: functions, names, keywords, attributes.

The text before the cursor is no whole expression, so it is not parsed, but cut into tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from ..grad.record import record
from ..grammar.syntax import CONSTANTS, MODULES
from ..grammar.vocabulary import WORDS

ATTRIBUTES = {
    "T": "Transpose.",
    "mT": "Transpose of the last two axes.",
    "shape": "The sizes of all axes.",
    "ndim": "The number of axes.",
}

NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(
    rf"""(?P<text>'[^'\n]*'?|"[^"\n]*"?)|(?P<remark>\#.*)|\d[\w.]*|(?P<dotted>\.\s*{NAME})"""
    rf"""|(?P<name>{NAME})|==|[^\s]"""
)


@record(frozen=True)
class Candidate:
    """What the word may become; `goes_on` says that more of it has to be typed."""

    text: str
    shown: str
    about: str = ""
    goes_on: bool = False


def inside(text: str) -> Iterator[Candidate]:
    """What the name at the end of an expression may become.

    >>> [c.text for c in inside("mean(softs")]
    ['mean(softshrink(', 'mean(softsign(']
    """
    tokens = list(_TOKEN.finditer(text))
    word = ""
    if tokens and tokens[-1].end() == len(text):
        last = tokens[-1]
        if last["text"] or last["remark"]:
            return
        word = last["name"] or (last["dotted"] or "").removeprefix(".").lstrip()
        if not word and last[0][0].isdigit():
            return
        dotted = bool(last["dotted"]) or last[0] == "."
        tokens = tokens[:-1] if word or dotted else tokens
    else:
        dotted = False
    before = text[: len(text) - len(word)]
    found = _after_dot(tokens) if dotted else _plain(tokens, word)
    for candidate in found:
        if candidate.text.startswith(word):
            yield Candidate(before + candidate.text, candidate.shown, candidate.about, True)


def _plain(tokens: Sequence[re.Match[str]], word: str) -> Iterator[Candidate]:
    """Names, keywords of the call around, and functions once a letter of one is typed."""
    for name in dict.fromkeys(_names(tokens)):
        if name not in CONSTANTS | MODULES:
            yield Candidate(name, name)
    for keyword in _keywords(_called(tokens)):
        yield Candidate(f"{keyword}=", f"{keyword}=")
    if word:
        yield from (Candidate(name, name, "Constant.") for name in sorted(CONSTANTS))
        yield from (function(name) for name in WORDS)


def _names(tokens: Sequence[re.Match[str]]) -> Iterator[str]:
    """Names that are no functions, and no keywords of a call."""
    depth = 0
    for token, following in zip_longest(tokens, tokens[1:]):
        depth += (token[0] in "([") - (token[0] in ")]")
        sign = following[0] if following else ""
        if token["name"] and sign != "(" and not (sign == "=" and depth):
            yield token["name"]


def _after_dot(tokens: Sequence[re.Match[str]]) -> Iterator[Candidate]:
    """Functions of a module, or methods and attributes of a tensor."""
    if tokens and tokens[-1]["name"] in MODULES:
        yield from (function(name) for name in WORDS)
        return
    yield from (Candidate(name, name, about) for name, about in ATTRIBUTES.items())
    for name, (signature, _) in WORDS.items():
        first = re.match(r"\w+\((\w+)", signature)
        if first and first[1] in ("x", "input", "xs"):
            yield function(name, method=True)


def function(name: str, method: bool = False, call: bool = True) -> Candidate:
    """A function by its name, with the bracket of a call."""
    signature, doc = WORDS[name]
    if method:  # the tensor stands before the dot
        signature = re.sub(r"\(\w+(, )?", "(", signature, count=1)
    return Candidate(name + "(" * call, signature, doc, goes_on=call)


def _called(tokens: Sequence[re.Match[str]]) -> str:
    """The function whose arguments are being typed; "" where there is none."""
    depth = 0
    for k in range(len(tokens) - 1, -1, -1):
        sign = tokens[k][0]
        if sign in ")]":
            depth += 1
        elif sign in "([":
            depth -= 1
            if depth < 0:
                name = tokens[k - 1] if k else None
                return (name["name"] or name["dotted"] or "").strip(". ") if name else ""
    return ""


def _keywords(function: str) -> list[str]:
    """The arguments that are usually given by name: those with a default."""
    signature = WORDS.get(function, ("", ""))[0]
    return re.findall(r"(\w+)=", signature)
