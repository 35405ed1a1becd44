"""The command as a process: streams, signals, terminals, start-up."""

import json
import os
import pty
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

COMMAND = str(Path(sysconfig.get_path("scripts")) / "gradcalc")
SQUARES = ["eval", "mean(x*x)", "x=[[1,2],[3,4]]"]
ESCAPE = b"\x1b"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")


def run(*words, env=None, **options):
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(
        [COMMAND, *words], capture_output=True, env=clean | (env or {}), timeout=60, **options
    )


def on_terminal(*words, typed=b"", stdin_too=False, env=None):
    """Standard output (and input) of a command that runs on a terminal, and its exit code."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *words],
        stdin=follower if stdin_too else subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        | (env or {}),
    )
    os.close(follower)
    if typed:
        os.write(leader, typed)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    error = process.communicate(timeout=60)[1]
    os.close(leader)
    return shown.replace(b"\r\n", b"\n"), error, process.returncode


def test_stdin_that_never_closes_is_not_waited_for():
    reader, writer = os.pipe()
    try:
        done = run(*SQUARES, "-q", stdin=reader)
    finally:
        os.close(reader)
        os.close(writer)
    assert (done.stdout, done.returncode) == (b"7.5\n", 0)


def test_closed_stdin():
    script = f"exec '{COMMAND}' eval x*y x=2 y=3 -q <&-"
    assert subprocess.run(["sh", "-c", script], capture_output=True).stdout == b"6.0\n"
    script = f"exec '{COMMAND}' eval x*y x=2 -q <&-"
    done = subprocess.run(["sh", "-c", script], capture_output=True)
    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.startswith(b"error[G201]: `y` is not bound")


def test_unbound_on_a_terminal_is_an_error_not_a_wait():
    shown, error, code = on_terminal("eval", "x*y", "x=2", stdin_too=True)
    assert (shown, code) == (b"", 4)
    assert error.startswith(b"error[G201]: `y` is not bound")


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_a_reader_that_goes_away_is_no_error(tmp_path, unbuffered):
    (tmp_path / "x.json").write_text(json.dumps([1.5] * 200_000))
    with subprocess.Popen(
        [COMMAND, "eval", "sum(x*x)", "x=@x.json", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=os.environ | unbuffered,
    ) as process:  # fmt: skip
        assert process.stdout.read(1) == b"{"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_large_output_arrives_whole(tmp_path, unbuffered):
    (tmp_path / "x.json").write_text(json.dumps([1.5] * 200_000))
    done = run("eval", "sum(x)", "x=@x.json", "--only", "grads.x", cwd=tmp_path, env=unbuffered)
    assert json.loads(done.stdout) == [1.0] * 200_000


def test_closed_stdout():
    script = f"exec '{COMMAND}' eval x x=2 --json >&-"
    done = subprocess.run(["sh", "-c", script], capture_output=True)
    assert (done.returncode, done.stderr[:12]) == (2, b"error[G005]:")


def test_names_in_any_locale(tmp_path):
    narrow = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    done = run("eval", "λ*2", "λ=3", "--json", env=narrow)
    assert json.loads(done.stdout)["grads"] == {"λ": 2.0}
    assert run("eval", b"\xff", env=narrow).returncode == 4
    (tmp_path / "λ.json").write_text("1")
    done = run("eval", "x", "x=@λ.json", env=narrow, cwd=tmp_path)
    assert (done.returncode, done.stderr[:12]) == (2, b"error[G002]:")


@pytest.mark.parametrize("words", [SQUARES, ["eval", "--help"], ["--help"], ["functions"]])
def test_a_full_disk_is_told(words):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COMMAND, *words], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error[G005]")


def test_interrupt():
    reader, writer = os.pipe()
    with subprocess.Popen(
        [COMMAND, "eval", "x"], stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    os.close(reader)
    os.close(writer)
    assert (process.returncode, out) == (130, b"")
    assert err.strip() == b""


def test_no_escapes_and_no_wrapping_in_a_pipe():
    expression = "+".join(["x"] * 200)
    for env in ({}, {"GITHUB_ACTIONS": "true"}, {"COLUMNS": "20"}, {"CI": "1"}):
        done = run("eval", expression, "x=1", env=env)
        assert ESCAPE not in done.stdout + done.stderr
        assert done.stdout.startswith(expression.encode())
    assert ESCAPE not in run("--help", env={"GITHUB_ACTIONS": "true"}).stdout
    assert ESCAPE not in run("eval", "maen(x)").stderr


@pytest.mark.parametrize(
    ("words", "env", "colored"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--json"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_on_a_terminal(words, env, colored):
    shown, _, code = on_terminal(*SQUARES, *words, env=env)
    assert code == 0
    assert (ESCAPE in shown) == colored


def test_colour_changes_no_character():
    plain = run(*SQUARES).stdout.decode()
    colored = run(*SQUARES, env={"FORCE_COLOR": "1"}).stdout.decode()
    assert ESCAPE.decode() in colored
    stripped = [line.rstrip() for line in _without_escapes(colored).splitlines()]
    assert stripped == plain.splitlines()


@pytest.mark.parametrize(
    ("words", "env", "colored"),
    [
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color=always"], {}, True),
        (["--error-format", "json"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_of_a_mistake(words, env, colored):
    plain, shown = (run("eval", "maen(x)", *words, env=e).stderr.decode() for e in ({}, env))
    assert (ESCAPE.decode() in shown) == colored
    assert _without_escapes(shown) == _without_escapes(plain)


def _without_escapes(text):
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_json_is_indented_on_a_terminal():
    shown, _, _ = on_terminal(*SQUARES, "--json")
    assert b'    "x": [\n      [0.5, 1.0],\n      [1.5, 2.0]\n    ]' in shown
    assert json.loads(shown) == json.loads(run(*SQUARES, "--json").stdout)


def test_utf8_whatever_the_locale():
    for env in ({"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}):
        done = run("eval", "µ/3", "µ=1", "--json", env=env)
        assert json.loads(done.stdout)["expr"] == "µ/3"
        assert "≈" in run("eval", "x", "x=1/3", env=env).stdout.decode()


def test_an_ascii_terminal_gets_ascii():
    shown, _, _ = on_terminal("eval", "x", "x=1/3", env={"PYTHONIOENCODING": "ascii"})
    assert shown.isascii()
    assert b"~ 0.333333" in shown


def test_bytes_that_are_no_text():
    done = subprocess.run(
        [COMMAND.encode(), b"eval", b"x\xff", b"x=1"], capture_output=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 4
    assert done.stderr.startswith(b"error[G213]")


def test_a_bug_is_written_to_a_file(tmp_path):
    script = (
        "import gradcalc.cli.bindings as b, gradcalc.cli.main as m, sys\n"
        "b.split = lambda words: 1/0\n"
        "sys.exit(m.main(['eval', 'x', 'x=1']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (70, "")
    assert "Traceback" not in done.stderr
    assert "ZeroDivision" not in done.stderr
    (details,) = tmp_path.glob("gradcalc-*.txt")
    assert str(details) in done.stderr
    assert "gradcalc eval x x=1" in details.read_text()
    assert "ZeroDivisionError" in details.read_text()


HEAVY = {"numpy", "scipy", "lark", "rich", "orjson"}


@pytest.mark.parametrize(
    ("words", "imported"),
    [
        (["--version"], set()),
        (["--help"], {"orjson"}),
        (["eval", "--help"], {"orjson"}),
        ([*SQUARES, "--json"], {"numpy", "lark", "orjson"}),
        ([*SQUARES], {"numpy", "lark", "orjson"}),
        ([*SQUARES, "--color", "always"], {"numpy", "lark", "orjson", "rich"}),
    ],
)
def test_what_is_imported(words, imported):
    script = (
        "import sys\nfrom gradcalc.cli.main import main\n"
        f"main({words!r})\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert HEAVY & set(done.stderr.split()) <= imported
