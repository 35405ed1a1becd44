"""The tape: what operations on tensors leave behind so that gradients can flow back through them.

An operation is recorded as a graph of its own, over placeholders for its operands. The way back
through it is `reverse.pull` on that graph, so there is no second set of rules; both are made once
for each operation and shape, and used again whenever it occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import ref

import numpy as np

from ..evaluate import Array, compute, limit, schedule
from ..node import Kind, Node, Shape, walk
from ..ops import VARIABLE, is_constant, rebuild, variable
from ..reverse import pull
from .errors import SECOND_TIME, TensorRuntimeError, modified

CACHED = 4096  # operations whose graphs are kept
INCOMING = "g"  # the placeholder for the gradient that arrives
_sequence = count()


@lru_cache(CACHED)
def placeholder(i: int, shape: Shape, kind: Kind) -> Node:
    """What stands for operand `i` of an operation."""
    return variable(str(i), shape, kind)


@dataclass(frozen=True, slots=True)
class Program:
    """A graph over placeholders, ready to be computed; `reads` are those it needs, by name."""

    roots: tuple[Node, ...]
    order: Sequence[Node]
    needs: Mapping[Node, Sequence[Node]]
    reads: Mapping[str, Node]

    @classmethod
    def of(cls, roots: tuple[Node, ...], known: Collection[Node] = ()) -> Program:
        order, needs = schedule(roots, known)
        limit(order)
        reads = {n.attr("name"): n for n in order if n.op is VARIABLE}
        return cls(roots, [n for n in order if n.op is not VARIABLE], needs, reads)

    def run(
        self,
        arrays: Mapping[str, Array],
        dtype: np.dtype[Any],
        known: Mapping[Node, Array] | None = None,
    ) -> list[Array]:
        """The values of the roots, given those of the placeholders, and of nodes that are known."""
        given = dict(known or {})
        for name, node in self.reads.items():
            array = arrays[name]
            given[node] = array.astype(dtype, copy=False) if node.kind == "float" else array
        memo = compute(
            self.roots, self.order, self.needs, {}, dtype, known=given, keep=True, wraps=True
        )
        return [memo[root] for root in self.roots]


@lru_cache(CACHED)
def forward(node: Node) -> Program:
    """The value of an operation."""
    return Program.of((node,))


@dataclass(frozen=True, slots=True)
class Pullback:
    """The gradients an operation hands to those of its operands that want one.

    `reads_output` says that they are computed from its result; `chosen` which of them are zero
    wherever something was not selected (see `reverse`).
    """

    program: Program
    reads_output: bool
    chosen: tuple[bool, ...]


@lru_cache(CACHED)
def pullback(node: Node, wanted: tuple[Node, ...], chosen: bool = False) -> Pullback:
    """The way back through `node`, an operation on placeholders, to those of `wanted`."""
    g = variable(INCOMING, node.shape)
    back = pull(node, wanted, g, chosen=chosen)
    roots = tuple(_divided(back.grads, node))
    known = () if node.op is VARIABLE else (node,)
    program = Program.of(roots, known)
    used = {a for n in program.order for a in program.needs[n]} | set(roots)
    return Pullback(
        program, bool(known) and node in used, tuple(x in back.selected for x in wanted)
    )


def _divided(roots: Sequence[Node], known: Node) -> list[Node]:
    """``g * (1/x)`` as ``g / x``: rounded once, as in PyTorch, so that whole numbers stay whole."""
    done: dict[Node, Node] = {known: known}
    for node in walk(roots, done):
        if node is known:
            continue
        args = [done[a] for a in node.args]
        if node.op.name == "mul" and args[1].op.name == "div" and is_constant(args[1].args[0], 1):
            done[node] = args[0] / args[1].args[1]
        else:
            done[node] = rebuild(node, args)
    return [done[root] for root in roots]


# --- what is recorded --------------------------------------------------------------------------


class Version:
    """How often an array was written to; shared by all tensors that look at it."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0


