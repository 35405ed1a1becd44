"""The derivation, told step by step from the graph that was evaluated and the steps that ran."""

from __future__ import annotations

from collections import ChainMap, Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from ..grad.node import TABLE, Node, walk
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE, is_constant, lift, shape_text
from ..grammar.print_text import POWER, print_node
from ..grammar.print_text import Piece as Text
from .screen import Line, Look, brief, number, rows

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grad.reverse import Step
    from ..grammar.program import Solution

MOST_STEPS = 40  # more are shown only when asked for
WIDEST = 44  # characters of a formula before it is cut
FEW = 6  # terms of a sum that are written out

# what the local rule of an operation is called; a pointwise one without a name states its slope
RULES = {
    "add": "a sum hands its gradient on",
    "sub": "a difference hands it on, to the right with a minus",
    "neg": "the sign turns",
    "mul": "product rule: times the other factor",
    "div": "quotient rule",
    "pow": "power rule",
    "matmul": "times the other factor, transposed",
    "permute": "moved back to the old axes",
    "reshape": "moved back to the old shape",
    "index": "0 for the entries not selected",
    "where": "0 for the entries not chosen",
    "max": "the largest entry takes it all",
    "min": "the smallest entry takes it all",
    "amax": "the largest entries share it",
    "amin": "the smallest entries share it",
}
TIMES = {2: "twice", 3: "three times", 4: "four times"}


@dataclass(slots=True)
class Arrow:
    """What one node hands to one of its arguments: all its uses of it, added up."""

    target: Node
    steps: list[Step]
    before: bool  # something had arrived from another node
    last: bool  # nothing more will arrive
    total: Node  # the gradient of the target, so far


