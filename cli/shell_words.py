"""A command line as a shell has it: the words before the cursor, and the one that it stands in."""

from __future__ import annotations

from ..grad.record import record

BARE = "%+,-./:=@^_~"  # with letters and digits, what needs no quotes in any shell
ESCAPED = '$`"\\'  # what a backslash goes before in double quotes


@record(frozen=True)
class Word:
    """A word that is being typed: what it means, how it is written, and the quote that is open.

    `since` is where the open quote begins: the offset behind it, in what is written.
    """

    text: str
    written: str
    quote: str = ""
    since: int = 0


def read(line: str) -> tuple[list[str], Word]:
    """The words of a line that ends at the cursor, and the last one, which may be empty.

    >>> read("gradcalc eval 'mean(so")
    (['gradcalc', 'eval'], Word(text='mean(so', written="'mean(so", quote="'", since=1))
    """
    words: list[str] = []
    text, quote, start, since, at = "", "", 0, 0, 0
    while at < len(line):
        character, following = line[at], line[at + 1 : at + 2]
        at += 1
        if character == quote:
            quote = ""
        elif quote == "'":
            text += character
        elif character == "\\" and (not quote or (following and following in ESCAPED)):
            text += following
            at += 1
        elif quote:
            text += character
        elif character in "'\"":
            quote, since = character, at - start
        elif character.isspace():
            if at - 1 > start:
                words.append(text)
            text, start = "", at
        else:
            text += character
    return words, Word(text, line[start:], quote, since if quote else 0)


def continued(word: Word, text: str, fixed: int = 0) -> str:
    """The word as it is written when it has become `text`, which begins with what it means now.

    What was typed stays as it is, and an open quote open. Where one is needed it is opened at the
    beginning, or behind ``NAME=``, unless so many characters are `fixed`.

    >>> continued(read("gradcalc eval x=on")[1], "x=ones(")
    "x='ones("
    """
    more = text[len(word.text) :]
    if word.quote == "'":
        return word.written + _single(more)
    if word.quote:
        return word.written + _escaped(more, ESCAPED)
    if _is_bare(more):
        return word.written + more
    at = word.written.find("=") + 1
    if at >= fixed and not any(sign in word.written for sign in "'" + ESCAPED):
        return f"{word.written[:at]}'{word.written[at:]}{_single(more)}"
    return word.written + "".join(c if _is_bare(c) else "\\" + c for c in more)


def _is_bare(text: str) -> bool:
    return all(c.isalnum() or c in BARE for c in text)


def _single(text: str) -> str:
    return text.replace("'", "'\\''")


def _escaped(text: str, special: str) -> str:
    return "".join("\\" + c if c in special else c for c in text)
