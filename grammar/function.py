"""Expressions as Python functions: compiled for the shapes they are called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from ..grad.evaluate import Array
from ..grad.execution.plan import Plan, plan
from ..grad.higher import cheapest_hessian
from ..grad.node import Node, Shape
from ..grad.ops import variable
from ..grad.reverse import gradient
from ..grad.simplify.exact import exact
from .errors import Diagnostic
from .program import Expression, Request, chosen, located

Inputs = Mapping[str, Node]
Roots = Callable[[Node, Inputs], list[Node]]
SEED = "gradient of the result"  # no name anyone could write
asarray = np.asarray
SHAPE = attrgetter("shape")
KEPT = 64  # plans for so many combinations of shapes are kept


class Function:
    """An expression to be called with arrays.

    >>> f = Function("mean(x*x)", wrt=["x"])
    >>> float(f(x=[[1, 2], [3, 4]]))
    7.5
    >>> value, grads = f.value_and_grad(x=[[1, 2], [3, 4]])
    >>> grads["x"].tolist()
    [[0.5, 1.0], [1.5, 2.0]]
    >>> f.hessian("x", x=[1, 2]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    A plan is compiled for each combination of shapes at the first call and kept. Raises Diagnostic
    as the command line does. One Function must not be called from two threads at once.
    """

    def __init__(
        self, text: str, wrt: Sequence[str] | None = None, dtype: npt.DTypeLike = np.float64
    ) -> None:
        self.expression = Expression.read(text)
        self.dtype = np.dtype(dtype)
        self.inputs = tuple(self.expression.free)  # the names it takes
        self._plans: dict[tuple[str, tuple[Shape, ...]], Plan] = {}
        self._last: Plan | None = None
        request = Request(wrt=None if wrt is None else tuple(wrt))
        self.wrt = chosen(self.expression, {n: variable(n) for n in self.inputs}, request)

    @property
    def source(self) -> str:
        """The code that ran last. ValueError before the first call."""
        if self._last is None:
            raise ValueError("nothing has been compiled yet: call the function first")
        return self._last.source

    def __call__(self, **values: Any) -> Array:
        """The value."""
        return self._run("value", lambda root, inputs: [root], values)[0]

    def value_and_grad(
        self, seed: npt.ArrayLike | None = None, /, **values: Any
    ) -> tuple[Array, dict[str, Array]]:
        """The value, and the gradient for each name of `wrt`; `seed` weighs a result's entries."""
        if seed is None:
            found = self._run("grad", self._gradients, values)
        else:
            names = (*self.inputs, SEED)
            found = self._run("seeded", self._gradients, {**values, SEED: seed}, names)
        return found[0], dict(zip(self.wrt, found[1:]))  # noqa: B905  # strict doubles its time

    def hessian(self, name: str, /, **values: Any) -> Array:
        """Second derivatives by one variable, of its shape twice.

        What runs is its closed form, where one is found that takes fewer operations than going
        through the rows one by one.
        """
        if name not in self.inputs:
            chosen(self.expression, dict.fromkeys(self.inputs), Request(wrt=(name,)))  # type: ignore[arg-type]
        return self._run(
            f"hessian {name}", lambda root, inputs: [cheapest_hessian(root, inputs[name])], values
        )[0]

    def _gradients(self, root: Node, inputs: Inputs) -> list[Node]:
        return [root, *gradient(root, [inputs[name] for name in self.wrt], inputs.get(SEED))]

    def _run(
        self,
        what: str,
        roots: Roots,
        values: Mapping[str, Any],
        names: tuple[str, ...] | None = None,
    ) -> tuple[Array, ...]:
        """Run the plan for `roots`, called `what`, and for the shapes of the values."""
        names = names or self.inputs
        dtype = self.dtype
        try:
            arrays = [asarray(values[name], dtype) for name in names]
        except (KeyError, ValueError, TypeError):
            arrays = []
        if len(arrays) != len(values):
            raise self._mistake(values, names)
        shapes = tuple(map(SHAPE, arrays))
        found = self._plans.get((what, shapes))
        if found is None:
            found = self._compile(roots, dict(zip(names, shapes, strict=True)))
            while len(self._plans) >= KEPT:
                del self._plans[next(iter(self._plans))]
            self._plans[what, shapes] = found
        self._last = found
        try:
            return found.run(*arrays)
        except np.linalg.LinAlgError as error:
            raise self.expression.wrong("G502", str(error).lower(), None, ()) from None

    def _compile(self, roots: Roots, shapes: Mapping[str, Shape]) -> Plan:
        inputs = {name: variable(name, shape) for name, shape in shapes.items()}
        built = self.expression.graph(inputs)

        def compiled() -> Plan:
            (root,) = exact([built.root])
            return plan(exact(roots(root, inputs)), self.dtype, list(inputs.values()))

        return located(self.expression, built, compiled)

    def _mistake(self, values: Mapping[str, Any], names: Sequence[str]) -> Diagnostic:
        """What is wrong with the values of a call."""
        wrong = self.expression.wrong
        for name in values:
            if name not in names:
                takes = ", ".join(f"`{n}`" for n in self.inputs) or "none"
                return wrong("G216", f"`{name}` does not occur in the expression", None,
                             [f"variables of this expression: {takes}"])  # fmt: skip
        for name in names:
            if name not in values:
                return wrong("G201", f"`{name}` has no value", self.expression.free[name],
                             [f"give it one: `{name}=...`"])  # fmt: skip
            try:
                np.asarray(values[name], self.dtype)
            except (ValueError, TypeError):
                return wrong("G202", f"the value of `{name}` is not a tensor of numbers", None,
                             ["numbers, rows of the same length, or an array of them"])  # fmt: skip
        raise AssertionError("the values are right")
