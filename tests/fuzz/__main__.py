"""Fuzzing guided by coverage: `python -m tests.fuzz KIND [SECONDS] [FOLDER]`; needs atheris.

Goes on after a finding. Each kind of failure is written once: the input that showed it into
FOLDER/findings, and what happened into a file beside it. The exit code is 1 if there were any.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import atheris

with atheris.instrument_imports(include=["gradcalc", "tomllib", "numpy.lib._format_impl"]):
    import gradcalc.cli
    import gradcalc.grad
    import gradcalc.grad.rules
    import gradcalc.grad.simplify
    import gradcalc.grammar

    for package in (
        gradcalc.grad, gradcalc.grad.rules, gradcalc.grad.simplify, gradcalc.grammar, gradcalc.cli
    ):  # fmt: skip
        for found in iter_modules(package.__path__):
            if found.name not in ("lark_tables", "repl"):  # these need what users do not
                import_module(f"{package.__name__}.{found.name}")

from . import oracle
from .kinds import KINDS, Kind

MOST_BYTES = 4096  # of an input


class Session:
    """Inputs tried, and what was found."""

    def __init__(self, kind: Kind, home: Path, seconds: float) -> None:
        self.kind, self.home, self.end = kind, home, time.monotonic() + seconds
        self.tried = 0
        self.codes: dict[int, int] = {}
        self.findings: dict[str, int] = {}
        self.findings_at = home / "findings"
        self.findings_at.mkdir(parents=True, exist_ok=True)

    def one(self, data: bytes) -> None:
        """Try one input, whose first byte says in which way."""
        self.tried += 1
        try:
            code = self.kind.run(data[0] if data else 0, data[1:])
            self.codes[code] = self.codes.get(code, 0) + 1
        except (Exception, oracle.Hang) as error:  # noqa: BLE001
            self.note(error, data)
        if time.monotonic() > self.end:
            self.tell()
            os._exit(bool(self.findings))

    def note(self, error: BaseException, data: bytes) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "tests/fuzz" not in frame.filename] or frames
        last = ours[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        if isinstance(error, (oracle.Hang, RecursionError)):  # it may be anywhere
            where = ours[min(6, len(ours) - 1)].name
        elif isinstance(error, oracle.Wrong):
            where = str(error).partition(":")[0]
        sign = f"{type(error).__name__} {where}"
        self.findings[sign] = self.findings.get(sign, 0) + 1
        if self.findings[sign] == 1:
            path = self.findings_at / "".join(c if c.isalnum() else "-" for c in sign)
            path.write_bytes(data)
            told = "".join(traceback.format_exception(error, limit=-12))
            path.with_name(path.name + ".txt").write_text(
                f"{self.kind.name}, way {data[:1]!r}\n{data[1:]!r}\n{told}", errors="replace"
            )
            print(f"finding: {sign}", file=sys.stderr, flush=True)

    def tell(self) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{self.kind.name}: {self.tried:,} inputs, peak {peak:.0f} MB, exit codes "
            f"{dict(sorted(self.codes.items()))}, {len(self.findings)} findings {self.findings}",
            file=sys.stderr, flush=True,
        )  # fmt: skip

    def mutated(self, data: bytes, most: int, seed: int) -> bytes:
        """An input changed a little: its bytes, or a token more, less, or another one."""
        chance = random.Random(seed)
        if chance.random() < 0.3:
            return bytes(atheris.Mutate(data, most))
        for _ in range(chance.choice((1, 1, 2, 4))):
            start = chance.randrange(1, len(data) + 1) if data else 0
            end = min(len(data), start + chance.choice((0, 0, 1, 2, 4, 16)))
            token = chance.choice(self.kind.tokens)
            if chance.random() < 0.1:
                token = chance.choice(self.kind.seeds)
            elif chance.random() < 0.2:
                token = data[chance.randrange(len(data) + 1) :][: chance.randrange(20)]
            data = data[:start] + token * (chance.random() < 0.8) + data[end:]
        return data[:most]


def main() -> None:
    name, *rest = sys.argv[1:]
    seconds = float(rest[0]) if rest else 600
    home = Path(rest[1] if rest[1:] else tempfile.mkdtemp(prefix="gradcalc-fuzz-")).resolve()
    session = Session(KINDS[name], home, seconds)
    corpus = home / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(session.kind.seeds):
        for way in range(10):
            (corpus / f"seed-{number}-{way}").write_bytes(bytes([way]) + seed)
    oracle.limit_memory()
    print(f"in {home}", file=sys.stderr)
    words = [
        sys.argv[0], f"-max_len={MOST_BYTES}", "-timeout=60", "-rss_limit_mb=0", "-verbosity=1",
        str(corpus),
    ]  # fmt: skip
    atheris.Setup(words, session.one, custom_mutator=session.mutated)
    with tempfile.TemporaryDirectory() as room, oracle.folder(Path(room)):
        atheris.Fuzz()


if __name__ == "__main__":
    main()
