"""The tutorial: the steps that ran, told so that they teach."""

import doctest
import re

import pytest

from gradcalc.cli import documents, screen
from tests.cli.test_messages import check


def lines(gradcalc, *words):
    run = gradcalc("eval", *words)
    assert (run.code, run.err) == (0, "")
    return run.out.splitlines()


def test_the_tutorial(gradcalc):
    shown = [
        ["mean(x*x)", "x=[[1,2],[3,4]]"],
        ["r = X @ w - y; mean(r**2)", "X=[[1,2],[3,4],[5,6]]", "w=[1,1]", "y=[0,1,0]"],
        ["sum(tanh(x + b)*b)", "x=[[1,2],[3,4]]", "b=[0.5,1]", "--precision", "3"],
        ["n = zeros(2); n[0] = m[0]**2; n[1] = m[1]**3; n", "m=[2,3]", "--gradient", "[1,1]"],
    ]
    check("tutorial", "\n".join(gradcalc("eval", *words).out for words in shown))


def test_what_was_used_twice_adds_up(gradcalc):
    text = lines(gradcalc, "x*x", "x=3")
    assert any("x is used twice: both uses add up" in line for line in text)
    text = lines(gradcalc, "sin(x) + cos(x) + x", "x=3")
    assert any("x is used three times: all uses add up" in line for line in text)


def test_stretching_is_undone(gradcalc):
    text = "\n".join(lines(gradcalc, "sum(x*b)", "x=[[1,2],[3,4]]", "b=[1,2]"))
    assert "(2,) is stretched to (2, 2)" in text
    assert "stretched to (2, 2) in #3: its copies add up" in text


def test_every_number_is_that_of_the_document(gradcalc):
    words = ["mean(exp(x)*x)", "x=[1,2,3]", "--precision", "full"]
    text = lines(gradcalc, *words)
    value = gradcalc("eval", *words, "-q").out.strip()
    assert f"value   {value}" in text


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (["x=0.5"], "value   0.5"),
        (["x=7"], "value   7"),
        (["x=1/3"], "value   ≈ 0.333333"),
        (["x=1/3", "--ascii"], "value   ~ 0.333333"),
        (["x=1/3", "--precision", "2"], "value   ≈ 0.33"),
        (["x=1/3", "--precision", "full"], "value   0.3333333333333333"),
        (["x=250104.167"], "value   ≈ 250104"),
        (["x=123456789012"], "value   123456789012"),
        (["x=-0.0"], "value   -0"),
        (["x=1e300"], "value   1e+300"),
        (["x=[1,NaN]"], "value   [1, nan]"),
        (["x=[]"], "value   []"),
        (["x=[[1,2.5],[100,4]]"], "value   [[  1, 2.5],"),
        (["x=linspace(0, 1, 13)"], "value   (13,)  min 0  max 1  mean 0.5"),
    ],
)
def test_numbers_for_people(gradcalc, words, row):
    gradient = [] if "[" not in words[0] and "(" not in words[0] else ["--no-grad"]
    run = gradcalc("eval", "x", *words, *gradient)
    assert row in run.out.splitlines()


def test_markup_is_only_text(gradcalc):
    text = gradcalc("eval", "[x, nan][0] # [bold] :x: [/]", "x=1", "--color", "always").out
    assert "[bold] :x: [/]" in text


def test_ascii_is_ascii(gradcalc):
    assert gradcalc("eval", "μ/3", "μ=1", "--ascii").out.isascii()
    expression = "+".join(["x"] * 100)
    assert gradcalc("eval", expression, "x=1/3", "--ascii").out.isascii()


def test_long_derivations_are_cut_unless_asked(gradcalc):
    expression = "+".join(["x"] * 100)
    assert any("--steps" in line for line in lines(gradcalc, expression, "x=1"))
    whole = lines(gradcalc, expression, "x=1", "--steps")
    assert not any("--steps" in line for line in whole)
    assert any(re.match(r"  #100 ", line) for line in whole)
    assert any(re.match(r"  #50 ", line) for line in whole)


@pytest.mark.parametrize("module", [documents, screen])
def test_examples_in_docstrings(module):
    assert doctest.testmod(module).failed == 0


def test_a_step_too_long_to_read_is_a_vjp(gradcalc):
    """Written out it would have a billion factors."""
    done = gradcalc("eval", "trace(matrix_power(X, 1000000000))", "X=[[1,0],[0,1]]")
    assert "dX = vjp(matrix_power(X, 1000000000), X," in done.out
