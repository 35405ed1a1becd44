"""`gradcalc check`: single checks, suites, who is right, and expectations rewritten in place."""

import json
import tomllib

import numpy as np
import pytest

from gradcalc.cli import rewrite
from gradcalc.grammar import verdict

MSE = ["check", "mean((x - y)**2)", "x=[1,2]", "y=[0,5]"]
SUITE = """\
# the losses
rtol = 1e-6

[checks.mse]
expr = "mean((X @ w - y)**2)"
inputs = { X = [[1, 2], [3, 4]], w = "zeros(2)", y = "@y.json" }
value = 2.5
grads.w = [-7, -10.1]   # by hand

[checks."sum of squares"]
expr = "sum(x*x)"
inputs.x = [1, 2]

[checks.matrix]
expr = "sum(A*A)"
inputs.A = [[1, 2], [3, 4]]
grads.A = [
  [2, 4], # the first row
  [6, 9],
]
"""


@pytest.fixture
def suite(gradcalc, tmp_path):
    (tmp_path / "y.json").write_text("[1, 2]")
    path = tmp_path / "loss.toml"
    path.write_text(SUITE)
    return path


# --- one check ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([*MSE], 0, "2 entries agree with a complex step"),
        ([*MSE, "--wrt", "x"], 0, "gradient by x"),
        ([*MSE, "--expect-value", "5"], 0, "1 entry agrees with what is expected"),
        ([*MSE, "--expect-value", "5.1"], 1, "5.1"),
        ([*MSE, "--expect-value", "5.1", "--rtol", "0.1"], 0, ""),
        ([*MSE, "--expect-value", "5.1", "--atol", "0.2"], 0, ""),
        ([*MSE, "--expect-value", "5.1", "--exit-zero"], 0, "FAIL"),
        ([*MSE, "--expect-grad", "x=[1,-3]"], 0, "agree"),
        ([*MSE, "--expect-grad", "x=[1,-3]", "--expect-grad", "y=[-1,3]"], 0, "gradient by y"),
        ([*MSE, "--expect-grad", "x=[1,-2]"], 1, "agrees with gradcalc, not with what is expected"),
        ([*MSE, "--expect-grad", "x=1"], 1, "got (2,)   expected ()"),
        (["check", "x*2", "x=[1,2]", "--gradient", "[1,3]"], 0, "2 entries agree"),
        (["check", "x*2", "x=[1,2]", "--gradient", "[1,3]", "--expect-grad", "x=[2,6]"], 0, ""),
        (["check", "x*2", "x=[1,2]", "--expect-value", "[2,4]"], 0, ""),
        (["check", "sum(abs(x))", "x=[0,2]"], 0, "not reliable here: kink at [0]"),
        (["check", "abs(x)", "x=0", "--expect-grad", "x=1"], 1, "not reliable here: kink"),
        (["check", "sqrt(x)", "x=0"], 0, "not reliable here: edge of the domain"),
        (["check", "sqrt(x)", "x=-1", "--expect-value", "nan"], 0, ""),
        (["check", "log(x)", "x=0", "--expect-value=-inf", "--expect-grad", "x=inf"], 0, ""),
        (["check", "log(x)", "x=0", "--expect-value", "inf"], 1, ""),
        (["check", "x*detach(x)", "x=3"], 1, "complex step"),
        (["check", "sum(x**3)", "x='ones(1000)'".replace("'", "")], 0, "100 of 1,000 entries"),
    ],
)
def test_single(gradcalc, words, code, said):
    run = gradcalc(*words)
    assert (run.code, run.err) == (code, ""), run.out
    assert said in run.out


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["check", "sum(x", "x=1"], 3, "G101"),
        (["check", "x*x"], 4, "G210"),
        (["check", "x*2", "x=[1,2]"], 4, "G401"),
        (["check", "1 + 1"], 2, "G006"),
        (["check", "x", "x=1", "--expect-grad", "xx=1"], 4, "G216"),
        (["check", "x", "x=1", "--expect-grad", "1"], 2, "G003"),
        (["check", "x", "x=1", "--expect-grad", "x=1", "--expect-grad", "x=1"], 4, "G214"),
        (["check", "x", "x=1", "--rtol", "-1"], 2, "G003"),
        (["check", "x", "x=1", "--report", "jnit"], 2, "G003"),
        (["check", "x", "x=1", "--update"], 2, "G003"),
        (["check", "x", "-f", "loss.toml"], 2, "G004"),
        (["check", "-f", "loss.toml", "--rtol", "1"], 2, "G003"),
        (["check", "-f", "nowhere.toml"], 2, "G002"),
        (["check"], 2, "G004"),
    ],
)
def test_what_cannot_be_checked(gradcalc, words, code, error):
    run = gradcalc(*words)
    assert (run.code, run.out) == (code, "")
    assert f"error[{error}]" in run.err


