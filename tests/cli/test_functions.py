"""functions and explain: what the tool knows, from the shell."""

import json
import shlex

import pytest

from gradcalc.cli.functions import everything
from gradcalc.grammar.codes import CODES
from gradcalc.grammar.operator_reference import EXAMPLES, find
from gradcalc.grammar.operators import DERIVATIVES
from gradcalc.grammar.reference import functions


def test_one_function(gradcalc):
    run = gradcalc("functions", "tanh")
    assert run.code == 0
    assert "gradient  dx = g*(1 - tanh(x)**2)" in run.out
    assert "$ gradcalc eval 'sum(tanh(x))' x=" in run.out


def test_an_alias_is_as_good(gradcalc):
    assert gradcalc("functions", "concat").out == gradcalc("functions", "cat").out


def test_all_functions_are_listed(gradcalc):
    run = gradcalc("functions")
    assert run.code == 0
    for row in functions():
        assert f"  {row.signature}" in run.out


def test_as_data(gradcalc):
    one = json.loads(gradcalc("functions", "matmul", "--json").out)
    assert one["rule"] == {"x": "g @ y.T", "y": "x.T @ g"}
    every = json.loads(gradcalc("functions", "--json").out)
    assert {row["name"] for row in every} == {entry.name for entry in everything()}


def test_search(gradcalc):
    assert "logsumexp" in gradcalc("functions", "--grep", "EXP").out
    assert gradcalc("functions", "--grep", "no such thing").code == 3


def test_a_misspelt_name(gradcalc):
    run = gradcalc("functions", "tanhh")
    assert (run.code, run.out) == (3, "")
    assert "did you mean `tanh`?" in run.err


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(gradcalc, code):
    run = gradcalc("explain", code)
    assert run.code == 0
    assert CODES[code].title in run.out
    assert f"exit code {CODES[code].exit}" in run.out


def test_codes_however_they_are_written(gradcalc):
    assert gradcalc("explain", "g301").out == gradcalc("explain", "301").out
    assert json.loads(gradcalc("explain", "301", "--json").out)["exit"] == 4
    run = gradcalc("explain", "G999")
    assert (run.code, run.out) == (2, "")


@pytest.mark.parametrize("name", DERIVATIVES)
def test_the_derivatives_of_the_language(gradcalc, name):
    run = gradcalc("functions", name)
    assert run.code == 0
    assert run.out.startswith(f"{name}(f, x")
    assert f"formula   {EXAMPLES[name]} = " in run.out
    assert gradcalc("functions", f"torch.autograd.{name}()").out == run.out
    assert f"  {name}(f, x" in gradcalc("functions").out
    assert name in gradcalc("functions", "--grep", f"{name}(").out


def test_what_a_derivative_comes_to(gradcalc):
    told = json.loads(gradcalc("functions", "hvp", "--json").out)
    assert told["formula"] == "6*v*x"
    assert told["shapes"] == {"x": [3], "v": [3], "result": [3]}


@pytest.mark.parametrize("entry", everything(), ids=lambda entry: entry.name)
def test_every_example_runs(gradcalc, entry):
    run = gradcalc(*shlex.split(find(entry.name).command)[1:], "--json")
    assert run.code == 0, run.err
    assert "value" in json.loads(run.out)
