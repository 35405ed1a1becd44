"""Plans: a graph as one straight-line function of NumPy calls.

A plan is made once for fixed shapes and then called many times. Parts without variables are
computed when it is made; universal functions write into buffers the plan owns, each reused as soon
as nothing will read it again. One statement an operation: Python refuses deeply nested source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import GradError
from .evaluate import Array, evaluate, schedule
from .node import Node, Shape
from .ops import CONSTANT, VARIABLE, Op

SMALL = 512  # a buffer of fewer entries is not worth keeping: NumPy caches small blocks itself


@dataclass(slots=True)
class Plan:
    """A compiled graph.

    ``source``  the function it runs, as Python source
    ``inputs``  the names and shapes of the arrays it takes, in order
    """

    source: str
    inputs: tuple[tuple[str, Shape], ...]
    dtype: np.dtype[Any]
    _function: Any = field(repr=False)

    def __call__(self, values: Mapping[str, Any]) -> list[Array]:
        """The values of the roots. The arrays are the caller's own; a plan is not for two threads
        at once. Raises GradError G201, G302 as `evaluate` does."""
        arrays = []
        for name, shape in self.inputs:
            if name not in values:
                raise GradError("G201", f"`{name}` has no value")
            array = np.asarray(values[name], dtype=self.dtype)
            if array.shape != shape:
                raise GradError("G302", f"`{name}` has shape {shape}, its value {array.shape}")
            arrays.append(array)
        return list(self._function(*arrays))


def plan(roots: Sequence[Node], dtype: npt.DTypeLike = np.float64) -> Plan:
    """Compile `roots`. Their shapes must be numbers: see `evaluate.specialise`."""
    writer = _Writer(np.dtype(dtype))
    return writer.plan(roots)


@dataclass(slots=True)
class _Writer:
    dtype: np.dtype[Any]
    lines: list[str] = field(default_factory=list)
    names: dict[Node, str] = field(default_factory=dict)
    scope: dict[str, Any] = field(default_factory=dict)
    storage: dict[Node, frozenset[str]] = field(default_factory=dict)  # buffers a value may be in
    free: dict[tuple[Shape, np.dtype[Any]], list[str]] = field(default_factory=dict)
    kinds: dict[str, tuple[Shape, np.dtype[Any]]] = field(default_factory=dict)

    def plan(self, roots: Sequence[Node]) -> Plan:
        order, needs = schedule(roots)
        fixed = self.constants(order, needs, roots)
        order = [n for n in order if n not in fixed]
        inputs = [n for n in order if n.op is VARIABLE]
        for i, node in enumerate(inputs):
            self.names[node] = _argument(node.attr("name"), i)
            self.storage[node] = frozenset()
        last = {a: i for i, node in enumerate(order) for a in needs[node]}
        until: dict[str, int] = {}  # the last step at which a buffer is read, through any view
        for root in roots:
            last[root] = len(order)
        expiry = self.expiry(order, needs, last)
        for i, node in enumerate(order):
            if node.op is not VARIABLE:
                self.statement(node, needs[node], keep=expiry[node] >= len(order))
            for buffer in [b for b, end in until.items() if end <= i]:
                del until[buffer]
                self.free.setdefault(self.kinds[buffer], []).append(buffer)
            for buffer in self.storage[node]:
                until[buffer] = max(until.get(buffer, i), expiry[node])
        return self.compile(inputs, roots)

    def constants(
        self,
        order: Sequence[Node],
        needs: Mapping[Node, Sequence[Node]],
        roots: Sequence[Node],
    ) -> set[Node]:
        """Name the largest parts without variables, computed now."""
        fixed: set[Node] = set()
        for node in order:
            if node.op is not VARIABLE and all(a in fixed for a in needs[node]):
                fixed.add(node)
        used = [a for node in order if node not in fixed for a in needs[node] if a in fixed]
        used += [root for root in roots if root in fixed]
        outer = list(dict.fromkeys(used))
        for i, (node, value) in enumerate(
            zip(outer, evaluate(outer, {}, self.dtype).results, strict=True)
        ):
            self.name_constant(node, f"c{i}", value)
        return fixed

    def name_constant(self, node: Node, name: str, value: Array) -> None:
        self.names[node] = name
        self.scope[name] = value
        self.storage[node] = frozenset()

    def expiry(
        self,
        order: Sequence[Node],
        needs: Mapping[Node, Sequence[Node]],
        last: Mapping[Node, int],
    ) -> dict[Node, int]:
        """When each value is read for the last time, by itself or through something that may be a
        view of it."""
        found: dict[Node, int] = {}
        for i in range(len(order) - 1, -1, -1):
            node = order[i]
            found[node] = max(found.get(node, 0), last.get(node, i))
            if not _fresh(node):
                for a in needs[node]:
                    found[a] = max(found.get(a, 0), found[node])
        return found

    def statement(self, node: Node, needs: Sequence[Node], keep: bool) -> None:
        """One line: ``t3 = np.multiply(t1, t2, out=b0)``."""
        op: Op = node.op
        args = [self.argument(node, a) for a in needs]
        if op.formula is not None:
            self.names[node], self.storage[node] = args[0], self.storage[needs[0]]
            return
        function, args = self.function(node, args)
        name = f"t{len(self.lines)}"
        words = args + [f"{k}={v!r}" for k, v in node.attrs]
        storage: frozenset[str] = frozenset()
        size = prod(int(s) for s in node.shape)
        if not keep and size >= SMALL and _is_ufunc(function, self.scope, op):
            buffer = self.buffer(node.shape, self.numpy_dtype(node))
            words.append(f"out={buffer}")
            storage = frozenset([buffer])
        elif not _fresh(node):
            storage = frozenset().union(*(self.storage.get(a, frozenset()) for a in needs))
        self.lines.append(f"{name} = {function}({', '.join(words)})")
        self.names[node], self.storage[node] = name, storage

    def argument(self, node: Node, argument: Node) -> str:
        """The name of an operand; booleans become integers, and both floats, for a formula."""
        name = self.names[argument]
        pointwise = node.op.partials is not None and node.kind != "bool"
        if not pointwise or argument.kind in (node.kind, "float"):
            return name
        dtype = self.numpy_dtype(node)
        if name in self.scope:
            self.scope[f"{name}{dtype.kind}"] = self.scope[name].astype(dtype)
            return f"{name}{dtype.kind}"
        return f"{name}.astype({dtype.name!r})"

    def function(self, node: Node, args: list[str]) -> tuple[str, list[str]]:
        """How the forward function is called: by NumPy's name where it has one."""
        op: Op = node.op
        if op.name == "pow" and node.args[1].op is CONSTANT and node.args[1].attr("value") == 2:
            return "np.square", args[:1]
        forward = op.forward_function()
        if isinstance(forward, np.ufunc) and getattr(np, forward.__name__, None) is forward:
            return f"np.{forward.__name__}", args
        self.scope[op.name + "_"] = forward
        return op.name + "_", args

    def buffer(self, shape: Shape, dtype: np.dtype[Any]) -> str:
        spare = self.free.get((shape, dtype))
        if spare:
            return spare.pop()
        name = f"b{len(self.kinds)}"
        self.kinds[name] = (shape, dtype)
        self.scope[name] = np.empty([int(s) for s in shape], dtype)
        return name

    def numpy_dtype(self, node: Node) -> np.dtype[Any]:
        if node.kind == "float":
            return self.dtype
        return np.dtype(np.int64) if node.kind == "int" else np.dtype(np.bool_)

    def compile(self, inputs: Sequence[Node], roots: Sequence[Node]) -> Plan:
        own = [self.result(root) for root in roots]
        parameters = ", ".join(self.names[n] for n in inputs)
        body = [*self.lines, f"return ({', '.join(own)},)"]
        source = f"def plan({parameters}):\n" + "".join(f"    {line}\n" for line in body)
        self.scope |= {
            "np": np,
            "inf": np.inf,
            "nan": np.nan,
            "asarray": np.asarray,
            "array": np.array,
            "dtype": self.dtype,
        }
        # the source holds names made here and the reprs of normalised attributes; nothing of a user
        exec(compile(source, "<plan>", "exec"), self.scope)  # noqa: S102
        quiet = np.errstate(all="ignore")(self.scope["plan"])
        taken = tuple((n.attr("name"), n.shape) for n in inputs)
        return Plan(source, taken, self.dtype, quiet)

    def result(self, root: Node) -> str:
        """A result as an array of its own: not a buffer, an input, a constant, or a view of one."""
        name = self.names[root]
        if root.op is VARIABLE or name in self.scope or not _fresh(root):
            return f"array({name}, dtype={self.numpy_dtype(root).name!r})"
        return f"asarray({name}, dtype={self.numpy_dtype(root).name!r})"


def _argument(name: str, i: int) -> str:
    """A variable as a parameter; a name that might collide with one made here is numbered."""
    plain = name.isidentifier() and name.isascii() and len(name) > 1
    return f"x_{name}" if plain else f"x{i}"


def _fresh(node: Node) -> bool:
    """Whether the result is certainly memory of its own."""
    return node.op.partials is not None and node.op.name != "detach"


def _is_ufunc(function: str, scope: Mapping[str, Any], op: Op) -> bool:
    if function.startswith("np."):
        return isinstance(getattr(np, function[3:]), np.ufunc)
    return isinstance(scope.get(function), np.ufunc)