def test_expected_from_files(gradcalc, tmp_path):
    np.save(tmp_path / "grad.npy", np.array([2.0, 4.0]))
    assert gradcalc("check", "sum(x*x)", "x=[1,2]", "--expect-grad", "x=@grad.npy").code == 0


def test_the_worst_come_first(gradcalc):
    """By excess over what is allowed, not by position or by size."""
    words = ["check", "sum(x*x)/2", "x=[1,100,3,4,5,6,7]", "--rtol", "0.01"]
    run = gradcalc(*words, "--expect-grad", "x=[1.5,103,2,4,nan,10,8]", "--report", "json")
    (comparison,) = json.loads(run.out)["checks"][0]["comparisons"]
    assert [d["index"][0] for d in comparison["worst"]] == [4, 2, 5, 0, 6]
    assert (comparison["compared"], comparison["differing"]) == (7, 6)
    assert comparison["note"] == "a number, not nan at [4]"


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("sum(x*x)", "complex step"),
        ("sum(exp(sin(x))/x)", "complex step"),
        ("sum(softmax(x)**2)", "complex step"),
        ("sum(x @ outer(x, x))", "complex step"),
        ("det(outer(x, x) + eye(3))", "complex step"),
        ("sum(abs(x)**2)", "complex step"),  # which is x**2
        ("sum(abs(x)*x)", "finite differences"),
        ("norm(x)*sum(abs(x))", "finite differences"),
        ("sum(erf(abs(x)))", "finite differences"),
        ("sum(hypot(x, 2))", "finite differences"),
        ("sum(where(x > 1.5, x, x**2)*abs(x))", "finite differences"),
    ],
)
def test_the_reference_that_is_exact_where_there_is_one(gradcalc, text, against):
    run = gradcalc("check", text, "x=[1,2,3]", "--report", "json")
    (comparison,) = json.loads(run.out)["checks"][0]["comparisons"]
    assert (comparison["against"], comparison["compared"], run.code) == (against, 3, 0)


def test_a_complex_step_sees_what_finite_differences_cannot(gradcalc):
    """An error of 1e-9, which is less than what differences are off by."""
    words = ["check", "sum(x**3) + 1e-9*(x[0] - detach(x[0]))", "x=[1,2]", "--rtol", "1e-12"]
    assert gradcalc(*words).code == 1
    run = gradcalc(*words, "--expect-grad", "x=[3,12]")
    assert "agrees with what is expected, but `detach` declares" in run.out


def test_float32(gradcalc):
    words = ["check", "sum(exp(x)*sin(x))", "x=[0.1,0.7]"]
    run = gradcalc(*words, "--dtype", "float32")
    assert "2 entries agree with a complex step" in run.out
    assert gradcalc(*words, "--dtype", "float32", "--rtol", "1e-12", "--atol", "0").code == 1
    assert gradcalc("check", "x", "x=1e300", "--dtype", "float32").code == 4


def test_float32_in_suites(gradcalc, tmp_path):
    text = '[checks.one]\nexpr = "sum(exp(x))"\ninputs.x = [0.1]\ngrads.x = [1.10517092]\n'
    (tmp_path / "suite.toml").write_text(text)
    assert gradcalc("check", "-f", "suite.toml", "--dtype", "float32").code == 0
    (tmp_path / "suite.toml").write_text("rtol = 1e-9\natol = 0\n" + text)
    assert gradcalc("check", "-f", "suite.toml", "--dtype", "float32").code == 1


def test_a_wrong_rule_is_told_apart_from_a_wrong_expectation(gradcalc, monkeypatch):
    """What `detach` hides from gradcalc, a complex step sees: it sides with the other."""
    run = gradcalc("check", "x*detach(x)", "x=3", "--expect-grad", "x=6")
    assert run.code == 1
    assert "agrees with what is expected, but `detach` declares" in run.out
    run = gradcalc("check", "x*detach(x)", "x=3", "--expect-grad", "x=5")
    assert "agrees with neither, but `detach` declares" in run.out
    assert "`detach` declares a slope" in gradcalc("check", "x*detach(x)", "x=3").out
    words = ["check", "x*detach(x)*z", "x=3", "z=2", "--expect-grad", "z=5"]
    assert "agrees with gradcalc, not with what is expected" in gradcalc(*words).out
    monkeypatch.setattr(verdict, "_is_detached", lambda name, solution: False)
    run = gradcalc("check", "x*detach(x)", "x=3", "--expect-grad", "x=6")
    assert "agrees with what is expected, not with gradcalc: please report this" in run.out


