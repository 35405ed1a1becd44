"""What rows should compute, from other sources: mpmath, or NumPy and SciPy in another way."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import scipy.linalg
import scipy.special

mpmath.mp.dps = 30
mp = mpmath.mp


def each(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers in 30 digits, as one of arrays."""

    def exact(*xs: float, **options: Any) -> float:
        return float(mp.re(f(*(mp.mpf(float(x)) for x in xs), **options)))

    return np.vectorize(exact, otypes=[float])


def logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def normal(x: Any) -> Any:
    return mp.ncdf(x)


def _gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))
    return x * normal(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    return x if x > 0 else alpha * mp.expm1(x)


SELU_SCALE = mp.mpf("1.0507009873554804934193349852946")
SELU_ALPHA = mp.mpf("1.6732632423543772848170429916717")

ENTRYWISE: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "floor_divide": lambda x, y: mp.floor(x / y),
    "remainder": lambda x, y: x - y * mp.floor(x / y),
    "pow": lambda x, y: mp.power(x, y),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "multiply_no_nan": lambda x, y: x * y,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "exp2": lambda x: mp.power(2, x),
    "log": mp.log,
    "log1p": lambda x: mp.log(1 + x),
    "log2": lambda x: mp.log(x, 2),
    "log10": mp.log10,
    "sqrt": mp.sqrt,
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "cbrt": mp.cbrt,
    "abs": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "round": lambda x, decimals=0: mp.nint(x * 10**decimals) / mp.mpf(10) ** decimals,
    "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arctan": mp.atan,
    "arctan2": mp.atan2,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "arcsinh": mp.asinh,
    "arccosh": mp.acosh,
    "arctanh": mp.atanh,
    "hypot": mp.hypot,
    "sinc": mp.sincpi,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfinv": mp.erfinv,
    "lgamma": mp.loggamma,
    "digamma": mp.digamma,
    "xlogy": lambda x, y: x * mp.log(y),
    "xlog1py": lambda x, y: x * mp.log(1 + y),
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "logaddexp2": lambda x, y: mp.log(mp.power(2, x) + mp.power(2, y), 2),
    "sigmoid": logistic,
    "logit": lambda x, **_: mp.log(x / (1 - x)),
    "logsigmoid": lambda x: mp.log(logistic(x)),
    "softplus": lambda x, beta=1, threshold=20: mp.log(1 + mp.exp(beta * x)) / beta,
    "relu": lambda x: max(x, 0),
    "relu6": lambda x: min(max(x, 0), 6),
    "leaky_relu": lambda x, negative_slope=0.01: x if x > 0 else negative_slope * x,
    "elu": elu,
    "celu": lambda x, alpha=1.0: x if x > 0 else alpha * mp.expm1(x / alpha),
    "selu": lambda x: SELU_SCALE * elu(x, SELU_ALPHA),
    "gelu": _gelu,
    "silu": lambda x: x * logistic(x),
    "mish": lambda x: x * mp.tanh(mp.log(1 + mp.exp(x))),
    "hardtanh": lambda x, min_val=-1, max_val=1: min(max(x, min_val), max_val),
    "hardsigmoid": lambda x: min(max(x / 6 + mp.mpf(1) / 2, 0), 1),
    "hardswish": lambda x: x * min(max(x / 6 + mp.mpf(1) / 2, 0), 1),
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - mp.tanh(x),
    "softshrink": lambda x, lambd=0.5: mp.sign(x) * max(abs(x) - lambd, 0),
    "hardshrink": lambda x, lambd=0.5: x if abs(x) > lambd else 0,
    "heaviside": lambda x, y: y if x == 0 else int(x > 0),
    "minimum": min,
    "maximum": max,
    "fmin": min,
    "fmax": max,
    "lerp": lambda x, y, w: x + w * (y - x),
    "deg2rad": mp.radians,
    "rad2deg": mp.degrees,
    "exp10": lambda x: mp.power(10, x),
    "frac": lambda x: x - mp.sign(x) * mp.floor(abs(x)),
    "positive": lambda x: x,
    "detach": lambda x: x,
    "addcmul": lambda x, y, z, value=1: x + value * y * z,
    "addcdiv": lambda x, y, z, value=1: x + value * y / z,
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "ndtr": normal,
    "ndtri": lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1),
    "i0": lambda x: mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "i0e": lambda x: mp.besseli(0, x) * mp.exp(-abs(x)),
    "i1e": lambda x: mp.besseli(1, x) * mp.exp(-abs(x)),
    "j0": lambda x: mp.besselj(0, x),
    "j1": lambda x: mp.besselj(1, x),
}


