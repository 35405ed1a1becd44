"""Gradients of tensors: ``backward``, ``grad``, ``Variable``, and whether anything is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ContextDecorator
from functools import partial
from typing import Any
from weakref import ref

import numpy as np

from .evaluate import Array
from .node import Node
from .ops import CONSTANT, variable
from .tensors import indexing  # noqa: F401  (with this module, tensors have all their methods)
from .tensors.calls import cast, method, record
from .tensors.creation import made
from .tensors.dtypes import BY_NUMPY
from .tensors.errors import TensorRuntimeError, TensorTypeError, not_data
from .tensors.tape import (
    INCOMING,
    AccumulateGrad,
    Edge,
    GradFn,
    Program,
    Walk,
    placeholder,
    pullback,
)
from .tensors.tensor import Tensor, mode, wrap

NO_GRAD = "element {} of tensors does not require grad and does not have a grad_fn"
NOT_SCALAR = "grad can be implicitly created only for scalar outputs"
UNUSED = (
    "The differentiated Tensor at index {} appears to not have been used in the graph. "
    "Set allow_unused=True if this is the desired behavior."
)

# --- whether anything is recorded --------------------------------------------------------------


class _Recording(ContextDecorator):
    """A stretch of the program, ``with`` or decorated, in which operations are recorded or not."""

    wanted = True

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        self._before: list[bool] = []
        self._function = function

    def __enter__(self) -> None:
        self._before.append(mode.grad)
        mode.grad = self.wanted

    def __exit__(self, *_: object) -> None:
        mode.grad = self._before.pop()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Decorates; without brackets, ``@no_grad``, this is the decorated function itself."""
        if self._function is None:
            return super().__call__(*args, **keywords)
        with self:
            return self._function(*args, **keywords)


class no_grad(_Recording):
    """Nothing is recorded: results do not require grad."""

    wanted = False


inference_mode = no_grad


class enable_grad(_Recording):
    """Operations are recorded again, inside of `no_grad`."""


class set_grad_enabled(_Recording):
    """Recording on or off, from now on; in a ``with``, until its end."""

    def __init__(self, mode_: bool) -> None:
        super().__init__()
        self.wanted = bool(mode_)
        self._before.append(mode.grad)
        mode.grad = self.wanted

    def __enter__(self) -> None:
        mode.grad = self.wanted


def is_grad_enabled() -> bool:
    """Whether operations are recorded."""
    return mode.grad


# --- the way back ------------------------------------------------------------------------------


def _listed(value: Any) -> list[Any]:
    return [value] if value is None or isinstance(value, Tensor) else list(value)


def _seed(i: int, output: Tensor, gradient: Any) -> Tensor:
    """The gradient a result starts with: 1 for a scalar, otherwise what was given."""
    if gradient is None:
        if output.requires_grad and output._array.size != 1:
            raise TensorRuntimeError("G401", NOT_SCALAR)
        return wrap(np.ones_like(output._array))
    if not isinstance(gradient, Tensor):
        kind = type(gradient).__name__
        text = f"gradients can be either Tensors or None, but got {kind}"
        raise TensorTypeError("G113", text)
    if gradient.shape != output.shape:
        raise TensorRuntimeError(
            "G308",
            f"Mismatch in shape: grad_output[{i}] has a shape of {gradient.shape} and "
            f"output[{i}] has a shape of {output.shape}.",
        )
    return gradient


def _walk_back(
    outputs: Sequence[Tensor],
    gradients: Sequence[Any],
    targets: Sequence[Edge] | None,
    keep: bool | None,
    create: bool,
) -> dict[Edge, Any]:
    """The gradients at the targets, at all leaves if None: tensors if `create`, else arrays."""
    seeds: list[tuple[Edge, Any]] = []
    given = [_seed(i, y, g) for i, (y, g) in enumerate(zip(outputs, gradients, strict=True))]
    for i, (output, g) in enumerate(zip(outputs, given, strict=True)):
        edge = output.edge()
        if edge is None:
            raise TensorRuntimeError("G408", NO_GRAD.format(i))
        kind = output.dtype
        seeds.append((edge, cast(g, kind) if create else g._array.astype(kind.numpy)))
    keep = create if keep is None else keep
    recording, mode.grad = mode.grad, create
    try:
        if create:
            return Walk[Tensor](_pull_recorded, _arrived, lambda a, b: a + b).run(
                seeds, targets, keep
            )
        return Walk[Array](GradFn.pull, _arrived_array, lambda a, b: np.asarray(a + b)).run(
            seeds, targets, keep
        )
    finally:
        mode.grad = recording


