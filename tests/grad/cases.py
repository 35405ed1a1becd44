"""Calls to test a row with, made from what it says of itself: signature, sample, example, calls."""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

import gradcalc.grad.rules  # noqa: F401  (fills the table)
from gradcalc.grad.errors import GradError
from gradcalc.grad.node import TABLE, Node
from gradcalc.grad.ops import VARIABLE, Op, constant, variable
from gradcalc.grad.signature import REQUIRED, Parameter

ROWS: list[Op] = list(dict.fromkeys(op for op in TABLE.values() if op.signature.parameters))
DEFAULT_SHAPE = (2, 3)


Call = Callable[[Callable[..., Any], dict[str, Any]], Any]


@dataclass(frozen=True)
class Case:
    """One call of a row: the node, its variables, and their values.

    `arrays` are the values of all tensors, also of those that are constants in the graph. `call`
    makes the call of any function, on any tensors by these names: of a reference on arrays, too.
    """

    row: Op
    label: str
    node: Node
    variables: tuple[Node, ...]
    values: dict[str, Any]
    arrays: dict[str, Any]
    call: Call

    @property
    def floats(self) -> list[Node]:
        return [x for x in self.variables if x.kind == "float"]


def rng(*what: object) -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(zlib.crc32(repr(what).encode()))


# --- values ------------------------------------------------------------------------------------


def _positive_definite(r: np.random.Generator) -> Any:
    a = r.uniform(-1, 1, (3, 3))
    return a @ a.T + 2 * np.eye(3)


def _symmetric(r: np.random.Generator) -> Any:
    a = r.uniform(-1, 1, (3, 3))
    return a + a.T + np.diag([0.0, 2.0, 5.0])


def _triangular(r: np.random.Generator) -> Any:
    return np.tril(r.uniform(-1, 1, (3, 3)), -1) + np.diag(r.uniform(1, 2, 3))


MATRICES: dict[str, Callable[[np.random.Generator], Any]] = {
    "square": lambda r: r.uniform(-1, 1, (3, 3)) + 2 * np.eye(3),
    "posdef": _positive_definite,
    "symmetric": _symmetric,
    "lower": _triangular,
}


def draw(sample: Any, shape: tuple[int, ...], r: np.random.Generator) -> Any:
    """Values for one argument: from an interval in the shape wanted, or of a kind that has its own.

    "bool" is a condition in the shape wanted. A text like "2x3" is a shape of numbers in (-2, 2),
    "2x3:0..1" in another interval, "3:int0..4" of integers.
    """
    if sample == "bool":
        return r.uniform(0, 1, shape) < 0.5
    if not isinstance(sample, str):
        return _spread(float(sample[0]), float(sample[1]), shape, r)
    if sample in MATRICES:
        return MATRICES[sample](r)
    sizes, _, interval = sample.partition(":")
    shape = tuple(int(size) for size in sizes.split("x") if size)
    whole = interval.startswith("int")
    low, _, high = interval.removeprefix("int").partition("..")
    if whole:
        return r.integers(int(low), int(high), shape)
    return _spread(float(low or -2), float(high or 2), shape, r)


def _spread(low: float, high: float, shape: tuple[int, ...], r: np.random.Generator) -> Any:
    """Numbers from all over an interval, in random order, so that few of them see much of it."""
    count = int(np.prod(shape))
    parts = (r.permutation(count) + r.uniform(0, 1, count)) / max(count, 1)
    return (low + (high - low) * parts).reshape(shape)


def _leaf(name: str, value: Any) -> Node:
    value = np.asarray(value)
    if value.dtype.kind == "i":
        return constant(value)
    return variable(name, value.shape, "bool" if value.dtype.kind == "b" else "float")


# --- calls -------------------------------------------------------------------------------------


def cases(row: Op) -> list[Case]:
    """The calls of a row: its example, and each way to leave out or to give what may be."""
    texts = [", ".join(call) for call in row.calls]
    if row.name in BY_HAND:
        made = [case(row, *call) for call in BY_HAND[row.name]]
    elif _guessed(row):
        made = []
        texts.insert(0, row.example.partition("(")[2].rpartition(")")[0])
    else:
        made = list(_generated(row))
    found: dict[Node, Case] = {}
    for one in (*made, *(_read(row, text) for text in texts if text)):
        found.setdefault(one.node, one)
    return list(found.values())


def case(row: Op, label: str, values: dict[str, Any], call: Call) -> Case:
    """What `call` makes of variables with these values; positions (integers) are constants."""
    leaves = {name: _leaf(name, value) for name, value in values.items()}
    variables = tuple(leaf for leaf in leaves.values() if leaf.op is VARIABLE)
    known = {leaf.attr("name"): values[leaf.attr("name")] for leaf in variables}
    node: Any = call(row, leaves)
    if isinstance(node, tuple):  # several tensors, as split gives: the last stands for all
        node = node[-1]
    return Case(row, label, node, variables, known, values, call)


