"""What a row of the table is, the leaves of a graph, and how arguments become nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from . import sizes
from .broadcasting import broadcast as broadcast
from .broadcasting import broadcast_nodes as broadcast_nodes
from .broadcasting import normal_axes as normal_axes
from .broadcasting import normal_axis as normal_axis
from .broadcasting import shape_text as shape_text
from .errors import GradError
from .node import TABLE, Kind, Node, Shape, Size, walk
from .record import record
from .signature import REQUIRED, Parameter, Signature

Partial = Callable[..., Any]  # (out, *args, **attrs) -> Node or number
Vjp = Callable[..., Any]  # (g, out, *args, **attrs) -> one Node or None for each argument
Inferred = tuple[Shape, Kind, dict[str, Any]]  # shape, kind, normalised attributes
Infer = Callable[..., Inferred]
READY = {Node, int, float, bool}  # what needs no conversion but to a constant


@record(frozen=True)
class Kink:
    """A point where the derivative is not unique or not finite, and what is taken there."""

    at: str  # "0", "x == y", "a tie"
    choice: str  # "0", "half to each"
    why: str = ""


@record(frozen=True)
class Textbook:
    """A derived row as textbooks have it, without guards, and where that is the same."""

    formula: Callable[..., Node]
    where: str  # "no logarithm is below -100"


@record(eq=False)
class Op:
    """A row: everything gradcalc knows about one function.

    ``forward``   (*arrays, **attrs) -> array; or "module:name", imported when first called
    ``infer``     (*nodes, **attrs) -> (shape, kind, normalised attrs); raises GradError
    ``partials``  for a pointwise row: one formula per argument, None if not differentiable there
    ``vjp``       for any other differentiable row: (g, out, *nodes, **attrs) -> a gradient for
                  each argument, None where not differentiable
    ``formula``   for a derived row: (*nodes, **attrs) -> Node over other rows
    ``textbook``  the formula of a derived row that is shown for it, where it has guards
    ``linear``    positions of the arguments the row is linear in; ``jointly`` if in all of them
                  together (concat), else in each for itself (matmul)
    ``selects``   its gradient is zero at the entries not selected (where, max, indexing)
    ``batch``     "same": attributes mean the same with more leading axes (axes are negative);
                  "align": arguments broadcast, so ranks must be aligned first; a name: a way that
                  batch.py knows; a function (lead, args, attrs) -> attrs of the batched node
    ``broadcasts`` arguments broadcast against each other; the walk back sums over what was repeated
    ``sample``    the domain of each argument in tests, (low, high) or a name of a kind of matrix
    ``example``   a call, as users write it; ``calls`` are more of them, each as the texts of its
                  arguments, for tests: a tensor is named like its parameter, ``x:3x2`` gives it
                  another sample
    ``spelling``  another way to write a formula: its nodes are the formula's, not its own
    """

    name: str
    signature: Signature
    forward: Callable[..., Any] | str
    infer: Infer
    doc: str
    group: str = ""
    partials: tuple[Partial | None, ...] | None = None
    vjp: Vjp | None = None
    formula: Callable[..., Node] | None = None
    textbook: Textbook | None = None
    differentiable: bool = True
    linear: tuple[int, ...] = ()
    jointly: bool = False
    selects: bool = False
    broadcasts: bool = False
    spelling: bool = False
    batch: str | Callable[..., Any] = "same"
    sample: tuple[Any, ...] = ()
    aliases: tuple[str, ...] = ()
    kinks: tuple[Kink, ...] = ()
    infix: str = ""
    example: str = ""
    calls: tuple[tuple[str, ...], ...] = ()
    hidden: bool = False
    operands: int = -1  # how many, where every parameter is a tensor and there is nothing to bind

    def __post_init__(self) -> None:
        parameters = self.signature.parameters
        if all(p.type == "tensor" and not p.variadic for p in parameters):
            self.operands = len(parameters)

    def __call__(self, *args: Any, **keywords: Any) -> Node:
        """Apply to nodes, numbers, lists and arrays. Raises GradError, in terms of this call."""
        if len(args) == self.operands and not keywords and READY.issuperset(map(type, args)):
            return self.node([a if type(a) is Node else constant(a) for a in args], {})
        bound = self.signature.bind(args, keywords, convert)
        try:
            return self.node(bound.tensors, bound.attrs)
        except GradError as error:
            if error.at is not None:
                error.at = bound.origin.get(error.at, error.at)
            error.labels = {
                position: text
                for i, text in error.labels.items()
                if isinstance(position := bound.origin.get(i, i), int)
            }
            raise

    def node(self, args: Sequence[Node], attrs: dict[str, Any]) -> Node:
        """The node for bound arguments, as `Node.args` and `Node.attrs` hold them."""
        if self.formula is not None:
            inner = self.formula(*args, **attrs)
            if self.spelling:
                return inner
            shape, kind, normal = inner.shape, inner.kind, self._with_normal_axes(args, attrs)
        else:
            shape, kind, normal = self.infer(*args, **attrs)
        statics = tuple(sorted(normal.items())) if normal else ()
        return Node(self, tuple(args), statics, shape, kind)

    def _with_normal_axes(self, args: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        """The attributes of a derived row as its formula would keep them: axes are negative."""
        rank = max((a.ndim for a in args), default=0)
        normal = dict(attrs)
        for p in self.signature.parameters:
            value = attrs.get(p.name)
            if p.type.startswith("axis") and value is not None:
                normal[p.name] = normal_axis(value, rank, p.name)
            elif p.type.startswith("axes") and value is not None:
                normal[p.name] = normal_axes(value, rank, p.name)
        return normal

    @property
    def defaults(self) -> dict[str, Any]:
        """The static arguments of a call that gives none of them."""
        return {
            p.name: p.default
            for p in self.signature.parameters
            if not p.is_tensor and p.default is not REQUIRED
        }

    def run(self, *arrays: Any, **attrs: Any) -> Any:
        """The value, from those of the arguments."""
        return self.forward_function()(*arrays, **attrs)

    def forward_function(self) -> Callable[..., Any]:
        """The forward function, imported if it was named only."""
        if isinstance(self.forward, str):
            module, name = self.forward.split(":")
            self.forward = getattr(import_module(module), name)
        assert callable(self.forward)
        return self.forward

    def expand(self, node: Node) -> Node:
        """A derived node as the formula it stands for."""
        assert self.formula is not None
        return self.formula(*node.args, **dict(node.attrs))

    def __repr__(self) -> str:
        return f"<row {self.signature}>"


def register(op: Op) -> Op:
    """Put a row into the table under its name and its aliases."""
    for name in (op.name, *op.aliases):
        assert name not in TABLE, f"two rows are called {name}"
        TABLE[name] = op
    return op


class Functions:
    """The table as attributes, so that rules read as formulas: ``F.log(x)``."""

    def __getattr__(self, name: str) -> Op:
        try:
            return TABLE[name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None


F = Functions()


def rebuild(node: Node, args: Sequence[Node]) -> Node:
    """The same operation on other arguments."""
    if all(a is b for a, b in zip(node.args, args, strict=True)):
        return node
    made = node.op.node(args, dict(node.attrs))
    assert isinstance(made, Node)
    return made


def substitute(roots: Sequence[Node], replacements: dict[Node, Node]) -> list[Node]:
    """`roots` with some nodes replaced wherever they occur."""
    done = dict(replacements)
    for node in walk(roots):
        if node not in done:
            done[node] = rebuild(node, [done[a] for a in node.args])
    return [done[root] for root in roots]


# --- leaves ------------------------------------------------------------------------------------


def _leaf(name: str, doc: str) -> Op:
    def refuse(*_: Node, **__: Any) -> Inferred:
        raise TypeError(f"a {name} is made by {name}(), not by its row")

    row = Op(name, Signature(name, (), {}), refuse, refuse, doc, partials=(), hidden=True)
    TABLE[name] = row
    return row


VARIABLE = _leaf("variable", "An input.")
CONSTANT = _leaf("constant", "A number or an array of numbers.")
DIMENSION = _leaf("dimension", "A named size as a number.")


def variable(name: str, shape: Sequence[Size] = (), kind: Kind = "float") -> Node:
    """The input called `name`."""
    return Node(VARIABLE, (), (("name", name),), tuple(shape), kind)


def constant(value: Any) -> Node:
    """A number, a boolean, or an array of them, as a node; an array is copied and read-only."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return constant(value.item())
        kind: Kind = {"b": "bool", "i": "int", "u": "int"}.get(value.dtype.kind, "float")  # type: ignore[assignment]
        copy = np.array(value, dtype={"bool": bool, "int": np.int64, "float": np.float64}[kind])
        copy.setflags(write=False)
        identity = (copy.shape, copy.tobytes())
        return Node(CONSTANT, (), (("value", copy),), copy.shape, kind, identity)
    if isinstance(value, bool):
        return Node(CONSTANT, (), (("value", value),), (), "bool", repr(value))
    if isinstance(value, int):
        return Node(CONSTANT, (), (("value", value),), (), "int", repr(value))
    value = float(value)
    return Node(CONSTANT, (), (("value", value),), (), "float", repr(value))


