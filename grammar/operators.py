"""Derivatives as functions of the language: grad, jacobian, hessian, vjp, jvp, hvp.

Most expressions have none of them, so what the rarer ones need is imported when they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..grad.errors import GradError
from ..grad.node import Node, walk
from ..grad.ops import CONSTANT, VARIABLE, lift, shape_text
from ..grad.reverse import gradient
from ..grad.simplify.exact import exact


def _input(value: Any, at: int) -> Node:
    """What is differentiated by: a variable, or a name the program gave a value to."""
    if isinstance(value, Node) and value.op is not CONSTANT and value.kind == "float":
        return value
    raise GradError(
        "G116",
        "a derivative is taken with respect to a variable",
        at=at,
        label="a constant" if isinstance(value, Node) and value.op is CONSTANT else "",
        help=["give the name of an input, or of something the program assigned"],
    )


def _float(value: Any) -> Node:
    """An integer result is a constant one: its derivative is 0."""
    node = lift(value)
    return node if node.kind == "float" else node * 1.0


def _stable(root: Node, x: Node) -> Node:
    """`root` with its textbook spellings made stable, before it is differentiated by `x`.

    Raises G116 where `x` is an expression that does not occur in `root`: that is no derivative,
    while a variable that does not occur has the derivative 0.
    """
    if x.op is not VARIABLE and x not in walk([root]):
        raise GradError(
            "G116",
            "this is not a variable, and the first argument does not depend on it",
            at=1,
            help=["give the name of an input, or of something the program assigned and used"],
        )
    return exact([root], keep=[x])[0]


def _like(value: Any, x: Node, at: int, what: str) -> Node:
    node = lift(value)
    if node.shape != x.shape:
        raise GradError(
            "G308",
            f"{what} must have the shape {shape_text(x.shape)}, not {shape_text(node.shape)}",
            at=at,
            label=shape_text(node.shape),
        )
    return node if node.kind == "float" else node * 1.0


def _inputs(x: Any) -> list[Node]:
    """What is differentiated by: one input or several. Raises G116."""
    return [_input(v, 1) for v in (x if isinstance(x, (list, tuple)) else [x])]


def _each(f: Callable[[Node], Node], x: Any) -> Any:
    """One derivative, or one for each of a list of inputs."""
    found = tuple(map(f, _inputs(x)))
    return found if isinstance(x, (list, tuple)) else found[0]


def grad(f: Any, x: Any, grad_outputs: Any = None) -> Any:
    """``grad(f, x)``: the gradient of a scalar, of the shape of `x`."""
    root = _float(f)
    _inputs(x)
    seed = None if grad_outputs is None else _like(grad_outputs, root, 2, "the gradient of `f`")
    if seed is None and root.shape:
        raise GradError(
            "G401",
            "grad can be implicitly created only for scalar outputs",
            at=0,
            label=f"has shape {shape_text(root.shape)}",
            help=["`grad(sum({0}), {1})`", "`vjp({0}, {1}, v)` with a weight for each entry",
                  "`jacobian({0}, {1})`"],
        )  # fmt: skip
    return _each(lambda node: gradient(_stable(root, node), [node], seed)[0], x)


def jacobian(f: Any, x: Any) -> Any:
    """``jacobian(f, x)``: every entry of `f` by every entry of `x`; shape of `f`, then of `x`."""
    from ..grad import higher

    return _each(lambda node: higher.jacobian(_stable(_float(f), node), node), x)


def hessian(f: Any, x: Any) -> Any:
    """``hessian(f, x)``: second derivatives of a scalar; the shape of `x` twice."""
    from ..grad import higher

    _inputs(x)
    root = _scalar(f, "hessian")

    def second(node: Node) -> Node:
        (slope,) = gradient(_stable(root, node), [node])
        return higher.jacobian(_stable(slope, node), node)

    return _each(second, x)


def vjp(f: Any, x: Any, v: Any) -> Any:
    """``vjp(f, x, v)``: the gradient of ``sum(f*v)``."""
    root = _float(f)
    seed = _like(v, root, 2, "`v`")
    return _each(lambda node: gradient(_stable(root, node), [node], seed)[0], x)


def jvp(f: Any, x: Any, v: Any) -> Any:
    """``jvp(f, x, v)``: how `f` changes when `x` moves along `v`."""
    from ..grad import forward

    node = _input(x, 1)
    return forward.jvp(_stable(_float(f), node), [node], [_like(v, node, 2, "`v`")])


def hvp(f: Any, x: Any, v: Any) -> Any:
    """``hvp(f, x, v)``: the Hessian times `v`, without the Hessian."""
    from ..grad import higher

    node = _input(x, 1)
    return higher.hvp(_stable(_scalar(f, "hvp"), node), node, _like(v, node, 2, "`v`"))


def _scalar(f: Any, name: str) -> Node:
    root = _float(f)
    if root.shape:
        raise GradError(
            "G401",
            f"`{name}` needs a scalar",
            at=0,
            label=f"has shape {shape_text(root.shape)}",
            help=["`sum({0})`", "`jacobian({0}, {1})`"],
        )
    return root


def _arity(name: str, function: Callable[..., Any], least: int, most: int) -> Callable[..., Any]:
    """A derivative with its arguments counted and its keywords known, as for a row of the table."""
    names = {"f": 0, "x": 1, "v": 2, "outputs": 0, "inputs": 1, "grad_outputs": 2}
    shown = f"{name}(f, x{', v' if least == 3 else ''})"

    def checked(*args: Any, **keywords: Any) -> Any:
        places: dict[int, Any] = dict(enumerate(args))
        for keyword, value in keywords.items():
            if keyword not in names or names[keyword] >= most or names[keyword] in places:
                raise GradError(
                    "G111", f"`{name}` has no keyword `{keyword}`", at=keyword, help=[f"`{shown}`"]
                )
            places[names[keyword]] = value
        if len(args) > most or not set(range(least)) <= places.keys():
            raise GradError(
                "G112", f"`{name}` takes {least} arguments, not {len(places)}",
                at=most if len(args) > most else None, help=[f"signature: `{shown}`"],
            )  # fmt: skip
        return function(*(places[i] for i in sorted(places)))

    checked.__doc__ = function.__doc__
    return checked


DERIVATIVES: dict[str, Callable[..., Any]] = {
    name: _arity(name, function, least, most)
    for name, function, least, most in (
        ("grad", grad, 2, 3),
        ("jacobian", jacobian, 2, 2),
        ("hessian", hessian, 2, 2),
        ("vjp", vjp, 3, 3),
        ("jvp", jvp, 3, 3),
        ("hvp", hvp, 3, 3),
    )
}
