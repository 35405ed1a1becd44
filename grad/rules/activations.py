"""Rules: activations of neural networks, by PyTorch's names and conventions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node
from ..ops import F, Kink, normal_axis, shape_text
from ..rows import derived, pointwise

P = pointwise
ZERO = (Kink("0", "0"),)
FLAT = "as PyTorch: the flat side"

# fmt: off
# --- logistic ----------------------------------------------------------------------------------


def _log_sigmoid(x: Any) -> Any:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def _softplus(x: Any, beta: float, threshold: float | None) -> Any:
    z = beta * x
    smooth = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    return (smooth if threshold is None else np.where(z > threshold, z, smooth)) / beta


def _softplus_slope(out: Node, x: Node, beta: float, threshold: float | None) -> Any:
    slope = F.sigmoid(_times(beta, x))
    return slope if threshold is None else F.where(beta * x > threshold, 1.0, slope)


def _logit(x: Any, eps: float | None) -> Any:
    from scipy import special

    return special.logit(x if eps is None else np.clip(x, eps, 1 - eps))


def _logit_slope(out: Node, x: Node, eps: float | None) -> Any:
    slope = 1 / (x * (1 - x))
    return slope if eps is None else F.where(_between(x, eps, 1 - eps), slope, 0.0)


def _times(number: float, x: Node) -> Node:
    return x if number == 1 else number * x


def _between(x: Node, low: float, high: float) -> Node:
    return F.logical_and(x >= low, x <= high)


# x -> -inf: exp(-x) overflows to inf and 1/inf is 0, as it should be
sigmoid    = P("sigmoid(x)",    lambda x: 1 / (1 + np.exp(-x)), lambda out, x: out * F.sigmoid(-x),
               doc="1/(1 + exp(-x)).", aliases=("expit",))
logsigmoid = P("logsigmoid(x)", _log_sigmoid,                   lambda out, x: F.sigmoid(-x),
               doc="log(sigmoid(x)), accurate far below 0.", aliases=("log_sigmoid", "log_expit"))
softplus   = P("softplus(x, beta: number = 1, threshold: number? = None)",
               _softplus, _softplus_slope,
               doc="log(1 + exp(beta*x))/beta; x itself where beta*x exceeds a given threshold.",
               calls=(("x", "beta=2"),))
logit      = P("logit(x, eps: number? = None)", _logit, _logit_slope,
               doc="log(x/(1 - x)), the inverse of sigmoid; `eps` clamps x into [eps, 1 - eps].",
               sample=((0.2, 0.8),), calls=(("x", "eps=0.05"),), kinks=(Kink("0, 1", "inf"),))
silu       = derived("silu(x)", lambda x: x * F.sigmoid(x), doc="x*sigmoid(x).", aliases=("swish",))
mish       = derived("mish(x)", lambda x: x * F.tanh(F.softplus(x)), doc="x*tanh(softplus(x)).")

# --- rectifiers --------------------------------------------------------------------------------

relu       = P("relu(x)", lambda x: np.maximum(x, 0), lambda out, x: F.gt(x, 0),
               doc="x where it is positive, 0 elsewhere.", kind="promote", selects=True,
               kinks=(Kink("0", "0", "as PyTorch; `maximum(x, 0)` has 0.5 there"),))
leaky_relu = P("leaky_relu(x, negative_slope: number = 0.01)",
               lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
               lambda out, x, negative_slope: F.where(F.gt(x, 0), 1.0, negative_slope),
               doc="x where it is positive, negative_slope*x elsewhere.",
               calls=(("x", "negative_slope=0.2"),), kinks=(Kink("0", "0.01", "that to the left"),))
prelu      = derived("prelu(x, weight)",
                     lambda x, weight: F.where(F.gt(x, 0), x, _channels(weight, x) * x),
                     doc="x where it is positive, weight*x elsewhere; a vector of weights has one"
                     " for each channel (axis 1).",
                     sample=((-2, 2), "1"), kinks=(Kink("0", "weight", "that to the left"),))
elu        = P("elu(x, alpha: number = 1.0)",
               lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)),
               lambda out, x, alpha: F.where(F.gt(x, 0), 1.0, _times(alpha, F.exp(x))),
               doc="x where it is positive, alpha*(exp(x) - 1) elsewhere.",
               calls=(("x", "alpha=0.5"),), kinks=(Kink("0", "alpha", "that to the left"),))
celu       = derived("celu(x, alpha: number = 1.0)", lambda x, alpha: alpha * F.elu(x / alpha),
                     doc="alpha*elu(x/alpha), smooth for every alpha.", calls=(("x", "alpha=0.5"),))
selu       = derived("selu(x)", lambda x: 1.0507009873554805 * F.elu(x, 1.6732632423543772),
                     doc="A multiple of elu that keeps mean 0 and variance 1.",
                     kinks=(Kink("0", "1.758", "that to the left"),))
softshrink = P("softshrink(x, lambd: number = 0.5)",
               lambda x, lambd: x - np.clip(x, -lambd, lambd),
               lambda out, x, lambd: F.abs(x) > lambd, selects=True,
               doc="x moved towards 0 by lambd, and 0 if it is not that far.",
               kinks=(Kink("-0.5, 0.5", "0", FLAT),))
hardshrink = P("hardshrink(x, lambd: number = 0.5)",
               lambda x, lambd: np.where(np.abs(x) > lambd, x, 0),
               lambda out, x, lambd: F.abs(x) > lambd, selects=True,
               doc="x, and 0 if it is not further than lambd from 0.",
               kinks=(Kink("-0.5, 0.5", "0", FLAT),))
threshold  = P("threshold(x, threshold: number, value: number)",
               lambda x, threshold, value: np.where(x > threshold, x, value),
               lambda out, x, threshold, value: x > threshold, selects=True,
               doc="x where it exceeds the threshold, `value` elsewhere.",
               example="threshold(x, 0.1, -1)", kinks=(Kink("x == threshold", "0", FLAT),))

# --- bounded -----------------------------------------------------------------------------------

hardtanh    = P("hardtanh(x, min_val: number = -1, max_val: number = 1)",
                lambda x, min_val, max_val: np.clip(x, min_val, max_val),
                lambda out, x, min_val, max_val: F.logical_and(x > min_val, x < max_val),
                doc="x, and the bound where it is beyond one.", selects=True,
                calls=(("x", "-0.5", "1.5"),),
                kinks=(Kink("-1, 1", "0", f"{FLAT}; `clamp` has 1 there"),))
relu6       = derived("relu6(x)", lambda x: F.hardtanh(x, 0, 6), doc="relu(x), at most 6.",
                      kinks=(Kink("0, 6", "0", FLAT),))
hardsigmoid = derived("hardsigmoid(x)", lambda x: F.relu6(x + 3) / 6, doc="relu6(x + 3)/6.",
                      kinks=(Kink("-3, 3", "0", FLAT),))
hardswish   = derived("hardswish(x)", lambda x: x * F.hardsigmoid(x), doc="x*hardsigmoid(x).",
                      kinks=(Kink("-3", "0"), Kink("3", "1")))
softsign    = P("softsign(x)", lambda x: x / (1 + np.abs(x)),
                lambda out, x: 1 / (1 + F.abs(x)) ** 2,
                doc="x/(1 + abs(x)).", kinks=(Kink("0", "1", "the second derivative there is 0"),))
tanhshrink  = P("tanhshrink(x)", lambda x: x - np.tanh(x), lambda out, x: F.tanh(x) ** 2,
                doc="x - tanh(x).")
heaviside   = P("heaviside(x, values)", np.heaviside,
                None, lambda out, x, values: F.eq(x, 0), selects=True,
                sample=("2x3:int0..1", (-2, 2)),
                doc="0 where x is negative, 1 where it is positive, `values` where it is 0.",
                spellings={"x1": "x", "x2": "values"}, kinks=ZERO)
# fmt: on

# --- over an axis, or of two parts -------------------------------------------------------------


def _channels(weight: Node, x: Node) -> Node:
    """A vector of weights, standing for the channels: axis 1 of `x`."""
    if weight.ndim == 0 or weight.shape[0] == 1 or x.ndim < 2:
        return weight
    return F.reshape(weight, (weight.shape[0], *(1,) * (x.ndim - 2)))


def _gelu(x: Node, approximate: str) -> Node:
    if approximate == "none":
        return x * F.ndtr(x)
    if approximate != "tanh":
        raise GradError("G117", "`approximate` is 'none' or 'tanh'", at="approximate")
    # x/2*(1 + tanh(u)) is x*sigmoid(2*u), which keeps its accuracy far below 0
    return x * F.sigmoid(1.5957691216057308 * (x + 0.044715 * x**3))  # sqrt(8/pi)


gelu = derived(
    "gelu(x, approximate: str = 'none')", _gelu,
    doc="x*ndtr(x); with approximate='tanh' a formula close to it.",
    calls=(("x", "approximate='tanh'"),),
)  # fmt: skip


def _glu(x: Node, dim: int) -> Node:
    axis = normal_axis(dim, x.ndim)
    size = x.shape[axis] if x.ndim else 1
    if not isinstance(size, int) or size % 2:
        raise GradError(
            "G310", f"`glu` halves an axis: its size must be even, not {size}",
            labels={0: shape_text(x.shape)},
        )  # fmt: skip
    half = size // 2
    return F.narrow(x, axis, 0, half) * F.sigmoid(F.narrow(x, axis, half, half))


glu = derived("glu(x, dim: axis = -1)", _glu,
              doc="The first half along an axis times the sigmoid of the second.",
              sample=("4x2",), example="glu(x, 0)")  # fmt: skip
softmin = derived(
    "softmin(x, dim: axis = -1)", lambda x, dim: F.softmax(-x, dim), doc="softmax(-x)."
)