def dimension(size: Size) -> Node:
    """A size as a number: a constant, or a leaf whose value is known once shapes are."""
    if isinstance(size, int):
        return constant(size)
    return Node(DIMENSION, (), (("size", size),), (), "int")


def is_constant(node: Node, value: float | None = None) -> bool:
    """Whether a node is a constant scalar (of that value)."""
    if node.op is not CONSTANT or node.shape:
        return False
    return value is None or node.attr("value") == value


# --- arguments ---------------------------------------------------------------------------------


def lift(value: Any) -> Node:
    """A node for whatever stands for a tensor: a node, a number, an array, nested lists of these.

    Raises GradError G113 for anything else, G202 for ragged lists.
    """
    if isinstance(value, Node):
        return value
    if isinstance(value, (bool, int, float, np.ndarray, np.generic)):
        return constant(value)
    if isinstance(value, (list, tuple)):
        return _lift_list(value)
    what = "None" if value is None else f"the string {value!r}" if isinstance(value, str) else ""
    raise GradError("G113", f"{what or 'this'} is not a tensor", label="a tensor belongs here")


def _lift_list(value: Sequence[Any]) -> Node:
    items = [lift(v) for v in value]
    if not items:
        return constant(np.zeros(0))
    if any(item.shape != items[0].shape for item in items):
        shapes = ", ".join(dict.fromkeys(shape_text(i.shape) for i in items))
        raise GradError("G202", f"the rows of this list have different shapes: {shapes}")
    if all(item.op is CONSTANT for item in items):
        return constant(np.array([item.attr("value") for item in items]))
    stacked = TABLE["stack"](items, 0)
    assert isinstance(stacked, Node)
    return stacked


