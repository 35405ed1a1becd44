"""Rewriting a graph into a simpler one of the same value: exactly, and for display.

What evaluates a graph needs the exact phase only, so the rest is imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

from .exact import exact
from .facts import Facts

if TYPE_CHECKING:
    from .agreement import agree
    from .closed import Closed, named, simplify

__all__ = ["Closed", "Facts", "agree", "exact", "named", "simplify"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import agreement, closed

        return getattr(agreement if name == "agree" else closed, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
