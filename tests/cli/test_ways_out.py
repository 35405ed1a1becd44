"""What a message advises works when it is followed to the letter."""

import json
import re
import shlex

import pytest

from gradcalc.grammar.foreign import EXPRESSION, SCRIPT

# --- a result that is not a scalar -------------------------------------------------------------

RESULTS = [
    "x*2",
    "r = x*2; (r + 1)*3",
    "y = x*2",
    "n = x*1; n[0] = 3",
    "n = x*1\nn *= 2  # twice",
]
ASKED = {
    "eval": ["eval", "x=[1,2]"],
    "a Hessian": ["eval", "x=[1,2]", "--hessian"],
    "a stream": ["eval", "--jsonl"],
    "check": ["check", "x=[1,2]"],
    "a stream of checks": ["check", "--jsonl"],
    "diff": ["diff", "x:2"],
    "a stream of shapes": ["diff", "--jsonl"],
}
RECORD = {"diff": '{"shapes": {"x": [2]}}'}


def answer(gradcalc, text, words):
    """The exit code, and the ways out of an error if there is one."""
    verb, *rest = words
    if "--jsonl" in words:
        run = gradcalc(verb, text, *rest, stdin=RECORD.get(verb, '{"x": [1, 2]}'))
        return run.code, json.loads(run.out).get("error", {}).get("help", [])
    run = gradcalc(verb, text, *rest, "--error-format", "json")
    return run.code, json.loads(run.err)["error"]["help"] if run.code else []


def followed(text, words, ways):
    """The questions that the ways out amount to."""
    goes_on = any("is the result here" in way for way in ways)
    head = f"{text}\n" if goes_on else text[: 1 + max(map(text.rfind, ";\n"))]
    for way in ways:
        for part in re.findall(r"`([^`]*)`", way):
            if part.startswith(("sum(", "mean(")):
                yield head + part, words
            elif part.startswith("jacobian("):
                yield head + part, ["simplify", "x:2"]
            elif part.startswith("--") and part not in words:
                yield text, [*(w for w in words if f"`{w}`" not in way), *shlex.split(part)]


@pytest.mark.parametrize("text", RESULTS)
@pytest.mark.parametrize("asked", ASKED)
def test_a_result_that_is_not_a_scalar(gradcalc, text, asked):
    words = ASKED[asked]
    code, ways = answer(gradcalc, text, words)
    assert code in (1, 4)
    advised = list(followed(text, words, ways))
    assert len(advised) >= 3
    for question in advised:
        assert answer(gradcalc, *question) == (0, []), question


def test_a_result_that_is_not_a_scalar_in_a_suite(gradcalc, tmp_path):
    (tmp_path / "suite.toml").write_text("[checks.a]\nexpr = 'x*2'\ninputs.x = [1, 2]\n")
    run = gradcalc("check", "-f", "suite.toml")
    (weights,) = re.findall(r"`gradient` with (.*)", run.out)
    with open(tmp_path / "suite.toml", "a") as file:
        file.write(f"gradient = {weights}\n")
    assert gradcalc("check", "-f", "suite.toml").code == 0


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("grad((x + 1)*2, x)", "grad(sum((x + 1)*2), x)"),
        ("grad((x**2), x)", "grad(sum(x**2), x)"),
        ("max(x, (y*2))", "maximum(x, y*2)"),
        ("(x + 1) @ (y)", "(x + 1).T @ y"),
    ],
)
def test_operands_are_quoted_with_the_brackets_they_need(gradcalc, text, way):
    values = ("x=[[1,2]]", "y=[[1,2]]") if "@" in text else ("x=[1,2]", "y=[1,2]")
    used = [value for value in values if value[0] in text]
    assert f"`{way}`" in gradcalc("eval", text, *used).err


def test_a_derivative_by_a_number_is_told_before_the_shape(gradcalc):
    run = gradcalc("eval", "grad(x**2, 2)", "x=[1,2]")
    assert (run.code, "G116" in run.err, "a constant" in run.err) == (3, True, True)


# --- names of other libraries ------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPRESSION)
def test_a_name_that_there_is_none_of(gradcalc, name):
    for text in (f"{name}(x)", f"x.{name}", f"x.{name}()", f"torch.{name}(x)", f"torch.{name}*x"):
        if gradcalc("functions", name).code:  # `grad` is a function, and no method
            assert f"  = {EXPRESSION[name]}\n" in gradcalc("eval", text, "x=2").err, text


@pytest.mark.parametrize("name", SCRIPT)
def test_a_name_that_scripts_have_none_of(gradcalc, name):
    for text in (f"torch.nn.{name}", f"from torch.nn import {name}", f"import torch.nn.{name}"):
        assert f"  = {SCRIPT[name]}\n" in gradcalc("run", "-", stdin=text).err, text


