"""The generated checks notice what they are there for: each is shown a mistake, and must fail."""

from __future__ import annotations

import pytest

from gradcalc.grad import batch, reverse
from gradcalc.grad.node import TABLE, Node
from gradcalc.grad.ops import Op

from . import mutation, test_rules
from .cases import ROWS

SOME = ["tanh", "mul", "pow", "sum", "matmul", "where", "index", "maximum", "broadcast_to"]


@pytest.mark.parametrize("name", SOME)
def test_a_rule_wrong_by_a_millionth_is_caught(name: str) -> None:
    assert mutation.unnoticed(TABLE[name]) == []


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_rule_wrong_by_a_millionth_is_caught(row: Op) -> None:
    assert mutation.unnoticed(row) == []


def test_right_rules_are_not_accused() -> None:
    for name in SOME:
        for check in mutation.CHECKS:
            check(TABLE[name])


def test_a_missing_unbroadcast_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reverse, "unbroadcast", lambda g, shape: g)
    with pytest.raises(AssertionError):
        test_rules.test_shapes(TABLE["mul"])


def test_a_sum_over_the_wrong_axis_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def last(g: Node, shape: tuple[int, ...]) -> Node:
        right: Node = TABLE["sum_to_size"](g, shape)
        return TABLE["flip"](right, -1) if shape and "flip" in TABLE else right * 2

    monkeypatch.setattr(reverse, "unbroadcast", last)
    with pytest.raises(AssertionError):
        test_rules.test_shapes(TABLE["mul"])


def test_a_leak_through_where_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reverse, "_product", lambda g, p, chosen: g * p)
    with pytest.raises(AssertionError, match="nan"):
        test_rules.test_where_never_leaks(TABLE["sqrt"])


def test_unaligned_ranks_in_a_batch_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_aligned", lambda stack, lead, rank: stack)
    with pytest.raises(AssertionError):
        test_rules.test_batch_is_a_loop(TABLE["mul"])
