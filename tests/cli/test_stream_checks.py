"""`gradcalc check --jsonl`: a check a line."""

import json

import numpy as np
import pytest

from gradcalc.cli import stream_checks

SQUARES = ["check", "sum(x*x)", "--jsonl"]


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def answers(gradcalc, words, *records):
    return lines(gradcalc(*words, stdin="\n".join(map(json.dumps, records))))


def test_a_record_a_line(gradcalc):
    given = [
        '{"x": [1, 2], "value": 5, "grads": {"x": [2, 4]}}',
        '{"x": [1, 2], "grads": {"x": [2, 5]}}',
        '{"x": [1, 2]}',
    ]
    run = gradcalc(*SQUARES, stdin="\n".join(given))
    first, second, third = lines(run)
    assert (first["n"], first["passed"]) == (1, True)
    assert [c["name"] for c in first["comparisons"]] == ["value", "x"]
    assert (second["n"], second["passed"]) == (2, False)
    (differs,) = second["comparisons"]
    assert differs["worst"][0] == {"index": [1], "got": 4.0, "want": 5.0, "allowed": 5.00001e-7}
    assert "it agrees with gradcalc, not with what is expected" in differs["opinion"]
    assert third["comparisons"][0]["against"] == "complex step"
    assert run.err == "gradcalc: 3 records: 2 passed, 1 failed (line 2)\n"
    assert run.code == 1


@pytest.mark.parametrize(
    ("record", "passed"),
    [
        ({"x": [1, 2]}, True),
        ({"x": 3, "value": 9}, True),
        ({"x": 3, "value": 9.1}, False),
        ({"x": 3, "value": 9.1, "rtol": 0.1}, True),
        ({"x": 3, "value": 9.1, "atol": 0.2}, True),
        ({"x": 3, "value": 9.1, "grads": {"x": 6.1}, "atol": {"value": 0.2}}, False),
        ({"x": 3, "value": 9.1, "grads": {"x": 6.1}, "atol": {"value": 0.2, "x": 0.2}}, True),
        ({"inputs": {"x": [1, 2]}, "value": 5}, True),
        ({"inputs": {"x": [1, "NaN"]}, "grads": {"x": [2, "NaN"]}}, True),
        ({"inputs": {"x": [1, 2]}, "grads": {"x": [2, "NaN"]}}, False),
        ({"x": [1, 2], "grads": {"x": [2, 4, 6]}}, False),
        ({"x": [1, 2], "value": [5]}, False),
        ({"x": [1, 2], "gradient": 10, "grads": {"x": [20, 40]}}, True),
        ({"x": [1, 2], "wrt": "x"}, True),
        ({"x": [], "value": 0, "grads": {"x": []}}, True),
    ],
)
def test_what_a_record_may_say(gradcalc, record, passed):
    (found,) = answers(gradcalc, SQUARES, record)
    assert found["passed"] is passed


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "G209"),
        ("[1, 2]", "G218"),
        ('{"y": 1}', "G201"),
        ('{"inputs": {}}', "G201"),
        ('{"inputs": {"x": 1, "y": 1}}', "G216"),
        ('{"inputs": [1]}', "G218"),
        ('{"x": [1, "2"]}', "G203"),
        ('{"x": [1], "grads": {"x": ["2"]}}', "G203"),
        ('{"x": [1], "grads": {"x": [true]}}', "G205"),
        ('{"x": [1], "grads": [2]}', "G218"),
        ('{"x": [1], "grads": {"y": [2]}}', "G216"),
        ('{"x": [1], "value": null}', "G204"),
        ('{"x": [1], "value": 1, "value": 2}', "G207"),
        ('{"x": [1], "value": 1, "rtol": -1}', "G218"),
        ('{"x": [1], "value": 1, "rtol": "1"}', "G218"),
        ('{"x": [1], "seed": -1}', "G218"),
        ('{"x": [1], "wrt": 1}', "G218"),
        ('{"x": [1], "wrt": "z"}', "G003"),
    ],
)
def test_a_bad_record_is_answered_in_its_place(gradcalc, line, code):
    good = '{"id": "a", "x": [1, 2], "value": 5}'
    run = gradcalc(*SQUARES, "--keep", "id", stdin=f"{good}\n{line}\n{good}\n")
    first, error, last = lines(run)
    assert (first["passed"], first["id"], last["passed"]) == (True, "a", True)
    assert (error["n"], error["error"]["line"]) == (2, 2)
    assert error["error"]["code"] == code
    assert run.code == 1