@pytest.mark.parametrize("text", ["x.grad", "x.backward()", "x.optim"])
def test_a_way_out_and_not_a_name_that_looks_like_it(gradcalc, text):
    run = gradcalc("eval", text, "x=2")
    assert (run.code, "did you mean" in run.err) == (3, False)


def test_what_is_suggested_for_a_method_is_one(gradcalc):
    assert "did you mean `.transpose()`?" in gradcalc("eval", "x.transpos", "x=2").err
    assert "did you mean `transpose`?" in gradcalc("eval", "x.transpos()", "x=2").err
    assert "did you mean" not in gradcalc("eval", "x.rnad", "x=2").err  # of a shape, not of x


def test_prefixes_of_other_libraries(gradcalc):
    assert gradcalc("eval", "jnp.sum(x)", "x=2", "-q").out == "2.0\n"
    assert "leave `F.` out: `relu(...)`" in gradcalc("eval", "F.relu(x)", "x=2").err
    way = "leave `nn.functional.` out: `relu(...)`"
    assert way in gradcalc("eval", "nn.functional.relu(x)", "x=2").err
    assert "leave" not in gradcalc("eval", "F.T @ x", "x=2").err
    assert gradcalc("eval", "F.sum()", "F=[1,2]", "-q").out == "3.0\n"


# --- scripts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "blamed", "way"),
    [
        ("torch.ones(2, require_grad=True)", "require_grad", "did you mean `requires_grad`?"),
        ("torch.ones(2).sum(dimm=0)", "dimm", "did you mean `dim`?"),
        ("print(1, ned='')", "ned", "did you mean `end`?"),
    ],
)
def test_a_keyword_of_a_call(gradcalc, text, blamed, way):
    error = json.loads(gradcalc("run", "-", "--error-format", "json", stdin=text).err)["error"]
    assert text[slice(*error["span"])] == blamed
    assert way in error["help"]
    assert "_print" not in error["message"]


# --- the command line --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["[3,4]", "3x4", "-3", "2.5", "3 4", "3;4"])
def test_a_shape_that_is_none(gradcalc, shape):
    run = gradcalc("diff", "sum(x)", f"x:{shape}")
    assert (run.code, "quote" in run.err) == (2, False)
    ways = re.findall(r"`(x:[^`]*)`", run.err)
    assert len(ways) == 3
    for way in ways:
        assert gradcalc("diff", "sum(x)", way).code == 0


@pytest.mark.parametrize("value", ["[1,2", "[1 2]", "[1,2]]", "2^3", "foo(1)", "sum(1, dmi=0)"])
def test_a_mistake_in_a_value_is_one_in_the_data(gradcalc, value):
    assert gradcalc("eval", "x", f"x={value}").code == 4
    assert gradcalc("eval", "x", stdin=value).code == 4


def test_no_file_and_an_empty_one(gradcalc, tmp_path):
    assert "no file is named" in gradcalc("eval", "x", "x=@").err
    (tmp_path / "empty.json").write_text("")
    run = gradcalc("eval", "x", "x=@empty.json")
    assert (run.code, "  in " in run.err) == (4, False)


def test_what_a_record_has_instead_of_an_expression(gradcalc):
    run = gradcalc("eval", "-", "--jsonl", stdin='{"expr": 5}\n{"x": 5}\n')
    told = [json.loads(line)["error"]["message"] for line in run.out.splitlines()]
    assert told == ["`expr` is not a text", "the record has no `expr`"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[checks.c]\nexpr = 'x'\n[checks.d]\nexpr = 'x'\ninput = {x = 1}\n", 5),
        ("[checks.c]\nexpr = 'x'\n[checks.d]\nexpr = 'x'\n[checks.d.input]\nx = 1\n", 5),
        ("[checks.c]\nexpr = 'x'\n[checks.d]\ninputs.x = 1\n", 3),
        ("[checks.c]\nexpr = 'x'\nrtol = 'a'\n", 3),
        ("rtoll = 1\n[checks.c]\nexpr = 'x'\n", 1),
    ],
)
def test_the_place_of_a_mistake_in_a_suite(gradcalc, tmp_path, text, line):
    (tmp_path / "s.toml").write_text(text)
    run = gradcalc("check", "-f", "s.toml")
    assert f"\n  {line} | {text.splitlines()[line - 1]}\n" in run.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("log(-1)", "`log(-1)` is nan"),
        ("lgamma(0)", "`lgamma(0)` is infinite"),
        ("log(1 - 2)", "`log(1 - 2)` is nan, where 1 - 2 = -1"),
        ("log(x)", "`log(x)` is nan, where x = -2"),
    ],
)
def test_a_warning_says_where_if_that_says_something(gradcalc, text, told):
    run = gradcalc("eval", text, *["x=-2"] * ("x" in text), "-q")
    assert run.err.splitlines()[0] == f"warning[G501]: {told}"
