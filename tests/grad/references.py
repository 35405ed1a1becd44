"""What rows should compute, from other sources: mpmath, the standard library, NumPy and SciPy in another form."""

from __future__ import annotations

from typing import Any

REFERENCES: dict[str, Any] = {}
