"""Scripts: they do what Python does, and can reach nothing that Python could."""

import contextlib
import io
import re

import pytest

from gradcalc.grammar.errors import Diagnostic
from gradcalc.grammar.script import parse_script
from gradcalc.grammar.script_code import Code
from gradcalc.grammar.script_run import Machine


def printed(text, max_steps=10_000):
    """What a script prints."""
    out = []
    Machine(out.append, max_steps).run(Code.of(parse_script(text)))
    return "".join(out)


def refused(text, **options):
    with pytest.raises(Diagnostic) as caught:
        printed(text, **options)
    return caught.value


# --- as Python ---------------------------------------------------------------------------------

PROGRAMS = {
    "precedence": "print(-2**2, 2**-1, 7//2*3 % 4, 2*3**2, -7//2, 1 - 2 - 3, not 1 == 2)",
    "comparisons": "print(1 < 2 < 3, 1 < 3 < 2 < 1/0, 3 > 2 >= 2 != 1, 1 in [1], 2 not in (1,))",
    "none": "x = None\nprint(x is None, x is not None, x or 3, 0 and 1/0, 1 and 2, [] or 'a')",
    "conditional": "for i in range(4): print(i if i % 2 else 'even', end=' ')\nprint()",
    "branches": """
for i in range(5):
    if i == 1: print("one")
    elif i < 3:
        if i:
            print("two")
        else: print("none")
    else:
        print("many", i)
""",
    "loops": """
n = 0
while True:
    n += 1
    if n % 2: continue
    for k in range(10):
        if k > n: break
        if k == 1: continue
        print(n, k)
    if n > 4: break
print("end", n)
""",
    "unpacking": """
a, (b, c) = 1, (2, 3)
a, b = b, a
x = y = [a, b, c]
x[0] = 7; x[1:] = [8, 9]; x += [1]
print(a, b, c, x, y, len(y))
for i, p in enumerate(zip(x, "abcd")): print(i, p)
for i, v in enumerate("ab", start=1): print(i, v)
""",
    "failures": """
for d in (1, 0, "a"):
    try:
        print(1 / d)
    except ZeroDivisionError as e:
        print("zero:", e)
    except (TypeError, ValueError):
        print("type")
try:
    try:
        [][1]
    except ZeroDivisionError:
        print("no")
except IndexError as e:
    print(e)
try:
    nothing
except NameError as e: print(e)
except: print("?")
""",
    "loops left from within": """
for i in range(3):
    try:
        if i == 1: continue
        if i == 2: break
        print(i)
    except Exception:
        pass
print("over")
""",
    "texts": r"""
x, n = 3.14159, 2
print(f"{x:.{n}f}|{x!r:>10}|{{}}|{n = }|{'a' + 'b'}|{n:03d}|{(1, 2)}|{x=:.1f}", 'a\tb\x41\u00e9\\')
print("%d %s %.2f" % (1, "a", x), "{1} {b:.1f} {0}".format(1, 3, b=2) if n else "", "a"*3, sep="-")
print('''three
lines''', "it's", 'say "it"', "-".join(["a", "b"]), "A b".lower().split())
""",
    "layout": '''"""A text that is
    skipped."""
x = [1,
  2,   # in brackets lines do not count
      3]; y = x[
0]
if y:
	print("a tab")

  # a comment anywhere

print(x, \\
      y)
''',
    "numbers": "print(1_000, 1e3, .5, 10**20, round(2.567, 1), abs(-3), min(3, 1), max([1, 5]), "
    "sum(range(5)), int('7'), float('1e3'), str(2), bool([]), list('ab'), tuple([1]))",
}  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_a_script_prints_what_python_prints(text):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, "script", "exec"), {})  # noqa: S102
    assert printed(text) == out.getvalue()


def test_imports_give_names_and_load_nothing():
    text = """
from __future__ import print_function
import torch as t, numpy as np
import torch.nn.functional as F
import torch.autograd
from torch.autograd import (Variable as V, grad)
from torch import nn
x = V(t.ones(2), requires_grad=True)
print(F.relu(x).sum(), torch.autograd.grad((x*x).sum(), x), nn.functional.relu(-x).sum().item())
print(np.array([1, 2], dtype=np.float64), t)
"""
    assert printed(text) == (
        "tensor(2., grad_fn=<SumBackward0>) (tensor([2., 2.]),) 0.0\n[1. 2.] <module 'torch'>\n"
    )


def test_attributes_and_entries_are_written_once():
    text = """
w = torch.tensor([1., 2.], requires_grad=True)
(w*w).sum().backward()
w.data -= 0.5*w.grad
w.grad[0] *= 10
w.grad.data[1] = 3
print(w, w.grad)
w.grad = None
with torch.no_grad():
    w += 1
print(w, w.grad, torch.is_grad_enabled())
"""
    assert printed(text) == (
        "tensor([0., 0.], requires_grad=True) tensor([20.,  3.])\n"
        "tensor([1., 1.], requires_grad=True) None True\n"
    )


def test_contexts_end_however_they_are_left():
    text = """
for i in range(2):
    with torch.no_grad():
        if i: break
        continue
try:
    with torch.no_grad(), torch.no_grad():
        1 / 0
except ZeroDivisionError:
    pass
print(torch.is_grad_enabled())
"""
    assert printed(text) == "True\n"
    refused("with torch.no_grad():\n  1/0")
    assert printed("print(torch.is_grad_enabled())") == "True\n"


