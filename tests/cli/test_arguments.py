"""The command line is read without typer where it is an ordinary one: to the same effect."""

from importlib import import_module
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.cli import arguments, typed
from gradcalc.cli.arguments import Argument, Option, Parameter
from gradcalc.cli.main import VERBS
from gradcalc.grammar.errors import Diagnostic

DATA = st.sampled_from(["x*x", "-x", "-", "x=1", "x=[-1]", "w:3", ""])
JUNK = st.sampled_from(
    ["--jsno", "--seed=", "--seed=1.5", "-z", "--json=1", "--", "--color", "--q"]
)


def _read(verb: str, words: list[str]) -> dict[str, Any] | str | None:
    """The arguments, None where typer is to look at it, or the code of a mistake."""
    try:
        known = arguments.parameters(import_module(f"gradcalc.cli.{verb}").run)
        return arguments.read(known, words)
    except Diagnostic as diagnostic:
        return diagnostic.code


def _typed(verb: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any] | str:
    """What typer makes of the same words."""
    seen: list[dict[str, Any]] = []

    def recording(run: Any) -> Any:
        def command(**values: Any) -> int:
            seen.append(values)
            return 0

        original = declared(run)
        command.__signature__ = original.__signature__  # type: ignore[attr-defined]
        command.__annotations__ = original.__annotations__
        return command

    declared = typed.declared
    with monkeypatch.context() as patch:
        patch.setattr(typed, "declared", recording)
        try:
            typed.run([verb, *words], VERBS)
        except Diagnostic as diagnostic:
            return diagnostic.code
    return seen[0] if seen else {}


def _option(parameter: Parameter) -> st.SearchStrategy[list[str]]:
    """The words of one option, with values good and bad."""
    if isinstance(parameter.declared, Argument):
        return st.just([])
    spelling = st.sampled_from(parameter.spellings)
    if parameter.type is bool:
        return st.tuples(spelling).map(list)
    if get_origin(parameter.type) is Literal:
        value = st.sampled_from([*get_args(parameter.type), "other"])
    else:
        value = st.sampled_from(["0", "3", "-1", "1e-3", "x,w", "a b", "--", "-q", "nan", " 7"])
    apart = st.tuples(spelling, value).map(list)
    return apart | apart.map(lambda p: ["=".join(p)] if p[0].startswith("--") else p)


@pytest.mark.parametrize("verb", VERBS)
def test_typer_reads_the_same(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = [_option(p) for p in arguments.parameters(import_module(f"gradcalc.cli.{verb}").run)]

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.one_of(*options, DATA.map(lambda w: [w]), JUNK.map(lambda w: [w]))))
    def agree(parts: list[list[str]]) -> None:
        words = [word for part in parts for word in part]
        ours, theirs = _read(verb, words), _typed(verb, words, monkeypatch)
        if ours is not None:  # else typer is asked indeed
            assert repr(ours) == repr(theirs)  # by text: a nan is not equal to itself

    agree()


@pytest.mark.parametrize("verb", VERBS)
def test_every_parameter_is_declared(verb: str) -> None:
    for parameter in arguments.parameters(import_module(f"gradcalc.cli.{verb}").run):
        assert isinstance(parameter.declared, Argument | Option)
        assert parameter.declared.help.endswith((".", ")"))
        assert parameter.default is None or isinstance(parameter.default, bool | str | int)
