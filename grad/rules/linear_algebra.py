"""Rules: products of vectors and matrices, their diagonals; leading axes are batches."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from .. import sizes
from ..errors import GradError
from ..node import Node, Shape
from ..ops import F, Inferred, broadcast, broadcast_nodes, normal_axis, shape_text
from ..rows import derived, linear, promoted, spelling, structural


def _matmul_shape(x: Node, y: Node) -> Inferred:
    labels = {0: shape_text(x.shape), 1: shape_text(y.shape)}
    if not x.ndim or not y.ndim:
        raise GradError(
            "G309", "`@` needs at least one axis on each side", labels=labels,
            help=["to scale a tensor by a number write `*`"],
        )  # fmt: skip
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise GradError(
            "G301",
            "`@` needs the last axis of the left to match the first of the right"
            if y.ndim < 3
            else "`@` needs the last axis of the left to match the second last of the right",
            label=f"{x.shape[-1]} is not {inner}",
            labels=labels,
            help=_matmul_help(x, y),
        )
    lead = broadcast(x.shape[:-2], y.shape[:-2])
    if lead is None:
        raise GradError("G302", "the leading axes of `@` do not broadcast", labels=labels)
    rows = x.shape[-2:-1] if x.ndim > 1 else ()
    columns = y.shape[-1:] if y.ndim > 1 else ()
    return (*lead, *rows, *columns), promoted((x, y)), {}


def _matmul_help(x: Node, y: Node) -> list[str]:
    """The products that would fit."""

    def result(a: Shape, b: Shape) -> Shape | None:
        if a[-1] != (b[-2] if len(b) > 1 else b[0]):
            return None
        return a[:-1] + (b[:-2] + b[-1:] if len(b) > 1 else ())

    if max(x.ndim, y.ndim) > 2:
        return []
    tries = {
        "{0}.T @ {1}": (x.shape[::-1], y.shape),
        "{0} @ {1}.T": (x.shape, y.shape[::-1]),
        "{1} @ {0}": (y.shape, x.shape),
        "{0}.T @ {1}.T": (x.shape[::-1], y.shape[::-1]),
    }
    found: dict[Shape, str] = {}
    for text, (a, b) in tries.items():
        transposed = (".T" in text.split("@")[0] and len(a) < 2) or (
            ".T" in text.split("@")[1] and len(b) < 2
        )
        shape = None if transposed else result(a, b)
        if shape is not None and shape not in found:
            found[shape] = f"`{text}` -> {shape_text(shape)}"
    return ["these fit: " + ", ".join(found.values())] if found else []


@structural(
    "matmul(x, y)", np.matmul, _matmul_shape, doc="Matrix product; vectors have one axis.",
    linear=(0, 1), broadcasts=True, infix="@", sample=("2x3", "3x2"), aliases=("mm", "bmm", "mv"),
    batch="matmul",
)  # fmt: skip
def matmul(g: Node, out: Node, x: Node, y: Node) -> tuple[Node, Node]:
    if x.ndim == y.ndim == 1:
        return g * y, g * x
    if y.ndim == 1:
        column = F.unsqueeze(g, -1)
        if x.ndim == 2:
            return F.outer(g, y), x.T @ g
        return column * y, F.squeeze(x.mT @ column, -1)
    if x.ndim == 1:
        row = F.unsqueeze(g, -2)
        if y.ndim == 2:
            return y @ g, F.outer(x, g)
        return F.squeeze(row @ y.mT, -2), F.unsqueeze(x, -1) * row
    return g @ y.mT, x.mT @ g


def _outer_shape(x: Node, y: Node) -> Inferred:
    if x.ndim != 1 or y.ndim != 1:
        raise GradError(
            "G309", "`outer` takes two vectors",
            labels={0: shape_text(x.shape), 1: shape_text(y.shape)},
        )  # fmt: skip
    return x.shape + y.shape, promoted((x, y)), {}


def _outer(x: Any, y: Any) -> Any:
    return x[..., :, None] * y[..., None, :]


@structural(
    "outer(x, y)", _outer, _outer_shape, doc="All products of an entry of `x` and one of `y`.",
    linear=(0, 1), sample=("3", "2"), batch="outer", aliases=("ger",), spellings={"vec2": "y"},
)  # fmt: skip
def outer(g: Node, out: Node, x: Node, y: Node) -> tuple[Node, Node]:
    return g @ y, g.T @ x


# --- other products ----------------------------------------------------------------------------


def _cross_shape(x: Node, y: Node, dim: Any) -> Inferred:
    shape = broadcast_nodes("cross", (x, y))
    dim = normal_axis(dim, len(shape))
    for i, a in enumerate((x, y)):
        if a.ndim < -dim or a.shape[dim] != 3:
            raise GradError(
                "G310", "`cross` is for vectors of three entries", labels={i: shape_text(a.shape)}
            )
    kind = promoted((x, y))
    return shape, "int" if kind == "bool" else kind, {"dim": dim}


def _cross(x: Any, y: Any, dim: int) -> Any:
    return np.cross(1 * x, y, axis=dim)  # NumPy takes no truth value from another


@structural(
    "cross(x, y, dim: axis = -1)", _cross, _cross_shape,
    doc="Cross product of vectors with three entries, along an axis.", linear=(0, 1),
    broadcasts=True, batch="align", sample=("3x3", "3x3"), example="cross(x, y)",
)  # fmt: skip
def cross(g: Node, out: Node, x: Node, y: Node, dim: int) -> tuple[Node, Node]:
    return F.cross(y, g, dim), F.cross(g, x, dim)


def _kron(x: Node, y: Node) -> Node:
    """Axes of `x` and `y` in turns, each pair then taken for one."""
    rank = max(x.ndim, y.ndim)
    if not rank:
        return x * y
    a, b = ((1,) * (rank - n.ndim) + n.shape for n in (x, y))
    spread = F.reshape(x, tuple(s for size in a for s in (size, 1)))
    tiled = F.reshape(y, tuple(s for size in b for s in (1, size)))
    shape = tuple(sizes.product(pair) for pair in zip(a, b, strict=True))
    return F.reshape(spread * tiled, shape)


kron = derived("kron(x, y)", _kron, doc="`y` times each entry of `x`, side by side.",
               sample=("2x3", "2x2"))  # fmt: skip
vecdot = derived(
    "vecdot(x, y, dim: axis = -1)", lambda x, y, dim: F.sum(x * y, dim),
    doc="Sums of products along an axis.",
)  # fmt: skip


def _multi_dot(*tensors: Node) -> Node:
    """The product in the order that needs the fewest multiplications, where sizes are known."""
    if not tensors:
        raise GradError("G112", "`multi_dot` needs at least one matrix")
    if len(tensors) < 3 or not all(isinstance(s, int) for t in tensors for s in t.shape):
        return reduce(matmul, tensors)
    if any(t.ndim != 2 for t in tensors[1:-1]) or any(t.ndim not in (1, 2) for t in tensors):
        raise GradError(
            "G309", "`multi_dot` takes matrices; a vector can be first or last",
            labels={i: shape_text(t.shape) for i, t in enumerate(tensors)},
        )  # fmt: skip
    ends: list[Any] = [t.shape[0] if t.ndim > 1 else 1 for t in tensors[:1]]
    ends += [t.shape[0] for t in tensors[1:]]
    ends.append(tensors[-1].shape[1] if tensors[-1].ndim > 1 else 1)
    best: dict[tuple[int, int], tuple[int, Node]] = {(i, i): (0, t) for i, t in enumerate(tensors)}
    for length in range(1, len(tensors)):
        for i in range(len(tensors) - length):
            j = i + length
            cost, k = min(
                (best[i, k][0] + best[k + 1, j][0] + ends[i] * ends[k + 1] * ends[j + 1], k)
                for k in range(i, j)
            )
            best[i, j] = cost, best[i, k][1] @ best[k + 1, j][1]
    return best[0, len(tensors) - 1][1]


multi_dot = spelling(
    "multi_dot(*xs: tensors)", _multi_dot,
    doc="Product of several matrices, in the order that costs least.", aliases=("chain_matmul",),
    example="multi_dot(x, y, z)", sample=("3x3",),
)  # fmt: skip


def _plus(x: Node, product: Node, beta: float, alpha: float) -> Node:
    scaled = product if alpha == 1 else alpha * product
    return scaled if beta == 0 else (x if beta == 1 else beta * x) + scaled


def _add_product(
    name: str, samples: tuple[str, str, str], names: tuple[str, str], doc: str
) -> None:
    """A row ``name(x, A, B, beta=1, alpha=1)``: beta*x + alpha*(A @ B)."""
    spelling(
        f"{name}(x, {names[0]}, {names[1]}, beta: number = 1, alpha: number = 1)",
        lambda x, a, b, beta, alpha: _plus(x, a @ b, beta, alpha),
        doc=doc, sample=samples, calls=(("x", *names, "beta=2", "alpha=3"),),
    )  # fmt: skip


_add_product("addmm", ("2x2", "2x3", "3x2"), ("mat1", "mat2"), "beta*x + alpha*(mat1 @ mat2).")
_add_product("addmv", ("2", "2x3", "3"), ("mat", "vec"), "beta*x + alpha*(mat @ vec).")
_add_product("baddbmm", ("4x2x2", "4x2x3", "4x3x2"), ("batch1", "batch2"),
             "beta*x + alpha*(batch1 @ batch2), for stacks of matrices.")  # fmt: skip
addr = spelling(
    "addr(x, vec1, vec2, beta: number = 1, alpha: number = 1)",
    lambda x, u, v, beta, alpha: _plus(x, F.outer(u, v), beta, alpha),
    doc="beta*x + alpha*outer(vec1, vec2).", sample=("2x3", "2", "3"),
)  # fmt: skip
addbmm = spelling(
    "addbmm(x, batch1, batch2, beta: number = 1, alpha: number = 1)",
    lambda x, a, b, beta, alpha: _plus(x, F.sum(a @ b, 0), beta, alpha),
    doc="beta*x + alpha*sum(batch1 @ batch2, dim=0).", sample=("2x2", "4x2x3", "4x3x2"),
)  # fmt: skip

# --- diagonals ---------------------------------------------------------------------------------


def _plane(x: Node, dim1: Any, dim2: Any, name: str) -> tuple[int, int]:
    """Two axes as negative numbers, no axis twice."""
    if x.ndim < 2:
        raise GradError("G309", f"`{name}` is for matrices", at=0, labels={0: shape_text(x.shape)})
    one, two = normal_axis(dim1, x.ndim, "dim1"), normal_axis(dim2, x.ndim, "dim2")
    if one == two:
        raise GradError("G117", "`dim1` and `dim2` are the same axis", at="dim2")
    return one, two


def _trace_shape(x: Node, offset: int, dim1: Any, dim2: Any) -> Inferred:
    one, two = _plane(x, dim1, dim2, "trace")
    if offset == 0 and x.shape[one] != x.shape[two]:
        raise GradError(
            "G306", "the trace is of a square matrix", at=0, labels={0: shape_text(x.shape)},
            help=["`sum(diagonal({0}))` is for any matrix"],
        )  # fmt: skip
    shape = tuple(s for i, s in enumerate(x.shape, -x.ndim) if i not in (one, two))
    return shape, promoted((x,)), {"offset": offset, "dim1": one, "dim2": two}


def _trace_transpose(g: Node, x: Node, offset: int, dim1: int, dim2: int) -> Node:
    ones = F.eye(x.shape[dim1], x.shape[dim2], offset)
    if x.ndim == 2 and dim1 < dim2:
        return g * ones
    found = F.unsqueeze(g, (-2, -1)) * ones
    order = [i for i in range(-x.ndim, 0) if i not in (dim1, dim2)] + [dim1, dim2]
    back = tuple(order.index(i) - x.ndim for i in range(-x.ndim, 0))
    return found if back == tuple(range(-x.ndim, 0)) else F.permute(found, back)


trace = linear(
    "trace(x, offset: int = 0, dim1: int = -2, dim2: int = -1)",
    lambda x, offset, dim1, dim2: np.trace(x, offset, dim1, dim2), _trace_shape, _trace_transpose,
    doc="Sum of the diagonal; of the last two axes, as in np.linalg.", sample=("3x3",),
    spellings={"axis1": "dim1", "axis2": "dim2"}, example="trace(x)",
    calls=(("x", "offset=1"),),
)  # fmt: skip


def _embed_shape(x: Node, offset: int, dim1: Any, dim2: Any) -> Inferred:
    if not x.ndim:
        raise GradError("G309", "`diag_embed` is for vectors", at=0, labels={0: "()"})
    one, two = normal_axis(dim1, x.ndim + 1, "dim1"), normal_axis(dim2, x.ndim + 1, "dim2")
    if one == two:
        raise GradError("G117", "`dim1` and `dim2` are the same axis", at="dim2")
    size = sizes.total((x.shape[-1], abs(offset)))
    shape = list(x.shape[:-1])
    for d in sorted((one, two)):
        shape.insert(d + x.ndim + 1, size)
    return tuple(shape), x.kind, {"offset": offset, "dim1": one, "dim2": two}


def _diag_embed(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    size = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], size, size), x.dtype)
    positions = np.arange(x.shape[-1])
    out[..., positions + max(0, -offset), positions + max(0, offset)] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


diag_embed = linear(
    "diag_embed(x, offset: int = 0, dim1: int = -2, dim2: int = -1)", _diag_embed, _embed_shape,
    lambda g, x, offset, dim1, dim2: F.diagonal(g, offset, dim1, dim2),
    doc="Matrices with the last axis on their diagonal, zeros elsewhere.", example="diag_embed(x)",
    calls=(("x", "1"), ("x", "-1", "0", "1")),
)  # fmt: skip


MOST_POWERS = 1_000  # a node each


def _vander(x: Node, N: Any, increasing: bool) -> Node:
    if x.ndim != 1:
        raise GradError("G309", "`vander` is for vectors", at=0, labels={0: shape_text(x.shape)})
    n = x.shape[0] if N is None else N
    if not isinstance(n, int):
        raise GradError("G117", f"the number of powers is the unknown size `{n}`", at="N")
    if not 1 <= n <= MOST_POWERS:
        raise GradError("G117", f"`vander` writes out 1 to {MOST_POWERS:,} powers", at="N")
    powers = [F.ones(x.shape), x, *(x**i for i in range(2, n))][:n]
    return F.stack(powers if increasing else powers[::-1], -1)


vander = derived("vander(x, N: int = None, increasing: bool = False)", _vander,
                 doc="Powers of the entries of a vector, one column each.", sample=("3",),
                 example="vander(x)")  # fmt: skip
