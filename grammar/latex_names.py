"""Names as mathematicians set them in LaTeX: Greek letters, accents, subscripts."""

from __future__ import annotations

import re
import unicodedata

GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
}  # fmt: skip
ACCENTS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar",
    "\u0306": "breve", "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check",
    "\u20d7": "vec",
}  # fmt: skip


def symbol(name: str) -> str:
    r"""A name as mathematicians set it: ``\alpha``, ``w_{1}``, ``x_{\mathrm{max}}``, ``\hat{y}``.

    >>> print(symbol("alpha"), symbol("w1"), symbol("loss"), symbol("x_0_max"))
    \alpha w_{1} \mathit{loss} x_{0,\mathrm{max}}
    """
    word = unicodedata.normalize("NFKC", name)
    base, *below = word.split("_")
    if not base or not all(below):
        return verbatim(name)
    digits = re.fullmatch(r"(\D+)(\d+)", base)
    if digits:
        base, below = digits[1], [digits[2], *below]
    text = _letter(base) or (rf"\mathit{{{base}}}" if base.isascii() else rf"\text{{{base}}}")
    if not below:
        return text
    inside = [part if part.isdigit() else _letter(part) or upright(part) for part in below]
    return f"{text}_{{{','.join(inside)}}}"


def _letter(word: str) -> str:
    """A single letter, perhaps with an accent, or the name of one; "" for any other word."""
    if word in GREEK:
        return f"\\{word}"
    letters = unicodedata.normalize("NFD", word)
    letter, marks = letters[0], letters[1:]
    if any(m not in ACCENTS for m in marks):
        return ""
    if not letter.isascii():
        letter = _greek(letter)
    for mark in marks:
        letter = letter and rf"\{ACCENTS[mark]}{{{letter}}}"
    return letter


def _greek(letter: str) -> str:
    """The command for a Greek letter; "" for a letter of another alphabet."""
    described = unicodedata.name(letter, "").replace("LAMDA", "LAMBDA")
    match = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", described)
    if not match:
        return ""
    word = match[2].lower() if match[1] == "SMALL" else match[2].capitalize()
    return f"\\{word}" if word in GREEK else ""


def upright(word: str) -> str:
    return rf"\mathrm{{{word}}}" if word.isascii() else rf"\text{{{word}}}"


def verbatim(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return rf"\mathtt{{{escaped}}}" if name.isascii() else rf"\text{{{escaped}}}"
