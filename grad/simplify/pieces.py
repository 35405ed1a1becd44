"""Products as nodes: numbers in front, signs at the very front, one fraction bar."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from ..node import TABLE, Node, walk
from ..ops import F, constant, dimension, rebuild
from ..sizes import monomial
from ..sizes import product as product_of_sizes
from .budget import TooLong
from .tensors import ONE


@dataclass(frozen=True, slots=True)
class Piece:
    """A product still open: factors above and below the fraction bar, and their size together."""

    above: tuple[Node, ...]
    below: tuple[Node, ...]
    size: float

    def __lt__(self, other: Piece) -> bool:
        return self.size < other.size


def number(value: Fraction) -> Node:
    """A rational number alone: an integer, a short decimal, or a fraction."""
    if value.denominator == 1:
        return integer(int(value))
    if short(value):
        return constant(float(value))
    return integer(value.numerator) / integer(value.denominator)


def integer(value: int) -> Node:
    """An integer, as a float where it has no place in 64 bits."""
    try:
        return constant(value if abs(value) < 2**53 else float(value))
    except OverflowError:
        raise TooLong from None  # the graph is shown as it was written


def short(value: Fraction) -> bool:
    """Whether a number has at most three decimals."""
    return 1000 % value.denominator == 0


def number_node(value: Any) -> Node:
    if isinstance(value, Fraction):
        return number(value)
    return constant(value)


def raised(x: Node, e: Fraction) -> Node:
    return x if e == 1 else x ** number(e)


def scaled(piece: Piece, c: Fraction, decimals: bool) -> Node:
    """A product closed, with its coefficient: ``2/5*x``, ``x/5``, ``0.5/x``."""
    if not piece.above and not piece.below:
        return number(c)
    piece, c = _powers_of_ten(piece, c)
    p, q = c.numerator, c.denominator
    if not piece.above and len(piece.below) == 1 and abs(p) == 1 < q and not short(c):
        (root,) = piece.below
        power = root.args[1] if root.op.name == "pow" else None
        if power is not None and power.op.name == "div":  # x**(-2/3)/3
            piece = Piece((root.args[0] ** with_minus(power),), (), piece.size)
    as_decimal = short(c) and q != 1 and (
        (not piece.above) or (abs(p) != 1 and (decimals or (q == 2 and abs(p) > 2)))
    )  # fmt: skip
    if as_decimal:
        lead: Node | None = constant(float(abs(c)))
        q = 1
    else:
        lead = integer(abs(p)) if abs(p) != 1 else None
    below = list(piece.below)
    sizes = [x for x in below if x.op.name == "dimension"]
    if sizes and piece.above and not as_decimal and lead is not None and len(below) == len(sizes):
        below = []  # 2/n*x, but x/n and 2*x/(n*y)
        if q != 1:
            sizes.insert(0, integer(q))
        q = 1
        lead = (constant(1) if lead is None else lead) / reduce(lambda a, b: a * b, sizes)
    if q != 1 and (below or lead is None):
        below.insert(0, integer(q))
    elif q != 1 and lead is not None:
        lead = lead / integer(q)
    out = closed(Piece(piece.above, tuple(below), 0), lead)
    if c > 0:
        return out
    other = opposite(out)
    return with_minus(out) if other is None else other


def _powers_of_ten(piece: Piece, c: Fraction) -> tuple[Piece, Fraction]:
    """4*1e-05 as 4e-05."""
    for k, x in enumerate(piece.above if c.denominator == 1 else ()):
        if x.op.name == "constant" and "e" in (text := repr(x.attr("value"))):
            value = float(abs(c) * Fraction(text))
            if len(repr(value)) <= len(text):
                above = (*piece.above[:k], constant(value), *piece.above[k + 1 :])
                return Piece(above, piece.below, piece.size), ONE if c > 0 else -ONE
    return piece, c


def opposite(x: Node) -> Node | None:
    """`-x` as a difference the other way round, if `x` is one or a product with one."""
    if x.op.name in ("matmul", "mul", "div"):
        for k, a in enumerate(x.args[: 1 if x.op.name == "div" else 2]):
            turned = opposite(a)
            if turned is not None:
                return x.op.node([*x.args[:k], turned, *x.args[k + 1 :]], {})  # type: ignore[no-any-return]
    if x.op.name != "sub":
        return None
    plus: list[Node] = []
    minus: list[Node] = []
    rest = x
    while rest.op.name in ("add", "sub"):
        (plus if rest.op.name == "add" else minus).append(rest.args[1])
        rest = rest.args[0]
    if any(a.op.name in ("constant", "neg") for a in (rest, *plus, *minus)):
        return None
    other = reduce(added, reversed(minus))
    for a in (rest, *reversed(plus)):
        other = other - a
    return other


def averaged(piece: Piece, c: Fraction) -> tuple[Piece, Fraction]:
    """sum(x)/5 as mean(x), of five entries."""
    for k, node in enumerate(piece.above):
        spread = node.op.name == "unsqueeze"  # sum(x)[:, None]
        total = node.args[0] if spread else node
        if total.op.name == "sum":
            x, dims = total.args[0], total.attr("dim")
            count = product_of_sizes(x.shape[d] for d in dims)
            made = TABLE["mean"].node([x], dict(total.attrs))
            made = rebuild(node, [made]) if spread else made
            mean = (*piece.above[:k], made, *piece.above[k + 1 :])
            if isinstance(count, int) and count > 1 and c.denominator % count == 0:
                return Piece(mean, piece.below, 0), c * count
            whole, names = monomial(count)
            below: tuple[Node, ...] | None = piece.below
            for name in names:
                below = _divided(below, dimension(name)) if below is not None else None
            if names and below is not None and c.denominator % whole == 0:
                return Piece(mean, below, 0), c * whole
    return piece, c


def _divided(factors: tuple[Node, ...], by: Node) -> tuple[Node, ...] | None:
    """Factors without one of them, or with its power lowered by one; None if it is not there."""
    for n, x in enumerate(factors):
        if x is by:
            return (*factors[:n], *factors[n + 1 :])
        if x.op.name == "pow" and x.args[0] is by and x.args[1].op.name == "constant":
            less = raised(by, Fraction(x.args[1].attr("value")) - 1)
            return (*factors[:n], less, *factors[n + 1 :])
    return None


def closed(piece: Piece, lead: Node | None = None) -> Node:
    """A product as one node: numbers first, matrix products last, one fraction bar."""
    above = sorted(gathered(piece.above), key=node_order)
    below = sorted(gathered(piece.below), key=node_order)
    plain = not any(x.shape or x.op.name == "matmul" for x in above[:-1])
    if len(above) > 1 and above[-1].op.name == "matmul" and plain:
        scalars = reduce(lambda a, b: a * b, above[:-1])  # det(P)*A.T @ B
        above = [led(scalars, above[-1])] if above[-1].shape else above
    if not above:
        top = lead if lead is not None else constant(1)
    elif lead is not None:
        scalar = len(above) > 1 and above[0].op.name == "matmul" and not above[0].ndim
        first = lead * above[0] if scalar else led(lead, above[0])  # 2*(x @ y)*z
        top = reduce(lambda a, b: a * b, above[1:], first)
    else:
        top = reduce(lambda a, b: a * b, above)
    return top / reduce(lambda a, b: a * b, below) if below else top


def gathered(factors: tuple[Node, ...]) -> list[Node]:
    """Equal factors as powers."""
    return [x if n == 1 else x ** constant(n) for x, n in Counter(factors).items()]


def led(lead: Node, x: Node) -> Node:
    """`lead * x`, with the number at the very front: ``2*X.T @ r``."""
    if x.op.name in ("matmul", "mul", "div"):
        first = x.args[0]
        if not (x.op.name == "div" and not first.shape and first.op.name == "constant"):
            return x.op.node([led(lead, first), x.args[1]], {})  # type: ignore[no-any-return]
    return lead * x


def added(x: Node, y: Node) -> Node:
    """``x + y`` without parentheses, if `y` is a sum: ``x + a - b`` for ``x + (a - b)``."""
    later = []
    while y.op.name in ("add", "sub"):
        later.append((y.op, y.args[1]))
        y = y.args[0]
    out = x + y
    for op, z in reversed(later):
        out = op.node([out, z], {})
    return out


def chained(x: Node, y: Node) -> Node:
    """``x @ y`` without parentheses, if `y` is a product."""
    if y.op.name == "matmul" and y.args[0].ndim == y.args[1].ndim == 2:
        return chained(x, y.args[0]) @ y.args[1]
    return x @ y


def turn(x: Node) -> Node:
    """The transpose, a sign or number at the very front left there."""
    bare = without_minus(x)
    if bare is not None:
        return with_minus(turn(bare))
    lead, rest = led_by(x)
    out = F.permute(rest, (-1, -2))
    return out if lead is None else lead * out


def led_by(x: Node) -> tuple[Node | None, Node]:
    """The number at the very front of a product, and the product without it."""
    if x.op.name in ("matmul", "mul") and x.args[0].op.name == "constant" and not x.args[0].shape:
        return (x.args[0], x.args[1]) if x.op.name == "mul" else (None, x)
    if x.op.name in ("matmul", "mul"):
        lead, rest = led_by(x.args[0])
        return lead, x if lead is None else x.op.node([rest, x.args[1]], {})
    return None, x


def without_minus(x: Node) -> Node | None:
    """What a node is the negative of, if there is a sign at its very front."""
    if x.op.name == "neg":
        return x.args[0]
    if x.op.name in ("matmul", "mul", "div"):
        first = without_minus(x.args[0])
        return None if first is None else x.op.node([first, x.args[1]], {})
    return None


def with_minus(x: Node) -> Node:
    """`-x`, with the sign at the very front."""
    if x.op.name == "constant" and not x.shape:
        return constant(-x.attr("value"))
    if x.op.name in ("matmul", "mul", "div"):
        return x.op.node([with_minus(x.args[0]), x.args[1]], {})  # type: ignore[no-any-return]
    return -x if x.kind != "bool" else constant(-1) * x


def multiplied(x: Piece, y: Piece) -> Piece:
    if not (x.above or x.below):
        return y
    if not (y.above or y.below):
        return x
    return Piece(x.above + y.above, x.below + y.below, x.size + y.size + 1)


def node_order(node: Node) -> tuple[int, str]:
    """Factors in the order people write them: numbers, scalars, then the rest by size."""
    name = node.op.name
    if name in ("constant", "dimension"):
        return 0 if name == "dimension" or isinstance(node.attr("value"), int) else 1, ""
    if name == "sqrt" and all(n.op.name in ("constant", "mul", "div") for n in walk(node.args)):
        return 1, ""
    if name == "variable":
        return 4 if node.shape else 2, node.attr("name")
    if not node.shape:
        return 3, ""
    return 7 if name == "matmul" else 6 if name in ("add", "sub", "where") else 5, ""
