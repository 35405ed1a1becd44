"""What LaTeX has no sign for: functions by name, axes, indices, shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ..grad.node import Node
from .latex_pieces import APPLY, ATOM, SUB, Page, Piece, array, constant, scaled
from .print_text import index_entries

# functions TeX knows by name; any other is set with \operatorname
KNOWN = {
    "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "arcsin": r"\arcsin", "arccos": r"\arccos",
    "arctan": r"\arctan", "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "exp": r"\exp",
    "log": r"\log", "log2": r"\log_{2}", "log10": r"\log_{10}", "det": r"\det",
    "logdet": r"\log\det", "trace": r"\operatorname{tr}", "lgamma": r"\log\Gamma",
    "maximum": r"\max", "minimum": r"\min", "max": r"\max", "min": r"\min",
    "arctan2": r"\operatorname{atan2}",
}  # fmt: skip


def _name(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return KNOWN.get(name) or rf"\operatorname{{{escaped}}}"


def axes(node: Node) -> str:
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


def call(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    """A function with its tensors in parentheses, axes and shapes below its name."""
    attrs = dict(node.attrs)
    given = attrs.get("given", ())
    left = [a.text for a in args]
    words: list[str] = []
    below = axes(node)
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


def _static(value: Any, type_: str, page: Page) -> str:
    if isinstance(value, tuple):
        return rf"\left({', '.join(_static(v, type_, page) for v in value)}\right)"
    if isinstance(value, str):
        return page.size(value).text if type_.startswith("int") else _quoted(value)
    return r"\mathrm{none}" if value is None else constant(value).text


def _quoted(text: str) -> str:
    escaped = re.sub(r"([#$%&_{}])", r"\\\1", text)
    return rf"\text{{{escaped}}}"


def einsum(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    letters = node.attr("equation").replace("->", r" \to ").replace("...", r"\ldots ")
    inside = ", ".join(a.text for a in args)
    return Piece(rf"\operatorname{{einsum}}_{{{letters}}}\left({inside}\right)", APPLY)


def permute(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    dims: tuple[int, ...] = node.attr("dims")
    rank = len(dims)
    if dims == (*range(-rank, -2), -1, -2):
        return Piece(args[0].transposed.text, args[0].transposed.precedence, args[0])
    order = ",".join(str(d + rank) for d in dims)
    return Piece(rf"\operatorname{{permute}}_{{{order}}}\left({args[0].text}\right)", APPLY)


def _below(base: Piece, entries: str, page: Page) -> Piece:
    """Entries as a subscript, in brackets where that would look like a variable's own."""
    text = f"{base.at(ATOM)}_{{{entries}}}"
    if text in page.symbols.values():
        text = rf"{base.at(ATOM)}_{{\left[{entries}\right]}}"
    return Piece(text, SUB)


def unsqueeze(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    new = {d + node.ndim for d in node.attr("dim")}
    entries = [r"\text{None}" if i in new else "{:}" for i in range(node.ndim)]
    return _below(args[0], ", ".join(entries), page)


def _entries(index: Sequence[Any]) -> str:
    return index_entries(index, array, "{:}") or r"\ldots"


def index(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    return _below(args[0], _entries(node.attr("index")), page)


def update(sign: str) -> Callable[..., Piece]:
    """A tensor with some entries replaced or added to, as a substitution."""

    def piece(node: Node, args: Sequence[Piece], page: Page) -> Piece:
        at = f"{_entries(node.attr('index'))} {sign} {args[1].text}"
        return Piece(rf"{args[0].at(ATOM)}\left[{at}\right]", ATOM)

    return piece


def filled(digit: str) -> Callable[..., Piece]:
    def piece(node: Node, args: Sequence[Piece], page: Page) -> Piece:
        below = page.shape(node.shape)
        return Piece(rf"\mathbf{{{digit}}}" + (f"_{{{below}}}" if below else ""), SUB)

    return piece


def eye(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    if node.attr("k"):
        return call(node, args, page)
    rows, columns = node.shape
    return Piece(rf"\mathbf{{I}}_{{{page.shape((rows,) if rows == columns else node.shape)}}}", SUB)


def diagonal(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    """`diag` of a matrix is its diagonal, of a vector the matrix that has it."""
    if max(node.ndim, node.args[0].ndim) > 2:
        return call(node, args, page)
    offset = f", {node.attr('offset')}" if node.attr("offset") else ""
    return Piece(rf"\operatorname{{diag}}\left({args[0].text}{offset}\right)", APPLY)


def broadcast(node: Node, args: Sequence[Piece], page: Page) -> Piece:
    """A number at every entry is a multiple of ones; a tensor is repeated."""
    shape = page.shape(node.shape)
    if not node.args[0].shape:
        return scaled(args[0], Piece(rf"\mathbf{{1}}_{{{shape}}}", SUB))
    return Piece(rf"\operatorname{{broadcast}}_{{{shape}}}\left({args[0].text}\right)", APPLY)