# --- mistakes ----------------------------------------------------------------------------------

MISTAKES = {
    "x = 1\n  y = 2": ("G118", "  y"),
    "if x:\ny = 2": ("G118", "y"),
    "if 1:\n    y = 1\n  z = 2": ("G118", "  z"),
    "if x\n  y = 1": ("G102", "if x"),
    "else:\n  x": ("G102", "else"),
    "print x": ("G103", "print x"),
    "def f(x):\n  return x": ("G106", "def"),
    "f = lambda x: x": ("G106", "f = lambda"),
    "class A: pass": ("G106", "class"),
    "del x": ("G106", "del"),
    "assert x": ("G106", "assert"),
    "a = {1: 2}": ("G106", "a = {"),
    "x = [i for i in y]": ("G106", "x = [i for"),
    "x = sum(i for i in y)": ("G106", "x = sum(i for"),
    "if True print(1)": ("G102", "if True print"),
    "for i in range(3) print(i)": ("G102", "for i in range(3) print"),
    "if x y: pass": ("G103", "if x y"),
    "f(x) = 2": ("G115", "f(x)"),
    "x + 1 += 2": ("G115", "x + 1"),
    "x = (1": ("G101", "x = (1"),
    "print(f'{x')": ("G102", "print(f'{"),
    "print(f'{}')": ("G102", "print(f'{}"),
    "print(f'{x y}')": ("G103", "print(f'{x y"),
    "'\\q'": ("G106", "'\\q"),
    "x = 'a": ("G107", "x = 'a"),
    "break": ("G106", "break"),
    "import matplotlib.pyplot as plt": ("G119", "import matplotlib.pyplot as plt"),
    "from torch import nothing": ("G114", "from torch import nothing"),
    "y = x + 1": ("G201", "y = x"),
    "1 // 0": ("G219", "1 //"),
    "torch.ones(2).sizee()": ("G114", "torch.ones(2).sizee"),
    "a, b = 1, 2, 3": ("G219", "a, b"),
    "(1)(2)": ("G103", "(1)("),
    "x = torch.ones(2)\nx()": ("G219", "x()"),
    "with open: pass": ("G201", "with open"),
    "with 3: pass": ("G219", "with 3"),
    "x = (1, 2)\nx[0] = 1": ("G219", "x[0]"),
    "torch.ones(2) @ torch.ones(3)": ("G301", "torch.ones(2) @"),
    "torch.ones(2, 2).backward()": ("G408", "torch.ones(2, 2).backward()"),
    "while True:\n  pass": ("G603", "  pass"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_has_a_code_and_a_place(text):
    code, until = MISTAKES[text]
    found = refused(text)
    assert (found.code, found.source) == (code, text)
    line = next(line for line in text.splitlines() if until in line)
    assert text[: max(found.span)].splitlines()[-1].rstrip() == line[: line.index(until)] + until


@pytest.mark.parametrize(
    "text",
    [
        "(1).__class__", "''.__class__", "torch.__dict__", "torch.nn.__class__",
        "x = torch.ones(1)._array", "np.ones(1).dump('a')",
        "torch.Tensor.__mro__", "torch.autograd.variable.__name__", "print.__self__", "float.mro",
        "'{0.__class__}'.format(1)", "'{0[0]}'.format([1])", "eval('1')", "exec('1')", "open('a')",
        "__import__('os')", "getattr(1, 'real')", "globals()", "np.load('a')", "np.save('a', 1)",
        "torch.load('a')", "torch.ones(1).tofile('a')", "np.ones(1).tofile('a')",
        "t = type(1)\nt(2)", "torch.ones(1).__class__", "range(3).__reduce__", "(1, 2).__add__",
        "import os", "import gradcalc.cli", "from gradcalc import cli", "torch.dtype.numpy",
        "torch.float32.numpy", "torch.sum.__globals__", "x = 1\nx.y = 2", "torch.x = 2",
        "torch.ones(1)._array = 2", "[].__class__", "Exception.__subclasses__()", "inspect",
    ],
)  # fmt: skip
def test_nothing_else_can_be_reached(text):
    assert refused(text).code in ("G114", "G119", "G201", "G219", "G106")


@pytest.mark.parametrize(
    "text",
    [
        "10**10**10", "x = 2\nfor i in range(99): x = x*x", "'a' * 10**9", "[0] * 10**9",
        "f'{1:999999999}'", "'%999999999d' % 1", "'%*d' % (999999999, 1)", "list(range(10**12))",
        "sum(range(10**12))", "x = [1]\nfor i in range(99): x += x", "[].extend(range(10**12))",
        "x = 'ab'\nfor i in range(99): x += x", "'{:999999999}'.format(1)",
    ],
)  # fmt: skip
def test_nothing_grows_without_limit(text):
    assert refused(text).code == "G219"


def test_deep_nesting_is_no_problem():
    assert printed("print(" + "(" * 3000 + "1" + ")" * 3000 + ")") == "1\n"
    assert printed("x = 1" + " + 1" * 20_000 + "\nprint(x)") == "20001\n"
    assert printed("print(" + "not " * 2001 + "1)") == "False\n"
    assert (
        refused("x = []\nfor i in range(9000): x = [x]\nprint(x)", max_steps=99_999).code == "G219"
    )


def test_places_are_those_of_the_text():
    found = refused('\n\nprint(f"{1} {2 + nothing} é")')
    assert found.source[slice(*found.span)] == "nothing"
    assert re.search(r"\n  3 \| ", found.render())
