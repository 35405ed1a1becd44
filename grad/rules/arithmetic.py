"""Rules: operators, comparisons, powers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node
from ..ops import F, Inferred, Kink, broadcast_nodes, is_constant
from ..rows import pointwise, structural

add = pointwise(
    "add(x, y)", np.add, lambda out, x, y: 1, lambda out, x, y: 1,
    doc="Sum.", kind="promote", infix="+", linear=(0, 1), jointly=True,
)  # fmt: skip
sub = pointwise(
    "sub(x, y)", np.subtract, lambda out, x, y: 1, lambda out, x, y: -1,
    doc="Difference.", kind="promote", infix="-", linear=(0, 1), jointly=True,
    aliases=("subtract",),
)  # fmt: skip
mul = pointwise(
    "mul(x, y)", np.multiply, lambda out, x, y: y, lambda out, x, y: x,
    doc="Product, entry by entry.", kind="promote", infix="*", linear=(0, 1),
    aliases=("multiply",),
)  # fmt: skip
div = pointwise(
    "div(x, y)", np.true_divide, lambda out, x, y: 1 / y, lambda out, x, y: -out / y,
    doc="Quotient, entry by entry.", infix="/", linear=(0,), sample=((-2, 2), (0.5, 2)),
    aliases=("divide", "true_divide"), kinks=(Kink("y = 0", "inf or nan"),),
)  # fmt: skip
neg = pointwise(
    "neg(x)", np.negative, lambda out, x: -1,
    doc="Negative.", kind="promote", infix="-", linear=(0,), aliases=("negative",),
)  # fmt: skip


def divided(ufunc: Any) -> Any:
    """`ufunc`, a division with a remainder, but for whole numbers by zero: NumPy's result is 0.

    The row's forward function raises GradError G117 for these.
    """

    def forward(x: Any, y: Any) -> Any:
        if np.result_type(x, y).kind in "iub" and not np.all(y):
            raise GradError(
                "G117", "division of whole numbers by zero",
                help=["floats divide by zero to inf or nan: write a number with a point, `5.0//0`"],
            )  # fmt: skip
        return ufunc(x, y)

    return forward


floor_divide = pointwise(
    "floor_divide(x, y)", divided(np.floor_divide), None,
    doc="Quotient rounded down.", kind="promote", infix="//", sample=((-2, 2), (0.5, 2)),
)  # fmt: skip
remainder = pointwise(
    "remainder(x, y)", divided(np.remainder),
    lambda out, x, y: 1,
    lambda out, x, y: -floor_divide(x, y),
    doc="Remainder with the sign of `y`, as Python's `%`.", kind="promote", infix="%",
    sample=((3.1, 3.5), (1.2, 1.5)), aliases=("mod",),
    kinks=(Kink("x / y an integer", "the slope to the right"),),
)  # fmt: skip


def power(x: Any, y: Any) -> Any:
    """``x**y``, by multiplication where the exponent is one that allows it."""
    if np.ndim(y) == 0:
        if y == 2:
            return np.square(x)
        if y == 1:
            return np.positive(x)
        if y == 0.5:
            return np.sqrt(x)
        if y == -1:
            return np.reciprocal(x)
    return np.power(x, y)


def _power_by_base(out: Node, x: Node, y: Node) -> Any:
    """d/dx x**y = y*x**(y - 1); for a constant y the exponent is a number, and x**0 has slope 0."""
    if is_constant(y):
        c = y.attr("value")
        if c in (0, 1, 2):
            return (0, 1, 2 * x)[int(c)]
        return c * x ** (c - 1)
    return F.where(eq(y, 0), 0, y * x ** (y - 1))


def _power_by_exponent(out: Node, x: Node, y: Node) -> Any:
    """d/dy x**y = x**y*log(x), and 0 at x = 0 as PyTorch has it."""
    if is_constant(x):
        return out * F.log(x) if x.attr("value") != 0 else 0
    return F.where(eq(x, 0), 0, out * F.log(x))


pow_ = pointwise(
    "pow(x, y)", power, _power_by_base, _power_by_exponent,
    doc="Power.", kind="float", infix="**", sample=((0.3, 2), (-2, 2)), aliases=("power",),
    spellings={"exponent": "y"},
    kinks=(Kink("x**0", "slope 0"), Kink("x = 0, by y", "0")),
)  # fmt: skip
"""A negative base has a real power for integer exponents only; elsewhere the value is nan."""

eq = pointwise("eq(x, y)", np.equal, None, kind="bool", infix="==", aliases=("equal",),
               doc="Whether entries are equal.")  # fmt: skip
ne = pointwise("ne(x, y)", np.not_equal, None, kind="bool", infix="!=", aliases=("not_equal",),
               doc="Whether entries differ.")  # fmt: skip
lt = pointwise("lt(x, y)", np.less, None, kind="bool", infix="<", aliases=("less",),
               doc="Whether `x` is less.")  # fmt: skip
le = pointwise("le(x, y)", np.less_equal, None, kind="bool", infix="<=", aliases=("less_equal",),
               doc="Whether `x` is less or equal.")  # fmt: skip
gt = pointwise("gt(x, y)", np.greater, None, kind="bool", infix=">", aliases=("greater",),
               doc="Whether `x` is greater.")  # fmt: skip
ge = pointwise("ge(x, y)", np.greater_equal, None, kind="bool", infix=">=",
               aliases=("greater_equal",), doc="Whether `x` is greater or equal.")  # fmt: skip


def _same(x: Any, y: Any) -> Any:
    found = np.equal(x, y)
    of_nan = np.isnan(y)
    return found | (of_nan & np.isnan(x)) if of_nan.any() else found


same = pointwise("same(x, y)", _same, None, kind="bool",
                 doc="Whether entries are equal, or both nan.")  # fmt: skip
logical_and = pointwise("logical_and(x, y)", np.logical_and, None, kind="bool",
                        doc="Whether both are true (not zero).")  # fmt: skip
logical_or = pointwise("logical_or(x, y)", np.logical_or, None, kind="bool",
                       doc="Whether one is true (not zero).")  # fmt: skip
logical_not = pointwise("logical_not(x)", np.logical_not, None, kind="bool",
                        doc="Whether it is false (zero).")  # fmt: skip


def _product_no_nan(x: Any, y: Any) -> Any:
    return np.where(y == 0, np.zeros((), np.result_type(x, y)), np.multiply(x, y))


def _product_shape(x: Node, y: Node) -> Inferred:
    return broadcast_nodes("multiply_no_nan", (x, y)), "float", {}


@structural(
    "multiply_no_nan(x, y)", _product_no_nan, _product_shape,
    doc="Product that is 0 wherever `y` is 0, even against inf or nan.",
    linear=(0, 1), selects=True, broadcasts=True, batch="align",
)  # fmt: skip
def multiply_no_nan(g: Node, out: Node, x: Node, y: Node) -> tuple[Node, Node]:
    return F.multiply_no_nan(g, y), F.multiply_no_nan(x, g)


square = pointwise(
    "square(x)", np.square, lambda out, x: 2 * x, doc="Square.", kind="promote",
)  # fmt: skip
reciprocal = pointwise(
    "reciprocal(x)", np.reciprocal, lambda out, x: -out * out,
    doc="One over the argument.", sample=((0.3, 2),), kinks=(Kink("0", "-inf"),),
)  # fmt: skip
detach = pointwise(
    "detach(x)", np.positive, lambda out, x: 0, doc="The same value, as a constant: slope 0.",
    kinks=(Kink("everywhere", "0", "that is its purpose"),),
)  # fmt: skip
