"""Numerical derivatives of whole functions, by differences and by the complex step.

They judge the exact ones: in the tests of every rule, and in ``gradcalc check``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import sizes as polynomials
from .evaluate import LARGE, Run, compute, limit, schedule, sized
from .node import Node
from .ops import VARIABLE

Array = npt.NDArray[Any]
Function = Callable[[tuple[int, ...] | None, complex], Array]
STEP = 2.0**-10  # about the fifth root of the machine precision, where both errors are smallest
COMPLEX_STEP = 2.0**-100  # nothing is subtracted, so it may be as small as one likes
TOGETHER = 1 << 16  # numbers of which slopes are computed at once


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
    columns: list[Sequence[Array]] = []
    with np.errstate(all="ignore"):
        f0 = here(None, 0.0)
        together = max(1, TOGETHER // max(f0.size, 1))
        for i in range(0, len(positions), together):
            columns.append(_slopes(here, f0, at, positions[i : i + together], step))
    some = np.empty(len(positions))
    parts = [np.concatenate(part) for part in zip(*columns, strict=True)] or [np.empty(0)] * 4
    return Differences(*(_columns(part, root, some) for part in parts))


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
) -> Function:
    """The function (position, t) -> root, with t added to the entry of `x` at the position.

    It is called very often: what does not depend on `x` is computed once, and so is the order of
    the rest.
    """
    name = x.attr("name")
    arrays = {other: np.asarray(value) for other, value in values.items()}
    (root,) = sized([root], arrays)
    order, needs = schedule([root])
    limit(order)
    moving = {node for node in order if node.op is VARIABLE and node.attr("name") == name}
    for node in order:
        if not moving.isdisjoint(needs[node]):
            moving.add(node)
    steps = [node for node in order if node in moving]
    fixed = dict.fromkeys([a for node in [*steps, root] for a in (node, *needs[node])])
    still = [node for node in order if node not in moving]
    known = compute([n for n in fixed if n not in moving], still, needs, arrays, dtype)
    small = sum(polynomials.entries(node.shape) for node in steps) < LARGE
    run = Run(np.dtype(dtype), arrays)

    def here(position: tuple[int, ...] | None, t: complex) -> Array:
        arrays[name] = at.copy()
        if position is not None:
            arrays[name][position] += t
        if not small:  # what is no longer needed is to be let go
            return compute([root], steps, needs, arrays, dtype, known=known)[root]
        memo = dict(known)
        for node in steps:
            memo[node] = run.node(node, [memo[a] for a in needs[node]])
        return memo[root]

    return here


def _slopes(
    f: Function, f0: Array, at: Array, positions: Sequence[tuple[int, ...]], step: float
) -> tuple[Array, Array, Array, Array]:
    """By some entries: derivatives, their errors, and whether a kink or an edge is close by."""
    steps = [step * max(1.0, abs(float(at[position]))) for position in positions]

    def both(k: int) -> tuple[Array, Array]:
        found = [(f(p, -k * h), f(p, k * h)) for p, h in zip(positions, steps, strict=True)]
        left, right = zip(*found, strict=True)
        return np.array(left), np.array(right)

    f1, f2, f4 = both(1), both(2), both(4)
    h = np.array(steps).reshape(-1, *(1,) * f0.ndim)
    fine = (8 * (f1[1] - f1[0]) - (f2[1] - f2[0])) / (12 * h)
    coarse = (8 * (f2[1] - f2[0]) - (f4[1] - f4[0])) / (24 * h)
    # the slopes on both sides, to second order: where f is smooth they differ by O(h**2)
    near = _gap(f0, f1, f2, h)
    far = _gap(f0, f2, f4, 2 * h)
    size = np.abs(f0)
    for away in (*f1, *f2, *f4):
        size = np.maximum(size, np.abs(away))
    rounding = 8 * np.finfo(np.float64).eps * size / h
    kink = (np.abs(near) > 100 * rounding) & (np.abs(near) > 0.5 * np.abs(far))
    edge = ~np.isfinite(size)
    return fine, np.abs(fine - coarse) + rounding, kink & ~edge, edge


def _gap(f0: Array, f1: tuple[Array, Array], f2: tuple[Array, Array], h: Array) -> Array:
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
