"""diff and simplify: closed forms from the shell, from shapes alone."""

import json

import numpy as np
import pytest

from gradcalc.cli.forms import UNSHORTENED
from gradcalc.grammar import closed_form


def forms(gradcalc, *words):
    run = gradcalc("diff", *words)
    assert run.code == 0, run.err
    return run.out.strip()


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["mean(x*x)", "x:2,2"], "x/2"),
        (["mean((X @ w - y)**2)", "X:5,3", "w:3", "y:5", "--wrt", "w"], "2/5*X.T @ (X @ w - y)"),
        (["mean((X @ w - y)**2)", "X:n,d", "w:d", "y:n", "--wrt", "w"], "2/n*X.T @ (X @ w - y)"),
        (["sum(log(1 + exp(x)))", "x:3"], "sigmoid(x)"),
        (["x**3 + y"], "dx = 3*x**2\ndy = 1"),
        (["sum(x**2)", "x:3", "y:2", "--wrt", "y"], "zeros_like(y)"),
        (["x @ A @ x", "x:3", "A:3,3", "--wrt", "x"], "(A + A.T) @ x"),
        (["x @ A @ x", "x:3", "A:3,3", "--wrt", "x", "--symmetric", "A"],
         "2*A @ x  # for A symmetric"),
        (["sum((X @ w - y)**2)/n", "X:n,d", "w:d", "y:n", "--wrt", "w"], "2/n*X.T @ (X @ w - y)"),
        (["n*mean(x) + m", "x:n"], "dx = ones_like(x)\ndm = 1"),
        (["x[5]*x[-7]", "x:n"], "x[-7]*eye(n)[5] + x[5]*eye(n)[-7]"),
        (["sin(x)", "x:3", "--gradient", "g"], "g*cos(x)"),
        (["x**5", "--order", "3"], "60*x**2"),
        (["sum(x*x)", "x:1000000,1000000"], "2*x"),
        (["sum(cat([x, x])*y)", "x:4000000", "y:8000000", "--wrt", "y"], "cat([x, x])"),
        (["cross_entropy(X @ W, t)", "X:5,4", "W:4,3", "t:5", "--wrt", "W"],
         "X.T @ (softmax(X @ W) - one_hot(t, 3))/5  # where no class is ignored"),
        (["sum(norm(X[:, None] - X[None, :], dim=2))", "X:4,2"],
         "r = X - X[:, None]\n"
         "2*sum(where(norm(r, dim=2) == 0, 0, 1/norm(r, dim=2))[:, :, None]*r, dim=0)"),
        (["normalize(x, dim=0) @ y", "x:n", "y:n", "--wrt", "x"],
         "(y - (x @ y)*x/(x @ x))/norm(x)  # where no norm is below eps"),
    ],
)  # fmt: skip
def test_forms(gradcalc, words, form):
    assert forms(gradcalc, *words) == form


@pytest.mark.parametrize("words", [("x:n", "n:"), ("x:n", "n:3"), ("x:n", "--wrt", "n")])
def test_a_name_is_that_of_a_size_or_of_a_variable(gradcalc, words):
    run = gradcalc("diff", "sum(x)/n", *words)
    assert run.code == 2
    assert "error[G003]: `n` is the name of a size and of a variable" in run.err


def test_the_name_of_a_size_is_read_off_in_python(gradcalc):
    text = forms(gradcalc, "sum(x*x)/n", "x:n", "--format", "numpy")
    assert "def gradient_x(x):\n    n = x.shape[0]\n    return 2 / n * x" in text


def test_a_size_in_a_graph(gradcalc):
    text = gradcalc("graph", "x[5]/n", "x:n", "--backward").out
    assert "dn" not in text
    assert "zeros(n)" in text


