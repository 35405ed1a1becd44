"""No input hangs the display phase: what it does is counted in steps, and those are limited."""

from __future__ import annotations

import pytest

from gradcalc.grad import rules as rules
from gradcalc.grad.node import Node
from gradcalc.grad.ops import F, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.simplify import agree, closed, exact, simplify
from gradcalc.grad.simplify.budget import STEPS, Budget, TooLong, share
from gradcalc.grammar.build import build
from gradcalc.grammar.parse import parse
from gradcalc.grammar.print_text import print_text

x, A, B = variable("x"), variable("A", (3, 3)), variable("B", (3, 3))


def read(text: str) -> Node:
    return build(parse(text), {"x": x, "A": A, "B": B}).root


def slope(text: str, by: Node = x) -> Node:
    return gradient(exact([read(text)])[0], [by])[0]


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> list[Budget]:
    """The budgets that simplifications get."""
    made: list[Budget] = []

    def make(steps: int) -> Budget:
        made.append(Budget(steps))
        return made[-1]

    monkeypatch.setattr(closed, "Budget", make)
    return made


def test_a_budget_ends() -> None:
    budget = Budget(10)
    budget.spend(5)
    assert not budget.scarce
    budget.spend(5)
    assert budget.scarce
    with pytest.raises(TooLong):
        budget.spend(1)


def test_many_simplifications_share() -> None:
    assert share(1) == share(2) == STEPS
    assert share(4) == STEPS // 2
    assert share(1_000) == STEPS // 5


FAMILIES = {
    "one factor": (lambda n: "*".join(["x"] * n), 40),
    "one term": (lambda n: "+".join(["x"] * n), 40),
    "products": (lambda n: "*".join(f"(x + {k})" for k in range(1, n + 1)), 8),
    "sines": (lambda n: "+".join(f"sin({k}*x)" for k in range(n)), 40),
    "pairs": (lambda n: "+".join(f"sin({k}*x)**2 + cos({k}*x)**2" for k in range(n)), 20),
    "powers": (lambda n: "+".join(f"x**{k}" for k in range(1, n)), 40),
    "fractions": (lambda n: "1/(1 + " * n + "x" + ")" * n, 10),
    "roots": (lambda n: "sqrt(1 + " * n + "x" + ")" * n, 10),
    "selections": (lambda n: "where(x > 1, x*" * n + "x" + ", x)" * n, 8),
    "matrices": (lambda n: f"sum({' @ '.join(['A', 'B'] * n)})", 4),
    "inverses": (lambda n: "sum(" + "inv(B + " * n + "A" + ")" * n + ")", 5),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_steps_grow_like_squares_at_most(family: str, budgets: list[Budget]) -> None:
    make, n = FAMILIES[family]
    for text in (make(n), make(2 * n)):
        simplify(slope(text, A if "A" in text else x))
    once, twice = (budget.spent for budget in budgets)
    assert twice < 5 * once + 500
    assert once < STEPS


@pytest.mark.parametrize(
    "text",
    [
        "*".join(f"sin({k}*x)" for k in range(1, 400)),
        "".join(f"where(x > {k}, {k}*x, " for k in range(200)) + "x" + ")" * 200,
        f"sum({' @ '.join(['A', 'B'] * 100)})",
        "(" * 400 + "x" + "**1.01)" * 400,
        "sum(" + "inv(B + " * 100 + "A" + ")" * 100 + ")",
    ],
    ids=["product", "where", "matmul", "pow", "inv"],
)
def test_what_takes_too_long_is_written_as_it_is(text: str, budgets: list[Budget]) -> None:
    found = slope(text, A if "A" in text else x)
    form = simplify(found)
    assert all(budget.spent < STEPS + 1_000 for budget in budgets)
    assert form.whole() in exact([found])


def test_tensors_that_all_share_indices_are_written(budgets: list[Budget]) -> None:
    pairs = "ab ac ad bc bd cd ae be ce de".split()
    tensors = [variable(f"T{pair}", (2, 2)) for pair in pairs]
    found = gradient(F.einsum(",".join(pairs) + "->", *tensors), [tensors[0]])[0]
    form = simplify(found, like=tensors[0])
    assert budgets[0].scarce
    assert agree(form.whole(), found, points=1)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("sign(x)*abs(x)**0.5", "sign(x)*sqrt(abs(x))"),
        ("sign(x)*abs(x)**-0.5", "sign(x)/sqrt(abs(x))"),
        ("sign(x)*abs(x)**1.5", "x*sqrt(abs(x))"),
        ("x/sqrt(abs(x))", "sqrt(abs(x))*sign(x)"),
    ],
)
def test_identities_do_not_undo_each_other(text: str, want: str, budgets: list[Budget]) -> None:
    assert print_text(simplify(read(text)).expr) == want
    assert budgets[0].spent < 1_000


@pytest.mark.parametrize("text", ["x**2" + "**2" * 8, "2**100000*x", "(3*x)**10**6"])
def test_numbers_of_thousands_of_digits_stay_powers(text: str) -> None:
    assert len(print_text(simplify(read(text)).expr)) < 100


def test_names_are_found_without_looking_at_every_other() -> None:
    looks = 0

    class Taken(set[str]):
        def __contains__(self, name: object) -> bool:
            nonlocal looks
            looks += 1
            return super().__contains__(name)

    names = closed.Names(())
    names.taken = Taken()
    given = {names.name(x * k) for k in range(1, 2_001)}
    assert len(given) == 2_000
    assert looks < 10 * 2_000
