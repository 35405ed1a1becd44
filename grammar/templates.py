"""Spellings that depend on the call: on its axes, positions, bounds and options.

Each is a function (node, source) that returns a template, see spellings.py. Where nothing is said
of a library they are NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..grad.execution.calls import front, index_text, nested
from ..grad.node import Node, Shape, Size
from ..grad.ops import CONSTANT
from .print_text import Piece


class Source(Protocol):
    """What a spelling may ask of the source it becomes part of."""

    def size(self, size: Size) -> Piece: ...

    def shape(self, shape: Shape) -> str: ...


Template = Callable[[Node, Source], str]
Spelling = str | Template


# --- axes --------------------------------------------------------------------------------------


def over_last(template: str) -> Template:
    """A reduction of one axis, written for the last: the axes in question are made that."""
    move = "permute" if template.startswith("torch") else "transpose"

    def spelling(node: Node, source: Source) -> str:
        x = node.args[0]
        dims = front(node.attr("dim"), x.ndim)
        kept = [i for i in range(x.ndim) if i not in dims]
        order = (*kept, *dims)
        flat = "{x}" if order == tuple(range(x.ndim)) else f"{{x}}.{move}({order})"
        if len(dims) != 1:
            flat += f".reshape({source.shape((*(x.shape[i] for i in kept), -1))})"
        text = template.replace("{flat}", flat)
        stays = node.attr("keepdim") and node.shape
        return f"{text}.reshape({source.shape(node.shape)})" if stays else text

    return spelling


def running(template: str) -> Template:
    """A running result along ``{axis}``, of one axis or of all as one."""

    def spelling(node: Node, source: Source) -> str:
        x, dims = node.args[0], node.attr("dim")
        flat, axis = "{x}", node.ndim - 1
        if not dims:
            return template.replace("{x}", "{x}[None]").replace("{axis}", "0") + "[0]"
        if len(dims) == 1:
            axis = dims[0] + x.ndim
        else:
            flat = f"{{x}}.reshape({source.shape(node.shape)})"
        return template.replace("{x}", flat).replace("{axis}", str(axis))

    return spelling


def with_axes(name: str) -> Template:
    """A definition of all tensors, and of `axes` as a tuple."""

    def spelling(node: Node, source: Source) -> str:
        fields = ", ".join(f"{{{i}}}" for i in range(len(node.args)))
        return f"{name}({fields}, axes={node.attr('dim')!r})"

    return spelling


def torch_prod(node: Node, source: Source) -> str:
    """`torch.prod` takes one axis, or all."""
    several = len(node.attr("dim")) > 1 and node.shape
    reduced = over_last("torch.prod({flat}, dim=-1)")
    return reduced(node, source) if several else "torch.prod({x}{over})"


def einsum(node: Node, source: Source) -> str:
    fields = ", ".join(f"{{{i}}}" for i in range(len(node.args)))
    return f"np.einsum({node.attr('equation')!r}, {fields})"


def tile(node: Node, source: Source) -> str:
    times = node.attr("dims")
    return f"np.tile({{x}}, {times[0] if isinstance(times[0], tuple) else times})"


# --- positions ---------------------------------------------------------------------------------


def _torch_list(positions: Any) -> str:
    return nested(positions) if _depth(positions) == 1 else f"torch.tensor({nested(positions)})"


def _jax_list(positions: Any) -> str:
    return f"jnp.array({nested(positions)})"


def _forwards(x: Node, index: Sequence[Any]) -> tuple[list[Any], tuple[int, ...]]:
    """An index without negative steps, which PyTorch does not take, and the axes of what it finds
    that are then to be flipped."""
    entries: list[Any] = []
    flipped = []
    axis = 0
    for size, entry in zip(x.shape, index, strict=False):
        if isinstance(entry, tuple) and entry[0] == "slice":
            if (entry[3] or 1) < 0:
                flipped.append(axis)
                entry = _reversed(entry, size)
            axis += 1
        elif isinstance(entry, tuple):
            again = any(isinstance(e, tuple) and e[0] == "array" for e in entries)
            axis += 0 if again else _depth(entry[1])
        entries.append(entry)
    return entries, tuple(flipped)


def _depth(nested: Any) -> int:
    depth = 0
    while isinstance(nested, tuple):
        depth, nested = depth + 1, nested[0] if nested else None
    return depth


def _reversed(entry: Any, size: Any) -> Any:
    if not isinstance(size, int):
        return ("slice", None, None, None)  # all of an axis of unknown size
    places = range(*slice(*entry[1:]).indices(size))
    if not places:
        return ("slice", 0, 0, None)
    return ("slice", places[-1], places[0] + 1, -places.step)


def jax_index(node: Node, source: Source) -> str:
    return f"{{x}}[{index_text(node.attr('index'), _jax_list)}]"


def torch_index(node: Node, source: Source) -> str:
    entries, flipped = _forwards(node.args[0], node.attr("index"))
    text = f"{{x}}[{index_text(entries, _torch_list)}]"
    return f"torch.flip({text}, {flipped})" if flipped else text


def update(name: str) -> Template:
    return lambda node, source: (
        f"{name}({{x}}, {{value}}, np.s_[{index_text(node.attr('index'), nested)}])"
    )


def jax_update(verb: str) -> Template:
    return lambda node, source: (
        f"{{x}}.at[{index_text(node.attr('index'), _jax_list)}].{verb}({{value}})"
    )


def torch_update(name: str) -> Template:
    def spelling(node: Node, source: Source) -> str:
        entries, flipped = _forwards(node.args[0], node.attr("index"))
        words = []
        for e in entries:
            if isinstance(e, tuple) and e[0] == "slice":
                words.append(f"slice({', '.join(map(str, e[1:] if e[3] else e[1:3]))})")
            else:
                words.append(index_text([e], _torch_list))
        index = ", ".join(words) + "," * (len(words) == 1)
        value = f"torch.flip({{value}}, {flipped})" if flipped else "{value}"
        return f"{name}({{x}}, {value}, ({index}))"

    return spelling


def _cropped(x: Node, index: Node, axis: int) -> str:
    """The argument as far as an index tensor covers it along the other axes."""
    ends = [
        ":" if i == axis + x.ndim or want == have else f":{want}"
        for i, (have, want) in enumerate(zip(x.shape, index.shape, strict=True))
    ]
    return "{x}" if all(e == ":" for e in ends) else f"{{x}}[{', '.join(ends)}]"


def gather(node: Node, source: Source) -> str:
    x, index = node.args
    if not x.ndim:
        return "{x}"
    axis = node.attr("dim")
    part = _cropped(x, index, axis)
    return f"np.take_along_axis({part}, {{index}}, axis={axis + x.ndim})"


def _trailing(node: Node) -> str:
    """`src`, with axes of size 1 so that it has as many as `index`."""
    index, src = node.args[1:]
    missing = index.ndim - src.ndim if src.shape else 0
    return "{src}" + (f"[...{', None' * missing}]" if missing else "")


def scatter(name: str) -> Template:
    return lambda node, source: f"{name}({{x}}, {{dim}}, {{index}}, {_trailing(node)})"


def torch_scatter(name: str) -> Template:
    return lambda node, source: (
        f"torch.{name}({{x}}, {{dim}}, {{index}}, "
        f"{_trailing(node)}.expand({source.shape(node.args[1].shape)}))"
    )


def one_hot(node: Node, source: Source) -> str:
    hot = "{x}[..., None] == np.arange({num_classes})"
    ignored = node.attr("ignore_index")
    if ignored is None or ignored < 0:
        return f"({hot}).astype(int)"
    return f"(({hot}) & ({{x}}[..., None] != {ignored})).astype(int)"


def argsort(node: Node, source: Source) -> str:
    axis = node.attr("dim")
    if not node.ndim:
        return "np.zeros((), int)"
    if not node.attr("descending"):
        return "np.argsort({x}, axis={dim}, stable=True)"
    length = source.size(node.shape[axis]).text
    behind = "np.argsort(np.flip({x}, axis={dim}), axis={dim}, stable=True)"
    return f"{length} - 1 - np.flip({behind}, axis={{dim}})"


def sort(node: Node, source: Source) -> str:
    if not node.ndim:
        return "{x}"
    found = "np.sort({x}, axis={dim})"
    return f"np.flip({found}, axis={{dim}})" if node.attr("descending") else found


# --- padding -----------------------------------------------------------------------------------

_MODES = {
    "constant": "constant", "reflect": "reflect", "symmetric": "symmetric",
    "replicate": "edge", "edge": "edge", "circular": "wrap", "wrap": "wrap",
}  # fmt: skip


def pad(node: Node, source: Source) -> str:
    """Entries are cut off first where a constant is added, last where entries are repeated."""
    pairs = _widths(node)
    added = tuple((max(low, 0), max(high, 0)) for low, high in pairs)
    cut = [(max(-low, 0), max(-high, 0)) for low, high in pairs]
    mode = _MODES[node.attr("mode")]
    if mode == "constant":
        constant = ", constant_values={value}" if node.attr("value") != 0 else ""
        part = "{x}" + _cut(cut)
        return f"np.pad({part}, {added}{constant})" if any(map(any, added)) else part
    return f"np.pad({{x}}, {added}, mode={mode!r})" + _cut(cut)


def _widths(node: Node) -> list[tuple[int, int]]:
    """(before, after) for each axis."""
    flat = node.attr("pad")
    pairs = list(zip(flat[::2], flat[1::2], strict=True))[::-1]
    return [(0, 0)] * (node.ndim - len(pairs)) + pairs


def _cut(pairs: Sequence[tuple[int, int]]) -> str:
    """The subscript that takes so many entries off the ends of each axis."""
    if not any(map(any, pairs)):
        return ""
    ends = [f"{low or ''}:{-high or ''}" for low, high in pairs]
    return f"[{', '.join(ends)}]"


def torch_pad(node: Node, source: Source) -> str:
    mode = _MODES[node.attr("mode")]
    if mode == "constant":
        constant = ", value={value}" if node.attr("value") != 0 else ""
        return f"functional.pad({{x}}, {node.attr('pad')}{constant})"
    text = "{x}"
    for axis, (pair, size) in enumerate(zip(_widths(node), node.args[0].shape, strict=True)):
        if pair != (0, 0):
            low, high = pair
            added = np.pad(np.arange(size), (max(low, 0), max(high, 0)), mode)  # type: ignore[call-overload]
            places = added[max(-low, 0) : len(added) - max(-high, 0)].tolist()
            text += f"[{':, ' * axis}{places}]"
    return text


# --- elementwise -------------------------------------------------------------------------------


def torch_extreme(name: str, bound: str) -> Template:
    """`maximum` takes tensors; a number is a bound of `clamp`."""

    def spelling(node: Node, source: Source) -> str:
        x, y = node.args
        if y.op is CONSTANT and not y.shape and x.op is not CONSTANT:
            return f"torch.clamp({{x}}, {bound}={{y?}})"
        return f"torch.{name}"

    return spelling


def clip(node: Node, source: Source) -> str:
    given = node.attr("given")
    low, high = (f"{{{name}}}" if name in given else "None" for name in ("min", "max"))
    return f"np.clip({{x}}, {low}, {high})"


def torch_clamp(node: Node, source: Source) -> str:
    given = node.attr("given")
    numbers = all(a.op is CONSTANT and not a.shape for a in node.args[1:])
    bounds = [f"{name}={{{name}{'?' * numbers}}}" for name in given]
    return f"torch.clamp({', '.join(['{x}', *bounds])})"


def torch_where(node: Node, source: Source) -> str:
    condition, x, y = node.args
    truth = "{condition}" if condition.kind == "bool" else "{condition} != 0"
    if x.op is CONSTANT and y.op is CONSTANT:  # of two numbers it would be a float32
        return f"torch.where({truth}, {{x}}, {{y}})"
    return f"torch.where({truth}, {{x?}}, {{y?}})"


def softplus(node: Node, source: Source) -> str:
    if node.attr("threshold") is not None:
        return "softplus({x}, {beta}, {threshold})"
    if node.attr("beta") != 1:
        return "np.logaddexp(0, {beta} * {x}) / {beta}"
    return "np.logaddexp(0, {x})"


def torch_softplus(node: Node, source: Source) -> str:
    # beyond 40 the difference is less than a rounding error; without a threshold exp overflows
    limit = "40" if node.attr("threshold") is None else "{threshold}"
    beta = "" if node.attr("beta") == 1 else "beta={beta}, "
    return f"functional.softplus({{x}}, {beta}threshold={limit})"


def logit(node: Node, source: Source) -> str:
    inside = "{x}" if node.attr("eps") is None else "np.clip({x}, {eps}, 1 - {eps})"
    return f"special.logit({inside})"


# --- matrices ----------------------------------------------------------------------------------


def pinv(node: Node, source: Source) -> str:
    if node.attr("atol") is not None:
        return f"pinv({{x}}, {'{rtol}' if node.attr('rtol') is not None else 0.0}, {{atol}})"
    return "np.linalg.pinv({x}, rtol={rtol})"


def solve(node: Node, source: Source) -> str:
    left = node.attr("left")
    return "np.linalg.solve({A}, {B})" if left else "np.linalg.solve({A}.mT, {B}.mT).mT"


def _plane(node: Node, usual: tuple[int, int]) -> str:
    """Which diagonal of which two axes, as further arguments; the usual ones are left out."""
    rank = max(node.ndim, node.args[0].ndim)
    axes = front((node.attr("dim1"), node.attr("dim2")), rank)
    if axes == usual:
        return ", {offset}" if node.attr("offset") else ""
    return f", {{offset}}, {axes[0]}, {axes[1]}"


def trace(node: Node, source: Source) -> str:
    return f"np.trace({{x}}{_plane(node, (0, 1))})"


def torch_trace(node: Node, source: Source) -> str:
    """`torch.trace` is of the main diagonal of a matrix."""
    which = _plane(node, (0, 1))
    if node.ndim or which:
        return f"torch.sum(torch.diagonal({{x}}{which}), dim=-1)"
    return "torch.trace({x})"


def diagonal(node: Node, source: Source) -> str:
    return f"np.diagonal({{x}}{_plane(node, (0, 1))})"


def diag_embed(name: str) -> Template:
    """The matrix of a vector is `diag`; any other goes by a name of its own."""

    def spelling(node: Node, source: Source) -> str:
        which = _plane(node, (0, 1))
        plain = node.ndim == 2 and which.count(",") < 2
        return (
            f"np.diag({{x}}{which})" if plain else f"{name}({{x}}, {{offset}}, {{dim1}}, {{dim2}})"
        )

    return spelling


def torch_eye(node: Node, source: Source) -> str:
    if node.attr("k"):
        return f"torch.ones({source.shape(node.shape)}, {{like}}).triu({{k}}).tril({{k}})"
    return "torch.eye({n}, {like})" if node.attr("m") is None else "torch.eye({n}, {m}, {like})"


def eye(node: Node, source: Source) -> str:
    if node.attr("k"):
        return "np.eye({n}, {m}, {k})"
    return "np.eye({n})" if node.attr("m") is None else "np.eye({n}, {m})"


def torch_tri(node: Node, source: Source) -> str:
    return f"torch.ones({source.shape(node.shape)}, {{like}}).tril({{k}})"


def torch_linspace(node: Node, source: Source) -> str:
    if node.attr("endpoint"):
        return "torch.linspace({start}, {end}, {steps}, {like})"
    return "{start} + ({end} - {start}) / {steps} * torch.arange({steps}, {like})"
