"""An expression with data: its value, its gradients, and the steps that made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..grad.errors import GradError
from ..grad.evaluate import MAX_ELEMENTS, Evaluation, evaluate, finite, is_large, schedule
from ..grad.node import Node, Shape
from ..grad.ops import F, constant, shape_text, variable
from ..grad.record import field, record
from ..grad.reverse import Backward, backward
from ..grad.simplify.exact import exact
from ..grad.sizes import names_in
from . import syntax
from .build import Built, build
from .errors import Diagnostic, Label, Span, suggest
from .parse import parse

Array = npt.NDArray[Any]
T = TypeVar("T")

SCALAR = "make a scalar of it: `sum({0})` or `mean({0})`"


def size_names(shapes: Mapping[str, Shape]) -> set[str]:
    """The names of sizes in shapes."""
    sizes = [size for shape in shapes.values() for size in shape]
    return {name for size in sizes if isinstance(size, str) for name in names_in(size)}


@record()
class Expression:
    """A text that was read: its syntax tree, and its free names with their first place."""

    text: str
    tree: syntax.Program
    free: dict[str, Span]

    @classmethod
    def read(cls, text: str) -> Expression:
        """Raises Diagnostic for a text that is not an expression or a program."""
        tree = parse(text)
        return cls(text, tree, dict(syntax.free_names(tree)))

    def inputs(self, shapes: Mapping[str, Shape], wrt: Sequence[str] = ()) -> dict[str, Node]:
        """A variable for every name, of its shape or a scalar; for none that is of a size."""
        sizes = size_names(shapes)
        names = dict.fromkeys([*self.free, *shapes, *wrt])
        return {name: variable(name, shapes.get(name, ())) for name in names if name not in sizes}

    def graph(self, variables: Mapping[str, Node]) -> Built:
        """The graph, given a node for every free name."""
        sizes = {s for v in variables.values() for s in v.shape if isinstance(s, str)}
        return build(self.tree, variables, frozenset(sizes))

    def check_functions(self) -> None:
        """Raise G110 for a function that does not exist, whatever the data."""
        try:
            self.graph({name: variable(name) for name in self.free})
        except Diagnostic as wrong:
            if wrong.code == "G110":
                raise

    def wrong(self, code: str, message: str, span: Span | None, help: Sequence[str]) -> Diagnostic:
        labels = [Label(span, primary=True)] if span else []
        return Diagnostic(code, message, self.text, labels, list(help))


@record()
class Question:
    """What is asked of an expression, as graphs: itself, and a derivative by each of some names."""

    built: Built
    root: Node
    inputs: dict[str, Node]
    grads: dict[str, Node] = field(default_factory=dict)
    backward: Backward | None = None


@record()
class Solution:
    """What was asked of an expression, as numbers and as the graph they came from.

    `root` is what was evaluated: the expression with its textbook spellings made stable. `slopes`
    has the graph of each gradient. `memo` holds the value of every node that was computed; of large
    data, unless the steps were asked for, only what tells where a value was not finite first.
    """

    built: Built
    root: Node
    inputs: dict[str, Node]
    value: Array
    grads: dict[str, Array] = field(default_factory=dict)
    slopes: dict[str, Node] = field(default_factory=dict)
    backward: Backward | None = None
    memo: dict[Node, Array] = field(default_factory=dict)

    def nonfinite(self) -> dict[str, int]:
        """How many entries of the value and of each gradient are not finite, where any are."""
        found = {"value": self.value} | {f"grads.{name}": g for name, g in self.grads.items()}
        counts = {name: int(np.sum(~np.isfinite(a))) for name, a in found.items() if not finite(a)}
        return counts

    def first_nonfinite(self) -> Node | None:
        """The first node that is not finite though all it was computed from is."""
        for node, value in self.memo.items():
            if not finite(value) and all(finite(self.memo[a]) for a in node.args if a in self.memo):
                return node
        return None


@record(frozen=True)
class Request:
    """What is wanted of an expression besides its value.

    `wrt` names the variables; None is all of them. `seed` is the gradient of the result. `order` is
    "gradient", "jacobian", "hessian" or "none". `steps` keeps the value of every step for the
    derivation. `instead` says, as ways out, what else can be asked, where this is asked, of a
    result that is not a scalar; `{1}` in it becomes ones of its shape.
    """

    wrt: tuple[str, ...] | None = None
    seed: Any = None
    order: str = "gradient"
    dtype: npt.DTypeLike = np.float64
    max_elements: int = MAX_ELEMENTS
    steps: bool = False
    instead: tuple[str, ...] = ()


def solve(
    expression: Expression,
    values: Mapping[str, Any],
    request: Request,
    progress: Callable[[float], object] | None = None,
) -> Solution:
    """Evaluate an expression and its derivatives at `values`, arrays by name. If it takes long,
    `progress` is told now and then which share is done.

    Raises Diagnostic: G201 for a name without a value, G401 for a result that is not a scalar where
    a gradient was asked, and whatever building and evaluating it find wrong.
    """
    arrays = {name: np.asarray(value) for name, value in values.items()}
    asked = pose(expression, {name: array.shape for name, array in arrays.items()}, request)
    wanted = [asked.root, *asked.grads.values()]
    if asked.backward is not None and request.steps:
        wanted += asked.backward.arrived.values()
    in_blocks = not request.steps and is_large(wanted)
    compute = partial(_blocks, progress=progress) if in_blocks else _whole
    found = located(expression, asked.built, lambda: compute(wanted, arrays, request))
    value, *slopes = found.results[: 1 + len(asked.grads)]
    grads = dict(zip(asked.grads, slopes, strict=True))
    solution = Solution(
        asked.built, asked.root, asked.inputs, value, grads, asked.grads, asked.backward, found.memo
    )
    if in_blocks and solution.nonfinite():
        solution.memo = _suspects(solution, arrays, request)
    return solution


def _whole(roots: Sequence[Node], arrays: Mapping[str, Array], request: Request) -> Evaluation:
    return evaluate(roots, arrays, request.dtype, keep=True, max_elements=request.max_elements)


def _blocks(
    roots: Sequence[Node],
    arrays: Mapping[str, Array],
    request: Request,
    progress: Callable[[float], object] | None = None,
) -> Evaluation:
    from ..grad.execution import blocks

    most = request.max_elements
    found = blocks.evaluate(roots, arrays, request.dtype, max_elements=most, progress=progress)
    return Evaluation(found)


def _suspects(
    solution: Solution, arrays: Mapping[str, Array], request: Request
) -> dict[Node, Array]:
    """The values of the first node that is not finite, and of the first gradient on the way back,
    with what they are of."""
    order, _ = schedule([solution.root, *solution.slopes.values()])
    nodes = [node for node in order if node.kind == "float"]
    flags = _blocks([F.all(F.isfinite(node)) for node in nodes], arrays, request).results
    fine = dict(zip(nodes, map(bool, flags), strict=True))
    steps = solution.backward.steps if solution.backward else []
    found = [n for n in nodes if not fine[n] and all(fine.get(a, True) for a in n.args)][:1]
    found += [a for node in found for a in node.args]
    bad = [step for step in steps if not fine.get(step.contribution, True)][:1]
    found += [a for step in bad for a in (step.contribution, *step.node.args)]
    return dict(zip(found, _blocks(found, arrays, request).results, strict=True))


def pose(expression: Expression, shapes: Mapping[str, Shape], request: Request) -> Question:
    """The graphs of what is asked of an expression, for data of these shapes.

    Raises Diagnostic as `solve` does, but for what only the numbers can show.
    """
    # a variable that does not occur may be differentiated by: its gradient is zero
    names = dict.fromkeys([*expression.free, *(request.wrt or ())])
    inputs = {name: variable(name, shapes[name]) for name in names if name in shapes}
    built = expression.graph(inputs)
    (root,) = exact([built.root])
    targets = chosen(expression, inputs, request)
    if not targets or request.order == "none":
        return Question(built, root, inputs)
    wrt = [inputs[target] for target in targets]
    steps, grads = located(expression, built, lambda: _derivatives(root, wrt, request))
    return Question(built, root, inputs, dict(zip(targets, grads, strict=True)), steps)


def chosen(expression: Expression, inputs: Mapping[str, Node], request: Request) -> tuple[str, ...]:
    """The names to differentiate by. Raises Diagnostic G003 for one that does not occur."""
    if request.wrt is None:
        return tuple(inputs)
    for name in request.wrt:
        if name not in inputs:
            close = suggest(name, inputs)
            hint = [f"did you mean `{close}`?"] if close else []
            names = ", ".join(f"`{n}`" for n in inputs) or "none"
            raise expression.wrong(
                "G003", f"`--wrt {name}`: there is no variable `{name}`", None,
                [*hint, f"variables of this expression: {names}"],
            )  # fmt: skip
    return request.wrt


def _derivatives(
    root: Node, wrt: Sequence[Node], request: Request
) -> tuple[Backward | None, list[Node]]:
    """The graphs of what was asked, and the steps of the walk where there was one."""
    if request.order in ("jacobian", "hessian"):
        from ..grad.higher import cheapest_hessian, hessian, jacobian

    if request.order == "jacobian":
        return None, exact([jacobian(root, x) for x in wrt])
    if (request.seed is None or request.order == "hessian") and root.shape:
        shown = "[...]"
        if prod(numbers := [s for s in root.shape if isinstance(s, int)]) <= 6:
            shown = str(np.ones(numbers, int).tolist()).replace(" ", "")
        raise GradError(
            "G401",
            "grad can be implicitly created only for scalar outputs",
            label=f"the result has shape {shape_text(root.shape)}",
            help=[SCALAR, *(line.replace("{1}", shown) for line in request.instead)],
            node=root,
        )
    if request.order == "hessian":
        way = hessian if request.steps else cheapest_hessian  # the steps are those of the rules
        return None, exact([way(root, x) for x in wrt])
    seed = None if request.seed is None else constant(np.asarray(request.seed, np.float64))
    steps = backward(root, wrt, seed)
    return steps, exact(steps.grads)


def located(expression: Expression, built: Built, compute: Callable[[], T]) -> T:
    """`compute()`, with a mistake told at the place in the text where its node was written."""
    try:
        return compute()
    except GradError as error:
        whole = expression.tree.statements[-1].span
        text, *more = _result(expression)
        node = error.node if isinstance(error.node, Node) else built.root
        span = built.spans.get(node, whole)
        if node is built.root:
            span = whole
        raise Diagnostic(
            error.code,
            error.message,
            expression.text,
            [Label(span, error.label, primary=True)],
            [line.replace("{0}", text) for line in error.help]
            + [line for line in more if error.code == "G401"],
        ) from None


def _result(expression: Expression) -> list[str]:
    """What the result is called in ways out, and what there is to say about that."""
    last = expression.tree.statements[-1]
    start, end = last.span
    if not isinstance(last, syntax.Assign):
        return [expression.text[start:end]]
    target = last.target if last.op == "=" else None
    if isinstance(target, syntax.Name):
        return [expression.text[last.op_span[1] : end].strip()]
    name = expression.text[start : last.op_span[0]].partition("[")[0].strip()
    return [name, f"`{name}` is the result here: add a statement that goes on with it"]
