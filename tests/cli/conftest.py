"""Running the command line inside the test's own process."""

import io
import sys
from dataclasses import dataclass

import pytest

from gradcalc.cli.main import main


@dataclass
class Run:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def gradcalc(tmp_path, monkeypatch, capfd):
    """`gradcalc("eval", "x*x", "x=3", stdin="...")`, in an empty folder, without a terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)

    def run(*words, stdin=b""):
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = main(words)
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run
