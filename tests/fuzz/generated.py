"""Inputs made by hypothesis: any bytes, tokens in any order, examples with something wrong."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .kinds import Kind
from .session import Session

WAYS = st.integers(0, 69)
AT_ONCE = 1_000  # inputs that hypothesis is asked for


def inputs(kind: Kind) -> st.SearchStrategy[bytes]:
    """Bytes of any kind, tokens in any order, and examples with something wrong in them."""
    token = st.sampled_from(kind.tokens) | st.binary(max_size=2)
    return st.one_of(
        st.binary(max_size=60),
        st.lists(token, max_size=20).map(b"".join),
        st.builds(_edited, st.sampled_from(kind.seeds), st.floats(0, 1), st.integers(0, 4), token),
    )


def _edited(seed: bytes, place: float, removed: int, token: bytes) -> bytes:
    start = int(place * len(seed))
    return seed[:start] + token + seed[start + removed :]


def run(session: Session) -> None:
    """Try what hypothesis thinks of, anew each time, until the session is over."""

    @settings(
        max_examples=AT_ONCE,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(way=WAYS, data=inputs(session.kind))
    def one(way: int, data: bytes) -> None:
        if not session.over:
            session.one(way, data)

    while not session.over:
        one()
