"""The functions of the language by name, written down without their rules: `make tables`.

Run as ``python -m gradcalc.grammar.vocabulary_writer`` it writes vocabulary.py anew. The table of
rows stays the only source; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from ..grad.ops import Op
from .operator_reference import told
from .operators import DERIVATIVES
from .reference import functions

HERE = Path(__file__).parent


def source() -> str:
    """The text of vocabulary.py."""
    words = {name: _told(row, name) for row in functions() for name in (row.name, *row.aliases)}
    words |= {name: told(name) for name in DERIVATIVES}
    rows = [f'    "{name}": {_pair(*words[name])},' for name in sorted(words)]
    lines = [
        '"""Signature and meaning of every function: written by `make tables`, not by hand."""',
        "",
        "# ruff: noqa: E501",
        "# fmt: off",
        "WORDS: dict[str, tuple[str, str]] = {",
        *rows,
        "}",
    ]
    return "\n".join(lines) + "\n"


def _told(row: Op, name: str) -> tuple[str, str]:
    return name + str(row.signature).removeprefix(row.name), row.doc


def _pair(signature: str, doc: str) -> str:
    return f"({_quoted(signature)}, {_quoted(doc)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


if __name__ == "__main__":
    (HERE / "vocabulary.py").write_text(source(), "utf-8")
