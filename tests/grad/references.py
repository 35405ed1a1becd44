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


def _layer_norm(x: Any, shape: Any, weight: Any = 1.0, bias: Any = 0.0, eps: float = 1e-5) -> Any:
    rows = [row - np.mean(row) for row in x.reshape(-1, np.prod(shape))]
    found = [row / np.sqrt(np.mean(row**2) + eps) for row in rows]
    return np.reshape(found, x.shape) * weight + bias


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


def _from_factor(c: Any, upper: bool) -> Any:
    """The inverse of the matrix that has this factor, of which one triangle counts."""
    lower = np.triu(c).T if upper else np.tril(c)
    return _INVERSE(lower @ lower.T)


def _written(x: Any, value: Any, index: Any, write: Callable[[Any, Any], Any]) -> Any:
    """An assignment, entry by entry; positions and slices are applied before lists."""
    out, places = x.copy(), np.arange(x.size).reshape(x.shape)
    places = places[tuple(slice(None) if isinstance(i, list) else i for i in index)]
    places = places[tuple(i if isinstance(i, list) else slice(None)
                          for i in index if not isinstance(i, int))]  # fmt: skip
    for place, new in zip(places.ravel(), value.ravel(), strict=True):
        out.flat[place] = write(out.flat[place], new)
    return out


