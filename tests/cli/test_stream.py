"""`gradcalc eval --jsonl`: a line for a line, whatever the lines are."""

import io
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from gradcalc.cli import records, stream
from gradcalc.cli.stream_values import Values
from gradcalc.grammar.program import Expression, Request, solve
from gradcalc.grammar.stacked import BLOCK, Stacked

COMMAND = str(Path(sysconfig.get_path("scripts")) / "gradcalc")
NOWHERE = subprocess.DEVNULL
SUM = ["eval", "sum(x*x)", "--jsonl"]
LOSS = ["eval", "mean((x - y)**2)", "--jsonl"]

# what a line may be besides a record of vectors, and the code it is answered with
BAD = {
    b"": "G209",
    b" \r": "G209",
    b"{": "G209",
    b'{"x": [1, 2]': "G209",
    b'{"x": [1, 2]} {"x": [1, 2]}': "G209",
    b'{"x": [1, 2]},{"x": [1, 2]}': "G209",
    b"nonsense": "G209",
    b'{"x": [1, "2"]}': "G203",
    b'{"x": [1, null]}': "G204",
    b'{"x": null}': "G204",
    b"null": "G204",
    b'{"x": [true, 1]}': "G205",
    b'{"x": true}': "G205",
    b'{"x": [1e400]}': "G206",
    b'{"x": [[1, 2], [3]]}': "G202",
    b'{"x": [1], "x": [2]}': "G207",
    b'{"x": [1], "x" : [2]}': "G207",
    b'{"x": ' + b"[" * 65 + b"]" * 65 + b"}": "G208",
    b'{"x": ' + b"[" * 100_000: "G208",
    b'{"x": {"a": 1}}': "G217",
    b'{"y": [1, 2]}': "G201",
    b"{}": "G201",
    b'"text"': "G203",
    b'{"x": "\xff"}': "G213",
}
GOOD = {
    b'{"x": [1, 2]}': 5,
    b'{"id": 3, "x": [[1], [2]]}': 5,
    b'{"x": 3}': 9,
    b"[1, 2]": 5,
    b"3": 9,
    b'{"x": []}': 0,
    b'{"x": [[], []]}': 0,
    b'{"x": [1, 2], "note": "a: b", "more": {"x": 7}}': 5,
    b'{"note": "true", "x": [2, 1]}': 5,
    b'\xef\xbb\xbf{"x": [1, 2]}': 5,
    b'{"x": [1, 2]}\r': 5,
    b'{"x": [NaN]}': "NaN",
    b'{"x": ["Infinity"]}': "Infinity",
    b'{"x": [1e200, 1]}': "Infinity",
    b'{"x": 1180591620717411303424}': 2.0**140,
}


def lines(run):
    assert run.out.endswith("\n") or not run.out
    return [json.loads(line) for line in run.out.splitlines()]


def test_a_record_a_line(gradcalc):
    run = gradcalc(*LOSS, stdin='{"x": [1, 2], "y": [0, 4]}\n{"x": [3], "y": 1}\n')
    assert run.out == (
        '{"n":1,"value":2.5,"grads":{"x":[1.0,-2.0],"y":[-1.0,2.0]}}\n'
        '{"n":2,"value":4.0,"grads":{"x":[4.0],"y":-4.0}}\n'
    )
    assert (run.code, run.err) == (0, "gradcalc: 2 records: 2 done\n")


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:30])
def test_a_bad_record_is_answered_in_its_place(gradcalc, line):
    run = gradcalc(*SUM, stdin=b"\n".join([b'{"x": [3]}', line, b'{"x": [4]}', b""]))
    first, error, last = lines(run)
    assert (first["value"], last["value"]) == (9, 16)
    assert [answer["n"] for answer in (first, error, last)] == [1, 2, 3]
    assert error["error"]["code"] == BAD[line]
    assert (error["error"]["line"], run.code) == (2, 1)
    assert error["error"]["column"] >= 1
    assert run.err == "gradcalc: 3 records: 2 done, 1 failed (line 2)\n" or "finite" in run.err


@pytest.mark.parametrize("line", GOOD, ids=lambda line: line[:30])
def test_an_unusual_record_is_answered_too(gradcalc, line):
    run = gradcalc(*SUM, stdin=b'{"x": [3]}\n' + line + b"\n")
    assert [answer["value"] for answer in lines(run)] == [9, GOOD[line]]
    assert run.code == 0


