"""JSON in and out: nothing is lost, and what is wrong is found at its place."""

import json
import math
import re
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcalc.cli import bindings, documents, pieces, scan
from gradcalc.grammar.errors import Diagnostic
from gradcalc.grammar.program import Expression

ARRAYS = hnp.arrays(
    st.sampled_from([np.float64, np.float32]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4),
    elements=st.floats(width=32),
)


def read(text):
    return documents.read_tensor(text if isinstance(text, bytes) else text.encode(), "x")


def refused(text):
    with pytest.raises(Diagnostic) as caught:
        read(text)
    diagnostic = caught.value
    start, end = diagnostic.span
    return diagnostic.code, diagnostic.message, diagnostic.source[start:end]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3.0),
        ("[1, 2]", [1.0, 2.0]),
        (" [[1,2],\n\t[3,4]]\r\n", [[1.0, 2.0], [3.0, 4.0]]),
        ("[1, 2.5e0, 1E2]", [1.0, 2.5, 100.0]),
        ("1e-400", 0.0),
        ("100000000000000000000000000000000", 1e32),
        ("18446744073709551615", 2.0**64),
        ("\ufeff[1]", [1.0]),
        ('["Infinity", -Infinity, 1]', [math.inf, -math.inf, 1.0]),
    ],
)
def test_numbers_are_read(text, value):
    array = read(text)
    assert array.dtype == np.float64
    assert array.tolist() == value


def test_nan_is_read_from_both_spellings():
    assert np.isnan(read('["NaN", NaN]')).all()


def test_minus_zero_is_kept():
    assert math.copysign(1, read("-0.0")) == -1
    assert documents.dumps(np.array(-0.0)) == b"-0.0"


@pytest.mark.parametrize(
    ("text", "shape"), [("[]", (0,)), ("[[],[]]", (2, 0)), ("[[[]]]", (1, 1, 0))]
)
def test_empty_lists_keep_their_shape(text, shape):
    assert read(text).shape == shape


