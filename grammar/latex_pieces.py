"""What LaTeX formulas are put together from: pieces with a precedence, names, numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..grad.node import Node

# how tightly the outermost sign of a formula binds, from cases to a single letter
(
    CASES, LOGIC, COMPARE, SUM, PREFIX, QUOTIENT, HADAMARD, MATRIX, SCALED, APPLY, SUPER, SUB, ATOM,
) = range(13)  # fmt: skip

NUMBERS = {math.pi: r"\pi", math.e: r"\mathrm{e}", math.inf: r"\infty"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A formula with the precedence of its outermost sign; its transpose, where that is shorter
    than a superscript; what it is the negative of, if it is one term behind a minus."""

    text: str
    precedence: int = ATOM
    transpose: Piece | None = None
    opposite: Piece | None = None

    def at(self, least: int) -> str:
        """The formula as an operand that has to bind at least so tightly."""
        if self.precedence >= least:
            return self.text
        if self.precedence in (LOGIC, COMPARE) and least > COMPARE:
            return rf"\left[{self.text}\right]"  # 1 where it holds, 0 elsewhere
        return rf"\left({self.text}\right)"

    @property
    def transposed(self) -> Piece:
        return self.transpose or superscript(self, r"\top")


@dataclass(slots=True)
class Page:
    """What is written so far: symbols of names, lines that bind them, a formula for each node."""

    symbols: dict[str, str]
    lines: list[str] = field(default_factory=list)
    pieces: dict[Node, Piece] = field(default_factory=dict)

    def symbol(self, name: str) -> Piece:
        text = self.symbols[name]
        return Piece(text, SUB if text.endswith("}") and "_{" in text else ATOM)

    def fresh(self) -> str:
        """A name that is not in use."""
        taken = set(self.symbols.values())
        k = len(self.lines) + 1
        while f"t{k}" in self.symbols or f"t_{{{k}}}" in taken:
            k += 1
        self.symbols[f"t{k}"] = f"t_{{{k}}}"
        return f"t{k}"

    def size(self, size: Any) -> Piece:
        """A size: a number, or a polynomial in named sizes."""
        if isinstance(size, int):
            return Piece(str(size))
        terms = [
            " ".join(f if f.isdigit() else self.symbols[f] for f in term.split("*"))
            for term in size.split(" + ")
        ]
        return Piece(" + ".join(terms), SUM if len(terms) > 1 else SCALED if "*" in size else ATOM)

    def shape(self, shape: Sequence[Any]) -> str:
        return r" \times ".join(self.size(s).at(ATOM) for s in shape)


# --- how pieces are joined ----------------------------------------------------------------------


def negative(piece: Piece) -> Piece:
    term = Piece(piece.at(PREFIX), max(piece.precedence, PREFIX))
    return Piece(f"-{term.text}", SUM, opposite=term)


def scaled(left: Piece, right: Piece) -> Piece:
    """A number times something, which may end in a sum or a product of its own."""
    first, second = left.at(SCALED), right.at(PREFIX)
    number = first[-1].isdigit() or first.startswith((r"\frac", "10^"))
    dot = second[0].isdigit() or (number and second.startswith(r"\frac"))
    loose = right.precedence if right.precedence >= PREFIX else SCALED
    return Piece(rf"{first} \cdot {second}" if dot else f"{first} {second}", min(SCALED, loose))


def superscript(base: Piece, exponent: str) -> Piece:
    return Piece(f"{base.at(SUB)}^{{{exponent}}}", SUPER)


# --- numbers -----------------------------------------------------------------------------------


def constant(value: Any) -> Piece:
    if isinstance(value, np.ndarray):
        return Piece(array(value), ATOM)
    return number(value)


def number(value: Any) -> Piece:
    """A number: 2, 0.5, 1.5 \\cdot 10^{-7}, \\pi."""
    if isinstance(value, bool):
        return Piece(rf"\mathrm{{{str(value).lower()}}}")
    if value != value:
        return Piece(r"\mathrm{nan}")
    sign, size = ("-", -value) if math.copysign(1, value) < 0 else ("", value)
    text, precedence = NUMBERS.get(size, ""), ATOM
    if not text:
        digits, _, exponent = repr(size).removesuffix(".0").partition("e")
        text = digits
        if exponent:
            power = f"10^{{{int(exponent)}}}"
            text = power if digits == "1" else rf"{digits} \cdot {power}"
            precedence = SUPER if digits == "1" else SCALED
    if sign:
        return negative(Piece(text, precedence))
    return Piece(text, precedence)


def array(value: Any) -> str:
    """An array: a vector as (1, 2), a matrix as rows, more axes as nested brackets."""
    flat = [number(v).text for v in value.ravel().tolist()]
    if value.ndim == 1:
        return rf"\left({', '.join(flat)}\right)"
    if value.ndim == 2 and flat:
        columns = value.shape[1]
        rows = [" & ".join(flat[i : i + columns]) for i in range(0, len(flat), columns)]
        inside = r" \\ ".join(rows)
        return rf"\left[\begin{{array}}{{{'c' * columns}}}{inside}\end{{array}}\right]"
    for size in reversed(value.shape):
        step = size or 1
        flat = [rf"\left[{', '.join(flat[i : i + step])}\right]" for i in range(0, len(flat), step)]
        flat = flat or [r"\left[\right]"]
    return flat[0]