@dataclass(slots=True)
class Derivation:
    """A solution as a story: the numbered steps forward, and the arrows back, in order."""

    solution: Solution
    numbers: dict[Node, int] = field(default_factory=dict)
    names: dict[Node, str] = field(default_factory=dict)
    uses: Counter[Node] = field(default_factory=Counter)
    backward: list[tuple[Node, list[Arrow]]] = field(default_factory=list)

    @classmethod
    def of(cls, solution: Solution) -> Derivation:
        story = cls(solution)
        for node in walk([solution.root]):
            if node.op not in (CONSTANT, DIMENSION):
                story.numbers[node] = len(story.numbers) + 1
        story.names = {node: name for name, node in solution.built.assigned.items()}
        steps = solution.backward.steps if solution.backward else []
        story.uses = Counter(step.node.args[step.index] for step in steps)
        left, totals = Counter(story.uses), dict[Node, Node]()
        by_node: dict[Node, list[Step]] = defaultdict(list)
        for step in steps:
            by_node[step.node].append(step)
        for node, mine in by_node.items():
            arrows: dict[Node, Arrow] = {}
            for step in mine:
                target = node.args[step.index]
                before = totals.get(target)
                total = step.contribution if before is None else before + step.contribution
                totals[target] = total
                left[target] -= 1
                arrow = arrows.setdefault(
                    target, Arrow(target, [], before is not None, False, total)
                )
                arrow.steps.append(step)
                arrow.total, arrow.last = total, not left[target]
            story.backward.append((node, list(arrows.values())))
        return story

    def value(self, node: Node) -> Array | None:
        return self.solution.memo.get(node)

    # --- words -----------------------------------------------------------------------------

    def refer(self, node: Node) -> str | None:
        """How a formula refers to a node of the forward pass; None if it writes it out."""
        if node.op is VARIABLE:
            return str(node.attr("name"))
        return self.names.get(node) or (f"#{self.numbers[node]}" if node in self.numbers else None)

    def slope_of(self, node: Node) -> str:
        """What the gradient of a node is called."""
        if node.op is VARIABLE or node in self.names:
            return f"d{self.refer(node)}"
        return f"d#{self.numbers[node]}"

    def formula(self, node: Node) -> str:
        """One step of the forward pass, in terms of earlier ones."""
        args = [
            Text(self.refer(a) or "") if a in self.numbers else print_node(a, []) for a in node.args
        ]
        return print_node(node, args).text

    def written(self, node: Node, upstream: Node | None = None, called: str = "") -> str:
        """A node of the backward pass, in terms of forward steps and of one gradient."""
        pieces: dict[Node, Text] = {}
        called_nodes = {} if upstream is None else {upstream: 0}
        for part in walk([node], ChainMap(self.numbers, called_nodes)):
            if part is upstream:
                pieces[part] = Text(called)
            elif part in self.numbers and (part.args or part.op is VARIABLE):
                pieces[part] = Text(self.refer(part) or "")
            elif part.op.name == "multiply_no_nan":  # a product, however it is computed
                product = TABLE["mul"](*reversed(part.args))
                pieces[part] = print_node(product, [pieces[a] for a in product.args])
            else:
                pieces[part] = print_node(part, [pieces[a] for a in part.args])
        if upstream is not None and is_constant(upstream, 1) and upstream not in pieces:
            return f"{called}*{pieces[node].at(POWER)}"  # it was 1 and so left out
        return pieces[node].text

    def forward_note(self, node: Node, look: Look) -> str:
        """What a step of the forward pass does, where its formula does not say it all."""
        name, args = node.op.name, node.args
        if name in ("sum", "mean") and not node.shape and args[0] in self.solution.memo:
            return _added_up(self.solution.memo[args[0]], name == "mean", look)
        if name in ("sum", "mean", "prod", "max", "min", "amax", "amin") and node.shape:
            return f"{shape_text(args[0].shape)} becomes {shape_text(node.shape)}"
        if name == "matmul" or (node.op.broadcasts and node.shape):
            shapes = [shape_text(a.shape) for a in args if a in self.numbers]
            stretched = any(a.shape != node.shape for a in args if a.shape)
            sign = " @ " if name == "matmul" else " with "
            return f"{sign.join(shapes)} gives {shape_text(node.shape)}" if stretched else ""
        return ""

    def equation(self, arrow: Arrow) -> str:
        """``dx = d#2 * x + d#2 * x``: the contributions of one node to one argument."""
        parts = []
        for step in arrow.steps:
            inner = step.contribution
            while inner.op.name in ("broadcast_to", "sum_to_size") and inner is not step.upstream:
                inner = inner.args[0]  # said in words
            parts.append(self.written(inner, step.upstream, self.slope_of(step.node)))
        sign = "+=" if arrow.before else "="
        return f"{self.slope_of(arrow.target)} {sign} {' + '.join(parts)}"

    def backward_note(self, arrow: Arrow) -> str:
        """The local rule by name, how broadcasting was undone, and which uses add up."""
        step = arrow.steps[-1]
        target = arrow.target
        words = []
        count = self.uses[target]
        if count > 1 and arrow.last:
            times = TIMES.get(count, f"{count} times")
            each = "both" if count == 2 else "all"
            words.append(f"{self.refer(target)} is used {times}: {each} uses add up")
        elif arrow.before:
            words.append(f"adds to the other uses of {self.refer(target)}")
        if not words:
            words.append(self.rule(step))
        if step.contribution.op.name == "sum_to_size":
            wide, narrow = (shape_text(x.shape) for x in (step.contribution.args[0], target))
            words.append(f"summed from {wide} to {narrow}, as {self.refer(target)} was repeated")
        return "; ".join(word for word in words if word)

    def rule(self, step: Step) -> str:
        """What the rule of an operation says, in a few words."""
        node, op = step.node, step.node.op
        if op.name in ("sum", "mean"):
            entries, results = _size(node.args[0]), _size(node)
            if op.name == "sum":
                return "every entry counts once, so each gets all of it"
            return f"each of {entries // max(results, 1)} entries gets an equal share"
        if op.name in RULES:
            return RULES[op.name]
        if op.partials is not None and (partial := op.partials[step.index]) is not None:
            slope = self.written(lift(partial(node, *node.args, **dict(node.attrs))))
            return f"chain rule: times the slope of {op.name}, {slope}"
        return ""


def _size(node: Node) -> int:
    product = 1
    for size in node.shape:
        product *= int(size)
    return product


def _added_up(array: Array, mean: bool, look: Look) -> str:
    """``(1 + 4 + 9 + 16) / 4``, or how many entries there are."""
    if not 1 < array.size <= FEW:
        return f"sum of {array.size} entries" + (f" / {array.size}" if mean else "")
    terms = [number(value, look.precision)[0] for value in array.ravel()]
    total = " + ".join(f"({t})" if t.startswith("-") else t for t in terms)
    return f"({total}) / {array.size}" if mean else total


# --- as data -----------------------------------------------------------------------------------


