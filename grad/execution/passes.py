"""In how many passes over its rows a graph is computed, and what is done before each.

One pass serves everything by rows that depends on no reduction of the same rows; the slope of
`norm(x)` takes a second. What a later pass needs of an earlier one is computed again rather than
stored, as long as that is little work: memory that is written for the first time costs more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..node import Node, Shape
from ..ops import VARIABLE
from ..record import field, record
from .rowwise import Reading, Step

AGAIN = 32  # how much a pass may compute again: in additions, an elementary function is some
ELEMENTARY = 8


@record(eq=False)
class Pass:
    """One way over all rows: the steps in order, and those by rows that are kept whole."""

    lead: Shape
    steps: list[Step]
    stored: set[Node]


@record(eq=False)
class Whole:
    """Nodes that are computed one after the other, each as a whole, in order; `wanted` are those
    that something else than these nodes needs."""

    nodes: list[Node]
    wanted: list[Node]


@record(eq=False)
class Stage:
    """What is done next, and the values that nothing needs any more when it is done."""

    what: Pass | Whole
    spent: list[Node] = field(default_factory=list)

    @property
    def nodes(self) -> list[Node]:
        if isinstance(self.what, Whole):
            return self.what.nodes
        return [step.node for step in self.what.steps]


def operands(reading: Reading) -> dict[Node, tuple[Node, ...]]:
    """What each node is computed from, for all nodes that are needed, arguments first."""
    steps, needs = reading.steps, reading.needs
    found = {node: steps[node].args if node in steps else needs[node] for node in needs}
    used = set(reading.roots)
    for node in reversed(found):
        if node in used:
            used.update(found[node])
    return {node: args for node, args in found.items() if node in used}


def arrange(reading: Reading) -> list[Stage]:
    """The stages that compute the roots, in order."""
    plan = _Plan(reading.steps, operands(reading))
    plan.number(reading.roots)
    plan.store_rather_than_repeat()
    return plan.stages(set(reading.roots))


@record(eq=False)
class _Plan:
    """`turn` is the number of the pass that computes a step, and of that before which a node
    computed whole is ready."""

    steps: dict[Node, Step]
    operands: dict[Node, tuple[Node, ...]]
    turn: dict[Node, int] = field(default_factory=dict)
    stored: set[Node] = field(default_factory=set)  # by rows, and kept whole
    turns: list[list[Node]] = field(default_factory=list)  # the nodes of each

    def uses(self, node: Node) -> Iterator[tuple[Node, bool]]:
        """The operands of a node, and of each whether it is there block by block, as computed."""
        step = self.steps.get(node)
        for i, a in enumerate(self.operands[node]):
            of = self.steps.get(a)
            if step is None or of is None or of.part:
                yield a, False
            else:
                yield a, step.cut[i] and of.lead == step.lead

    def number(self, roots: Sequence[Node]) -> None:
        """Find the turn of each node: one later than that of any step it needs the whole of."""
        for node in self.operands:
            turn = 0
            for a, here in self.uses(node):
                whole = a in self.steps and not here
                turn = max(turn, self.turn[a] + whole)
                if whole:
                    self.keep(a)
            self.turn[node] = turn
            self.turns += [[] for _ in range(turn + 1 - len(self.turns))]
            self.turns[turn].append(node)
        for root in roots:
            self.keep(root)

    def keep(self, node: Node) -> None:
        if node in self.steps and not self.steps[node].part:
            self.stored.add(node)

    def store_rather_than_repeat(self) -> None:
        for turn in range(len(self.turns) - 1, 0, -1):
            for outputs in self.outputs(turn).values():
                computed = self.below(outputs, turn)
                again = [node for node in computed if self.turn[node] < turn]
                if sum(_work(node) for node in again) > AGAIN:
                    for node in computed - set(again):
                        self.stored |= {
                            a for a, here in self.uses(node) if here and self.turn[a] < turn
                        }

    def outputs(self, turn: int) -> dict[Shape, list[Node]]:
        """What the passes of this turn are for, by the axes they go along."""
        found: dict[Shape, list[Node]] = {}
        for node in self.turns[turn]:
            step = self.steps.get(node)
            if step is not None and (step.part or node in self.stored):
                found.setdefault(step.lead, []).append(node)
        return found

    def below(self, outputs: Sequence[Node], turn: int) -> set[Node]:
        """The steps of a pass: down to what an earlier one has stored."""
        found: set[Node] = set()
        stack = list(outputs)
        while stack:
            node = stack.pop()
            if node not in found:
                found.add(node)
                stack += [
                    a
                    for a, here in self.uses(node)
                    if here and (a not in self.stored or self.turn[a] == turn)
                ]
        return found

    def stages(self, roots: set[Node]) -> list[Stage]:
        place = {node: i for i, node in enumerate(self.operands)}
        needed = roots | self.needed_whole()
        found = []
        for turn, nodes in enumerate(self.turns):
            whole = [n for n in nodes if n not in self.steps and n in needed]
            if whole:
                found.append(Stage(Whole(whole, [])))
            for lead, outputs in self.outputs(turn).items():
                order = sorted(self.below(outputs, turn), key=place.__getitem__)
                stored = self.stored.intersection(outputs)
                found.append(Stage(Pass(lead, [self.steps[n] for n in order], stored)))
        self.expire(found, roots)
        return found

    def needed_whole(self) -> set[Node]:
        """What is not by rows, without the variables of which nothing but rows is needed."""
        found = {node for node in self.operands if node.op is not VARIABLE}
        for node, args in self.operands.items():
            step = self.steps.get(node)
            found.update(a for i, a in enumerate(args) if step is None or not step.cut[i])
        return found

    def expire(self, stages: Sequence[Stage], roots: set[Node]) -> None:
        """Find what each stage has to hand on, and what it is the last to need."""
        seen = set(roots)
        for stage in reversed(stages):
            nodes = stage.nodes
            if isinstance(stage.what, Whole):
                stage.what.wanted += [node for node in nodes if node in seen]
            read = {a for node in nodes for a in self.operands[node]} - set(nodes)
            stage.spent += read - seen
            seen |= read


def _work(node: Node) -> int:
    """What an entry of it costs, in additions, roughly."""
    return 1 if node.op.infix or node.op.batch == "broadcast" else ELEMENTARY
