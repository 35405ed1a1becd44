"""The shape of the house: imports, what is installed, how a file begins and ends."""

import ast
import subprocess
import sysconfig
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
FILES = [
    path
    for folder in ("cli", "grammar", "grad", "tests", "benchmarks")
    for path in sorted((HOUSE / folder).rglob("*.py"))
]


def name(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def test_imports_point_one_way() -> None:
    """cli -> grammar -> grad, and inside a package no two files import each other."""
    lint = Path(sysconfig.get_path("scripts")) / "lint-imports"
    found = subprocess.run(
        [lint, "--no-logo", "--no-cache"], cwd=HOUSE, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_only_gradcalc_lands_in_site_packages() -> None:
    ours = [top for top, owners in packages_distributions().items() if "gradcalc" in owners]
    assert ours == ["gradcalc"]


def test_the_installed_version_is_in_the_changelog() -> None:
    """Or everything so far is unreleased."""
    changes = (HOUSE / "CHANGELOG.md").read_text(encoding="utf-8")
    released = [line for line in changes.splitlines() if line.startswith("## [")][1:]
    assert not released or released[0].startswith(f"## [{version('gradcalc')}]")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_has_one_subject_and_says_it_first(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert text.startswith('"""'), "the docstring is not on the first line"
    assert text[3:].split("\n")[0].strip(), "the first line does not name the subject"
    assert text.count("\n") <= 650, "more than 650 lines: two subjects?"
