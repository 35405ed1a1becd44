"""How much work one simplification may take, counted in steps and not in seconds.

Everything whose length depends on the input spends from one budget: reading, identities, writing.
So no input can take long, and the same input has the same form on every machine.
"""

from __future__ import annotations

STEPS = 200_000  # looks at one factor of a product, three or four microseconds each
LARGEST_POWER = 4_096  # bits of a rational number that is raised to a power


def share(among: int) -> int:
    """The steps of each of several simplifications that one question asks for."""
    return max(min(STEPS, 2 * STEPS // max(among, 1)), STEPS // 5)


class TooLong(Exception):
    """A graph whose normal form would take too long: it is then written as it is."""


class Budget:
    """Steps that are left to one simplification."""

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self.spent = 0

    @property
    def scarce(self) -> bool:
        """Whether half is spent: from there on the first way to write a part is good enough."""
        return 2 * self.spent > self.steps

    def spend(self, steps: int) -> None:
        """Raises TooLong if there are not as many left."""
        self.spent += steps
        if self.spent > self.steps:
            raise TooLong
