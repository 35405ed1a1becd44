"""The progress bar: nothing but on a terminal, nothing before it takes long, nothing at the end."""

import io
import sys

import pytest

from gradcalc.cli import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch, patience):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    monkeypatch.setattr(progress, "PATIENCE", patience)
    return stream


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["closed", "pipe"])
def test_nobody_is_looking(stream, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.shown() as tell:
        assert tell is None


def test_what_is_done_soon_shows_nothing(monkeypatch):
    stream = terminal(monkeypatch, patience=1e9)
    with progress.shown() as tell:
        tell(0.5)
    assert stream.getvalue() == ""


def test_a_bar_that_is_erased(monkeypatch):
    stream = terminal(monkeypatch, patience=-1)
    with progress.shown() as tell:
        for share in (0.25, 0.5, 1.0):
            tell(share)
    assert "100%" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")


def test_an_interruption_erases_it_too(monkeypatch):
    stream = terminal(monkeypatch, patience=-1)

    def interrupted():
        with progress.shown() as tell:
            tell(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("\x1b[2K")
