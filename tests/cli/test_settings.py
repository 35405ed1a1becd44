"""Defaults from files and from the environment: what counts for more, and what is refused."""

import os
from importlib import import_module
from pathlib import Path

import pytest

from gradcalc.cli import arguments, settings
from gradcalc.cli.verbs import VERBS

THIRD = ("eval", "x", "x=1/3")


@pytest.fixture
def shown(gradcalc):
    """The value as `eval` shows it, or what it says on standard error."""

    def run(*words):
        done = gradcalc(*THIRD, *words)
        return done.err or next(
            line.split()[-1] for line in done.out.splitlines() if line.startswith("value")
        )

    return run


def test_a_flag_counts_more_than_the_environment_and_that_more_than_a_file(
    shown, tmp_path, monkeypatch
):
    assert shown() == "0.333333"
    (tmp_path / "gradcalc.toml").write_text("precision = 2\n")
    assert shown() == "0.33"
    monkeypatch.setenv("GRADCALC_PRECISION", "3")
    assert shown() == "0.333"
    assert shown("--precision", "4") == "0.3333"
    assert shown("--isolated") == "0.333333"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gradcalc.toml", "precision = 2"),
        ("gradcalc.toml", 'eval = { precision = "2" }'),
        ("gradcalc.toml", "precision = 9\n[eval]\nprecision = 2"),
        ("gradcalc.toml", "[diff]\nformat = 'latex'\n[eval]\nprecision = 2"),
        ("pyproject.toml", "[tool.gradcalc]\nprecision = 2"),
        ("pyproject.toml", "tool.gradcalc.precision = 2"),
        ("pyproject.toml", "[project]\nname = 'a'\n[tool.gradcalc.eval]\nprecision = 2"),
    ],
)
def test_where_it_may_stand(shown, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert shown() == "0.33"


def test_the_nearest_file_counts(shown, tmp_path, monkeypatch):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    (tmp_path / "gradcalc.toml").write_text("precision = 2")
    assert shown() == "0.33"
    (inner.parent / "pyproject.toml").write_text("[project]\nname = 'not for gradcalc'")
    assert shown() == "0.33"
    (inner / "pyproject.toml").write_text("[tool.gradcalc]\nprecision = 4")
    assert shown() == "0.3333"
    (inner / "gradcalc.toml").write_text("precision = 5")
    assert shown() == "0.33333"


@pytest.mark.parametrize("end", ["repository", "home", "open to all"])
def test_how_far_it_is_looked_for(shown, tmp_path, monkeypatch, end):
    inner = tmp_path / "a"
    inner.mkdir()
    monkeypatch.chdir(inner)
    (tmp_path / "gradcalc.toml").write_text("precision = 2")
    assert shown() == "0.33"
    if end == "repository":
        (inner / ".git").mkdir()
    elif end == "home":
        monkeypatch.setenv("HOME", str(inner))
    else:
        tmp_path.chmod(0o777)
    assert shown() == "0.333333"


def test_what_is_in_the_home_folder_counts_where_there_is_nothing_else(
    shown, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "gradcalc").mkdir(parents=True)
    (tmp_path / "config" / "gradcalc" / "gradcalc.toml").write_text("precision = 2")
    assert shown() == "0.33"
    (tmp_path / "gradcalc.toml").write_text("ascii = true")
    assert shown() == "0.333333"


def test_every_kind_of_value(gradcalc, tmp_path, monkeypatch):
    lines = ["max-elements = 3", "rtol = 1", 'report = ["tap", "json:a.json"]', "ascii = true"]
    (tmp_path / "gradcalc.toml").write_text("\n".join(lines))
    assert "error[G601]" in gradcalc("eval", "ones(4)", "--no-grad").err
    run = gradcalc("check", "x*x", "x=1", "--expect-value", "1.5")
    assert run.code == 0
    assert run.out.startswith("TAP version")
    assert (tmp_path / "a.json").exists()
    monkeypatch.setenv("GRADCALC_REPORT", "json,tap:b.tap")
    assert gradcalc("check", "x*x", "x=1").out.startswith("{")
    assert (tmp_path / "b.tap").exists()
    assert "~ 0.333333" in gradcalc(*THIRD).out
    monkeypatch.setenv("GRADCALC_ASCII", "no")
    assert "≈ 0.333333" in gradcalc(*THIRD).out
    monkeypatch.setenv("GRADCALC_MAX_ELEMENTS", "")  # as if it were not set
    assert "error[G601]" in gradcalc("eval", "ones(4)", "--no-grad").err


def test_a_setting_does_not_stand_in_the_way_of_a_question(gradcalc, tmp_path):
    (tmp_path / "gradcalc.toml").write_text("rtol = 1e-3\nreport = 'json'\njobs = 1\n")
    (tmp_path / "suite.toml").write_text("[checks.a]\nexpr = 'x*x'\ninputs.x = 1\nvalue = 1\n")
    assert gradcalc("check", "-f", "suite.toml").code == 0
    assert gradcalc("check", "x*x", "--jsonl", stdin='{"x": 1}\n').code == 0


@pytest.mark.parametrize("words", [("--on-error", "stop"), ("--jobs", "2"), ("--keep", "id")])
def test_what_is_for_streams_is_refused_without_one_unless_it_is_a_setting(
    gradcalc, tmp_path, monkeypatch, words
):
    for verb in ("eval", "diff", "check"):
        refused = gradcalc(verb, "x*x", *words)
        assert refused.code == 2
        assert "G003" in refused.err
        assert words[0] in refused.err
    (tmp_path / "gradcalc.toml").write_text('on-error = "skip"\n')
    monkeypatch.setenv("GRADCALC_JOBS", "2")
    assert gradcalc(*THIRD, "-q").code == 0


def test_mistakes_are_told_as_is_usual(gradcalc, tmp_path, monkeypatch):
    (tmp_path / "gradcalc.toml").write_text("error-format = 'json'")
    assert gradcalc("eval", "x +").err.startswith('{"error":')
    assert gradcalc("eval", "x", "--nothing").err.startswith('{"error":')
    assert gradcalc("eval", "x +", "--error-format", "text").err.startswith("error[")
    monkeypatch.setenv("GRADCALC_ERROR_FORMAT", "text")
    assert gradcalc("eval", "x +").err.startswith("error[")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("precison = 4", "precison"),
        ("precision = 18", "18"),
        ("precision = true", "true"),
        ("color = 'blue'", "'blue'"),
        ("seed = -1", "-1"),
        ("seed = 1.5", "1.5"),
        ("ascii = 'yes'", "'yes'"),
        ("max-elements = 0", "0"),
        ("max-elements = [1]", "[1]"),
        ("wrt = 'x'", "wrt"),
        ("[check]\nreport = ['tap', 'jnit']", ""),
        ("[evla]\nprecision = 1", "evla"),
        ("[eval]\nformat = 'latex'", "format"),
        ("eval = {precision = 18}", "18"),
        ("color = [", ""),
    ],
)
def test_a_mistake_in_a_file(gradcalc, tmp_path, text, mark):
    (tmp_path / "gradcalc.toml").write_text(text)
    run = gradcalc(*(("check", "x", "x=1") if "check" in text else THIRD))
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error[G009]")
    assert "  in gradcalc.toml:" in run.err
    if mark:
        line, below = run.err.splitlines()[2:4]
        at, end = below.index("^"), below.rindex("^") + 1
        assert line[at:end] == mark


