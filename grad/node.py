"""The graph: immutable, hash-consed expressions over tensors.

A node is an operation applied to nodes. Equal nodes are the same object, so shared parts are
stored, differentiated and evaluated once, and ``is`` compares whole expressions. Shapes and kinds
are known as soon as a node exists.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any, Literal, Protocol
from weakref import WeakValueDictionary

Size = int | str  # a string is a polynomial in named sizes: "n", "2*n" (see sizes.py)
Shape = tuple[Size, ...]
Kind = Literal["bool", "int", "float"]
Attrs = tuple[tuple[str, Any], ...]


class Row(Protocol):
    """What the graph needs to know of an operation: its name, and how to apply it."""

    name: str

    def __call__(self, *args: Any, **keywords: Any) -> Node: ...


TABLE: dict[str, Any] = {}  # every operation by name; filled by ops.py from rules/

_NODES: WeakValueDictionary[Hashable, Node] = WeakValueDictionary()


class Node:
    """One operation applied to nodes; also the operand that rules are written with.

    ``op``     the row of the table; a leaf has one of the rows variable, constant, dimension
    ``args``   the nodes it is applied to
    ``attrs``  static arguments as sorted (name, value) pairs; axes are negative integers
    ``shape``  a tuple of sizes; () for a scalar
    ``kind``   "float", "int" or "bool"
    """

    __slots__ = ("__weakref__", "args", "attrs", "kind", "op", "shape")

    op: Any
    args: tuple[Node, ...]
    attrs: Attrs
    shape: Shape
    kind: Kind

    def __new__(
        cls,
        op: Row,
        args: tuple[Node, ...],
        attrs: Attrs,
        shape: Shape,
        kind: Kind,
        identity: Hashable = None,
    ) -> Node:
        """The node with these parts: the one there is, or a new one.

        `identity` stands for `attrs` where those do not compare as they should (0.0 equals -0.0,
        arrays do not compare at all).
        """
        key = (op.name, args, attrs if identity is None else identity, shape, kind)
        node = _NODES.get(key)
        if node is None:
            node = object.__new__(cls)
            write = object.__setattr__
            write(node, "op", op)
            write(node, "args", args)
            write(node, "attrs", attrs)
            write(node, "shape", shape)
            write(node, "kind", kind)
            _NODES[key] = node
        return node

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a node does not change")

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a node is the only one of its kind in its process and is not pickled")

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def attr(self, name: str) -> Any:
        """The static argument of that name. KeyError if there is none."""
        for key, value in self.attrs:
            if key == name:
                return value
        raise KeyError(name)

    @property
    def T(self) -> Node:
        return _call("transpose", self)

    @property
    def mT(self) -> Node:
        return _call("mT", self)

    def __add__(self, other: object) -> Node:
        return _call("add", self, other)

    def __radd__(self, other: object) -> Node:
        return _call("add", other, self)

    def __sub__(self, other: object) -> Node:
        return _call("sub", self, other)

    def __rsub__(self, other: object) -> Node:
        return _call("sub", other, self)

    def __mul__(self, other: object) -> Node:
        return _call("mul", self, other)

    def __rmul__(self, other: object) -> Node:
        return _call("mul", other, self)

    def __truediv__(self, other: object) -> Node:
        return _call("div", self, other)

    def __rtruediv__(self, other: object) -> Node:
        return _call("div", other, self)

    def __floordiv__(self, other: object) -> Node:
        return _call("floor_divide", self, other)

    def __rfloordiv__(self, other: object) -> Node:
        return _call("floor_divide", other, self)

    def __mod__(self, other: object) -> Node:
        return _call("remainder", self, other)

    def __rmod__(self, other: object) -> Node:
        return _call("remainder", other, self)

    def __pow__(self, other: object) -> Node:
        return _call("pow", self, other)

    def __rpow__(self, other: object) -> Node:
        return _call("pow", other, self)

    def __matmul__(self, other: object) -> Node:
        return _call("matmul", self, other)

    def __rmatmul__(self, other: object) -> Node:
        return _call("matmul", other, self)

    def __neg__(self) -> Node:
        return _call("neg", self)

    def __pos__(self) -> Node:
        return self

    # == stays identity: nodes are keys everywhere, and equal nodes are the same object
    def __lt__(self, other: object) -> Node:
        return _call("lt", self, other)

    def __le__(self, other: object) -> Node:
        return _call("le", self, other)

    def __gt__(self, other: object) -> Node:
        return _call("gt", self, other)

    def __ge__(self, other: object) -> Node:
        return _call("ge", self, other)

    def __getitem__(self, index: object) -> Node:
        return _call("getitem", self, index)

    def __iter__(self) -> Iterator[Node]:
        raise TypeError("a node is not iterated over: its entries are not known")

    def __bool__(self) -> bool:
        raise TypeError("a node has no truth value: its entries are not known")

    def __repr__(self) -> str:
        """A short name for debugging; text for people is printed by the grammar."""
        inner = [f"{a.op.name}{list(a.shape)}" for a in self.args]
        inner += [f"{name}={value!r}" for name, value in self.attrs]
        return f"<{self.op.name}({', '.join(inner)}) {self.kind}{list(self.shape)}>"


def _call(name: str, *args: object) -> Node:
    node = TABLE[name](*args)
    assert isinstance(node, Node)
    return node


def walk(roots: Iterable[Node], stop: Collection[Node] = ()) -> list[Node]:
    """Every node below `roots`, each once, arguments before users, in a fixed order.

    It does not go below the nodes of `stop`.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[Node | None] = list(reversed(list(roots)))
    opened: list[Node] = []
    while stack:
        node = stack.pop()
        if node is None:  # all arguments of the last opened node are in `order`
            order.append(opened.pop())
        elif node not in seen:
            seen.add(node)
            opened.append(node)
            stack.append(None)
            if node not in stop:
                stack.extend(reversed(node.args))
    return order
