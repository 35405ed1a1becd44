"""`gradcalc eval`: values, gradients, documents, options, and where data come from."""

import json
import os
import sys

import numpy as np
import pytest

SQUARES = ("mean(x*x)", "x=[[1,2],[3,4]]")


def document(run):
    assert run.code == 0, run.err
    return json.loads(run.out)


def test_the_document(gradcalc):
    run = gradcalc("eval", *SQUARES, "--json")
    assert run.out == (
        '{"gradcalc":1,"expr":"mean(x*x)","value":7.5,"grads":{"x":[[0.5,1.0],[1.5,2.0]]},'
        '"shapes":{"value":[],"x":[2,2]},"dtype":"float64","nonfinite":{},"warnings":[]}\n'
    )
    assert (run.code, run.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "grads"),
    [
        (["b = a + 3; c = b*b*3; mean(c)", "a=[2,3]"], {"a": [15, 18]}),
        (["x*2", "x=[1,2,3]", "--gradient", "[1,2,3]"], {"x": [2, 4, 6]}),
        (
            ["n = zeros(2); n[0] = m[0]**2; n[1] = m[1]**3; n", "m=[2,3]", "--gradient=[1,1]"],
            {"m": [4, 27]},
        ),
        (["-x*x", "x=3"], {"x": -6}),
        (["x*y", "x=2", "y=3", "--wrt", "y"], {"y": 2}),
        (["x*y*z", "x=2", "y=3", "z=4", "--wrt", "y,z", "--wrt", "x"], {"y": 8, "z": 6, "x": 12}),
        (["sum(x)", "x=[1,2]", "y=[3,4,5]", "--wrt", "y"], {"y": [0, 0, 0]}),
        (["x*x", "x=3", "--no-grad"], {}),
        (["2*3"], {}),
        (["x", "x=[]", "--gradient", "[]"], {"x": []}),
    ],
)
def test_gradients(gradcalc, words, grads):
    assert document(gradcalc("eval", *words, "--json"))["grads"] == grads


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ([*SQUARES, "-q"], "7.5\n"),
        ([*SQUARES, "--quiet"], "7.5\n"),
        (["x*2", "x=[1,2]", "-q"], "[2.0,4.0]\n"),
        ([*SQUARES, "--only", "grads"], '{"x":[[0.5,1.0],[1.5,2.0]]}\n'),
        ([*SQUARES, "--only", "grads.x"], "[[0.5,1.0],[1.5,2.0]]\n"),
        ([*SQUARES, "--only=shapes.x"], "[2,2]\n"),
        (["log(x)", "x=0", "--only", "grads"], '{"x":"Infinity"}\n'),
        (["x", "x=0.1", "--dtype", "float32", "-q"], "0.1\n"),
        (["-q*q", "q=3", "-q"], "-9.0\n"),
        (["-o*x", "o=3", "x=2", "-q"], "-6.0\n"),
        (["-x", "x=2", "-q"], "-2.0\n"),
        (["-1*x", "x=2", "-q"], "-2.0\n"),
        (["-q", "x", "x=2"], "2.0\n"),
        (["-q", "--", "--x", "x=2"], "2.0\n"),
    ],
)
def test_parts(gradcalc, words, out):
    assert gradcalc("eval", *words).out == out


def test_options_stand_anywhere(gradcalc):
    words = ["x*2", "x=[1,2]"]
    expected = gradcalc("eval", *words, "--gradient", "[1,-1]", "--json").out
    assert expected
    assert gradcalc("eval", "--json", "--gradient", "[1,-1]", *words).out == expected
    assert gradcalc("eval", "x*2", "--gradient", "[1,-1]", "x=[1,2]", "--json").out == expected
    assert gradcalc("eval", "x", "--gradient", "-1", "x=[1]", "-q").code == 0


def test_steps_as_data(gradcalc):
    steps = document(gradcalc("eval", *SQUARES, "--json", "--steps"))["steps"]
    assert [step["text"] for step in steps] == ["x", "x*x", "mean(#2)"]
    assert [step["args"] for step in steps] == [[], [1, 1], [2]]
    assert steps[1]["grad"] == [[0.25, 0.25], [0.25, 0.25]]
    assert steps[2] | {"span": None} == {
        "id": 3, "op": "mean", "text": "mean(#2)", "args": [2], "span": None, "shape": [],
        "value": 7.5, "grad": 1.0,
    }  # fmt: skip


def test_not_finite_is_a_warning(gradcalc):
    run = gradcalc("eval", "sum(log(x))", "x=[0,1]", "--json")
    found = document(run)
    assert found["value"] == "-Infinity"
    assert found["grads"] == {"x": ["Infinity", 1.0]}
    assert found["nonfinite"] == {"value": 1, "grads.x": 1}
    assert [warning["code"] for warning in found["warnings"]] == ["G501"]
    assert run.err.startswith("warning[G501]: `log(x)` is infinite at [0], where x = 0")


def test_not_finite_is_an_error_with_finite(gradcalc):
    run = gradcalc("eval", "sum(sqrt(x))", "x=[0,1]", "--json", "--finite", "-o", "a.json")
    assert (run.code, run.out) == (5, "")
    assert "the slope of `sqrt(x)` is infinite at [0]" in run.err
    assert not os.path.exists("a.json")


def test_errors_leave_stdout_empty(gradcalc):
    run = gradcalc("eval", "maen(x)", "x=1", "--json", "--error-format", "json")
    assert (run.code, run.out) == (3, "")
    error = json.loads(run.err)["error"]
    assert list(error) == ["code", "message", "span", "help"]
    assert (error["code"], error["span"]) == ("G110", [0, 4])


