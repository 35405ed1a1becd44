"""Plans: a graph as one straight-line function of NumPy calls.

A plan is made once for fixed shapes and then called many times. Parts without variables are
computed when it is made. Universal functions with large results write into buffers the plan owns,
each reused as soon as nothing will read it again; what is small lives in local names, reused
likewise. One statement an operation: Python refuses deeply nested source.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GradError
from ..evaluate import Array, evaluate, is_large
from ..node import Node, Shape, walk
from ..ops import CONSTANT, VARIABLE, Op
from ..whole_numbers import can_wrap, unwrapped
from .calls import CALLS
from .lower import lower

SMALL = 512  # a buffer of fewer entries is not worth keeping: NumPy caches small blocks itself
Storage = tuple[Shape, np.dtype[Any]]

# rows besides the pointwise ones whose result is certainly memory of its own
FRESH = {
    "matmul", "sum", "mean", "prod", "where", "multiply_no_nan", "outer", "peak", "var", "norm",
    "cat", "stack", "index_set", "index_add", "on_diagonal",
}  # fmt: skip


@dataclass(slots=True)
class Plan:
    """A compiled graph.

    ``source``  the function it runs, as Python source, below its constants and buffers
    ``inputs``  the names and shapes of the arrays it takes, in order
    ``run``     the values of the roots, given arrays that are known to fit
    """

    source: str
    inputs: tuple[tuple[str, Shape], ...]
    dtype: np.dtype[Any]
    run: Callable[..., tuple[Array, ...]] = field(repr=False)

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
        return list(self.run(*arrays))


def plan(
    roots: Sequence[Node],
    dtype: npt.DTypeLike = np.float64,
    inputs: Sequence[Node] | None = None,
) -> Plan:
    """Compile `roots`. Their shapes must be numbers: see `evaluate.specialise`.

    `inputs` are the variables in the order in which the plan takes them, needed or not; without it
    they come as they occur.
    """
    if is_large(roots) and (found := _in_blocks(roots, np.dtype(dtype), inputs)):
        return found
    return _Writer(np.dtype(dtype)).plan(lower(roots), inputs)


def _in_blocks(
    roots: Sequence[Node], dtype: np.dtype[Any], inputs: Sequence[Node] | None
) -> Plan | None:
    """A plan that goes through large tensors in blocks, if so it stores nothing but the results."""
    from .blocks import Blocks

    blocks = Blocks(roots)
    if not blocks.store_nothing:
        return None
    taken = tuple((n.attr("name"), n.shape) for n in inputs or blocks.inputs)
    names = [name for name, _ in taken]

    def run(*arrays: Array) -> tuple[Array, ...]:
        try:
            found = blocks(dict(zip(names, arrays, strict=True)), dtype)
        except GradError as error:
            raise error.__cause__ or error from None
        seen = [any(np.may_share_memory(a, x) for x in arrays) for a in found]
        return tuple(a.copy() if shared else a for a, shared in zip(found, seen, strict=True))

    return Plan(blocks.source, taken, dtype, run)


@dataclass(slots=True)
class _Writer:
    """What is written so far, and where each value is: an input, a constant, a local or a buffer.

    ``last``    the step that reads a value for the last time
    ``expiry``  the same through anything that may be a view of it
    ``ending``  the buffers that nothing reads after a step
    """

    dtype: np.dtype[Any]
    lines: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    scope: dict[str, Any] = field(default_factory=dict)
    names: dict[Node, str] = field(default_factory=dict)
    last: dict[Node, int] = field(default_factory=dict)
    expiry: dict[Node, int] = field(default_factory=dict)
    ending: dict[int, list[str]] = field(default_factory=dict)
    buffers: dict[str, Storage] = field(default_factory=dict)
    spare: dict[Storage, list[str]] = field(default_factory=dict)
    locals: set[str] = field(default_factory=set)
    spare_locals: list[str] = field(default_factory=list)

    def plan(self, roots: Sequence[Node], inputs: Sequence[Node] | None) -> Plan:
        order = walk(roots)
        fixed = self.fixed(order, roots)
        order = [n for n in order if n not in fixed]
        if inputs is None:
            inputs = [n for n in order if n.op is VARIABLE]
        for i, node in enumerate(inputs):
            self.names[node] = _parameter(node.attr("name"), i)
        self.last = {a: i for i, node in enumerate(order) for a in node.args}
        self.last |= dict.fromkeys(roots, len(order))
        self.expiry = _expiry(order, self.last)
        for i, node in enumerate(order):
            if node.op is not VARIABLE:
                self.statement(i, node, kept=self.expiry[node] >= len(order))
        return self.compile(inputs, roots)

    def fixed(self, order: Sequence[Node], roots: Sequence[Node]) -> set[Node]:
        """The parts without variables; the largest of them are computed now, and named."""
        fixed: set[Node] = set()
        for node in order:
            if node.op is not VARIABLE and fixed.issuperset(node.args):
                fixed.add(node)
        used = [a for node in order if node not in fixed for a in node.args if a in fixed]
        outer = list(dict.fromkeys([*used, *(root for root in roots if root in fixed)]))
        made = [node for node in outer if node.op is not CONSTANT]
        values = dict(zip(made, evaluate(made, {}, self.dtype).results, strict=True))
        for i, node in enumerate(outer):
            value = values[node] if node in values else self.typed(node)
            self.names[node] = self.constant(f"c{i}", value)
        return fixed

    def typed(self, node: Node) -> Array:
        return np.asarray(node.attr("value"), self.numpy_dtype(node))

    def constant(self, name: str, value: Array) -> str:
        if name not in self.scope:
            self.scope[name] = value
            shown = repr(value.item()) if not value.ndim else f"...  # {value.dtype}{value.shape}"
            self.header.append(f"{name} = {shown}")
        return name

    # --- statements ------------------------------------------------------------------------

    def statement(self, i: int, node: Node, kept: bool) -> None:
        """One line: ``t3 = t1 * t2``, or ``np.multiply(b1, t2, out=b0)`` where that is large."""
        args = [self.argument(node, a) for a in node.args]
        writes = (_ufunc(node.op) or node.op.name == "sum") and not can_wrap(node)
        if writes and not kept and prod(map(int, node.shape)) >= SMALL:
            name = self.buffer(i, node, args)
            self.lines.append(self.call(node, args, out=name))
        else:
            for a in node.args:
                if self.last[a] == i and self.names[a] in self.locals:
                    self.locals.remove(self.names[a])
                    self.spare_locals.append(self.names[a])
            name = self.local()
            self.lines.append(f"{name} = {self.call(node, args)}")
        self.names[node] = name
        for buffer in self.ending.pop(i, ()):
            self.spare.setdefault(self.buffers[buffer], []).append(buffer)

    def argument(self, node: Node, argument: Node) -> str:
        """The name of an operand; booleans become integers, and both floats, for a formula."""
        name = self.names[argument]
        pointwise = node.op.partials is not None and node.kind != "bool"
        if not pointwise or argument.kind in (node.kind, "float"):
            return name
        dtype = self.numpy_dtype(node)
        if name in self.scope:
            return self.constant(f"{name}{dtype.kind}", self.scope[name].astype(dtype))
        return f"{name}.astype({dtype.name})"

    def call(self, node: Node, args: list[str], out: str = "") -> str:
        """An operation as NumPy writes it, or a call of the row's forward function."""
        op: Op = node.op
        if can_wrap(node):
            self.scope[f"whole_{op.name}_"] = partial(unwrapped, op)
            return f"whole_{op.name}_({', '.join([*args, *_attributes(node)])})"
        words = [*args, f"out={out}"] if out else args
        ufunc = _ufunc(op)
        if ufunc:
            if op.infix and not out:
                return f"{args[0]} {op.infix} {args[1]}" if len(args) == 2 else op.infix + args[0]
            return f"{self.named(op, ufunc)}({', '.join(words)})"
        template = CALLS.get(op.name)
        if template is not None:
            text = template if isinstance(template, str) else template(node, self)
            tensors = (p.name for p in op.signature.parameters if p.is_tensor)
            text = text.format(**dict(zip(tensors, args, strict=True)))
            return f"{text[:-1]}, out={out})" if out else text
        self.scope[f"{op.name}_"] = op.forward_function()
        return f"{op.name}_({', '.join([*args, *_attributes(node)])})"

    def named(self, op: Op, ufunc: np.ufunc) -> str:
        if getattr(np, ufunc.__name__, None) is ufunc:
            return f"np.{ufunc.__name__}"
        self.scope[f"{op.name}_"] = ufunc
        return f"{op.name}_"

    def shape(self, shape: Shape) -> str:
        return repr(shape)

    # --- places ----------------------------------------------------------------------------

    def local(self) -> str:
        name = self.spare_locals.pop() if self.spare_locals else f"t{len(self.locals)}"
        self.locals.add(name)
        return name

    def buffer(self, i: int, node: Node, args: Sequence[str]) -> str:
        """A buffer for the result of step `i`: that of an operand which is read there for the last
        time, a spare one, or a new one."""
        storage = (node.shape, self.numpy_dtype(node))
        ending = self.ending.get(i, [])
        spare = self.spare.get(storage)
        mine = [b for b in ending if b in args and self.buffers[b] == storage]
        if mine and node.op.partials is not None:
            name = mine[0]
            ending.remove(name)
        elif spare:
            name = spare.pop()
        else:
            name = f"b{len(self.buffers)}"
            self.buffers[name] = storage
            self.scope[name] = np.empty([int(s) for s in node.shape], storage[1])
            self.header.append(f"{name} = np.empty({node.shape}, {storage[1].name})")
        self.ending.setdefault(self.expiry[node], []).append(name)
        return name

    def numpy_dtype(self, node: Node) -> np.dtype[Any]:
        if node.kind == "float":
            return self.dtype
        return np.dtype(np.int64) if node.kind == "int" else np.dtype(np.bool_)

    # --- the whole -------------------------------------------------------------------------

    def compile(self, inputs: Sequence[Node], roots: Sequence[Node]) -> Plan:
        own = [self.result(root, root in roots[:i]) for i, root in enumerate(roots)]
        parameters = ", ".join(self.names[n] for n in inputs)
        body = [*self.lines, f"return ({', '.join(own)},)"]
        source = f"def plan({parameters}):\n" + "".join(f"    {line}\n" for line in body)
        self.scope |= {dtype.name: dtype for dtype in (self.dtype, *DTYPES)}
        self.scope |= {"np": np, "asarray": np.asarray, "array": np.array, **NUMBERS}
        # the source holds names made here and the reprs of normalised attributes; nothing of a user
        # but names of inputs that are plain identifiers
        exec(compile(source, "<plan>", "exec"), self.scope)  # noqa: S102
        quiet = copy_context()  # where NumPy does not warn: entered faster than `errstate`
        quiet.run(np.seterr, all="ignore")
        taken = tuple((n.attr("name"), n.shape) for n in inputs)
        head = "".join(f"{line}\n" for line in self.header)
        whole = f"{head}\n\n{source}" if head else source
        return Plan(whole, taken, self.dtype, partial(quiet.run, self.scope["plan"]))

    def result(self, root: Node, again: bool) -> str:
        """A result as an array of its own: not a buffer, an input, a constant, or a view of one."""
        name = self.names[root]
        own = _fresh(root) and root.op is not VARIABLE and name not in self.scope and not again
        return f"{'asarray' if own else 'array'}({name}, {self.numpy_dtype(root).name})"