def static(value: Any) -> Any:
    """A node without variables as the number or array it is; a named size as its text."""
    if isinstance(value, (list, tuple)):
        return type(value)(static(v) for v in value)
    if not isinstance(value, Node):
        return value
    if value.op is CONSTANT:
        return value.attr("value")
    if value.op is DIMENSION:
        return value.attr("size")
    done: dict[Node, Any] = {}
    for node in walk([value]):
        if node.op is VARIABLE:
            raise GradError(
                "G113", f"this depends on `{node.attr('name')}`: a fixed value is needed"
            )
        if node.op is DIMENSION:
            raise GradError("G117", f"the size `{node.attr('size')}` has no value here")
        if node.op is CONSTANT:
            done[node] = node.attr("value")
        elif node.op.formula is not None:
            done[node] = static(node.op.expand(node))
        else:
            if not is_small(node):
                text = f"an argument that is computed from more than {MOST_STATIC:,} numbers"
                raise GradError("G117", text, help=["write the number itself"])
            done[node] = fixed_value(node, [done[a] for a in node.args])
    found = done[value]
    return np.asarray(found).item() if np.ndim(found) == 0 else found


LARGER = "whole numbers are exact up to 2**53; a float, as `1e20`, may be larger"
MOST_STATIC = 1_000_000  # entries of a tensor that is computed while a graph is built


