"""Tensors as text, as PyTorch prints them: ``tensor([[1., 2.],\\n        [3., 4.]])``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Style = Callable[[Any], str]


@dataclass(slots=True)
class Options:
    """How tensors are printed: digits, from how many entries on the middle is left out (and how
    many stay at each end), the width of a line; `legacy` prints as PyTorch 0.3 did."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None
    legacy: bool = False


OPTIONS = Options()
PROFILES: dict[str, tuple[int, float, int]] = {  # precision, threshold, edgeitems
    "default": (4, 1000, 3),
    "short": (2, 1000, 2),
    "full": (4, inf, 3),
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
    legacy: bool | None = None,
) -> None:
    """Change how tensors are printed; what is None stays, but `sci_mode`: None lets the numbers
    decide."""
    if profile is not None:
        OPTIONS.precision, OPTIONS.threshold, OPTIONS.edgeitems = PROFILES[profile]
        OPTIONS.linewidth = 80
    OPTIONS.precision = OPTIONS.precision if precision is None else precision
    OPTIONS.threshold = OPTIONS.threshold if threshold is None else threshold
    OPTIONS.edgeitems = OPTIONS.edgeitems if edgeitems is None else edgeitems
    OPTIONS.linewidth = OPTIONS.linewidth if linewidth is None else linewidth
    OPTIONS.legacy = OPTIONS.legacy if legacy is None else legacy
    OPTIONS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """What `set_printoptions` changes, as it is now."""
    return asdict(OPTIONS)


def text(array: Array, suffixes: Sequence[str] = (), prefix: str = "tensor(") -> str:
    """``tensor(...)``, with suffixes like ``requires_grad=True`` after the entries."""
    return _with_suffixes(prefix + entries(array, len(prefix)), suffixes, len(prefix))


def entries(array: Array, indent: int = 0) -> str:
    """The entries in brackets; lines after the first start at column `indent`."""
    if not array.size:
        return "[]"
    short = array.size > OPTIONS.threshold
    style, width = number_style(_corners(array) if short else array)
    if not array.ndim:
        return style(array.item()).rjust(width)
    return _nested(array, indent, short, style, width)


def number_style(array: Array) -> tuple[Style, int]:
    """How each entry is written, and how wide at least, so that they stand in columns.

    Floats are written like ``3.`` if all are whole numbers, with a fixed number of digits
    otherwise, and with an exponent if they differ by more than a factor of 1000.
    Only finite numbers other than zero have a say.
    """
    if array.dtype.kind != "f":
        return str, max((len(str(value)) for value in array.ravel().tolist()), default=1)
    values = array.astype(np.float64).ravel()
    telling = values[np.isfinite(values) & (values != 0)]
    style = _style(telling)
    return style, max((len(style(value)) for value in telling.tolist()), default=1)


def _style(telling: Array) -> Style:
    digits = OPTIONS.precision
    scientific = OPTIONS.sci_mode
    if scientific is None or not telling.size:
        scientific = False
        if telling.size:
            size = np.abs(telling)
            low, high = float(size.min()), float(size.max())
            with np.errstate(over="ignore"):
                scientific = bool(np.divide(high, low) > 1000 or high > 1e8 or low < 1e-4)
    if scientific:
        return lambda value: f"{value:.{digits}e}"
    if bool((telling == np.ceil(telling)).all()):
        return lambda value: f"{value:.0f}" + ("." if isfinite(value) else "")
    return lambda value: f"{value:.{digits}f}"


def _corners(array: Array) -> Array:
    """The entries that are shown where the middle of long axes is left out."""
    most = OPTIONS.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * most:
            ends = [*range(most), *range(size - most, size)]
            array = np.take(array, ends, axis)
    return array


def _nested(array: Array, indent: int, short: bool, style: Style, width: int) -> str:
    most = OPTIONS.edgeitems
    cut = short and len(array) > 2 * most
    shown = [*array[:most], *array[len(array) - most :]] if cut else list(array)
    if array.ndim == 1:
        items = [style(value.item()).rjust(width) for value in shown]
        if cut:
            items.insert(most, " ...")
        return _wrapped(items, width, indent)
    rows = [_nested(part, indent + 1, short, style, width) for part in shown]
    if cut:
        rows.insert(most, "...")
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


def _wrapped(items: Sequence[str], width: int, indent: int) -> str:
    """One row, broken into lines where it is too long."""
    per_line = max(1, (OPTIONS.linewidth - indent) // (width + 2))
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _with_suffixes(body: str, suffixes: Sequence[str], indent: int) -> str:
    """The suffixes behind the entries, on a line of their own where they would not fit."""
    used = len(body) - body.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > OPTIONS.linewidth:
            body += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            body += ", " + suffix
            used += len(suffix) + 2
    return body + ")"