# --- suites ------------------------------------------------------------------------------------


def test_suite(gradcalc, suite):
    run = gradcalc("check", "-f", "loss.toml")
    assert run.code == 1
    assert "FAIL  mse   loss.toml:4" in run.out
    assert "FAIL  matrix   loss.toml:14" in run.out
    assert "a complex step says -10 at [1]" in run.out
    assert run.out.endswith("3 checks: 1 passed, 2 failed\n")


@pytest.mark.parametrize(
    ("only", "count"), [("mse", 1), ("m*", 2), ("sum of squares", 1), ("*", 3), ("M*", 0)]
)
def test_only(gradcalc, suite, only, count):
    run = gradcalc("check", "-f", "loss.toml", "--only", only, "--report", "json")
    assert run.code == (2 if not count else 0 if only == "sum of squares" else 1)
    assert not count or len(json.loads(run.out)["checks"]) == count


def test_folders_are_searched(gradcalc, suite, tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    checks = {"one": {"expr": "x*x", "inputs": {"x": 3}, "value": 9, "grads": {"x": 6}}}
    (deep / "more.json").write_text(json.dumps({"checks": checks}))
    (deep / "other.toml").write_text("[tool]\nx = 1\n")
    (deep / "data.json").write_text("[1, 2")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "broken.toml").write_text("checks")
    run = gradcalc("check", "-f", ".", "--report", "json")
    found = [(c["file"], c["name"]) for c in json.loads(run.out)["checks"]]
    assert found == [
        ("loss.toml", "mse"),
        ("loss.toml", "sum of squares"),
        ("loss.toml", "matrix"),
        ("a/b/more.json", "one"),
    ]


def test_no_checks_is_an_error(gradcalc, tmp_path):
    (tmp_path / "empty").mkdir()
    run = gradcalc("check", "-f", "empty")
    assert run.code == 2
    assert "error[G006]" in run.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "this is not TOML"),
        ("[other]\n", "no table `checks`"),
        ("[checks]\na = 1\n", "is not a table"),
        ("[checks.a]\nvalue = 1\n", "has no `expr`"),
        ("[checks.a]\nexpr = 'x'\ninput = 1\n", "did you mean `inputs`?"),
        ("[checks.a]\nexpr = 'x'\ninputs = 1\n", "not a table of names"),
        ("[checks.a]\nexpr = 'x'\nrtol = 'small'\n", "not a number"),
        ("[checks.a]\nexpr = 'x'\nseed = 1.5\n", "not a whole number"),
        ("[checks.a]\nexpr = 'x'\nwrt = [1]\n", "not a list of names"),
        ("atoll = 1\n[checks.a]\nexpr = 'x'\n", "did you mean `atol`?"),
    ],
)
def test_a_suite_that_is_none(gradcalc, tmp_path, text, said):
    (tmp_path / "a.toml").write_text(text)
    run = gradcalc("check", "-f", "a.toml")
    assert (run.code, run.out) == (2, "")
    assert "error[G007]" in run.err
    assert said in run.err


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ('expr = "x +"\ninputs.x = 1', "G102"),
        ('expr = "x"', "G201"),
        ('expr = "x"\ninputs = { x = 1, y = 2 }', "G216"),
        ('expr = "x"\ninputs.x = [[1, 2], [3]]', "G202"),
        ('expr = "x"\ninputs.x = true', "G205"),
        ('expr = "x"\ninputs.x = "@missing.npy"', "G002"),
        ('expr = "x"\ninputs.x = 1979-05-27', "G203"),
        ('expr = "1"', "G006"),
    ],
)
def test_a_check_that_cannot_be_made_fails_and_others_go_on(gradcalc, tmp_path, check, code):
    good = '[checks.good]\nexpr = "x"\ninputs.x = 1\n'
    (tmp_path / "a.toml").write_text(f"[checks.bad]\n{check}\n{good}")
    run = gradcalc("check", "-f", "a.toml", "--report", "json")
    bad, good = json.loads(run.out)["checks"]
    assert (run.code, bad["error"]["code"], good["passed"]) == (1, code, True)


def test_tolerances_by_name(gradcalc, tmp_path):
    text = """\
        atol = 1e-3
        [checks.a]
        expr = "x*y"
        inputs = { x = 3, y = 4 }
        value = 12.0005
        grads = { x = 4.1, y = 3.1 }
        rtol = { x = 0.1 }
        """
    (tmp_path / "a.toml").write_text(text)
    run = gradcalc("check", "-f", "a.toml", "--report", "json")
    comparisons = json.loads(run.out)["checks"][0]["comparisons"]
    assert [(c["name"], c["passed"]) for c in comparisons] == [
        ("value", True), ("x", True), ("y", False),
    ]  # fmt: skip