def _guessed(row: Op) -> bool:
    """Whether a static parameter has no default and no obvious values: the example has them."""
    known = ("axis", "axes", "bool")
    return any(
        p.default is REQUIRED
        and not p.is_tensor
        and p.type not in known
        and (row.example or not p.variadic)
        for p in row.signature.parameters
    )


def _generated(row: Op) -> Iterator[Case]:
    statics = [p for p in row.signature.parameters if not p.is_tensor]
    optional = [p.name for p in _tensors(row) if p.type.endswith("?")]
    for k, choice in enumerate(product(*map(_choices, statics))):
        attrs = {
            p.name: value
            for p, value in zip(statics, choice, strict=True)
            if value is not p.default and not p.variadic
        }
        label = ", ".join(f"{name}={value}" for name, value in attrs.items())
        try:
            yield _call(row, label, attrs, optional)
        except GradError:
            if not attrs and not row.calls:
                raise  # a variant may be one the row refuses (one axis twice), the plain call not
        if not k:
            for name in optional:
                yield _call(row, name, attrs, [other for other in optional if other != name])


def _choices(p: Parameter) -> tuple[Any, ...]:
    """Values for a static parameter: its default, and those it is told apart from."""
    default = () if p.default is REQUIRED else (p.default,)
    if p.type.startswith("axis"):
        return tuple(dict.fromkeys((*default, 0, -1)))
    if p.type.startswith("axes"):
        return tuple(dict.fromkeys((*default, 0, -1, (0, 1))))
    if p.type == "bool":
        return (p.default is True, p.default is not True)
    return ((),) if p.variadic else default


def _call(row: Op, label: str, attrs: dict[str, Any], left_out: Sequence[str]) -> Case:
    values: dict[str, Any] = {}
    names: dict[str, list[str]] = {}
    for p, sample in zip(_tensors(row), _samples(row), strict=True):
        if p.name not in left_out:
            names[p.name] = [f"{p.name}{k}" for k in range(2)] if p.type == "tensors" else [p.name]
            for name in names[p.name]:
                values[name] = draw(sample, DEFAULT_SHAPE, rng(row.name, name))

    def call(function: Callable[..., Any], tensors: dict[str, Any]) -> Any:
        given = [
            [tensors[part] for part in names[p.name]] if p.type == "tensors" else tensors[p.name]
            for p in first
        ]
        rest = {name: tensors[name] for name in names if name not in {p.name for p in first}}
        return function(*given, **rest, **attrs)

    required = [p.type in ("tensor", "tensors") for p in row.signature.parameters]
    first = row.signature.parameters[: (*required, False).index(False)]
    return case(row, label, values, call)


def _tensors(row: Op) -> list[Parameter]:
    return [p for p in row.signature.parameters if p.is_tensor]


def _samples(row: Op) -> list[Any]:
    """One sample for each tensor parameter; the last one stands for those that have none."""
    wanted = len(_tensors(row))
    samples = list(row.sample[:wanted])
    return samples + [samples[-1] if samples else (-2.0, 2.0)] * (wanted - len(samples))


def _read(row: Op, text: str) -> Case:
    """A call written as text: names are tensors, the rest is Python.

    A tensor has the sample of the parameter it is called like, else of the one it stands for; or
    its own, written behind a colon: ``x:3x2``. Tensors of a list have one sample after the other.
    """
    own: dict[str, str] = dict(OWN_SAMPLE.findall(text))
    text = OWN_SAMPLE.sub(r"\1", text)
    tree = ast.parse(f"f({text})", mode="eval").body
    assert isinstance(tree, ast.Call)
    parameters = row.signature.parameters
    sample = {p.name: s for p, s in zip(_tensors(row), _samples(row), strict=True)}
    values: dict[str, Any] = {}
    pairs = [(parameters[min(i, len(parameters) - 1)], a) for i, a in enumerate(tree.args)]
    named = {p.name: p for p in parameters}
    named |= {other: named[name] for other, name in row.signature.spellings.items()}
    pairs += [(named[str(k.arg)], k.value) for k in tree.keywords]

    many = iter((*row.sample, *[row.sample[-1]] * 9) if row.sample else ())
    for p, part in pairs:
        for leaf in ast.walk(part):
            if isinstance(leaf, ast.Name) and leaf.id not in NUMBERS and leaf.id not in values:
                usual = next(many) if p.type == "tensors" else sample.get(p.name, (-2.0, 2.0))
                domain = own.get(leaf.id, sample.get(leaf.id, usual))
                values[leaf.id] = draw(domain, DEFAULT_SHAPE, rng(row.name, leaf.id))

    def call(function: Callable[..., Any], tensors: dict[str, Any]) -> Any:
        keywords = {str(k.arg): _literal(k.value, tensors) for k in tree.keywords}
        return function(*(_literal(a, tensors) for a in tree.args), **keywords)

    return case(row, text, values, call)


