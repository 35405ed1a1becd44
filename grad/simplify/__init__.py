"""Rewriting a graph into a simpler one of the same value: exactly, and for display."""

from .closed import Closed, agree, simplify
from .exact import exact
from .facts import Facts

__all__ = ["Closed", "Facts", "agree", "exact", "simplify"]
