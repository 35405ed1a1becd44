"""A session with PyTorch 2.13, line by line, and how to repeat it with any module as torch.

``torch_session.txt`` holds lines as they were typed, statements separated by semicolons, and what
the last one printed. Each line starts afresh: ``x`` is a leaf, [[1, 2], [3, 4]], and requires grad.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

SESSION = (Path(__file__).parent / "torch_session.txt").read_text(encoding="utf-8")
LINES = [
    (line, said.strip("\n"))
    for line, _, said in (part.partition("\n") for part in re.split(r"^>>> ", SESSION, flags=re.M))
    if line
]


def answer(line: str, torch: Any) -> str:
    """What a session with `torch` prints for this line."""

    def leaf() -> Any:
        return torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)

    scope = {"torch": torch, "np": np, "Variable": torch.autograd.Variable, "leaf": leaf}
    scope["x"] = leaf()
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            *before, last = line.split("; ")
            for statement in before:
                exec(statement, scope)  # noqa: S102
            exec(compile(last + "\n", "<session>", "single"), scope)  # noqa: S102
        except Exception as error:  # noqa: BLE001  (what it is, is compared)
            print(f"{type(error).__name__}: {error}")
        finally:
            torch.set_grad_enabled(True)
            torch.set_default_dtype(torch.float32)
            torch.set_printoptions(profile="default")
    return out.getvalue().strip("\n")
