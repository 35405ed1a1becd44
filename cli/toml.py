"""TOML, read with care: what is wrong with a text, and where, in no more time than it warrants."""

from __future__ import annotations

import re
import tomllib
from typing import Any

DEEPEST = 64  # of keys in keys: tomllib takes time and memory as the square of it

_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_DEEP = re.compile(  # possessive, so that no text takes quadratic time
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    rf"{{{DEEPEST}}}"
)


class NotToml(ValueError):
    """What is wrong with a text; `at` is the offset of the place, if it is known."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at


def loads(text: str) -> dict[str, Any]:
    """The tables of a text. Raises NotToml, and nothing else."""
    if deep := _DEEP.search(text):
        raise NotToml(f"keys are nested more than {DEEPEST} deep", deep.start())
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = None
        if place := _PLACE.search(str(error)):
            lines = text.split("\n")[: int(place[1]) - 1]
            at = sum(len(line) + 1 for line in lines) + int(place[2]) - 1
        message = _PLACE.sub("", str(error)).lower()
        raise NotToml(f"this is not TOML: {message}", at) from None
    except RecursionError:
        raise NotToml("lists or tables are nested too deep") from None
    except ValueError:  # what Python says of an integer of more than 4,300 digits
        raise NotToml("an integer has thousands of digits") from None
