"""Signatures: how the arguments of a call become tensors and static values.

A signature is written as users read it, ``sum(x, dim: axes = None, keepdim: bool = False)``. A
parameter without a type is a tensor. Types: ``tensor?`` (may be None), ``tensors`` (a list, or all
remaining arguments when written ``*xs: tensors``), ``axis axes int ints bool number numbers str
shape index any``, each with ``?`` where None is a value too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from .errors import GradError
from .node import Node
from .record import field, record

# other spellings of a parameter's name, from either library
SPELLINGS: dict[str, tuple[str, ...]] = {
    "dim": ("axis", "axes", "dims"),
    "dims": ("axis", "axes", "dim"),
    "keepdim": ("keepdims",),
    "x": ("input", "a", "self"),
    "y": ("other", "b"),
    "xs": ("tensors", "arrays"),
    "shape": ("size", "newshape"),
}
REQUIRED: Any = object()


@record(frozen=True)
class Parameter:
    """One parameter: its name, its type, and its default (REQUIRED if it has none)."""

    name: str
    type: str
    default: Any = REQUIRED
    variadic: bool = False

    @property
    def is_tensor(self) -> bool:
        return self.type.startswith("tensor")

    def __str__(self) -> str:
        star = "*" if self.variadic else ""
        default = "" if self.default is REQUIRED else f"={self.default!r}"
        return f"{star}{self.name}{default}"


@record()
class Bound:
    """A call with every argument in its place.

    `origin` tells, for the name of a parameter and for the position of a tensor, which argument
    of the call it came from: a position or a keyword.
    """

    tensors: list[Node] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)
    origin: dict[int | str, int | str] = field(default_factory=dict)


@record(frozen=True)
class Signature:
    """A function's name and parameters; other names a keyword goes by."""

    name: str
    parameters: tuple[Parameter, ...]
    spellings: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.parameters))})"

    @classmethod
    def read(cls, text: str, spellings: Mapping[str, str] | None = None) -> Signature:
        """The signature a row states. `spellings` adds keywords of this row alone."""
        name, _, inside = text.partition("(")
        assert inside[-1] == ")", f"not a signature: {text}"
        parameters = tuple(map(_parameter, _split(inside[:-1])))
        names = {p.name for p in parameters}
        also = {
            other: p.name
            for p in parameters
            for other in SPELLINGS.get(p.name, ())
            if other not in names
        }
        return cls(name, parameters, {**also, **(spellings or {})})

    def bind(
        self, args: Sequence[Any], keywords: Mapping[str, Any], convert: Callable[..., Any]
    ) -> Bound:
        """Put each argument in its place and make it what its type says, by `convert`.

        Raises GradError G111 for an unknown keyword, G112 for too many or too few arguments, and
        what `convert` raises for one of the wrong kind.
        """
        given: dict[str, tuple[Any, int | str]] = {}
        position = 0
        for p in self.parameters:
            if position >= len(args):
                break
            if p.variadic:
                rest = list(args[position:])
                alone = len(rest) == 1 and isinstance(rest[0], (list, tuple))
                given[p.name] = (rest[0] if alone else rest, position)
                position = len(args)
            else:
                given[p.name] = (args[position], position)
                position += 1
        if position < len(args):
            raise self._arity(len(args), position)
        for keyword, value in keywords.items():
            target = keyword
            if all(p.name != keyword for p in self.parameters):
                target = self.spellings.get(keyword, "")
            if not target:
                raise self._unknown(keyword)
            if target in given:
                raise GradError(
                    "G112", f"`{self.name}` got `{target}` twice", at=keyword, help=[str(self)]
                )
            given[target] = (value, keyword)
        return self._converted(given, len(args), convert)

    def _converted(
        self, given: dict[str, tuple[Any, int | str]], count: int, convert: Callable[..., Any]
    ) -> Bound:
        bound = Bound()
        optional: list[str] = []
        for p in self.parameters:
            if p.name not in given:
                if p.default is REQUIRED:
                    if p.variadic and p.type != "tensors":
                        bound.attrs[p.name] = ()
                        continue
                    raise self._arity(count, None, p.name)
                if not p.is_tensor:
                    bound.attrs[p.name] = p.default
                continue
            value, origin = given[p.name]
            bound.origin[p.name] = origin
            try:
                converted = convert(value, p, self)
            except GradError as error:
                if error.at is None:
                    error.at = origin
                raise
            if not p.is_tensor:
                bound.attrs[p.name] = converted
            elif isinstance(converted, list):
                for i, node in enumerate(converted):
                    listed = isinstance(origin, int) and p.variadic and len(converted) > 1
                    bound.origin[len(bound.tensors)] = origin + i if listed else origin  # type: ignore[operator]
                    bound.tensors.append(node)
            elif converted is not None:
                if p.type.endswith("?"):
                    optional.append(p.name)
                bound.origin[len(bound.tensors)] = origin
                bound.tensors.append(converted)
        if optional:
            bound.attrs["given"] = tuple(optional)
        return bound

    def _arity(self, count: int, too_many_at: int | None, missing: str = "") -> GradError:
        least = sum(p.default is REQUIRED and not p.variadic for p in self.parameters)
        most = len(self.parameters)
        wants = f"{least}" if least == most else f"{least} to {most}"
        noun = "argument" if wants == "1" else "arguments"
        if too_many_at is None:
            message = f"`{self.name}` is missing its argument `{missing}`"
        else:
            message = f"`{self.name}` takes {wants} {noun}, not {count}"
        return GradError("G112", message, at=too_many_at, help=[f"signature: `{self}`"])

    def _unknown(self, keyword: str) -> GradError:
        names = [p.name for p in self.parameters]
        from difflib import get_close_matches

        close = get_close_matches(keyword, [*names, *self.spellings], 1)
        hint = [f"did you mean `{close[0]}`?"] if close else []
        return GradError(
            "G111",
            f"`{self.name}` has no keyword `{keyword}`",
            at=keyword,
            help=[*hint, f"signature: `{self}`"],
        )


_LITERALS = {"None": None, "True": True, "False": False, "()": ()}


def _split(inside: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    if "(" not in inside and "[" not in inside:
        return [part for text in inside.split(",") if (part := text.strip())]
    parts, depth, start = [], 0, 0
    for i, c in enumerate(inside + ","):
        depth += (c in "([") - (c in ")]")
        if c == "," and not depth:
            parts.append(inside[start:i].strip())
            start = i + 1
    return [p for p in parts if p]


_PARAMETER = re.compile(r"(\*?)(\w+)\s*(?::\s*([\w?]+))?\s*(?:=\s*(.+))?", re.S)


@cache  # `x` is a parameter of most functions
def _parameter(text: str) -> Parameter:
    match = _PARAMETER.fullmatch(text)
    assert match, f"not a parameter: {text}"
    star, name, type_, default = match.groups()
    return Parameter(name, type_ or "tensor", _default(default), bool(star))


def _default(text: str | None) -> Any:
    if text is None:
        return REQUIRED
    if text in _LITERALS:
        return _LITERALS[text]
    if text[0] in "'\"":
        return text[1:-1]
    try:
        return int(text)
    except ValueError:
        return float(text)
