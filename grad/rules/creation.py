"""Rules: tensors made from nothing but a shape, or a few numbers."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import GradError
from ..node import Kind, Node, Shape
from ..ops import F, Inferred, constant
from ..rows import opaque, spelling
from .shapes import batched_shape, flat_shape

if TYPE_CHECKING:  # np.random takes time to import, and few expressions draw numbers
    from numpy.random import Generator

# --- filled ------------------------------------------------------------------------------------


def _sizes(shape: Any) -> Shape:
    """The sizes a user has written. Raises GradError G117 for a negative one."""
    wanted = flat_shape(shape)
    for size in wanted:
        if isinstance(size, int) and size < 0:
            raise GradError("G117", f"a size is not negative: {size}", at="shape")
    return wanted


def _filled(shape: Any) -> Inferred:
    wanted = _sizes(shape)
    return wanted, "float", {"shape": wanted}


zeros = opaque("zeros(*shape: shape)", lambda shape: np.zeros(shape), _filled, doc="All entries 0.",
               batch=batched_shape, example="zeros(2, 3)")  # fmt: skip
ones = opaque("ones(*shape: shape)", lambda shape: np.ones(shape), _filled, doc="All entries 1.",
              batch=batched_shape, example="ones(2, 3)")  # fmt: skip
zeros_like = spelling("zeros_like(x)", lambda x: F.zeros(x.shape), doc="Zeros of the shape of `x`.")
ones_like = spelling("ones_like(x)", lambda x: F.ones(x.shape), doc="Ones of the shape of `x`.")


def _full(value: Node, shape: Any) -> Node:
    return F.broadcast_to(value, _sizes(shape))


full = spelling(
    "full(shape: shape, fill_value)", _full, doc="All entries `fill_value`.",
    example="full((2, 3), x)", sample=("",), spellings={"value": "fill_value"},
)  # fmt: skip
full_like = spelling(
    "full_like(x, fill_value)", lambda x, value: F.broadcast_to(value, x.shape),
    doc="`fill_value` in the shape of `x`.", sample=("2x3", ""),
)  # fmt: skip
tensor = spelling(
    "tensor(x)", lambda x: x, doc="The numbers themselves, given as nested lists.",
    spellings={"data": "x", "object": "x"}, aliases=("array", "as_tensor", "asarray"),
)  # fmt: skip

# --- ones in places ----------------------------------------------------------------------------


def _rectangle(n: Any, m: Any, k: int) -> Inferred:
    for size, name in ((n, "n"), (m, "m")):
        if isinstance(size, int) and size < 0:
            raise GradError("G117", f"a size is not negative: {name} = {size}", at=name)
    # a square is written with one size
    return (n, n if m is None else m), "float", {"n": n, "m": None if m == n else m, "k": k}


_NUMPY = {"N": "n", "M": "m", "offset": "k"}
eye = opaque(
    "eye(n: int, m: int = None, k: int = 0)", lambda n, m, k: np.eye(n, m, k), _rectangle,
    doc="Ones on the diagonal (the k-th above the main one), zeros elsewhere.",
    aliases=("identity",), example="eye(3)", spellings=_NUMPY,
)  # fmt: skip
tri = opaque(
    "tri(n: int, m: int = None, k: int = 0)", lambda n, m, k: np.tri(n, m, k), _rectangle,
    doc="Ones on and below the k-th diagonal, zeros above.", example="tri(3)", spellings=_NUMPY,
)  # fmt: skip

# --- evenly spaced -----------------------------------------------------------------------------


def _whole(*numbers: Any) -> Kind:
    return "int" if all(isinstance(n, int) for n in numbers) else "float"


def _arange_shape(start: Any, end: Any, step: Any) -> Inferred:
    if end is None:
        start, end = 0, start
    if step == 0:
        raise GradError("G117", "the step is not 0", at="step")
    if not isfinite((end - start) / step):
        raise GradError("G117", "start, end and step are finite", at="end")
    length = max(0, ceil((end - start) / step))
    return (length,), _whole(start, end, step), {"start": start, "end": end, "step": step}


arange = opaque(
    "arange(start: number, end: number = None, step: number = 1)",
    lambda start, end, step: np.arange(start, end, step), _arange_shape,
    doc="Numbers from `start` (or 0) up to `end`, without it.", example="arange(5)",
    spellings={"stop": "end"},
)  # fmt: skip


def _steps(steps: int, **attrs: Any) -> Inferred:
    if steps < 0:
        raise GradError("G117", f"a size is not negative: steps = {steps}", at="steps")
    return (steps,), "float", {"steps": steps, **attrs}


linspace = opaque(
    "linspace(start: number, end: number, steps: int = 50, endpoint: bool = True)",
    lambda start, end, steps, endpoint: np.linspace(start, end, steps, endpoint), _steps,
    doc="`steps` numbers in equal distances from `start` to `end`.", example="linspace(0, 1, 5)",
    spellings={"stop": "end", "num": "steps"},
)  # fmt: skip
logspace = opaque(
    "logspace(start: number, end: number, steps: int = 50, base: number = 10)",
    lambda start, end, steps, base: np.logspace(start, end, steps, base=float(base)), _steps,
    doc="`steps` numbers in equal ratios from base**start to base**end.",
    example="logspace(0, 2, 3)", spellings={"stop": "end", "num": "steps"},
)  # fmt: skip

# --- random ------------------------------------------------------------------------------------
#
# Each call draws once, when the graph is built, and is a constant from then on: the value, its
# gradient and every later evaluation speak of the same numbers.


class _Source:
    generator: Generator | None = None


def manual_seed(seed: int | None) -> None:
    """Begin the sequence of random numbers anew; the same `seed` gives the same numbers."""
    _Source.generator = np.random.default_rng(seed)


def _generator() -> Generator:
    if _Source.generator is None:
        manual_seed(None)
    assert _Source.generator is not None
    return _Source.generator


def _known(shape: Any) -> tuple[int, ...]:
    wanted: list[int] = []
    for size in _sizes(shape):
        if not isinstance(size, int):
            raise GradError("G117", f"random numbers of unknown number: `{size}` has no value here")
        wanted.append(size)
    return tuple(wanted)


def _rand(shape: Any) -> Node:
    return constant(np.asarray(_generator().random(_known(shape))))


def _randn(shape: Any) -> Node:
    return constant(np.asarray(_generator().standard_normal(_known(shape))))


rand = spelling("rand(*shape: shape)", _rand, doc="Random numbers between 0 and 1.",
                example="rand(2, 3)")  # fmt: skip
randn = spelling("randn(*shape: shape)", _randn, doc="Random numbers of the normal distribution.",
                 example="randn(2, 3)")  # fmt: skip
rand_like = spelling("rand_like(x)", lambda x: _rand(x.shape),
                     doc="Random numbers between 0 and 1 in the shape of `x`.")  # fmt: skip
randn_like = spelling("randn_like(x)", lambda x: _randn(x.shape),
                      doc="Normally distributed random numbers in the shape of `x`.")  # fmt: skip
randperm = spelling("randperm(n: int)", lambda n: constant(_generator().permutation(n)),
                    doc="The numbers 0 to n - 1 in random order.", aliases=("permutation",),
                    example="randperm(4)")  # fmt: skip