def as_data(story: Derivation) -> list[dict[str, Any]]:
    """The steps for JSON: forward in order, each with the gradient that arrived at it."""
    arrived = story.solution.backward.arrived if story.solution.backward else {}
    spans = story.solution.built.spans
    return [
        {
            "id": k,
            "op": node.op.name,
            "text": story.formula(node),
            "args": [story.numbers[a] for a in node.args if a in story.numbers],
            "span": list(spans[node]) if node in spans else None,
            "shape": list(node.shape),
            "value": story.value(node),
            "grad": story.value(arrived[node]) if node in arrived else None,
        }
        for node, k in story.numbers.items()
    ]


# --- on the screen -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a section: its number, columns, and a remark."""

    cells: tuple[str, ...]
    note: str = ""


def tell(
    text: str, story: Derivation, dtype: str, look: Look, every_step: bool = False
) -> Iterator[Line]:
    """The whole tutorial, line by line."""
    solution = story.solution
    yield from _header(text, story, dtype)
    yield from _section("Forward", "", _forward(story, look), look, every_step)
    if story.backward:
        hint = "d#k is how much the result changes per unit of #k"
        yield from _section("Backward", hint, _back(story, look), look, every_step)
    yield ()
    results = {"value": solution.value}
    results |= {f"d/d{name}": grad for name, grad in solution.grads.items()}
    width = max(map(len, results))
    for name, array in results.items():
        for i, row in enumerate(rows(array, look)):
            label = (f"{name:<{width}}", "bold") if not i else (" " * width, "")
            yield (label, ("   " + row, ""))


def _header(text: str, story: Derivation, dtype: str) -> Iterator[Line]:
    texts = [line.rstrip() for line in text.strip().splitlines()]
    width = max(map(len, texts))
    inputs = [
        f"{name}  {dtype} {shape_text(node.shape)}"
        + ("  requires_grad" if name in story.solution.grads else "")
        for name, node in story.solution.inputs.items()
    ]
    for text, given in zip_longest(texts, inputs, fillvalue=""):
        yield ((f"{text:<{width}}", "bold"), ("    " + given if given else "", "dim"))


def _forward(story: Derivation, look: Look) -> list[_Row]:
    found = []
    grads = story.solution.backward.arrived if story.solution.backward else {}
    for node, k in story.numbers.items():
        called = story.names.get(node)
        text = (f"{called} = " if called else "") + story.formula(node)
        if node.op is VARIABLE:
            kind = "leaf"
        else:
            kind = _class_name(node.op.name) + "Backward" if node in grads else ""
        value = story.value(node)
        shown = brief(value, look) if value is not None else ""
        found.append(_Row((f"#{k}", text, kind, shown), story.forward_note(node, look)))
    return found


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _back(story: Derivation, look: Look) -> list[_Row]:
    found = []
    root = story.solution.root
    seed = story.solution.backward.arrived[root] if story.solution.backward else None
    if seed is not None:
        start = brief(story.solution.memo[seed], look) if seed in story.solution.memo else "1"
        start_of_all = "where every backward pass starts"
        given = start_of_all if is_constant(seed, 1) else "given with --gradient"
        found.append(_Row((f"#{story.numbers[root]}", story.slope_of(root), start), given))
    for node, arrows in story.backward:
        for i, arrow in enumerate(arrows):
            value = story.value(arrow.total)
            shown = brief(value, look) if value is not None else ""
            first = f"#{story.numbers[node]}" if not i else ""
            found.append(_Row((first, story.equation(arrow), shown), story.backward_note(arrow)))
    return found


def _section(
    title: str, hint: str, found: Sequence[_Row], look: Look, every_step: bool
) -> Iterator[Line]:
    """A title and its rows in aligned columns; the middle of a long section is left out."""
    yield ()
    yield ((title, "bold"), ("   " + hint if hint else "", "dim"))
    left_out = 0 if every_step else max(len(found) - MOST_STEPS, 0)
    half = MOST_STEPS // 2
    shown = [*found[:half], *found[-half:]] if left_out else found
    table = [[look.cut(cell, WIDEST) for cell in row.cells[:-1]] for row in shown]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    last = max((len(row.cells[-1]) for row in shown if len(row.cells[-1]) <= WIDEST), default=0)
    for i, (row, cells) in enumerate(zip(shown, table, strict=True)):
        if left_out and i == half:
            yield (
                (f"  {'...' if look.ascii else '⋮'}  {left_out} more: --steps shows them", "dim"),
            )
        padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
        number_, *columns = padded
        yield (
            (f"  {number_}  ", "cyan"),
            ("   ".join([*columns, f"{row.cells[-1]:<{last}}"]), ""),
            ("   " + row.note if row.note else "", "dim"),
        )
