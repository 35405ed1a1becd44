"""The derivation as data: the forward steps, and how the gradient flowed back through them.

Nothing is derived a second time here: the steps are the nodes that were evaluated and the arrows
the backward walk took. What is shown of a local rule is that rule applied to a name for the
incoming gradient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..grad.node import Node, walk
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE, shape_text, variable
from ..grad.reverse import Step, contributions
from .errors import Span
from .print_text import LONG, Piece, print_node, print_text
from .program import Array, Solution

CLASSES = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "neg": "Neg", "pow": "Pow",
    "matmul": "Matmul", "index": "Index", "permute": "Permute",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forward:
    """One step of the evaluation. `name` is what later steps call it: ``x``, ``#2``."""

    name: str
    text: str
    backward: str  # "MulBackward"; "leaf" for an input
    value: Array
    note: str
    node: Node
    span: Span | None


@dataclass(frozen=True, slots=True)
class Back:
    """What one node handed back to one of its arguments.

    ``target``  the gradient it adds to: ``dx``, ``d#2``
    ``terms``   one formula for each use of the argument in this node
    ``more``    whether something had arrived there before
    ``value``   the gradient so far
    """

    name: str
    target: str
    terms: tuple[str, ...]
    more: bool
    value: Array
    note: str


@dataclass(slots=True)
class Derivation:
    """The steps of one evaluation: forward in the order computed, backward in the order walked."""

    forward: list[Forward] = field(default_factory=list)
    backward: list[Back] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Steps as data, for `--steps`."""
        return {
            "forward": [
                {"id": f.name, "expr": f.text, "op": f.node.op.name, "value": f.value,
                 "span": list(f.span) if f.span else None}
                for f in self.forward
            ],
            "backward": [
                {"from": b.name, "to": b.target, "terms": list(b.terms), "value": b.value}
                for b in self.backward
            ],
        }  # fmt: skip


def derivation(solution: Solution) -> Derivation:
    """The derivation of a solution that was computed with its steps."""
    order = [n for n in walk([solution.root]) if n.op not in (CONSTANT, DIMENSION)]
    order.sort(key=lambda n: n.op is not VARIABLE)  # inputs first; stable
    order = [n for n in order if n.op is VARIABLE or _varies(n, solution) or n is solution.root]
    names = {n: n.attr("name") if n.op is VARIABLE else f"#{i}" for i, n in enumerate(order, 1)}
    found = Derivation()
    for node in order:
        found.forward.append(
            Forward(
                names[node],
                _text(node, names),
                "leaf" if node.op is VARIABLE else _class(node),
                solution.memo[node],
                _forward_note(node),
                node,
                solution.built.spans.get(node),
            )
        )
    if solution.backward is not None:
        found.backward = _backward(solution, names)
    return found


def _varies(node: Node, solution: Solution) -> bool:
    return node in solution.memo


def _text(node: Node, names: Mapping[Node, str]) -> str:
    """One operation over the names of its arguments."""
    if node.op is VARIABLE:
        return str(node.attr("name"))
    return print_node(node, [_operand(a, names) for a in node.args]).text


def _operand(node: Node, names: Mapping[Node, str]) -> Piece:
    return Piece(names[node]) if node in names else print_node(node, [])


def _class(node: Node) -> str:
    name = node.op.name
    return CLASSES.get(name, "".join(w.capitalize() for w in name.split("_"))) + "Backward"


# --- backward ----------------------------------------------------------------------------------


def _backward(solution: Solution, names: Mapping[Node, str]) -> list[Back]:
    assert solution.backward is not None
    total: dict[Node, Node] = {}
    uses = Counter(a for step in solution.backward.steps for a in [step.node.args[step.index]])
    found: list[Back] = []
    for node, steps in _by_node(solution.backward.steps):
        local = _local(node, names)
        for argument in dict.fromkeys(node.args[s.index] for s in steps):
            mine = [s for s in steps if node.args[s.index] is argument]
            before = argument in total
            for step in mine:
                total[argument] = (
                    step.contribution
                    if argument not in total
                    else total[argument] + step.contribution
                )
            value = solution.memo.get(total[argument])
            if value is None or argument not in names:
                continue
            texts = [local[s.index] for s in mine if s.index in local]
            note = _use_note(argument, names, len(mine), uses[argument])
            notes = [n for n in (_note_of(texts), note) if n]
            found.append(
                Back(
                    names[node], f"d{names[argument]}", tuple(t for t, _ in texts), before, value,
                    "; ".join(notes),
                )
            )  # fmt: skip
    return found


def _by_node(steps: Sequence[Step]) -> list[tuple[Node, list[Step]]]:
    grouped: dict[Node, list[Step]] = {}
    for step in steps:
        grouped.setdefault(step.node, []).append(step)
    return list(grouped.items())


def _local(node: Node, names: Mapping[Node, str]) -> dict[int, tuple[str, str]]:
    """The local rule of a node for each argument: its text, and a remark on broadcasting."""
    upstream = variable(f"d{names[node]}", node.shape)
    shown = {**names, upstream: upstream.attr("name")}
    found: dict[int, tuple[str, str]] = {}
    for index, contribution, _ in contributions(node, upstream, False, set(node.args)):
        inner, note = _unspread(contribution, node, node.args[index], names)
        text = print_text(inner, shown)
        found[index] = (text if len(text) < LONG else f"{_class(node)}(...)", note)
    return found


def _unspread(
    contribution: Node, node: Node, argument: Node, names: Mapping[Node, str]
) -> tuple[Node, str]:
    """A contribution without the repetition or the sum that only makes its shape right."""
    inner, note = contribution, ""
    while inner.op.name in ("broadcast_to", "unsqueeze") and inner.args[0] not in names:
        inner = inner.args[0]
    if inner is not contribution and inner.shape != contribution.shape:
        if inner.ndim < contribution.ndim and not inner.shape:
            return inner, f"the same for every entry of {_named(argument, names)}"
        return inner, f"repeated to the shape {shape_text(contribution.shape)}"
    if node.op.broadcasts and argument.shape != node.shape and contribution.op.name in (
        "sum", "squeeze",
    ):  # fmt: skip
        note = f"summed: {_named(argument, names)} was broadcast to {shape_text(node.shape)}"
    return contribution, note


def _named(node: Node, names: Mapping[Node, str]) -> str:
    return names.get(node, "it")


def _note_of(texts: Sequence[tuple[str, str]]) -> str:
    return next((note for _, note in texts if note), "")


def _use_note(argument: Node, names: Mapping[Node, str], here: int, uses: int) -> str:
    if uses == 1:
        return ""
    if here == uses:
        times = "twice: both uses add up" if uses == 2 else f"{uses} times: all uses add up"
        return f"{names[argument]} is used {times}"
    return f"one of {uses} uses of {names[argument]}"


# --- remarks on forward steps ------------------------------------------------------------------


def _forward_note(node: Node) -> str:
    """What a reduction did, in words."""
    if node.op.name not in ("sum", "mean", "prod", "max", "min") or not node.args[0].ndim:
        return ""
    x = node.args[0]
    sizes = [x.shape[d] for d in node.attr("dim")]
    count = 1
    for size in sizes:
        if not isinstance(size, int):
            return ""
        count *= size
    what = {"sum": "sum", "mean": "sum", "prod": "product", "max": "largest", "min": "smallest"}
    over = f"{count} entr{'y' if count == 1 else 'ies'}"
    note = f"{what[node.op.name]} of {over}"
    return f"{note} / {count}" if node.op.name == "mean" else note