def test_answers_stay_in_step(gradcalc):
    """All kinds of lines mixed: answer k belongs to line k."""
    random = np.random.default_rng(1)
    kinds = [*BAD, *GOOD]
    given, expected = [], []
    for i in range(3000):
        if random.random() < 0.1:
            kind = kinds[random.integers(len(kinds))]
            given.append(kind)
            expected.append(GOOD.get(kind, BAD.get(kind)))
        else:
            given.append(b'{"x": [%d, 1]}' % i)
            expected.append(float(i * i + 1))
    answers = lines(gradcalc(*SUM, stdin=b"\n".join([*given, b""])))
    assert [answer["n"] for answer in answers] == list(range(1, 3001))
    found = [a["value"] if "value" in a else a["error"]["code"] for a in answers]
    assert found == expected


def test_where_a_record_is_wrong(gradcalc):
    (answer,) = lines(gradcalc(*SUM, stdin='{"id":"b","x":[1,"two"]}\n'))
    error = answer["error"]
    assert (error["line"], error["column"]) == (1, 18)
    assert error["message"] == "x[1] is a string, not a number"
    assert "span" not in error  # that is where EXPR is to blame


@pytest.mark.parametrize("words", [LOSS, ["eval", "-", "--jsonl"]])
def test_what_is_no_json_is_told_whatever_was_expected(gradcalc, words):
    run = gradcalc(*words, stdin='nonsense\n{"x": 1, "x": 2}\n{"x": \n')
    assert [answer["error"]["code"] for answer in lines(run)] == ["G209", "G207", "G209"]


def test_where_the_expression_does_not_fit_a_record(gradcalc):
    run = gradcalc("eval", "x @ y", "--jsonl", stdin='{"x": [1, 2], "y": [1, 2, 3]}\n')
    (answer,) = lines(run)
    assert answer["error"]["code"] == "G301"
    assert answer["error"]["span"] == [2, 3]


@pytest.mark.parametrize("words", [["x"], ["x", "--keep", "id"], ["-"]])
def test_the_same_mistake_again_is_answered_alike(gradcalc, words, monkeypatch):
    record = b'{"x":"a","id":"\\"line\\":1,\\"column\\":"}'
    source = b"\n".join([b"", b"[1,", record, b'{"y":1}', b'{"expr":"x+","x":[]}'] * 3)
    known = gradcalc("eval", *words, "--jsonl", stdin=source).out
    monkeypatch.setattr(stream, "REMEMBERED", 0)
    assert known == gradcalc("eval", *words, "--jsonl", stdin=source).out


def test_the_same_mistake_again_is_not_looked_into(gradcalc, monkeypatch):
    made = []
    line = stream.Block.line
    monkeypatch.setattr(stream.Block, "line", lambda *a: made.append(1) or line(*a))
    assert len(lines(gradcalc("eval", "x", "--jsonl", stdin=b"\n" * 1000))) == 1000
    assert len(made) == 1


def test_stop(gradcalc):
    run = gradcalc(*SUM, "--on-error", "stop", stdin='1\n2\n["3"]\n4\n')
    assert [answer["value"] for answer in lines(run)] == [1, 4]
    assert run.code == 4
    assert "line 3 of standard input" in run.err


def test_skip(gradcalc):
    run = gradcalc(*SUM, "--on-error", "skip", stdin='1\n["2"]\n3\n')
    assert [(answer["n"], answer["value"]) for answer in lines(run)] == [(1, 1), (3, 9)]
    assert run.code == 1
    assert "error[G203]" in run.err
    assert run.err.endswith("3 records: 2 done, 1 failed (line 2)\n")


def test_keep(gradcalc):
    given = '{"id": "a", "x": 1, "t": [1, {"u": null}]}\n{"x": 2}\n{"id": 3, "x": [NaN, "y"]}\n{\n'
    a, b, c, d = lines(gradcalc(*SUM, "--keep", "id,t", stdin=given))
    assert list(a) == ["n", "id", "t", "value", "grads"]
    assert (a["id"], a["t"], b.get("id"), c["id"]) == ("a", [1, {"u": None}], None, 3)
    assert c["error"]["code"] == "G203"
    assert "id" not in d


