"""The graph as it is executed: the same numbers to the last bit, in fewer and simpler passes.

What is computed in several passes becomes rows of one pass each, so that `softmax` and `logsumexp`
of the same tensor share their exponentials and every pass can write into a buffer. What only
repeats a tensor is left to broadcasting, and what changes no bit is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import frexp
from typing import Any

from ..broadcasting import broadcast
from ..evaluate import schedule
from ..node import Node
from ..ops import CONSTANT, F, Inferred, Op, constant, is_constant
from ..rules.reductions import peak_along, reduced
from ..signature import Signature

ENTRYWISE = ("where", "multiply_no_nan")  # besides the pointwise rows
LONGEST = 8  # rules at one place, one after the other; more than two is rare
Rule = Callable[..., Node | None]  # (node, *args, **attrs) -> the same numbers, or None


def lower(roots: Sequence[Node]) -> list[Node]:
    """`roots` as graphs of rows to be executed one by one; derived rows are their formulas."""
    order, needs = schedule(roots)
    done: dict[Node, Node] = {}
    scalars: dict[Node, Node] = {}  # the one number that all entries of a tensor are
    for node in order:
        op: Op = node.op
        if op.formula is not None:
            done[node] = done[needs[node][0]]
            continue
        args = tuple([done[a] for a in node.args])
        if op.partials is not None or op.name in ENTRYWISE:
            for i, a in enumerate(args):
                if a in scalars or a.op.name == "broadcast_to":
                    args = _unrepeated(node, args, i, scalars)
        found = node if args == node.args else op.node(args, dict(node.attrs))
        if found.op.name in RULES:
            found = _ruled(found)
        done[node] = found
        if found.shape and found.op.name in NUMBERS:
            number = NUMBERS[found.op.name](found, scalars)
            if number is not None:
                scalars[found] = number
    return [done[root] for root in roots]


def _ruled(node: Node) -> Node:
    for _ in range(LONGEST):
        rule = RULES.get(node.op.name)
        better = rule and rule(node, *node.args, **dict(node.attrs))
        if better is None:
            break
        node = better
    return node


def _unrepeated(
    node: Node, args: tuple[Node, ...], i: int, scalars: Mapping[Node, Node]
) -> tuple[Node, ...]:
    """Operands with one as it was before it was repeated, where broadcasting repeats it anyway."""
    a = args[i]
    source = scalars[a] if a in scalars else a.args[0]
    fewer = (*args[:i], source, *args[i + 1 :])
    return fewer if broadcast(*(a.shape for a in fewer)) == node.shape else args


# --- tensors whose entries are all one number ----------------------------------------------------


def _repeated(node: Node, scalars: Mapping[Node, Node]) -> Node | None:
    (x,) = node.args
    return scalars.get(x, x if _plain(x) else None)


def _of_numbers(node: Node, scalars: Mapping[Node, Node]) -> Node | None:
    """Rounded alike for one number and for many."""
    numbers = [a if _plain(a) else scalars.get(a) for a in node.args]
    return None if None in numbers else node.op.node(numbers, {})


NUMBERS: dict[str, Callable[[Node, Mapping[Node, Node]], Node | None]] = {
    "ones": lambda node, scalars: constant(1.0),
    "zeros": lambda node, scalars: constant(0.0),
    **dict.fromkeys(("broadcast_to", "unsqueeze", "squeeze", "reshape", "permute"), _repeated),
    **dict.fromkeys(("neg", "mul", "div"), _of_numbers),
}


def _plain(node: Node) -> bool:
    """Whether a node is a number without a name: a constant, or a few operations on constants."""
    return not node.shape and not _varies(node)


def _varies(node: Node, depth: int = 4) -> bool:
    if node.op is CONSTANT:
        return False
    return not node.args or depth == 0 or any(_varies(a, depth - 1) for a in node.args)


# --- rules -------------------------------------------------------------------------------------


def _mul(node: Node, x: Node, y: Node) -> Node | None:
    if node.kind != "float" or _plain(node):
        return None
    for factor, other in ((x, y), (y, x)):
        if not _plain(factor):
            continue
        if is_constant(factor, 1) and other.shape == node.shape and other.kind == "float":
            return other  # 1*x -> x
        if other.op.name == "neg" and other.kind == "float":
            return -factor * other.args[0]  # c*(-x) -> (-c)*x
        if other.op.name == "mul" and other.kind == "float":
            for inner, rest in (other.args, other.args[::-1]):
                if _plain(inner) and (_power_of_two(inner) or _power_of_two(factor)):
                    return factor * inner * rest  # c*(2*x) -> (c*2)*x
    return None


def _power_of_two(node: Node) -> bool:
    """Whether a product with a constant only changes the exponent of a number."""
    if node.op is not CONSTANT:
        return False
    value = float(node.attr("value"))
    return abs(frexp(value)[0]) == 0.5 and abs(value) >= 1


def _neg(node: Node, x: Node) -> Node | None:
    if node.kind == "float" and x.op.name == "mul" and x.kind == "float" and not _plain(x):
        for factor, rest in (x.args, x.args[::-1]):
            if _plain(factor):
                return -factor * rest  # -(c*x) -> (-c)*x
    return x.args[0] if x.op.name == "neg" and x.kind == "float" else None  # -(-x) -> x


def _add(node: Node, x: Node, y: Node) -> Node | None:
    if x is y and node.kind == "float":
        return 2 * x  # x + x -> 2*x
    if y.op.name == "neg" and y.kind == "float":
        return x - y.args[0]  # x + (-y) -> x - y
    if x.op.name == "neg" and x.kind == "float":
        return y - x.args[0]
    return None


def _sub(node: Node, x: Node, y: Node) -> Node | None:
    return x + y.args[0] if y.op.name == "neg" and y.kind == "float" else None


def _div(node: Node, x: Node, y: Node) -> Node | None:
    return x if is_constant(y, 1) and x.kind == "float" else None


def _pow(node: Node, x: Node, y: Node) -> Node | None:
    return F.square(x) if is_constant(y, 2) and x.kind == "float" else None


def _sum(node: Node, x: Node, dim: Any, keepdim: bool) -> Node | None:
    if x.op.name == "neg" and x.kind == "float":
        return -F.sum(x.args[0], dim, keepdim)  # rounding knows no sign
    return None


def _permute(node: Node, x: Node, dims: Any) -> Node | None:
    if x.op.name == "permute":
        return F.permute(x.args[0], tuple(x.attr("dims")[d] for d in dims))
    return x if dims == tuple(range(-x.ndim, 0)) else None


def _reshape(node: Node, x: Node, shape: Any) -> Node | None:
    if x.op.name == "reshape":
        return F.reshape(x.args[0], node.shape)
    return x if x.shape == node.shape else None


def _softplus(node: Node, x: Node, beta: float, threshold: float | None) -> Node:
    z = x if beta == 1 else beta * x
    smooth = F.maximum(z, 0) + F.log1p(F.exp(F.copysign(z, -1)))  # -|z| in one pass
    chosen = smooth if threshold is None else F.where(F.gt(z, threshold), z, smooth)
    return chosen if beta == 1 else chosen / beta


def _sigmoid(node: Node, x: Node) -> Node:
    return 1 / (1 + F.exp(-x))


def _logsumexp(node: Node, x: Node, dim: Any, keepdim: bool) -> Node | None:
    if not dim:
        return None
    top = _peak(x, dim)
    found = F.log(F.sum(F.exp(x - top), dim, True)) + top
    return found if keepdim else F.reshape(found, node.shape)


def _softmax(node: Node, x: Node, dim: int) -> Node | None:
    if not x.ndim:
        return None
    powers = F.exp(x - _peak(x, (dim,)))
    return powers / F.sum(powers, dim, True)


def _log_softmax(node: Node, x: Node, dim: int) -> Node | None:
    if not x.ndim:
        return None
    away = x - _peak(x, (dim,))
    return away - F.log(F.sum(F.exp(away), dim, True))


RULES: dict[str, Rule] = {
    "mul": _mul,
    "neg": _neg,
    "add": _add,
    "sub": _sub,
    "div": _div,
    "pow": _pow,
    "sum": _sum,
    "permute": _permute,
    "reshape": _reshape,
    "softplus": _softplus,
    "sigmoid": _sigmoid,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
}


# --- a row that exists here only ---------------------------------------------------------------


def _peak_shape(x: Node, dim: Any) -> Inferred:
    dims, shape = reduced(x, dim, True)
    return shape, "float", {"dim": dims}


PEAK = Op(
    "peak",
    Signature.read("peak(x, dim: axes)"),
    peak_along,
    _peak_shape,
    "What is subtracted before `exp`: the largest entry along axes, 0 where that is not finite.",
    differentiable=False,
    hidden=True,
)


def _peak(x: Node, dim: Any) -> Node:
    return PEAK.node([x], {"dim": dim})
