"""Graphs as text of the language, such that parsing the text gives the same graph.

Parentheses come from one table of precedences, Python's. What is shared is bound to a name where
writing it out again would make the text long.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..grad.node import Node, walk
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE

COMPARE, SUM, PRODUCT, UNARY, POWER, POSTFIX, ATOM = range(1, 8)

# precedence of the operator, and the least its operands need left and right of it
INFIX: dict[str, tuple[str, int, int, int]] = {
    "eq": (" == ", COMPARE, SUM, SUM),
    "ne": (" != ", COMPARE, SUM, SUM),
    "lt": (" < ", COMPARE, SUM, SUM),
    "le": (" <= ", COMPARE, SUM, SUM),
    "gt": (" > ", COMPARE, SUM, SUM),
    "ge": (" >= ", COMPARE, SUM, SUM),
    "add": (" + ", SUM, SUM, PRODUCT),
    "sub": (" - ", SUM, SUM, PRODUCT),
    "mul": ("*", PRODUCT, PRODUCT, UNARY),
    "div": ("/", PRODUCT, PRODUCT, UNARY),
    "floor_divide": (" // ", PRODUCT, PRODUCT, UNARY),
    "remainder": (" % ", PRODUCT, PRODUCT, UNARY),
    "matmul": (" @ ", PRODUCT, PRODUCT, UNARY),
    "pow": ("**", POWER, POSTFIX, UNARY),
}
NUMBERS = {math.pi: "pi", math.e: "e"}
LONGEST_REPEATED = 24  # a shared part longer than this is named once a text gets long
LONG = 2_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with the precedence of its outermost operator."""

    text: str
    precedence: int = ATOM

    def at(self, least: int) -> str:
        return self.text if self.precedence >= least else f"({self.text})"


@dataclass(slots=True)
class Printed:
    """A graph as a program: lines that bind names, inner ones first, and the result."""

    lets: list[tuple[str, str]] = field(default_factory=list)
    result: str = ""

    def __str__(self) -> str:
        return "\n".join([*(f"{name} = {text}" for name, text in self.lets), self.result])


def print_text(node: Node, names: Mapping[Node, str] | None = None) -> str:
    """A node as text of the language: an expression, or a program where much is shared.

    `names` are printed in place of the nodes they stand for.
    """
    return str(print_program(node, names))


def print_program(node: Node, names: Mapping[Node, str] | None = None) -> Printed:
    """A node as a program; its `lets` are empty unless writing shared parts out would be long."""
    names = dict(names or {})
    order = walk([node])
    taken = {n.attr("name") for n in order if n.op is VARIABLE} | set(names.values())
    uses = Counter(a for n in order for a in n.args)
    length: dict[Node, int] = {}
    for n in order:
        length[n] = 1 + sum(length[a] for a in n.args) if n not in names else 1
    share = length[node] > LONG
    printed = Printed()
    pieces: dict[Node, Piece] = {}
    for n in order:
        if n in names:
            pieces[n] = Piece(names[n])
            continue
        piece = print_node(n, [pieces[a] for a in n.args])
        again = uses[n] > 1 and len(piece.text) > LONGEST_REPEATED
        if share and n is not node and (again or len(piece.text) > LONG):
            name = _fresh(taken)
            printed.lets.append((name, piece.text))
            piece = Piece(name)
        pieces[n] = piece
    printed.result = pieces[node].text
    return printed


def _fresh(taken: set[str]) -> str:
    k = 1
    while f"t{k}" in taken:
        k = k + 1 if k < 64 else len(taken) + k
    taken.add(f"t{k}")
    return f"t{k}"