# --- files and streams -------------------------------------------------------------------------


def test_output_is_input(gradcalc):
    for path, reference in [("g.json", "g.json"), ("g.npy", "g.npy"), ("g.npz", "g.npz:x")]:
        only = "grads" if path == "g.npz" else "grads.x"
        run = gradcalc("eval", *SQUARES, "--only", only, "-o", path)
        assert (run.code, run.out, run.err) == (0, "", "")
        assert gradcalc("eval", "x", f"x=@{reference}", "-q").out == "[[0.5,1.0],[1.5,2.0]]\n"
    grads = gradcalc("eval", *SQUARES, "--only", "grads").out
    assert gradcalc("eval", "x", "-q", stdin=grads).out == "[[0.5,1.0],[1.5,2.0]]\n"


def test_a_whole_document_is_input(gradcalc):
    whole = gradcalc("eval", "x*value", "x=2", "value=3", "--json").out
    run = gradcalc("eval", "value**2", "-q", stdin=whole)
    assert run.out == "36.0\n"


def test_the_archive_of_everything(gradcalc):
    gradcalc("eval", *SQUARES, "-o", "all.npz")
    with np.load("all.npz", allow_pickle=False) as found:
        assert sorted(found) == ["grads.x", "value"]
        assert found["grads.x"].tolist() == [[0.5, 1], [1.5, 2]]


@pytest.mark.parametrize("order", ["jacobian", "hessian"])
def test_nothing_is_missing_in_an_npz_file(gradcalc, order):
    gradcalc("eval", "sum(x**3)", "x=[1,2]", f"--{order}", "-o", "all.npz")
    with np.load("all.npz", allow_pickle=False) as found:
        assert sorted(found) == [f"{order}.x", "value"]


@pytest.mark.parametrize(
    ("words", "stdin", "out"),
    [
        (["mean(x*x)"], '{"x":[[1,2],[3,4]]}', "7.5\n"),
        (["mean(x*x)"], "[[1,2],[3,4]]", "7.5\n"),
        (["x*y", "y=2"], "3", "6.0\n"),
        (["x*y", "y=2"], '{"x":3}', "6.0\n"),
        (["x*y", "y=-", "x=2"], "3", "6.0\n"),
        (["x*y", "y=-", "x=-"], '{"x":3,"y":5}', "15.0\n"),
        (["x"], b'\xef\xbb\xbf{"x":3}', "3.0\n"),
    ],
)
def test_unbound_names_come_from_stdin(gradcalc, words, stdin, out):
    assert gradcalc("eval", *words, "-q", stdin=stdin).out == out


def test_a_name_may_be_differentiated_by_though_nothing_depends_on_it(gradcalc):
    run = gradcalc("eval", "sum(x)", "--wrt", "y", "--only", "grads", stdin='{"x":[1],"y":[2,3]}')
    assert (run.out, run.err) == ('{"y":[0.0,0.0]}\n', "")


def test_names_bound_on_the_command_line_are_not_taken_from_stdin(gradcalc):
    run = gradcalc("eval", "x*y", "x=2", "-q", stdin='{"x":100,"y":3}')
    assert run.out == "6.0\n"
    assert run.err == 'gradcalc: not used from standard input: "x"\n'


def test_stdin_is_not_touched_when_all_is_bound(gradcalc, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert gradcalc("eval", *SQUARES, "-q").out == "7.5\n"


@pytest.mark.parametrize(
    ("value", "out"),
    [
        ("3", "3.0\n"),
        ("pi/4", "0.7853981633974483\n"),
        ("ones(3)", "[1.0,1.0,1.0]\n"),
        ("[1, 1/2]", "[1.0,0.5]\n"),
        ("-.5", "-0.5\n"),
        ("2**3", "8.0\n"),
        ('["NaN", -Infinity]', '["NaN","-Infinity"]\n'),
        ("18446744073709551616", "1.8446744073709552e+19\n"),
    ],
)
def test_a_value_is_json_or_a_constant_expression(gradcalc, value, out):
    run = gradcalc("eval", "x", f"x={value}", "-q")
    assert (run.out, run.code) == (out, 0)


def test_names_in_any_script(gradcalc):
    assert gradcalc("eval", "μ*漢", "µ=2", "漢=3", "-q").out == "6.0\n"  # µ: the other mu


# --- limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["zeros(1000000, 1000000)"],
        ["sum(x)", "x=zeros(1000000, 1000000)"],
        ["sum(x[:, None]*x)", "x=[1,2,3]", "--max-elements", "8"],
        ["sum(x)", "x=@x.json", "--max-elements", "2"],
        ["sum(x)", "--max-elements", "2"],
    ],
)
def test_too_many_entries(gradcalc, tmp_path, words):
    (tmp_path / "x.json").write_text("[1,2,3]")
    run = gradcalc("eval", *words, stdin="[1,2,3]")
    assert (run.code, run.out) == (4, "")
    assert run.err.startswith("error[G601]")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(" * 2000 + "x" + ")" * 2000, 1.0),
        ("+".join(["x"] * 5000), 5000.0),
        ("-" * 3000 + "x", 1.0),
        ("; ".join(["v = x", *["v = v + v"] * 40, "v"]), 2.0**40),
    ],
    ids=["parentheses", "sum", "signs", "doubling"],
)
def test_long_expressions(gradcalc, expression, value):
    found = document(gradcalc("eval", "--json", "--", expression, "x=1"))
    assert found["value"] == value
    assert found["grads"]["x"] == value
    tutorial = gradcalc("eval", "--", expression, "x=1")
    assert (tutorial.code, tutorial.err) == (0, "")
    assert len(tutorial.out.splitlines()) < 100
