"""The computational graph as data, and as text that draws it: a tree, Mermaid, DOT.

It is the graph of operations that PyTorch shows as ``grad_fn.next_functions``: a vertex for each
operation and each input, an edge for each use of one by another. Numbers are no vertices; they
stand in the formulas.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..grad.evaluate import Array, evaluate
from ..grad.node import Node, Shape, walk
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE, constant, rebuild, shape_text, variable
from ..grad.reverse import gradient
from ..grad.simplify.exact import exact
from ..grad.tensors.backward_names import backward_name
from .print_text import Piece, print_node
from .program import Expression, Solution, located

SEED = "g"  # what the gradient is called that arrives at a result which is not a scalar
MANY = "..."  # stands for what is left out


@dataclass(slots=True)
class Vertex:
    """One operation, or one input.

    ``id``       its number: arguments before users, the forward part before the gradients
    ``name``     what the program calls it, "" if nothing
    ``text``     its formula, in terms of the names and numbers of its arguments
    ``grad_fn``  what PyTorch calls its backward step; "" for one that no gradient goes through
    ``args``     the vertex of each argument; None for a number
    ``value``    where its inputs are bound
    ``forward``  whether the expression itself needs it, or its gradients only
    """

    id: int
    name: str
    text: str
    op: str
    grad_fn: str
    args: tuple[int | None, ...]
    shape: Shape
    kind: str
    value: Array | None = None
    forward: bool = True

    @property
    def is_input(self) -> bool:
        return self.op == VARIABLE.name

    @property
    def formula(self) -> str:
        """``b = a + 3``"""
        return self.text if self.is_input or not self.name else f"{self.name} = {self.text}"


@dataclass(slots=True)
class Graph:
    """The vertices by number, the roots by what they are called: "value", "dx", "dw"."""

    vertices: dict[int, Vertex] = field(default_factory=dict)
    roots: dict[str, int] = field(default_factory=dict)

    def nearest(self, most: int) -> tuple[Graph, int]:
        """The part of at most that many vertices that is nearest to the roots; what is left out."""
        if len(self.vertices) <= most:
            return self, 0
        roots = dict(list(self.roots.items())[:most])
        kept = dict.fromkeys(roots.values())
        queue = deque(kept)
        while queue and len(kept) < most:
            for arg in self.vertices[queue.popleft()].args:
                if arg is not None and arg not in kept and len(kept) < most:
                    kept[arg] = None
                    queue.append(arg)
        part = Graph({i: self.vertices[i] for i in sorted(kept)}, roots)
        return part, len(self.vertices) - len(kept)


def graph(
    expression: Expression,
    shapes: Mapping[str, Shape],
    values: Mapping[str, Array],
    wrt: Sequence[str] | None = None,
    seed: Array | None = None,
) -> Graph:
    """The graph of an expression and, if `wrt` says by what, of its gradients.

    A name without a shape is a scalar. The gradient of a result that is not a scalar begins with
    `seed`, or with a variable called ``g``. Raises Diagnostic as building and differentiating do.
    """
    inputs = expression.inputs(shapes, wrt or ())
    built = expression.graph(inputs)
    (root,) = exact([built.root])

    def gradients() -> list[Node]:
        if not wrt:
            return []
        start = None if seed is None else constant(seed)
        if start is None and root.shape:
            start = variable(SEED + "_" * (SEED in expression.free), root.shape)
        return exact(gradient(root, [inputs[name] for name in wrt], start))

    found = located(expression, built, gradients)
    roots = {"value": root} | {f"d{n}": node for n, node in zip(wrt or (), found, strict=True)}
    known = located(expression, built, lambda: _values(list(roots.values()), values))
    called = {node: name for name, node in built.assigned.items() if node.op is not VARIABLE}
    return _number(roots, called, known)


def of_solution(solution: Solution) -> Graph:
    """The graph of what was evaluated."""
    called = {node: name for name, node in solution.built.assigned.items()
              if node.op is not VARIABLE}  # fmt: skip
    return _number({"value": solution.root}, called, solution.memo)


def _values(roots: Sequence[Node], values: Mapping[str, Array]) -> Mapping[Node, Array]:
    """The value of every node whose inputs are all bound."""
    bound: dict[Node, bool] = {}
    tops: dict[Node, None] = {}
    for node in walk(roots):
        if node.op is VARIABLE:
            bound[node] = node.attr("name") in values
        else:
            named = node.op is DIMENSION or not all(isinstance(s, int) for s in node.shape)
            bound[node] = not named and all(bound[a] for a in node.args)
        if not bound[node]:
            tops.update(dict.fromkeys(a for a in node.args if bound[a]))
    tops.update(dict.fromkeys(root for root in roots if bound[root]))
    return evaluate(list(tops), values, keep=True).memo if tops else {}


def _number(
    roots: Mapping[str, Node], called: Mapping[Node, str], values: Mapping[Node, Array]
) -> Graph:
    """The nodes as vertices, and their formulas."""
    found = Graph()
    numbers: dict[Node, int] = {}
    pieces: dict[Node, Piece] = {}
    with_gradient: set[Node] = set()
    forward = set(walk([roots["value"]]))
    for node in walk(list(roots.values())):
        if node.op in (CONSTANT, DIMENSION) and node not in roots.values():
            pieces[node] = print_node(node, [])
            continue
        number = numbers[node] = len(numbers) + 1
        is_input = node.op is VARIABLE
        name = str(node.attr("name")) if is_input else called.get(node, "")
        flows = node.kind == "float" and node.op.differentiable
        if flows and (is_input or any(a in with_gradient for a in node.args)):
            with_gradient.add(node)
        found.vertices[number] = Vertex(
            number,
            name,
            print_node(node, [pieces[a] for a in node.args]).text,
            node.op.name,
            _grad_fn(node) if node in with_gradient and node in forward else "",
            tuple(numbers.get(a) for a in node.args),
            node.shape,
            node.kind,
            values.get(node),
            node in forward,
        )
        pieces[node] = Piece(name or f"#{number}")
    found.roots = {label: numbers[node] for label, node in roots.items()}
    return found


def _grad_fn(node: Node) -> str:
    """The name of the backward step, which is that of the operation on inputs and numbers."""
    if node.op is VARIABLE:
        return "AccumulateGrad"
    operands = [a if a.op is CONSTANT else variable(str(i), a.shape, a.kind)
                for i, a in enumerate(node.args)]  # fmt: skip
    shapes = tuple(a.shape for a in operands if a.op is VARIABLE)
    axes = dict(node.attrs).get("dim")
    over_all = axes is None or axes == tuple(range(-node.args[0].ndim, 0))
    function = "getitem" if node.op.name == "index" else node.op.name
    return backward_name(function, rebuild(node, operands), shapes, not over_all)


# --- as data -----------------------------------------------------------------------------------


def as_data(graph: Graph) -> dict[str, Any]:
    """For JSON: the vertices in order, and the number of each root."""
    return {
        "nodes": [
            {
                "id": v.id,
                "op": v.op,
                "name": v.name or None,
                "text": v.text,
                "grad_fn": v.grad_fn or None,
                "args": list(v.args),
                "shape": list(v.shape),
                "kind": v.kind,
                "value": v.value,
                "part": "forward" if v.forward else "backward",
            }
            for v in graph.vertices.values()
        ],
        "roots": graph.roots,
    }


# --- as a tree ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of a tree: what leads to the vertex, the vertex (None if it is left out), and
    whether it stands further up already, with what is below it."""

    lead: str
    vertex: Vertex | None
    again: bool = False


