"""`gradcalc diff --jsonl`: a record of shapes in, its closed forms out."""

import json

import pytest

MSE = ["diff", "mean((X @ w - y)**2)", "--jsonl", "--wrt", "w"]
SHAPES = {"X": [5, 3], "w": [3], "y": [5]}


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def answers(gradcalc, words, *records):
    return lines(gradcalc(*words, stdin="\n".join(map(json.dumps, records))))


def test_a_record_a_line(gradcalc):
    named = {"X": ["n", "d"], "w": ["d"], "y": ["n"]}
    run = gradcalc(*MSE, stdin="\n".join(json.dumps({"shapes": s}) for s in (SHAPES, named)))
    assert run.out == (
        '{"n":1,"gradients":{"w":{"shape":[3],"let":[],"expr":"2/5*X.T @ (X @ w - y)"}}}\n'
        '{"n":2,"gradients":{"w":{"shape":["d"],"let":[],"expr":"2/n*X.T @ (X @ w - y)"}}}\n'
    )
    assert (run.code, run.err) == (0, "gradcalc: 2 records: 2 done\n")


def test_a_record_says_more_than_the_command_line(gradcalc):
    given = [
        {"expr": "x**3"},
        {"expr": "x**3", "order": 2},
        {"expr": "sum(x*y)", "shapes": {"x": [2], "y": [2]}, "wrt": "x,y"},
        {"expr": "sin(x)", "shapes": {"x": ["n"]}, "gradient": "g"},
        {"expr": "x @ A @ x", "shapes": {"x": [3], "A": [3, 3]}, "symmetric": "A"},
        {"expr": "sum(sqrt(x**2))", "shapes": {"x": [3]}, "positive": ["x"]},
    ]
    found = answers(gradcalc, ["diff", "-", "--jsonl", "--wrt", "x"], *given)
    forms = [{name: f["expr"] for name, f in a["gradients"].items()} for a in found]
    assert forms == [
        {"x": "3*x**2"},
        {"x": "6*x"},
        {"x": "y", "y": "x"},
        {"x": "g*cos(x)"},
        {"x": "2*A @ x"},
        {"x": "ones_like(x)"},
    ]


def test_shapes_of_the_command_line_hold_where_a_record_has_none(gradcalc):
    words = ["diff", "sum(x*y)", "x:2", "y:2", "--jsonl"]
    first, second = answers(gradcalc, words, {}, {"shapes": {"x": [3], "y": [3]}})
    assert first["gradients"]["x"]["shape"] == [2]
    assert second["gradients"]["x"]["shape"] == [3]


def test_another_notation(gradcalc):
    (found,) = answers(gradcalc, [*MSE, "--format", "latex"], {"shapes": SHAPES})
    assert found["gradients"]["w"]["latex"].startswith("\\frac{2}{5}")
    (found,) = answers(gradcalc, [*MSE, "--format", "numpy"], {"shapes": SHAPES})
    assert "def gradient_w(X, w, y):" in found["gradients"]["w"]["numpy"]
    run = gradcalc("diff", "x*x", "--json", "--format", "latex")
    assert json.loads(run.out)["gradients"]["x"]["latex"] == "2 x"


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("", "G209", "the line is empty"),
        ("{", "G209", "ends too early"),
        ("[1]", "G218", "the record is not an object"),
        ('{"x": 1, "x": 2}', "G207", "given twice"),
        ('{"X": [5, 3]}', "G218", "`X` stands in the record, but not in its `shapes`"),
        ('{"shapes": [5]}', "G218", "`shapes` is not a table"),
        ('{"shapes": {"X": 5}}', "G218", "the shape of `X` is not a list of sizes"),
        ('{"shapes": {"X": [-5]}}', "G218", "the shape of `X` is not a list of sizes"),
        ('{"shapes": {"X": ["n+1"]}}', "G218", "the shape of `X` is not a list of sizes"),
        ('{"shapes": {"X": [true]}}', "G218", "the shape of `X` is not a list of sizes"),
        ('{"shapes": {"X": [5, 3], "w": [4]}}', "G301", "`@` needs"),
        ('{"wrt": 3}', "G218", "`wrt` is not a list of names"),
        ('{"wrt": "z"}', "G003", "there is no variable `z`"),
        ('{"order": 0}', "G218", "`order` is not a whole number"),
        ('{"gradient": 1}', "G218", "`gradient` is not a name"),
        ('{"gradient": "w"}', "G003", "the expression has a variable of this name"),
        ('{"symmetric": "w"}', "G306", "not declared as a square matrix"),
    ],
)
def test_a_bad_record_is_answered_in_its_place(gradcalc, line, code, told):
    good = json.dumps({"id": 1, "shapes": SHAPES})
    run = gradcalc(*MSE, "--keep", "id", stdin=f"{good}\n{line}\n{good}\n")
    first, error, last = lines(run)
    assert first.pop("n") == 1
    assert last.pop("n") == 3
    assert first == last
    assert (error["n"], error["error"]["line"], run.code) == (2, 2, 1)
    assert (error["error"]["code"], told in error["error"]["message"]) == (code, True)


@pytest.mark.parametrize(
    "words",
    [
        ["diff", "x +", "--jsonl"],
        ["diff", "x", "--jsonl", "--keep", "gradients"],
        ["diff", "x", "x=nothing", "--jsonl"],
        ["diff", "x", "--jsonl", "--order", "0"],
    ],
)
def test_what_is_wrong_with_all_records_is_told_once(gradcalc, words):
    run = gradcalc(*words, stdin="{}\n{}\n")
    assert run.out == ""
    assert run.code in (2, 3, 4)
    assert run.err.startswith("error[")
