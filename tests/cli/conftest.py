"""Running the command line inside the test's own process."""

import io
import os
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


def _is_setting(name):
    return name.startswith("GRADCALC_") and name != "GRADCALC_UPDATE_SNAPSHOTS"


@pytest.fixture
def gradcalc(tmp_path, monkeypatch, capfd):
    """`gradcalc("eval", "x*x", "x=3", stdin="...")`, in an empty folder, without a terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", *(n for n in os.environ if _is_setting(n))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))

    def run(*words, stdin=b""):
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = main(words)
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run
