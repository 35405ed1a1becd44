"""Inputs tried one after another, and what was found; a finding does not end it."""

from __future__ import annotations

import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from . import oracle
from .kinds import Kind


class Session:
    """Each way to fail is written once: the input that showed it first into `home`/findings, and
    what happened into a file beside it."""

    def __init__(self, kind: Kind, home: Path, seconds: float) -> None:
        self.kind, self.home, self.end = kind, home, time.monotonic() + seconds
        self.codes: Counter[int] = Counter()
        self.findings: Counter[str] = Counter()
        self.findings_at = home / "findings"
        self.findings_at.mkdir(parents=True, exist_ok=True)

    @property
    def over(self) -> bool:
        return time.monotonic() > self.end

    def one(self, way: int, data: bytes) -> None:
        """Try one input, in the way that `way` says."""
        try:
            self.codes[self.kind.run(way, data)] += 1
        except (Exception, oracle.Hang) as error:  # noqa: BLE001
            self.note(error, way, data)

    def note(self, error: BaseException, way: int, data: bytes) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "tests/fuzz" not in frame.filename] or frames
        last = ours[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        if isinstance(error, (oracle.Hang, RecursionError)):  # it may be anywhere
            where = ours[min(6, len(ours) - 1)].name
        elif isinstance(error, oracle.Wrong):
            where = str(error).partition(":")[0]
        sign = f"{type(error).__name__} {where}"
        self.findings[sign] += 1
        if self.findings[sign] == 1:
            path = self.findings_at / "".join(c if c.isalnum() else "-" for c in sign)
            path.write_bytes(bytes([way]) + data)
            told = "".join(traceback.format_exception(error, limit=-12))
            path.with_name(path.name + ".txt").write_text(
                f"{self.kind.name}, way {way}\n{data!r}\n{told}", errors="replace"
            )
            print(f"finding: {sign}", file=sys.stderr, flush=True)

    def tell(self) -> None:
        tried = self.codes.total() + self.findings.total()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{self.kind.name}: {tried:,} inputs, peak {peak:.0f} MB, exit codes "
            f"{dict(sorted(self.codes.items()))}, {len(self.findings)} findings "
            f"{dict(self.findings)}",
            file=sys.stderr, flush=True,
        )  # fmt: skip