GUIDES = {False: ("├─ ", "└─ ", "│  "), True: ("|- ", "`- ", "|  ")}


def tree(graph: Graph, root: int, shown: set[int], ascii: bool = False) -> Iterator[Branch]:
    """The lines of the tree below a root. `shown` are vertices that are referred to, not repeated;
    it is added to."""
    middle, last, through = GUIDES[ascii]
    waiting = [("", "", root)]
    while waiting:
        lead, below, number = waiting.pop()
        vertex = graph.vertices.get(number)
        again = number in shown
        yield Branch(lead, vertex, again)
        if vertex is None or again:
            continue
        shown.add(vertex.id)
        args = [a for a in vertex.args if a is not None]
        for place, arg in reversed(list(enumerate(args, 1))):
            own, further = (last, "   ") if place == len(args) else (middle, through)
            waiting.append((below + own, below + further, arg))


# --- as pictures -------------------------------------------------------------------------------

Lines = Callable[[Vertex], Sequence[str]]  # what is written into a vertex


def mermaid(graph: Graph, lines: Lines) -> str:
    """A flowchart for Mermaid: arguments above, what is computed from them below."""
    page = ["flowchart TD"]
    for is_forward, title in ((True, ""), (False, "backward")):
        part = [v for v in graph.vertices.values() if v.forward is is_forward]
        indent = "  "
        if part and title:
            page.append(f'  subgraph {title}["{title}"]')
            indent = "    "
        for vertex in part:
            opening, closing = ("([", "])") if vertex.is_input else ("[", "]")
            label = "<br/>".join(map(_mermaid, lines(vertex)))
            page.append(f'{indent}n{vertex.id}{opening}"{label}"{closing}')
        if part and title:
            page.append("  end")
    page += [f"  {_end(graph, a)} --> n{v.id}" for v, a in _edges(graph)]
    if any(a not in graph.vertices for _, a in _edges(graph)):
        page.append(f'  more(["{MANY}"])')
    for k, (label, number) in enumerate(graph.roots.items()):
        if label != "value":
            page.append(f'  n{number} --> r{k}(["{_mermaid(label)}"])')
    return "\n".join(page) + "\n"


