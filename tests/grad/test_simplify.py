"""Closed forms are short, and agree with numbers; the exact phase has tests of its own.

Forms are stated as text, for that is how they can be read; each is compared in structure (the text)
and in numbers (`agree`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcalc.grad import rules as rules
from gradcalc.grad.node import Node
from gradcalc.grad.ops import F, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.simplify import (
    Facts,
    agree,
    between,
    closed,
    exact,
    functions,
    indexed,
    read_entries,
    simplify,
)
from gradcalc.grad.simplify.closed import size_of
from gradcalc.grad.simplify.guards import textbook
from gradcalc.grammar.build import build
from gradcalc.grammar.parse import parse
from gradcalc.grammar.print_text import print_text

VECTOR, MATRIX = (3,), (2, 3)


def read(text: str, shapes: dict[str, tuple[Any, ...]]) -> Node:
    program = parse(text)
    return build(program, {name: variable(name, shape) for name, shape in shapes.items()}).root


def shapes_of(declared: str) -> dict[str, tuple[Any, ...]]:
    """``"X:5,3 c:"`` as shapes by name."""
    found = {}
    for part in declared.split():
        name, _, sizes = part.partition(":")
        found[name] = tuple(int(s) if s.isdigit() else s for s in sizes.split(",") if s)
    return found


def text_of(form: closed.Closed) -> str:
    return "; ".join([*(f"{n} = {print_text(x)}" for n, x in form.lets), print_text(form.expr)])


def gradient_of(text: str, declared: str, wrt: str) -> Node:
    shapes = shapes_of(declared)
    (root,) = exact([read(text, shapes)])
    return gradient(root, [variable(wrt, shapes[wrt])])[0]


# --- gradients in closed form ----------------------------------------------------------------

# expression | shapes | by | closed form
GRADIENTS = """
mean((X @ w - y)**2) | X:5,3 w:3 y:5 | w | 2/5*X.T @ (X @ w - y)
mean(x*x) | x:4 | x | x/2
mean((X @ w - y)**2) | X:n,d w:d y:n | w | 2/n*X.T @ (X @ w - y)
sum((x - mean(x))**2) | x:n | x | 2*(x - mean(x))
trace(A @ X) | A:2,3 X:3,2 | X | A.T
trace(X.T @ B @ X) | X:3,2 B:3,3 | X | (B + B.T) @ X
trace(X @ X @ X) | X:3,3 | X | 3*(X @ X).T
trace(X)**2 | X:3,3 | X | 2*trace(X)*eye(3)
trace(exp(X)) | X:3,3 | X | diag(exp(diag(X)))
trace(A @ inv(X) @ B) | A:2,3 X:3,3 B:3,2 | X | -(inv(X) @ B @ A @ inv(X)).T
a @ solve(X, b) | a:3 X:3,3 b:3 | b | solve(X.T, a)
sum((inv(X) @ X)*A) | X:3,3 A:3,3 | X | zeros_like(X)
det(X) | X:3,3 | X | det(X)*inv(X).T
log(det(inv(X))) | X:3,3 | X | -inv(X).T
det(c*X) | X:3,3 c: | c | 3*c**2*det(X)
x @ A @ x | x:3 A:3,3 | x | (A + A.T) @ x
x @ A @ y | x:3 A:3,4 y:4 | A | outer(x, y)
einsum('ii->', X) | X:3,3 | X | eye(3)
sum(outer(x, y)*A) | x:3 y:4 A:3,4 | x | A @ y
norm(X)**2 | X:3,4 | X | 2*X
sum(norm(X, dim=1)) | X:3,4 | X | X/norm(X, dim=1, keepdim=True)
log(norm(x)) | x:3 | x | x/(x @ x)
sum(abs(x)**3) | x:4 | x | 3*x*abs(x)
sum(abs(x)/x) | x:4 | x | zeros_like(x)
sum(x*sign(x)) | x:4 | x | sign(x)
sum(x*abs(x)) | x:4 | x | 2*abs(x)
sum(relu(x)**2) | x:4 | x | 2*relu(x)
sum(where(x > 0, x**2, -x)) | x:5 | x | where(x > 0, 2*x, -1)
sum(where(x > 0, log(x), 0)) | x:4 | x | where(x > 0, 1/x, 0)
sum(where(x > 0, x, 0) + where(x > 0, 0, x)) | x:4 | x | ones_like(x)
sum(sin(x)*cos(x)) | x:4 | x | cos(2*x)
sum(sinh(x)*cosh(x)) | x:4 | x | cosh(2*x)
sum(x - sin(x)*cos(x)) | x:4 | x | 1 - cos(2*x)
sum(log(sin(x))) | x:4 | x | 1/tan(x)
sum(log(cosh(x))) | x:4 | x | tanh(x)
sum(x*cos(x)**2 + x*sin(x)**2) | x:4 | x | ones_like(x)
sum(tanh(x)) | x:4 | x | 1 - tanh(x)**2
sum(log(1 + exp(x))) | x:4 | x | sigmoid(x)
sum(sigmoid(x)) | x:4 | x | sigmoid(x)*sigmoid(-x)
logsumexp(x, dim=0) | x:4 | x | softmax(x)
sum(log_softmax(X, dim=1)*W) | X:3,4 W:3,4 | X | W - sum(W, dim=1, keepdim=True)*softmax(X)
sum(softmax(X, dim=1)) | X:3,4 | X | zeros_like(X)
sum(one_hot(t, 3), dim=1) @ x | t:4 x:4 | x | ones_like(x)
flip(x) | x: | x | 1
where(c, x, y) | c: x: y: | x | 1.0*(c != 0)
where(c, x, y) | c: x: y: | y | 1.0*logical_not(c)
logaddexp(x, y) | x: y: | x | sigmoid(x - y)
x**a | x: a: | x | a*x**(a - 1)
x**x | x: | x | x**x*(1 + log(x))
2**-x | x: | x | -2**-x*log(2)
x/(x + 1) | x: | x | 1/(1 + x)**2
log(x + sqrt(1 + x**2)) | x: | x | 1/sqrt(1 + x**2)
sum(x*y)/sum(x) | x:4 y:4 | x | (y - x @ y/sum(x))/sum(x)
exp(-(log(x) - 1)**2/2) | x: | x | (1 - log(x))*exp(-0.5 - log(x)**2/2)
sum(prod(X, dim=1)) | X:2,3 | X | prod(X, dim=1, keepdim=True)/X
sum(A*log(U @ V) - U @ V) | A:3,4 U:3,2 V:2,4 | U | (A/(U @ V) - 1) @ V.T
x[-1]**3 | x:3 | x | 3*x[2]**2*eye(3)[2]
x[::-1] @ y | x:4 y:4 | x | y[::-1]
sum(X[[0, 2]]*W) | X:3,4 W:2,4 | X | eye(3)[:, [0, 2]] @ W
sum(cumsum(x)*y) | x:4 y:4 | x | cumsum(y[::-1])[::-1]
sum(X.T*W) | X:2,3 W:3,2 | X | W.T
sum(X*s[None, :, None]*Y) | X:2,3,4 s:3 Y:2,3,4 | s | sum(X*Y, dim=(0, 2))
sum((y - X @ w)*s*(y - X @ w)) | X:5,3 w:3 y:5 s:5 | w | 2*X.T @ (s*(X @ w - y))
sum(cumsum(x)[-1]*y) | x:3 y:2 | x | sum(y)*ones_like(x)
x[1:][:-1] @ y | x:5 y:3 | x | eye(5)[:, 1:4] @ y
x[1:4][2]*x[::-1][1] | x:5 | x | 2*x[3]*eye(5)[3]
sum((x[1:] - x[:-1])**2) | x:5 | x | 2*(eye(5)[:, 1:] - eye(5)[:, :4]) @ (x[1:] - x[:4])
X[[0, 1], [2, 0]] @ y | X:2,3 y:2 | X | y[:, None]*eye(3)[[2, 0]]
cross_entropy(X, [0, 2]) | X:2,3 | X | (softmax(X) - eye(3)[[0, 2]])/2
sum(exp(cat([x, 2*y]))*z) | x:2 y:3 z:5 | y | 2*z[2:]*exp(2*y)
sum(exp(stack([x, y], dim=1)*z)) | x:3 y:3 z:2 | y | z[1]*exp(z[1]*y)
sum(gather(x, 0, [0, 2])*y) | x:4 y:2 | x | eye(4)[:, [0, 2]] @ y
sum(pad(x, (1, 2))*y) | x:3 y:6 | x | y[1:4]
sum(logcumsumexp(x)*y) | x:3 y:3 | x | exp(x)*cumsum((y/cumsum(exp(x)))[::-1])[::-1]
sum(sinc(x)) | x:2 | x | u = pi*x; (cos(u) - sin(u)/u)/x
norm(x, p=4) | x:3 | x | x**3/sum(x**4)**0.75
norm(x, p=3) | x:3 | x | x*abs(x)/sum(abs(x)**3)**(2/3)
norm(x, p=inf) | x:4 | x | k = abs(x) == max(abs(x)); k*sign(x)/sum(k)
cosine_similarity(x, y, dim=0) | x:3 y:3 | x | (y - (x @ y)*x/(x @ x))/(norm(x)*norm(y))
sum(stack([x*y, x + y, x**2])) | x: y: | x | 1 + 2*x + y
det(A @ X @ B) | A:3,3 X:3,3 B:3,3 | X | det(A @ X @ B)*inv(X).T
det(X.T @ X) | X:3,3 | X | 2*det(X)**2*inv(X).T
det(diag(x)) | x:3 | x | prod(x)/x
logdet(diag(x)) | x:3 | x | 1/x
det(eye(3) + outer(u, v)) | u:3 v:3 | u | v
logdet(outer(u, u) + eye(3)) | u:3 | u | 2*u/(1 + u @ u)
logdet(t*B + A) | A:3,3 B:3,3 t: | t | trace(B @ inv(t*B + A))
trace(kron(X, X)) | X:3,3 | X | 2*trace(X)*eye(3)
sum(maximum(0, 1 - x)**2) | x:4 | x | -2*maximum(0, 1 - x)
sum(minimum(x, 0)**2) | x:4 | x | 2*minimum(x, 0)
sum((1 - x)**2) | x:4 | x | 2*(x - 1)
sum(abs(3 - x)) | x:4 | x | sign(x - 3)
sum(sin(x)**2) | x:4 | x | sin(2*x)
sum(cos(x)**2) | x:4 | x | -sin(2*x)
x**(1/3) | x: | x | x**(-2/3)/3
(x**2 + 1)/(x - 1) | x: | x | (x*(x - 2) - 1)/(1 - x)**2
sum(xlogy(x, y)) | x:4 y:4 | y | x/y
trace(A @ diag(x) @ B) | A:3,3 x:3 B:3,3 | x | diag(B @ A)
trace(X.T @ (diag(sum(W, dim=1)) - W) @ X) | X:4,2 W:4,4 | X | (2*diag(sum(W, dim=1)) - W - W.T) @ X
log(sum(y*exp(x))) | x:3 y:3 | x | y*exp(x)/(y @ exp(x))
sum((y - a*exp(-b*x))**2) | y:5 x:5 a: b: | b | e = exp(-b*x); 2*a*(x*e @ (y - a*e))
x[0]*sin(x[1]) | x:2 | x | stack([sin(x[1]), cos(x[1])*x[0]])
p @ log(p) - p @ log(q) - sum(p) | p:3 q:3 | p | log(p/q)
std(x) | x:5 | x | r = x - mean(x); r/(2*norm(r))
w @ relu(A @ relu(B @ x)) | w:2 A:2,3 B:3,4 x:4 | A | h = relu(B @ x); outer(w*(A @ h > 0), h)
var(x) | x:n | x | 2*(x - mean(x))/(n - 1)
std(x, correction=0) | x:n | x | (x - mean(x))/(n*std(x, correction=0))
sum(mean(X, dim=0)**2) | X:n,d | X | 2/n*mean(X, dim=0)*ones_like(X)
mean(X) | X:n,d | X | ones_like(X)/(d*n)
sum((sqrt(p) - sqrt(q))**2) | p:3 q:3 | p | 1 - sqrt(q/p)
sum(einsum('bij,j->bi', A, x)*G) | A:2,3,4 x:4 G:2,3 | x | einsum('jk,jki->i', G, A)
mean(A @ B) | A:n,k B:k,m | B | mean(A, dim=0)[:, None]/m*ones_like(B)
mean(sum((X - Y)**2, dim=1)) | X:n,d Y:d | Y | 2*mean(Y - X, dim=0)
log(sum(p*exp(-(x - m)**2/2)/sqrt(2*pi))) | x: p:3 m:3 | p | e = exp(-(x - m)**2/2); e/(p @ e)
bce_with_logits(X @ w, y) | X:n,d w:d y:n | w | X.T @ (sigmoid(X @ w) - y)/n
huber_loss(X @ w, y) | X:5,3 w:3 y:5 | w | X.T @ clamp(X @ w - y, min=-1, max=1)/5
sum(relu(A @ x - b)) | A:4,3 x:3 b:4 | x | A.T @ (A @ x > b)
mean(relu(1 - y*x)) | x:4 y:4 | x | -y*(x*y < 1)/4
sum(hardtanh(x)) | x:4 | x | 1.0*(abs(x) < 1)
mean(maximum(q*(y - x), (q - 1)*(y - x))) | x:5 y:5 q: | x | (heaviside(x - y, 0.5) - q)/5
sum(maximum(2*x, x + x)*y) | x:3 y:3 | x | 2*y
sum((relu(-1.5) + floor(2.5) + maximum(3, 5) - minimum(3, 5))*x) | x:3 | x | 4*ones_like(x)
sum(one_hot(t, 1)*X) | t:2 X:2,1 | X | ones_like(X)
var(sqrt(cos(x))) | x:3 | x | sin(x)*(mean(sqrt(cos(x)))/sqrt(cos(x)) - 1)/2
sign(relu(x)*y**2)*z | x: y: z: | z | sign(relu(x))
sum(sign((x == y)*z)*w) | x:3 y:3 z:3 w:3 | w | (x == y)*sign(z)
sum(maximum(x, y) - x) | x:4 y:4 | x | -heaviside(y - x, 0.5)
-sum(y*log(p) + (1 - y)*log(1 - p)) | y:4 p:4 | p | (p - y)/(p*(1 - p))
x @ A @ y/norm(x) | A:3,4 x:3 y:4 | x | (A @ y - (x @ A @ y)*x/(x @ x))/norm(x)
sum(softmax(X, dim=0)*Y) | X:4,3 Y:4,3 | X | softmax(X, dim=0)*(Y - sum(Y*softmax(X, dim=0), dim=0))
sum(tril(X)**2) | X:3,3 | X | 2*tril(X)
sum(triu(X)*A) | X:3,3 A:3,3 | X | triu(A)
-5/2*log(2*pi*s**2) - sum((x - m)**2)/(2*s**2) | x:5 m: s: | s | norm(x - m)**2/s**3 - 5/s
a*log(b) + (a - 1)*log(x) | a: b: x: | a | log(b*x)
trace(kron(A, X) @ kron(B, C)) | A:2,2 X:3,3 B:2,2 C:3,3 | X | trace(A @ B)*C.T
norm(y - X @ solve(X.T @ X, X.T @ y))**2 | X:5,3 y:5 | y | 2*(y - X @ solve(X.T @ X, X.T @ y))
g @ (x - mean(x))/sqrt(var(x) + 1e-5) | x:5 g:5 | g | r = x - mean(x); 2*r/sqrt(norm(r)**2 + 4e-05)
"""
GRADIENT_CASES = [
    tuple(p.strip() for p in line.split(" | ")) for line in GRADIENTS.split("\n") if line
]


@pytest.mark.parametrize(("text", "declared", "wrt", "want"), GRADIENT_CASES)
def test_closed_gradient(text: str, declared: str, wrt: str, want: str) -> None:
    found = gradient_of(text, declared, wrt)
    form = simplify(found, like=variable(wrt, shapes_of(declared)[wrt]))
    assert text_of(form) == want
    assert form.whole().shape == found.shape
    if not any(isinstance(s, str) for shape in shapes_of(declared).values() for s in shape):
        assert agree(form.whole(), found, points=3)


# derivatives of second order and the like: expression | shapes | closed form
EXPRESSIONS = """
hessian(x @ A @ x, x) | x:3 A:3,3 | A + A.T
hessian(sum(exp(x)), x) | x:3 | diag(exp(x))
hessian(logsumexp(x, dim=0), x) | x:4 | diag(softmax(x)) - outer(softmax(x), softmax(x))
hessian(norm(A @ x - b)**2, x) | A:4,3 x:3 b:4 | 2*A.T @ A
grad(log(ndtr(x)), x) | x: | sqrt(2/pi)*exp(-x**2/2)/(1 + erf(x/sqrt(2)))
jacobian(cumsum(x), x) | x:3 | tril(ones((3, 3)))
hvp(sum(log(cosh(W @ X))), W, V) | W:3,3 X:3,5 V:3,3 | (1 - tanh(W @ X)**2)*(V @ X) @ X.T
2*mean(X @ w + b - y) | X:5,3 w:3 b: y:5 | 2*mean(X @ w + b - y)
hessian(prod(x), x) | x:3 | prod(x)*(1 - eye(3))/outer(x, x)
hvp(prod(x), x, v) | x:4 v:4 | prod(x)*(sum(v/x) - v/x)/x
solve(A @ B, x) | A:3,3 B:3,3 x:3 | solve(A @ B, x)
inv(A @ B @ C) | A:3,3 B:3,3 C:3,3 | inv(A @ B @ C)
det(2*inv(X)) | X:3,3 | 8/det(X)
u @ inv(eye(3) + outer(u, u)) @ x | u:3 x:3 | u @ x/(1 + u @ u)
sum((U @ V)**2*X/(U @ V)) | U:3,2 V:2,4 X:3,4 | sum(X*(U @ V))
hessian(-sum(log(b - A @ x)), x) | A:4,3 b:4 x:3 | A.T/(A @ x - b)**2 @ A
hessian(norm(T - U @ V.T)**2, U) | T:3,4 U:3,2 V:4,2 | 2*einsum('ik,mj,ml->ijkl', eye(3), V, V)
hvp(0.5*norm(T - U @ V.T)**2, U, D) | T:3,4 U:3,2 V:4,2 D:3,2 | D @ V.T @ V
vjp(inv(X), X, G) | X:3,3 G:3,3 | -inv(X).T @ G @ inv(X).T
vjp(softmax(x, dim=0), x, g) | x:4 g:4 | softmax(x)*(g - g @ softmax(x))
jacobian(A @ x, x) | A:4,3 x:3 | A
grad(grad(x**5, x), x) | x: | 20*x**3
grad(grad(sqrt(x), x), x) | x: | -0.25/x**1.5
x - logsumexp(x, dim=0) | x:4 | log_softmax(x)
erfc(x/sqrt(2))/2 | x: | erfc(x/sqrt(2))/2
0.1*x + 0.2*x | x: | 0.3*x
x/3 + x/6 | x: | x/2
"""
EXPRESSION_CASES = [
    tuple(p.strip() for p in line.split(" | ")) for line in EXPRESSIONS.split("\n") if line
]


@pytest.mark.parametrize(("text", "declared", "want"), EXPRESSION_CASES)
def test_closed_expression(text: str, declared: str, want: str) -> None:
    root = read(text, shapes_of(declared))
    form = simplify(root)
    assert text_of(form) == want
    assert agree(form.whole(), root, points=3)


CLOSED = [(text, declared, wrt) for text, declared, wrt, _ in GRADIENT_CASES] + [
    (text, declared, "") for text, declared, _ in EXPRESSION_CASES
]


@pytest.mark.parametrize(("text", "declared", "wrt"), CLOSED)
def test_simplify_is_idempotent(text: str, declared: str, wrt: str) -> None:
    shapes = shapes_of(declared)
    found = gradient_of(text, declared, wrt) if wrt else read(text, shapes)
    like = variable(wrt, shapes[wrt]) if wrt else None
    once = simplify(found, like=like)
    assert text_of(simplify(once.whole(), like=like)) == text_of(once)


def test_every_identity_is_exercised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule of the tables between factors, between terms and of single functions is applied."""
    fired: set[str] = set()

    def watched(name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            found = rule(*args)
            if found is not None:
                fired.add(name)
            return found

        return call

    names = set()
    for table in (between.IN_PRODUCTS, between.SUMMED, functions.SPECIAL):
        for name, rule in list(table.items()):
            names.add(rule.__name__)
            monkeypatch.setitem(table, name, watched(rule.__name__, rule))  # type: ignore[arg-type]
    for name, pairs in list(between.IN_SUMS.items()):
        watching = []
        for power, partner, outcome in pairs:
            label = f"{name}^{power} {outcome.__qualname__}"
            names.add(label)
            watching.append((power, partner, watched(label, outcome)))
        monkeypatch.setitem(between.IN_SUMS, name, watching)
    more = [
        ("sum(sin(x)**2 + cos(x)**2)", "x:3"), ("1 - sin(x)**2", "x:"), ("1 - cos(x)**2", "x:"),
        ("1 + sinh(x)**2", "x:"), ("2 - 2*erf(x)", "x:"), ("cosh(x)**2 - 1", "x:"),
        ("cosh(x)**2 + sinh(x)**2", "x:"),
        ("sigmoid(x) + sigmoid(-x)", "x:"), ("3 - 3*sigmoid(x)", "x:"), ("exp(x)*exp(-x)", "x:"),
        ("where(x > 0, y, 0)*where(x > 0, 0, y)", "x:3 y:3"), ("sign(x)*abs(x)", "x:"),
        ("log(x**3)", "x:"), ("abs(2*x*y)", "x: y:"), ("sign(-3*x*y)", "x: y:"),
        ("x**2/abs(x)", "x:"), ("sum(eye(5)[1:4] @ eye(5)[1:4].T @ y)", "y:3"),
        ("sum(diag(cumsum(eye(3), dim=0))*y)", "y:3"), ("relu(x)*(x > 0)", "x:3"),
        ("softmax(0*x, dim=0)", "x:3"),
        ("logsumexp(0*x, dim=0)", "x:3"), ("sum(x)*sum(x)", "x:3"),
        ("2 - 2*heaviside(x, 0.5)", "x:"), ("heaviside(x, 0.5) + heaviside(-x, 0.5)", "x:"),
        ("cholesky(X @ X.T) @ cholesky(X @ X.T).T", "X:3,3"),
    ]  # fmt: skip
    for text, declared, wrt in CLOSED + [(text, declared, "") for text, declared in more]:
        root = gradient_of(text, declared, wrt) if wrt else read(text, shapes_of(declared))
        simplify(root)
    assert names - fired == set()


def test_every_reading_is_exercised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row whose reading as indices is wrong shows in numbers; every such row is tried."""
    seen: set[str] = set()
    for name, rule in list(indexed.RULES.items()):

        def watching(r: Any, node: Any, args: Any, rule: Any = rule, name: str = name) -> Any:
            seen.add(name)
            return rule(r, node, args)

        monkeypatch.setitem(indexed.RULES, name, watching)
    more = """
diagonal(X)*x | X:3,3 x:3
diag(x) @ diag(X) | X:3,3 x:3
diag_embed(x) @ x | x:3
trace(X) + dot(x, x) | X:3,3 x:3
cumprod(x) | x:4
flip(X, 1) @ flip(x, 0) | X:2,3 x:3
reshape(x, 1, 3) + unsqueeze(x, 0) | x:3
squeeze(X) + broadcast_to(c, 3) | X:1,3 c:
ones(3)*x + zeros(3) | x:3
var(X, dim=1) + std(X, dim=1) | X:2,3
max(X, dim=1) - min(X, dim=1) | X:2,3
median(X, dim=1) | X:2,3
logical_and(x > 0, x < 1)*x | x:3
where(logical_or(x > 1, x < 0), x, y) | x:3 y:3
maximum(x, y)*minimum(x, y) | x:3 y:3
hypot(x, y) + arctan2(x, y) + xlogy(x, y) | x:3 y:3
clamp(x, min=0, max=1) + heaviside(x, y) | x:3 y:3
x // 2 + x % 2 | x:3
(x == y)*x + (x != y)*y + (x <= y) + (x < y) + (x >= y) | x:3 y:3
one_hot([0, 2], 3) @ x | x:3
ndtr(x) + detach(x) | x:3
norm(X, 1) + norm(X, dim=0) @ x | X:2,3 x:3
prod(X, dim=1) | X:2,3
vjp(cofactor(X), X, Y) + cofactor(X) | X:3,3 Y:3,3
vjp(cumprod(x), x, y) | x:4 y:4
hvp(sum(prod(X, dim=1)*x), X, Y) | X:2,3 x:2 Y:2,3
det(X) + logdet(X) | X:3,3
logaddexp(x, y) | x:3 y:3
vjp(x[1:], x, y) | x:4 y:3
vjp(where(x > 0, log(x), x), x, y) | x:4 y:4
logsumexp(X, dim=1) + log_softmax(X, dim=1)[:, 0] | X:2,3
solve(X, x) | X:3,3 x:3
einsum('ij,j->i', X, x) + outer(x, x) @ x | X:3,3 x:3
x = x + 0; x[1] = 2*x[0]; x | x:3
gather(X, 1, [[0], [2]]) + sum(vjp(gather(X, 0, [[1, 0, 1]]), X, Y), dim=1) | X:2,3 Y:1,3
vjp(gather(x, 0, [2, 0]), x, y) | x:3 y:2
pad(X, (1, 0, -1, 2)) | X:3,2
logcumsumexp(x) + sinc(x) | x:3
norm(X, 3) + norm(X, inf) + sum(norm(X, -inf, dim=1)) | X:2,3
tril(X) @ x + triu(X) @ x + tril(X, -1) @ x | X:3,3 x:3
"""
    for line in [line for line in more.split("\n") if line]:
        text, declared = line.split(" | ")
        root = read(text, shapes_of(declared))
        root = root if root.kind == "float" else root * 1.0
        assert agree(simplify(root).whole(), root, points=3), text
    for text, declared, wrt in CLOSED:
        simplify(gradient_of(text, declared, wrt) if wrt else read(text, shapes_of(declared)))
    by_one_rule = {"any pointwise row", "dot", *read_entries.ELEMENTARY}  # and dot is a spelling
    assert set(indexed.RULES) - seen - by_one_rule == set()


@pytest.mark.parametrize("seed", range(40))
def test_random_expressions_agree(seed: int) -> None:
    """Gradients of random expressions over vectors and matrices equal their closed forms."""
    random = np.random.default_rng(seed)
    x, y, A = variable("x", (3,)), variable("y", (3,)), variable("A", (3, 3))

    def grow(depth: int) -> Node:
        if not depth:
            return (x, y, x + 1, A @ x, x * y)[random.integers(5)]
        a, b = grow(depth - 1), grow(depth - 1)
        ways: list[Callable[[], Node]] = [
            lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / (1 + b**2), lambda: A.T @ a,
            lambda: F.sin(a), lambda: F.tanh(a), lambda: F.exp(-(a**2)), lambda: F.softmax(a, 0),
            lambda: F.sigmoid(a) * b, lambda: F.where(a > b, a, b**2), lambda: F.sum(a) * b,
            lambda: a / F.norm(b), lambda: F.cumsum(a, 0), lambda: F.relu(a), lambda: a[::-1] * b,
            lambda: F.log(1 + a**2), lambda: F.outer(a, b) @ x, lambda: a - F.mean(b),
        ]  # fmt: skip
        return ways[random.integers(len(ways))]()

    root = F.sum(grow(2) * grow(1))
    for wrt in (x, A):
        found = gradient(exact([root])[0], [wrt])[0]
        form = simplify(found, like=wrt)
        assert form.whole().shape == wrt.shape
        assert agree(form.whole(), found, points=2)


# --- facts, names, the check -----------------------------------------------------------------


def test_symmetric_and_positive() -> None:
    facts = Facts(symmetric=frozenset("A"), positive=frozenset("x"))
    root = gradient_of("x @ A @ x", "x:3 A:3,3", "x")
    assert text_of(simplify(root, facts)) == "2*A @ x"
    inside = gradient_of("det(X.T @ A @ X)", "X:3,2 A:3,3", "X")
    assert text_of(simplify(inside, facts)) == "P = X.T @ A @ X; 2*det(P)*A @ X @ inv(P)"
    assert text_of(simplify(read("abs(x)*sign(x)", {"x": VECTOR}), facts)) == "x"
    assert text_of(simplify(read("sqrt(x**2*y)", {"x": (), "y": ()}), facts)) == "x*sqrt(y)"


POSITIVE_DEFINITE = """
logdet(S)/2 + trace(inv(S) @ C) | S | inv(S)/2 - inv(S) @ C @ inv(S)
logdet(S) + trace(solve(S, C)) | S | inv(S) - solve(S, C) @ inv(S)
trace(X @ S @ X.T @ C) | X | 2*C @ X @ S
x @ S @ x/(x @ x) | x | 2*(S @ x - (x @ S @ x)*x/(x @ x))/(x @ x)
exp(-x @ S @ x/2) | x | -exp(-x @ S @ x/2)*S @ x
2*sum(log(diag(cholesky(S)))) | S | inv(S)
sum(log(diagonal(cholesky(S)))) | S | inv(S)/2
norm(solve(cholesky(S), x))**2 | S | -outer(solve(S, x), solve(S, x))
norm(solve(cholesky(S), x))**2 | x | 2*solve(S, x)
z = solve(cholesky(S), x - y); -z @ z/2 | y | solve(S, x - y)
z = solve(cholesky(S), x - y); 0.5*z @ z | y | solve(S, y - x)
y @ cholesky_solve(y[:, None], cholesky(S))[:, 0] | y | 2*solve(S, y)
"""


@pytest.mark.parametrize("line", [s for s in POSITIVE_DEFINITE.split("\n") if s])
def test_symmetric_matrices(line: str) -> None:
    text, wrt, want = line.split(" | ")
    facts = Facts(symmetric=frozenset("SC"))
    shapes = shapes_of("S:3,3 C:3,3 X:3,3 x:3 y:3")
    root, where = textbook(read(text, shapes))
    found = gradient(exact([root])[0], [variable(wrt, shapes[wrt])])[0]
    form = simplify(found, facts)
    assert where == ()
    assert text_of(form) == want
    assert agree(form.whole(), gradient(read(text, shapes), [variable(wrt, shapes[wrt])])[0], facts)


def test_names_are_not_those_of_variables() -> None:
    form = simplify(gradient_of("sum(tanh(s*x + t)*(s*x + t))", "x:3 s: t:3", "x"))
    assert not {name for name, _ in form.lets} & {"x", "s", "t"}


def test_agree_tells_a_wrong_form() -> None:
    x = variable("x", VECTOR)
    assert agree(x + x, 2 * x)
    assert not agree(x + x, 2.001 * x)
    assert not agree(F.sum(x), x)


@pytest.mark.parametrize("declared", ["x: y:", "x:1 y:1", "x:2 y:2", "x:3 y:", "x:n y:n"])
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("sign(relu(x))", "x*0 + 1"),
        ("sign((x > y)*x)", "sign(x) + y*0"),
        ("abs(x)*y", "x*y"),
        ("x*abs(y)", "x*y"),
        ("relu(x)*y", "x*y"),
        ("where(x > 0, x, y)", "x + y*0"),
        ("where(x*y > 0, x, -y)", "x + y*0"),
        ("sign(x)*sign(y)", "x*0 + y*0 + 1"),
        ("x**2/abs(x) + y", "x + y"),
    ],
)
def test_signs_are_tried(text: str, wrong: str, declared: str) -> None:
    shapes = shapes_of(declared)
    assert agree(read(wrong, shapes), read(text, shapes)) is False


# --- budgets ---------------------------------------------------------------------------------


def _doubled(x: Node) -> Node:
    for _ in range(40):
        x = x + x
    return F.sum(x * x)


def _deep(x: Node) -> Node:
    for k in range(30):
        x = F.tanh(variable(f"W{k}", (3, 3)) @ x + variable(f"b{k}", (3,)))
    return F.sum(x**2)


def _repeated(x: Node) -> Node:
    for _ in range(30):
        x = F.tanh(variable("W", (3, 3)) @ x)
    return F.sum(x**2)


def _long(x: Node) -> Node:
    total: Node = x[0] * 0
    for k in range(2_000):
        total = total + F.sin(x[k % 3] * (k + 1))
    return total


def _product(x: Node) -> Node:
    out: Node = x[0]
    for k in range(200):
        out = out * F.sin(x[k % 3] + k)
    return out


@pytest.mark.parametrize("make", [_doubled, _deep, _repeated, _long, _product])
def test_large_graphs_keep_to_the_budget(make: Callable[[Node], Node]) -> None:
    x = variable("x", VECTOR)
    found = gradient(exact([make(x)])[0], [x])[0]
    start = time.process_time()
    form = simplify(found, like=x)
    assert time.process_time() - start < 2
    assert size_of(form) < 20_000
    assert agree(form.whole(), found, points=1)
