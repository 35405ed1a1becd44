"""Formulas as LaTeX: what they look like, and that every row's calls and gradients can be read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from time import perf_counter

import pytest
from latex2mathml.converter import convert
from latex2mathml.exceptions import DoubleSuperscriptsError, ExtraLeftOrMissingRightError

from gradcalc.grad.node import Node
from gradcalc.grad.ops import F, Op, constant, dimension, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grammar.latex_names import symbol
from gradcalc.grammar.print_latex import latex_program, print_latex
from gradcalc.grammar.program import Expression

from ..grad.cases import ROWS
from ..grad.test_rules import cases, seeded, smooth

SHAPES = {
    "X": (5, 3), "A": (3, 3), "B": (3, 3), "T": (2, 3, 3),
    "u": (3,), "v": (3,), "w": (3,), "y": (5,),
}  # fmt: skip


def graph(text: str) -> Node:
    expression = Expression.read(text)
    names = {name: variable(name, SHAPES.get(name, ())) for name in expression.free}
    return expression.graph(names).root


def of_row(row: Op) -> list[Node]:
    """The calls of a row, and their gradients."""
    nodes = [one.node for one in cases(row)]
    for one in smooth(row):
        nodes += gradient(one.node, one.floats, seeded(one)[0])
    return nodes


def check(text: str) -> None:
    """Raises for what is not LaTeX: two exponents, a bracket too many, a command that is none."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        assert depth >= 0, text
    assert depth == 0, text
    unknown = re.findall(r"<mi>\\(\w+)", convert(text))
    assert not unknown, text


# --- looks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        # products
        ("2/5*X.T @ (X @ w - y)", r"\frac{2}{5} X^{\top} \left(X w - y\right)"),
        ("u*v", r"u \odot v"),
        ("2*u*v", r"2 u \odot v"),
        ("a*u", "a u"),
        ("u*2", "2 u"),
        ("2*3*a", r"2 \cdot 3 a"),
        ("A @ B @ w", "A B w"),
        ("A @ (B @ w)", "A B w"),
        ("(A*B) @ w", r"\left(A \odot B\right) w"),
        ("(A @ B)*A", r"\left(A B\right) \odot A"),
        ("T @ A @ w", r"\left(T A\right) w"),
        # a vector is a column
        ("u @ v", r"u^{\top} v"),
        ("y @ X", r"X^{\top} y"),
        ("u @ A @ v", r"u^{\top} A v"),
        ("u @ A.T @ v", r"u^{\top} A^{\top} v"),
        ("(A @ u) @ v", r"u^{\top} A^{\top} v"),
        ("(u @ v)*w", r"\left(u^{\top} v\right) w"),
        ("outer(u, v)", r"u v^{\top}"),
        # quotients and powers
        ("u/v", r"u \oslash v"),
        ("u/a", r"\frac{u}{a}"),
        ("u*v/w", r"\left(u \odot v\right) \oslash w"),
        ("u/(v*w)", r"u \oslash \left(v \odot w\right)"),
        ("u**2", r"u^{\odot 2}"),
        ("a**2", "a^{2}"),
        ("a**b**c", "a^{b^{c}}"),
        ("(a**b)**c", r"\left(a^{b}\right)^{c}"),
        ("sin(a)**2", r"\left(\sin\left(a\right)\right)^{2}"),
        ("(a/b)**2", r"\left(\frac{a}{b}\right)^{2}"),
        ("sqrt(a)/2", r"\frac{\sqrt{a}}{2}"),
        # matrices
        ("inv(A)", "A^{-1}"),
        ("inv(A).T @ w", r"A^{-\top} w"),
        ("inv(A.T)", r"A^{-\top}"),
        ("solve(A, w)", "A^{-1} w"),
        ("matrix_power(A, 3)", "A^{3}"),
        ("pinv(X)", "X^{+}"),
        ("(A @ B).T", r"\left(A B\right)^{\top}"),
        ("trace(A)", r"\operatorname{tr}\left(A\right)"),
        ("logdet(A)", r"\log\det\left(A\right)"),
        ("diag(u) @ w", r"\operatorname{diag}\left(u\right) w"),
        ("eye(3) - A", r"\mathbf{I}_{3} - A"),
        ("einsum('ij,jk->ik', A, B)", r"\operatorname{einsum}_{ij,jk \to ik}\left(A, B\right)"),
        # sums
        ("sum(X)", r"\sum X"),
        ("sum(X, 0)", r"\sum_{\text{axis 0}} X"),
        ("sum(X, 1, True)", r"\sum_{\text{axis 1, kept}} X"),
        ("2*sum(u*v) + a", r"2 \sum \left(u \odot v\right) + a"),
        ("sum(u)*a", r"\left(\sum u\right) a"),
        ("max(X, 1)", r"\max_{\text{axis 1}}\left(X\right)"),
        ("norm(w)", r"\left\|w\right\|_{2}"),
        ("norm(X, 1, dim=0)", r"\left\|X\right\|_{1,\text{axis 0}}"),
        ("softmax(X, 1)", r"\operatorname{softmax}_{\text{axis 1}}\left(X\right)"),
        ("softmax(w)", r"\operatorname{softmax}\left(w\right)"),
        # signs
        ("-a + b", "-a + b"),
        ("a + -b*c", "a - b c"),
        ("-u @ v", r"-u^{\top} v"),
        ("-a/b", r"-\frac{a}{b}"),
        ("a*-b", r"a \left(-b\right)"),
        ("a - -b", "a + b"),
        ("a + (b - c)", r"a + \left(b - c\right)"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("-2*a - 3", "-2 a - 3"),
        ("(-a)**2", r"\left(-a\right)^{2}"),
        ("log1p(-a)", r"\log\left(1 - a\right)"),
        # conditions
        (
            "where(a > 0, a, -a)",
            r"\begin{cases} a & \text{if } a > 0 \\ -a & \text{otherwise} \end{cases}",
        ),
        ("(u > 0)*v", r"\left[u > 0\right] \odot v"),
        ("abs(a)", r"\left|a\right|"),
        ("floor(a)", r"\left\lfloor a \right\rfloor"),
        # numbers
        ("1.5e-7*a", r"1.5 \cdot 10^{-7} a"),
        ("1e30", "10^{30}"),
        ("pi*a + inf", r"\pi a + \infty"),
        ("e**a", r"\mathrm{e}^{a}"),
        ("[1, 2] + 0", r"\left(1, 2\right) + 0"),
        # positions
        ("w[0]", "w_{0}"),
        ("X[1:, 0]", r"X_{1{:}, 0}"),
        ("X[::-1]", r"X_{{:}{:}-1}"),
        ("w[[0, 2]]", r"w_{\left(0, 2\right)}"),
        ("w[:, None]", r"w_{{:}, \text{None}}"),
        ("sin(w)[0]", r"\left(\sin\left(w\right)\right)_{0}"),
        ("w[0]**2", "w_{0}^{2}"),
        ("w1 + w[1]", r"w_{1} + w_{\left[1\right]}"),
    ],
)  # fmt: skip
def test_looks(text: str, latex: str) -> None:
    assert print_latex(graph(text)) == latex
    check(latex)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("alpha", r"\alpha"),
        ("lambda_max", r"\lambda_{\mathrm{max}}"),
        ("Sigma", r"\Sigma"),
        ("w1", "w_{1}"),
        ("x_0", "x_{0}"),
        ("x_i_1", "x_{i,1}"),
        ("h_mu", r"h_{\mu}"),
        ("loss", r"\mathit{loss}"),
        ("log2x", r"\mathit{log2x}"),
        ("λ", r"\lambda"),
        ("Ω2", r"\Omega_{2}"),
        ("x\u0302", r"\hat{x}"),
        ("é", r"\acute{e}"),
        ("x₀", "x_{0}"),
        ("ж", r"\text{ж}"),
        ("_x", r"\mathtt{\_x}"),
        ("x_", r"\mathtt{x\_}"),
        ("a__b", r"\mathtt{a\_\_b}"),
    ],
)
def test_names(name: str, latex: str) -> None:
    assert symbol(name) == latex
    check(latex)


