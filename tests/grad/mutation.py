"""Is every rule tested? Each is made wrong by a millionth, and a generated check must notice.

    python -m tests.grad.mutation [ROW ...]

prints the wrong rules that passed, and how many were caught.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gradcalc.grad.node import TABLE, Node
from gradcalc.grad.ops import Op, constant, is_constant, lift

from . import test_rules
from .cases import ROWS

WRONG_BY = 1e-6
CHECKS: tuple[Callable[[Op], None], ...] = (
    test_rules.test_gradient,
    test_rules.test_adjoint,
    test_rules.test_second_order,
    test_rules.test_forward,
)


def mutants(row: Op) -> Iterator[tuple[str, Any]]:
    """Each rule of a row made wrong: what was changed, and a context in which it is.

    The gradients by each argument are separate rules. A formula is the rule of a derived row.
    """
    if not test_rules.smooth(row):
        return
    if row.partials is not None:
        moving = {
            i
            for one in test_rules.smooth(row)
            for i, a in enumerate(one.node.args)
            if a.kind == "float"
        }
        for i, partial in enumerate(row.partials):
            if partial is not None and i in moving:
                wrong = (*row.partials[:i], _scaled(partial), *row.partials[i + 1 :])
                yield f"partial {i}", _changed(row, partials=wrong)
    elif row.vjp is not None:
        one = test_rules.smooth(row)[0]
        seed, _ = test_rules.seeded(one)
        grads = row.vjp(seed, one.node, *one.node.args, **dict(one.node.attrs))
        for i, g in enumerate(grads):
            if g is not None:
                yield f"gradient {i}", _changed(row, vjp=_one_scaled(row.vjp, i))
    elif row.formula is not None:
        yield "formula", _changed(row, formula=_scaled(row.formula))


def _scaled(rule: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*args: Any, **attrs: Any) -> Any:
        right = rule(*args, **attrs)
        return tuple(map(_off, right)) if isinstance(right, tuple) else _off(lift(right))

    return wrong


def _one_scaled(vjp: Callable[..., Any], i: int) -> Callable[..., Any]:
    def wrong(*args: Any, **attrs: Any) -> Any:
        return [g if k != i or g is None else _off(g) for k, g in enumerate(vjp(*args, **attrs))]

    return wrong


def _off(p: Node) -> Node:
    return constant(WRONG_BY) if is_constant(p, 0) else p * (1 + WRONG_BY)


@contextmanager
def _changed(row: Op, **columns: Any) -> Iterator[None]:
    before = {name: getattr(row, name) for name in columns}
    for name, value in columns.items():
        setattr(row, name, value)
    test_rules.cases.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(row, name, value)
        test_rules.cases.cache_clear()


def caught(row: Op, mutant: Any) -> bool:
    """Whether one of the checks fails while the rule is wrong."""
    with mutant:
        for check in CHECKS:
            try:
                check(row)
            except AssertionError:
                return True
    return False


def unnoticed(row: Op) -> list[str]:
    """The rules of a row that may be wrong without any check failing."""
    return [what for what, mutant in mutants(row) if not caught(row, mutant)]


def main(names: Sequence[str]) -> int:
    rows = [TABLE[name] for name in names] or ROWS
    total = sum(1 for row in rows for _ in mutants(row))
    passed = [f"{row.name}: {what}" for row in rows for what in unnoticed(row)]
    for line in passed:
        print("not noticed:", line)
    print(f"{total - len(passed)} of {total} wrong rules caught, in {len(rows)} rows")
    return bool(passed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
