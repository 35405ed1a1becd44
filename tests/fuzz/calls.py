"""Expressions without a mistake of syntax: calls of functions in calls, as bytes choose them."""

from __future__ import annotations

from collections.abc import Iterator

from gradcalc.grad.ops import Op
from gradcalc.grammar.reference import functions

ROWS = functions()
DEEPEST = 3
LEAVES = ["x", "y", "A", "v", "s", "x", "v", "A", "0", "1", "-2", "0.5", "[1, 2]", "(v > 1)", "pi"]
OPERATORS = ["+", "-", "*", "/", "**", "@", "//", "%", "<", "=="]
INDICES = ["0", "-1", "1:", "..., 0", "None", "::2", "::-1", "[0, 0]", ":, None, 1", "[[1], [0]]"]
STATIC = {  # values of parameters that are no tensors
    "axis": ["0", "-1", "1", "2"],
    "axes": ["0", "(0, 1)", "-1", "()", "None"],
    "int": ["1", "2", "0", "3", "-1"],
    "ints": ["(1, 0)", "2", "(1,)", "[0, 0]", "(-1, 2)"],
    "bool": ["True", "False"],
    "number": ["0.5", "1", "0", "-1", "2", "inf"],
    "numbers": ["0.5", "[0.25, 1]", "(0, 2)", "[]"],
    "shape": ["(3, 2)", "6", "(2, 3)", "(-1,)", "()", "(1, 2, 3)"],
    "str": ["'sum'", "'none'", "'mean'", "'ij,jk->ik'", "'ii'", "'tanh'", "'reflect'"],
    "any": ["0", "[1, 0]", "(0, 1)", "2"],
}
DERIVATIVES = ["grad(sum({0}), {1})", "jacobian({0}, {1})", "hessian(sum({0}), {1})", "detach({0})"]


def grown(data: bytes) -> str:
    """An expression over x, y, A, v and s; the same for the same bytes, and never a wrong one."""
    return _term(iter(data), 0)


def _pick(choices: Iterator[int], among: list[str]) -> str:
    return among[next(choices, 0) % len(among)]


def _term(choices: Iterator[int], depth: int) -> str:
    kind = next(choices, 0) % 16
    if depth == DEEPEST or kind < 4:
        return _pick(choices, LEAVES)
    if kind < 7:
        left = _term(choices, depth + 1)
        return f"({left} {_pick(choices, OPERATORS)} {_term(choices, depth + 1)})"
    if kind == 7:
        return f"{_term(choices, depth + 1)}[{_pick(choices, INDICES)}]"
    if kind == 8:
        return _pick(choices, DERIVATIVES).format(
            _term(choices, depth + 1), _pick(choices, ["x", "s"])
        )
    row = ROWS[(256 * next(choices, 0) + next(choices, 0)) % len(ROWS)]
    return f"{row.name}({', '.join(_arguments(row, choices, depth))})"


def _arguments(row: Op, choices: Iterator[int], depth: int) -> Iterator[str]:
    """What is required, and now and then what is not."""
    for parameter in row.signature.parameters:
        kind = parameter.type.rstrip("?")
        required = str(parameter) == parameter.name or parameter.variadic
        if not required and next(choices, 0) % 4:
            continue
        name = "" if required else f"{parameter.name}="
        if kind == "tensors":
            several = ", ".join(_term(choices, depth + 1) for _ in range(1 + next(choices, 0) % 3))
            yield several if parameter.variadic else f"{name}[{several}]"
        elif parameter.variadic:
            yield ", ".join(_pick(choices, ["1", "2", "3"]) for _ in range(2))
        else:
            value = _term(choices, depth + 1) if kind == "tensor" else _pick(choices, STATIC[kind])
            yield name + value
