"""Numerical derivatives of whole functions, by differences and by the complex step.

They judge the exact ones: in the tests of every rule, and in ``gradcalc check``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .evaluate import evaluate
from .node import Node

Array = npt.NDArray[Any]
STEP = 2.0**-10  # about the fifth root of the machine precision, where both errors are smallest
COMPLEX_STEP = 2.0**-100  # nothing is subtracted, so it may be as small as one likes


@dataclass(frozen=True, slots=True)
class Differences:
    """Numerical derivatives of `root` by `x`, of shape ``root.shape + x.shape``.

    ``value``  the derivatives
    ``error``  how far off they may be: what the two step sizes disagree by, and rounding
    ``kink``   where the slopes on both sides differ, so that the mean in `value` proves nothing
    ``edge``   where the function is not finite close by
    """

    value: Array
    error: Array
    kink: Array
    edge: Array

    @property
    def reliable(self) -> Array:
        """Where `value` may be compared with."""
        return ~(self.kink | self.edge)

    def against(self, cotangent: Any) -> Differences:
        """The derivatives of ``sum(root * cotangent)``, of the shape of `x`."""
        g = np.asarray(cotangent)
        touched = g != 0

        def total(values: Array, weights: Array) -> Array:
            return np.tensordot(weights, np.where(_spread(touched, values), values, 0), g.ndim)

        return Differences(
            total(self.value, g),
            total(self.error, np.abs(g)),
            total(self.kink * 1.0, touched * 1.0) > 0,
            total(self.edge * 1.0, touched * 1.0) > 0,
        )


def central_differences(
    root: Node, x: Node, values: Mapping[str, Any], step: float = STEP
) -> Differences:
    """Five-point central differences of `root` by the variable `x`, at `values`.

    The step is relative to an entry, absolute for entries below 1. Two step sizes and both sides
    are compared, to tell a kink from a slope.
    """
    at = np.asarray(values[x.attr("name")], dtype=np.float64)
    found = differences_at(root, x, values, list(np.ndindex(at.shape)), step)
    shape = (*found.value.shape[:-1], *at.shape)
    parts = (found.value, found.error, found.kink, found.edge)
    return Differences(*(part.reshape(shape) for part in parts))


def differences_at(
    root: Node,
    x: Node,
    values: Mapping[str, Any],
    positions: Sequence[tuple[int, ...]],
    step: float = STEP,
) -> Differences:
    """The same by some entries of `x` only: of shape ``root.shape + (number of positions,)``."""
    at = np.asarray(values[x.attr("name")], dtype=np.float64)
    here = _along(root, x, values, at)
    columns: list[tuple[Array, Array, Array, Array]] = []
    with np.errstate(all="ignore"):
        for position in positions:
            h = step * max(1.0, abs(float(at[position])))
            columns.append(_slopes(lambda t, p=position: here(p, t), h))  # type: ignore[misc]
    some = np.empty(len(positions))
    return Differences(*(_columns(np.array([c[i] for c in columns]), root, some) for i in range(4)))


def complex_step(
    root: Node,
    x: Node,
    values: Mapping[str, Any],
    positions: Sequence[tuple[int, ...]] | None = None,
) -> Array:
    """The derivatives of `root` by the variable `x`, exact to rounding where `root` is analytic.

    Of shape ``root.shape + x.shape``, or of ``root.shape + (number of positions,)`` by some entries
    only. It is wrong where an operation is not analytic (`abs`), and fails with TypeError or
    ValueError where one does not take complex numbers.
    """
    at = np.asarray(values[x.attr("name")], dtype=np.complex128)
    here = _along(root, x, values, at, np.complex128)
    chosen = np.ndindex(at.shape) if positions is None else positions
    with np.errstate(all="ignore"):
        columns = [here(p, COMPLEX_STEP * 1j).imag / COMPLEX_STEP for p in chosen]
    return _columns(np.array(columns), root, at if positions is None else np.empty(len(positions)))


def _along(
    root: Node, x: Node, values: Mapping[str, Any], at: Array, dtype: npt.DTypeLike = np.float64
) -> Callable[[tuple[int, ...], complex], Array]:
    """The function (position, t) -> root, with t added to the entry of `x` at the position."""

    def here(position: tuple[int, ...], t: complex) -> Array:
        moved = at.copy()
        moved[position] += t
        return evaluate([root], {**values, x.attr("name"): moved}, dtype).results[0]

    return here


def _slopes(f: Callable[[float], Array], h: float) -> tuple[Array, Array, Array, Array]:
    """The derivative of `f` at 0, its error, and whether there is a kink or an edge close by."""
    f0, f1, f2, f4 = f(0.0), (f(-h), f(h)), (f(-2 * h), f(2 * h)), (f(-4 * h), f(4 * h))
    fine = (8 * (f1[1] - f1[0]) - (f2[1] - f2[0])) / (12 * h)
    coarse = (8 * (f2[1] - f2[0]) - (f4[1] - f4[0])) / (24 * h)
    # the slopes on both sides, to second order: where f is smooth they differ by O(h**2)
    near = _gap(f0, f1, f2, h)
    far = _gap(f0, f2, f4, 2 * h)
    size = np.max(np.abs([f0, *f1, *f2, *f4]), axis=0)
    rounding = 8 * np.finfo(np.float64).eps * size / h
    kink = (np.abs(near) > 100 * rounding) & (np.abs(near) > 0.5 * np.abs(far))
    edge = ~np.isfinite(size)
    return fine, np.abs(fine - coarse) + rounding, kink & ~edge, edge


def _gap(f0: Array, f1: tuple[Array, Array], f2: tuple[Array, Array], h: float) -> Array:
    right = (-3 * f0 + 4 * f1[1] - f2[1]) / (2 * h)
    left = (3 * f0 - 4 * f1[0] + f2[0]) / (2 * h)
    return np.asarray(right - left)


def _columns(stacked: Array, root: Node, at: Array) -> Array:
    """One derivative of `root` after the other as ``root.shape + x.shape``."""
    shape = tuple(int(size) for size in stacked.shape[1:]) if stacked.size else _static(root)
    return np.moveaxis(stacked.reshape((at.size, *shape)), 0, -1).reshape((*shape, *at.shape))


def _static(root: Node) -> tuple[int, ...]:
    return tuple(size for size in root.shape if isinstance(size, int))


def _spread(touched: Array, values: Array) -> Array:
    return touched.reshape(touched.shape + (1,) * (values.ndim - touched.ndim))