def test_no_two_names_look_alike() -> None:
    names = ("w1", "w_1", "alpha", "α", "x_1_2", "x1_2", "ﬁ", "fi")
    total = constant(0.0)
    for name in names:
        total = total + variable(name)
    assert len(set(print_latex(total).split(" + "))) == len(names) + 1


# --- names for parts ---------------------------------------------------------------------------


def test_one_let_stands_beside() -> None:
    X, w, y = variable("X", ("n", "d")), variable("w", ("d",)), variable("y", ("n",))
    r = X @ w - y
    assert latex_program([("r", r)], 2 / dimension("n") * (X.T @ r)) == (
        r"\frac{2}{n} X^{\top} r \quad\text{where } r = X w - y"
    )


def test_a_let_that_is_a_comparison_is_bracketed() -> None:
    x = variable("x", (3,))
    text = latex_program([("K", F.eq(x, 1))], F.eq(x, 1) * x)
    assert text == r"K \odot x \quad\text{where } K = \left[x = 1\right]"


def test_several_lets_stand_below() -> None:
    x = variable("x", (3,))
    s = F.sin(x)
    p = s * s
    text = latex_program([("s", s), ("p", p)], F.sum(p + s))
    assert text.splitlines() == [
        r"\begin{aligned}",
        r"& \sum \left(p + s\right) \\",
        r"& \quad\text{where } s = \sin\left(x\right) \\",
        r"& \quad\text{and } p = s \odot s",
        r"\end{aligned}",
    ]
    check(text)


def test_given_names_are_not_explained() -> None:
    x = variable("x")
    assert print_latex(F.sin(x) + 1, {F.sin(x): "s"}) == "s + 1"


def test_a_doubling_is_short() -> None:
    v = variable("v")
    for _ in range(40):
        v = v + v
    assert len(print_latex(v)) < 3_000


@pytest.mark.parametrize("step", [F.sin, lambda x: x + 1, lambda x: -x, lambda x: 2 ** (x / 3)])
def test_long_chains_are_cut(step: object) -> None:
    assert callable(step)
    x = variable("x")
    for _ in range(5_000):
        x = step(x)
    start = perf_counter()
    text = print_latex(x)
    assert perf_counter() - start < 2
    assert max(map(len, text.splitlines())) < 5_000


# --- the whole table ---------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_read(row: Op) -> None:
    for node in of_row(row):
        check(print_latex(node))


@pytest.mark.parametrize("wrong", [r"a^2^3", r"\left( a", r"\frac{a}{b", r"\nosuch a", "a }"])
def test_the_check_sees_mistakes(wrong: str) -> None:
    with pytest.raises((AssertionError, DoubleSuperscriptsError, ExtraLeftOrMissingRightError)):
        check(wrong)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_every_row_compiles(tmp_path: Path) -> None:
    lines = [r"\documentclass{article}", r"\usepackage{amsmath}", r"\begin{document}"]
    for row in ROWS:
        for node in of_row(row):
            lines += [r"\begin{gather*}", print_latex(node), r"\end{gather*}"]
    (tmp_path / "all.tex").write_text("\n".join([*lines, r"\end{document}"]), "ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert run.returncode == 0, run.stdout.decode("latin-1")[-2_000:]
