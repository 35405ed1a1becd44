"""Diagnostics as they are read: one file per message in snapshots/, to be reviewed as prose.

With GRADCALC_UPDATE_SNAPSHOTS=1 the files are written instead of compared.
"""

import doctest
import os
import re
import shlex
from pathlib import Path

import pytest

from gradcalc.grammar import errors, parse
from gradcalc.grammar.codes import CODES
from gradcalc.grammar.errors import Diagnostic, Label, suggest

SNAPSHOTS = Path(__file__).parent / "snapshots"

MISTAKES = {
    # brackets and strings
    "bracket_never_closed": "mean(x*x",
    "bracket_never_closed_before_new_line": "r = (x + 1\nmean(r)",
    "bracket_never_closed_before_semicolon": "mean(x; y",
    "bracket_of_another_kind": "(x]",
    "bracket_closes_nothing": "mean(x))",
    "brackets_too_deep": "(" * 10_001,
    "string_never_closed": "einsum('ij->i, x)",
    "string_with_prefix": "einsum(f'ij->i', x)",
    "string_with_backslash": "einsum('ij\\n', x)",
    # no implicit multiplication
    "number_before_name": "3 + 2x",
    "number_before_bracket": "2(x + 1)",
    "name_before_name": "x y",
    "function_without_bracket": "sin x",
    "list_without_commas": "[1 2]",
    "two_strings": "'a' 'b'",
    # a value or an operator is missing
    "nothing": "",
    "nothing_but_a_comment": "# mean(x)",
    "operator_after_operator": "x + * y",
    "operator_first": "* x",
    "operator_last": "x +",
    "comma_twice": "f(x,, y)",
    "comma_outside": "x, y",
    "colon_outside": "f(1:2)",
    "name_missing_after_dot": "x.",
    "argument_after_keyword": "sum(dim=0, x)",
    "keyword_twice": "sum(x, dim=0, dim=1)",
    # assignments
    "assignment_inside": "where(x + 1 = 2, x, 0)",
    "assignment_twice": "a = b = 3",
    "assignment_to_a_sum": "x + 1 = y",
    "assignment_to_an_attribute": "x.T[0] = 1",
    # habits from elsewhere
    "caret": "x^2",
    "caret_transpose": "X^T @ X",
    "prime": "x' @ y",
    "dotted_operator": "x .* y",
    "dotted_caret": "x .^ 2",
    "bitwise_and": "(x > 0) & (y > 0)",
    "factorial": "x!",
    "question_mark": "x > 0 ? x : 0",
    # Python outside the language
    "conditional": "x if x > 0 else 0",
    "comprehension": "[v*v for v in x]",
    "lambda": "lambda x: x*x",
    "and": "x > 0 and y > 0",
    "not": "not x",
    "import": "import torch",
    "unpacking": "f(*xs)",
    "dictionary": "{1: 2}",
    "walrus": "x := 3",
    "complex_number": "2j*x",
    "hexadecimal_number": "0xFF",
    # characters and numbers
    "multiplication_sign": "x × y",
    "minus_sign": "x − 1",
    "middle_dot": "x·y",
    "superscript": "x²",
    "subscript": "x₁",
    "fraction": "½*x",
    "quotation_marks": "einsum(“ij->i”, x)",
    "no_break_space": "x\u00a0+ 1",
    "null_character": "x\0y",
    "half_a_character": "x + \ud800",
    "leading_zero": "007*x",
    "number_too_large": "1e400",
    # places
    "after_wide_characters": "漢字 + 平均 平均",
    "on_a_later_line": "r = X @ w - y\n\nmean(r^2)",
    "in_a_long_line": "x + " * 2_000 + "2y" + " + x" * 2_000,
}


@pytest.mark.parametrize("name", MISTAKES)
def test_snapshot(name: str) -> None:
    text = MISTAKES[name]
    with pytest.raises(Diagnostic) as caught:
        parse.parse(text)
    shown = text if len(text) < 100 else f"{text[:40]}... ({len(text):,} characters)"
    shown = "".join(c if c.isprintable() or c == "\n" else f"<U+{ord(c):04X}>" for c in shown)
    found = f"{shown}\n\n{caught.value.render()}\n"
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("GRADCALC_UPDATE_SNAPSHOTS"):
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


# --- how a diagnostic is laid out -----------------------------------------------------------


def render(source: str, *labels: Label, **members: str) -> list[str]:
    """The rows but for the last, which says where there is more about it."""
    diagnostic = Diagnostic("G301", "they differ", source, list(labels), **members)
    *rows, way = diagnostic.render().splitlines()
    assert way == "  = more about it: `gradcalc explain G301`"
    return rows


def test_one_label_stands_on_the_row_of_its_marks() -> None:
    assert render("x @ w", Label((2, 3), "here", primary=True)) == [
        "error[G301]: they differ",
        "  1 | x @ w",
        "    |   ^ here",
    ]


