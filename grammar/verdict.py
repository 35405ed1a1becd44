"""Checks: a value and gradients against expected ones, and against finite differences.

Where a gradient is not the expected one, finite differences give a third opinion on who is right.
A complex step makes them exact where the expression is analytic, which is seen from the outcome:
the two agree.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..grad.differences import STEP, Differences, complex_step, differences_at
from ..grad.errors import GradError
from ..grad.evaluate import Array
from ..grad.node import walk
from ..grad.record import replace
from .errors import Diagnostic, suggest
from .program import Expression, Request, Solution, solve

TOLERANCE = {"float64": (1e-7, 1e-12), "float32": (1.3e-6, 1e-5)}  # as in torch.testing
FEWEST, MOST = 5, 100  # entries that finite differences are taken of; of more they are sampled
WORK = 50_000_000  # entries to compute with, for all of them: of a large tensor fewer are sampled
WORST = 5  # entries that differ are listed, the worst first

DETACHED = "`detach` declares a slope to be zero, which a numerical derivative does not know"

Index = tuple[int, ...]
Tolerance = Callable[[str], tuple[float, float]]  # from a name to rtol and atol


@dataclass(frozen=True, slots=True)
class Expected:
    """What a value and gradients should be, each within ``atol + rtol*|expected|``."""

    value: Array | None = None
    grads: Mapping[str, Array] = field(default_factory=dict)
    tolerance: Tolerance = lambda name: TOLERANCE["float64"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that differs."""

    index: Index
    got: float
    want: float
    allowed: float

    @property
    def size(self) -> float:
        return abs(self.got - self.want)

    @property
    def excess(self) -> float:
        """How many times too far off it is; infinite where only one of the two is a number."""
        if not np.isfinite(self.size):
            return float("inf")
        return self.size / self.allowed if self.allowed else float("inf")


@dataclass(slots=True)
class Comparison:
    """One tensor and what it was compared with.

    ``name``     "value", or the variable by which the gradient is taken
    ``want``     the expected tensor, or None: a numerical derivative
    ``against``  "expected", or the numerical derivative: "complex step", "finite differences"
    ``compared`` how many entries were compared, of which ``differing`` differ, `worst` first
    ``opinion``  who is right, where a gradient is not the expected one
    ``note``     what could not be compared
    """

    name: str
    got: Array
    want: Array | None
    rtol: float
    atol: float
    against: str = "expected"
    compared: int = 0
    differing: int = 0
    worst: list[Difference] = field(default_factory=list)
    opinion: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        return "value" if self.name == "value" else f"gradient by {self.name}"

    @property
    def shapes_differ(self) -> bool:
        return self.want is not None and self.want.shape != self.got.shape

    @property
    def passed(self) -> bool:
        return not self.differing and not self.shapes_differ


@np.errstate(all="ignore")  # what is not finite is compared like anything else
def check(
    expression: Expression, values: Mapping[str, Array], request: Request, expected: Expected
) -> list[Comparison]:
    """Compare with what is expected, or, if nothing is, the gradients with finite differences.

    Raises Diagnostic as `solve` does, G216 for an expected gradient by no variable, and G006 where
    there is nothing to compare.
    """
    for name in expected.grads:
        if name not in values:
            close = suggest(name, values)
            ways = [f"did you mean `{close}`?"] if close else []
            ways.append("variables: " + (", ".join(f"`{n}`" for n in values) or "none"))
            message = f"a gradient by `{name}` is expected, and there is no such variable"
            raise Diagnostic("G216", message, help=ways)
    if expected.grads:
        request = replace(request, wrt=tuple(expected.grads))
    elif expected.value is not None:
        request = replace(request, order="none")
    if request.dtype == "float32":  # what it computes with, exactly
        values = {name: np.asarray(v, np.float32).astype(float) for name, v in values.items()}
    solution = solve(expression, values, request)
    found: list[Comparison] = []
    if expected.value is not None:
        found.append(_compared("value", solution.value, expected.value, expected.tolerance))
    for name, want in expected.grads.items():
        comparison = _compared(name, solution.grads[name], want, expected.tolerance)
        if comparison.worst:
            comparison.opinion = _opinion(comparison, solution, values, request)
        found.append(comparison)
    if expected.value is None and not expected.grads:
        for name, grad in solution.grads.items():
            found.append(_against_differences(name, grad, solution, values, request, expected))
    if not found:
        ways = ["say what the value should be"]
        raise Diagnostic("G006", "without variables there is no gradient to check", help=ways)
    return found


def _compared(name: str, got: Array, want: Array, tolerance: Tolerance) -> Comparison:
    rtol, atol = tolerance(name)
    comparison = Comparison(name, got, want, rtol, atol, compared=got.size)
    if not comparison.shapes_differ:
        _differ(comparison, got, want, atol + rtol * np.abs(want), list(np.ndindex(got.shape)))
        missing, surplus = np.isnan(got) & ~np.isnan(want), ~np.isnan(got) & np.isnan(want)
        for where, what in ((missing, "nan, not a number"), (surplus, "a number, not nan")):
            if where.any():
                at = _listed([tuple(map(int, index)) for index in np.argwhere(where)])
                comparison.note += f"{'; ' * bool(comparison.note)}{what}{at}"
    return comparison


