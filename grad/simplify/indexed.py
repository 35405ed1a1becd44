"""From a graph to the normal form of display: every row becomes a sum of products where it is one.

Elementary functions are read through their identities (read_entries.py), linear rows as indices
(read_axes.py), rows along axes as functions of what they act on (read_along.py); a row with no rule
stays a call.
"""

from __future__ import annotations

from ..node import Node
from .identities import Calculus
from .read_along import ALONG
from .read_axes import AXES
from .read_entries import ENTRIES
from .reader import Reader
from .tensors import Tensor

RULES = {**ENTRIES, **AXES, **ALONG}


def read(alg: Calculus, root: Node) -> Tensor:
    """The tensor of a node; its shape is the node's without axes of size 1."""
    return Reader(alg, RULES).read(root)
