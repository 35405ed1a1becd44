"""The derivation on the screen, told step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from ..grad.node import Node
from ..grad.ops import VARIABLE, is_constant, shape_text
from ..grammar.derivation import WIDEST, Arrow, Derivation, stretches
from .screen import Line, Look, brief, number, rows

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.closed_form import Form

T = TypeVar("T")

MOST_STEPS = 40  # more are shown only when asked for
FEW = 6  # terms of a sum that are written out


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a section: its number, its columns, and a remark."""

    number: str
    cells: tuple[str, ...]
    value: str
    note: str = ""


def tell(
    text: str,
    story: Derivation,
    forms: Mapping[str, Form],
    dtype: str,
    look: Look,
    every_step: bool = False,
) -> Iterator[Line]:
    """The whole tutorial, line by line."""
    most = len(story.numbers) + len(story.uses) if every_step else MOST_STEPS
    yield from _header(text, story, dtype)
    if story.numbers:  # a number alone has no steps
        yield ()
        yield (("Forward", "bold"),)
        yield from _table(list(story.numbers), lambda node: _forward(story, node, look), look, most)
    if story.backward:
        hint = "d#k is how much the result changes per unit of #k"
        yield ()
        yield (("Backward", "bold"), ("   " + hint, "dim"))
        arrows = [None, *((node, arrow) for node, found in story.backward for arrow in found)]
        yield from _table(arrows, lambda item: _backward(story, item, look), look, most)
    yield ()
    results = {"value": story.solution.value}
    results |= {f"d/d{name}": grad for name, grad in story.solution.grads.items()}
    width = max(map(len, results))
    for name, array in results.items():
        for i, row in enumerate(rows(array, look)):
            label = (f"{name:<{width}}", "bold") if not i else (" " * width, "")
            yield (label, ("   " + row, ""))
        form = forms.get(name.removeprefix("d/d"))
        if form is not None:
            yield ((" " * width, ""), (f"   = {form.text}", "green"))
            for let, shown in form.lets:
                yield ((" " * width, ""), (f"     where {let} = {shown}", "green"))


def _header(text: str, story: Derivation, dtype: str) -> Iterator[Line]:
    """The expression as it was given, and beside it what its names are."""
    texts = [line.rstrip() for line in text.strip().splitlines()]
    width = max(map(len, texts))
    inputs = [
        f"{name}  {dtype} {shape_text(node.shape)}"
        + ("  requires_grad" if name in story.solution.grads else "")
        for name, node in story.solution.inputs.items()
    ]
    for line, given in zip_longest(texts, inputs, fillvalue=""):
        yield ((f"{line:<{width}}", "bold"), ("    " + given if given else "", "dim"))


def _forward(story: Derivation, node: Node, look: Look) -> _Row:
    name = story.names.get(node)
    formula = (f"{name} = " if name else "") + story.formula(node)
    back = story.solution.backward
    if node.op is VARIABLE:
        kind = "leaf"
    else:
        kind = _class_name(node.op.name) if back and node in back.arrived else ""
    shown = _shown(story, node, look)
    note = _forward_note(story, node, look)
    return _Row(f"#{story.numbers[node]}", (formula, kind), shown, note)


def _class_name(name: str) -> str:
    """What PyTorch would call the `grad_fn`."""
    return "".join(word.capitalize() for word in name.split("_")) + "Backward"


def _backward(story: Derivation, item: tuple[Node, Arrow] | None, look: Look) -> _Row:
    """One arrow; None is the gradient of the result, with which it all begins."""
    if item is None:
        root, back = story.solution.root, story.solution.backward
        assert back is not None
        seed, shown, note = back.arrived[root], "1", "where every backward pass starts"
        if not is_constant(seed, 1):
            shown, note = _shown(story, seed, look), story.seed
        return _Row(f"#{story.numbers[root]}", (story.slope_of(root),), shown, note)
    node, arrow = item
    shown = _shown(story, arrow.total, look)
    equation, note = story.equation(arrow), story.backward_note(arrow)
    return _Row(f"#{story.numbers[node]}", (equation,), shown, note)


def _table(items: Sequence[T], row: Callable[[T], _Row], look: Look, most: int) -> Iterator[Line]:
    """Rows in aligned columns; of a long table the middle is left out."""
    left_out = max(len(items) - most, 0)
    half = most // 2
    found = [row(item) for item in (*items[:half], *items[-half:])] if left_out else (
        [row(item) for item in items]
    )  # fmt: skip
    table = [[look.cut(cell, WIDEST) for cell in r.cells] for r in found]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    first = max(len(r.number) for r in found)
    last = max((len(r.value) for r in found if len(r.value) <= WIDEST), default=0)
    before = ""
    for i, (r, cells) in enumerate(zip(found, table, strict=True)):
        if left_out and i == half:
            dots = "..." if look.ascii else "⋮"
            yield ((f"  {dots}  {left_out:,} more, shown with --steps", "dim"),)
        columns = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
        yield (
            (f"  {r.number if r.number != before else '':<{first}}  ", "cyan"),
            ("   ".join([*columns, f"{r.value:<{last}}"]), ""),
            ("   " + r.note if r.note else "", "dim"),
        )
        before = r.number


def _shown(story: Derivation, node: Node, look: Look) -> str:
    """The value of a node on one line."""
    value = story.value(node)
    return "" if value is None else brief(value, look)


def _forward_note(story: Derivation, node: Node, look: Look) -> str:
    """What a step of the forward pass does, where its formula does not say it all."""
    name, args = node.op.name, node.args
    if name in ("sum", "mean") and not node.shape and args[0] in story.solution.memo:
        return _added_up(story.solution.memo[args[0]], name == "mean", look)
    if name in ("sum", "mean", "prod", "max", "min", "amax", "amin") and node.shape:
        return f"{shape_text(args[0].shape)} becomes {shape_text(node.shape)}"
    if name == "matmul":
        shapes = " @ ".join(shape_text(a.shape) for a in args)
        return f"{shapes} gives {shape_text(node.shape)}"
    if stretches(node):
        narrow = [shape_text(a.shape) for a in args if a.shape not in ((), node.shape)]
        verb = "are" if len(narrow) > 1 else "is"
        wide = shape_text(node.shape)
        return f"{' and '.join(narrow)} {verb} stretched to {wide}" if narrow else ""
    return ""


def _added_up(array: Array, mean: bool, look: Look) -> str:
    """``(1 + 4 + 9 + 16) / 4``, or how many entries there are."""
    if not 1 < array.size <= FEW:
        return f"sum of {array.size:,} entries" + (f" / {array.size:,}" if mean else "")
    terms = [number(value, look.precision) for value in array.ravel()]
    total = " + ".join(f"({text})" if text.startswith("-") else text for text, _ in terms)
    mark = look.about if any(rounded for _, rounded in terms) else ""
    return mark + (f"({total}) / {array.size}" if mean else total)
