"""Closed forms at the edge: what is 0 whatever the input, positions, and values there are none of.

Every form is compared with the gradient that it was derived from before it is given out; here it is
also read back as text, and has the values that it had.
"""

import pytest

from gradcalc.grad.evaluate import specialise
from gradcalc.grad.simplify import agree
from gradcalc.grammar import closed_form
from gradcalc.grammar.closed_form import Disagreement, Wanted, derive, simplified
from gradcalc.grammar.program import Expression

SHAPES = {
    "x": ("n",), "y": ("n",), "w": ("m",), "X": ("n", "d"), "A": ("n", "n"), "s": (), "t": (),
    "z": (5,), "Z": (4, 2),
}  # fmt: skip
SIZES = {"n": 4, "d": 2, "m": 3}

DIFFERENCES = """
sum(cdist(X, X))
sum(norm(X[:, None] - X[None], dim=2))
sum(sqrt(sum((X[:, None] - X[None])**2, dim=2)))
sum(norm(X - X[0], dim=1))
sum(cdist(Z, Z[:2]))
sum(exp(-cdist(X, X)))
logsumexp(-cdist(X, X))
sum(normalize(X - X[0], dim=1)*X)
sum(sinc(x[:, None] - x))
x @ sinc(x[:, None] - x) @ y
sum(sign(x[:, None] - x)**2 @ y)
sum(where(x[:, None] == x, 0, 1/abs(x[:, None] - x)))
sum(maximum(x[:, None], x))
"""  # of tensors with themselves
OF_SECOND_ORDER = """
sum(sort(x)**2)
sum(topk(z, 2)**2)
sum(cummax(x)**2)
sum(scatter(z, 0, [1, 1], z[:2])**2)
logsumexp(log(outer(y, y)))
trace(A*relu(A))
logaddexp(min(xlogy(y, y)), t)
cosine_similarity(lgamma(y), x + 2)
norm(log(y*y))
prod(abs(clamp(x, min=1e-3)[:, None]/y))
"""
ON_DIAGONALS = """
trace(A*A.T)
trace(clamp(sqrt(A), min=0))
trace(leaky_relu(A, 0.3))
trace(where(y[:, None] - x == 0, A**-1, A))
sum(diag(hypot(A, x)))
max(fmax(t, s**s))
"""
QUESTIONS = [
    (text, order)
    for texts, order in [(DIFFERENCES, 1), (OF_SECOND_ORDER, 2), (ON_DIAGONALS, 1)]
    for text in texts.strip().split("\n")
]


@pytest.mark.parametrize(("text", "order"), QUESTIONS)
def test_forms_agree_and_read_back(text, order):
    asked = Expression.read(text)
    origin = asked.graph(asked.inputs(SHAPES)).root
    for form in derive(asked, Wanted(SHAPES, order=order)).values():
        question = Expression.read(form.program())
        again = question.graph(question.inputs(SHAPES)).root
        read_back, whole, value = specialise([again, form.nodes.whole(), origin], SIZES)
        assert agree(read_back, whole, origin=value) is not False


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("jacobian(sort(x), x)",
         "gather(eye(n), dim=1, index=broadcast_to(argsort(argsort(x)), (n, n)))"),
        ("scatter(z, 0, [1, 1], z[:2])", "scatter(z, dim=0, index=[1, 1], src=z[:2])"),
        ("sinc(diag(x))", "sinc(diag(x))"),
        ("where(t > 1, log(t), 0) - 3*s", "where(t > 1, log(t), 0) - 3*s"),
        ("(t > 1)*log(t) + s*t - s", "where(t > 1, log(t), 0) + s*t - s"),
        ("((t > 1)*(1/t + 2*log(t)) - 2*s)*s", "s*(where(t > 1, 1/t + 2*log(t), 0) - 2*s)"),
        ("softplus(s/(t > 1))", "softplus(s/(t > 1))"),
        ("s*(t > 1)**2/(t > 1)", "s/(t > 1)"),
        ("Z.T @ Z/eye(2)", "reciprocal(eye(2))*(Z.T @ Z)"),
        ("sum(z - s - mean(z - s))", "0"),
        ("exp(xlogy(A + 1/0, 0))", "exp(xlogy(A + 1/0, 0))"),
    ],
)  # fmt: skip
def test_expressions(text, form):
    assert simplified(Expression.read(text), Wanted(SHAPES)).program() == form


def test_a_product_of_many_axes_is_repeated_where_it_is_the_same():
    text = "einsum('i,ij,j->', x**0.5, logsigmoid(Y - Y)**0.5, max(outer(x, w), dim=0) - sort(w))"
    shapes = {"x": (4,), "Y": (4, 3), "w": (3,)}
    assert set(derive(Expression.read(text), Wanted(shapes))) == {"x", "Y", "w"}


def test_a_form_that_disagrees_is_not_given_out(monkeypatch):
    monkeypatch.setattr(closed_form, "agree", lambda *_, **__: False)
    question = Expression.read("sum(log(1 + exp(x)))")
    with pytest.raises(Disagreement):
        derive(question, Wanted(SHAPES))
    (form,) = derive(question, Wanted(SHAPES, shorten=False)).values()
    assert form.program() == "broadcast_to(1.0, n)*sigmoid(x)"
