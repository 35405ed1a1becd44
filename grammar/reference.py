"""What is known of a function, told from its row: signature, rule, kinks, an example.

The rule shown is the rule that runs, applied to names: nothing here is written down twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..grad import rules as rules
from ..grad.node import TABLE, Kind, Node, Shape
from ..grad.ops import CONSTANT, Op, shape_text, variable
from ..grad.reverse import contributions
from .build import build
from .parse import parse
from .print_text import INFIX, print_text
from .syntax import free_names

GROUPS = (
    "arithmetic", "elementary", "special", "activations", "selection", "reductions", "products",
    "norms", "extremes", "cumulative", "positions", "shapes", "joining", "linear_algebra", "einsum",
    "determinants", "factorizations", "layers", "losses", "distances", "creation",
)  # fmt: skip
NAMED_SHAPES: dict[str, Shape] = {"bool": (2, 3), "probabilities": (2, 3)}  # others are 3 x 3


@dataclass(frozen=True, slots=True)
class Reference:
    """One function as the manual shows it.

    ``example``  a call that runs, with variables of the shapes in ``shapes``
    ``formula``  what it stands for, if it is a formula over other functions
    ``slopes``   for each variable of the example, what it is handed when ``g`` arrives at the
                 result; None where nothing flows back
    ``order``    how often it can be differentiated: "any", or "none"
    ``command``  the example on the command line, with values
    """

    name: str
    signature: str
    aliases: tuple[str, ...]
    operator: str
    group: str
    doc: str
    example: str
    shapes: dict[str, Shape]
    result: Shape
    formula: str | None
    slopes: dict[str, str | None]
    kinks: tuple[tuple[str, str, str], ...]
    order: str
    command: str

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "signature": self.signature,
            "aliases": list(self.aliases),
            "operator": self.operator,
            "group": self.group,
            "doc": self.doc,
            "example": self.example,
            "shapes": {k: list(v) for k, v in {**self.shapes, "result": self.result}.items()},
            "formula": self.formula,
            "rule": self.slopes,
            "kinks": [dict(zip(("at", "taken", "why"), k, strict=True)) for k in self.kinks],
            "order": self.order,
        }


def functions() -> list[Op]:
    """Every function a user can call, by subject."""
    rows = dict.fromkeys(row for row in TABLE.values() if row.signature.parameters)
    return sorted((row for row in rows if not row.hidden), key=lambda row: GROUPS.index(group(row)))


def named(name: str) -> Op | None:
    """The row of that name, alias or sign; `torch.` and the like may stand before it."""
    signs = {sign.strip(): op for op, (sign, *_) in INFIX.items()}
    row = TABLE.get(signs.get(name, name.rpartition(".")[2]))
    return row if isinstance(row, Op) and row.signature.parameters else None


def reference(op: Op) -> Reference:
    """What there is to say about a row. Raises Diagnostic if its own example does not run."""
    example, node, inputs = _example(op)
    formula = None
    if op.formula is not None and node.op is not CONSTANT:  # random numbers are constants
        formula = print_text(op.expand(node) if node.op is op else node)
    return Reference(
        op.name,
        str(op.signature),
        op.aliases,
        INFIX[op.name][0].strip() if op.name in INFIX else op.infix,
        group(op),
        op.doc,
        example,
        {name: leaf.shape for name, leaf in inputs.items()},
        node.shape,
        formula,
        dict(_slopes(op, node, inputs)),
        tuple((k.at, k.choice, k.why) for k in op.kinks),
        "any" if op.differentiable and inputs and node.kind == "float" else "none",
        command(example, node, inputs),
    )


def group(op: Op) -> str:
    """The subject: the file the row stands in."""
    for module_name in rules.__all__:
        module = getattr(rules, module_name)
        if any(value is op for value in vars(module).values()):
            return module_name
    return op.group or _module(op)


def _module(op: Op) -> str:
    """The module of the row's formula or rule, where no name there is bound to it."""
    source: Any = op.formula or op.vjp or op.forward
    for cell in getattr(source, "__closure__", None) or ():
        if callable(cell.cell_contents):
            return str(cell.cell_contents.__module__.rpartition(".")[2])
    return str(getattr(source, "__module__", "")).rpartition(".")[2]


def _example(op: Op) -> tuple[str, Node, dict[str, Node]]:
    tensors = [p for p in op.signature.parameters if p.is_tensor]
    text = op.example or _default_call(op)
    samples = dict(zip((p.name for p in tensors), op.sample, strict=False))
    tree = parse(text)
    inputs: dict[str, Node] = {}
    for name, _ in free_names(tree):
        shape, kind = _shape(samples.get(name, op.sample[0] if op.sample else (-2, 2)))
        inputs[name] = variable(name, shape, kind)
    return text, build(tree, inputs).root, inputs


