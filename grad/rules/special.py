"""Rules: special functions, by SciPy; which is imported when one of them runs."""

from __future__ import annotations

import math
from typing import Any

from ..errors import GradError
from ..node import Node
from ..ops import F, Kink
from ..rows import derived, pointwise

P = pointwise
SP = "scipy.special:"
TWO_PI = 2 * math.pi
POSITIVE = ((0.2, 3.0),)
POLES = (Kink("0, -1, -2, ...", "nan or inf", "a pole"),)


def _inverse_mills(x: Any) -> Any:
    from scipy import special

    return math.sqrt(2 / math.pi) / special.erfcx(x / -math.sqrt(2))


# fmt: off
# --- error function and normal distribution ----------------------------------------------------

erf      = P("erf(x)",      SP + "erf",     lambda out, x: 2 / F.sqrt(math.pi) * F.exp(-(x**2)),
             doc="Error function, 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x.")
erfc     = P("erfc(x)",     SP + "erfc",    lambda out, x: -2 / F.sqrt(math.pi) * F.exp(-(x**2)),
             doc="1 - erf(x), accurate for large x.")
erfcx    = P("erfcx(x)",    SP + "erfcx",   lambda out, x: 2 * x * out - 2 / F.sqrt(math.pi),
             doc="exp(x**2)*erfc(x), which does not underflow.")
erfinv   = P("erfinv(x)",   SP + "erfinv",  lambda out, x: F.sqrt(math.pi) / 2 * F.exp(out**2),
             doc="Inverse of erf.", sample=((-0.9, 0.9),), kinks=(Kink("-1, 1", "inf"),))
erfcinv  = P("erfcinv(x)",  SP + "erfcinv", lambda out, x: -F.sqrt(math.pi) / 2 * F.exp(out**2),
             doc="Inverse of erfc.", sample=((0.2, 1.8),), kinks=(Kink("0, 2", "-inf"),))
ndtr     = P("ndtr(x)",     SP + "ndtr",    lambda out, x: F.exp(-(x**2) / 2) / F.sqrt(TWO_PI),
             doc="Probability that a standard normal variable is less than x.")
log_ndtr = P("log_ndtr(x)", SP + "log_ndtr",
             lambda out, x: F.inverse_mills(x), doc="log(ndtr(x)), accurate far below 0.")
inverse_mills = P("inverse_mills(x)", _inverse_mills, lambda out, x: -out * (x + out),
                  doc="Normal density divided by ndtr: the derivative of log_ndtr.")
ndtri    = P("ndtri(x)",    SP + "ndtri",   lambda out, x: F.sqrt(TWO_PI) * F.exp(out**2 / 2),
             doc="Inverse of ndtr.", sample=((0.1, 0.9),), kinks=(Kink("0, 1", "inf"),))

# --- gamma function ----------------------------------------------------------------------------

lgamma   = P("lgamma(x)",   SP + "gammaln", lambda out, x: F.digamma(x),
             doc="log(abs(gamma(x))).", sample=POSITIVE, aliases=("gammaln",), kinks=POLES)
digamma  = P("digamma(x)",  SP + "psi",     lambda out, x: F.polygamma(1, x),
             doc="Derivative of lgamma.", sample=POSITIVE, aliases=("psi",), kinks=POLES)


def _polygamma(x: Any, n: int) -> Any:
    from scipy import special

    return special.polygamma(n, x).astype(x.dtype)


polygamma = P("polygamma(n: int, x)", _polygamma, lambda out, x, n: F.polygamma(n + 1, x),
              doc="The n-th derivative of digamma.", sample=POSITIVE, kinks=POLES,
              example="polygamma(1, x)")


def _mvlgamma(x: Node, p: int) -> Node:
    if p < 1:
        raise GradError("G117", "`p` must be at least 1", at="p")
    return sum((F.lgamma(x - i / 2) for i in range(p)), p * (p - 1) / 4 * F.log(math.pi))


mvlgamma = derived("mvlgamma(x, p: int)", _mvlgamma, sample=((2.0, 4.0),), kinks=POLES,
                   doc="Logarithm of the multivariate gamma function of dimension p.",
                   aliases=("multigammaln",), spellings={"d": "p"}, example="mvlgamma(x, 2)")

# --- entropies ---------------------------------------------------------------------------------

xlogy    = P("xlogy(x, y)",   SP + "xlogy",
             lambda out, x, y: F.log(y),
             lambda out, x, y: F.where(F.logical_and(F.eq(x, 0), F.eq(y, 0)), 0, x / y),
             doc="x*log(y), and 0 where x is 0.", sample=((-2, 2), (0.2, 3)), linear=(0,),
             kinks=(Kink("x = y = 0", "-inf by x, 0 by y"),))
xlog1py  = P("xlog1py(x, y)", SP + "xlog1py",
             lambda out, x, y: F.log1p(y),
             lambda out, x, y: F.where(F.logical_and(F.eq(x, 0), F.eq(y, -1)), 0, x / (1 + y)),
             doc="x*log(1 + y), and 0 where x is 0.", sample=((-2, 2), (-0.8, 2)), linear=(0,),
             kinks=(Kink("x = 0, y = -1", "-inf by x, 0 by y"),))
entr     = P("entr(x)",       SP + "entr",    lambda out, x: -F.log(x) - 1,
             doc="-x*log(x), and 0 at 0.", sample=POSITIVE, kinks=(Kink("0", "inf"),))

# --- Bessel functions --------------------------------------------------------------------------


def _iv(x: Any, n: int) -> Any:
    from scipy import special

    return special.iv(n, x)


def _spherical_jn(x: Any, n: int) -> Any:
    from scipy import special

    return special.spherical_jn(n, x)


def _spherical_jn_slope(out: Node, x: Node, n: int) -> Node:
    """j[n]' = (n*j[n-1] - (n+1)*j[n+1])/(2*n + 1): regular at 0, unlike j[n-1] - (n+1)/x*j[n]."""
    above = F.spherical_jn(n + 1, x)
    if n == 0:
        return -above
    return (n * F.spherical_jn(n - 1, x) - (n + 1) * above) / (2 * n + 1)


i0       = P("i0(x)", SP + "i0", lambda out, x: F.i1(x),
             doc="Modified Bessel function of the first kind, of order 0.")
i1       = P("i1(x)", SP + "i1", lambda out, x: (F.i0(x) + F.iv(2, x)) / 2,
             doc="Modified Bessel function of the first kind, of order 1.")
iv       = P("iv(n: int, x)", _iv, lambda out, x, n: (F.iv(n - 1, x) + F.iv(n + 1, x)) / 2,
             doc="Modified Bessel function of the first kind, of order n.", example="iv(2, x)",
             spellings={"v": "n"})
spherical_jn = P("spherical_jn(n: int, x)", _spherical_jn, _spherical_jn_slope,
                 doc="Spherical Bessel function of the first kind; that of order 0 is sin(x)/x.",
                 spellings={"z": "x"}, example="spherical_jn(1, x)")
# fmt: on