def _arrived(edge: Edge, g: Tensor) -> Tensor:
    """Show a gradient to the hooks, which may replace it, and to a tensor that retains it."""
    hooks = edge.hooks if isinstance(edge, GradFn) else edge.variable._hooks
    for hook in list(hooks):
        replaced = hook(g)
        g = g if replaced is None else replaced
    tensor = edge.retained() if isinstance(edge, GradFn) and edge.retained is not None else None
    if tensor is not None:
        _accumulate(tensor, g)
    return g


def _arrived_array(edge: Edge, g: Array) -> Array:
    busy = edge.hooks or edge.retained if isinstance(edge, GradFn) else edge.variable._hooks
    return _arrived(edge, wrap(g))._array if busy else g


def _pull_recorded(fn: GradFn, g: Tensor, chosen: bool) -> list[tuple[Tensor, bool]]:
    """The gradients `fn` hands on, computed by operations on tensors that are recorded too."""
    back = pullback(fn.node, fn.wanted, chosen)
    given: dict[Node, Tensor] = {variable(INCOMING, fn.node.shape): g}
    for name, saved in fn.unpack().items():
        saved_tensor = wrap(saved.array, saved.version)
        if name == GradFn.OUTPUT:
            saved_tensor._grad_fn = fn
            given[fn.node] = saved_tensor
            continue
        edge = fn.edges[int(name)]
        if isinstance(edge, AccumulateGrad):
            saved_tensor._requires_grad, saved_tensor._accumulate = True, ref(edge)
        else:
            saved_tensor._grad_fn = edge
        given[placeholder(int(name), saved_tensor.shape, saved_tensor.dtype.kind)] = saved_tensor
    grads = _interpret(back.program, given, fn.dtype)
    types = [BY_NUMPY[d] for d in fn.dtypes]
    return [(cast(x, d), c) for x, d, c in zip(grads, types, back.chosen, strict=True)]


def _interpret(program: Program, given: dict[Node, Tensor], kind: np.dtype[Any]) -> list[Tensor]:
    """A graph computed by operations on tensors, which are recorded; what is constant stays so."""
    done: dict[Node, Tensor | Node] = dict(given)
    for node in program.order:
        if node.op is CONSTANT or node in done:
            done.setdefault(node, node)
        elif node.op.formula is not None:
            done[node] = done[program.needs[node][0]]
        else:
            done[node] = _applied(node, [done[a] for a in node.args])
    return [_whole(done[root], kind) for root in program.roots]


def _applied(node: Node, args: Sequence[Tensor | Node]) -> Tensor | Node:
    operands = [a for a in args if isinstance(a, Tensor)]
    if not operands:
        return node
    places = iter(range(len(operands)))
    inner = [
        placeholder(next(places), a.shape, a.dtype.kind) if isinstance(a, Tensor) else a
        for a in args
    ]
    local = node.op.node(inner, dict(node.attrs))
    name = "".join(part.capitalize() for part in node.op.name.split("_"))
    return record(local, operands, f"{name}Backward0")


def _whole(value: Tensor | Node, kind: np.dtype[Any]) -> Tensor:
    if isinstance(value, Tensor):
        return value
    return wrap(Program.of((value,)).run({}, kind)[0])


