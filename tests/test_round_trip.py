"""What is printed reads back as the same graph: each row, its calls and its gradients."""

from __future__ import annotations

import pytest

from gradcalc.grad.node import Node, walk
from gradcalc.grad.ops import VARIABLE, Op
from gradcalc.grad.reverse import gradient
from gradcalc.grammar.print_text import print_text
from gradcalc.grammar.program import Expression

from .grad.cases import ROWS
from .grad.test_rules import cases, seeded, smooth

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def read_back(node: Node) -> Node:
    names = {n.attr("name"): n for n in walk([node]) if n.op is VARIABLE}
    return Expression.read(print_text(node)).graph(names).root


@every_row
def test_calls_are_read_back(row: Op) -> None:
    for one in cases(row):
        assert read_back(one.node) is one.node, print_text(one.node)


@every_row
def test_gradients_are_read_back(row: Op) -> None:
    for one in smooth(row):
        seed, _ = seeded(one)
        for g in gradient(one.node, one.floats, seed):
            assert read_back(g) is g, print_text(g)
