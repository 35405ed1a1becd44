"""Rules: tensors made from nothing but a shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..node import Node
from ..ops import F, Inferred, opaque, spelling
from .shapes import flat_shape, batched_shape


def _filled(shape: Any) -> Inferred:
    wanted = flat_shape(shape)
    return wanted, "float", {"shape": wanted}


zeros = opaque("zeros(*shape: shape)", lambda shape: np.zeros(shape), _filled, doc="All entries 0.",
               batch=batched_shape, example="zeros(2, 3)")  # fmt: skip
ones = opaque("ones(*shape: shape)", lambda shape: np.ones(shape), _filled, doc="All entries 1.",
              batch=batched_shape, example="ones(2, 3)")  # fmt: skip
zeros_like = spelling("zeros_like(x)", lambda x: F.zeros(x.shape), doc="Zeros of the shape of `x`.")
ones_like = spelling("ones_like(x)", lambda x: F.ones(x.shape), doc="Ones of the shape of `x`.")