def print_node(node: Node, args: Sequence[Piece]) -> Piece:
    """One operation, its arguments already printed."""
    op = node.op
    if op is VARIABLE:
        return Piece(node.attr("name"))
    if op is DIMENSION:
        return _size(node.attr("size"))
    if op is CONSTANT:
        return _constant(node.attr("value"))
    if op.name in INFIX:
        sign, own, left, right = INFIX[op.name]
        if op.name == "mul" and node.args[0].op.name == "matmul" and not node.args[0].ndim:
            left = ATOM  # (x @ y)*z, as it is read; not needed, but x @ y*z looks like x @ (y*z)
        return Piece(args[0].at(left) + sign + args[1].at(right), own)
    if op.name == "neg" and node.args[0].op is not CONSTANT:
        return Piece("-" + args[0].at(UNARY), UNARY)
    if op.name in _SPECIAL:
        return _SPECIAL[op.name](node, args)
    return _call(node, args)


def number(value: float) -> str:
    """A number as the language writes it, shortest text that reads back the same."""
    if isinstance(value, float) and abs(value) in NUMBERS:
        return ("-" if value < 0 else "") + NUMBERS[abs(value)]
    return repr(value)


def _constant(value: Any) -> Piece:
    if isinstance(value, np.ndarray):
        return Piece(_array(value))
    text = number(value)
    return Piece(text, UNARY if text.startswith("-") else ATOM)


def _array(value: Any) -> str:
    """An array as nested lists."""
    if not value.size and value.ndim > 1:
        return f"zeros{value.shape}"
    flat = [number(v) for v in value.ravel().tolist()]
    for size in reversed(value.shape):
        flat = ["[" + ", ".join(flat[i : i + size]) + "]" for i in range(0, len(flat), size or 1)]
        flat = flat or ["[]"]
    return flat[0]


def _size(size: Any) -> Piece:
    text = str(size)
    return Piece(text, SUM if " + " in text else PRODUCT if "*" in text else ATOM)


def _sizes(shape: Sequence[Any]) -> str:
    return ", ".join(_size(s).text for s in shape)


def _call(node: Node, args: Sequence[Piece]) -> Piece:
    """``name(tensors, static=...)`` by the row's signature; what has its default is left out."""
    attrs = dict(node.attrs)
    given = attrs.pop("given", ())
    left = [a.text for a in args]
    words: list[str] = []
    named = False
    for p in node.op.signature.parameters:
        if p.type == "tensor":
            words.append(left.pop(0) if not named else f"{p.name}={left.pop(0)}")
        elif p.type == "tensor?":
            if p.name in given:
                words.append(f"{p.name}={left.pop(0)}")
            named = True
        elif p.type == "tensors":
            rest, left = left, []
            words.extend(rest) if p.variadic else words.append(f"[{', '.join(rest)}]")
        elif p.variadic:
            words.extend(_value(v, p.name, p.type, node) for v in attrs[p.name])
        else:
            value = _value(attrs[p.name], p.name, p.type, node)
            if value == _value(p.default, p.name, p.type, node):
                named = True
            elif named or p.type in ("axis", "axes", "bool") or not isinstance(p.default, type(p)):
                words.append(f"{p.name}={value}" if _keyword(p, named) else value)
                named = named or _keyword(p, named)
    return Piece(f"{node.op.name}({', '.join(words)})")


def _keyword(p: Any, named: bool) -> bool:
    return named or p.type.rstrip("?") not in ("str", "any", "int", "ints", "shape", "number")


