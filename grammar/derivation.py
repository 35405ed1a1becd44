"""The derivation as data: numbered steps forward, and the arrows the gradient took back.

Nothing is derived a second time here: the steps are the nodes that were evaluated and the arrows
are those of the backward walk, in the order in which it ran.
"""

from __future__ import annotations

from collections import ChainMap, Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from ..grad import sizes
from ..grad.evaluate import Array
from ..grad.node import TABLE, Node, walk
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE, is_constant, lift, shape_text
from ..grad.reverse import Step
from .print_text import POWER, Piece, print_node
from .program import Solution

WIDEST = 44  # characters of a slope that is written out in a remark
LONGEST = 120  # characters of a step backward that is written out at all

# what the local rule of an operation is called, for each argument or for all; a pointwise operation
# that is not listed states its slope
RULES: dict[str, tuple[str, ...]] = {
    "add": ("a sum hands its gradient on",),
    "sub": ("a difference hands its gradient on", "what is subtracted gets it with a minus"),
    "neg": ("the sign turns",),
    "mul": ("product rule: times the other factor",),
    "div": ("a quotient divides its gradient, too", "quotient rule"),
    "pow": ("power rule", "the slope of an exponential"),
    "matmul": ("product rule: times the other factor, transposed",),
    "sum": ("every entry counts once, so each gets all of it",),
    "permute": ("moved back to the old axes",),
    "reshape": ("moved back to the old shape",),
    "broadcast_to": ("added up over the repetitions",),
    "index": ("0 for the entries not selected",),
    "index_set": ("0 for the entries that were replaced", "the entries that were put in"),
    "where": ("", "0 where it was not chosen"),
    "max": ("only the largest entry counts",),
    "min": ("only the smallest entry counts",),
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
    seed: str = "given with --gradient"  # where the gradient of the result comes from, if not 1

    @classmethod
    def of(cls, solution: Solution) -> Derivation:
        story = cls(solution)
        for node in walk([solution.root]):
            if node.op not in (CONSTANT, DIMENSION):
                story.numbers[node] = len(story.numbers) + 1
        assigned = solution.built.assigned.items()
        story.names = {node: name for name, node in assigned if name not in solution.inputs}
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

    def gradient(self, node: Node) -> Array | float | None:
        """The gradient that arrived at a node; None where none did."""
        back = self.solution.backward
        arrived = back.arrived.get(node) if back else None
        if arrived is None:
            return None
        # a 1 to begin with may have been left out of every product, and so not computed
        return 1.0 if is_constant(arrived, 1) else self.value(arrived)

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
            Piece(self.refer(a) or "") if a in self.numbers else print_node(a, [])
            for a in node.args
        ]
        return print_node(node, args).text

    def written(self, node: Node, upstream: Node | None = None, called: str = "") -> str | None:
        """A node of the backward pass, in terms of forward steps and of one gradient; None if that
        is too long to read, as where a derived function is a long formula."""
        pieces: dict[Node, Piece] = {}
        called_nodes = {} if upstream is None else {upstream: 0}
        for part in walk([node], ChainMap(self.numbers, called_nodes)):
            if part is upstream:
                pieces[part] = Piece(called)
            elif part in self.numbers and (part.args or part.op is VARIABLE):
                pieces[part] = Piece(self.refer(part) or "")
            elif part.op.name == "multiply_no_nan":  # a product, however it is computed
                product = TABLE["mul"](*reversed(part.args))
                pieces[part] = print_node(product, [pieces[a] for a in product.args])
            else:
                pieces[part] = print_node(part, [pieces[a] for a in part.args])
            if len(pieces[part].text) > LONGEST:
                return None
        if upstream is not None and is_constant(upstream, 1) and upstream not in pieces:
            return f"{called}*{pieces[node].at(POWER)}"  # it was 1 and so left out
        return pieces[node].text

    def equation(self, arrow: Arrow) -> str:
        """``dx = d#2 * x + d#2 * x``: the contributions of one node to one argument."""
        parts = []
        for step in arrow.steps:
            inner = step.contribution
            while inner.op.name == "broadcast_to" and inner is not step.upstream:
                inner = inner.args[0]  # the shape in the next column says it
            above = self.slope_of(step.node)
            said = self.written(inner, step.upstream, above)
            parts.append(
                said or f"vjp({self.formula(step.node)}, {self.refer(arrow.target)}, {above})"
            )
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
        if stretches(step.node) and target.shape != step.node.shape:
            wide = shape_text(step.node.shape)
            words.append(f"stretched to {wide} in #{self.numbers[step.node]}: its copies add up")
        return "; ".join(word for word in words if word)

    def rule(self, step: Step) -> str:
        """What the rule of an operation says, in a few words."""
        node, op = step.node, step.node.op
        if op.name == "mean":
            entries = sizes.entries(node.args[0].shape) // max(sizes.entries(node.shape), 1)
            return f"each of {entries:,} entries gets an equal share"
        if op.name in RULES:
            return RULES[op.name][min(step.index, len(RULES[op.name]) - 1)]
        if op.partials is not None and (partial := op.partials[step.index]) is not None:
            slope = self.written(lift(partial(node, *node.args, **dict(node.attrs))))
            said = f", {slope}" if slope and len(slope) <= WIDEST else ""
            return f"chain rule: times the slope of {op.name}{said}"
        return ""


def stretches(node: Node) -> bool:
    """Whether an operation works entry by entry, on arguments broadcast to one shape."""
    return node.op.partials is not None or node.op.name == "where"


def as_data(story: Derivation) -> list[dict[str, Any]]:
    """The steps for JSON: forward in order, each with the gradient that arrived at it."""
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
            "grad": story.gradient(node),
        }
        for node, k in story.numbers.items()
    ]