def _accumulate(leaf: Tensor, g: Tensor) -> None:
    """Add to ``leaf.grad``: in place, unless the gradient has a history of its own."""
    before = leaf._grad
    if before is None:
        copied = placeholder(0, g.shape, "float")
        leaf._grad = record(copied, [g], "CopyBackwards", value=g._array.copy())
        leaf._grad._variable = True
    elif mode.grad and g.requires_grad:
        leaf._grad = before + g
    else:
        before._array += g._array
        before._writes.number += 1


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to ``grad`` of the leaves they were computed from.

    What is differentiated is the sum of all entries times `grad_tensors`, which scalars can do
    without. Once gone back, the graph is freed, unless `retain_graph`; with `create_graph` the
    gradients can be differentiated themselves. `inputs` are the leaves to look at, all if None.
    Raises TensorError G401, G405, G406, G408, G308.
    """
    outputs = _listed(tensors)
    gradients = _listed(grad_tensors) if grad_tensors is not None else [None] * len(outputs)
    wanted = None if inputs is None else _edges(_listed(inputs))
    found = _walk_back(outputs, gradients, wanted, retain_graph, create_graph)
    recording, mode.grad = mode.grad, create_graph
    try:
        for edge, g in found.items():
            target = edge.variable if isinstance(edge, AccumulateGrad) else None
            for x in [target] if wanted is None else _listed(inputs):
                if x is not None and x.edge() is edge:
                    _accumulate(x, g if isinstance(g, Tensor) else wrap(g))
    finally:
        mode.grad = recording


def _edges(inputs: Sequence[Tensor]) -> list[Edge]:
    edges = [x.edge() for x in inputs]
    found = [edge for edge in edges if edge is not None]
    if len(found) < len(edges):
        raise TensorRuntimeError("G408", "One of the differentiated Tensors does not require grad")
    return found


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` with respect to `inputs`; ``grad`` of no tensor changes.

    Raises TensorError as `backward`, and G408 for an input that was not used, unless
    `allow_unused`: then its gradient is None.
    """
    results = _listed(outputs)
    gradients = _listed(grad_outputs) if grad_outputs is not None else [None] * len(results)
    for i, result in enumerate(results):
        if not result.requires_grad:
            raise TensorRuntimeError("G408", NO_GRAD.format(i))
    wanted = _edges(_listed(inputs))
    found = _walk_back(results, gradients, wanted, retain_graph, create_graph)
    grads: list[Tensor | None] = []
    for i, edge in enumerate(wanted):
        if edge not in found and not allow_unused:
            raise TensorRuntimeError("G408", UNUSED.format(i))
        g = found.get(edge)
        grads.append(g if g is None or isinstance(g, Tensor) else wrap(g))
    return tuple(grads)


# --- methods -----------------------------------------------------------------------------------


def _backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    backward([self], None if gradient is None else _listed(gradient), retain_graph, create_graph,
             inputs)  # fmt: skip


_backward.__name__ = "backward"
_backward.__doc__ = backward.__doc__
method(_backward)


@method
def retain_grad(x: Tensor) -> None:
    """Ask for ``grad`` of a tensor that is not a leaf."""
    if not x.requires_grad:
        text = "can't retain_grad on Tensor that has requires_grad=False"
        raise TensorRuntimeError("G408", text)
    if x.grad_fn is not None:
        x.grad_fn.retained = ref(x)


class RemovableHandle:
    """What undoes `register_hook`."""

    def __init__(self, remove: Callable[[], None]) -> None:
        self.remove = remove


@method
def register_hook(x: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Have `hook` called with the gradient of `x` when it is known; it may return another."""
    if not x.requires_grad:
        text = "cannot register a hook on a tensor that doesn't require gradient"
        raise TensorRuntimeError("G408", text)
    if x.grad_fn is None:
        x._hooks = [*x._hooks, hook]
    else:
        x.grad_fn.hooks = [*x.grad_fn.hooks, hook]
    return RemovableHandle(partial(_remove, x, x.grad_fn, hook))


def _remove(x: Tensor, fn: GradFn | None, hook: Callable[..., Any]) -> None:
    if fn is None:
        x._hooks = [h for h in x._hooks if h is not hook]
    else:
        fn.hooks = [h for h in fn.hooks if h is not hook]


# --- Variable ----------------------------------------------------------------------------------


class _VariableType(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor)

    def __call__(
        cls, data: Any = None, requires_grad: bool = False, volatile: bool = False
    ) -> Tensor:
        if not isinstance(data, Tensor):
            raise not_data(data)
        if volatile and requires_grad:
            text = "Variable can't be volatile and require_grad at the same time!"
            raise TensorRuntimeError("G404", text)
        result = made(data._array, requires_grad)
        result._writes = data._writes
        result._variable, result._volatile = True, volatile
        return result


class Variable(metaclass=_VariableType):
    """What a tensor with a history was called before PyTorch 0.4; now every tensor is one.

    ``Variable(data, requires_grad=True)`` is a leaf in the memory of `data`. ``volatile=True`` is
    the flag of that time for "no history", which spreads to all that is computed from it.
    """

    __module__ = "torch.autograd.variable"