def test_random_numbers_are_the_same_each_time(gradcalc, tmp_path, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    check = {"expr": "sum(x*randn(3))", "seed": 7, "inputs": {"x": [1, 2, 3]}}
    (tmp_path / "a.json").write_text(json.dumps({"checks": {"a": check | {"value": 0.0}}}))
    assert gradcalc("check", "-f", "a.json", "--update").code == 1
    assert gradcalc("check", "-f", "a.json").code == 0


@pytest.mark.slow
def test_a_thousand_checks_take_seconds(gradcalc, tmp_path):
    checks = {
        f"c{i}": {"expr": f"sum((x - {i})**2)", "inputs": {"x": [1, 1]}, "value": 2 * (i - 1) ** 2}
        for i in range(1000)
    }
    (tmp_path / "a.json").write_text(json.dumps({"checks": checks}))
    assert gradcalc("check", "-f", "a.json").out.endswith("1000 checks: passed\n")


# --- update ------------------------------------------------------------------------------------


def test_update(gradcalc, suite, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    run = gradcalc("check", "-f", "loss.toml", "--update")
    assert run.code == 1
    assert "-grads.w = [-7, -10.1]   # by hand\n+grads.w = [-7.0, -10.0]   # by hand" in run.out
    now = suite.read_text()
    assert now == SUITE.replace("[-7, -10.1]", "[-7.0, -10.0]").replace(
        "[\n  [2, 4], # the first row\n  [6, 9],\n]", "[\n  [2.0, 4.0],\n  [6.0, 8.0]\n]"
    )
    assert gradcalc("check", "-f", "loss.toml").code == 0
    assert gradcalc("check", "-f", "loss.toml", "--update").out.count("---") == 0


def test_update_only_what_was_asked(gradcalc, suite, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    gradcalc("check", "-f", "loss.toml", "--only", "mse", "--update")
    assert suite.read_text() == SUITE.replace("[-7, -10.1]", "[-7.0, -10.0]")


def test_update_is_not_for_ci(gradcalc, suite, monkeypatch):
    monkeypatch.setenv("CI", "true")
    run = gradcalc("check", "-f", "loss.toml", "--update")
    assert (run.code, run.out, suite.read_text()) == (2, "", SUITE)
    assert gradcalc("check", "-f", "loss.toml", "--update", "--force").code == 1
    assert suite.read_text() != SUITE


def test_update_a_file_of_its_own(gradcalc, tmp_path, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    np.save(tmp_path / "g.npy", np.zeros(2))
    (tmp_path / "g.json").write_text("[0, 0]")
    text = '[checks.{0}]\nexpr = "sum(x*x)"\ninputs.x = [1, 2]\ngrads.x = "@g.{0}"\n'
    (tmp_path / "a.toml").write_text(text.format("npy") + text.format("json"))
    gradcalc("check", "-f", "a.toml", "--update")
    assert gradcalc("check", "-f", "a.toml").code == 0
    assert (tmp_path / "a.toml").read_text() == text.format("npy") + text.format("json")


TOML = '''\
# [checks.a] is further down
title = "value = 1"
[checks.a] # here
expr = """
value = 2
"""
value = 3 # = 3
"grads".x=[ # [
  "]", 'a', [1,2],
]
inputs = {x = 1, "y.z" = {w = 5}}
[checks.'b c']
value=nan
[[other]]
value = 6
'''


@pytest.mark.parametrize(
    ("path", "old"),
    [
        (("checks", "a", "value"), "3"),
        (("checks", "a", "inputs", "x"), "1"),
        (("checks", "a", "inputs", "y.z", "w"), "5"),
        (("checks", "b c", "value"), "nan"),
    ],
)
def test_one_value_is_replaced_and_nothing_else(path, old):
    new = rewrite.replaced(TOML, path, 12.5, toml=True)
    assert len(new) == len(TOML) - len(old) + 4
    document = tomllib.loads(new)
    for key in path:
        document = document[key]
    assert document == 12.5


@pytest.mark.parametrize("path", [("checks", "a"), ("checks", "zz"), ("other", "value"), ()])
def test_what_is_not_there_is_not_replaced(path):
    assert rewrite.replaced(TOML, path, 1.0, toml=True) is None


@pytest.mark.parametrize("value", [1.5, [float("nan"), 2.0], [[1.0], [float("-inf")]], []])
def test_json_stays_json(value):
    text = '{"checks": {"a": {"expr": "x", "value": [ 1,\n 2 ], "b": "value\\""}}}'
    new = rewrite.replaced(text, ("checks", "a", "value"), value, toml=False)
    assert json.loads(new)["checks"]["a"]["b"] == 'value"'
