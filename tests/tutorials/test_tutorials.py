"""The tutorial programs print what PyTorch prints for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import gradcalc.grad as torch

from .programs import PROGRAMS, expected, is_old, printed


@pytest.fixture(autouse=True)
def _as_ever() -> Iterator[None]:
    yield
    torch.set_printoptions(profile="default", legacy=False)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_program_runs_unchanged(program: Path) -> None:
    torch.set_printoptions(legacy=is_old(program))
    assert printed(program, "gradcalc.grad") == expected(program)


@pytest.mark.parametrize(
    "program", [p for p in PROGRAMS if not is_old(p)], ids=lambda program: program.stem
)
def test_pytorch_prints_the_same(program: Path) -> None:
    pytest.importorskip("torch")
    assert printed(program, "torch") == expected(program)
