"""Expressions as Python functions: compiled for the shapes they are called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..grad.errors import GradError
from ..grad.evaluate import Array
from ..grad.higher import hessian
from ..grad.node import Node, Shape
from ..grad.ops import constant, variable
from ..grad.plan import Plan, plan
from ..grad.reverse import gradient
from ..grad.simplify.exact import exact
from .program import Expression, Request, chosen, located

Key = tuple[str, tuple[Shape, ...]]


class Function:
    """An expression to be called with arrays.

    >>> f = Function("mean(x*x)", wrt=["x"])
    >>> float(f(x=[[1, 2], [3, 4]]))
    7.5
    >>> value, grads = f.value_and_grad(x=[[1, 2], [3, 4]])
    >>> grads["x"].tolist()
    [[0.5, 1.0], [1.5, 2.0]]

    A plan is compiled for each combination of shapes at the first call and kept. Raises Diagnostic
    as the command line does. One Function must not be called from two threads at once.
    """

    def __init__(
        self, text: str, wrt: Sequence[str] | None = None, dtype: npt.DTypeLike = np.float64
    ) -> None:
        self.expression = Expression.read(text)
        self.dtype = np.dtype(dtype)
        self._wrt = None if wrt is None else tuple(wrt)
        self._plans: dict[Key, Plan] = {}
        self._last: Plan | None = None
        self.wrt = chosen(self.expression, self._variables({}), Request(wrt=self._wrt))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names it takes."""
        return tuple(self.expression.free)

    @property
    def source(self) -> str:
        """The code that ran last. ValueError before the first call."""
        if self._last is None:
            raise ValueError("nothing has been compiled yet: call the function first")
        return self._last.source

    def __call__(self, **values: Any) -> Array:
        """The value."""
        (value,) = self._run("value", lambda root, inputs: [root], values)
        return value

    def value_and_grad(
        self, seed: npt.ArrayLike | None = None, /, **values: Any
    ) -> tuple[Array, dict[str, Array]]:
        """The value, and the gradient for each name of `wrt`; `seed` weighs a result's entries."""
        weight = None if seed is None else np.asarray(seed, np.float64)
        key = "grad" if weight is None else f"grad {weight.shape} {weight.tobytes().hex()}"

        def roots(root: Node, inputs: Mapping[str, Node]) -> list[Node]:
            cotangent = None if weight is None else constant(weight)
            return [root, *gradient(root, [inputs[name] for name in self.wrt], cotangent)]

        value, *grads = self._run(key, roots, values)
        return value, dict(zip(self.wrt, grads, strict=True))

    def hessian(self, name: str, /, **values: Any) -> Array:
        """Second derivatives by one variable, of its shape twice."""
        (found,) = self._run(
            f"hessian {name}", lambda root, inputs: [hessian(root, inputs[name])], values
        )
        return found

    def _variables(self, shapes: Mapping[str, Shape]) -> dict[str, Node]:
        return {name: variable(name, shapes.get(name, ())) for name in self.expression.free}

    def _run(
        self,
        what: str,
        roots: Callable[[Node, Mapping[str, Node]], list[Node]],
        values: Mapping[str, Any],
    ) -> list[Array]:
        for name in values:
            if name not in self.expression.free:
                raise TypeError(f"{self.expression.text!r} has no variable {name!r}")
        arrays = {name: np.asarray(value) for name, value in values.items()}
        shapes = {name: array.shape for name, array in arrays.items()}
        key = (what, tuple(shapes.get(name, ()) for name in self.expression.free))
        if key not in self._plans:
            inputs = self._variables(shapes)
            built = self.expression.graph(inputs)

            def compile() -> Plan:
                (root,) = exact([built.root])
                return plan(exact(roots(root, inputs)), self.dtype)

            self._plans[key] = located(self.expression, built, compile)
        self._last = self._plans[key]
        try:
            return self._last(arrays)
        except GradError as error:
            raise self.expression.wrong(error.code, error.message, None, error.help) from None
