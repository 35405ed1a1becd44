"""Random tensors: the very numbers PyTorch draws on a CPU after ``manual_seed``.

Both draw from a Mersenne twister; what differs between libraries is how its 32-bit words become
numbers, and that is written here as PyTorch does it (see its ``DistributionsHelper.h`` and
``normal_fill``).
"""

from __future__ import annotations

import secrets
from math import cos, log1p, pi, prod, sin, sqrt
from typing import Any

import numpy as np

from ..evaluate import Array
from .calls import method
from .dtypes import dtype
from .tensor import Tensor

VECTOR = 16  # from so many normal numbers on, PyTorch draws them by the vector


class Generator:
    """A Mersenne twister, and the second of the two normal numbers that come together."""

    def __init__(self, seed: int) -> None:
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start again from this seed."""
        self._seed = seed
        self._source = np.random.RandomState(seed & 0xFFFFFFFF)._bit_generator
        self._spare: float | None = None
        return self

    def initial_seed(self) -> int:
        """The seed it was started from."""
        return self._seed

    def words(self, count: int) -> Array:
        """So many numbers of 32 bits."""
        raw: Array = self._source.random_raw(count)
        return raw.astype(np.uint64)

    def words64(self, count: int) -> Array:
        """So many numbers of 64 bits, the high half first."""
        pairs = self.words(2 * count)
        return (pairs[0::2] << np.uint64(32)) | pairs[1::2]

    def uniform(self, count: int, kind: np.dtype[Any]) -> Array:
        """Numbers from 0 up to, but not including, 1: as many bits as a float of this type has."""
        if kind.itemsize == 4:
            kept = self.words(count) & np.uint64((1 << 24) - 1)
            return kept.astype(np.float32) * np.float32(2.0**-24)
        kept = self.words64(count) & np.uint64((1 << 53) - 1)
        return kept.astype(np.float64) * 2.0**-53

    def normal(self, count: int, kind: np.dtype[Any]) -> Array:
        """Numbers of mean 0 and variance 1 (Box and Muller)."""
        if count >= VECTOR:
            return self._normal_vectors(count, kind)
        return np.array([self._normal() for _ in range(count)], dtype=kind)

    def _normal(self) -> float:
        if self._spare is not None:
            value, self._spare = self._spare, None
            return value
        angle, radius = self.uniform(2, np.dtype(np.float64)).tolist()
        length = sqrt(-2.0 * log1p(-radius))
        self._spare = length * sin(2.0 * pi * angle)
        return length * cos(2.0 * pi * angle)

    def _normal_vectors(self, count: int, kind: np.dtype[Any]) -> Array:
        """Sixteen at a time: radii from the first eight, angles from the last; the last sixteen
        are drawn again where they do not come out even."""
        values = self.uniform(count, kind)
        whole = count - count % VECTOR
        values[:whole] = _box_muller(values[:whole].reshape(-1, VECTOR)).ravel()
        if count % VECTOR:
            values[-VECTOR:] = _box_muller(self.uniform(VECTOR, kind).reshape(1, VECTOR)).ravel()
        return values

    def below(self, bound: int, count: int) -> Array:
        """Integers from 0 up to, but not including, `bound`."""
        words = self.words64(count) if bound >= 1 << 32 else self.words(count)
        return (words % np.uint64(bound)).astype(np.int64)


def _box_muller(values: Array) -> Array:
    half = VECTOR // 2
    kind = values.dtype.type
    radius = np.sqrt(kind(-2) * np.log(kind(1) - values[:, :half]))
    angle = kind(2 * pi) * values[:, half:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


generator = Generator(secrets.randbits(32))


def uniform(shape: tuple[int, ...], of: dtype) -> Array:
    """Numbers from 0 to 1."""
    return generator.uniform(prod(shape), of.numpy).reshape(shape).astype(of.numpy)


def normal(shape: tuple[int, ...], of: dtype) -> Array:
    """Numbers of mean 0 and variance 1."""
    return generator.normal(prod(shape), of.numpy).reshape(shape).astype(of.numpy)


def integers(low: int, high: int, shape: tuple[int, ...]) -> Array:
    """Integers from `low` up to, but not including, `high`."""
    return generator.below(high - low, prod(shape)).reshape(shape) + low


def permutation(n: int) -> Array:
    """The integers below `n` in random order: each place swaps with one that is not before it."""
    order = np.arange(n)
    for i in range(n - 1):
        j = i + int(generator.words(1)[0]) % (n - i)
        order[[i, j]] = order[[j, i]]
    return order


@method
def uniform_(x: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Write random numbers between `a` and `b`."""
    kind = x._array.dtype.type
    x._array[...] = uniform(x.shape, x.dtype) * kind(b - a) + kind(a)
    x._writes.number += 1
    return x


@method
def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Write random numbers of this mean and standard deviation."""
    kind = x._array.dtype.type
    x._array[...] = normal(x.shape, x.dtype) * kind(std) + kind(mean)
    x._writes.number += 1
    return x
