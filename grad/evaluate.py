"""Values of nodes: one pass over the graph, each node once, in float64 or float32."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import sizes as polynomials
from .errors import GradError
from .node import Node, walk
from .ops import CONSTANT, DIMENSION, VARIABLE, Op, constant, shape_text, variable
from .record import field, record
from .whole_numbers import can_wrap, unwrapped

Array = npt.NDArray[Any]
MAX_ELEMENTS = 200_000_000  # 1.6 GB of float64
LARGE = 1 << 19  # entries; from here on it is better to compute in blocks


@record()
class Evaluation:
    """What an evaluation found: `results` of the roots in order, and `memo`, every node's value if
    it was asked to keep them."""

    results: list[Array]
    memo: dict[Node, Array] = field(default_factory=dict)


def finite(value: Array) -> bool:
    """Whether every entry is a finite number."""
    return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())


def evaluate(
    roots: Sequence[Node],
    values: Mapping[str, Any] | None = None,
    dtype: npt.DTypeLike = np.float64,
    *,
    keep: bool = False,
    max_elements: int = MAX_ELEMENTS,
) -> Evaluation:
    """The values of `roots`, given arrays for their variables by name.

    Named sizes are taken from the shapes of the arrays. Float results have type `dtype` (complex
    for a complex step), integers int64. Raises GradError G201 for a variable without a value, G302
    for one of the wrong shape, G502 where linear algebra fails, G601 before anything is computed
    if a step would have more than `max_elements` entries. Warnings of NumPy are silenced:
    non-finite entries are looked for in the results.
    """
    arrays = {name: np.asarray(value) for name, value in (values or {}).items()}
    roots = sized(roots, arrays)
    order, needs = schedule(roots)
    limit(order, max_elements)
    memo = compute(roots, order, needs, arrays, dtype, keep=keep)
    return Evaluation([memo[root] for root in roots], memo if keep else {})


def compute(
    roots: Sequence[Node],
    order: Sequence[Node],
    needs: Mapping[Node, Sequence[Node]],
    arrays: Mapping[str, Array],
    dtype: npt.DTypeLike = np.float64,
    *,
    known: Mapping[Node, Array] | None = None,
    keep: bool = False,
    wraps: bool = False,
) -> dict[Node, Array]:
    """The values of `roots`, and of all other nodes if `keep`, by what `schedule` returned.

    `known` has the values of the nodes at which the schedule stopped. Whole numbers that need more
    than 64 bits are an error, unless they may wrap round (`wraps`), as those of PyTorch do.
    """
    run = Run(np.dtype(dtype), arrays, wraps)
    uses = None if keep else Counter([a for node in order for a in needs[node]] + list(roots))
    memo: dict[Node, Array] = dict(known or {})
    with np.errstate(all="ignore"):
        for node in order:
            memo[node] = run.node(node, [memo[a] for a in needs[node]])
            if uses is not None:
                for a in needs[node]:
                    uses[a] -= 1
                    if not uses[a]:
                        del memo[a]
    return memo


def is_large(roots: Sequence[Node]) -> bool:
    """Whether a graph has a tensor that is better computed in blocks: see blocks.py."""
    return any(polynomials.entries(n.shape) >= LARGE for n in walk(roots))


def limit(order: Sequence[Node], most: int = MAX_ELEMENTS) -> None:
    """Raises GradError G601 if one of these nodes would have more entries than `most`."""
    for node in order:
        size = polynomials.entries(node.shape)
        if size > most:
            raise GradError(
                "G601",
                f"`{node.op.name}` would make {size:,} entries, of shape {shape_text(node.shape)}",
                help=[f"the limit is {most:,}: raise it with `--max-elements {size}`"],
                node=node,
            )


def formula(node: Node) -> Node | None:
    """What a derived node is computed by."""
    return node.op.expand(node) if node.op.formula is not None else None


def schedule(
    roots: Sequence[Node],
    known: Collection[Node] = (),
    formula: Callable[[Node], Node | None] = formula,
) -> tuple[list[Node], dict[Node, tuple[Node, ...]]]:
    """The nodes to compute in order, and what each needs: its arguments, or its formula alone.

    The nodes of `known` have their values already.
    """
    needs: dict[Node, tuple[Node, ...]] = {}
    order: list[Node] = []
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in needs and node not in known:
            meant = formula(node)
            needs[node] = node.args if meant is None else (meant,)
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(needs[node]))
    return order, needs


@record()
class Run:
    """How one node is computed from the values of those it needs."""

    dtype: np.dtype[Any]
    arrays: Mapping[str, Array]
    wraps: bool = False

    def node(self, node: Node, args: list[Array]) -> Array:
        op: Op = node.op
        if op is VARIABLE:
            return self.typed(node, self.given(node))
        if op is CONSTANT:
            return self.typed(node, node.attr("value"))
        if op.formula is not None:
            return args[0]
        return self.applied(node, self.operands(node, args), dict(node.attrs))

    def applied(self, node: Node, args: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
        """The row of a node, applied to operands and attributes."""
        try:
            if can_wrap(node) and not self.wraps:
                return self.typed(node, unwrapped(node.op, *args, **attrs))
            return self.typed(node, node.op.run(*args, **attrs))
        except np.linalg.LinAlgError as error:
            raise GradError("G502", f"`{node.op.name}`: {str(error).lower()}", node=node) from error
        except GradError as error:
            error.node = error.node or node
            raise

    def given(self, node: Node) -> Array:
        """The value of a variable, as it was given."""
        name = node.attr("name")
        if name not in self.arrays:
            raise GradError("G201", f"`{name}` has no value")
        value = self.arrays[name]
        if value.shape != node.shape:
            raise GradError(
                "G302",
                f"`{name}` has shape {shape_text(node.shape)}, its value {shape_text(value.shape)}",
            )
        return value

    def operands(self, node: Node, args: list[Array]) -> list[Array]:
        """The arguments of a pointwise row as numbers of the kind of its result."""
        if node.op.partials is not None and node.kind == "float":
            return [a if a.dtype.kind in "fc" else a.astype(self.dtype) for a in args]
        if node.op.partials is not None and node.kind == "int":  # True + True is 2, not True
            return [a.astype(np.int64) if a.dtype.kind == "b" else a for a in args]
        return args

    def typed(self, node: Node, value: Any) -> Array:
        return np.asarray(value, dtype=self.dtype_of(node))

    def dtype_of(self, node: Node) -> np.dtype[Any]:
        if node.kind == "float":
            return self.dtype
        return np.dtype(np.int64 if node.kind == "int" else np.bool_)


def sized(roots: Sequence[Node], arrays: Mapping[str, Any]) -> list[Node]:
    """`roots` with every named size replaced by the number the arrays' shapes give it.

    Raises GradError G302 where two arrays disagree about a name.
    """
    found: dict[str, int] = {}
    for node in walk(roots):
        if node.op is not VARIABLE or node.attr("name") not in arrays:
            continue
        name, actual = node.attr("name"), np.shape(arrays[node.attr("name")])
        if len(actual) != node.ndim:
            raise GradError(
                "G309", f"`{name}` has {node.ndim} axes as declared, its value {len(actual)}"
            )
        for size, number in zip(node.shape, actual, strict=True):
            if isinstance(size, str) and found.setdefault(size, number) != number:
                raise GradError(
                    "G302", f"`{name}` says {size} = {number}, another value {found[size]}"
                )
    return specialise(roots, found) if found else list(roots)


def specialise(roots: Sequence[Node], numbers: Mapping[Any, int]) -> list[Node]:
    """`roots` with sizes, named ones or numbers, replaced in shapes and wherever they occur."""
    known: dict[Any, int] = dict(numbers)

    def number(value: Any) -> Any:
        if isinstance(value, str) and polynomials.names_in(value) <= known.keys():
            return polynomials.value(value, known)
        if type(value) is int:
            return known.get(value, value)
        return tuple(map(number, value)) if isinstance(value, tuple) else value

    done: dict[Node, Node] = {}
    for node in walk(roots):
        if node.op is VARIABLE:
            done[node] = variable(node.attr("name"), number(node.shape), node.kind)
        elif node.op is DIMENSION:
            size = number(node.attr("size"))
            done[node] = constant(size) if isinstance(size, int) else node
        else:
            types = {p.name: p.type for p in node.op.signature.parameters}
            attrs = {
                name: number(value)
                if types.get(name, "").rstrip("?") in ("shape", "int", "ints")
                else value
                for name, value in node.attrs
            }
            done[node] = (
                node if node.op is CONSTANT else node.op.node([done[a] for a in node.args], attrs)
            )
    return [done[root] for root in roots]
