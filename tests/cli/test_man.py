"""The manual page: it says what is declared, and roff reads it as it is meant."""

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from gradcalc.cli import man, settings
from gradcalc.cli.arguments import parameters
from gradcalc.cli.verbs import EXIT_CODES, VERBS

PAGE = Path(__file__).parents[2] / "docs" / "gradcalc.1"
ESCAPES = {r"\-": "-", r"\e": "\\", r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~"}
ESCAPES |= {r"\"": '"', r"\(dq": '"', r"\&": "", r"\fB": "", r"\fI": "", r"\fR": ""}
MACROS = {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".BR", ".RS", ".RE", ".nf", ".fi", '.\\"'}


@pytest.fixture(scope="module")
def page():
    return man.page()


@pytest.fixture(scope="module")
def text(page):
    """What is left to read."""
    return re.sub(r"\\\(..|\\f.|\\.", lambda escape: ESCAPES[escape[0]], page)


def test_it_is_up_to_date(page, gradcalc):
    assert PAGE.read_text("utf-8") == page, "run make man"
    assert gradcalc("man").out == page


def test_every_option_is_there(text):
    _, _, commands = text.partition(".SH COMMANDS\n")
    commands, _, rest = commands.partition(".SH OPTIONS\n")
    shared = rest.partition(".SH LANGUAGE")[0]
    sections = dict(zip(VERBS, commands.split(".SS ")[1:], strict=True))
    for verb, section in sections.items():
        assert section.startswith(f"gradcalc {verb}")
        for parameter in parameters(import_module(f"gradcalc.cli.{verb}").run):
            for spelling in parameter.spellings:
                assert spelling in section or spelling in shared
            if parameter.spellings:
                assert parameter.spellings[0] in section
                words = " ".join(parameter.declared.help.replace("`", "").split())
                assert words in " ".join((section + shared).split())


def test_exit_codes_and_settings(text):
    for code, meaning in EXIT_CODES.items():
        assert f"\n{code}\n{meaning}\n" in text
    for parameter in settings.every(VERBS).values():
        assert settings.variable(parameter) in text


def test_roff_sees_nothing_that_is_not_meant(page):
    for line in page.splitlines():
        assert line.isascii()
        if line.startswith((".", "'")):
            assert line.split()[0] in MACROS
        else:
            assert "--" not in line, "a minus that is to be copied is written \\-"
        assert not set(re.findall(r"\\\(..|\\f.|\\.", line)) - ESCAPES.keys()
    assert page.count(r"\fB") + page.count(r"\fI") == page.count(r"\fR")


@pytest.mark.parametrize(
    ("text", "roff"),
    [
        (".npy or .npz", r"\&.npy or .npz"),
        ("'a' is", r"\(aqa\(aq is"),
        ("a\\b", r"a\eb"),
        ("well-known", "well-known"),
        ("with --json, -o FILE", r"with \fB\-\-json\fR, \fB\-o\fR FILE"),
        ("as `x-1` says", r"as \fBx\-1\fR says"),
        ("`.T`", r"\fB.T\fR"),
        ("x ~ 2^3", r"x \(ti 2\(ha3"),
    ],
)
def test_escapes(text, roff):
    assert man._prose(text) == roff


def test_a_line_that_is_broken_is_no_request():
    assert all(line.startswith("\\&.npy") for line in man._prose(".npy " * 40).splitlines())


@pytest.mark.parametrize(
    "command",
    [
        ["groff", "-man", "-Tutf8", "-ww"],
        ["mandoc", "-T", "lint", "-W", "warning"],
        ["man", "--warnings", "-l", "-"],
    ],
    ids=lambda command: command[0],
)
def test_what_roff_says(page, command):
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]}")
    done = subprocess.run(command, input=page, capture_output=True, text=True)
    said = done.stderr + (done.stdout if command[0] == "mandoc" else "")
    assert [line for line in said.splitlines() if "missing date" not in line] == []
