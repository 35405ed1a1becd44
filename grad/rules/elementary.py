"""Rules: elementary functions of one number (and hypot, arctan2), as in a table of derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ops import F, Kink
from ..rows import derived, pointwise, spelling
from .arithmetic import divided

P = pointwise
# fmt: off
exp     = P("exp(x)",   np.exp,   lambda out, x: out,              doc="e to the power `x`.")
expm1   = P("expm1(x)", np.expm1, lambda out, x: F.exp(x),
            doc="exp(x) - 1, accurate near 0.")
exp2    = P("exp2(x)",  np.exp2,  lambda out, x: F.log(2) * out,   doc="2 to the power `x`.")

POSITIVE = ((0.2, 3.0),)
AT_ZERO = (Kink("0", "inf"),)
log     = P("log(x)",   np.log,   lambda out, x: 1 / x,               doc="Natural logarithm.",
            sample=POSITIVE, kinks=AT_ZERO)
log1p   = P("log1p(x)", np.log1p, lambda out, x: 1 / (1 + x),         doc="log(1 + x), accurately.",
            sample=((-0.8, 2.0),), kinks=(Kink("-1", "inf"),))
log2    = P("log2(x)",  np.log2,  lambda out, x: 1 / (F.log(2) * x),  doc="Logarithm to base 2.",
            sample=POSITIVE, kinks=AT_ZERO)
log10   = P("log10(x)", np.log10, lambda out, x: 1 / (F.log(10) * x), doc="Logarithm to base 10.",
            sample=POSITIVE, kinks=AT_ZERO)

sqrt    = P("sqrt(x)",  np.sqrt,  lambda out, x: 1 / (2 * out),       doc="Square root.",
            sample=POSITIVE, kinks=AT_ZERO)
rsqrt   = P("rsqrt(x)", lambda x: 1 / np.sqrt(x),
            lambda out, x: -out / (2 * x),                            doc="One over square root.",
            sample=POSITIVE, kinks=(Kink("0", "-inf"),))
cbrt    = P("cbrt(x)",  np.cbrt,  lambda out, x: 1 / (3 * out**2),    doc="Cube root.",
            sample=POSITIVE, kinks=AT_ZERO)

STEP = (Kink("a jump", "0"),)
abs_    = P("abs(x)",   np.abs,   lambda out, x: F.sign(x),           doc="Absolute value.",
            kind="promote",
            aliases=("absolute", "fabs"), kinks=(Kink("0", "0", "any slope in [-1, 1] would do"),))
sign    = P("sign(x)",  np.sign,  lambda out, x: 0, doc="-1, 0 or 1.", kind="promote", kinks=STEP)
floor   = P("floor(x)", np.floor, lambda out, x: 0, doc="Largest integer below.",      kinks=STEP)
ceil    = P("ceil(x)",  np.ceil,  lambda out, x: 0, doc="Smallest integer above.",     kinks=STEP)
round_  = P("round(x, decimals: int = 0)", lambda x, decimals: np.round(x, decimals),
            lambda out, x, decimals: 0, doc="Nearest integer (or decimal), halves to even.",
            kinks=STEP, aliases=("rint", "around"), calls=(("x", "decimals=1"),))
trunc   = P("trunc(x)", np.trunc, lambda out, x: 0, doc="Integer part.", kinks=STEP,
            aliases=("fix",))
frac    = P("frac(x)",  lambda x: x - np.trunc(x), lambda out, x: 1,
            doc="What follows the integer part.",
            sample=((0.1, 0.9),), kinks=(Kink("a jump", "1"),))

sin     = P("sin(x)",   np.sin,   lambda out, x: F.cos(x),            doc="Sine.")
cos     = P("cos(x)",   np.cos,   lambda out, x: -F.sin(x),           doc="Cosine.")
tan     = P("tan(x)",   np.tan,   lambda out, x: 1 + out**2,          doc="Tangent.",
            sample=((-1.2, 1.2),))
UNIT, ENDS = ((-0.9, 0.9),), (Kink("-1, 1", "inf"),)
arcsin  = P("arcsin(x)",  np.arcsin,  lambda out, x: 1 / F.sqrt(1 - x**2),  doc="Inverse of sin.",
            sample=UNIT, aliases=("asin",), kinks=ENDS)
arccos  = P("arccos(x)",  np.arccos,  lambda out, x: -1 / F.sqrt(1 - x**2), doc="Inverse of cos.",
            sample=UNIT, aliases=("acos",), kinks=(Kink("-1, 1", "-inf"),))
arctan  = P("arctan(x)",  np.arctan,  lambda out, x: 1 / (1 + x**2),        doc="Inverse of tan.",
            aliases=("atan",))
sinh    = P("sinh(x)",    np.sinh,    lambda out, x: F.cosh(x),             doc="Hyperbolic sin.")
cosh    = P("cosh(x)",    np.cosh,    lambda out, x: F.sinh(x),             doc="Hyperbolic cos.")
tanh    = P("tanh(x)",    np.tanh,    lambda out, x: 1 - out**2,            doc="Hyperbolic tan.")
arcsinh = P("arcsinh(x)", np.arcsinh, lambda out, x: 1 / F.sqrt(x**2 + 1),  doc="Inverse of sinh.",
            aliases=("asinh",))
arccosh = P("arccosh(x)", np.arccosh, lambda out, x: 1 / F.sqrt(x**2 - 1),  doc="Inverse of cosh.",
            sample=((1.2, 3.0),), aliases=("acosh",), kinks=(Kink("1", "inf"),))
arctanh = P("arctanh(x)", np.arctanh, lambda out, x: 1 / (1 - x**2),        doc="Inverse of tanh.",
            sample=UNIT, aliases=("atanh",), kinks=ENDS)

arctan2 = P("arctan2(y, x)", np.arctan2,
            lambda out, y, x: x / (x**2 + y**2),
            lambda out, y, x: -y / (x**2 + y**2),
            doc="Angle of the point (x, y).", aliases=("atan2",), sample=((0.3, 2), (0.3, 2)),
            kinks=(Kink("(0, 0)", "nan"),))
hypot   = P("hypot(x, y)", np.hypot,
            lambda out, x, y: F.where(F.eq(out, 0), 0, x / out),
            lambda out, x, y: F.where(F.eq(out, 0), 0, y / out),
            doc="sqrt(x**2 + y**2) without overflow.", kinks=(Kink("(0, 0)", "0"),))
sinc    = P("sinc(x)", np.sinc, lambda out, x: -math.pi * F.spherical_jn(1, math.pi * x),
            doc="sin(pi*x)/(pi*x), and 1 at 0.")

# the larger of two, smoothed: sigmoid(x - y) is exp(x - out) without its loss of accuracy
logaddexp  = P("logaddexp(x, y)", np.logaddexp,
               lambda out, x, y: F.sigmoid(x - y),
               lambda out, x, y: F.sigmoid(y - x),
               doc="log(exp(x) + exp(y)) without overflow.")
logaddexp2 = P("logaddexp2(x, y)", np.logaddexp2,
               lambda out, x, y: F.sigmoid(F.log(2) * (x - y)),
               lambda out, x, y: F.sigmoid(F.log(2) * (y - x)),
               doc="log2(2**x + 2**y) without overflow.")
fmod    = P("fmod(x, y)", divided(np.fmod),
            lambda out, x, y: 1,
            lambda out, x, y: -F.trunc(x / y),
            doc="Remainder with the sign of `x`, as in C.", kind="promote",
            sample=((3.1, 3.5), (1.2, 1.5)),
            kinks=(Kink("x / y an integer", "the slope further out"),))
copysign = P("copysign(x, y)", np.copysign,
             lambda out, x, y: F.sign(x) * F.copysign(1.0, y),
             lambda out, x, y: 0,
             doc="The size of `x` with the sign of `y`.", sample=((0.3, 2), (-2, 2)),
             kinks=(Kink("x = 0", "0"), Kink("y = 0", "0 by y")))

deg2rad = P("deg2rad(x)", np.deg2rad, lambda out, x: math.pi / 180, doc="Degrees as radians.",
            linear=(0,), aliases=("radians",))
rad2deg = P("rad2deg(x)", np.rad2deg, lambda out, x: 180 / math.pi, doc="Radians as degrees.",
            linear=(0,), aliases=("degrees",))

isnan    = P("isnan(x)",    np.isnan,    None, doc="Whether it is nan.",            kind="bool")
isinf    = P("isinf(x)",    np.isinf,    None, doc="Whether it is inf or -inf.",    kind="bool")
isfinite = P("isfinite(x)", np.isfinite, None, doc="Whether it is neither inf nor nan.",
             kind="bool")


def _nan_to_num(x: Any, nan: float, posinf: float | None, neginf: float | None) -> Any:
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


nan_to_num = P("nan_to_num(x, nan: number = 0, posinf: number? = None, neginf: number? = None)",
               _nan_to_num, lambda out, x, nan, posinf, neginf: F.isfinite(x), selects=True,
               doc="nan replaced by a number, inf by one or by the largest there is.",
               kinks=(Kink("nan, inf", "0"),))

lerp    = derived("lerp(x, end, weight)", lambda x, end, weight: x + weight * (end - x),
                  doc="From `x` (weight 0) to `end` (weight 1) on a straight line.")
addcmul = derived("addcmul(x, tensor1, tensor2, value: number = 1)",
                  lambda x, tensor1, tensor2, value: x + value * (tensor1 * tensor2),
                  doc="x + value*tensor1*tensor2.", calls=(("x", "y", "z", "value=2"),))
addcdiv = derived("addcdiv(x, tensor1, tensor2, value: number = 1)",
                  lambda x, tensor1, tensor2, value: x + value * (tensor1 / tensor2),
                  doc="x + value*tensor1/tensor2.", sample=((-2, 2), (-2, 2), (0.5, 2)))
positive = spelling("positive(x)", lambda x: x, doc="`x` itself.", aliases=("clone",))
# fmt: on
