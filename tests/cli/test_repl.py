"""The prompt: statements and commands, in batch and at a terminal."""

import builtins
import doctest
import io
import sys

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from gradcalc.cli import repl
from gradcalc.cli.main import main
from tests.cli.terminal import Screen, is_there

TYPED = """\
x = tensor([1., 2.], requires_grad=True)
y = (x*x).sum()
y
"""


def test_values_of_expressions_are_shown(gradcalc):
    run = gradcalc("repl", stdin=TYPED + "1 + 1\nNone\nx = 2\n'a'\nprint(3)\n")
    assert (run.code, run.err) == (0, "")
    assert run.out == "tensor(5., grad_fn=<SumBackward0>)\n2\n'a'\n3\n"


def test_vars(gradcalc):
    run = gradcalc("repl", stdin="k = 1\n" + TYPED + "y.backward()\n:vars\n")
    assert run.out.splitlines()[1:] == [
        "      x   leaf, requires grad   [1, 2]   grad [2, 4]",
        "      y   SumBackward0          5",
    ]
    assert gradcalc("repl", stdin=":vars").out == ""


def test_graph(gradcalc):
    run = gradcalc("repl", "--ascii", stdin=TYPED + ":graph y\n:graph x\n")
    assert run.out.splitlines()[1:] == [
        "#3 y = sum(#2)   SumBackward0     ()            5",
        "`- #2 x*x        MulBackward0     (2,)          [1, 4]",
        "   |- #1 x       AccumulateGrad   (2,)          [1, 2]",
        "   `- #1 x                        shown above",
        "      x   leaf, requires grad   [1, 2]   no grad yet",
    ]


def test_help(gradcalc):
    assert gradcalc("repl", stdin=":help tanh").out.startswith("tanh(x)\n")
    assert ":save FILE" in gradcalc("repl", stdin=":help").out


def test_save_writes_a_program(gradcalc, tmp_path):
    loop = "for i in range(2):\n    x = x*2\n\nprint(x)\n"
    run = gradcalc("repl", stdin=TYPED + ":vars\n" + loop + ":save a.py\n")
    assert run.code == 0
    assert ":vars" not in (tmp_path / "a.py").read_text()
    assert gradcalc("run", "a.py").out == run.out.splitlines(keepends=True)[-1]


def test_a_mistake_ends_it_at_its_line(gradcalc):
    run = gradcalc("repl", stdin="x = 1\n:vars\n\ny = x +\n")
    assert run.code == 3
    assert "\n  4 | y = x +\n" in run.err


@pytest.mark.parametrize(
    "text", [":quti", ":graph", ":graph nothing", ":save", ":save missing/a.py", ":help nothing"]
)
def test_commands_that_are_wrong(gradcalc, text):
    assert gradcalc("repl", stdin=text).code in (2, 3)


def test_quit(gradcalc):
    assert gradcalc("repl", stdin="1\n:quit\n2\n").out == "1\n"


def test_completion():
    assert doctest.testmod(repl).failed == 0
    assert repl.candidates("x = torch.ten", {}) == ["tensor", "tensor_split", "tensordot"]
    assert "requires_grad_" in repl.candidates("x.requires", {"x": 1})
    assert repl.candidates(":graph a", {"ab": 1, "b": 2}) == ["ab"]
    assert repl.candidates(":help softp", {}) == ["softplus"]
    assert repl.candidates(":q", {}) == [":quit"]
    assert repl.candidates(":vars ", {"x": 1}) == []


def test_names_of_files_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "lesson.py").touch()
    assert repl.candidates(":save s", {}) == ["sub/"]
    assert repl.candidates(":save sub/le", {}) == ["sub/lesson.py"]


# --- at a terminal -----------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def typed(monkeypatch, tmp_path, capfd):
    """What is shown after these keys were pressed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", Terminal())

    def press(keys):
        with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
            keyboard.send_text(keys)
            assert main(["repl"]) == 0
        return capfd.readouterr()

    return press


def test_lines_are_run_as_they_are_typed(typed, tmp_path):
    shown = typed("x = 2\rx*\r1/0\rfor i in range(2):\r    i\r\rx + 1\r\x04")
    assert shown.out == "0\n1\n3\n"
    assert "error[G102]" in shown.err
    assert "error[G219]" in shown.err
    assert "+x + 1\n" in (tmp_path / "gradcalc" / "history").read_text()


def test_a_line_can_be_dropped_and_the_prompt_left(typed):
    assert typed("5\rnothing\x03:quit\r6\r").out == "5\n"


def test_without_prompt_toolkit(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stdin", Terminal())
    found = builtins.__import__

    def missing(name, *args):
        if name.startswith("prompt_toolkit"):
            raise ImportError(name)
        return found(name, *args)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert main(["repl"]) == 2
    assert "pip install 'gradcalc[repl]'" in capfd.readouterr().err


@pytest.mark.skipif(not is_there(), reason="no tmux")
def test_at_a_terminal(tmp_path):
    with Screen("gradcalc repl", tmp_path) as screen:
        assert screen.sees(">>>")
        screen.type("gamma_ray = 2", "Enter")
        assert screen.sees(">>>")  # what is typed between two prompts is the terminal's, not ours
        screen.type("gamma_r", "Tab")
        assert screen.sees(">>> gamma_ray")
        screen.type("*2", "Enter")
        assert screen.sees("4")
        assert screen.sees(">>>")
        screen.type(":gr", "Tab")
        assert screen.sees(">>> :graph")
        screen.type("gamma_r", "Tab")
        assert screen.sees(">>> :graph gamma_ray")
        screen.type("C-u", ":help softp", "Tab")
        assert screen.sees(">>> :help softplus")
        screen.type("C-u", "Up")
        assert screen.sees(">>> gamma_ray*2")
        screen.type("Enter")
        assert screen.sees(">>>")
        screen.type("for i in range(2):", "Enter", "    print(i + 5)", "Enter", "Enter")
        assert screen.sees("6")
        assert screen.sees(">>>")
        screen.type("C-d")
    with Screen("gradcalc repl", tmp_path) as screen:
        assert screen.sees(">>>")
        screen.type("C-r", "gamma_ray =")
        assert screen.sees("gamma_ray = 2")