def test_a_place_inside_a_table(gradcalc):
    (found,) = lines(gradcalc(*SQUARES, stdin='{"x":[1],"grads":{"x":["two"]}}'))
    assert found["error"]["column"] == 24
    assert found["error"]["message"] == "grads.x[0] is a string, not a number"


def test_a_variable_called_as_a_member_goes_into_inputs(gradcalc):
    words = ["check", "value*value", "--jsonl"]
    bad, good = answers(gradcalc, words, {"value": 3}, {"inputs": {"value": 3}, "value": 9})
    assert "has a meaning in checks" in bad["error"]["help"][0]
    assert good["passed"]


def test_an_expression_in_each_record(gradcalc):
    given = [
        {"expr": "a*x", "x": 3, "value": 6},
        {"expr": "sum(x)", "x": [1, 2], "grads": {"x": [1, 1]}},
        {"x": 3},
        {"expr": "x +"},
    ]
    found = answers(gradcalc, ["check", "-", "a=2", "--jsonl"], *given)
    assert [a.get("passed", a.get("error", {}).get("code")) for a in found] == [
        True, True, "G218", "G102",
    ]  # fmt: skip


def test_together_as_alone(gradcalc, monkeypatch):
    """Stacked or not, answers are the same."""
    random = np.random.default_rng(0)
    given = []
    for i in range(200):
        x = random.normal(size=random.integers(1, 3))
        grads = np.cos(x) + (1e-3 if i % 17 == 3 else 0)
        given.append({"x": x.tolist(), "value": np.sin(x).sum(), "grads": {"x": grads.tolist()}})
    words = ["check", "sum(sin(x))", "--jsonl"]
    together = answers(gradcalc, words, *given)
    monkeypatch.setattr(stream_checks.Checks, "together", 1)
    assert answers(gradcalc, words, *given) == together
    assert [a["n"] for a in together if not a["passed"]] == [i + 1 for i in range(3, 200, 17)]


def test_one_singular_matrix_among_many(gradcalc):
    given = [{"A": [[2, 0], [0, i]], "value": 0.5 + 1 / max(i, 1)} for i in range(9)]
    found = answers(gradcalc, ["check", "sum(inv(A))", "--jsonl"], *given)
    assert found[0]["error"]["code"] == "G502"
    assert all(a["passed"] for a in found[1:])


def test_exit_zero_and_what_ends_a_stream(gradcalc):
    wrong = '{"x": 1, "value": 2}\n'
    assert gradcalc(*SQUARES, "--exit-zero", stdin=wrong).code == 0
    assert gradcalc(*SQUARES, "--on-error", "stop", stdin=wrong * 2).out.count("\n") == 2
    run = gradcalc(*SQUARES, "--on-error", "stop", stdin=wrong + "bad\n" + wrong)
    assert (run.code, run.out.count("\n")) == (4, 1)


def test_float32(gradcalc):
    record = {"x": [0.1, 0.7], "grads": {"x": [0.2, 1.4]}}
    assert not answers(gradcalc, [*SQUARES, "--dtype", "float32", "--rtol", "0", "--atol", "0"],
                       record)[0]["passed"]  # fmt: skip
    (found,) = answers(gradcalc, [*SQUARES, "--dtype", "float32"], record)
    assert found["passed"]
    assert found["comparisons"][0]["rtol"] == 1.3e-6
    (found,) = answers(gradcalc, [*SQUARES, "--dtype", "float32"], {"x": 1e300})
    assert found["error"]["code"] == "G206"


@pytest.mark.parametrize(
    "words",
    [
        [*SQUARES, "--expect-value", "3"],
        [*SQUARES, "--expect-grad", "x=3"],
        [*SQUARES, "--report", "json"],
        [*SQUARES, "-f", "suite.toml"],
        [*SQUARES, "--update"],
        [*SQUARES, "--rtol=-1"],
        [*SQUARES, "--keep", "passed"],
        [*SQUARES, "z=3"],
    ],
)
def test_what_is_wrong_with_all_records_is_told_once(gradcalc, words):
    run = gradcalc(*words, stdin='{"x": 1}\n')
    assert run.out == ""
    assert run.code in (2, 4)
    assert run.err.startswith("error[")
