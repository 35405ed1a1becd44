"""Rules: elementary functions of one number (and hypot, arctan2), as in a table of derivatives."""

from __future__ import annotations

import numpy as np

from ..ops import F, Kink, pointwise

P = pointwise
# fmt: off
exp     = P("exp(x)",   np.exp,   lambda out, x: out,              doc="e to the power `x`.")
expm1   = P("expm1(x)", np.expm1, lambda out, x: out + 1,          doc="exp(x) - 1, accurate near 0.")
exp2    = P("exp2(x)",  np.exp2,  lambda out, x: F.log(2) * out,   doc="2 to the power `x`.")

POSITIVE = ((0.2, 3.0),)
AT_ZERO = (Kink("0", "inf"),)
log     = P("log(x)",   np.log,   lambda out, x: 1 / x,               doc="Natural logarithm.",
            sample=POSITIVE, kinks=AT_ZERO)
log1p   = P("log1p(x)", np.log1p, lambda out, x: 1 / (1 + x),         doc="log(1 + x), accurate near 0.",
            sample=((-0.8, 2.0),), kinks=(Kink("-1", "inf"),))
log2    = P("log2(x)",  np.log2,  lambda out, x: 1 / (F.log(2) * x),  doc="Logarithm to base 2.",
            sample=POSITIVE, kinks=AT_ZERO)
log10   = P("log10(x)", np.log10, lambda out, x: 1 / (F.log(10) * x), doc="Logarithm to base 10.",
            sample=POSITIVE, kinks=AT_ZERO)

sqrt    = P("sqrt(x)",  np.sqrt,  lambda out, x: 1 / (2 * out),       doc="Square root.",
            sample=POSITIVE, kinks=AT_ZERO)
rsqrt   = P("rsqrt(x)", lambda x: 1 / np.sqrt(x),
            lambda out, x: -out / (2 * x),                            doc="One over the square root.",
            sample=POSITIVE, kinks=(Kink("0", "-inf"),))
cbrt    = P("cbrt(x)",  np.cbrt,  lambda out, x: 1 / (3 * out**2),    doc="Cube root.",
            sample=POSITIVE, kinks=AT_ZERO)

STEP = (Kink("a jump", "0"),)
abs_    = P("abs(x)",   np.abs,   lambda out, x: F.sign(x),           doc="Absolute value.", kind="promote",
            aliases=("absolute", "fabs"), kinks=(Kink("0", "0", "any slope in [-1, 1] would do"),))
sign    = P("sign(x)",  np.sign,  lambda out, x: 0, doc="-1, 0 or 1.", kind="promote", kinks=STEP)
floor   = P("floor(x)", np.floor, lambda out, x: 0, doc="Largest integer below.",      kinks=STEP)
ceil    = P("ceil(x)",  np.ceil,  lambda out, x: 0, doc="Smallest integer above.",     kinks=STEP)
round_  = P("round(x)", np.round, lambda out, x: 0, doc="Nearest integer, halves to even.", kinks=STEP)
trunc   = P("trunc(x)", np.trunc, lambda out, x: 0, doc="Integer part.", kinks=STEP, aliases=("fix",))

sin     = P("sin(x)",   np.sin,   lambda out, x: F.cos(x),            doc="Sine.")
cos     = P("cos(x)",   np.cos,   lambda out, x: -F.sin(x),           doc="Cosine.")
tan     = P("tan(x)",   np.tan,   lambda out, x: 1 + out**2,          doc="Tangent.", sample=((-1.2, 1.2),))
UNIT, ENDS = ((-0.9, 0.9),), (Kink("-1, 1", "inf"),)
arcsin  = P("arcsin(x)",  np.arcsin,  lambda out, x: 1 / F.sqrt(1 - x**2),  doc="Inverse of sine.",
            sample=UNIT, aliases=("asin",), kinks=ENDS)
arccos  = P("arccos(x)",  np.arccos,  lambda out, x: -1 / F.sqrt(1 - x**2), doc="Inverse of cosine.",
            sample=UNIT, aliases=("acos",), kinks=(Kink("-1, 1", "-inf"),))
arctan  = P("arctan(x)",  np.arctan,  lambda out, x: 1 / (1 + x**2),        doc="Inverse of tangent.",
            aliases=("atan",))
sinh    = P("sinh(x)",    np.sinh,    lambda out, x: F.cosh(x),             doc="Hyperbolic sine.")
cosh    = P("cosh(x)",    np.cosh,    lambda out, x: F.sinh(x),             doc="Hyperbolic cosine.")
tanh    = P("tanh(x)",    np.tanh,    lambda out, x: 1 - out**2,            doc="Hyperbolic tangent.")
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
# fmt: on
