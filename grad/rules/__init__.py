"""The table: every function, by subject. Importing this package fills it."""

from . import arithmetic, creation, elementary, linear_algebra, reductions, selection, shapes

__all__ = [
    "arithmetic",
    "creation",
    "elementary",
    "linear_algebra",
    "reductions",
    "selection",
    "shapes",
]