def dot(graph: Graph, lines: Lines) -> str:
    """A graph for Graphviz: arguments above, what is computed from them below."""
    page = ["digraph gradcalc {", '  node [shape=box, fontname="monospace"];']
    for is_forward, title in ((True, ""), (False, "backward")):
        part = [v for v in graph.vertices.values() if v.forward is is_forward]
        indent = "  "
        if part and title:
            page += [f"  subgraph cluster_{title} {{", f'    label="{title}";']
            indent = "    "
        for vertex in part:
            style = ", shape=ellipse" if vertex.is_input else ""
            label = "\\n".join(map(_dot, lines(vertex)))
            page.append(f'{indent}n{vertex.id} [label="{label}"{style}];')
        if part and title:
            page.append("  }")
    page += [f"  {_end(graph, a)} -> n{v.id};" for v, a in _edges(graph)]
    if any(a not in graph.vertices for _, a in _edges(graph)):
        page.append(f'  more [label="{MANY}", shape=plaintext];')
    for k, (label, number) in enumerate(graph.roots.items()):
        if label != "value":
            page.append(f'  r{k} [label="{_dot(label)}", shape=ellipse];')
            page.append(f"  n{number} -> r{k};")
    return "\n".join([*page, "}"]) + "\n"


def _edges(graph: Graph) -> Iterator[tuple[Vertex, int]]:
    for vertex in graph.vertices.values():
        for arg in vertex.args:
            if arg is not None:
                yield vertex, arg


def _end(graph: Graph, number: int) -> str:
    return f"n{number}" if number in graph.vertices else "more"


_MERMAID = {c: f"#{ord(c)};" for c in '#"<>&`\\'}


def _mermaid(text: str) -> str:
    """Text within quotes, where Mermaid reads HTML and writes a character as ``#35;``."""
    return "".join(_MERMAID.get(c, c) for c in text)


def _dot(text: str) -> str:
    """Text within quotes, where a backslash begins an escape."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def described(vertex: Vertex) -> str:
    """The shape of a vertex, with its kind where that is not float."""
    kind = "" if vertex.kind == "float" else f"{vertex.kind} "
    return kind + shape_text(vertex.shape)
