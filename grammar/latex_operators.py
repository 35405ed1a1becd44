"""Operators as LaTeX writes them: sums, products, fractions, powers, matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..grad.node import Node
from ..grad.ops import is_constant
from .latex_calls import axes, call
from .latex_pieces import (
    APPLY,
    CASES,
    COMPARE,
    HADAMARD,
    LOGIC,
    MATRIX,
    PREFIX,
    QUOTIENT,
    SCALED,
    SUB,
    SUM,
    SUPER,
    Page,
    Piece,
    negative,
    number,
    scaled,
    superscript,
)  # fmt: skip


def signed(sign: str, other: str) -> Callable[..., Piece]:
    """A sum or difference; the negative of a term is taken off, or added, instead."""

    def piece(node: Node, args: Sequence[Piece], page: Page) -> Piece:
        x, y = args
        if y.opposite:
            return Piece(f"{x.at(SUM)} {other} {y.opposite.text}", SUM)
        return Piece(f"{x.at(SUM)} {sign} {y.at(PREFIX)}", SUM)

    return piece


def product(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    """Numbers stand before what they scale; of two tensors it is the product entry by entry."""
    (x, y), (left, right) = node.args, args
    if x.shape and y.shape:
        factors = (p.text if p.precedence == HADAMARD else p.at(SCALED) for p in args)
        return Piece(r" \odot ".join(factors), HADAMARD)
    if x.shape or (is_constant(y) and not is_constant(x)):
        x, left, right = y, right, left
    if is_constant(x) and left.opposite:
        return negative(scaled(left.opposite, right))
    return scaled(left, right)


def quotient(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    if all(a.shape for a in node.args):
        return Piece(rf"{args[0].at(SCALED)} \oslash {args[1].at(SCALED)}", QUOTIENT)
    return fraction(args[0], args[1])


def fraction(above: Piece, below: Piece) -> Piece:
    return Piece(rf"\frac{{{above.text}}}{{{below.text}}}", SCALED)


def power(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    return superscript(args[0], (r"\odot " if node.shape else "") + args[1].text)


def square(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    return superscript(args[0], r"\odot 2" if node.shape else "2")


def _juxtaposed(left: Piece, right: Piece) -> Piece:
    """A matrix product; it is associative, so that chains need no parentheses."""
    chain = right.precedence == MATRIX and not right.text[0].isdigit()
    return Piece(f"{left.at(MATRIX)} {right.text if chain else right.at(APPLY)}", MATRIX)


def matmul(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    ranks = tuple(a.ndim for a in node.args)
    x, y = args
    if max(ranks) > 2:  # products of a batch: a vector in between would read as a matrix
        return Piece(f"{x.at(SCALED)} {y.at(APPLY)}", MATRIX)
    if ranks == (1, 2):
        product = _juxtaposed(y.transposed, x)
        return Piece(product.text, MATRIX, _juxtaposed(x.transposed, y))
    if ranks == (2, 1):
        product = _juxtaposed(x, y)
        return Piece(product.text, MATRIX, _juxtaposed(y.transposed, x.transposed))
    return _juxtaposed(x.transposed if ranks == (1, 1) else x, y)


def outer(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    return _juxtaposed(args[0], args[1].transposed)


def log1p(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    inside = signed("+", "-")(node, [Piece("1"), args[0]], page)
    return Piece(rf"\log\left({inside.text}\right)", APPLY)


def inverse(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    x = args[0]
    if node.args[0].op.name == "permute" and x.transpose:
        return Piece(superscript(x.transpose, r"-\top").text, SUPER, superscript(x.transpose, "-1"))
    return Piece(superscript(x, "-1").text, SUPER, superscript(x, r"-\top"))


def solve(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    inverted = inverse(node, args, page)
    if not node.attr("left"):
        return _juxtaposed(args[1], inverted)
    product = _juxtaposed(inverted, args[1])
    if node.ndim > 1:
        return product
    return Piece(product.text, MATRIX, _juxtaposed(args[1].transposed, inverted.transposed))


def pseudoinverse(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    if node.attr("rtol") is node.attr("atol") is None:
        return superscript(args[0], "+")
    return call(node, args, page)


def norm(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    order = number(node.attr("p")).text
    below = axes(node).removeprefix("_{").removesuffix("}")
    return Piece(rf"\left\|{args[0].text}\right\|_{{{order}{',' * bool(below)}{below}}}", SUB)


def logic(sign: str) -> Callable[..., Piece]:
    def piece(node: Node, args: Sequence[Piece], page: Page) -> Piece:
        return Piece(f"{args[0].at(COMPARE)} {sign} {args[1].at(COMPARE)}", LOGIC)

    return piece


def where(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    x, y = (a.text if a.precedence == CASES else a.at(SUM) for a in args[1:])
    condition = args[0].text
    rows = rf"{x} & \text{{if }} {condition} \\ {y} & \text{{otherwise}}"
    return Piece(rf"\begin{{cases}} {rows} \end{{cases}}", CASES)
