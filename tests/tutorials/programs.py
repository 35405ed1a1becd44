"""The tutorial programs in this folder, and how to run one: as Python, with any module as torch.

A program ``NAME.py`` is written for PyTorch; ``NAME.txt`` is what it prints, and, if it ends in an
exception, that one's type and text. Programs that begin with ``PyTorch 0.3`` are shown as that
version printed; all others were recorded with PyTorch 2.13.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PROGRAMS = sorted(
    p for p in FOLDER.glob("*.py") if p.stem not in ("__init__", "programs", "test_tutorials")
)
OLD = '"""PyTorch 0.3'


def is_old(program: Path) -> bool:
    """Whether a program is shown as PyTorch 0.3 printed."""
    return program.read_text(encoding="utf-8").startswith(OLD)


def expected(program: Path) -> str:
    """What the program prints."""
    return program.with_suffix(".txt").read_text(encoding="utf-8")


def printed(program: Path, package: str) -> str:
    """What the program prints, with `package` in the place of torch."""
    source = program.read_text(encoding="utf-8")
    source = re.sub(r"^import torch$", f"import {package} as torch", source, flags=re.M)
    source = re.sub(r"^import torch as", f"import {package} as", source, flags=re.M)
    source = re.sub(r"^from torch\b", f"from {package}", source, flags=re.M)
    out = io.StringIO()
    scope: dict[str, Any] = {"__name__": program.stem}
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(source, str(program), "exec"), scope)  # noqa: S102
        except Exception as error:  # noqa: BLE001  (what it is, is compared)
            print(f"{type(error).__name__}: {error}")
    return out.getvalue()
