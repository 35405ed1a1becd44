"""What is told of functions: every example runs, and the page in docs is the table's own."""

import os
from pathlib import Path

import pytest

from gradcalc.cli import functions as verb
from gradcalc.grammar.reference import describe, functions, named, reference

PAGE = Path(__file__).parents[2] / "docs" / "functions.md"


@pytest.mark.parametrize("row", functions(), ids=lambda row: row.name)
def test_every_function_tells_of_itself(row):
    told = reference(row)  # its example is parsed, built and differentiated
    assert told.doc
    assert told.command.startswith("gradcalc eval ")
    assert str(row.signature) in describe(told)
    if row.formula is None and row.differentiable and told.shapes:
        assert told.slopes, "a row with a derivative shows it"


def test_the_rule_shown_is_the_rule():
    assert reference(named("tanh")).slopes == {"x": "g*(1 - tanh(x)**2)"}
    assert reference(named("matmul")).slopes == {"x": "g @ y.T", "y": "x.T @ g"}
    assert reference(named("where")).slopes["condition"] is None
    assert reference(named("argmax")).order == "none"


def test_the_page_of_functions_is_up_to_date():
    page = verb.markdown(verb.everything())
    if os.environ.get("GRADCALC_UPDATE_SNAPSHOTS"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "run make manual"
