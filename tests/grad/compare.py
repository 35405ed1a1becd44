"""Comparing tensors honestly: shapes before values, nan and inf in their places."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_same(
    actual: Any, expected: Any, rtol: float = 1e-12, atol: float = 0.0, what: str = "value"
) -> None:
    """Both have one shape, nan and inf in the same places, and entries that differ by no more than
    `atol`, or `rtol` times the largest expected one."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
    if expected.dtype.kind == "b" or actual.dtype.kind == "b":
        assert np.array_equal(actual, expected), f"{what}:\n{actual}\n{expected}"
        return
    assert np.array_equal(np.isnan(actual), np.isnan(expected)), (
        f"{what}: nan in different places\n{actual}\n{expected}"
    )
    infinite = np.isinf(expected)
    assert np.array_equal(np.isinf(actual), infinite), f"{what}: inf\n{actual}\n{expected}"
    assert np.array_equal(actual[infinite], expected[infinite]), f"{what}: sign of inf"
    finite = np.isfinite(expected)
    if finite.any():
        wrong = np.abs(actual[finite] - expected[finite]).max()
        allowed = atol + rtol * np.abs(expected[finite]).max()
        assert wrong <= allowed, f"{what}: off by {wrong:.3g} > {allowed:.3g}\n{actual}\n{expected}"
