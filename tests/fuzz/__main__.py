"""Fuzzing for as long as one likes: `python -m tests.fuzz KIND [--seconds N] [--by hypothesis]`.

Goes on after a finding; see session.py for where they are written. The exit code is 1 if there
were any. By coverage it needs atheris.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path

ENGINES = {"atheris": "guided", "hypothesis": "generated"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("kind", help="expr, json, ...: see kinds.py")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--by", choices=ENGINES, default="atheris")
    parser.add_argument("--home", type=Path, help="a folder for the findings")
    asked = parser.parse_args()
    engine = import_module(f".{ENGINES[asked.by]}", __package__)  # first: it watches imports
    from . import oracle
    from .kinds import KINDS
    from .session import Session

    home = (asked.home or Path(tempfile.mkdtemp(prefix="gradcalc-fuzz-"))).resolve()
    session = Session(KINDS[asked.kind], home, asked.seconds)
    oracle.limit_memory()
    print(f"in {home}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as room, oracle.folder(Path(room)):
        engine.run(session)
    session.tell()
    return int(bool(session.findings))


if __name__ == "__main__":
    sys.exit(main())
