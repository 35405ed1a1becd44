"""What is said of a step of a script that fails: the place to blame, and a way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..grad.errors import GradError
from . import script_names
from .errors import Diagnostic, Label, Span, suggest
from .foreign import SCRIPT
from .script_code import Instruction

WAYS_OUT = {  # of mistakes that PyTorch tells without one
    "G401": ["make a scalar of it: `.sum().backward()`",
             "weigh its entries: `.backward(torch.ones_like(...))`"],
    "G403": ["floats can: `torch.tensor([1., 2.])`, or `x.float()`"],
    "G406": ["write `backward(retain_graph=True)` the time before"],
    "G407": ["write `with torch.no_grad():` around it, or use `.data`"],
    "G408": ["make the tensor it is computed from with `requires_grad=True`"],
}  # fmt: skip

_KEYWORD = re.compile(r"keyword (?:argument )?['`](\w+)['`]|'(\w+)' is an invalid keyword")
_QUALIFIED = re.compile(r"^(?:\w+\.)*_?(?=\w+\(\))")  # Python tells where in our house it is


def plain(error: TypeError) -> TypeError:
    """What Python says of a call, without names that only its implementation has."""
    error.args = (_QUALIFIED.sub("", str(error)),)
    return error


def diagnostic(
    error: Exception,
    source: str,
    instruction: Instruction,
    stack: list[Any],
    names: Mapping[str, Any],
    called: Callable[..., Any] | None,
) -> Diagnostic:
    """A failure of `instruction`, which left this `stack`; what it `called`, if it is a call."""
    is_call = instruction.op == "CALL"
    message = error.message if isinstance(error, GradError) else str(error)
    keyword = _KEYWORD.search(message) if is_call else None
    word = (keyword[1] or keyword[2]) if keyword else ""
    places: Mapping[str, Span] = instruction.arg.places if is_call else {}
    labels = [Label(places.get(word, instruction.span), primary=True)]
    if isinstance(error, GradError):
        told = [line for line in error.help if "{" not in line]
        told = told or WAYS_OUT.get(error.code, [])
        return Diagnostic(error.code, error.message, source, labels, told)
    number, ways = "G219", _meant(word, _keywords(called)) if word else []
    if isinstance(error, NameError):
        name = str(instruction.arg)
        number, ways = "G201", _meant(name, [*names, *script_names.known_names()])
        ways = ways or ["a name is assigned before it is used"]
    elif isinstance(error, AttributeError):
        owner = stack[-1] if instruction.op == "ATTRIBUTE" and stack else error.obj
        name = str(instruction.arg) if instruction.op == "ATTRIBUTE" else str(error.name)
        number, ways = "G114", _meant(name, script_names.attributes(owner), ".")
        ways = ways or ["what there is: `gradcalc functions`"]
    return Diagnostic(number, f"{type(error).__name__}: {message}", source, labels, ways)


def no_module(path: str) -> Diagnostic:
    """G119."""
    known = script_names.IMPORTED
    listed = ", ".join(f"`{name}`" for name in known)
    ways = [*_meant(path, known), f"modules: {listed}"]
    for word in path.split("."):
        ways = [SCRIPT[word]] if word in SCRIPT else ways
    return Diagnostic("G119", f"there is no module `{path}` here", help=ways)


def _meant(name: str, known: Iterable[str], dot: str = "") -> list[str]:
    if name in SCRIPT:
        return [SCRIPT[name]]
    close = suggest(name, known)
    return [f"did you mean `{dot}{close}`?"] if close else []


def _keywords(function: Callable[..., Any] | None) -> list[str]:
    """The keywords that a function takes, where it says."""
    from inspect import signature

    try:
        return list(signature(getattr(function, "call", function)).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []
