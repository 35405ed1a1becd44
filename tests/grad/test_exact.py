"""The exact phase of simplification: spellings of textbooks keep every value they have."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from gradcalc.grad import rules as rules
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.node import Node
from gradcalc.grad.ops import F, variable
from gradcalc.grad.simplify import exact, recognise
from gradcalc.grad.simplify.patterns import Rewrite
from gradcalc.grammar.build import build
from gradcalc.grammar.parse import parse

exact_phase = import_module("gradcalc.grad.simplify.exact")  # the name is also the function's

VECTOR, MATRIX = (3,), (2, 3)


def read(text: str, shapes: dict[str, tuple[Any, ...]]) -> Node:
    program = parse(text)
    return build(program, {name: variable(name, shape) for name, shape in shapes.items()}).root


EXACT = """
    abs(x)**4                                   x**4
    square(abs(x))                              x**2
    abs(x)*abs(x)                               x**2
    norm(X, dim=1)**2                           sum(X**2, dim=1)
    norm(x)**2                                  sum(x**2)
    square(norm(x))                             sum(x**2)
    norm(x)*norm(x)                             sum(x**2)
    matrix_norm(X)**2                           sum(X**2)
    square(matrix_norm(X))                      sum(X**2)
    matrix_norm(X)*matrix_norm(X)               sum(X**2)
    std(x)**2                                   var(x)
    square(std(x))                              var(x)
    std(x)*std(x)                               var(x)
    dist(x, y)**2                               sum((x - y)**2)
    square(dist(x, y))                          sum((x - y)**2)
    dist(x, y)*dist(x, y)                       sum((x - y)**2)
    hypot(x, y)**2                              x**2 + y**2
    square(hypot(x, y))                         x**2 + y**2
    hypot(x, y)*hypot(x, y)                     x**2 + y**2
    sqrt(x**2)                                  abs(x)
    sqrt(square(x))                             abs(x)
    sqrt(x*x)                                   abs(x)
    (x**2)**0.5                                 abs(x)
    exp(x)/exp(y)                               exp(x - y)
    1/exp(x)                                    exp(-x)
    log(exp(x))                                 x
    log(x**4)                                   4*log(abs(x))
    log(square(x))                              2*log(abs(x))
    exp(x)*exp(y)                               exp(x + y)
    -(y*exp(x))*exp(y)                          -(y*exp(x + y))
    1/(1 + exp(-x))                             sigmoid(x)
    1/(exp(x) + 1)                              sigmoid(-x)
    (1 + exp(-x))**-1                           sigmoid(x)
    (1 + exp(x))**-1                            sigmoid(-x)
    exp(x)/(1 + exp(x))                         sigmoid(x)
    exp(x)/(1 + exp(x))**2                      sigmoid(x)*sigmoid(-x)
    (1 - exp(x))/(1 + exp(x))                   -tanh(x/2)
    y/(1 + exp(-x))                             y*sigmoid(x)
    y/(1 + exp(x))                              y*sigmoid(-x)
    1 - sigmoid(x)                              sigmoid(-x)
    sinh(x)/cosh(x)                             tanh(x)
    (exp(x) - 1)/(exp(x) + 1)                   tanh(x/2)
    2*sigmoid(2*x) - 1                          tanh(x)
    (exp(x) - exp(-x))/(exp(x) + exp(-x))       tanh(x)
    1 - 2*sigmoid(x)                            -tanh(x/2)
    (exp(2*x) - 1)/(exp(2*x) + 1)               tanh(2*x/2)
    log(ndtr(x))                                log_ndtr(x)
    log(erfc(x))                                log(2) + log_ndtr(-1.4142135623730951*x)
    log(1 + exp(x))                             softplus(x)
    log(1 - exp(x - 2))                         log(-expm1(x - 2))
    log1p(exp(x))                               softplus(x)
    log(sigmoid(x))                             logsigmoid(x)
    softplus(x) - x                             softplus(-x)
    x - softplus(x)                             logsigmoid(x)
    log(cosh(x))                                softplus(2*x) - x - log(2)
    log(exp(x) + exp(-x))                       softplus(2*x) - x
    log(exp(x) + exp(y))                        logaddexp(x, y)
    log(sum(exp(X), dim=1))                     logsumexp(X, dim=1)
    log(sum(X*exp(x), dim=1))                   weighted_logsumexp(x, X, dim=1)
    log(sum(exp(x)/y))                          weighted_logsumexp(x, 1/y)
    log(y @ exp(x))                             weighted_logsumexp(x, y)
    log(exp(x) @ y)                             weighted_logsumexp(x, y)
    log(mean(exp(X), dim=1))                    logsumexp(X, dim=1) - log(3)
    log(sum(exp(x - max(x)))) + max(x)          logsumexp(x, dim=0)
    exp(X)/sum(exp(X), dim=1, keepdim=True)     softmax(X)
    exp(x)/sum(exp(x))                          softmax(x)
    exp(X)/sum(exp(X), dim=1)[:, None]          softmax(X)
    exp(X)/sum(exp(X))                          exp(X - logsumexp(X, dim=(0, 1)))
    softmax(x - max(x), dim=0)                  softmax(x)
    log(softmax(X, dim=1))                      log_softmax(X)
    log(softmax(x, dim=0)[1])                   log_softmax(x)[1]
    sqrt(sum(x**2))                             norm(x)
    sqrt(sum(X*X, dim=1))                       norm(X, dim=1)
    sqrt(sum(square(x)))                        norm(x)
    sum(x**2)**0.5                              norm(x)
    sum(x*x)**0.5                               norm(x)
    sqrt(x @ x)                                 norm(x)
    (x @ x)**0.5                                norm(x)
    sqrt(mean(x**2))                            norm(x)/sqrt(3)
    sqrt(x**2 + y**2)                           hypot(x, y)
    (x**2 + y**2)**0.5                          hypot(x, y)
    log(prod(x))                                sum(log(abs(x))) + log(prod(sign(x)))
    log(abs(prod(x)))                           sum(log(abs(x)))
    log(det(S))                                 logdet(S)
    trace(kron(S, T))                           trace(S)*trace(T)
    det(kron(S, T))                             det(S)**2*det(T)**3
    norm(kron(X, T))                            norm(X)*norm(T)
    inv(kron(S, T))                             kron(inv(S), inv(T))
    kron(S, T) @ kron(S, T)                     kron(S @ S, T @ T)
"""
SHAPES = {"x": VECTOR, "y": VECTOR, "X": MATRIX, "S": (3, 3), "T": (2, 2)}
LONG_EXACT = (
    "logdet(kron(S, T))",
    "2*logabsdet(S) + 3*logabsdet(T) + log(detsign(S)**2*detsign(T)**3)",
)
EXACT_CASES = [
    *(
        (a.strip(), b.strip())
        for a, b in (x.strip().split("  ", 1) for x in EXACT.splitlines()[1:])
    ),
    LONG_EXACT,
]


@pytest.mark.parametrize(("before", "after"), EXACT_CASES)
def test_exact_rewrite(before: str, after: str) -> None:
    root = read(before, SHAPES)
    (found,) = exact([root])
    assert found is read(after, SHAPES)
    assert exact([found]) == [found]
    random = np.random.default_rng(0)
    values = {name: random.uniform(0.2, 1.5, shape) for name, shape in SHAPES.items()}
    values["S"] += 3 * np.eye(3)
    values["T"] += 3 * np.eye(2)
    got, want = evaluate([found, root], values).results
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_every_exact_rewrite_is_exercised(monkeypatch: pytest.MonkeyPatch) -> None:
    fired: set[int] = set()
    apply = Rewrite.apply

    def watching(rewrite: Rewrite, node: Node) -> Node | None:
        found = apply(rewrite, node)
        if found is not None:
            fired.add(id(rewrite))
        return found

    monkeypatch.setattr(Rewrite, "apply", watching)
    exact_phase.rewrites_by_row.cache_clear()
    for before, _ in EXACT_CASES:
        exact([read(before, SHAPES)])
    monkeypatch.undo()
    exact_phase.rewrites_by_row.cache_clear()
    assert [rewrite for rewrite in recognise.EXACT if id(rewrite) not in fired] == []


@pytest.mark.parametrize(
    ("text", "point", "want"),
    [
        ("log(1 + exp(x))", 800.0, 800.0),
        ("log(sigmoid(x))", -800.0, -800.0),
        ("exp(-exp(-x))*exp(-x)", -800.0, 0.0),
        ("exp(x)/(1 + exp(x))", 800.0, 1.0),
        ("log(exp(x) + exp(-x))", -800.0, 800.0),
        ("log(1 - sigmoid(x))", 800.0, -800.0),
        ("(exp(2*x) - 1)/(exp(2*x) + 1)", 800.0, 1.0),
        ("1 - 2*sigmoid(x)", 1e-20, -5e-21),
        ("log(x**2)", 1e-200, -921.0340371976183),
        ("log(1 - exp(x))", -1e-20, -46.051701859880914),
        ("log(sum([0.5, 2, 0]*exp([x, x, 2*x])))", 1000.0, 1000.9162907318741),
        ("log(ndtr(x))", -40.0, -804.6084420137538),
        ("log(erfc(x))", 30.0, -903.9741171077788),
    ],
)
def test_exact_repairs_what_overflows_on_the_way(text: str, point: float, want: float) -> None:
    (found,) = exact([read(text, {"x": ()})])
    assert evaluate([found], {"x": np.array(point)}).results[0] == pytest.approx(want)


def test_log_of_a_negative_product_stays_nan() -> None:
    (found,) = exact([read("log(prod(x))", {"x": VECTOR})])
    values = [[-1.0, 2, 3], [-1.0, -2, 3], [0.0, 2, 3]]
    got = [float(evaluate([found], {"x": np.array(v)}).results[0]) for v in values]
    assert np.isnan(got[0])
    assert got[1] == pytest.approx(np.log(6))
    assert got[2] == -np.inf


def test_exact_keeps_what_a_derivative_is_taken_by() -> None:
    x = variable("x", VECTOR)
    inner = F.sqrt(x**2)
    root = F.sum(F.log(1 + F.exp(inner)))
    (free,) = exact([root])
    (kept,) = exact([root], keep=[inner])
    assert free is F.sum(F.softplus(F.abs(x)))
    assert kept is F.sum(F.softplus(inner))


def test_exact_is_linear_in_a_long_chain() -> None:
    x = variable("x", ())
    node = x
    for _ in range(20_000):
        node = F.sin(node)
    start = time.process_time()
    assert exact([node]) == [node]
    assert time.process_time() - start < 5
