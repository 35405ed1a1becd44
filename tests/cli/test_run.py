"""Programs: what they print, what --explain tells, and how they end."""

import re

import pytest

import gradcalc.grad as torch
from tests.tutorials.programs import PROGRAMS, expected, is_old


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_tutorial_prints_what_pytorch_prints(gradcalc, program):
    """Where it ends in an exception, the message is that one's, without the name of its type."""
    words = ["--printing", "0.3"] if is_old(program) else []
    run = gradcalc("run", str(program), *words)
    told = run.out
    first = next((line for line in run.err.splitlines() if line.startswith("error[")), "")
    if first:
        assert run.code in (3, 4)
        *shown, last = expected(program).splitlines(keepends=True)
        kind, _, text = last.strip().partition(": ")
        assert (told, kind[-5:]) == ("".join(shown), "Error")
        assert first.partition(": ")[2].removeprefix(f"{kind}: ") == text
    else:
        assert (told, run.code) == (expected(program), 0)


def test_standard_input(gradcalc):
    assert gradcalc("run", "-", stdin="print(torch.ones(2))").out == "tensor([1., 1.])\n"
    assert gradcalc("run", "-", stdin=b"\xef\xbb\xbfprint(1)\r\nprint(2)\r\n").out == "1\n2\n"
    assert gradcalc("run", "-", stdin="").out == ""


def test_printing_of_old(gradcalc):
    text = "print(Variable(torch.ones(1, 2)))"
    shown = "Variable containing:\n 1  1\n[torch.FloatTensor of size 1x2]\n\n"
    assert gradcalc("run", "-", "--printing", "0.3", stdin=text).out == shown
    assert repr(torch.ones(2)) == "tensor([1., 1.])"  # only while it runs
    assert gradcalc("run", "-", stdin=text).out == "tensor([[1., 1.]])\n"


def test_what_was_printed_before_a_mistake_stays(gradcalc):
    run = gradcalc("run", "-", stdin="print(1)\nx = torch.ones(2)\nx.backward()\n")
    assert (run.code, run.out) == (4, "1\n")
    assert (
        run.err
        == """\
error[G408]: element 0 of tensors does not require grad and does not have a grad_fn
  in standard input:
  3 | x.backward()
    | ^^^^^^^^^^^^
  = make the tensor it is computed from with `requires_grad=True`
"""
    )


def test_warnings_are_told_on_the_side(gradcalc):
    text = "x = torch.ones(1, requires_grad=True)\ny = x*2\nprint(y.grad)"
    run = gradcalc("run", "-", stdin=text)
    assert (run.code, run.out) == (0, "None\n")
    assert run.err.startswith("gradcalc: The .grad attribute of a Tensor that is not a leaf")


def test_seed(gradcalc):
    once = gradcalc("run", "-", "--seed", "1", stdin="print(torch.rand(3))").out
    assert once == gradcalc("run", "-", "--seed", "1", stdin="print(torch.rand(3))").out
    assert once != gradcalc("run", "-", "--seed", "2", stdin="print(torch.rand(3))").out


def test_too_many_steps(gradcalc):
    run = gradcalc("run", "-", "--max-steps", "100", stdin="while True:\n    pass")
    assert run.code == 4
    assert run.err.startswith("error[G603]: more than 100 steps\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "G004"),
        (["a.py", "b.py"], "G004"),
        (["missing.py"], "G002"),
        (["-", "--max-steps", "0"], "G003"),
        (["-", "--printing", "0.4"], "G003"),
    ],
)
def test_mistakes_of_the_command_line(gradcalc, words, code):
    assert gradcalc("run", *words).err.startswith(f"error[{code}]")


def test_not_utf8(gradcalc):
    assert gradcalc("run", "-", stdin=b"print('\xff')").err.startswith("error[G213]")


# --- --explain ---------------------------------------------------------------------------------


def explained(gradcalc, text, *words):
    run = gradcalc("run", "-", "--explain", *words, stdin=text)
    assert (run.code, run.err) == (0, "")
    return run.out


def test_every_line_says_what_became_of_the_tensors(gradcalc):
    text = """\
x = torch.tensor([1., 2.], requires_grad=True)
y = torch.tensor([1, 2])
z = (x*y).sum()
print(z)
with torch.no_grad():
    x += 1
"""
    assert (
        explained(gradcalc, text)
        == """\
  1 | x = torch.tensor([1., 2.], requires_grad=True)
      x   leaf, requires grad   [1, 2]   no grad yet
  2 | y = torch.tensor([1, 2])
      y   leaf   [1, 2]
  3 | z = (x*y).sum()
      z   SumBackward0   5
  4 | print(z)
tensor(5., grad_fn=<SumBackward0>)
  5 | with torch.no_grad():
  6 |     x += 1
      x   leaf, requires grad   [2, 3]   no grad yet
"""
    )


def test_backward_is_told_as_a_derivation(gradcalc):
    text = """\
a = torch.tensor([2., 3.], requires_grad=True)
b = a + 3
out = (3*b*b).mean()
out.backward()
"""
    told = explained(gradcalc, text, "--ascii")
    assert "#2  b = a + 3        AddBackward    [5, 6]" in told
    assert "b is used twice: both uses add up" in told
    assert "      d/da    [15, 18]\n" in told
    assert told.splitlines()[-1].split() == "a leaf, requires grad [2, 3] grad [15, 18]".split()


def test_what_has_no_history_stands_in_the_derivation(gradcalc):
    text = """\
y = torch.tensor([1., 5.])
w = torch.tensor([2., 3.], requires_grad=True)
((w - y)**2 + torch.tensor([7., 8.])).sum().backward()
n = torch.zeros(2)
n[0] = w[0]**2
n.backward(torch.tensor([1., 10.]))
"""
    told = explained(gradcalc, text)
    assert "w - y" in told
    assert "+ [7.0, 8.0]" in told
    assert "given to backward()" in told
    assert told.count("d/dw") == 2


def test_gradients_told_are_those_that_are_found(gradcalc):
    """Through views, in-place operations, casts and functions of every kind."""
    text = """\
x = torch.tensor([[1., 2.], [3., 4.]], dtype=torch.float64, requires_grad=True)
v = x.t()[0]*2
u = v.clone()
u[1:] *= 3
u += x.sum(0)
s = torch.softmax(u/9, 0).unsqueeze(1)
z = torch.cat([s, x.max(1).values.view(2, 1)]).float().norm()
z.backward()
print(x.grad)
"""
    told = explained(gradcalc, text, "--precision", "4")
    shown = gradcalc("run", "-", stdin=text).out
    grad = re.findall(r"-?\d+\.\d+", shown.partition("dtype")[0])
    derived = told[told.index("      d/dx") :].splitlines()[:2]
    assert re.findall(r"-?\d+\.\d{2}", " ".join(derived)) == [n[:-2] for n in grad]
    assert len(grad) == 4


def test_a_call_that_fails_is_not_told(gradcalc):
    text = "x = torch.ones(2, requires_grad=True)\n(x*x).backward()"
    run = gradcalc("run", "-", "--explain", stdin=text)
    assert run.code == 4
    assert "Forward" not in run.out


def test_a_long_loop_is_not_told_to_the_end(gradcalc):
    told = explained(gradcalc, "for i in range(3000): pass")
    assert told.count("\n") < 1100
    assert told.endswith("the lines that follow are not told\n")
