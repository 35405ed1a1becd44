"""Options and profiles that all tests share."""

import os
import signal
import threading

import hypothesis
import pytest

# No deadlines, since a machine may be busy; on CI the same examples every time, so that a red run
# can be repeated.
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-manual",
        action="store_true",
        help="rewrite the transcripts in README.md and docs/ with what the commands print now",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-manual") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--update-manual writes files, in one process: leave out -n")
    # A job in the background of a shell ignores Ctrl-C, and so would the commands it starts.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
