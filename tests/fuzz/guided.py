"""Inputs made by atheris, which goes where it has not been in the code."""

from __future__ import annotations

import os
import random
import sys
from importlib import import_module
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

from .kinds import Kind
from .session import Session

MOST_BYTES = 4096  # of an input


def run(session: Session) -> None:
    """Try what atheris thinks of until the session is over; it ends this process.

    The first byte of an input says in which way it is read.
    """
    corpus = session.home / "corpus" / session.kind.name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(session.kind.seeds):
        for way in range(10):
            (corpus / f"seed-{number}-{way}").write_bytes(bytes([way]) + seed)

    def one(data: bytes) -> None:
        session.one(data[0] if data else 0, data[1:])
        if session.over:
            session.tell()
            os._exit(bool(session.findings))

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        return mutated(session.kind, data, most, seed)

    words = [
        sys.argv[0], f"-max_len={MOST_BYTES}", "-timeout=60", "-rss_limit_mb=0", "-verbosity=1",
        str(corpus),
    ]  # fmt: skip
    atheris.Setup(words, one, custom_mutator=mutator)
    atheris.Fuzz()


def mutated(kind: Kind, data: bytes, most: int, seed: int) -> bytes:
    """An input changed a little: its bytes, or a token more, less, or another one."""
    chance = random.Random(seed)
    if chance.random() < 0.3:
        return bytes(atheris.Mutate(data, most))
    for _ in range(chance.choice((1, 1, 2, 4))):
        start = chance.randrange(1, len(data) + 1) if data else 0
        end = min(len(data), start + chance.choice((0, 0, 1, 2, 4, 16)))
        token = chance.choice(kind.tokens)
        if chance.random() < 0.1:
            token = chance.choice(kind.seeds)
        elif chance.random() < 0.2:
            token = data[chance.randrange(len(data) + 1) :][: chance.randrange(20)]
        data = data[:start] + token * (chance.random() < 0.8) + data[end:]
    return data[:most]