def _differ(
    comparison: Comparison, got: Array, want: Array, allowed: Array, indices: list[Index]
) -> None:
    """Note the entries that differ."""
    got, want, allowed = (np.asarray(a, np.float64).ravel() for a in (got, want, allowed))
    allowed = np.where(np.isfinite(want), allowed, 0)
    places = np.flatnonzero(~close(got, want, allowed))
    all_of_them = [
        Difference(indices[i], float(got[i]), float(want[i]), float(allowed[i])) for i in places
    ]
    comparison.differing = len(places)
    comparison.worst = sorted(all_of_them, key=lambda d: (-d.excess, d.index))[:WORST]


def close(got: Array, want: Array, allowed: Array) -> Array:
    """For each entry, whether the two agree. Equal infinities do, and so do two nans."""
    with np.errstate(all="ignore"):
        near = np.isfinite(want) & (np.abs(got - want) <= allowed)
    return np.asarray(near | (got == want) | (np.isnan(got) & np.isnan(want)))


# --- finite differences ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Numerical derivatives, and what they are: "complex step" or "finite differences"."""

    found: Differences
    name: str

    def allowed(self, rtol: float, atol: float) -> Array:
        return np.asarray(10 * self.found.error + rtol * np.abs(self.found.value) + atol)


def _slopes(
    name: str, indices: list[Index], solution: Solution, values: Mapping[str, Array], seed: object
) -> _Slopes:
    """Numerical derivatives by some entries of a variable."""
    x = solution.inputs[name]
    v = np.ones(()) if seed is None else np.asarray(seed)
    found = differences_at(solution.root, x, values, indices).against(v)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            exact = complex_step(solution.root, x, values, indices)
    except (TypeError, ValueError, GradError, np.exceptions.ComplexWarning):
        return _Slopes(found, "finite differences")
    exact = np.tensordot(v, exact, v.ndim)
    near = close(exact, found.value, 10 * found.error) | ~found.reliable
    if not near.all():
        return _Slopes(found, "finite differences")
    # nothing was subtracted: of the error remains the rounding, without having been divided by
    # the step
    better = Differences(exact, found.error * STEP, found.kink, found.edge)
    return _Slopes(better, "complex step")


def _against_differences(
    name: str,
    grad: Array,
    solution: Solution,
    values: Mapping[str, Array],
    request: Request,
    expected: Expected,
) -> Comparison:
    """A gradient against numerical derivatives, where these can be relied on."""
    rtol, atol = expected.tolerance(name)
    count = min(grad.size, max(FEWEST, min(MOST, WORK // max(grad.size, 1))))
    chosen = np.unique(np.linspace(0, grad.size - 1, count).astype(int))
    indices = [tuple(int(i) for i in np.unravel_index(k, grad.shape)) for k in chosen]
    slopes = _slopes(name, indices, solution, values, request.seed)
    comparison = Comparison(name, grad, None, rtol, atol, slopes.name)
    sure = np.flatnonzero(slopes.found.reliable)
    got = np.array([grad[index] for index in indices])
    allowed = slopes.allowed(rtol, atol)
    want = slopes.found.value
    comparison.compared = len(sure)
    _differ(comparison, got[sure], want[sure], allowed[sure], [indices[i] for i in sure])
    notes = []
    if len(indices) < grad.size:
        notes.append(f"{len(indices)} of {grad.size:,} entries sampled")
    for what, places in (("kink", slopes.found.kink), ("edge of the domain", slopes.found.edge)):
        if places.any():
            at = _listed([indices[i] for i in np.flatnonzero(places)])
            notes.append(f"not reliable here: {what}{at}")
    if comparison.differing and _is_detached(name, solution):
        notes.append(DETACHED)
    comparison.note = "; ".join(notes)
    return comparison


def _opinion(
    comparison: Comparison, solution: Solution, values: Mapping[str, Array], request: Request
) -> str:
    """Whom numerical derivatives agree with at the worst entries."""
    worst = comparison.worst
    indices = [d.index for d in worst]
    slopes = _slopes(comparison.name, indices, solution, values, request.seed)
    value, reliable = slopes.found.value, slopes.found.reliable
    if not reliable.any():
        kink = bool(slopes.found.kink.any())
        return f"not reliable here: {'kink' if kink else 'edge of the domain'}{_listed(indices)}"
    sure = np.flatnonzero(reliable)
    allowed = slopes.allowed(comparison.rtol, comparison.atol)

    def agrees(numbers: list[float]) -> bool:
        return bool((np.abs(np.array(numbers) - value) <= allowed)[sure].all())

    ours, theirs = agrees([d.got for d in worst]), agrees([d.want for d in worst])
    first = int(sure[0])
    told = f"{value[first]:.6g}{_listed([indices[first]])}"
    if slopes.name == "complex step":
        said = f"a complex step says {told}: it agrees "
    else:
        said = f"finite differences say {told}: they agree "
    if ours and theirs:
        return said + "with both, and cannot tell them apart"
    if ours:
        return said + "with gradcalc, not with what is expected"
    if _is_detached(comparison.name, solution):
        return said + f"with {'what is expected' if theirs else 'neither'}, but {DETACHED}"
    if theirs:
        return said + "with what is expected, not with gradcalc: please report this"
    return said + "with neither"


def _is_detached(name: str, solution: Solution) -> bool:
    """Whether the expression depends on a variable through `detach`."""
    parts = [node for node in walk([solution.root]) if node.op.name == "detach"]
    return solution.inputs[name] in walk(parts)


def _listed(indices: list[Index]) -> str:
    """`` at [0, 1], [2, 3]``; nothing for a scalar."""
    if not indices or not indices[0]:
        return ""
    shown = ", ".join(str(list(index)) for index in indices[:WORST])
    return f" at {shown}" + (", ..." if len(indices) > WORST else "")
