"""The table: every function, by subject. Importing this package fills it."""

from . import (
    arithmetic,
    creation,
    einsum,
    elementary,
    factorizations,
    linear_algebra,
    losses,
    reductions,
    selection,
    shapes,
)

__all__ = [
    "arithmetic",
    "creation",
    "einsum",
    "elementary",
    "factorizations",
    "linear_algebra",
    "losses",
    "reductions",
    "selection",
    "shapes",
]