DTYPES = (np.dtype(np.int64), np.dtype(np.bool_))
NUMBERS = {"inf": np.inf, "nan": np.nan}  # as attributes are written
RESERVED = {"np", "array", "asarray", *NUMBERS, *np.sctypeDict}


def _parameter(name: str, i: int) -> str:
    """A variable as a parameter: by its name, if nothing made here can be called so."""
    ours = name in RESERVED or name.endswith("_") or re.fullmatch(r"[tbc]\d+\w?", name)
    plain = name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
    return name if plain and not ours else f"x{i}_"


def _expiry(order: Sequence[Node], last: Mapping[Node, int]) -> dict[Node, int]:
    """When each value is read for the last time, by itself or through something that may be a view
    of it."""
    found: dict[Node, int] = {}
    for i in range(len(order) - 1, -1, -1):
        node = order[i]
        found[node] = max(found.get(node, 0), last.get(node, i))
        if not _fresh(node):
            for a in node.args:
                found[a] = max(found.get(a, 0), found[node])
    return found


def _fresh(node: Node) -> bool:
    """Whether the result is certainly memory of its own."""
    return node.op.name in FRESH or (node.op.partials is not None and node.op.name != "detach")


def _attributes(node: Node) -> list[str]:
    return [f"{name}={value!r}" for name, value in node.attrs]


@cache
def _ufunc(op: Op) -> np.ufunc | None:
    """The universal function that a row is."""
    forward = op.forward_function()
    return forward if isinstance(forward, np.ufunc) else None
