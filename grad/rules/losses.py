"""Rules: losses with PyTorch's names and options, each a formula over stable rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import log, pi
from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node, Size
from ..ops import CONSTANT, F, Inferred, Kink, Textbook, count, dimension, shape_text, static
from ..rows import derived, opaque

REDUCTION = "reduction: str = 'mean'"
NAMES = {"input": "x", "target": "y"}
REDUCTIONS = ("none", "mean", "sum")

# --- what losses share -------------------------------------------------------------------------


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        choices = ", ".join(f"'{k}'" for k in known)
        raise GradError("G117", f"`{name}` is not '{value}'", at=name, help=[f"one of {choices}"])


def reduced(loss: Node, reduction: str, weight: Node | None = None) -> Node:
    """All losses as one number; their mean is weighted where there are weights."""
    _one_of("reduction", reduction, REDUCTIONS)
    if weight is not None:
        loss = weight * loss
    if reduction == "none":
        return loss
    if reduction == "mean" and weight is not None:
        return F.sum(loss) / F.sum(F.broadcast_to(weight, loss.shape))
    return F.sum(loss) if reduction == "sum" else F.mean(loss)


def _rescaled(loss: Node, reduction: str, weight: Node | None) -> Node:
    """As `reduced`, but the mean is over the number of entries whatever their weights."""
    return reduced(loss if weight is None else weight * loss, reduction)


def same_shape(name: str, *args: Node) -> None:
    """Raises GradError G310: a loss of (3, 1) against (3,) would silently be one of (3, 3)."""
    shapes = dict.fromkeys(a.shape for a in args if a.shape)
    if len(shapes) > 1:
        raise GradError(
            "G310", f"`{name}` compares tensors of one shape",
            label=" is not ".join(map(shape_text, list(shapes)[:2])),
            labels={i: shape_text(a.shape) for i, a in enumerate(args)},
            help=["bring them to one shape with `squeeze`, `unsqueeze` or `broadcast_to`"],
        )  # fmt: skip


# --- distances of numbers ----------------------------------------------------------------------


def _mse(x: Node, y: Node, reduction: str, weight: Node | None = None) -> Node:
    same_shape("mse_loss", x, y)
    return reduced((x - y) ** 2, reduction, weight)


def _l1(x: Node, y: Node, reduction: str, weight: Node | None = None) -> Node:
    same_shape("l1_loss", x, y)
    return reduced(F.abs(x - y), reduction, weight)


def _huber(x: Node, y: Node, reduction: str, delta: float, weight: Node | None = None) -> Node:
    same_shape("huber_loss", x, y)
    if delta <= 0:
        raise GradError("G117", "`delta` is greater than 0", at="delta")
    d = x - y
    size = F.abs(d)
    return reduced(
        F.where(size <= delta, 0.5 * d**2, delta * (size - 0.5 * delta)), reduction, weight
    )


def _smooth_l1(x: Node, y: Node, reduction: str, beta: float) -> Node:
    same_shape("smooth_l1_loss", x, y)
    if beta < 0:
        raise GradError("G117", "`beta` is not negative", at="beta")
    d = x - y
    size = F.abs(d)
    if beta == 0:
        return reduced(size, reduction)
    return reduced(F.where(size < beta, 0.5 * d**2 / beta, size - 0.5 * beta), reduction)


REDUCED = (("x", "y", "reduction='sum'"), ("x", "y", "reduction='none'"))
WEIGHTED = (*REDUCED, ("x", "y", "weight=w"), ("x", "y", "'sum'", "weight=w"))
mse_loss = derived(
    f"mse_loss(x, y, {REDUCTION}, weight: tensor? = None)", _mse, doc="Mean of (x - y)**2.",
    spellings=NAMES, sample=((-2, 2), (-2, 2), (0.5, 2)), calls=WEIGHTED,
)  # fmt: skip
l1_loss = derived(
    f"l1_loss(x, y, {REDUCTION}, weight: tensor? = None)", _l1, doc="Mean of abs(x - y).",
    spellings=NAMES, sample=((-2, 2), (-2, 2), (0.5, 2)), kinks=(Kink("x == y", "0"),),
    calls=WEIGHTED,
)  # fmt: skip
huber_loss = derived(
    f"huber_loss(x, y, {REDUCTION}, delta: number = 1, weight: tensor? = None)", _huber,
    doc="Mean of (x - y)**2/2 up to the distance `delta`, and of a straight line beyond.",
    spellings=NAMES, sample=((-2, 2), (-2, 2), (0.5, 2)),
    calls=(*WEIGHTED, ("x", "y", "delta=0.5")),
    kinks=(Kink("abs(x - y) = delta", "1 at order 2", "as inside"),),
)  # fmt: skip
smooth_l1_loss = derived(
    f"smooth_l1_loss(x, y, {REDUCTION}, beta: number = 1)", _smooth_l1,
    doc="`huber_loss` divided by its delta, called `beta`; 0 makes it `l1_loss`.",
    spellings=NAMES, calls=(*REDUCED, ("x", "y", "beta=0.5"), ("x", "y", "beta=0")),
    kinks=(Kink("abs(x - y) = beta", "0 at order 2", "as outside"),),
)  # fmt: skip

# --- classes -----------------------------------------------------------------------------------


def _one_hot_shape(x: Node, num_classes: Any, ignore_index: Any) -> Inferred:
    if num_classes == -1:
        num_classes = int(np.max(static(x), initial=-1)) + 1
    if isinstance(num_classes, int) and num_classes < 1:
        raise GradError("G117", "there is at least one class", at="num_classes")
    attrs = {"num_classes": num_classes, "ignore_index": ignore_index}
    return (*x.shape, num_classes), "int", attrs


def _one_hot(x: Any, num_classes: int, ignore_index: int | None) -> Any:
    kept = x != ignore_index
    hot = (x[..., None] == np.arange(num_classes)) & np.asarray(kept)[..., None]
    unknown = x[~hot.any(-1) & kept]
    if unknown.size:
        message = f"class {unknown.flat[0]:g} does not exist, the last one is {num_classes - 1}"
        raise GradError("G305", message)
    return hot.astype(np.int64)


one_hot = opaque(
    "one_hot(x, num_classes: int, ignore_index: int? = None)", _one_hot, _one_hot_shape,
    doc="A 1 at the position that each entry names, zeros elsewhere (and for `ignore_index`).",
    sample=("4:int0..3",), example="one_hot(x, 3)", calls=(("x", "4", "2"),),
)  # fmt: skip


def _class_axis(name: str, x: Node, y: Node) -> int:
    """The axis of the classes in `x`; the target has the others."""
    if not x.ndim:
        raise GradError("G309", f"`{name}` needs one number per class", at=0, labels={0: "()"})
    axis = 1 if x.ndim > 1 else 0
    if y.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        wanted = shape_text(x.shape[:axis] + x.shape[axis + 1 :])
        also = f", or probabilities {shape_text(x.shape)}" if name == "cross_entropy" else ""
        raise GradError(
            "G310", f"the target of `{name}` does not fit: expected classes {wanted}{also}",
            at=1, labels={0: shape_text(x.shape), 1: shape_text(y.shape)},
        )  # fmt: skip
    return axis - x.ndim


def _weights(name: str, weight: Node | None, classes: Size) -> None:
    if weight is not None and weight.shape != (classes,):
        raise GradError(
            "G310", f"`{name}` needs one weight for each of the {classes} classes", at="weight",
            label=f"{shape_text(weight.shape)} is not {shape_text((classes,))}",
        )  # fmt: skip


def _along(x: Node, weight: Node, axis: int) -> Node:
    """One weight per class, in the place of the classes in `x`."""
    return F.unsqueeze(weight, tuple(range(axis + 1, 0))) if axis < -1 else weight


def _ignores(y: Node, ignore_index: int | None) -> bool:
    """Whether an entry may have to be left out; where the classes are given, one looks."""
    if ignore_index is None:
        return False
    return y.op is not CONSTANT or bool(np.any(np.asarray(y.attr("value")) == ignore_index))


def _nll(
    logs: Node,
    y: Node,
    ignore_index: int | None,
    reduction: str,
    weight: Node | None,
    axis: int,
    smoothing: float = 0,
) -> Node:
    """From logarithms of probabilities along `axis` and classes, for nll_loss and cross_entropy."""
    classes = logs.shape[axis]
    last = F.one_hot(y, classes, ignore_index if _ignores(y, ignore_index) else None)
    hot = last
    if axis != -1:  # the axis of the classes goes where the logarithms have it
        order = [*range(-logs.ndim, -1)]
        order.insert(axis + logs.ndim, -1)
        hot = F.permute(last, tuple(order))
    picked = -F.sum(hot * logs if ignore_index is None else F.where(hot, logs, 0.0), axis)
    counted: Node | None = None  # how much each entry counts in the mean
    if weight is not None:
        counted = last @ weight
        picked = counted * picked
    elif _ignores(y, ignore_index):
        counted = F.sum(last, -1)
    if smoothing:
        # the share of the loss that is spread evenly over all classes
        even = -F.sum(logs if weight is None else _along(logs, weight, axis) * logs, axis)
        if _ignores(y, ignore_index):
            even = F.where(F.sum(last, -1), even, 0.0)
        picked = (1 - smoothing) * picked + smoothing / dimension(classes) * even
    _one_of("reduction", reduction, REDUCTIONS)
    if reduction == "none":
        return picked
    if reduction == "sum":
        return F.sum(picked)
    return F.mean(picked) if counted is None else F.sum(picked) / F.sum(counted)


def _nll_loss(
    x: Node, y: Node, ignore_index: int | None, reduction: str, weight: Node | None = None
) -> Node:
    axis = _class_axis("nll_loss", x, y)
    _weights("nll_loss", weight, x.shape[axis])
    return _nll(x, y, ignore_index, reduction, weight, axis)


def _cross_entropy(
    x: Node,
    y: Node,
    ignore_index: int | None,
    reduction: str,
    label_smoothing: float,
    weight: Node | None = None,
) -> Node:
    if not 0 <= label_smoothing <= 1:
        raise GradError("G117", "`label_smoothing` is between 0 and 1", at="label_smoothing")
    if x.shape != y.shape or not x.ndim:
        axis = _class_axis("cross_entropy", x, y)
        _weights("cross_entropy", weight, x.shape[axis])
        logs = F.log_softmax(x, axis)
        return _nll(logs, y, ignore_index, reduction, weight, axis, label_smoothing)
    axis = -1 if x.ndim == 1 else 1 - x.ndim
    classes = x.shape[axis]
    _weights("cross_entropy", weight, classes)
    if label_smoothing:
        y = (1 - label_smoothing) * y + label_smoothing / dimension(classes)
    weighted = y if weight is None else _along(x, weight, axis) * y
    loss = -F.sum(weighted * F.log_softmax(x, axis), axis)
    return reduced(loss, reduction)


def _nothing_ignored(loss: Callable[..., Node]) -> Textbook:
    """Where the classes are given, one sees which are ignored; where not, none is."""

    def formula(x: Node, y: Node, ignore_index: int, **rest: Any) -> Node:
        return loss(x, y, ignore_index=ignore_index if y.op is CONSTANT else None, **rest)

    return Textbook(formula, "no class is ignored")


nll_loss = derived(
    f"nll_loss(x, y, weight: tensor? = None, ignore_index: int = -100, {REDUCTION})", _nll_loss,
    doc="Mean of -x at the class of each row, for logarithms of probabilities.", spellings=NAMES,
    sample=("4x3:-3..0", "4:int0..3", "3:0.5..2"),
    calls=(
        ("x", "y", "reduction='sum'"), ("x", "y", "reduction='none'"), ("x", "y", "w"),
        ("x", "y", "ignore_index=1"), ("x", "[2, 0, -100, 1]"), ("x", "y", "w", "1", "'none'"),
    ),
    textbook=_nothing_ignored(_nll_loss),
)  # fmt: skip
cross_entropy = derived(
    f"cross_entropy(x, y, weight: tensor? = None, ignore_index: int = -100, {REDUCTION}, "
    "label_smoothing: number = 0)",
    _cross_entropy, spellings=NAMES, sample=("4x3", "4:int0..3", "3:0.5..2"),
    doc="`nll_loss` of log_softmax(x), for classes; or for their probabilities, in the shape of x.",
    calls=(
        ("x", "y", "reduction='sum'"), ("x", "y", "reduction='none'"), ("x", "y", "weight=w"),
        ("x", "y", "ignore_index=1"), ("x", "y", "label_smoothing=0.1"),
        ("x", "y", "w", "1", "'mean'", "0.2"), ("x", "x"), ("x", "x", "w", "label_smoothing=0.1"),
        ("x", "[2, 0, 1, 1]"),
    ),
    textbook=_nothing_ignored(_cross_entropy),
)  # fmt: skip

# --- probabilities -----------------------------------------------------------------------------


def _bce(x: Node, y: Node, reduction: str, weight: Node | None = None, floor: Any = -100) -> Node:
    same_shape("binary_cross_entropy", x, y)
    yes, no = F.log(x), F.log1p(-x)
    if floor is not None:
        yes, no = F.clamp(yes, min=floor), F.clamp(no, min=floor)
    return _rescaled(-(y * yes + (1 - y) * no), reduction, weight)


def _bce_with_logits(
    x: Node, y: Node, reduction: str, weight: Node | None = None, pos_weight: Node | None = None
) -> Node:
    """Two terms of one sign: neither overflows, and nothing cancels."""
    same_shape("binary_cross_entropy_with_logits", x, y)
    yes = y * F.softplus(-x)
    loss = (yes if pos_weight is None else pos_weight * yes) + (1 - y) * F.softplus(x)
    return _rescaled(loss, reduction, weight)


def _kl_div(x: Node, y: Node, reduction: str, log_target: bool) -> Node:
    _one_of("reduction", reduction, (*REDUCTIONS, "batchmean"))
    same_shape("kl_div", x, y)
    loss = F.exp(y) * (y - x) if log_target else F.xlogy(y, y) - y * x
    if reduction == "batchmean":
        return F.sum(loss) / count(loss.shape[:1])
    return reduced(loss, reduction)


binary_cross_entropy = derived(
    f"binary_cross_entropy(x, y, weight: tensor? = None, {REDUCTION})", _bce, spellings=NAMES,
    doc="Mean of -(y*log(x) + (1 - y)*log(1 - x)), for probabilities x.",
    sample=((0.1, 0.9), (0.1, 0.9), (0.5, 2)), aliases=("bce_loss",), calls=WEIGHTED[:3],
    kinks=(Kink("x = 0 or 1", "logarithms end at -100"),),
    textbook=Textbook(partial(_bce, floor=None), "no logarithm is below -100"),
)  # fmt: skip
binary_cross_entropy_with_logits = derived(
    "binary_cross_entropy_with_logits(x, y, weight: tensor? = None, "
    f"{REDUCTION}, pos_weight: tensor? = None)",
    _bce_with_logits, spellings=NAMES, aliases=("bce_with_logits",),
    doc="`binary_cross_entropy` of sigmoid(x), for x of any size.",
    sample=((-3, 3), (0.1, 0.9), (0.5, 2), (0.5, 2)),
    calls=(*WEIGHTED[:3], ("x", "y", "pos_weight=w"), ("x", "y", "w", "'sum'", "v")),
)  # fmt: skip
kl_div = derived(
    f"kl_div(x, y, {REDUCTION}, log_target: bool = False)", _kl_div, spellings=NAMES,
    doc="Mean of y*(log(y) - x): x is the logarithm of a probability, y one (or its logarithm).",
    sample=((-2, -0.2), (0.1, 0.9)), calls=(*REDUCED, ("x", "y", "'batchmean'")),
)  # fmt: skip


def _gaussian(x: Node, y: Node, var: Node, full: bool, eps: float, reduction: str) -> Node:
    same_shape("gaussian_nll_loss", x, y)
    if var.shape == x.shape[:-1] and x.ndim and var.ndim:
        var = F.unsqueeze(var, -1)
    var = F.clamp(var, min=eps)
    loss = 0.5 * (F.log(var) + (x - y) ** 2 / var)
    return reduced(loss + 0.5 * log(2 * pi) if full else loss, reduction)


def _poisson(x: Node, y: Node, log_input: bool, full: bool, eps: float, reduction: str) -> Node:
    same_shape("poisson_nll_loss", x, y)
    loss = F.exp(x) - y * x if log_input else x - y * F.log(x + eps)
    if full:
        stirling = y * F.log(y) - y + 0.5 * F.log(2 * pi * y)
        loss = loss + F.where(y > 1, stirling, 0.0)
    return reduced(loss, reduction)


gaussian_nll_loss = derived(
    f"gaussian_nll_loss(x, y, var, full: bool = False, eps: number = 1e-6, {REDUCTION})",
    _gaussian, doc="Mean of (log(var) + (x - y)**2/var)/2.", spellings=NAMES,
    sample=((-2, 2), (-2, 2), (0.5, 2)), kinks=(Kink("var < eps", "0 by var"),),
)  # fmt: skip
poisson_nll_loss = derived(
    "poisson_nll_loss(x, y, log_input: bool = True, full: bool = False, eps: number = 1e-8, "
    f"{REDUCTION})",
    _poisson, doc="Mean of exp(x) - y*x, or of x - y*log(x) where x is not a logarithm.",
    spellings=NAMES, sample=((0.2, 2), (1.2, 3)), kinks=(Kink("y = 1, if full", "a jump by y"),),
)  # fmt: skip
