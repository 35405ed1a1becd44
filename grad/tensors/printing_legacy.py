"""Tensors as text, as PyTorch 0.3 printed them: rows in columns, then the type and the size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import floor, log10
from typing import Any

import numpy as np
import numpy.typing as npt

from .printing import OPTIONS

Array = npt.NDArray[Any]
Written = tuple[Callable[[float], str], float, int]  # how to write a number, the scale, the width


def legacy_text(array: Array, kind: str, variable: bool) -> str:
    """``Variable containing:``, the entries, ``[torch.FloatTensor of size 2x2]``.

    A scalar is shown as a tensor of one entry: there were no others.
    """
    array = array.reshape(1) if not array.ndim else array
    size = "x".join(map(str, array.shape))
    head = "Variable containing:\n" if variable else "\n"
    if not array.size:
        return f"{head}[torch.{kind} with no dimension]\n"
    body = _vector if array.ndim == 1 else _matrix if array.ndim == 2 else _blocks
    return f"{head}{body(array)}[torch.{kind} of size {size}]\n"


def _written(array: Array, least: int = 2) -> Written:
    """Whole numbers as they are; others with four digits, of a common scale or with exponents."""
    size = np.abs(array.astype(np.float64)).ravel()
    finite = size[np.isfinite(size)]
    if finite.size < size.size:
        least = max(least, 3)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    low_digits, high_digits = (floor(log10(v)) + 1 if v else 1 for v in (low, high))
    digits = OPTIONS.precision
    if bool((finite == np.ceil(finite)).all()):
        if high_digits > digits + 1:
            width = max(least, 7 + digits)
            return (lambda v: f"{v:11.{digits}e}"), 1.0, width
        width = max(least, high_digits + 1)
        return (lambda v: f"{v:{width}.0f}"), 1.0, width
    if high_digits - low_digits > digits:
        width = max(least, 7 + digits + (abs(high_digits) > 99 or abs(low_digits) > 99))
        return (lambda v: f"{v:{width}.{digits}e}"), 1.0, width
    scaled = high_digits > digits + 1 or high_digits < 0
    width = max(least, 7 if scaled or not high_digits else high_digits + 6)
    return (lambda v: f"{v:{width}.{digits}f}"), 10.0 ** (high_digits - 1) if scaled else 1.0, width


def _vector(array: Array) -> str:
    write, scale, width = _written(array)
    head, indent = (f"{scale:.5e} *\n", " ") if scale != 1 else ("", "")
    lines = [indent + write(value / scale) for value in _ends(array).tolist()]
    if _cut(array):
        lines.insert(OPTIONS.edgeitems, indent + f"{'⋮':^{width}}")
    return head + "".join(f"{line}\n" for line in lines)


def _matrix(
    array: Array, indent: str = "", written: Written | None = None, cut: bool = False
) -> str:
    short = [size > 2 * OPTIONS.edgeitems for size in array.shape]
    write, scale, width = written or _written(array, 5 if any(short) else 0)
    head = f"{scale:.5e} *\n" if scale != 1 else ""
    if cut or (array.size >= OPTIONS.threshold and any(short)):
        return head + _shortened(array, indent, (write, scale, width))
    per_line = (OPTIONS.linewidth - len(indent)) // (width + 1)
    columns = array.shape[1]
    out = ""
    for first in range(0, columns, per_line):
        last = min(first + per_line, columns)
        if per_line < columns:
            out += f"\nColumns {first} to {last - 1} \n{indent}"
        out += head
        for row in array[:, first:last].tolist():
            out += indent + (" " if head else "") + _joined(row, write, scale) + "\n"
    return out


def _shortened(array: Array, indent: str, written: Written) -> str:
    """A matrix without the middle of its rows, its columns, or both."""
    write, scale, width = written
    n = OPTIONS.edgeitems
    rows_cut, columns_cut = (size > 2 * n for size in array.shape)

    def line(row: Sequence[float]) -> str:
        if not columns_cut:
            return _joined(row, write, scale)
        return f"{_joined(row[:n], write, scale)}  ...  {_joined(row[-n:], write, scale)}"

    shown = [*array[:n], *array[-n:]] if rows_cut else list(array)
    lines = [indent + line(row.tolist()) for row in shown]
    if rows_cut:
        dots = f"{'...':^{(width + 1) * n - 1}}"
        middle = f"{dots}   ⋱   {dots}" if columns_cut else f"{'⋮':^{len(lines[0]) + 1}}"
        lines.insert(n, indent + middle if columns_cut else middle)
    return "".join(f"{text}\n" for text in lines)


def _blocks(array: Array) -> str:
    """More than two axes: matrix after matrix, with dots where one is left out."""
    n = OPTIONS.edgeitems
    cut = array.size >= OPTIONS.threshold
    written = _written(array, 3 if max(array.shape[-2:]) > 2 * n else 0)
    width = max(2, *(len(str(size)) for size in array.shape))
    counters = [
        [*range(n), *range(size - n, size)] if cut and size > 2 * n else range(size)
        for size in array.shape[:-2]
    ]
    out = ""
    before: tuple[int, ...] = ()
    for at in product(*counters):
        out += _dots(before, at, width) if cut and before else ""
        place = ",".join(f"{i:^{width}}" for i in at)
        out += ("\n" if out else "") + f"({place},.,.) = \n"
        out += _matrix(array[at], " ", written, cut)
        before = at
    return out


def _dots(before: tuple[int, ...], at: tuple[int, ...], width: int) -> str:
    """Lines that say which counter has jumped, and which have started again."""
    turned = next(i for i, (a, b) in enumerate(zip(before, at, strict=True)) if a != b)
    jumped = at[turned] != before[turned] + 1
    marks = ["..." if jumped and i == turned else "" for i in range(len(at))]
    again = ["⋮" if i > turned else "" for i in range(len(at))]
    lines = "".join(f"{mark:^{width + 1}}" for mark in marks) + "\n" if jumped else ""
    if any(again):
        lines += " " + "".join(f"{mark:^{width + 1}}" for mark in again) + "\n"
    return lines


def _joined(row: Sequence[float], write: Callable[[float], str], scale: float) -> str:
    return " ".join(write(value / scale) for value in row)


def _cut(array: Array) -> bool:
    return array.size >= OPTIONS.threshold and len(array) > 2 * OPTIONS.edgeitems


def _ends(array: Array) -> Array:
    n = OPTIONS.edgeitems
    return np.concatenate([array[:n], array[-n:]]) if _cut(array) else array