def _default_call(op: Op) -> str:
    words = []
    for p in op.signature.parameters:
        if p.type == "tensors":
            words.append("x, y" if p.variadic else "[x, y]")
        elif p.type == "tensor":
            words.append(p.name)
        elif p.type.startswith(("axis", "axes")) and "None" not in str(p) and "=" not in str(p):
            words.append("0" if p.name != "dim1" else "1")
    return f"{op.name}({', '.join(words)})"


def _shape(sample: Any) -> tuple[Shape, Kind]:
    """The shape a sample domain is drawn in."""
    if not isinstance(sample, str):
        return (2, 3), "float"
    sizes, _, interval = sample.partition(":")
    if sizes and not sizes[0].isdigit():
        return NAMED_SHAPES.get(sizes, (3, 3)), "bool" if sizes == "bool" else "float"
    kind: Kind = "int" if interval.startswith("int") else "float"
    return tuple(int(s) for s in sizes.split("x") if s), kind


def _slopes(op: Op, node: Node, inputs: dict[str, Node]) -> Iterator[tuple[str, str | None]]:
    """What each variable of the example is handed, from the rule applied to names."""
    if node.op is not op or op.formula is not None or not op.differentiable:
        return
    g = variable("g", node.shape)
    by_node = {leaf: name for name, leaf in inputs.items()}
    wanted = {a for a in node.args if a.kind == "float"}
    handed: dict[Node, str] = {}
    for index, contribution, _ in contributions(node, g, False, wanted):
        argument = node.args[index]
        text = print_text(contribution)
        handed[argument] = f"{handed[argument]} + {text}" if argument in handed else text
    for argument in dict.fromkeys(node.args):
        if argument in by_node:
            yield by_node[argument], handed.get(argument)


def command(example: str, node: Node, inputs: dict[str, Node]) -> str:
    """The example on the command line: with its gradient, if it can be made a scalar.

    Positions are written into the expression, since what is bound to a name is a float.
    """
    values = {name: _sample(leaf.shape, leaf.kind) for name, leaf in inputs.items()}
    text = example
    for name, leaf in inputs.items():
        if leaf.kind == "int":
            text = re.sub(rf"\b{name}\b", values.pop(name), text)
    if node.kind == "float" and values and node.shape:
        text = f"sum({text})"
    quote = '"' if "'" in text else "'"
    bound = [f"{name}='{value}'" for name, value in values.items()]
    more = [] if node.kind == "float" and values else ["--no-grad"]
    return " ".join([f"gradcalc eval {quote}{text}{quote}", *bound, *more])


def _sample(shape: Shape, kind: Kind) -> str:
    """Values for a variable of an example: small numbers that no function minds.

    A square matrix has a larger diagonal, and is symmetric: it can be solved and factored.
    """
    if kind == "int":
        flat = [str(k % 3) for k in range(_count(shape))]
    elif len(shape) == 2 and shape[0] == shape[1]:
        size = int(shape[0])
        flat = ["2" if i == j else f"0.{i + j}" for i in range(size) for j in range(size)]
    else:
        flat = [f"0.{k % 9 + 1}" for k in range(_count(shape))]
    for step in map(int, reversed(shape)):
        flat = ["[" + ",".join(flat[i : i + step]) + "]" for i in range(0, len(flat), step)]
    return flat[0]


def _count(shape: Shape) -> int:
    total = 1
    for size in shape:
        total *= int(size)
    return total


def describe(r: Reference) -> str:
    """A reference as plain text, for a terminal."""
    names = ", ".join(r.aliases)
    lines = [r.signature, f"  {r.doc}", ""]
    if names:
        lines.append(f"  also      {names}")
    if r.operator:
        lines.append(f"  operator  {r.operator}")
    shapes = ", ".join(f"{name} {shape_text(shape)}" for name, shape in r.shapes.items())
    lines.append(f"  shapes    {f'{shapes} -> ' if shapes else ''}{shape_text(r.result)}")
    if r.formula:
        lines.append(f"  formula   {r.example} = {r.formula}")
    wide = max((len(name) for name in r.slopes), default=0)
    for name, text in r.slopes.items():
        lines.append(f"  gradient  d{name:<{wide}} = {text or 'none: nothing flows back'}")
    if r.slopes:
        lines.append("            where g is the gradient that arrives at the result")
    if r.order == "none":
        lines.append("  gradient  none: its result does not change smoothly")
    for at, taken, why in r.kinks:
        lines.append(f"  kink      at {at}: {taken}" + (f" ({why})" if why else ""))
    lines += ["", f"  example   $ {r.command}"]
    return "\n".join(lines)