def is_small(node: Node) -> bool:
    """Whether a tensor is of a known shape, with so few entries that it may be computed."""
    known = all(isinstance(size, int) for size in node.shape)
    return known and sizes.entries(node.shape) <= MOST_STATIC


def fixed_value(node: Node, args: Sequence[Any]) -> Any:
    """The value of a node from those of its arguments, whole numbers exact, as in Python.

    Raises GradError G117 for whole numbers too large for that: NumPy would wrap them round.
    """
    attrs = dict(node.attrs)
    args = [np.asarray(a) for a in args]
    if node.op.partials is not None and node.kind == "int":
        args = [a + 0 if a.dtype.kind == "b" else a for a in args]  # True + True is 2
    with np.errstate(all="ignore"):
        found = np.asarray(node.op.run(*args, **attrs))
        if found.dtype.kind != "i" or not node.op.differentiable or node.op.selects:
            return found
        about = np.asarray(node.op.run(*as_floats(node.op, args), **attrs))
    if not np.all(np.abs(about) < 2.0**53):
        raise GradError("G117", "a whole number beyond 2**53", help=[LARGER])
    return found if np.all(found == about) else about  # 2**3 is 8, 2**-1 is 0.5


def as_floats(op: Op, args: Sequence[Any]) -> list[Any]:
    """The arguments with floats for whole numbers, but for positions."""
    numbers = op.linear or range(len(args))
    return [np.asarray(a, float) if i in numbers else a for i, a in enumerate(args)]


def _integer(value: Any, what: str) -> int | str:
    value = static(value)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, str)):
        if isinstance(value, float) and value.is_integer():
            raise GradError("G113", f"`{what}` must be an integer: write `{int(value)}`")
        raise GradError("G113", f"`{what}` must be an integer")
    return value


def _integers(value: Any, what: str) -> Any:
    value = static(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return tuple(_integer(v, what) for v in value)
    return _integer(value, what)


def convert(value: Any, parameter: Parameter, signature: Signature) -> Any:
    """An argument as its parameter's type says. Raises GradError G113 or G117."""
    type_, what = parameter.type, parameter.name
    if type_.endswith("?"):
        if value is None:
            return None
        type_ = type_[:-1]
    if value is None and parameter.default is None:
        return None
    match type_:
        case "tensor":
            return lift(value)
        case "tensors":
            if isinstance(value, Node):
                if not value.ndim or not isinstance(value.shape[0], int):
                    raise GradError("G113", f"`{what}` must be a list of tensors")
                return [value[i] for i in range(value.shape[0])]
            if not isinstance(value, (list, tuple)):
                raise GradError("G113", f"`{what}` must be a list of tensors")
            return [lift(v) for v in value]
        case "bool":
            value = static(value)
            if not isinstance(value, bool):
                raise GradError("G113", f"`{what}` must be True or False")
            return value
        case "axis" | "int":
            return _integer(value, what)
        case "axes" | "ints":
            return _integers(value, what)
        case "shape":
            value = _integers(value, what)
            return value if isinstance(value, tuple) else (value,)
        case "number":
            value = static(value)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise GradError("G113", f"`{what}` must be a number")
            return value
        case "numbers":
            value = static(value)
            found = value.tolist() if isinstance(value, np.ndarray) else value
            each = tuple(found) if isinstance(found, (list, tuple)) else (found,)
            if not each or any(
                isinstance(v, bool) or not isinstance(v, (int, float)) for v in each
            ):
                raise GradError("G113", f"`{what}` must be a number, or a list of numbers")
            return each if isinstance(found, (list, tuple)) else found
        case "str":
            if not isinstance(value, str):
                raise GradError("G113", f"`{what}` must be a string, in quotes")
            return value
        case "index":
            return value
        case "any":
            return static(value)
    raise AssertionError(f"{signature}: no type {type_}")


# --- sizes as numbers --------------------------------------------------------------------------


def numel(node: Node) -> Node:
    """The number of entries as a node, so that named sizes stay named."""
    return count(node.shape)


def count(shape: Shape) -> Node:
    """The product of sizes as a node."""
    return dimension(sizes.product(shape))
