"""Closed forms: the gradient of an expression as a formula in the language it was asked in.

Nothing is printed that was not compared, at random points, with the graph it was derived from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..grad.errors import GradError
from ..grad.evaluate import specialise
from ..grad.higher import jacobian
from ..grad.node import Node, Shape, Size, walk
from ..grad.ops import VARIABLE, shape_text, variable
from ..grad.reverse import gradient
from ..grad.simplify import Closed, agree, simplify
from ..grad.simplify.exact import exact
from ..grad.simplify.facts import Facts
from ..grad.sizes import names_in
from .print_text import print_program
from .program import Expression, located

SIZES_TRIED = (3, 4, 2, 5, 6, 7)  # what named sizes stand for when a form is checked


class Disagreement(Exception):
    """A form that is not equal to what it was derived from: a bug, told with the longer form."""


@dataclass(frozen=True, slots=True)
class Form:
    """One answer: names for shared parts, inner ones first, and the formula.

    ``nodes``  the same as nodes; a name is a variable in those after it
    """

    shape: Shape
    lets: tuple[tuple[str, str], ...]
    text: str
    nodes: Closed

    def program(self) -> str:
        """The form as a program of the language."""
        return "\n".join([*(f"{name} = {text}" for name, text in self.lets), self.text])

    def as_json(self, key: str) -> dict[str, Any]:
        return {"shape": list(self.shape), "let": [list(let) for let in self.lets], key: self.text}


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be derived.

    ``shapes``  the declared shapes; names without one are scalars
    ``wrt``     the variables to differentiate by; None is all of them
    ``order``   1 for the gradient, 2 for the Hessian, and so on
    ``seed``    the name of the gradient of a result that is not a scalar
    ``expand``  write shared parts out instead of naming them
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    wrt: tuple[str, ...] | None = None
    order: int = 1
    seed: str | None = None
    facts: Facts = field(default_factory=Facts)
    expand: bool = False


def derive(expression: Expression, question: Question) -> dict[str, Form]:
    """The closed form of each derivative asked for.

    Raises Diagnostic as building does, and G401 for a result that is not a scalar; Disagreement for
    a form that fails its check.
    """
    inputs = variables(expression, question)
    targets = question.wrt
    if targets is None:
        targets = tuple(name for name in expression.free if name != question.seed)
    built = expression.graph(inputs)

    def derivatives() -> list[Node]:
        (root,) = exact([built.root])
        seed = None
        if question.seed is not None:
            seed = variable(question.seed, root.shape)
        elif root.shape:
            raise _not_scalar(root)
        return [_derivative(root, inputs[t], question.order, seed) for t in targets]

    found = located(expression, built, derivatives)
    return {
        name: form(node, question, like=inputs[name] if question.order == 1 else None)
        for name, node in zip(targets, found, strict=True)
    }


def simplified(expression: Expression, question: Question) -> Form:
    """The closed form of the expression itself, derivative operators included."""
    inputs = variables(expression, question)
    return form(expression.graph(inputs).root, question)


def variables(expression: Expression, question: Question) -> dict[str, Node]:
    """A variable for every name: of its declared shape, or a scalar."""
    names = dict.fromkeys([*expression.free, *question.shapes, *(question.wrt or ())])
    return {name: variable(name, question.shapes.get(name, ())) for name in names}


def form(root: Node, question: Question, like: Node | None = None) -> Form:
    """The closed form of a node. `like` is a variable of its shape, if it is a gradient."""
    closed = simplify(root, question.facts, like)
    whole = closed.whole()
    if question.expand:
        closed = Closed([], whole)
    _check(whole, root, question.facts)
    lets = [(name, print_program(node)) for name, node in closed.lets]
    result = print_program(closed.expr)
    if result.lets or any(printed.lets for _, printed in lets):
        result, lets = print_program(whole), []  # too long for either way: name what repeats
        return Form(root.shape, tuple(result.lets), result.result, Closed([], whole))
    return Form(
        root.shape, tuple((name, text.result) for name, text in lets), result.result, closed
    )


def _check(form: Node, root: Node, facts: Facts) -> None:
    """Compare a form with its origin at random points. Raises Disagreement."""
    names = {
        name
        for node in walk([form, root])
        if node.op is VARIABLE
        for size in node.shape
        for name in _names(size)
    }
    numbers = dict(zip(sorted(names), SIZES_TRIED * (1 + len(names)), strict=False))
    pair = specialise([form, root], numbers) if numbers else [form, root]
    if not agree(pair[0], pair[1], facts):
        raise Disagreement(str(print_program(root)))


def _names(size: Size) -> set[str]:
    return names_in(size) if isinstance(size, str) else set()


def _derivative(root: Node, x: Node, order: int, seed: Node | None) -> Node:
    (found,) = gradient(root, [x], seed)
    for _ in range(order - 1):
        (found,) = exact([found], keep=[x])
        found = jacobian(found, x) if found.shape or x.shape else gradient(found, [x])[0]
    return found


def _not_scalar(root: Node) -> GradError:
    return GradError(
        "G401",
        "grad can be implicitly created only for scalar outputs",
        label=f"the result has shape {shape_text(root.shape)}",
        help=[
            "make a scalar of it: `sum({0})` or `mean({0})`",
            "name the gradient of the result: `--gradient G`",
            "all slopes: `gradcalc simplify 'jacobian({0}, x)'`",
        ],
        node=root,
    )
