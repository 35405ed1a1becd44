"""Large documents, read in pieces: the same arrays, and nothing accepted that is not JSON."""

import json

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.cli import documents, pieces
from gradcalc.grammar.errors import Diagnostic

SHAPES = [(1,), (7,), (100,), (3, 40), (40, 3), (1, 90), (5, 4, 6), (2, 1, 70), (4, 1, 1, 3)]
FORMS = [
    {},
    {"separators": (",", ":")},
    {"indent": 1},
    {"separators": (" ,\n", ":")},
]


@pytest.fixture(params=[1, 16, 100, 10_000])
def small(request, monkeypatch):
    """Everything is large, and cut into small pieces."""
    monkeypatch.setattr(pieces, "PIECE", request.param)
    monkeypatch.setattr(documents, "_LARGE", 0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_array(small, shape, form):
    x = np.random.default_rng(0).normal(size=shape)
    text = json.dumps(x.tolist(), **form).encode()
    found = pieces.array(text + b"\n")
    assert found is not None
    np.testing.assert_array_equal(found, x)
    assert (found.shape, found.dtype, found.flags.writeable) == (x.shape, np.float64, True)
    (bound, other) = documents.read_bindings(b' {"x": %b ,"y":2, "z":[1]}' % text, ["x", "y"])
    np.testing.assert_array_equal(bound["x"], x)
    assert (bound["y"], other) == (2, ["z"])


WRONG = [
    "[1,2,]", "[,1]", "[1,,2]", "[1 2]", "[1", "1]", "[[1,2],[3]]", "[[1,2],3]", "[1,[2]]",
    "[[1,2]],[3]", "[[1],[2]],", "[[1,2]3,[4,5]]", "[1[,2]]", "[[1],[[2]]]", "[1],[2]", "[]",
    "[[],[]]", "[1,null]", '[1,"2"]', '["1","2"]', "[true,1]", "[1,false]", "[1e400]", "[NaN]",
    '[[1,2],"34"]', '[{"a":1},{"b":2}]', "[1,2]]", "[[1,2]", "[01]", "[1,2] 3", "[+1]", "[.5]",
    "[" * 65 + "1" + "]" * 65, "", "5", "x", "[1\x00]",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_odd_is_left_alone(small, text):
    assert pieces.array(text.encode()) is None


@pytest.mark.parametrize(
    "text",
    ['{"x":[1],"x":[2]}', '{"x":[1]', '{"x":[1],}', '{"x" [1]}', '{x:[1]}', '{"x":[1]}}', "{,}",
     '{"x":[1]"y":[2]}', '{"x":[1],,"y":[2]}', '{"\\u0078":[1]}', '{"x\n":[1]}', '{"x":}'],
)  # fmt: skip
def test_an_odd_object_is_left_alone(small, text):
    found = pieces.members(text.encode())
    assert found is None or any(pieces.array(value) is None for value in found.values())


def outcome(data, names):
    """What comes of reading a document: arrays, or the code of the mistake."""
    try:
        found = documents.read_bindings(data, names)
        if found is None:
            found = {"": documents.read_tensor(data, "x")}, []
    except Diagnostic as diagnostic:
        return diagnostic.code, diagnostic.span
    return {name: (a.shape, a.tobytes()) for name, a in found[0].items()}, found[1]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_pieces_change_nothing(data):
    """A document with a few bytes changed is read, or refused, as it is in one piece."""
    shape = data.draw(st.sampled_from(SHAPES))
    x = np.round(np.random.default_rng(1).normal(size=shape), 1).tolist()
    text = orjson.dumps(data.draw(st.sampled_from([x, {"x": x}, {"x": x, "y": x}])))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        new = data.draw(
            st.sampled_from([b"", b"[", b"]", b",", b" ", b"1", b'"', b"{", b"}", b"N"])
        )
        text = text[:at] + new + text[at + data.draw(st.integers(0, 1)) :]
    large, piece = documents._LARGE, pieces.PIECE
    try:
        documents._LARGE, pieces.PIECE = 10**9, 20
        whole = outcome(text, ["x", "y"])
        documents._LARGE = 0
        assert outcome(text, ["x", "y"]) == whole
    finally:
        documents._LARGE, pieces.PIECE = large, piece
