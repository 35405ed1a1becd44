"""Graphs as LaTeX formulas, for amsmath.

Parentheses come from one table of precedences. A vector is a column, so `x @ y` is ``x^{\\top} y``
and `y @ X` is ``X^{\\top} y``; products entry by entry are ``\\odot``, like powers of tensors.
What is shared is bound to a name in a line below where writing it out again would be long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..grad.node import Node, walk
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE
from ..grad.sizes import names_in
from . import latex_calls, latex_operators
from .latex_names import symbol, verbatim
from .latex_pieces import (
    APPLY,
    CASES,
    COMPARE,
    LOGIC,
    MATRIX,
    PREFIX,
    QUOTIENT,
    SCALED,
    SUM,
    SUPER,
    Page,
    Piece,
    constant,
    negative,
    superscript,
)  # fmt: skip

LONG = 2_000  # a formula longer than this is cut into named parts ...
LONGEST_REPEATED = 60  # ... and so is whatever is longer than this and occurs again

COMPARISONS = {"eq": "=", "ne": r"\ne", "lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge"}
LEADING = {"mul", "div", "matmul", "outer"}  # a minus of the first factor stands before them all
PREFIXES = {"sum": r"\sum", "prod": r"\prod"}
BRACKETS = {
    "abs": (r"\left|", r"\right|"),
    "floor": (r"\left\lfloor ", r" \right\rfloor"),
    "ceil": (r"\left\lceil ", r" \right\rceil"),
}


def print_latex(node: Node, names: Mapping[Node, str] | None = None) -> str:
    r"""A node as a LaTeX formula; `names` are printed in place of the nodes they stand for.

    >>> import gradcalc.grad.rules  # fills the table
    >>> from gradcalc.grad.ops import variable
    >>> print(print_latex(variable("X", (5, 3)).T @ variable("y", (5,)) / 5))
    \frac{X^{\top} y}{5}
    """
    return latex_program((), node, names)


def latex_program(
    lets: Sequence[tuple[str, Node]], node: Node, names: Mapping[Node, str] | None = None
) -> str:
    """A node as a formula with a line for each of `lets`, parts of it by name, inner ones first.

    Further lines are added where the formula would be too long to read.
    """
    given = names or {}
    bound = {part: name for name, part in lets}
    order = walk([*bound, node], stop=given)
    page = Page(_symbols(order, [*given.values(), *bound.values()]))
    uses = Counter(a for n in order for a in n.args)
    length: dict[Node, int] = {}
    for n in order:
        known = n in given or n in bound
        length[n] = 1 if known else 1 + sum(length[a] for a in n.args)
    share = max(length.values()) > LONG
    for n in order:
        if n in given:
            page.pieces[n] = page.symbol(given[n])
            continue
        piece = _print(n, [page.pieces[a] for a in n.args], page)
        again = uses[n] > 1 and len(piece.text) > LONGEST_REPEATED
        name = bound.get(n)
        if name is None and share and n is not node and (again or len(piece.text) > LONG):
            name = page.fresh()
        if name is not None:
            text = piece.text if piece.precedence == CASES else piece.at(SUM)
            page.lines.append(f"{page.symbols[name]} = {text}")
            piece = page.symbol(name)
        page.pieces[n] = piece
    return _program(page.pieces[node].text, page.lines)


def _program(result: str, lines: Sequence[str]) -> str:
    if not lines:
        return result
    if len(lines) == 1:
        return rf"{result} \quad\text{{where }} {lines[0]}"
    rows = [rf"& {result}", rf"& \quad\text{{where }} {lines[0]}"]
    rows += [rf"& \quad\text{{and }} {line}" for line in lines[1:]]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _symbols(order: Iterable[Node], names: Iterable[str]) -> dict[str, str]:
    """What each name is printed as, no two alike: of `w1` and `w_1` only the first is w_{1}."""
    found = dict.fromkeys(names)
    for node in order:
        if node.op is VARIABLE:
            found[node.attr("name")] = None
        sizes = (node.attr("size"),) if node.op is DIMENSION else node.shape
        for size in sizes:
            found |= dict.fromkeys(sorted(names_in(size)))
    symbols: dict[str, str] = {}
    for name in found:
        text = symbol(name)
        symbols[name] = text if text not in symbols.values() else verbatim(name)
    return symbols


# --- one operation -----------------------------------------------------------------------------


def _print(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    """One operation, its arguments already printed."""
    op = node.op
    if op is VARIABLE:
        return page.symbol(node.attr("name"))
    if op is DIMENSION:
        return page.size(node.attr("size"))
    if op is CONSTANT:
        return constant(node.attr("value"))
    if op.name in COMPARISONS:
        return Piece(f"{args[0].at(SUM)} {COMPARISONS[op.name]} {args[1].at(SUM)}", COMPARE)
    if op.name in BRACKETS:
        opening, closing = BRACKETS[op.name]
        return Piece(f"{opening}{args[0].text}{closing}")
    if op.name in PREFIXES:
        return Piece(f"{PREFIXES[op.name]}{latex_calls.axes(node)} {args[0].at(MATRIX)}", PREFIX)
    first = args[0].opposite if args else None
    if op.name in LEADING and first:
        return negative(_WRITTEN[op.name](node, [first, *args[1:]], page))
    if op.name in _WRITTEN:
        return _WRITTEN[op.name](node, args, page)
    return latex_calls.call(node, args, page)


def _as(write: Callable[[str], str], precedence: int) -> Callable[..., Piece]:
    """A formula around the one argument, which needs no parentheses there."""
    return lambda node, args, page: Piece(write(args[0].text), precedence)


_WRITTEN: dict[str, Callable[[Node, Sequence[Piece], Page], Piece]] = {
    "add": latex_operators.signed("+", "-"),
    "sub": latex_operators.signed("-", "+"),
    "neg": lambda node, args, page: negative(args[0]),
    "mul": latex_operators.product,
    "multiply_no_nan": latex_operators.product,
    "div": latex_operators.quotient,
    "floor_divide": lambda node, args, page: Piece(
        rf"\left\lfloor {latex_operators.fraction(*args).text} \right\rfloor"
    ),
    "remainder": lambda node, args, page: Piece(
        rf"{args[0].at(APPLY)} \bmod {args[1].at(APPLY)}", QUOTIENT
    ),
    "pow": latex_operators.power,
    "square": latex_operators.square,
    "reciprocal": _as(lambda x: rf"\frac{{1}}{{{x}}}", SCALED),
    "sqrt": _as(lambda x: rf"\sqrt{{{x}}}", SUPER),
    "rsqrt": _as(lambda x: rf"\frac{{1}}{{\sqrt{{{x}}}}}", SCALED),
    "cbrt": _as(lambda x: rf"\sqrt[3]{{{x}}}", SUPER),
    "log1p": latex_operators.log1p,
    "expm1": _as(lambda x: rf"\exp\left({x}\right) - 1", SUM),
    "exp2": lambda node, args, page: superscript(
        Piece("2"), (r"\odot " if node.shape else "") + args[0].text
    ),
    "matmul": latex_operators.matmul,
    "dot": latex_operators.matmul,
    "vdot": latex_operators.matmul,
    "outer": latex_operators.outer,
    "inv": latex_operators.inverse,
    "pinv": latex_operators.pseudoinverse,
    "norm": latex_operators.norm,
    "solve": latex_operators.solve,
    "matrix_power": lambda node, args, page: superscript(args[0], str(node.attr("n"))),
    "einsum": latex_calls.einsum,
    "logical_and": latex_operators.logic(r"\land"),
    "logical_or": latex_operators.logic(r"\lor"),
    "logical_not": lambda node, args, page: Piece(rf"\lnot {args[0].at(APPLY)}", LOGIC),
    "where": latex_operators.where,
    "permute": latex_calls.permute,
    "unsqueeze": latex_calls.unsqueeze,
    "index": latex_calls.index,
    "index_set": latex_calls.update(":="),
    "index_add": latex_calls.update(r"\mathrel{+{=}}"),
    "zeros": latex_calls.filled("0"),
    "zeros_like": latex_calls.filled("0"),
    "ones": latex_calls.filled("1"),
    "ones_like": latex_calls.filled("1"),
    "eye": latex_calls.eye,
    "diagonal": latex_calls.diagonal,
    "diag_embed": latex_calls.diagonal,
    "broadcast_to": latex_calls.broadcast,
}