@pytest.mark.parametrize(
    ("text", "code", "path", "marked"),
    [
        ("[[1,2],[3]]", "G202", "x[1] has 1 entry", "[3]"),
        ("[[1],2]", "G202", "x[1] is a number", "2"),
        ("[1,[2]]", "G202", "x[1] is a list", "[2]"),
        ("[[[1]],[2]]", "G202", "x[1][0] is a number", "[2]"),
        ("[[[1]],[[[2]]]]", "G202", "x[1][0][0] is a list", "[2]"),
        ("[[[]],[]]", "G202", "x[1] has 0 entries", "[]"),
        ("[1,\"two\"]", "G203", "x[1]", '"two"'),
        ("[[0,1],[2,null]]", "G204", "x[1][1]", "null"),
        ("[true,1]", "G205", "x[0]", "true"),
        ("[1,false]", "G205", "x[1]", "false"),
        ("[true,false]", "G205", "x[0]", "true"),
        ("[1,1e400]", "G206", "x[1]", "1e400"),
        ("-1" + "0" * 400, "G206", "x ", "-1" + "0" * 400),
        ("[" * 65 + "1" + "]" * 65, "G208", "64", "["),
        ("[" * 100_000, "G208", "64", "["),
        ("[{}]", "G217", "x[0]", "{"),
        ("[1,2", "G209", "too early", ""),
        ("[1,,2]", "G209", "JSON", ","),
        ("[1 2]", "G209", "JSON", "2"),
        ("[1,2]]", "G209", "ends before", "]"),
        ("[1,]", "G209", "JSON", "]"),
        ("01", "G209", "ends before", "1"),
        ("['a']", "G209", "JSON", "'"),
        ("", "G209", "too early", ""),
        ('"\\ud83d"', "G203", "x is a string", '"\\ud83d"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_marked(text, code, path, marked):
    found = refused(text)
    assert found[0] == code
    assert path in found[1]
    assert found[2] == marked


def test_bytes_that_are_not_utf8_are_counted():
    code, message, marked = refused('["é", '.encode() + b"\xff]")
    assert (code, marked) == ("G213", r"\xff")
    assert "byte 7" in message


def test_an_object_binds_names():
    bound, other = documents.read_bindings(b'{"x": [1, 2], "id": "a", "y": 3}', {"x", "y", "z"})
    assert {name: array.tolist() for name, array in bound.items()} == {"x": [1, 2], "y": 3}
    assert other == ["id"]


def test_what_an_object_does_not_bind_may_be_anything():
    text = b'{"id": [true, {"a": null}], "x": [NaN], "note": "\\u00e9"}'
    bound, other = documents.read_bindings(text, {"x"})
    assert list(bound) == ["x"]
    assert other == ["id", "note"]


@pytest.mark.parametrize("text", ['{"x":1,"x":2}', '{"a":{"b":1,"b":2},"x":1}'])
def test_equal_keys_are_refused(text):
    with pytest.raises(Diagnostic, match="twice") as caught:
        documents.read_bindings(text.encode(), {"x"})
    assert caught.value.code == "G207"


@pytest.mark.parametrize("text", [b"[1]", b"3", b' "NaN"', b""])
def test_no_object_binds_nothing(text):
    assert documents.read_bindings(text, {"x"}) is None


@given(ARRAYS)
def test_output_is_input(array):
    text = documents.dumps(array)
    json.loads(text, parse_constant=pytest.fail)  # strict
    back = read(text).astype(array.dtype)
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes() or np.isnan(array).any()
    np.testing.assert_array_equal(back, array)


@given(ARRAYS)
def test_indenting_changes_blanks_only(array):
    plain, indented = (documents.dumps({"x": array}, indent=i) for i in (False, True))
    assert re.sub(rb"\s", b"", indented) == plain


def test_floats_have_their_shortest_digits():
    single = np.array([0.1, np.inf], np.float32)
    assert documents.dumps(single[:1]) == b"[0.1]"
    assert documents.dumps(single) == b'[0.1,"Infinity"]'
    assert documents.dumps(np.array([0.1 + 0.2])) == b"[0.30000000000000004]"


def test_an_indented_row_is_a_line():
    text = documents.dumps({"x": np.ones((2, 3)), "shape": [2, 3]}, indent=True).decode()
    assert text.splitlines() == [
        "{",
        '  "x": [',
        "    [1.0, 1.0, 1.0],",
        "    [1.0, 1.0, 1.0]",
        "  ],",
        '  "shape": [2, 3]',
        "}",
    ]


JSON_LIKE = st.text(alphabet='[]{},:"0123456789.-+eE \n\\truefalsnNIity', max_size=40)


@given(st.one_of(st.binary(max_size=60), JSON_LIKE.map(str.encode)))
def test_any_bytes_give_a_tensor_or_a_code(data):
    for read_ in (documents.read_tensor, documents.read_bindings):
        with suppress(Diagnostic):
            read_(data, "x")


@given(JSON_LIKE)
def test_the_exact_reader_agrees_with_the_standard_one(text):
    """Whatever Python's strict reader refuses is refused, and what it reads is read the same."""
    events = scan.Events(text, "")
    try:
        events.skip()
        events.finish()
        accepted = True
    except Diagnostic as diagnostic:
        accepted = diagnostic.code == "G207"
    try:
        json.loads(text)
        expected = True
    except ValueError:
        expected = False
    assert accepted == expected


# --- large documents ---------------------------------------------------------------------------

ODD = ["null", "true", '"a"', "{}", "[]", "[1]", "[1,2]", "[[1]]", "1e999", "NaN", '"NaN"', "x", ""]


@st.composite
def large(draw):
    """A document with many numbers in it, in which something may be odd."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6))
    blanks = draw(st.sampled_from(["", " ", "\n"]))
    text = json.dumps(np.arange(math.prod(shape)).reshape(shape).tolist(), separators=(",", ":"))
    text = text.replace(",", f"{blanks},{blanks}")
    for _ in range(draw(st.integers(0, 2))):
        places = [match.span() for match in re.finditer(r"\d+|\[\d+\]|\]", text)]
        start, end = draw(st.sampled_from(places)) if places else (0, 0)
        text = text[:start] + draw(st.sampled_from(ODD)) + text[end:]
    return text


def outcome(text):
    events = scan.Events(text, "")
    try:
        array = scan.Tensor("x", events).read()
        events.finish()
        return array.shape, array.tobytes()
    except Diagnostic as wrong:
        return wrong.code, wrong.message, wrong.labels


@given(large(), st.integers(1, 40))
def test_many_items_at_once_are_read_as_one_by_one(text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan.Events, "pass_items", lambda *_: (0, b""))
        slowly = outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE", size)
        quickly = outcome(text)
    assert quickly[:2] == slowly[:2]
    if len(slowly) == 3:  # a row too long for a piece is blamed at its first number
        assert quickly[2][0].span[0] - slowly[2][0].span[0] in (0, 1)


def test_the_place_in_a_large_document_is_found_in_few_steps(monkeypatch):
    steps = []
    token = scan.Events._token
    monkeypatch.setattr(scan.Events, "_token", lambda self: steps.append(1) or token(self))
    for items, odd, code in [("[1,2],", "[1]", "G202"), ("1,", "null", "G204")]:
        assert refused("[" + 50_000 * items + odd + "]")[0] == code
    assert len(steps) < 50_000


@pytest.mark.parametrize("text", ["[1,2,3]", "[[1],[2],[3]]", '{"x":[1,2,3]}'])
def test_too_many_numbers_are_counted_before_they_are_read(text, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(documents, "_LARGE", 1)
    monkeypatch.setattr(documents, "loads", never)
    monkeypatch.setattr(pieces, "array", never)
    with pytest.raises(Diagnostic, match="G601"):
        bindings.from_document(Expression.read("x"), {}, ["x"], [], text.encode(), 2, "")


def test_commas_that_separate_no_numbers_do_not_count():
    assert documents.read_tensor(b"[[],[],[],[]]", "x", most=1).shape == (4, 0)
