"""Textbook spellings and the functions they mean: `log(1 + exp(x))` is softplus.

Every rewrite here is exact: the same value and shape wherever the spelling has a finite value, and
the true value where the spelling overflows, underflows or cancels on the way (`log(1 + exp(800))`
is 800). What is honestly undefined stays undefined: the log of a negative product is nan.
"""

from __future__ import annotations

from typing import Any

from ..node import Node
from ..ops import F, count
from .patterns import Attribute, Wild, row, rows

x, y, z, m = (Wild(name) for name in "xyzm")
c = Wild("c", number=True)
D, K, I, C = (Attribute(name) for name in "DKIC")

exp, expm1, log, log1p, sqrt, square, sign = rows("exp expm1 log log1p sqrt square sign")
sinh, cosh, tanh, hypot, logaddexp = rows("sinh cosh tanh hypot logaddexp")
sigmoid, logsigmoid, softplus = rows("sigmoid logsigmoid softplus")
softmax, log_softmax, logsumexp = rows("softmax log_softmax logsumexp")
ndtr, log_ndtr, erfc = rows("ndtr log_ndtr erfc")
weighted = row("weighted_logsumexp")
total, mean, prod, norm = rows("sum mean prod norm")
det, logdet, index, unsqueeze = rows("det logdet index unsqueeze")
trace, kron, inv = rows("trace kron inv")
magnitude = row("abs")
matrix_norm, dist, std, var = rows("matrix_norm dist std var")


MOST_FACTORS = 16  # of a product that is looked through for exponentials


def even(c: Node, **_: Any) -> bool:
    value = c.attr("value")
    return bool(value and value % 2 == 0)


def not_a_sign(x: Node, **_: Any) -> bool:
    """Signs multiply without underflow: this is where taking a product apart ends."""
    return bool(x.op.name != "sign")


def vector(x: Node, y: Node | None = None, **_: Any) -> bool:
    return x.ndim == 1 and (y is None or y.ndim == 1)


def one_axis(D: Any, **_: Any) -> bool:
    return len(D) == 1


def all_of_a_vector(x: Node, **_: Any) -> bool:
    """A sum over the only axis there is broadcasts against `x` as one with `keepdim` does."""
    return x.ndim == 1


def same_axes(D: Any, K: Any, **_: Any) -> bool:
    """A sum along `D` with new axes `K`: the axes it lost are where they were."""
    return len(D) == 1 and tuple(D) == tuple(K)


def largest(m: Node, **_: Any) -> bool:
    """`m` is a maximum, taken off to keep exponentials small."""
    while m.op.name in ("unsqueeze", "detach"):
        m = m.args[0]
    return m.op.name in ("max", "amax")


def shift_undone(m: Node, y: Node, D: Any, K: bool, **_: Any) -> bool:
    """`m` shifts all entries along `D` alike, and `y` is `m` with the axes of the sum."""
    if any(-d <= m.ndim and m.shape[d] != 1 for d in D):
        return False
    if m.ndim and not K:
        if m.op.name == "unsqueeze":
            return y is m.args[0]
        options = {**dict(m.attrs), "keepdim": False}
        return m.args == y.args and m.op is y.op and dict(y.attrs) == options
    return y is m


def matrices(x: Node, y: Node, **_: Any) -> bool:
    return x.ndim == y.ndim == 2


def both_fit(x: Node, y: Node, z: Node, m: Node) -> bool:
    inner = [(a.shape[-1], b.shape[0]) for a, b in ((x, z), (y, m)) if matrices(a, b)]
    return len(inner) == 2 and all(a == b for a, b in inner)


def square_both(x: Node, y: Node, **_: Any) -> bool:
    shapes = (x.shape, y.shape)
    return all(len(s) == 2 and s[0] == s[1] and isinstance(s[0], int) for s in shapes)


def _frobenius(x: Node, D: Any, K: bool) -> Node:
    return F.sum(x**2, (-2, -1) if D is None else D, K)


# lengths whose squares are smooth where they are not, at 0, and what those squares are
SQUARED = [
    (norm(x, p=2, dim=D, keepdim=K),              total(x**2, dim=D, keepdim=K)),
    (matrix_norm(x, ord="fro", dim=D, keepdim=K), _frobenius),
    (std(x, dim=D, keepdim=K, correction=C),      var(x, dim=D, keepdim=K, correction=C)),
    (dist(x, y, p=2),                             total((x - y) ** 2)),
    (hypot(x, y),                                 x**2 + y**2),
]  # fmt: skip


def entries(x: Node, D: Any) -> Node:
    """The number of entries that a reduction along `D` combines."""
    return count(tuple(x.shape[d] for d in D))


