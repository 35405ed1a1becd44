"""Rules: distances and angles between vectors, and losses that want them past a margin."""

from __future__ import annotations

from typing import Any

from ..broadcasting import broadcast
from ..node import Node
from ..ops import F, Kink, Textbook
from ..rows import derived
from .losses import NAMES, REDUCTION, reduced, same_shape


def _cosine(x1: Node, x2: Node, dim: Any, eps: float) -> Node:
    if dim is None:  # PyTorch's default is 1, which a vector does not have: its one axis is meant
        dim = min(1, max(x1.ndim, x2.ndim) - 1)
    both = broadcast(x1.shape, x2.shape)
    if both is not None:
        x1, x2 = (x if x.shape == both else F.broadcast_to(x, both) for x in (x1, x2))

    def size(x: Node) -> Node:
        return F.clamp(F.norm(x, dim=dim), min=eps) if eps else F.norm(x, dim=dim)

    return F.sum(x1 * x2, dim) / (size(x1) * size(x2))


def _distance(x1: Node, x2: Node, p: float, eps: float, keepdim: bool) -> Node:
    return F.norm(x1 - x2 + eps, p, dim=-1, keepdim=keepdim)


def _cdist(x1: Node, x2: Node, p: float) -> Node:
    return F.norm(F.unsqueeze(x1, -2) - F.unsqueeze(x2, -3), p, dim=-1)


cosine_similarity = derived(
    "cosine_similarity(x1, x2, dim: axis = None, eps: number = 1e-8)", _cosine,
    doc="Cosine of the angle between vectors along an axis: the second, or the only one.",
    kinks=(Kink("a norm below eps", "eps is taken for it"),),
    textbook=Textbook(lambda x1, x2, dim, eps: _cosine(x1, x2, dim, 0), "no norm is below eps"),
)  # fmt: skip
pairwise_distance = derived(
    "pairwise_distance(x1, x2, p: number = 2, eps: number = 1e-6, keepdim: bool = False)",
    _distance, doc="Norm of x1 - x2 + eps along the last axis.",
)  # fmt: skip
cdist = derived(
    "cdist(x1, x2, p: number = 2)", _cdist, sample=("2x3", "4x3"),
    doc="Distance of each row of x1 from each row of x2.", kinks=(Kink("equal rows", "0"),),
)  # fmt: skip

# --- margins -----------------------------------------------------------------------------------

PAIR = {"input1": "x1", "input2": "x2", "target": "y"}


def _hinge_embedding(x: Node, y: Node, margin: float, reduction: str) -> Node:
    same_shape("hinge_embedding_loss", x, y)
    return reduced(F.where(F.eq(y, 1), x, F.relu(margin - x)), reduction)


def _margin_ranking(x1: Node, x2: Node, y: Node, margin: float, reduction: str) -> Node:
    same_shape("margin_ranking_loss", x1, x2, y)
    return reduced(F.relu(margin - y * (x1 - x2)), reduction)


def _soft_margin(x: Node, y: Node, reduction: str) -> Node:
    same_shape("soft_margin_loss", x, y)
    return reduced(F.softplus(-y * x), reduction)


def _multilabel(x: Node, y: Node, reduction: str, weight: Node | None = None) -> Node:
    same_shape("multilabel_soft_margin_loss", x, y)
    loss = y * F.softplus(-x) + (1 - y) * F.softplus(x)
    return reduced(F.mean(loss if weight is None else weight * loss, -1), reduction)


def _triplet(
    anchor: Node,
    positive: Node,
    negative: Node,
    margin: float,
    p: float,
    eps: float,
    swap: bool,
    reduction: str,
) -> Node:
    same_shape("triplet_margin_loss", anchor, positive, negative)
    near = _distance(anchor, positive, p, eps, False)
    far = _distance(anchor, negative, p, eps, False)
    if swap:
        far = F.minimum(far, _distance(positive, negative, p, eps, False))
    return reduced(F.relu(near - far + margin), reduction)


def _cosine_embedding(x1: Node, x2: Node, y: Node, margin: float, reduction: str) -> Node:
    cosine = _cosine(x1, x2, -1, 1e-8)
    return reduced(F.where(F.eq(y, 1), 1 - cosine, F.relu(cosine - margin)), reduction)


AT_MARGIN = (Kink("the margin", "0", "as relu"),)
hinge_embedding_loss = derived(
    f"hinge_embedding_loss(x, y, margin: number = 1, {REDUCTION})", _hinge_embedding,
    doc="Mean of x where y is 1, of relu(margin - x) where it is -1.", spellings=NAMES,
    kinks=AT_MARGIN, calls=(("x", "[[1, -1, 1], [-1, -1, 1]]"),),
)  # fmt: skip
margin_ranking_loss = derived(
    f"margin_ranking_loss(x1, x2, y, margin: number = 0, {REDUCTION})", _margin_ranking,
    doc="Mean of relu(margin - y*(x1 - x2)): y is 1 where x1 should be the larger, else -1.",
    spellings=PAIR, kinks=AT_MARGIN,
    calls=(("x1", "x2", "y", "margin=2"),),
)  # fmt: skip
soft_margin_loss = derived(
    f"soft_margin_loss(x, y, {REDUCTION})", _soft_margin, doc="Mean of log(1 + exp(-y*x)).",
    spellings=NAMES,
)  # fmt: skip
multilabel_soft_margin_loss = derived(
    f"multilabel_soft_margin_loss(x, y, weight: tensor? = None, {REDUCTION})", _multilabel,
    doc="`binary_cross_entropy_with_logits`, first averaged over the classes in the last axis.",
    spellings=NAMES, sample=((-2, 2), (0, 1), (0.5, 2)),
)  # fmt: skip
triplet_margin_loss = derived(
    "triplet_margin_loss(anchor, positive, negative, margin: number = 1, p: number = 2, "
    f"eps: number = 1e-6, swap: bool = False, {REDUCTION})",
    _triplet, doc="Mean of relu(d(anchor, positive) - d(anchor, negative) + margin).",
    kinks=AT_MARGIN,
)  # fmt: skip
cosine_embedding_loss = derived(
    f"cosine_embedding_loss(x1, x2, y, margin: number = 0, {REDUCTION})", _cosine_embedding,
    doc="Mean of 1 - cos(x1, x2) where y is 1, of relu(cos(x1, x2) - margin) where it is -1.",
    spellings=PAIR, kinks=AT_MARGIN, sample=((-2, 2), (-2, 2), "2"),
    calls=(("x1", "x2", "[1, -1]"),),
)  # fmt: skip
