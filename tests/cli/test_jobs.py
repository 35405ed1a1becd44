"""`--jobs`: several processes, the same bytes; whatever becomes of them, the stream ends well."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from gradcalc.cli import jobs

COMMAND = str(Path(sysconfig.get_path("scripts")) / "gradcalc")
SUM = [COMMAND, "eval", "sum(x*x)", "--jsonl"]
PIPE, NOWHERE = subprocess.PIPE, subprocess.DEVNULL

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")


def children(process):
    """The processes that it has started."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return []


def wait_for(condition):
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


def is_gone(pid):
    """Whether a process has ended, also if nobody has asked for its exit code yet."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


@pytest.fixture
def records(tmp_path):
    """A file of records of several shapes, of which some are bad."""
    path = tmp_path / "records.jsonl"
    with path.open("w") as file:
        for i in range(8_000):
            good = json.dumps({"id": i, "x": [i / 7, 1.5, -i][: i % 3 + 1]})
            file.write("bad\n" if i % 997 == 5 else "[]\n" if i % 500 == 1 else good + "\n")
    return path


def test_the_same_bytes_as_one_process(records):
    for words in (
        [*SUM, "--keep", "id"],
        [*SUM, "--on-error", "skip"],
        [*SUM, "--on-error", "stop", "--only", "grads.x"],
        [COMMAND, "check", "sum(x**3)", "--jsonl", "--on-error", "stop"],
    ):
        found = []
        for count in ("1", "2", "3"):
            with records.open() as source:
                found.append(
                    subprocess.run([*words, "--jobs", count], stdin=source, capture_output=True)
                )
        assert found[0].stdout
        assert found[0].returncode == (4 if "stop" in words else 1)
        for other in found[1:]:
            assert (other.stderr, other.returncode) == (found[0].stderr, found[0].returncode)
            assert other.stdout == found[0].stdout


def test_as_many_as_there_are_processors():
    run = subprocess.run([*SUM, "--jobs", "0"], input=b"[3]\n", capture_output=True, timeout=60)
    assert (run.returncode, json.loads(run.stdout)["value"]) == (0, 9)


def test_a_lone_record_is_answered_at_once():
    with subprocess.Popen([*SUM, "--jobs", "2"], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        for i in range(5):
            process.stdin.write(b'{"x": [%d]}\n' % i)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["value"] == i * i
        process.stdin.close()
        assert process.wait(30) == 0


def test_head_ends_it_quietly(records):
    stream = f"{COMMAND} eval 'sum(x*x)' --jsonl --jobs 2 < {records}"
    command = f"set -o pipefail; {stream} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60)
    assert json.loads(done.stdout) == {"n": 1, "value": 0, "grads": {"x": [0]}}
    assert (done.stderr, done.returncode) == (b"", 141)


@contextmanager
def endless():
    """A process that answers records without end, its workers, and what it has written."""
    with (
        subprocess.Popen(["yes", '{"x":[1,2,3]}'], stdout=PIPE) as source,
        subprocess.Popen(
            [*SUM, "--jobs", "2"], stdin=source.stdout, stdout=PIPE, stderr=PIPE,
            start_new_session=True,
        ) as process,
    ):  # fmt: skip
        source.stdout.close()
        written = process.stdout.read(100_000)
        workers = children(process)
        assert len(workers) == 2
        yield process, workers, written
        wait_for(lambda: all(map(is_gone, workers)))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_from_outside_is_one_for_all(how):
    with endless() as (process, _, written):
        if how == signal.SIGINT:
            os.killpg(process.pid, how)  # as a terminal does
        else:
            process.send_signal(how)
        written += process.stdout.read()
        complaints = process.stderr.read()
        assert process.wait(30) == (130 if how == signal.SIGINT else -how)
    assert b"Traceback" not in complaints
    assert written.endswith(b"}\n")


def test_a_worker_that_is_killed_is_an_error():
    with endless() as (process, workers, written):
        os.kill(int(workers[0]), signal.SIGKILL)
        written += process.stdout.read()
        complaints = process.stderr.read()
        assert process.wait(30) == 4
    assert b"error[G605]: one of the processes of `--jobs` was killed" in complaints
    assert written.endswith(b"}\n")


def test_a_reader_who_waits_stops_the_writer(tmp_path):
    """No more than a few blocks are under way."""
    with subprocess.Popen([*SUM, "--jobs", "2"], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        os.set_blocking(process.stdin.fileno(), False)
        written, idle = 0, 0
        while idle < 50:
            try:
                written += os.write(process.stdin.fileno(), b"[1,2,3]\n" * 1000)
                idle = 0
            except BlockingIOError:
                idle += 1
                time.sleep(0.02)
            assert written < 20_000_000
        process.kill()


@pytest.mark.parametrize("words", [[], ["--jobs", "2"]])
def test_what_it_takes_is_imported_when_asked_for(words):
    script = (
        "import sys\nfrom gradcalc.cli.main import main\n"
        f"main({['eval', 'x', '--jsonl', *words]!r})\n"
        "sys.exit('multiprocessing' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], input=b"1\n", stdout=NOWHERE, stderr=PIPE)
    assert (done.returncode, done.stderr) == (bool(words), b"gradcalc: 1 record: 1 done\n")


# --- without a stream --------------------------------------------------------------------------


def doubled(number):
    if number == "bug":
        raise ZeroDivisionError
    return 2 * number


def test_answers_come_in_order():
    asked = []

    def numbers():
        for i in range(100):
            asked.append(i)
            yield i

    with jobs.started(doubled, 3) as workers:
        for i, answer in enumerate(jobs.ordered(workers, numbers())):
            assert answer == 2 * i
            assert len(asked) <= i + 2 + 3 * jobs.AHEAD


def test_a_bug_in_a_worker_is_told_by_the_parent():
    with jobs.started(doubled, 2) as workers:
        found = jobs.ordered(workers, iter([1, "bug"]))
        assert next(found) == 2
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            next(found)


def test_a_mistake_in_the_input_is_told_by_the_parent():
    def blocks():
        yield 1
        raise IsADirectoryError

    with jobs.started(doubled, 2) as workers:
        found = jobs.ordered(workers, blocks())
        assert next(found) == 2
        with pytest.raises(IsADirectoryError):
            next(found)


def test_what_is_told_survives_the_way():
    from gradcalc.grammar.errors import Diagnostic, Label

    def failing(number):
        label = Label((0, 1), "here", primary=True)
        return Diagnostic("G209", "no", "text", [label], help=["way out"], origin="line 1")

    with jobs.started(partial(failing), 1) as workers:
        (connection,) = workers
        connection.send(1)
        found = connection.recv()
    assert found.render() == failing(1).render()