def _loss(f: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def reduced(x: Any, y: Any, reduction: str = "mean", weight: Any = None, **options: Any) -> Any:
        entries = f(x, y, **options) * (1 if weight is None else weight)
        if reduction == "mean":
            return entries.sum() / (entries.size if weight is None else weight.sum())
        if reduction == "batchmean":
            return entries.sum() / len(x)
        return entries.sum() if reduction == "sum" else entries

    return reduced


def _huber(x: Any, y: Any, delta: float = 1.0) -> Any:
    d = abs(x - y)
    return np.where(d <= delta, d**2 / 2, delta * (d - delta / 2))


def _kl(x: Any, y: Any, log_target: bool = False) -> Any:
    return np.exp(y) * (y - x) if log_target else y * (np.log(y) - x)


def _poisson(x: Any, y: Any, log_input: bool = True, full: bool = False) -> Any:
    stirling = np.where(y > 1, y * np.log(y) - y + np.log(2 * np.pi * y) / 2, 0.0) * full
    return (np.exp(x) - y * x if log_input else x - y * np.log(x + 1e-8)) + stirling


def _nll(
    x: Any, y: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """A loop over the samples; `x` are log-probabilities."""
    weight = np.ones(x.shape[-1]) if weight is None else weight
    kept = [0.0 if k == ignore_index else weight[k] for k in y]
    entries = np.array([-w * row[k] if w else 0.0 for row, k, w in zip(x, y, kept, strict=True)])
    if reduction == "none":
        return entries
    return entries.sum() / (sum(kept) if reduction == "mean" else 1)


def _cross_entropy(
    x: Any,
    y: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """PyTorch's definition, from the probabilities that the targets stand for."""
    logs = x - np.log(np.exp(x).sum(-1, keepdims=True))
    classes = x.shape[-1]
    weight = np.ones(classes) if weight is None else weight
    if np.ndim(y) == np.ndim(x):
        target = y * (1 - label_smoothing) + label_smoothing / classes
        entries = -(weight * target * logs).sum(-1)
        total = len(x)
    else:
        hard = _nll(logs, y, weight, ignore_index, "none")
        soft = np.array(
            [
                0.0 if k == ignore_index else -(weight * r).sum()
                for r, k in zip(logs, y, strict=True)
            ]
        )
        entries = (1 - label_smoothing) * hard + label_smoothing / classes * soft
        total = sum(weight[k] for k in y if k != ignore_index)
    if reduction == "none":
        return entries
    return entries.sum() / (total if reduction == "mean" else 1)


def _bce(x: Any, y: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = 1.0) -> Any:
    entries = -(pos_weight * y * np.log(x) + (1 - y) * np.log(1 - x))
    entries = entries * (1 if weight is None else weight)
    return {"mean": entries.mean(), "sum": entries.sum(), "none": entries}[reduction]


def _near(a: Any, b: Any) -> float:
    return _norm(a - b + 1e-6, 2)


def _cosine(a: Any, b: Any) -> float:
    return a @ b / math.sqrt((a @ a) * (b @ b))


def _glu(x: Any, dim: int = -1) -> Any:
    a, b = np.split(x, 2, dim)
    return a / (1 + np.exp(-b))


# --- the same entries elsewhere ----------------------------------------------------------------


def _at(x: Any, dim: int, index: Any) -> Any:
    """Positions of entries: their index, with that along one axis replaced."""
    places = list(np.indices(index.shape))
    places[dim] = index
    return tuple(places)


def _scattered(x: Any, dim: int, index: Any, src: Any, add: bool) -> Any:
    out = np.array(x)
    for place in np.ndindex(index.shape):
        target = (*place[: dim % x.ndim], index[place], *place[dim % x.ndim + 1 :])
        out[target] = out[target] * add + src[place]
    return out


def _pad(x: Any, pad: Any = (), mode: str = "constant", value: Any = 0, pad_width: Any = ()) -> Any:
    pairs = pad_width or [pad[i : i + 2] for i in range(len(pad) - 2, -2, -2)]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + [tuple(p) for p in pairs]
    cut = tuple(slice(-min(a, 0), n + min(b, 0)) for (a, b), n in zip(pairs, x.shape, strict=True))
    grown = [(max(a, 0), max(b, 0)) for a, b in pairs]
    names = {"replicate": "edge", "circular": "wrap"}
    options = {"constant_values": value} if mode == "constant" else {}
    return np.pad(x[cut], grown, names.get(mode, mode), **options)  # type: ignore[call-overload]


def _topk(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """Values and places of the k largest or smallest."""
    order = np.argsort(-x if largest else x, axis=dim, kind="stable")
    first = np.take(order, range(k), dim)
    return np.take_along_axis(x, first, dim), first


SHAPES: dict[str, Callable[..., Any]] = {
    "flatten": lambda x, start_dim=0, end_dim=-1: (
        x if start_dim or end_dim == 0 else np.array([*x[0], *x[1]])
    ),
    "reshape": lambda x, *shape: x.reshape(shape),
    "unflatten": lambda x, dim, sizes: np.stack([row.reshape(sizes) for row in x]),
    "view_as": lambda x, y: x.reshape(y.shape),
    "permute": lambda x, *dims: np.einsum("ij->ji", x),
    "transpose": lambda x: np.array(list(zip(*x, strict=True))),
    "t": lambda x: np.array(list(zip(*x, strict=True))),
    "mT": lambda x: np.array(list(zip(*x, strict=True))),
    "swapaxes": lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1),
    "movedim": np.moveaxis,
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "squeeze": lambda x, dim=None: x.squeeze() if dim is None or x.shape[dim] == 1 else x,
    "broadcast_to": lambda x, *shape: x + np.zeros(shape),
    "expand_as": lambda x, y: x + 0 * y,
    "atleast_1d": np.atleast_1d,
    "atleast_2d": np.atleast_2d,
    "atleast_3d": np.atleast_3d,
    "flip": lambda x, *dims: np.flip(x, dims or None),
    "flipud": lambda x: x[::-1],
    "fliplr": lambda x: x[:, ::-1],
    "roll": np.roll,
    "rot90": np.rot90,
    "diagonal": np.diagonal,
    "diag": lambda x, diagonal=0: np.diag(x, diagonal),
    "tril": lambda x, diagonal=0: np.tril(x, diagonal),
    "triu": lambda x, diagonal=0: np.triu(x, diagonal),
    "sum_to_size": lambda x, *shape: x.sum(),
    "zeros_like": lambda x: 0 * x,
    "ones_like": lambda x: x**0,
    "full": lambda shape, value: value + np.zeros(shape),
    "full_like": lambda x, value: value + 0 * x,
    "tensor": lambda x: x,
    "cat": lambda xs, dim=0: np.concatenate(xs, dim),
    "stack": lambda xs, dim=0: np.stack(xs, dim),
    "vstack": np.vstack,
    "hstack": np.hstack,
    "dstack": np.dstack,
    "column_stack": np.column_stack,
    "meshgrid": lambda xs: np.meshgrid(*xs, indexing="ij"),
    "split": lambda x, size: [x[i : i + size] for i in range(0, len(x), size)],
    "chunk": lambda x, chunks: np.split(x, chunks),
    "tensor_split": np.array_split,
    "unbind": lambda x, dim=0: [*np.moveaxis(x, dim, 0)],
    "tile": lambda x, *dims: np.tile(x, dims),
    "repeat": lambda x, *counts, dim=None: (
        np.tile(x, counts) if dim is None else np.repeat(x, counts[0], dim)
    ),
    "repeat_interleave": np.repeat,
    "pad": _pad,
    "diff": lambda x, n=1, dim=-1, **ends: np.diff(x, n, dim, **ends),
    "getitem": lambda x: x[1, None],
    "setitem": lambda x, value, index: _written(x, value, index, lambda old, new: new),
    "additem": lambda x, value, index: _written(x, value, index, lambda old, new: old + new),
    "numel": np.size,
    "narrow": lambda x, dim, start, length: np.take(x, range(start, start + length), dim),
    "select": lambda x, dim, index: np.take(x, index, dim),
    "gather": lambda x, dim, index: x[_at(x, dim, index)],
    "scatter": lambda x, dim, index, src: _scattered(x, dim, index, src, add=False),
    "scatter_add": lambda x, dim, index, src: _scattered(x, dim, index, src, add=True),
    "take": lambda x, index, dim=None: np.take(x, index, dim),
    "index_select": lambda x, dim, index: np.take(x, index, dim),
    "take_along_dim": lambda x, index, dim=None: (
        x.ravel()[index.ravel()] if dim is None else np.take_along_axis(x, index, dim)
    ),
    "topk": lambda *args, **options: _topk(*args, **options)[0],
    "argtopk": lambda *args, **options: _topk(*args, **options)[1],
    "kthvalue": lambda x, k, dim=-1: np.sort(x, dim).take(k - 1, dim),
    "order_statistic": lambda x, k, dim=-1: np.sort(x, dim).take(k - 1, dim),
    "argkthvalue": lambda x, k, dim=-1: np.argsort(x, dim).take(k - 1, dim),
    "masked_fill": lambda x, mask, value: (mask != 0) * value + (mask == 0) * x,
    "where": lambda c, x, y: (c != 0) * x + (c == 0) * y,
    "ptp": lambda x, dim=None, keepdim=False: np.ptp(x, axis=dim, keepdims=keepdim),
    "quantile": lambda x, q, dim=None, keepdim=False: np.quantile(x, q, dim, keepdims=keepdim),
    "prod_others": lambda x, dim=None: np.prod(x, axis=dim, keepdims=True) / x,
}

# --- matrices ----------------------------------------------------------------------------------


def _plus(product: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda x, a, b, beta=1, alpha=1: beta * x + alpha * product(a, b)


def _matrix_norm(x: Any, ord: Any = "fro", dim: Any = None, keepdim: bool = False) -> Any:
    return np.linalg.norm(x, ord, (0, 1), keepdims=keepdim)


MATRICES: dict[str, Callable[..., Any]] = {
    "matmul": lambda x, y: np.einsum("ij,jk->ik", x, y),
    "einsum": lambda equation, *xs: np.einsum(equation, *xs),
    "tensordot": np.tensordot,
    "inner": lambda x, y: math.sumprod(x, y) if hasattr(math, "sumprod") else sum(x * y),
    "dot": lambda x, y: sum(x * y),
    "vdot": lambda x, y: sum(x * y),
    "vecdot": lambda x, y, dim=-1: np.sum(x * y, dim),
    "multi_dot": lambda xs: np.linalg.multi_dot([*xs, np.eye(len(xs[-1].T))]),
    "outer": lambda x, y: np.array([[a * b for b in y] for a in x]),
    "cross": lambda x, y, dim=-1: np.cross(x, y, axis=dim),
    "addmm": _plus(lambda a, b: np.einsum("ij,jk", a, b)),
    "addmv": _plus(lambda a, b: np.einsum("ij,j", a, b)),
    "baddbmm": _plus(lambda a, b: np.einsum("bij,bjk->bik", a, b)),
    "addbmm": _plus(lambda a, b: np.einsum("bij,bjk->ik", a, b)),
    "addr": _plus(lambda a, b: np.einsum("i,j->ij", a, b)),
    "kron": lambda x, y: np.block([[a * y for a in row] for row in x]),
    "linear": lambda x, weight, bias=0.0: np.einsum("ij,kj->ik", x, weight) + bias,
    "layer_norm": _layer_norm,
    "vander": lambda x, **options: np.vander(x, **options),
    "trace": lambda x, offset=0: sum(x[i, i + offset] for i in range(len(x) - offset)),
    "det": _determinant,
    "logdet": lambda x: math.log(_determinant(x)),
    "logabsdet": lambda x: math.log(abs(_determinant(x))),
    "detsign": lambda x: np.sign(_determinant(x)),
    "slogdet": lambda x: np.array([np.sign(_determinant(x)), math.log(abs(_determinant(x)))]),
    "cofactor": lambda x: _determinant(x) * _INVERSE(x).T,
    "inv": _INVERSE,
    "solve": lambda a, b, left=True: b @ _INVERSE(a) if not left else _INVERSE(a) @ b,
    "solve_triangular": lambda a, b, upper, unitriangular=False: scipy.linalg.solve_triangular(
        a, b, lower=not upper, unit_diagonal=unitriangular
    ),
    "cholesky_solve": lambda b, c, upper=False: _from_factor(c, upper) @ b,
    "cholesky_inverse": lambda c, upper=False: _from_factor(c, upper),
    "lstsq": lambda a, b: np.linalg.lstsq(a, b)[0],
    "matrix_power": np.linalg.matrix_power,
    "matrix_exp": lambda x: np.array(mp.expm(mp.matrix(x.tolist())).tolist(), float),
    "cholesky": lambda x, upper=False: scipy.linalg.cholesky(x, lower=not upper),
    "eigvalsh": lambda x, **_: np.sort(scipy.linalg.eigvals(x).real),
    "svdvals": lambda x: np.sqrt(np.sort(scipy.linalg.eigvals(x @ x.T).real)[::-1]),
    "pinv": lambda x, **_: scipy.linalg.pinv(x),
    "matrix_norm": _matrix_norm,
    "linalg_norm": lambda x, ord=None, dim=None, keepdim=False: np.linalg.norm(
        x, ord, dim, keepdim
    ),
    "dist": lambda x, y, p=2: _norm((x - y).ravel(), p),
}

# --- losses ------------------------------------------------------------------------------------

LOSSES: dict[str, Callable[..., Any]] = {
    "mse_loss": _loss(lambda x, y: (x - y) ** 2),
    "l1_loss": _loss(lambda x, y: abs(x - y)),
    "huber_loss": _loss(_huber),
    "smooth_l1_loss": _loss(
        lambda x, y, beta=1.0: _huber(x, y, beta) / beta if beta else abs(x - y)
    ),
    "soft_margin_loss": _loss(lambda x, y: np.log1p(np.exp(-y * x))),
    "kl_div": _loss(_kl),
    "poisson_nll_loss": _loss(_poisson),
    "gaussian_nll_loss": lambda x, y, var, full=False: np.mean(
        (np.log(var) + (x - y) ** 2 / var) / 2 + (math.log(2 * math.pi) / 2 if full else 0)
    ),
    "nll_loss": _nll,
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _bce,
    "binary_cross_entropy_with_logits": lambda x, y, *args, **options: _bce(
        1 / (1 + np.exp(-x)), y, *args, **options
    ),
    "cosine_similarity": lambda x, y, dim=1: (
        np.sum(x * y, dim) / np.sqrt(np.sum(x * x, dim) * np.sum(y * y, dim))
    ),
    "pairwise_distance": lambda x, y, keepdim=False: np.sqrt(
        np.sum((x - y + 1e-6) ** 2, -1, keepdims=keepdim)
    ),
    "cdist": lambda x, y, p=2: np.array([[_norm(a - b, p) for b in y] for a in x]),
    "hinge_embedding_loss": lambda x, y: np.mean(
        (np.asarray(y) != 1) * np.maximum(0, 1 - x) + (np.asarray(y) == 1) * x
    ),
    "multilabel_soft_margin_loss": lambda x, y, weight=1.0: (
        -np.mean(
            weight * (y * np.log(1 / (1 + np.exp(-x))) + (1 - y) * np.log(1 / (1 + np.exp(x))))
        )
    ),
    "triplet_margin_loss": lambda a, p, n, swap=False: np.mean(
        [
            max(0.0, 1 + _near(u, v) - min(_near(u, w), _near(v, w) if swap else np.inf))
            for u, v, w in zip(a, p, n, strict=True)
        ]
    ),
    "cosine_embedding_loss": lambda x, z, y: np.mean(
        [1 - c if k == 1 else max(0.0, c) for c, k in zip(map(_cosine, x, z), y, strict=True)]
    ),
    "margin_ranking_loss": lambda x, z, y, margin=0: np.mean(np.maximum(0, margin - y * (x - z))),
}

REFERENCES: dict[str, Callable[..., Any]] = {
    **{name: each(f) for name, f in ENTRYWISE.items()},
    **{name: over(f) for name, f in REDUCTIONS.items()},
    **{name: along(f, None if "cum" in name else -1) for name, f in SCANS.items()},
    **SHAPES,
    **MATRICES,
    **LOSSES,
    "norm": lambda x, p=2, dim=None, keepdim=False: over(_norm)(x, dim, keepdim, p=p),
    "polygamma": lambda n, x: each(lambda v: mp.polygamma(n, v))(x),
    "iv": lambda n, x: each(lambda v: mp.besseli(n, v))(x),
    "spherical_jn": lambda n, x: scipy.special.spherical_jn(n, x),
    "mvlgamma": scipy.special.multigammaln,
    "prelu": lambda x, weight: np.maximum(x, 0) + weight * np.minimum(x, 0),
    "glu": _glu,
}
