"""Graphs as LaTeX formulas, for amsmath.

Parentheses come from one table of precedences. A vector is a column, so `x @ y` is ``x^{\\top} y``
and `y @ X` is ``X^{\\top} y``; products entry by entry are ``\\odot``, like powers of tensors.
What is shared is bound to a name in a line below where writing it out again would be long.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..grad.node import Node, walk
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE, is_constant
from ..grad.sizes import names_in
from .latex_names import symbol, verbatim

# how tightly the outermost sign of a formula binds, from cases to a single letter
(
    CASES, LOGIC, COMPARE, SUM, PREFIX, QUOTIENT, HADAMARD, MATRIX, SCALED, APPLY, SUPER, SUB, ATOM,
) = range(13)  # fmt: skip

LONG = 2_000  # a formula longer than this is cut into named parts ...
LONGEST_REPEATED = 60  # ... and so is whatever is longer than this and occurs again

COMPARISONS = {"eq": "=", "ne": r"\ne", "lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge"}
# functions TeX knows by name; any other is set with \operatorname
KNOWN = {
    "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "arcsin": r"\arcsin", "arccos": r"\arccos",
    "arctan": r"\arctan", "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "exp": r"\exp",
    "log": r"\log", "log2": r"\log_{2}", "log10": r"\log_{10}", "det": r"\det",
    "logdet": r"\log\det", "trace": r"\operatorname{tr}", "lgamma": r"\log\Gamma",
    "maximum": r"\max", "minimum": r"\min", "max": r"\max", "min": r"\min",
    "arctan2": r"\operatorname{atan2}",
}  # fmt: skip
LEADING = {"mul", "div", "matmul", "outer"}  # a minus of the first factor stands before them all
PREFIXES = {"sum": r"\sum", "prod": r"\prod"}
BRACKETS = {
    "abs": (r"\left|", r"\right|"),
    "floor": (r"\left\lfloor ", r" \right\rfloor"),
    "ceil": (r"\left\lceil ", r" \right\rceil"),
}
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
        return self.transpose or _super(self, r"\top")


@dataclass(slots=True)
class _Page:
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
    page = _Page(_symbols(order, [*given.values(), *bound.values()]))
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


# --- names and numbers -------------------------------------------------------------------------


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


def _constant(value: Any) -> Piece:
    if isinstance(value, np.ndarray):
        return Piece(_array(value), ATOM)
    return _number(value)


def _number(value: Any) -> Piece:
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
        return _negative(Piece(text, precedence))
    return Piece(text, precedence)


def _array(value: Any) -> str:
    """An array: a vector as (1, 2), a matrix as rows, more axes as nested brackets."""
    flat = [_number(v).text for v in value.ravel().tolist()]
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


# --- operators ---------------------------------------------------------------------------------


def _print(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    """One operation, its arguments already printed."""
    op = node.op
    if op is VARIABLE:
        return page.symbol(node.attr("name"))
    if op is DIMENSION:
        return page.size(node.attr("size"))
    if op is CONSTANT:
        return _constant(node.attr("value"))
    if op.name in COMPARISONS:
        return Piece(f"{args[0].at(SUM)} {COMPARISONS[op.name]} {args[1].at(SUM)}", COMPARE)
    if op.name in BRACKETS:
        opening, closing = BRACKETS[op.name]
        return Piece(f"{opening}{args[0].text}{closing}")
    if op.name in PREFIXES:
        return Piece(f"{PREFIXES[op.name]}{_axes(node)} {args[0].at(MATRIX)}", PREFIX)
    first = args[0].opposite if args else None
    if op.name in LEADING and first:
        return _negative(_WRITTEN[op.name](node, [first, *args[1:]], page))
    if op.name in _WRITTEN:
        return _WRITTEN[op.name](node, args, page)
    return _call(node, args, page)


def _sum(sign: str, other: str) -> Callable[..., Piece]:
    """A sum or difference; the negative of a term is taken off, or added, instead."""

    def piece(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
        x, y = args
        if y.opposite:
            return Piece(f"{x.at(SUM)} {other} {y.opposite.text}", SUM)
        return Piece(f"{x.at(SUM)} {sign} {y.at(PREFIX)}", SUM)

    return piece


def _product(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    """Numbers stand before what they scale; of two tensors it is the product entry by entry."""
    (x, y), (left, right) = node.args, args
    if x.shape and y.shape:
        factors = (p.text if p.precedence == HADAMARD else p.at(SCALED) for p in args)
        return Piece(r" \odot ".join(factors), HADAMARD)
    if x.shape or (is_constant(y) and not is_constant(x)):
        x, left, right = y, right, left
    if is_constant(x) and left.opposite:
        return _negative(_scaled(left.opposite, right))
    return _scaled(left, right)


def _negative(piece: Piece) -> Piece:
    term = Piece(piece.at(PREFIX), max(piece.precedence, PREFIX))
    return Piece(f"-{term.text}", SUM, opposite=term)


def _scaled(left: Piece, right: Piece) -> Piece:
    """A number times something, which may end in a sum or a product of its own."""
    first, second = left.at(SCALED), right.at(PREFIX)
    number = first[-1].isdigit() or first.startswith((r"\frac", "10^"))
    dot = second[0].isdigit() or (number and second.startswith(r"\frac"))
    loose = right.precedence if right.precedence >= PREFIX else SCALED
    return Piece(rf"{first} \cdot {second}" if dot else f"{first} {second}", min(SCALED, loose))


def _quotient(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    if all(a.shape for a in node.args):
        return Piece(rf"{args[0].at(SCALED)} \oslash {args[1].at(SCALED)}", QUOTIENT)
    return _fraction(args[0], args[1])


def _fraction(above: Piece, below: Piece) -> Piece:
    return Piece(rf"\frac{{{above.text}}}{{{below.text}}}", SCALED)


def _super(base: Piece, exponent: str) -> Piece:
    return Piece(f"{base.at(SUB)}^{{{exponent}}}", SUPER)


def _power(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    return _super(args[0], (r"\odot " if node.shape else "") + args[1].text)


def _square(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    return _super(args[0], r"\odot 2" if node.shape else "2")


def _juxtaposed(left: Piece, right: Piece) -> Piece:
    """A matrix product; it is associative, so that chains need no parentheses."""
    chain = right.precedence == MATRIX and not right.text[0].isdigit()
    return Piece(f"{left.at(MATRIX)} {right.text if chain else right.at(APPLY)}", MATRIX)


def _matmul(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
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


def _outer(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    return _juxtaposed(args[0], args[1].transposed)


def _log1p(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    inside = _sum("+", "-")(node, [Piece("1"), args[0]], page)
    return Piece(rf"\log\left({inside.text}\right)", APPLY)


def _inverse(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    x = args[0]
    if node.args[0].op.name == "permute" and x.transpose:
        return Piece(_super(x.transpose, r"-\top").text, SUPER, _super(x.transpose, "-1"))
    return Piece(_super(x, "-1").text, SUPER, _super(x, r"-\top"))


def _solve(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    inverse = _inverse(node, args, page)
    if not node.attr("left"):
        return _juxtaposed(args[1], inverse)
    product = _juxtaposed(inverse, args[1])
    if node.ndim > 1:
        return product
    return Piece(product.text, MATRIX, _juxtaposed(args[1].transposed, inverse.transposed))


def _pseudoinverse(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    if node.attr("rtol") is node.attr("atol") is None:
        return _super(args[0], "+")
    return _call(node, args, page)


def _norm(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    order = _number(node.attr("p")).text
    axes = _axes(node).removeprefix("_{").removesuffix("}")
    return Piece(rf"\left\|{args[0].text}\right\|_{{{order}{',' * bool(axes)}{axes}}}", SUB)


def _logic(sign: str) -> Callable[..., Piece]:
    def piece(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
        return Piece(f"{args[0].at(COMPARE)} {sign} {args[1].at(COMPARE)}", LOGIC)

    return piece


def _where(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    x, y = (a.text if a.precedence == CASES else a.at(SUM) for a in args[1:])
    condition = args[0].text
    rows = rf"{x} & \text{{if }} {condition} \\ {y} & \text{{otherwise}}"
    return Piece(rf"\begin{{cases}} {rows} \end{{cases}}", CASES)


# --- calls, axes and indices -------------------------------------------------------------------


def _name(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return KNOWN.get(name) or rf"\operatorname{{{escaped}}}"


def _axes(node: Node) -> str:
    """The axes an operation works along as a subscript, counted from the front; "" for all."""
    notes = []
    attrs = dict(node.attrs)
    for p in node.op.signature.parameters:
        value = attrs.get(p.name)
        if not p.type.startswith("ax") or not node.args or value is None:
            continue
        rank = node.ndim if node.op.name == "stack" else node.args[0].ndim
        if rank == 1:
            continue  # a vector has no other axis
        axes = value if isinstance(value, tuple) else (value,)
        front = ", ".join(str(a + rank if -rank <= a < 0 else a) for a in axes)
        if front and not (p.default is None and len(axes) == rank):
            notes.append(f"{'axis' if len(axes) == 1 else 'axes'} {front}")
    if attrs.get("keepdim"):
        notes.append("kept")
    return rf"_{{\text{{{', '.join(notes)}}}}}" if notes else ""


def _call(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    """A function with its tensors in parentheses, axes and shapes below its name."""
    attrs = dict(node.attrs)
    given = attrs.get("given", ())
    left = [a.text for a in args]
    words: list[str] = []
    below = _axes(node)
    for p in node.op.signature.parameters:
        if p.type == "tensor?":
            if p.name in given:
                words.append(f"{_keyword(p.name)} = {left.pop(0)}")
        elif p.type == "tensors":
            words, left = [*words, *left], []
        elif p.is_tensor:
            words.append(left.pop(0))
        elif p.type == "shape":
            below += f"_{{{page.shape(attrs[p.name])}}}" if attrs[p.name] else ""
        elif not p.type.startswith("ax") and p.name != "keepdim" and attrs[p.name] != p.default:
            words.append(f"{_keyword(p.name)} = {_static(attrs[p.name], p.type, page)}")
    return Piece(rf"{_name(node.op.name)}{below}\left({', '.join(words)}\right)", APPLY)


def _keyword(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"


def _static(value: Any, type_: str, page: _Page) -> str:
    if isinstance(value, tuple):
        return rf"\left({', '.join(_static(v, type_, page) for v in value)}\right)"
    if isinstance(value, str):
        return page.size(value).text if type_.startswith("int") else _quoted(value)
    return r"\mathrm{none}" if value is None else _constant(value).text


def _quoted(text: str) -> str:
    escaped = re.sub(r"([#$%&_{}])", r"\\\1", text)
    return rf"\text{{{escaped}}}"


def _einsum(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    letters = node.attr("equation").replace("->", r" \to ").replace("...", r"\ldots ")
    inside = ", ".join(a.text for a in args)
    return Piece(rf"\operatorname{{einsum}}_{{{letters}}}\left({inside}\right)", APPLY)


def _permute(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    dims: tuple[int, ...] = node.attr("dims")
    rank = len(dims)
    if dims == (*range(-rank, -2), -1, -2):
        return Piece(args[0].transposed.text, args[0].transposed.precedence, args[0])
    order = ",".join(str(d + rank) for d in dims)
    return Piece(rf"\operatorname{{permute}}_{{{order}}}\left({args[0].text}\right)", APPLY)


def _below(base: Piece, entries: str, page: _Page) -> Piece:
    """Entries as a subscript, in brackets where that would look like a variable's own."""
    text = f"{base.at(ATOM)}_{{{entries}}}"
    if text in page.symbols.values():
        text = rf"{base.at(ATOM)}_{{\left[{entries}\right]}}"
    return Piece(text, SUB)


