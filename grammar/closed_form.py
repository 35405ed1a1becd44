"""Closed forms: the gradient of an expression as a formula in the language it was asked in.

Nothing is printed that was not compared, at random points, with the graph it was derived from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from ..grad.errors import GradError
from ..grad.evaluate import specialise
from ..grad.higher import jacobian
from ..grad.node import Node, Shape, Size, walk
from ..grad.ops import DIMENSION, shape_text, variable
from ..grad.reverse import gradient
from ..grad.simplify import Closed, agree, named, simplify
from ..grad.simplify.budget import STEPS, share
from ..grad.simplify.exact import exact
from ..grad.simplify.facts import Facts
from ..grad.simplify.guards import textbook
from ..grad.sizes import names_in
from .print_text import print_program
from .program import Expression, Solution, located

MOST_SHOWN = 300  # nodes of a gradient whose closed form is shown beside its numbers
LONGEST_SHOWN, FEW_LETS = 240, 3
LARGEST_TRIED = 100  # a size beyond is replaced when tensors are too large to be compared
SIZES_TRIED = (3, 4, 2, 5, 6, 7)  # what named sizes stand for when a form is checked
LARGER_BY = (0, 10, 100, 1000)  # or more, where the expression names a position: `x[5]`


class Disagreement(Exception):
    """A form that is not equal to what it was derived from: a bug, told with the longer form."""


@dataclass(frozen=True, slots=True)
class Form:
    """One answer: names for shared parts, inner ones first, and the formula.

    ``nodes``  the same as nodes; a name is a variable in those after it
    ``where``  what it takes for granted: conditions that textbooks leave out
    """

    shape: Shape
    lets: tuple[tuple[str, str], ...]
    text: str
    nodes: Closed
    where: tuple[str, ...] = ()

    def program(self) -> str:
        """The form as a program of the language."""
        return "\n".join([*(f"{name} = {text}" for name, text in self.lets), self.text])

    def as_json(self, key: str) -> dict[str, Any]:
        data = {"shape": list(self.shape), "let": [list(let) for let in self.lets], key: self.text}
        return data | ({"where": list(self.where)} if self.where else {})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be derived.

    ``shapes``  the declared shapes; names without one are scalars
    ``wrt``     the variables to differentiate by; None is all of them
    ``order``   1 for the gradient, 2 for the Hessian, and so on
    ``seed``    the name of the gradient of a result that is not a scalar
    ``expand``  write shared parts out instead of naming them
    ``shorten`` look for a short form; else name what repeats, and nothing more
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    wrt: tuple[str, ...] | None = None
    order: int = 1
    seed: str | None = None
    facts: Facts = field(default_factory=Facts)
    expand: bool = False
    shorten: bool = True


def derive(expression: Expression, wanted: Wanted) -> dict[str, Form]:
    """The closed form of each derivative asked for.

    Raises Diagnostic as building does, and G401 for a result that is not a scalar; Disagreement for
    a form that fails its check.
    """
    inputs = expression.inputs(wanted.shapes, wanted.wrt or ())
    targets = wanted.wrt
    if targets is None:
        targets = tuple(name for name in expression.free if name in inputs and name != wanted.seed)
    if not targets:
        ways = [
            "an expression with a variable: `x**2`",
            "the expression itself: `gradcalc simplify`",
        ]
        raise expression.wrong("G404", "there is nothing to differentiate by", None, ways)
    built = expression.graph(inputs)
    shown, where = textbook(built.root)

    def derivatives() -> list[Node]:
        (root,) = exact([shown])
        seed = None
        if wanted.seed is not None:
            seed = variable(wanted.seed, root.shape)
        elif root.shape:
            raise _not_scalar(root, targets[0])
        return [_derivative(root, inputs[t], wanted.order, seed) for t in targets]

    def forms() -> dict[str, Form]:
        found = located(expression, built, derivatives)
        likes = [inputs[name] if wanted.order == 1 else None for name in targets]
        made = (
            replace(form(node, wanted, like, share(len(targets)), shown), where=where)
            for node, like in zip(found, likes, strict=True)
        )
        return dict(zip(targets, made, strict=True))

    try:
        return forms()
    except Disagreement:
        if shown is built.root:
            raise
        shown, where = built.root, ()  # textbooks leave out what matters here
        return forms()


def closed_forms(solution: Solution) -> dict[str, Form]:
    """The closed form of each gradient of a solution, where it is short enough to show."""
    found: dict[str, Form] = {}
    for name, slope in solution.slopes.items():
        if slope.shape == solution.inputs[name].shape and len(walk([slope])) <= MOST_SHOWN:
            try:
                steps = share(len(solution.slopes))
                shown = form(slope, Wanted(), solution.inputs[name], steps, solution.root)
            except Disagreement:
                continue  # the numbers stand without it
            if len(shown.program()) <= LONGEST_SHOWN and len(shown.lets) <= FEW_LETS:
                found[name] = shown
    return found


def simplified(expression: Expression, wanted: Wanted) -> Form:
    """The closed form of the expression itself, derivative operators included."""
    inputs = expression.inputs(wanted.shapes, wanted.wrt or ())
    return form(expression.graph(inputs).root, wanted)


def form(
    root: Node,
    wanted: Wanted,
    like: Node | None = None,
    steps: int = STEPS,
    origin: Node | None = None,
) -> Form:
    """The closed form of a node, the derivative of an `origin` if there is one.

    `like` is a variable of its shape, if it is a gradient.
    """
    closed = _shortened(root, wanted.facts, like, steps, origin) if wanted.shorten else named(root)
    whole = closed.whole()
    if wanted.expand:
        closed = Closed([], whole)
    lets = [(name, print_program(node)) for name, node in closed.lets]
    result = print_program(closed.expr)
    if result.lets or any(printed.lets for _, printed in lets):
        result, lets = print_program(whole), []  # too long for either way: name what repeats
        return Form(root.shape, tuple(result.lets), result.result, Closed([], whole))
    return Form(
        root.shape, tuple((name, text.result) for name, text in lets), result.result, closed
    )


def _shortened(
    root: Node, facts: Facts, like: Node | None, steps: int, origin: Node | None
) -> Closed:
    """The shortest form of a node that is known to equal it. Raises Disagreement."""
    closed = simplify(root, facts, like, steps)
    try:
        known = _checked(closed.whole(), root, facts, origin)
    except Disagreement:  # something is 0 whatever the input, as the distance of x[0] to itself
        closed = simplify(root, facts, like, steps, guarded=True)
        known = _checked(closed.whole(), root, facts, origin)
    return closed if known else named(root)


def _checked(form: Node, root: Node, facts: Facts, origin: Node | None) -> bool:
    """Whether a form is known to equal its root, by numbers; not where that is nowhere finite.

    Large sizes are tried out as small ones, like named ones. Raises Disagreement where they differ.
    """
    names = {
        name
        for node in walk([form, root, *([] if origin is None else [origin])])
        for size in (*node.shape, *((node.attr("size"),) if node.op is DIMENSION else ()))
        for name in _names(size)
    }
    nodes = _of_numbers([form, root, *([] if origin is None else [origin])], sorted(names))
    if nodes is None:
        return False
    pair = nodes[:2]
    agreed = agree(pair[0], pair[1], facts, origin=None if origin is None else nodes[2])
    if agreed is False:
        raise Disagreement(str(print_program(root)))
    return bool(agreed) or _agree_when_smaller(pair, facts)


def _of_numbers(nodes: Sequence[Node], names: Sequence[str]) -> Sequence[Node] | None:
    """Nodes with numbers for named sizes; None if there are none of the numbers tried."""
    for more in LARGER_BY if names else ():
        numbers = [more + SIZES_TRIED[i % len(SIZES_TRIED)] for i in range(len(names))]
        try:
            return specialise(nodes, dict(zip(names, numbers, strict=True)))
        except GradError:  # a position beyond the size: `x[5]`
            continue
    return None if names else nodes


def _agree_when_smaller(pair: Sequence[Node], facts: Facts) -> bool:
    """Whether two nodes that are too large to be compared agree with small sizes for large ones.

    If they do not, one of their numbers may be a count of entries, of which there are fewer now.
    """
    large = {s for node in walk(pair) for s in node.shape if _is_large(s)}
    fewer = dict(zip(sorted(large), SIZES_TRIED[::-1] * (1 + len(large)), strict=False))
    try:
        smaller = specialise(pair, fewer)
    except GradError:  # sizes that depend on each other, as after `cat`
        return False
    return bool(fewer) and agree(smaller[0], smaller[1], facts) is True


def _is_large(size: Size) -> TypeGuard[int]:
    return isinstance(size, int) and size > LARGEST_TRIED


def _names(size: Size) -> set[str]:
    return names_in(size) if isinstance(size, str) else set()


def _derivative(root: Node, x: Node, order: int, seed: Node | None) -> Node:
    (found,) = gradient(root, [x], seed)
    for _ in range(order - 1):
        (found,) = exact([found], keep=[x])
        found = jacobian(found, x) if found.shape or x.shape else gradient(found, [x])[0]
    return found


def _not_scalar(root: Node, target: str) -> GradError:
    return GradError(
        "G401",
        "grad can be implicitly created only for scalar outputs",
        label=f"the result has shape {shape_text(root.shape)}",
        help=[
            "make a scalar of it: `sum({0})` or `mean({0})`",
            "name the gradient of the result: `--gradient G`",
            f"all slopes: `jacobian({{0}}, {target})`, with `gradcalc simplify`",
        ],
        node=root,
    )
