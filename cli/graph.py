"""The computational graph: a tree, a picture for Mermaid or Graphviz, or data.

It is what PyTorch shows as grad_fn.next_functions, with shapes and, for names that are bound, with
values. Names without a value are declared as NAME:SHAPE; what is not declared is a scalar.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from . import bindings, documents, options, screen
from .arguments import Option
from .screen import Line, Look

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grad.node import Shape
    from ..grammar.graph_text import Graph, Vertex

Row = tuple[str, str, str, tuple[str, ...]]  # what leads to it, its number, its text, its columns

MOST_NODES = 200  # of a graph that is drawn; Mermaid refuses pictures of more than 500 edges
WIDEST = 60  # characters of a formula before it is cut

EXAMPLES = """\
\b
Examples:
  gradcalc graph 'mean(x*x)' x='[[1,2],[3,4]]'
  gradcalc graph 'mean((X @ w - y)**2)' X:5,3 w:3 y:5 --format mermaid
  gradcalc graph 'sum(tanh(x))' x:3 --backward --format dot | dot -Tsvg > graph.svg

"""

Format = Annotated[
    Literal["tree", "mermaid", "dot", "json"], Option("--format", help="How to draw it.")
]
Backward = Annotated[
    bool, Option("--backward", help="The graphs of the gradients, too, as they are computed.")
]
MaxNodes = Annotated[
    int | None,
    Option(
        "--max-nodes",
        metavar="N",
        setting=True,
        help=f"Leave out what is further from the result (default {MOST_NODES}; JSON has all).",
    ),
]


def run(
    words: options.Data = None,
    format: Format = "tree",
    backward: Backward = False,
    wrt: options.Wrt = None,
    gradient: options.Gradient = None,
    max_nodes: MaxNodes = None,
    json: options.Json = False,
    precision: options.Precision = "6",
    color: options.Color = "auto",
    ascii: options.Ascii = False,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    if max_nodes is not None and max_nodes < 1:
        raise options.refused("--max-nodes", str(max_nodes), ["a number of nodes, 1 or more"])
    look = Look.choose(color, ascii, options.digits(precision))
    text, given = bindings.split(words or [])
    as_json = json or format == "json"

    from ..grad.evaluate import MAX_ELEMENTS
    from ..grammar import graph_text
    from ..grammar.program import Expression

    expression = Expression.read(text)
    targets = options.names(wrt)
    bindings.check_used(expression, given, targets or ())
    shapes, values = _declared(given, MAX_ELEMENTS)
    seed = None
    if gradient is not None:
        binding = bindings.Given("--gradient", f"--gradient={gradient}", value=gradient)
        seed = bindings.value_of(binding, MAX_ELEMENTS)
    by = (targets or tuple(expression.inputs(shapes))) if backward or targets or gradient else ()
    whole = graph_text.graph(expression, shapes, values, by, seed)
    most = max_nodes or (len(whole.vertices) if as_json else MOST_NODES)
    found, left_out = whole.nearest(most)
    if left_out:
        ways = f"all of them: --max-nodes {len(whole.vertices)}"
        screen.complain(f"gradcalc: {left_out:,} nodes are left out ({ways})")

    if as_json:
        document = {"gradcalc": 1, "expr": text, **graph_text.as_data(found)}
        screen.emit(documents.dumps(document, indent=screen.is_terminal()) + b"\n")
    elif format == "tree":
        screen.show(tree_lines(found, look), look)
    else:
        draw = graph_text.mermaid if format == "mermaid" else graph_text.dot
        screen.emit(draw(found, lambda vertex: _lines(vertex, look)).encode())
    return 0


def _declared(
    given: dict[str, bindings.Given], max_elements: int
) -> tuple[dict[str, Shape], dict[str, Array]]:
    """The shapes that are stated, and the values, which have shapes too."""
    shapes: dict[str, Shape] = {}
    values: dict[str, Array] = {}
    for name, binding in given.items():
        if binding.shape is not None:
            shapes[name] = binding.shape
        else:
            values[name] = bindings.value_of(binding, max_elements)
            shapes[name] = values[name].shape
    return shapes, values


# --- as text -----------------------------------------------------------------------------------


def _lines(vertex: Vertex, look: Look) -> list[str]:
    """What is written into a vertex of a picture."""
    from ..grammar.graph_text import described

    lines = [look.cut(vertex.formula, WIDEST), f"{vertex.grad_fn} {described(vertex)}".lstrip()]
    if vertex.value is not None:
        lines.append(screen.brief(vertex.value, look))
    return lines


def tree_lines(graph: Graph, look: Look) -> Iterator[Line]:
    """One tree for the value and one for each gradient, in aligned columns."""
    from ..grammar.graph_text import MANY, described, tree

    shown: set[int] = set()
    for label, root in graph.roots.items():
        if label != "value":
            yield ()
            yield ((label, "bold"),)
        rows: list[Row] = []
        for branch in tree(graph, root, shown, look.ascii):
            vertex = branch.vertex
            if vertex is None:
                rows.append((branch.lead, MANY, "", ()))
                continue
            number = f"#{vertex.id}"
            formula = look.cut(vertex.formula, WIDEST)
            if branch.again:
                if not vertex.is_input:
                    formula = vertex.name
                rows.append((branch.lead, number, formula, ("", "shown above", "")))
                continue
            value = "" if vertex.value is None else screen.brief(vertex.value, look)
            rows.append((branch.lead, number, formula, (vertex.grad_fn, described(vertex), value)))
        yield from _aligned(rows)


def _aligned(rows: list[Row]) -> Iterator[Line]:
    first = max(len(lead + number + text) + 1 for lead, number, text, _ in rows)
    widths = [max(map(len, cells)) for cells in zip(*(c for *_, c in rows if c), strict=True)]
    for lead, number, text, cells in rows:
        columns = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False) if width]
        rest = first - len(lead + number + text)
        yield (
            (lead, "dim"),
            (number, "cyan"),
            (f" {text}{'':{rest}}", ""),
            ("  " + "   ".join(columns), "dim"),
        )
