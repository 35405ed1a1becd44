"""What is known of the derivatives of the language (grad, jacobian, ...), told as of functions.

They are no rows of the table, since they take a formula and a name of it. Each has an example, and
what the example comes to is derived from it.
"""

from __future__ import annotations

from functools import cache

from ..grad.node import Shape
from ..grad.ops import variable
from .closed_form import Wanted, simplified
from .operators import DERIVATIVES
from .program import Expression
from .reference import Reference, command, named, reference

GROUP = "derivatives"
EXAMPLES: dict[str, str] = {
    "grad": "grad(sum(x**3), x)",
    "jacobian": "jacobian(x**2, x)",
    "hessian": "hessian(sum(x**3), x)",
    "vjp": "vjp(x**2, x, v)",
    "jvp": "jvp(x**2, x, v)",
    "hvp": "hvp(sum(x**3), x, v)",
}


def told(name: str) -> tuple[str, str]:
    """Signature and meaning, as the docstring has them."""
    first = (DERIVATIVES[name].__doc__ or "").split("\n")[0]
    signature, _, doc = first.removeprefix("``").partition("``: ")
    return signature, doc[:1].upper() + doc[1:]


def operators() -> list[Reference]:
    """All of them."""
    return [operator(name) for name in DERIVATIVES]


@cache
def operator(name: str) -> Reference:
    """What there is to say of one. Raises KeyError if there is none of this name."""
    example = EXAMPLES[name]
    expression = Expression.read(example)
    shapes: dict[str, Shape] = dict.fromkeys(expression.free, (3,))
    form = simplified(expression, Wanted(shapes))
    inputs = {name: variable(name, shape) for name, shape in shapes.items()}
    run = command(example, expression.graph(inputs).root, inputs)
    signature, doc = told(name)
    return Reference(
        name, signature, (), "", GROUP, doc, example, shapes, form.shape, form.program(), {}, (),
        "any", run,
    )  # fmt: skip


def find(name: str) -> Reference | None:
    """A function or operator by name, alias or sign; `torch.` and the like may stand before it."""
    name = name.removesuffix("()")
    if (last := name.rpartition(".")[2]) in DERIVATIVES:
        return operator(last)
    row = named(name)
    return None if row is None else reference(row)