class Saved(NamedTuple):
    """An array the way back needs, the version it had, and whose it is (for the error text)."""

    array: Array
    version: Version
    number: int
    owner: ref[Any]

    def check(self, made_by: GradFn | None = None) -> None:
        """Raises TensorError G405 if it was written to since `made_by` made it, or used it."""
        if self.version.number != self.number:
            owner = self.owner()
            made_by = made_by or (None if owner is None else owner.grad_fn)
            producer = "" if made_by is None else made_by.name()
            legacy = {"f8": "Double", "f4": "Float"}.get(self.array.dtype.str[1:], "Long")
            stem = producer.removesuffix("0").removesuffix("Backward")
            raise modified(legacy, self.array.shape, stem, self.version.number, self.number)


NOTHING: Mapping[str, Saved] = {}


@lru_cache(CACHED)
def shared(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """One tuple for all that are equal: tapes are long, and operations are few."""
    return values


class GradFn:
    """One recorded operation: ``y.grad_fn``.

    ``node``     the operation on placeholders
    ``edges``    for each operand, the operation that made it, an `AccumulateGrad` for a leaf that
                 requires grad, None for one that needs no gradient
    ``wanted``   the placeholders of the operands that need one, ``dtypes`` their types
    ``dtype``    the type in which it was computed
    ``saved``    by placeholder, and `OUTPUT` for the result; None once they are freed
    ``frees``    whether going back once frees something, so that a second time is an error
    """

    __slots__ = (
        "__weakref__",
        "dtype",
        "dtypes",
        "edges",
        "frees",
        "hooks",
        "node",
        "retained",
        "saved",
        "sequence",
        "wanted",
    )
    OUTPUT = "out"
    numbers = False  # an operand that is a number has an entry in next_functions

    def __init__(
        self,
        node: Node,
        edges: tuple[Edge | None, ...],
        wanted: tuple[Node, ...],
        dtypes: tuple[np.dtype[Any], ...],
        dtype: np.dtype[Any],
        saved: Mapping[str, Saved],
        frees: bool,
    ) -> None:
        self.node = node
        self.edges = edges
        self.wanted: tuple[Node, ...] = shared(wanted)
        self.dtypes: tuple[np.dtype[Any], ...] = shared(dtypes)
        self.dtype = dtype
        self.saved: Mapping[str, Saved] | None = saved or NOTHING
        self.frees = frees
        self.sequence: float = next(_sequence)
        self.hooks: Sequence[Callable[[Any], Any]] = ()
        self.retained: ref[Any] | None = None

    @property
    def next_functions(self) -> tuple[tuple[Edge | None, int], ...]:
        """The operations before this one, as PyTorch shows them."""
        number = ((None, 0),) if self.numbers and len(self.edges) == 1 else ()
        return tuple((edge, 0) for edge in self.edges) + number

    @property
    def targets(self) -> list[Edge]:
        """The edges of `wanted`, in order."""
        return [edge for edge in self.edges if edge is not None]

    def name(self) -> str:
        return type(self).__name__

    def unpack(self) -> Mapping[str, Saved]:
        """What was saved. Raises TensorError G406 if it was freed, G405 if it was overwritten."""
        if self.saved is None:
            raise TensorRuntimeError("G406", SECOND_TIME)
        for name, saved in self.saved.items():
            saved.check(self if name == self.OUTPUT else None)
        return self.saved

    def free(self) -> None:
        """Forget what was saved: the way back has been taken."""
        if self.frees:
            self.saved = None

    def pull(self, g: Array, chosen: bool) -> list[tuple[Array, bool]]:
        """The gradients for `targets`, given that of the result."""
        saved = self.unpack()
        arrays = {name: s.array for name, s in saved.items()}
        back = pullback(self.node, self.wanted, chosen)
        known = {self.node: arrays[self.OUTPUT]} if self.OUTPUT in arrays else None
        grads = back.program.run({**arrays, INCOMING: g}, self.dtype, known)
        return [
            (grad.astype(dtype, copy=False), c)
            for grad, dtype, c in zip(grads, self.dtypes, back.chosen, strict=True)
        ]

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad:
    """Where the way back ends: at a leaf that requires grad."""

    __slots__ = ("__weakref__", "variable")
    sequence: float = inf
    edges: tuple[Edge | None, ...] = ()
    next_functions: tuple[tuple[Edge | None, int], ...] = ()
    targets: Sequence[Edge] = ()

    def __init__(self, variable: Any) -> None:
        self.variable = variable  # a Tensor

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


Edge = GradFn | AccumulateGrad


@lru_cache(CACHED)
def grad_fn_class(name: str) -> type[GradFn]:
    """The class of that name: ``type(y.grad_fn).__name__`` is what tutorials print."""
    numbers = name in ("AddBackward0", "SubBackward0", "MulBackward0", "DivBackward0")
    return type(name, (GradFn,), {"__slots__": (), "numbers": numbers})


# --- the way back ------------------------------------------------------------------------------

V = TypeVar("V")  # what flows back: arrays, or tensors where the way back is recorded itself


@dataclass(slots=True)
class Walk(Generic[V]):
    """One walk from results back to what they were made of, latest operation first.

    ``pull``     (operation, gradient, chosen) -> for each of its targets a gradient, and whether
                 that comes out of a selection
    ``arrive``   (operation or leaf, gradient) -> the gradient that goes on: hooks see it here
    """

    pull: Callable[[GradFn, V, bool], list[tuple[V, bool]]]
    arrive: Callable[[Edge, V], V]
    add: Callable[[V, V], V]

    def run(
        self, seeds: Sequence[tuple[Edge, V]], targets: Collection[Edge] | None, keep: bool
    ) -> dict[Edge, V]:
        """The gradients at `targets`, at the leaves if None. `keep` frees nothing."""
        waiting, useful = self._survey([edge for edge, _ in seeds], targets)
        grads: dict[Edge, tuple[V, bool]] = {}
        for edge, g in seeds:
            grads[edge] = (self.add(grads[edge][0], g), False) if edge in grads else (g, False)
        ready = [
            (-edge.sequence, i, edge) for i, edge in enumerate(grads) if not waiting.get(edge, 0)
        ]
        ready.sort(key=lambda entry: entry[:2])
        tie = len(ready)
        found: dict[Edge, V] = {}
        while ready:
            edge = heappop(ready)[2]
            g, chosen = grads.pop(edge)
            g = self.arrive(edge, g)
            if (targets is None and not edge.edges) or (targets is not None and edge in targets):
                found[edge] = g
            if isinstance(edge, AccumulateGrad) or not any(t in useful for t in edge.targets):
                continue
            for target, (grad, c) in zip(edge.targets, self.pull(edge, g, chosen), strict=True):
                if target not in useful:
                    continue
                if target in grads:
                    before, also = grads[target]
                    grads[target] = self.add(before, grad), c or also
                else:
                    grads[target] = grad, c
                waiting[target] -= 1
                if not waiting[target]:
                    heappush(ready, (-target.sequence, tie, target))
                    tie += 1
            if not keep:
                edge.free()
        return found

    def _survey(
        self, roots: Sequence[Edge], targets: Collection[Edge] | None
    ) -> tuple[dict[Edge, int], set[Edge]]:
        """How many gradients each step waits for, and the steps that lead to a target."""
        seen = set(roots)
        stack = list(seen)
        while stack:
            for target in stack.pop().targets:
                if target not in seen:
                    seen.add(target)
                    stack.append(target)
        useful: set[Edge] = set()
        # an operation comes after its operands; leaves, which come first, have no targets
        for edge in sorted(seen, key=lambda e: -1 if e.sequence == inf else e.sequence):
            wanted = not edge.edges if targets is None else edge in targets
            if wanted or any(t in useful for t in edge.targets):
                useful.add(edge)
        waiting: dict[Edge, int] = {}
        for edge in useful:
            for target in edge.targets:
                if target in useful:
                    waiting[target] = waiting.get(target, 0) + 1
        return waiting, useful