def test_a_file_for_others_is_left_to_them(gradcalc, tmp_path):
    (tmp_path / "pyproject.toml").write_text("gradcalc = [")
    assert gradcalc(*THIRD).code == 0


def test_a_mistake_in_the_environment(gradcalc, monkeypatch):
    monkeypatch.setenv("GRADCALC_PRECISION", "many")
    assert "  1 | GRADCALC_PRECISION=many\n    |                    ^^^^" in gradcalc(*THIRD).err
    assert gradcalc("diff", "x*x").code == 0  # which shows no numbers
    monkeypatch.delenv("GRADCALC_PRECISION")
    monkeypatch.setenv("GRADCALC_COLUR", "never")
    assert "did you mean `GRADCALC_COLOR`?" in gradcalc("diff", "x*x").err
    monkeypatch.delenv("GRADCALC_COLUR")
    monkeypatch.setenv("GRADCALC_HOME", "/opt")  # somebody else's
    assert gradcalc(*THIRD).code == 0


def test_a_folder_that_is_gone(shown, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert shown() == "0.333333"
    os.chdir(tmp_path)


def test_one_name_means_one_thing():
    """For all verbs, so that a file can set it for all of them at once."""
    found = {}
    for verb in VERBS:
        run = import_module(f"gradcalc.cli.{verb}").run
        for name, parameter in settings.settings(arguments.parameters(run)).items():
            known = found.setdefault(name, parameter)
            assert (parameter.name, parameter.type) == (known.name, known.type), (verb, name)


def test_nothing_that_changes_the_question_is_a_setting():
    asked = {"wrt", "gradient", "order", "jacobian", "hessian", "no-grad", "json", "jsonl", "only"}
    asked |= {"output", "update", "force", "quiet", "file", "symmetric", "positive", "steps"}
    assert not asked & settings.every(VERBS).keys()


def test_the_manual_names_them_all():
    page = Path(__file__).parents[2] / "docs" / "manual" / "shell.md"
    for name in settings.every(VERBS):
        assert f"`{name}`" in page.read_text("utf-8")
