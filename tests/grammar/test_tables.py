"""The tables of the parser are those of the grammar files."""

import pytest

from gradcalc.grammar.lark_tables import GRAMMARS, HERE, source


@pytest.mark.parametrize("module", GRAMMARS)
def test_tables_are_in_step_with_the_grammar(module: str) -> None:
    """`make tables` writes them anew."""
    assert (HERE / f"{module}.py").read_text("utf-8") == source(module)