def test_an_expression_in_each_record(gradcalc):
    given = [
        {"expr": "a*x", "x": 3},
        {"expr": "x +", "x": 3},
        {"x": 3},
        {"expr": "sum(x)", "x": [1, 2]},
        {"expr": "1 + 1"},
        {"expr": "a*x", "x": 5},
    ]
    text = "\n".join(map(json.dumps, given))
    answers = lines(gradcalc("eval", "-", "a=2", "--jsonl", stdin=text))
    found = [a["value"] if "value" in a else a["error"]["code"] for a in answers]
    assert found == [6, "G102", "G218", 3, 2, 10]
    assert answers[0]["grads"] == {"a": 3, "x": 2}


def test_bindings_are_the_same_for_all(gradcalc):
    words = ["eval", "sum(w*x)", "w=[1,10]", "--wrt", "x", "--jsonl"]
    answers = lines(gradcalc(*words, stdin="[1,2]\n[3,4]\n"))
    assert [a["value"] for a in answers] == [21, 43]
    assert all(a["grads"] == {"x": [1, 10]} for a in answers)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--only", "grads.x"], "6.0"),
        (["-q"], "9.0"),
        (["--no-grad"], '{"n":1,"value":9.0,"grads":{}}'),
        (["--hessian"], '{"n":1,"value":9.0,"hessian":{"x":2.0}}'),
        (["--jacobian"], '{"n":1,"value":9.0,"jacobian":{"x":6.0}}'),
        (["--gradient", "10"], '{"n":1,"value":9.0,"grads":{"x":60.0}}'),
        (["--dtype", "float32"], '{"n":1,"value":9.0,"grads":{"x":6.0}}'),
    ],
)
def test_options(gradcalc, words, answer):
    assert gradcalc("eval", "x*x", "--jsonl", *words, stdin="3\n").out == answer + "\n"


def test_a_float32_has_its_own_digits(gradcalc):
    words = ["eval", "sum(x)", "--jsonl", "--dtype", "float32", "--only", "value"]
    assert gradcalc(*words, stdin="0.1\n[0.1]\n[1e39]\n").out.startswith("0.1\n0.1\n")


def test_finite(gradcalc):
    run = gradcalc("eval", "sum(log(x))", "--jsonl", "--finite", stdin="1\n0\n[1,2]\n[1,0]\n")
    found = [a["value"] if "value" in a else a["error"]["code"] for a in lines(run)]
    assert found == [0.0, "G501", pytest.approx(0.6931471805599453), "G501"]
    assert run.code == 1


def test_one_singular_matrix_among_many(gradcalc):
    given = [[[2.0, 0.0], [0.0, float(i)]] for i in range(300)]
    text = "\n".join(map(json.dumps, given))
    answers = lines(gradcalc("eval", "sum(inv(A))", "--jsonl", stdin=text))
    assert answers[0]["error"]["code"] == "G502"
    assert [a["value"] for a in answers[1:]] == [0.5 + 1 / i for i in range(1, 300)]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["eval", "x +", "--jsonl"], 3),
        (["eval", "x*x", "y=2", "--jsonl"], 4),
        (["eval", "x*x", "--jsonl", "--wrt", "z"], 2),
        (["eval", "x*x", "--jsonl", "--only", "grads.y"], 2),
        (["eval", "x*x", "--jsonl", "--keep", "value"], 2),
        (["eval", "x*x", "--jsonl", "-o", "a.json"], 2),
        (["eval", "x*x", "--jsonl", "--steps"], 2),
    ],
)
def test_what_is_wrong_with_all_records_is_told_once(gradcalc, words, code):
    run = gradcalc(*words, stdin="1\n2\n")
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith("error[")


def test_a_bug_is_the_answer_to_its_record_alone(gradcalc, monkeypatch, tmp_path):
    def buggy(self, block, source, places, stacks):
        if 13.0 in stacks["x"]:
            raise ZeroDivisionError
        solve(self, block, source, places, stacks)

    solve = Values._solve
    monkeypatch.setattr(Values, "_solve", buggy)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    got = gradcalc("eval", "x*x", "--jsonl", stdin="1\n13\n{\n4\n13\n")
    found = [json.loads(line) for line in got.out.splitlines()]
    assert [answer.get("value", answer.get("error", {}).get("code")) for answer in found] == [
        1, "G900", "G209", 16, "G900",
    ]  # fmt: skip
    assert [answer["n"] for answer in found] == [1, 2, 3, 4, 5]
    assert got.code == 1
    assert "5 records: 2 done, 3 failed (lines 2, 3, 5)" in got.err
    (details,) = tmp_path.glob("gradcalc-*.txt")
    assert "ZeroDivisionError" in details.read_text()