def test_several_labels_hang_below_each_other() -> None:
    labels = [
        Label((2, 3), "2 is not 3", primary=True),
        Label((0, 1), "(3, 2)"),
        Label((4, 9), "(3,)"),
    ]
    assert render("x @ (w+1)", *labels)[1:] == [
        "  1 | x @ (w+1)",
        "    | - ^ -----",
        "    | | | (3,)",
        "    | | 2 is not 3",
        "    | (3, 2)",
    ]


def test_a_label_within_another_stays_visible() -> None:
    row = render("(x @ w)", Label((0, 7)), Label((3, 4), primary=True))[2]
    assert row == "    | ---^---"


def test_columns_count_cells() -> None:
    assert render("漢\t+ x", Label((4, 5), primary=True))[1:] == [
        "  1 | 漢    + x",
        "    |         ^",
    ]


def test_the_end_is_after_the_last_character() -> None:
    assert render("x +", Label((3, 3), primary=True))[2] == "    |    ^"
    assert render("", Label((0, 0), primary=True))[1:] == ["  1 |", "    | ^"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_only_lines_with_labels_are_shown(newline: str) -> None:
    source = newline.join(["a"] * 9 + ["bcd", "e"])
    start = source.index("c")
    labels = [Label((start, len(source)), "to the end", primary=True), Label((0, 1), "there")]
    assert render(source, *labels, origin="x.json")[1:] == [
        "  in x.json:",
        "   1 | a",
        "     | - there",
        "  10 | bcd",
        "     |  ^^ to the end",
    ]


def test_a_long_line_is_cut_around_its_labels() -> None:
    source = "f(" + "x" * 10_000 + "!" + "y" * 10_000 + ")"
    rows = render(source, Label((10_002, 10_003), primary=True), Label((1, 2), "opened"))
    assert all(len(row) < 120 for row in rows)
    assert rows[1].count("…") == 2
    assert rows[1][rows[2].index("^")] == "!"


def test_ascii() -> None:
    diagnostic = Diagnostic("G105", "`²`", "漢²", [Label((1, 2), primary=True)], ["“”"])
    assert diagnostic.render(ascii=True).splitlines() == [
        "error[G105]: `\\xb2`",
        "  1 | \\u6f22\\xb2",
        "    |       ^^^^",
        "  = \\u201c\\u201d",
    ]


def test_as_json() -> None:
    diagnostic = Diagnostic("G104", "no", "x^2", [Label((1, 2), primary=True)], ["`**`"])
    expected = {"code": "G104", "message": "no", "span": [1, 2], "help": ["`**`"]}
    assert diagnostic.as_json() == expected
    assert Diagnostic("G201", "no").as_json()["span"] is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("maen", "mean"), ("MEAN", "mean"), ("sotfmax", "softmax"), ("softmx", "softmax"),
        ("reulu", "relu"), ("logsumxp", "logsumexp"), ("transpos", "transpose"), ("smu", "sum"),
        ("LogSoftmax", "log_softmax"), ("--jsno", "--json"), ("tahn", "tanh"), ("cosh2", "cosh"),
        # of another library or of none
        ("qqq", None), ("cuda", None), ("Linear", None), ("factorial", None), ("len", None),
        ("eig", None), ("lu", None), ("unfold", None), ("special", None), ("foo", None),
        ("y", None), ("", None),
    ],
)  # fmt: skip
def test_suggest(word: str, meant: str | None) -> None:
    known = (
        "max mean softmax log_softmax relu glu logsumexp transpose sum le neg cummax rand inner "
        "tan tanh cosh cos cofactor fmod floor spherical_jn x --json"
    )
    assert suggest(word, known.split()) == meant


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(errors).failed == doctest.testmod(parse).failed == 0


# --- the table of codes ---------------------------------------------------------------------

EXITS = {
    "0": {2}, "1": {3}, "2": {4}, "3": {4}, "4": {3, 4}, "5": {5}, "6": {4}, "7": {1}, "9": {70},
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_code_is_explained(code: str) -> None:
    title, exit_code, explanation = CODES[code]
    lines = explanation.splitlines()
    assert re.fullmatch(r"G\d\d\d", code)
    assert exit_code in EXITS[code[1]]
    assert title
    assert 3 <= len(lines) <= 8
    assert max(map(len, lines)) <= 96


PARSED = [code for code in CODES if "G101" <= code <= "G107" or code in ("G108", "G115")]


@pytest.mark.parametrize("code", PARSED)
def test_example_of_a_code_shows_it(code: str) -> None:
    (example,) = re.findall(r"^    (gradcalc .*)$", CODES[code].explanation, re.MULTILINE)
    with pytest.raises(Diagnostic) as caught:
        parse.parse(shlex.split(example)[2])
    assert caught.value.code == code