def _unsqueeze(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    new = {d + node.ndim for d in node.attr("dim")}
    entries = [r"\text{None}" if i in new else "{:}" for i in range(node.ndim)]
    return _below(args[0], ", ".join(entries), page)


def _entries(index: Sequence[Any]) -> str:
    words = []
    for entry in index:
        if not isinstance(entry, tuple):
            words.append(str(entry))
        elif entry[0] == "array":
            words.append(_array(np.array(entry[1], int)))
        else:
            start, stop, step = ("" if e is None else str(e) for e in entry[1:])
            words.append(f"{start}{{:}}{stop}" + (f"{{:}}{step}" if step else ""))
    return ", ".join(words) or r"\ldots"


def _index(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    return _below(args[0], _entries(node.attr("index")), page)


def _update(sign: str) -> Callable[..., Piece]:
    """A tensor with some entries replaced or added to, as a substitution."""

    def piece(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
        at = f"{_entries(node.attr('index'))} {sign} {args[1].text}"
        return Piece(rf"{args[0].at(ATOM)}\left[{at}\right]", ATOM)

    return piece


def _filled(digit: str) -> Callable[..., Piece]:
    def piece(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
        below = page.shape(node.shape)
        return Piece(rf"\mathbf{{{digit}}}" + (f"_{{{below}}}" if below else ""), SUB)

    return piece


def _eye(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    if node.attr("k"):
        return _call(node, args, page)
    rows, columns = node.shape
    return Piece(rf"\mathbf{{I}}_{{{page.shape((rows,) if rows == columns else node.shape)}}}", SUB)


def _diagonal(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    """`diag` of a matrix is its diagonal, of a vector the matrix that has it."""
    if max(node.ndim, node.args[0].ndim) > 2:
        return _call(node, args, page)
    offset = f", {node.attr('offset')}" if node.attr("offset") else ""
    return Piece(rf"\operatorname{{diag}}\left({args[0].text}{offset}\right)", APPLY)


def _broadcast(node: Node, args: Sequence[Piece], page: _Page) -> Piece:
    """A number at every entry is a multiple of ones; a tensor is repeated."""
    shape = page.shape(node.shape)
    if not node.args[0].shape:
        return _scaled(args[0], Piece(rf"\mathbf{{1}}_{{{shape}}}", SUB))
    return Piece(rf"\operatorname{{broadcast}}_{{{shape}}}\left({args[0].text}\right)", APPLY)


def _as(write: Callable[[str], str], precedence: int) -> Callable[..., Piece]:
    """A formula around the one argument, which needs no parentheses there."""
    return lambda node, args, page: Piece(write(args[0].text), precedence)


_WRITTEN: dict[str, Callable[[Node, Sequence[Piece], _Page], Piece]] = {
    "add": _sum("+", "-"),
    "sub": _sum("-", "+"),
    "neg": lambda node, args, page: _negative(args[0]),
    "mul": _product,
    "multiply_no_nan": _product,
    "div": _quotient,
    "floor_divide": lambda node, args, page: Piece(
        rf"\left\lfloor {_fraction(*args).text} \right\rfloor"
    ),
    "remainder": lambda node, args, page: Piece(
        rf"{args[0].at(APPLY)} \bmod {args[1].at(APPLY)}", QUOTIENT
    ),
    "pow": _power,
    "square": _square,
    "reciprocal": _as(lambda x: rf"\frac{{1}}{{{x}}}", SCALED),
    "sqrt": _as(lambda x: rf"\sqrt{{{x}}}", SUPER),
    "rsqrt": _as(lambda x: rf"\frac{{1}}{{\sqrt{{{x}}}}}", SCALED),
    "cbrt": _as(lambda x: rf"\sqrt[3]{{{x}}}", SUPER),
    "log1p": _log1p,
    "expm1": _as(lambda x: rf"\exp\left({x}\right) - 1", SUM),
    "exp2": lambda node, args, page: _super(
        Piece("2"), (r"\odot " if node.shape else "") + args[0].text
    ),
    "matmul": _matmul,
    "dot": _matmul,
    "vdot": _matmul,
    "outer": _outer,
    "inv": _inverse,
    "pinv": _pseudoinverse,
    "norm": _norm,
    "solve": _solve,
    "matrix_power": lambda node, args, page: _super(args[0], str(node.attr("n"))),
    "einsum": _einsum,
    "logical_and": _logic(r"\land"),
    "logical_or": _logic(r"\lor"),
    "logical_not": lambda node, args, page: Piece(rf"\lnot {args[0].at(APPLY)}", LOGIC),
    "where": _where,
    "permute": _permute,
    "unsqueeze": _unsqueeze,
    "index": _index,
    "index_set": _update(":="),
    "index_add": _update(r"\mathrel{+{=}}"),
    "zeros": _filled("0"),
    "zeros_like": _filled("0"),
    "ones": _filled("1"),
    "ones_like": _filled("1"),
    "eye": _eye,
    "diagonal": _diagonal,
    "diag_embed": _diagonal,
    "broadcast_to": _broadcast,
}
