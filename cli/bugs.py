"""A bug of gradcalc's own: told as one, with the details in a file. Nobody sees a traceback."""

from __future__ import annotations

from collections.abc import Sequence

from ..grammar.errors import Diagnostic

_files: dict[str, str] = {}  # by what happened, for a stream may meet a bug again


def diagnosed(words: Sequence[str]) -> Diagnostic:
    """What to say of the exception that is being handled, which these words brought about."""
    import traceback

    details = traceback.format_exc()
    if details not in _files:
        _files[details] = _written(words, details)
    ways = [f"the details are in {_files[details]}", "please report them together with the command"]
    return Diagnostic("G900", "this is a bug in gradcalc, not in your input", help=ways)


def _written(words: Sequence[str], details: str) -> str:
    import shlex
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w", prefix="gradcalc-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        print("gradcalc", shlex.join(words), file=file)
        print(details, end="", file=file)
    return file.name
