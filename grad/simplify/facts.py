"""What may be assumed of variables beyond their shapes: declared facts."""

from __future__ import annotations

from ..record import record


@record(frozen=True)
class Facts:
    """Names of variables that are symmetric matrices, and of those whose entries are positive."""

    symmetric: frozenset[str] = frozenset()
    positive: frozenset[str] = frozenset()