def _axes(x: Any, dim: Any) -> tuple[int, ...]:
    dims = range(x.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    return tuple(sorted(d % x.ndim for d in dims))


def over(f: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function of a list of numbers, applied along axes by a loop over what is left."""

    def reduced(x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> Any:
        x = np.asarray(x, float)
        axes = _axes(x, dim)
        kept = [i for i in range(x.ndim) if i not in axes]
        rows = np.transpose(x, (*kept, *axes)).reshape((*(x.shape[i] for i in kept), -1))
        out = np.array([f(rows[i], **options) for i in np.ndindex(rows.shape[:-1])])
        full = [1 if i in axes else n for i, n in enumerate(x.shape)]
        return out.reshape(full if keepdim else [x.shape[i] for i in kept])

    return reduced


def along(f: Callable[[Any], Any], default: int | None = -1) -> Callable[..., Any]:
    """A function from a list of numbers to one of the same length, along one axis."""

    def applied(x: Any, dim: Any = default, **options: Any) -> Any:
        if dim is None or isinstance(dim, tuple):
            return np.array(f(np.asarray(x).ravel(), **options))
        return np.apply_along_axis(lambda row: np.array(f(row, **options)), dim, x)

    return applied


def _variance(row: Any, correction: float = 1, unbiased: bool | None = None) -> float:
    m = math.fsum(row) / len(row)
    freedom = len(row) - (correction if unbiased is None else int(unbiased))
    return math.fsum((v - m) ** 2 for v in row) / freedom


def _norm(row: Any, p: Any = 2, ord: Any = None) -> float:
    p = ord if ord is not None else p
    if p in ("fro", None):
        p = 2
    if p == math.inf:
        return max(abs(row))
    if p == -math.inf:
        return min(abs(row))
    if p == 0:
        return float(np.count_nonzero(row))
    return math.fsum(abs(v) ** p for v in row) ** (1 / p)


def _normalized(row: Any, p: float = 2, eps: float = 1e-12) -> Any:
    return row / max(_norm(row, p), eps)


def _softmax(row: Any) -> Any:
    e = [math.exp(v) for v in row]
    return [v / math.fsum(e) for v in e]


REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": math.fsum,
    "mean": lambda row: math.fsum(row) / len(row),
    "prod": math.prod,
    "max": max,
    "min": min,
    "amax": max,
    "amin": min,
    "var": _variance,
    "std": lambda row, **options: math.sqrt(_variance(row, **options)),
    "norm": _norm,
    "vector_norm": _norm,
    "logsumexp": lambda row: math.log(math.fsum(map(math.exp, row))),
    "all": all,
    "any": any,
    "argmax": lambda row: list(row).index(max(row)),
    "argmin": lambda row: list(row).index(min(row)),
    "median": lambda row: sorted(row)[(len(row) - 1) // 2],
    "count_nonzero": lambda row: sum(v != 0 for v in row),
    "nansum": math.fsum,
    "nanmean": lambda row: math.fsum(row) / len(row),
}


def _running(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: [f(row[: i + 1]) for i in range(len(row))]


SCANS: dict[str, Callable[..., Any]] = {
    "cumsum": _running(math.fsum),
    "cumprod": _running(math.prod),
    "cummax": _running(max),
    "cummin": _running(min),
    "logcumsumexp": _running(lambda row: math.log(math.fsum(map(math.exp, row)))),
    "softmax": _softmax,
    "softmin": lambda row: _softmax(-row),
    "log_softmax": lambda row: np.log(_softmax(row)),
    "normalize": _normalized,
    "sort": lambda row, descending=False, **_: sorted(row, reverse=descending),
    "argsort": lambda row, descending=False, **_: np.argsort(-row if descending else row),
}


def _determinant(a: Any) -> float:
    return float(mp.det(mp.matrix(a.tolist())))


def _mp_matrix(f: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda a: np.array(f(mp.matrix(a.tolist())).tolist(), float)


_INVERSE = _mp_matrix(lambda a: a**-1)


def _loss(f: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def reduced(x: Any, y: Any, w: Any = None, reduction: str = "mean", **options: Any) -> Any:
        entries = f(x, y, **options) * (1 if w is None else w)
        if reduction == "mean":
            return entries.sum() / (entries.size if w is None else w.sum())
        return entries.sum() if reduction == "sum" else entries

    return reduced


def _huber(x: Any, y: Any, delta: float = 1.0) -> Any:
    d = abs(x - y)
    return np.where(d <= delta, d**2 / 2, delta * (d - delta / 2))


REFERENCES: dict[str, Callable[..., Any]] = {
    **{name: each(f) for name, f in ENTRYWISE.items()},
    **{name: over(f) for name, f in REDUCTIONS.items()},
    **{name: along(f, None if "cum" in name else -1) for name, f in SCANS.items()},
    "where": lambda c, x, y: (c != 0) * x + (c == 0) * y,
    "flatten": lambda x, start_dim=0, end_dim=-1: (
        x if start_dim or end_dim == 0 else np.array([*x[0], *x[1]])
    ),
    "transpose": lambda x: np.array(list(zip(*x, strict=True))),
    "swapaxes": lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1),
    "mT": lambda x: np.array(list(zip(*x, strict=True))),
    "sum_to_size": lambda x, **_: x.sum(),
    "zeros_like": lambda x: 0 * x,
    "ones_like": lambda x: x**0,
    "getitem": lambda x: x[1, None],
    "matmul": lambda x, y: np.einsum("ij,jk->ik", x, y),
    "outer": lambda x, y: np.array([[a * b for b in y] for a in x]),
    "trace": lambda x, offset=0: sum(x[i, i + offset] for i in range(len(x) - offset)),
    "det": _determinant,
    "logdet": lambda x: math.log(_determinant(x)),
    "inv": _INVERSE,
    "solve": lambda a, b, left=True: b @ _INVERSE(a) if not left else _INVERSE(a) @ b,
    "cholesky": lambda x, upper=False: scipy.linalg.cholesky(x, lower=not upper),
    "eigvalsh": lambda x, **_: np.sort(scipy.linalg.eigvals(x).real),
    "svdvals": lambda x: np.sqrt(np.sort(scipy.linalg.eigvals(x @ x.T).real)[::-1]),
    "pinv": lambda x, **_: scipy.linalg.pinv(x),
    "kron": lambda x, y: np.block([[a * y for a in row] for row in x]),
    "mse_loss": _loss(lambda x, y: (x - y) ** 2),
    "l1_loss": _loss(lambda x, y: abs(x - y)),
    "huber_loss": _loss(_huber),
    "smooth_l1_loss": _loss(
        lambda x, y, beta=1.0: _huber(x, y, beta) / beta if beta else abs(x - y)
    ),
    "polygamma": lambda x, n: scipy.special.polygamma(n, x),
}