def _value(value: Any, name: str, type_: str, node: Node) -> str:
    """A static argument as text; axes counted from the front, as people do."""
    if type_.startswith(("axis", "axes")) and node.args:
        return _axes(value, node)
    if isinstance(value, str) and type_.startswith(("str", "any")):
        return repr(value)
    if isinstance(value, str):
        return _size(value).text
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple):
        inner = ", ".join(_value(v, name, type_, node) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def _axes(value: Any, node: Node) -> str:
    rank = node.ndim if node.op.name == "stack" else max(a.ndim for a in node.args)
    if isinstance(value, tuple):
        # a formula is kept as it was called; in other rows no axes have become all axes
        plain = node.op.formula is None
        reduces = any(p.name == "dim" and p.default is None for p in node.op.signature.parameters)
        if plain and reduces and len(value) == rank:
            return "None"
        front = [v + rank if v < 0 <= v + rank else v for v in value]
        return repr(front[0]) if len(front) == 1 else repr(tuple(front))
    if isinstance(value, int) and value < 0 <= value + rank:
        return repr(value + rank)
    return repr(value)


# --- what is not written as a call -------------------------------------------------------------


def _permute(node: Node, args: Sequence[Piece]) -> Piece:
    dims: tuple[int, ...] = node.attr("dims")
    rank = len(dims)
    x = args[0].at(POSTFIX)
    if dims == tuple(range(-1, -rank - 1, -1)):
        return Piece(f"{x}.T", POSTFIX)
    if dims == (*range(-rank, -2), -1, -2):
        return Piece(f"{x}.mT", POSTFIX)
    order = ", ".join(str(d + rank) for d in dims)
    if rank < 3:  # as it was: `transpose` of two axes swaps them
        return Piece(f"permute({args[0].text}, {order})")
    return Piece(f"transpose({args[0].text}, ({order}))")


def _unsqueeze(node: Node, args: Sequence[Piece]) -> Piece:
    new = {d + node.ndim for d in node.attr("dim")}
    last = max((i for i in range(node.ndim) if i in new), default=-1)
    entries = ["None" if i in new else ":" for i in range(last + 1)]
    return Piece(f"{args[0].at(POSTFIX)}[{', '.join(entries)}]", POSTFIX)


def index_entries(index: Sequence[Any], array: Callable[[Any], str], colon: str = ":") -> str:
    """What stands in the brackets of an index; empty if it takes everything."""
    words = []
    for entry in index:
        if not isinstance(entry, tuple):
            words.append(str(entry))
        elif entry[0] == "array":
            words.append(array(np.array(entry[1], int)))
        else:
            start, stop, step = ("" if e is None else str(e) for e in entry[1:])
            words.append(f"{start}{colon}{stop}" + (f"{colon}{step}" if step else ""))
    return ", ".join(words)


def _index_text(index: Sequence[Any]) -> str:
    return index_entries(index, _array) or "..."


def _index(node: Node, args: Sequence[Piece]) -> Piece:
    return Piece(f"{args[0].at(POSTFIX)}[{_index_text(node.attr('index'))}]", POSTFIX)


def _update(verb: str) -> Callable[[Node, Sequence[Piece]], Piece]:
    def update(node: Node, args: Sequence[Piece]) -> Piece:
        at = f"{args[0].at(POSTFIX)}.at[{_index_text(node.attr('index'))}]"
        return Piece(f"{at}.{verb}({args[1].text})", POSTFIX)

    return update


def _roll(node: Node, args: Sequence[Piece]) -> Piece:
    shifts, dims = (_one(node.attr(name)) for name in ("shifts", "dims"))
    words = [args[0].text, str(shifts)]
    if node.ndim != 1:
        words.append(_axes(dims, node))
    return Piece(f"roll({', '.join(words)})")


def _one(entries: tuple[int, ...]) -> tuple[int, ...] | int:
    return entries[0] if len(entries) == 1 else entries


def _reshape(node: Node, args: Sequence[Piece]) -> Piece:
    sizes = [_size(s).text for s in node.attr("shape")]
    return Piece(f"reshape({', '.join([args[0].text, *sizes])})")


def _shaped(node: Node, args: Sequence[Piece]) -> Piece:
    """The shape as a tuple, which NumPy and PyTorch take as well; one size stands alone."""
    shape = node.attr("shape")
    sizes = _sizes(shape) if len(shape) == 1 else f"({_sizes(shape)})"
    return Piece(f"{node.op.name}({', '.join([*(a.text for a in args), sizes])})")


_SPECIAL: dict[str, Callable[[Node, Sequence[Piece]], Piece]] = {
    "permute": _permute,
    "unsqueeze": _unsqueeze,
    "index": _index,
    "index_set": _update("set"),
    "index_add": _update("add"),
    "roll": _roll,
    "reshape": _reshape,
    "broadcast_to": _shaped,
    "zeros": _shaped,
    "ones": _shaped,
}