# fmt: off
EXACT = [
    # powers
    (magnitude(x)**c                 >> x**c).when(even),                 # |x|^2k = x^2k
    square(magnitude(x))             >> x**2,                             # |x|^2 = x^2
    magnitude(x) * magnitude(x)      >> x**2,                             # |x| |x| = x^2
    *(length**2                      >> smooth for length, smooth in SQUARED),   # |x|^2 = sum x^2
    *(square(length)                 >> smooth for length, smooth in SQUARED),
    *(length * length                >> smooth for length, smooth in SQUARED),
    sqrt(x**2)                       >> magnitude(x),                     # (x^2)^1/2 = |x|
    sqrt(square(x))                  >> magnitude(x),                     # (x^2)^1/2 = |x|
    sqrt(x * x)                      >> magnitude(x),                     # (x^2)^1/2 = |x|
    (x**2)**0.5                      >> magnitude(x),                     # (x^2)^1/2 = |x|

    # quotients of exponentials, which overflow where the result does not
    exp(x) / exp(y)                  >> exp(x - y),                       # e^x/e^y = e^(x-y)
    1 / exp(x)                       >> exp(-x),                          # 1/e^x = e^-x
    log(exp(x))                      >> x,                                # log e^x = x
    log(1 - exp(x))                  >> log(-expm1(x)),                   # log(1 - e^x)
    (log(x**c)                       >> c * log(magnitude(x))).when(even),    # log x^2k = 2k log|x|
    log(square(x))                   >> 2 * log(magnitude(x)),            # log x^2 = 2 log|x|

    # sigmoid
    1 / (1 + exp(-x))                >> sigmoid(x),                       # 1/(1 + e^-x) = s(x)
    1 / (1 + exp(x))                 >> sigmoid(-x),                      # 1/(1 + e^x) = s(-x)
    (1 + exp(-x))**-1                >> sigmoid(x),                       # 1/(1 + e^-x) = s(x)
    (1 + exp(x))**-1                 >> sigmoid(-x),                      # 1/(1 + e^x) = s(-x)
    exp(x) / (1 + exp(x))            >> sigmoid(x),                       # e^x/(1 + e^x) = s(x)
    exp(x) / (1 + exp(x))**2         >> sigmoid(x) * sigmoid(-x),         # = s(x) s(-x)
    (1 - exp(x)) / (1 + exp(x))      >> -tanh(x / 2),                     # = -tanh(x/2)
    (exp(x) - 1) / (1 + exp(x))      >> tanh(x / 2),                      # = tanh(x/2)
    y / (1 + exp(-x))                >> y * sigmoid(x),                   # y/(1 + e^-x) = y s(x)
    y / (1 + exp(x))                 >> y * sigmoid(-x),                  # y/(1 + e^x) = y s(-x)
    1 - sigmoid(x)                   >> sigmoid(-x),                      # 1 - s(x) = s(-x)

    # tanh
    sinh(x) / cosh(x)                >> tanh(x),                          # sinh/cosh = tanh
    2 * sigmoid(2 * x) - 1           >> tanh(x),                          # 2 s(2x) - 1 = tanh x
    1 - 2 * sigmoid(x)               >> -tanh(x / 2),                     # 1 - 2 s(x) = -tanh(x/2)
    (exp(x) - exp(-x)) / (exp(x) + exp(-x)) >> tanh(x),                   # the definition of tanh

    # softplus and logsigmoid
    log(1 + exp(x))                  >> softplus(x),                      # log(1 + e^x)
    log1p(exp(x))                    >> softplus(x),                      # log(1 + e^x)
    log(sigmoid(x))                  >> logsigmoid(x),                    # log s(x)
    softplus(x) - x                  >> softplus(-x),                     # log(1 + e^x) - x
    x - softplus(x)                  >> logsigmoid(x),                    # x - log(1 + e^x)
    log(cosh(x))                     >> softplus(2 * x) - x - log(2),     # log((e^x + e^-x)/2)
    log(exp(x) + exp(-x))            >> softplus(2 * x) - x,              # log(e^x + e^-x)
    log(exp(x) + exp(y))             >> logaddexp(x, y),                  # log(e^x + e^y)

    # the normal distribution, whose tail underflows
    log(ndtr(x))                     >> log_ndtr(x),                      # log P(Z < x)
    log(erfc(x))                     >> log(2) + log_ndtr(-2**0.5 * x),   # = log 2P(Z < -2^1/2 x)

    # softmax and logsumexp
    log(total(exp(x), dim=D, keepdim=K)) >> logsumexp(x, dim=D, keepdim=K),  # log sum e^x
    log(total(y * exp(x), dim=D, keepdim=K))  >> weighted(x, y, dim=D, keepdim=K),  # log sum y e^x
    log(total(exp(x) / y, dim=D, keepdim=K))  >> weighted(x, 1 / y, dim=D, keepdim=K),  # the same
    (log(y @ exp(x))                     >> weighted(x, y)).when(vector),    # log sum y e^x
    (log(exp(x) @ y)                     >> weighted(x, y)).when(vector),    # log sum y e^x
    log(mean(exp(x), dim=D, keepdim=K))  >> (lambda x, D, K:                 # = lse(x) - log n
        F.logsumexp(x, dim=D, keepdim=K) - F.log(entries(x, D))),
    (logsumexp(x - m, dim=D, keepdim=K) + y                                  # m + lse(x - m)
        >> logsumexp(x, dim=D, keepdim=K)).when(shift_undone),
    (exp(x) / total(exp(x), dim=D, keepdim=True) >> (lambda x, D:            # e^x / sum e^x
        F.softmax(x, dim=D[0]))).when(one_axis),
    (exp(x) / total(exp(x), dim=D, keepdim=False) >> (lambda x, D:           # e^x / sum e^x
        F.softmax(x, dim=D[0]))).when(all_of_a_vector),
    (exp(x) / unsqueeze(total(exp(x), dim=D, keepdim=False), dim=K) >> (lambda x, D, K:
        F.softmax(x, dim=D[0]))).when(same_axes),                            # e^x / sum e^x
    exp(y) / total(exp(x), dim=D, keepdim=K)                                 # e^(y - lse(x))
        >> exp(y - logsumexp(x, dim=D, keepdim=K)),
    (softmax(x - m, dim=D)           >> softmax(x, dim=D)).when(largest), # the shift cancels
    log(softmax(x, dim=D))           >> log_softmax(x, dim=D),            # log softmax
    log(index(softmax(x, dim=D), index=I)) >> index(log_softmax(x, dim=D), index=I),

    # norms, which underflow and overflow in their squares, and have slope 0 at 0
    sqrt(total(x**2, dim=D, keepdim=K))      >> norm(x, dim=D, keepdim=K),   # (sum x^2)^1/2
    sqrt(total(x * x, dim=D, keepdim=K))     >> norm(x, dim=D, keepdim=K),   # (sum x^2)^1/2
    sqrt(total(square(x), dim=D, keepdim=K)) >> norm(x, dim=D, keepdim=K),   # (sum x^2)^1/2
    total(x**2, dim=D, keepdim=K)**0.5       >> norm(x, dim=D, keepdim=K),   # (sum x^2)^1/2
    total(x * x, dim=D, keepdim=K)**0.5      >> norm(x, dim=D, keepdim=K),   # (sum x^2)^1/2
    (sqrt(x @ x)                             >> norm(x)).when(vector),       # (x.x)^1/2
    ((x @ x)**0.5                            >> norm(x)).when(vector),       # (x.x)^1/2
    sqrt(mean(x**2, dim=D, keepdim=K))       >> (lambda x, D, K:             # = |x|/n^1/2
        F.norm(x, dim=D, keepdim=K) / F.sqrt(entries(x, D))),
    sqrt(x**2 + y**2)                        >> hypot(x, y),                 # (x^2 + y^2)^1/2
    (x**2 + y**2)**0.5                       >> hypot(x, y),                 # (x^2 + y^2)^1/2

    # products and determinants, which underflow where their logs do not
    (log(prod(x, dim=D, keepdim=K))          >> (                            # = sum log|x|, or nan
        total(log(magnitude(x)), dim=D, keepdim=K)
        + log(prod(sign(x), dim=D, keepdim=K)))).when(not_a_sign),
    log(magnitude(prod(x, dim=D, keepdim=K))) >> total(log(magnitude(x)), dim=D, keepdim=K),
    log(det(x))                              >> logdet(x),                   # log det

    # Kronecker products, of which the large matrix is not needed
    (trace(kron(x, y))                       >> trace(x) * trace(y)).when(square_both),
    (det(kron(x, y))                         >> (lambda x, y:                # |A|^n |B|^m
        F.det(x) ** y.shape[-1] * F.det(y) ** x.shape[-1])).when(square_both),
    (logdet(kron(x, y))                      >> (lambda x, y:                # the log of that
        y.shape[-1] * F.logabsdet(x) + x.shape[-1] * F.logabsdet(y)
        + F.log(F.detsign(x) ** y.shape[-1] * F.detsign(y) ** x.shape[-1]))).when(square_both),
    (norm(kron(x, y), p=2, dim=(-2, -1), keepdim=False)
                                             >> norm(x) * norm(y)).when(matrices),
    (inv(kron(x, y))                         >> kron(inv(x), inv(y))).when(square_both),
    (kron(x, y) @ kron(z, m)                 >> kron(x @ z, y @ m)).when(both_fit),
]
# fmt: on


def merged_exponentials(node: Node) -> Node | None:
    """z e^x e^y = z e^(x + y), under any signs: `exp(-exp(-x))*exp(-x)` is 0*inf as it stands."""
    if node.args[0] is node.args[1] and node.args[0].op.name == "mul":
        return None  # (z e^x)**2: z would be multiplied twice, and z e^x is needed anyway
    negative = False
    exponents: list[Node] = []
    others: list[Node] = []
    pending = [node]
    while pending:
        part = pending.pop()
        if len(pending) + len(others) > MOST_FACTORS:
            return None
        if part.op.name == "mul":
            pending += reversed(part.args)
        elif part.op.name == "neg":
            negative = not negative
            pending.append(part.args[0])
        else:
            (exponents if part.op.name == "exp" else others).append(part)
    if len(exponents) < 2:
        return None
    power = exponents[0].args[0]
    for e in exponents[1:]:
        power = power + e.args[0]
    out = F.exp(power)
    for other in reversed(others):
        out = other * out
    return -out if negative else out