def test_json(gradcalc):
    run = gradcalc("diff", "sum(tanh(X @ w)**2)", "X:5,3", "w:3", "--wrt", "w", "--json")
    found = json.loads(run.out)
    assert list(found) == ["gradcalc", "expr", "gradients"]
    assert found["gradients"]["w"]["shape"] == [3]
    assert all(len(let) == 2 for let in found["gradients"]["w"]["let"])
    named = json.loads(gradcalc("diff", "sum(x)", "x:n", "--json").out)
    assert named["gradients"]["x"]["shape"] == ["n"]


def test_the_form_can_be_piped_back(gradcalc):
    program = forms(gradcalc, "mean((X @ w - y)**2)", "X:5,3", "w:3", "y:5", "--wrt", "w")
    values = ["X=ones(5, 3)", "w=[1,2,3]", "y=[1,2,3,4,5]"]
    got = json.loads(gradcalc("eval", program, *values, "-q").out)
    want = gradcalc("eval", "mean((X @ w - y)**2)", *values, "--wrt", "w", "--only", "grads.w")
    np.testing.assert_allclose(got, json.loads(want.out), rtol=1e-12)


def test_expand_writes_shared_parts_out(gradcalc):
    words = ["logsumexp(x, dim=0)", "x:4", "--order", "2"]
    assert "=" not in forms(gradcalc, *words, "--expand").replace("dim=", "")


@pytest.mark.parametrize("format", ["latex", "numpy", "torch", "jax"])
def test_formats(gradcalc, format):
    text = forms(gradcalc, "mean((X @ w - y)**2)", "X:5,3", "w:3", "y:5", "--format", format)
    assert ("\\frac" if format == "latex" else "def gradient_w(X, w, y):") in text


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["x*x + x*x", "x:3"], "2*x**2"),
        (["pad(x, 2)"], "x"),
        (["cat([x[:0], x])", "x:3"], "cat([x[:0], x])"),  # of no entries nothing is said
    ],
)
def test_simplified(gradcalc, words, form):
    assert gradcalc("simplify", *words).out.strip() == form


def test_simplify(gradcalc):
    found = json.loads(gradcalc("simplify", "hessian(sum(exp(x)), x)", "x:3", "--json").out)
    assert list(found) == ["gradcalc", "expr", "shape", "let", "simplified"]
    assert found["simplified"] == "diag(exp(x))"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["x*2", "x:3"], 4, "grad can be implicitly created only for scalar outputs"),
        (["sum(x)", "x:3", "--wrt", "z"], 2, "there is no variable `z`"),
        (["x @ A @ x", "x:3", "A:3,3", "--symmetric", "x"], 4, "not declared as a square matrix"),
        (["3"], 4, "there is nothing to differentiate by"),
        (["sum(x)", "--order", "0"], 2, "`0` is not a value of `--order`"),
        (["X @ w", "X:3,2", "w:3"], 4, "`@` needs the last axis"),
    ],
)
def test_mistakes(gradcalc, words, code, message):
    run = gradcalc("diff", *words)
    assert (run.code, run.out) == (code, "")
    assert message in run.err


def test_large_graphs_print_within_their_budget(gradcalc):
    doubled = "v = x; " + "v = v + v; " * 40 + "v"
    assert forms(gradcalc, doubled) == str(2**40)
    layers = "h = x; " + "h = tanh(W @ h); " * 30 + "sum(h)"
    assert len(forms(gradcalc, layers, "x:3", "W:3,3", "--wrt", "x")) < 20_000
    terms = " + ".join(f"sin({k}*x)" for k in range(1, 2001))
    assert len(forms(gradcalc, terms)) < 100_000


def test_a_form_that_fails_its_check_is_not_shortened(gradcalc, monkeypatch):
    monkeypatch.setattr(closed_form, "agree", lambda *_, **__: False)
    run = gradcalc("diff", "sum(log(1 + exp(x)))", "x:3")
    assert run.code == 0
    assert run.out == "broadcast_to(1.0, 3)*sigmoid(x)\n"
    assert run.err == f"{UNSHORTENED}\n"
    run = gradcalc("simplify", "x + x", "x:3")
    assert (run.code, run.out, run.err) == (0, "x + x\n", f"{UNSHORTENED}\n")