def test_no_records(gradcalc):
    run = gradcalc(*SUM, stdin="")
    assert (run.code, run.out, run.err) == (0, "", "gradcalc: 0 records: 0 done\n")


# --- stacks ------------------------------------------------------------------------------------

STACKED = {
    "mean((x - y)**2)": {"x": (3,), "y": (3,)},
    "sum(softmax(A @ x) * y)": {"A": (2, 3), "x": (3,), "y": (2,)},
    "logsumexp(x) + prod(y)": {"x": (2, 2), "y": ()},
    "max(x) + x[0]*x[-1]": {"x": (4,)},
    "det(A)": {"A": (3, 3)},
    "3.0": {},
}


@pytest.mark.parametrize("text", STACKED)
@pytest.mark.parametrize("count", [1, 2, 17, BLOCK, BLOCK + 40])
def test_a_stack_is_answered_as_one_by_one(text, count):
    random = np.random.default_rng(0)
    stacks = {name: random.normal(size=(count, *s)) for name, s in STACKED[text].items()}
    expression = Expression.read(text)
    value, grads = Stacked(expression, Request())(stacks, count)
    assert value.shape == (count,)
    for i in {0, count // 2, count - 1}:
        alone = solve(expression, {name: stack[i] for name, stack in stacks.items()}, Request())
        np.testing.assert_allclose(value[i], alone.value, rtol=1e-13)
        assert grads.keys() == alone.grads.keys()
        for name, grad in alone.grads.items():
            np.testing.assert_allclose(grads[name][i], grad, rtol=1e-12, atol=1e-14)


def test_records_that_are_alike_are_found_among_others():
    x, y = {"x": [1, 2]}, {"x": [[1], [2]]}
    given = [x, y, x, {"x": ["1", 2]}, {"x": [3, 4]}, 5, {"x": None}, y, {"z": 1}, x, [6, 7]]
    found, odd = records.alike(dict(enumerate(given)), ("x",))
    by_places = {tuple(sorted(places)): stacks["x"] for places, stacks in found}
    assert by_places[1, 7].shape == (2, 2, 1)
    assert by_places[5,].tolist() == [5]
    assert by_places[10,].tolist() == [[6, 7]]
    assert sum(len(places) for places in by_places) == 8
    assert all(len(stack) == len(places) for places, stack in by_places.items())
    assert sorted(odd) == [3, 6, 8]


# --- as a process ------------------------------------------------------------------------------


class Trickle(io.RawIOBase):
    """A stream that gives so many bytes at a time."""

    def __init__(self, data, size):
        self.data, self.size = io.BytesIO(data), size

    def read1(self, _):
        return self.data.read(self.size)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_lines_are_whole_however_they_arrive(size):
    data = b"one\n\ntwo\nthree, and last"
    found = [line for lines in records.blocks(Trickle(data, size).read1) for line in lines]
    assert found == [b"one", b"", b"two", b"three, and last"]


@pytest.mark.parametrize("size", [1000, 4096, records.BLOCK])
def test_a_line_that_is_too_long_is_read_past(monkeypatch, size):
    monkeypatch.setattr(records, "LONGEST", 10_000)
    exact, long = b"e" * 10_000, b"l" * 10_001
    given = [b"one", long, b"two", exact, long * 20, b"", b"last"]
    found = [
        line for lines in records.blocks(Trickle(b"\n".join(given), size).read1) for line in lines
    ]
    expected = [records.TOO_LONG if line.startswith(b"l" * 9) else line for line in given]
    if size > 20_000:  # a line that is in memory as a whole anyway may stay
        found[1] = expected[1]
    assert found == expected
    last = list(records.blocks(Trickle(b"one\n" + long * 9, size).read1))
    assert last[-1] == [records.TOO_LONG]


def test_a_line_that_is_too_long_is_a_bad_record(gradcalc, monkeypatch):
    monkeypatch.setattr(records, "LONGEST", 100_000)
    long = b'{"id": 7, "x": [' + b"0," * 100_000 + b"0]}"
    run = gradcalc(*SUM, "--keep", "id", stdin=b"\n".join([b"[2]", long, b"[3]"]))
    first, error, last = lines(run)
    assert (first["value"], last["value"], error["n"]) == (4, 9, 2)
    assert (error["error"]["code"], error["error"]["line"], run.code) == ("G604", 2, 1)
    run = gradcalc("eval", "-", "--jsonl", stdin=long)
    assert lines(run)[0]["error"]["code"] == "G604"


@pytest.mark.slow
def test_a_line_that_is_too_long_takes_no_more_memory_than_one_that_is_not():
    given = "head -c 1000000000 /dev/zero; echo; echo 3"
    # asked of a process in between: a child counts what its parent had when it was forked
    peak = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    with subprocess.Popen(["sh", "-c", given], stdout=subprocess.PIPE) as source:
        command = [sys.executable, "-c", peak, COMMAND, *SUM]
        answers = subprocess.run(command, stdin=source.stdout, stdout=subprocess.PIPE, check=True)
    error, last, kilobytes = map(json.loads, answers.stdout.splitlines())
    assert error["error"]["code"] == "G604"
    assert last["value"] == 9
    assert kilobytes * 1024 < records.LONGEST + 150e6


def test_a_lone_record_is_answered_at_once():
    pipe = subprocess.PIPE
    with subprocess.Popen([COMMAND, *SUM], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        for i in range(3):
            process.stdin.write(b'{"x": [%d]}\n' % i)
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert answer["value"] == i * i
        process.stdin.close()
        assert process.wait(30) == 0


def test_head_ends_it_quietly(tmp_path):
    given = tmp_path / "records.jsonl"
    given.write_bytes(b"[1,2,3]\n" * 100_000)
    command = f"set -o pipefail; {COMMAND} eval 'sum(x*x)' --jsonl < {given} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60)
    assert done.stdout == b'{"n":1,"value":14.0,"grads":{"x":[2.0,4.0,6.0]}}\n'
    assert (done.stderr, done.returncode) == (b"", 141)


def whole_lines(written):
    assert written.endswith(b"\n")
    assert written.count(b"\n") < 400_000
    for line in (written[: written.index(b"\n")], written[:-1].rpartition(b"\n")[2]):
        assert json.loads(line)["value"] == 14


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_killed_half_way_whole_lines_were_written(tmp_path, how):
    given, answers = tmp_path / "records.jsonl", tmp_path / "answers.jsonl"
    given.write_bytes(b'{"x":[1,2,3]}\n' * 400_000)
    with given.open() as source, answers.open("wb") as target:
        process = subprocess.Popen([COMMAND, *SUM], stdin=source, stdout=target, stderr=NOWHERE)
        until = time.monotonic() + 30
        while answers.stat().st_size < 100_000 and time.monotonic() < until:
            time.sleep(0.001)
        process.send_signal(how)
        assert process.wait(30) == (130 if how == signal.SIGINT else -how)
    whole_lines(answers.read_bytes())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_half_way_a_pipe_holds_whole_lines(tmp_path, how):
    given = tmp_path / "records.jsonl"
    given.write_bytes(b'{"x":[1,2,3]}\n' * 400_000)
    with (
        given.open() as source,
        subprocess.Popen(
            [COMMAND, *SUM], stdin=source, stdout=subprocess.PIPE, stderr=NOWHERE
        ) as process,
    ):
        written = process.stdout.read(100_000)
        process.send_signal(how)
        written += process.stdout.read()
    whole_lines(written)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "line", "counts"),
    [
        (SUM, b'{"x":[1,2,3,4]}', (20_000, 400_000)),
        ([*SUM, "--jobs", "2"], b'{"x":[1,2,3,4]}', (20_000, 400_000)),
        (["check", *SUM[1:]], b'{"x":[1,2],"grads":{"x":[2,4]}}', (10_000, 100_000)),
        (["diff", *SUM[1:]], b'{"shapes":{"x":["n"]}}', (10_000, 100_000)),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_memory_stays_where_it_is(tmp_path, words, line, counts):
    """The highest use of memory does not depend on how long the stream is."""
    peaks = []
    for count in counts:
        given = tmp_path / "records.jsonl"
        given.write_bytes(((line + b"\n") * 99 + b"bad\n") * (count // 100))
        with given.open() as source:
            process = subprocess.Popen(
                [COMMAND, *words], stdin=source, stdout=NOWHERE, stderr=NOWHERE
            )
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 1
        peaks.append(usage.ru_maxrss)
    assert peaks[1] < peaks[0] * 1.2  # a hundred bytes a record would be half as much again
