"""The ways to write a row of the table: pointwise, linear, structural, opaque, derived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .broadcasting import broadcast_nodes
from .node import Kind, Node
from .ops import Infer, Inferred, Op, Partial, Textbook, Vjp, register
from .signature import Signature


def promoted(args: Sequence[Node]) -> Kind:
    """The kind arithmetic on these gives: bools count as ints."""
    return "float" if "float" in [a.kind for a in args] else "int"


def pointwise(
    signature: str,
    forward: Callable[..., Any] | str,
    *partials: Partial | None,
    doc: str,
    kind: Kind | str = "float",
    **columns: Any,
) -> Op:
    """A row applied entry by entry, with broadcasting; it states its partial derivatives alone.

    `kind` is the result's: "float", "bool", "int", or "promote" for arithmetic that stays integer.
    No partials at all, given as None: comparisons and the like, which have no gradient.
    """
    read = Signature.read(signature, columns.pop("spellings", None))
    label = columns.get("infix") or read.name
    tensors = sum(p.is_tensor for p in read.parameters)

    def infer(*args: Node, **attrs: Any) -> Inferred:
        found = promoted(args) if kind == "promote" else kind
        return broadcast_nodes(label, args), found, attrs  # type: ignore[return-value]

    stated = partials if len(partials) == tensors else partials * tensors
    assert len(stated) == tensors or not partials, f"{signature}: partials for {tensors} arguments"
    columns.setdefault("batch", "align")
    columns.setdefault("broadcasts", True)
    columns.setdefault("differentiable", any(p is not None for p in stated))
    columns.setdefault("sample", ((-2.0, 2.0),) * tensors)
    return register(
        Op(read.name, read, forward, infer, doc, partials=tuple(stated) or None, **columns)
    )


def linear(
    signature: str,
    forward: Callable[..., Any] | str,
    infer: Infer,
    transpose: Callable[..., Any],
    *,
    doc: str,
    **columns: Any,
) -> Op:
    """A row that is linear in its tensors; it states its transpose: (g, *args, **attrs) -> Node(s).

    With several tensors the transpose gives one gradient for each.
    """
    read = Signature.read(signature, columns.pop("spellings", None))

    def vjp(g: Node, out: Node, *args: Node, **attrs: Any) -> Any:
        found = transpose(g, *args, **attrs)
        return found if isinstance(found, (tuple, list)) else (found,)

    vjp.__name__ = vjp.__qualname__ = f"{read.name}_transpose"
    tensors = sum(p.is_tensor for p in read.parameters)
    columns.setdefault("linear", tuple(range(tensors)))
    columns.setdefault("jointly", True)
    columns.setdefault("sample", ((-2.0, 2.0),) * tensors)
    return register(Op(read.name, read, forward, infer, doc, vjp=vjp, **columns))


def structural(
    signature: str,
    forward: Callable[..., Any] | str,
    infer: Infer,
    *,
    doc: str,
    **columns: Any,
) -> Callable[[Vjp], Op]:
    """A row whose whole vector-Jacobian product is the decorated function."""
    read = Signature.read(signature, columns.pop("spellings", None))
    tensors = sum(p.is_tensor for p in read.parameters)
    columns.setdefault("sample", ((-2.0, 2.0),) * tensors)

    def row(vjp: Vjp) -> Op:
        def each(g: Node, out: Node, *args: Node, **attrs: Any) -> Any:
            found = vjp(g, out, *args, **attrs)
            return found if isinstance(found, (tuple, list)) else (found,)

        each.__name__ = each.__qualname__ = f"{read.name}_vjp"
        return register(Op(read.name, read, forward, infer, doc, vjp=each, **columns))

    return row


def opaque(
    signature: str,
    forward: Callable[..., Any] | str,
    infer: Infer,
    *,
    doc: str,
    **columns: Any,
) -> Op:
    """A row without a derivative, and rightly so: its result is a position, a count, a constant."""
    read = Signature.read(signature, columns.pop("spellings", None))
    tensors = sum(p.is_tensor for p in read.parameters)
    columns.setdefault("sample", ((-2.0, 2.0),) * tensors)
    return register(Op(read.name, read, forward, infer, doc, differentiable=False, **columns))


def derived(signature: str, formula: Callable[..., Node], *, doc: str, **columns: Any) -> Op:
    """A row that is one formula over other rows, shown under its own name."""
    read = Signature.read(signature, columns.pop("spellings", None))
    textbook: Textbook | None = columns.pop("textbook", None)
    if textbook is not None:
        columns["textbook"] = Textbook(_with_options(textbook.formula), textbook.where)

    def forward(*arrays: Any, **attrs: Any) -> Any:
        raise AssertionError(f"{read.name} is evaluated as its formula")

    def infer(*args: Node, **attrs: Any) -> Inferred:
        raise AssertionError(f"{read.name} has the shape of its formula")

    tensors = sum(p.is_tensor for p in read.parameters)
    columns.setdefault("sample", ((-2.0, 2.0),) * tensors)
    return register(
        Op(read.name, read, forward, infer, doc, formula=_with_options(formula), **columns)
    )


def _with_options(formula: Callable[..., Node]) -> Callable[..., Node]:
    """A formula that gets its optional tensors by name."""

    def called(*args: Node, **attrs: Any) -> Node:
        given = attrs.pop("given", ())
        split = len(args) - len(given)
        return formula(*args[:split], **dict(zip(given, args[split:], strict=True)), **attrs)

    return called


def spelling(signature: str, formula: Callable[..., Node], *, doc: str, **columns: Any) -> Op:
    """Another way to write a formula over other rows: what it makes are nodes of those."""
    return derived(signature, formula, doc=doc, spelling=True, **columns)