OWN_SAMPLE = re.compile(r"\b([A-Za-z_]\w*):([\w.:-]+)")
NUMBERS = {"inf": float("inf"), "nan": float("nan")}


def _literal(part: ast.expr, leaves: dict[str, Any]) -> Any:
    if isinstance(part, ast.Name):
        return NUMBERS[part.id] if part.id in NUMBERS else leaves[part.id]
    if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
        return -_literal(part.operand, leaves)
    if isinstance(part, ast.List):
        return [_literal(item, leaves) for item in part.elts]
    if isinstance(part, ast.Tuple):
        return tuple(_literal(item, leaves) for item in part.elts)
    return ast.literal_eval(part)


# rows whose static argument the language writes in another way than as a call
_X = rng("x").uniform(-2, 2, DEFAULT_SHAPE)
_ROW, _ROWS = rng("row").uniform(-2, 2, (1, 3)), rng("rows").uniform(-2, 2, DEFAULT_SHAPE)
_SLICES: Any = (slice(1, None), slice(None, None, -1))
_LISTS: Any = (slice(None), [2, 0, 1])
_TWICE: Any = (slice(None), [2, 0, 2])
_CUBE = rng("cube").uniform(-2, 2, (2, 2, 3))
_MESH: Any = ([[0], [1]], [0, 2])
_AGAIN: Any = ([[0], [0]], [0, 2, 0])
_APART: Any = (0, slice(None), [1, 2, 0])
_BESIDE: Any = (0, slice(None), [1, 2, 1])
BY_HAND: dict[str, list[tuple[str, dict[str, Any], Call]]] = {
    "index": [
        ("[0]", {"x": _X}, lambda f, v: v["x"][0]),
        ("[1:, ::-1]", {"x": _X}, lambda f, v: v["x"][_SLICES]),
        ("[:, [2, 0, 2]]", {"x": _X}, lambda f, v: v["x"][_TWICE]),
        ("[..., -1]", {"x": _X}, lambda f, v: v["x"][..., -1]),
        ("[[[0], [1]], [0, 2]]", {"x": _X}, lambda f, v: v["x"][_MESH]),
    ],
    "getitem": [("[1, None]", {"x": _X}, lambda f, v: v["x"][1, None])],
    "index_set": [
        ("[1:, ::-1]", {"x": _X, "y": _ROW}, lambda f, v: f(v["x"], v["y"], _SLICES)),
        ("[:, [2, 0, 1]]", {"x": _X, "y": _ROWS}, lambda f, v: f(v["x"], v["y"], _LISTS)),
    ],
    "setitem": [
        ("[:, [2, 0, 2]]", {"x": _X, "y": _ROWS}, lambda f, v: f(v["x"], v["y"], _TWICE)),
        ("[[[0], [0]], [0, 2, 0]]", {"x": _X, "y": _ROWS}, lambda f, v: f(v["x"], v["y"], _AGAIN)),
        ("[0, :, [1, 2, 0]]", {"x": _CUBE, "y": _ROWS}, lambda f, v: f(v["x"], v["y"], _APART)),
    ],
    "additem": [
        ("[:, [2, 0, 2]]", {"x": _X, "y": _ROWS}, lambda f, v: f(v["x"], v["y"], _TWICE)),
        ("[0, :, [1, 2, 1]]", {"x": _CUBE, "y": _ROWS}, lambda f, v: f(v["x"], v["y"], _BESIDE)),
    ],
    "index_add": [
        ("[1:, ::-1]", {"x": _X, "y": _ROW}, lambda f, v: f(v["x"], v["y"], _SLICES)),
        ("[:, [2, 0, 2]]", {"x": _X, "y": _ROWS}, lambda f, v: f(v["x"], v["y"], _TWICE)),
    ],
}


# --- shapes ------------------------------------------------------------------------------------

GRID: list[tuple[int, ...]] = [(), (4,), (3, 4), (3, 1), (1, 4), (2, 1, 4), (0, 4)]


def shaped(row: Op, shapes: Sequence[tuple[int, ...]]) -> Case:
    """The call of a row on arguments of these shapes."""
    samples = zip(_tensors(row), _samples(row), shapes, strict=True)
    values = {p.name: draw(s, shape, rng(row.name, p.name, shape)) for p, s, shape in samples}
    return case(row, str(shapes), values, lambda f, v: f(**v))
