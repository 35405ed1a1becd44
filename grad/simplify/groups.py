"""Groups of factors in a product, connected by the indices they share, and how to cut them in two.

A subset of the groups is a number, with a bit for each group in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Groups:
    """The indices of each group; those below the rank are axes of the result."""

    def __init__(self, indices: Sequence[frozenset[int]], rank: int) -> None:
        self.indices, self.rank = indices, rank
        self._kept: dict[int, frozenset[int]] = {}
        self._connected: dict[int, bool] = {}
        self._neighbours = [
            sum(1 << n for n, other in enumerate(indices) if idx & other) for idx in indices
        ]

    @property
    def everything(self) -> int:
        return (1 << len(self.indices)) - 1

    def members(self, subset: int) -> list[int]:
        return [n for n in range(len(self.indices)) if subset >> n & 1]

    def kept(self, subset: int) -> frozenset[int]:
        """The indices of a subset that the result or another group has too."""
        found = self._kept.get(subset)
        if found is None:
            inside: frozenset[int] = frozenset()
            outside: frozenset[int] = frozenset()
            for n, idx in enumerate(self.indices):
                if subset >> n & 1:
                    inside |= idx
                else:
                    outside |= idx
            found = frozenset(i for i in inside if i < self.rank or i in outside)
            self._kept[subset] = found
        return found

    def splits(self, subset: int) -> Iterator[tuple[int, int]]:
        """Two parts of a subset, each of them connected by indices where the subset is."""
        parts = self.components(subset)
        if len(parts) > 1:
            yield parts[0], subset & ~parts[0]
            return
        axes = [frozenset((i,)) for i in range(self.rank)]
        vectors = [n for n in self.members(subset) if self.indices[n] in axes]
        if len(vectors) == 2 < subset.bit_count():
            both = sum(1 << n for n in vectors)  # outer(x, y)
            yield both, subset & ~both
        lowest = subset & -subset
        rest = subset & ~lowest
        inner = rest
        while inner:
            inner = (inner - 1) & rest
            a = inner | lowest
            if self.connected(a) and self.connected(subset & ~a):
                yield a, subset & ~a

    def connected(self, subset: int) -> bool:
        found = self._connected.get(subset)
        if found is None:
            found = self._connected[subset] = len(self.components(subset)) == 1
        return found

    def components(self, subset: int) -> list[int]:
        """The connected parts of a subset, as subsets."""
        found = []
        while subset:
            part = subset & -subset
            grown = 0
            while grown != part:
                grown = part
                for n in self.members(part):
                    part |= self._neighbours[n] & subset
            found.append(part)
            subset &= ~part
        return found
