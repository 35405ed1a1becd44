"""What stands after the options: the expression, and the values its names are bound to."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NoReturn
from unicodedata import normalize

from ..grad.record import field, record
from ..grammar.errors import Diagnostic, Label, Span, suggest
from . import documents

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.program import Expression

Shape = tuple[int | str, ...]

STDIN = "standard input"
PATIENCE = 2.0  # seconds of silence on standard input before saying what is waited for

_OPTION = re.compile(r"-[A-Za-z]+")
_SIZE = re.compile(r"[0-9]{1,18}|[^\W\d]\w*")  # of an array: below 2**63


@record(frozen=True)
class Given:
    """A binding as it was typed: ``x=VALUE`` or ``x:SHAPE``."""

    name: str
    argument: str
    value: str | None = None
    shape: Shape | None = None

    @property
    def span(self) -> Span:
        """Where the value stands in the argument."""
        return len(self.argument) - len(self.value or ""), len(self.argument)

    def wrong(self, code: str, message: str, *help: str) -> Diagnostic:
        label = Label(self.span, primary=True)
        return Diagnostic(code, message, self.argument, [label], list(help))


@record()
class Bound:
    """Arrays by name, and what there is to say about where they came from."""

    arrays: dict[str, Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


# --- the command line --------------------------------------------------------------------------


def split(words: Sequence[str]) -> tuple[str, dict[str, Given]]:
    """EXPR and its bindings. Raises G001, G004 or G214."""
    if not words:
        ways = ["for example: gradcalc eval 'mean(x*x)' x='[[1,2],[3,4]]'"]
        raise Diagnostic("G004", "the expression is missing", help=ways)
    expression, *rest = words
    given: dict[str, Given] = {}
    for i, word in enumerate(rest):
        binding = _binding(word) or _stray(word, expression, rest[i:])
        if binding.name in given:
            first = given[binding.name].argument
            source = f"{first} {word}"
            labels = [Label((len(first) + 1, len(source)), primary=True), Label((0, len(first)))]
            ways = ["remove one of them"]
            raise Diagnostic("G214", f"`{binding.name}` is bound twice", source, labels, ways)
        given[binding.name] = binding
    return expression, given


def _binding(word: str) -> Given | None:
    name, equals, value = word.partition("=")
    if equals and name.strip().isidentifier() and not value.startswith("="):
        return Given(normalize("NFKC", name.strip()), word, value=value)  # as names are parsed
    name, colon, sizes = word.partition(":")
    if not colon or not name.isidentifier():
        return None
    words = [size.strip() for size in sizes.strip("()").split(",") if size.strip()]
    if not all(_SIZE.fullmatch(size) for size in words):
        return None
    return Given(
        normalize("NFKC", name), word, shape=tuple(int(s) if s.isdigit() else s for s in words)
    )


def _stray(word: str, expression: str, rest: Sequence[str]) -> NoReturn:
    """Say what an argument that is no binding may have been meant for."""
    for option in (word, expression):
        if _OPTION.fullmatch(option):
            message = f"`{option}` is not an option"
            ways = ["all options: `--help`", f"as an expression write `({option})`"]
            labels = [Label((0, len(option)), primary=True)]
            raise Diagnostic("G001", message, option, labels, ways)
    name, colon, _ = word.partition(":")
    if colon and name.isidentifier() and "=" not in word:
        way = f"sizes are whole numbers or names: `{name}:3,4`, `{name}:n,d`; a scalar is `{name}:`"
        ways = [way, f"values are written `{name}=...`"]
        labels = [Label((len(name) + 1, len(word)), primary=True)]
        raise Diagnostic("G004", f"this is not the shape of `{name}`", word, labels, ways)
    ways = ["bindings are written NAME=VALUE or NAME:SHAPE"]
    if _binding(expression):
        ways.insert(0, f"the expression comes first: `{expression}` was taken for it")
    else:
        whole = " ".join([expression, *takewhile(lambda word: not _binding(word), rest)])
        ways.insert(0, f"quote the whole expression: '{whole if len(whole) < 80 else '...'}'")
    labels = [Label((0, len(word)), primary=True)]
    message = "this is neither an expression nor a binding"
    raise Diagnostic("G004", message, word, labels, ways)


# --- values ------------------------------------------------------------------------------------


def bind(
    expression: Expression,
    given: Mapping[str, Given],
    max_elements: int,
    wrt: Collection[str] = (),
) -> Bound:
    """An array for every free name, from the command line, from files, and from standard input.

    Standard input is read only if a name has no value, or ``-`` for one. Names of `wrt` may be
    bound though the expression does not depend on them: the gradient is zero then.
    """
    check_used(expression, given, wrt)
    bound = Bound()
    from_stdin: list[str] = []
    for name in dict.fromkeys((*expression.free, *(name for name in given if name in wrt))):
        if name not in given or given[name].value in (None, "-"):
            from_stdin.append(name)
        else:
            bound.arrays[name] = value_of(given[name], max_elements)
    if from_stdin:
        welcome = [name for name in wrt if name not in expression.free and name not in given]
        _bind_stdin(expression, given, from_stdin, welcome, bound, max_elements)
    return bound


def check_used(
    expression: Expression, given: Mapping[str, Given], wrt: Collection[str] = ()
) -> None:
    """Raise G216 for a binding of a name that does not occur."""
    for binding in given.values():
        if binding.name not in expression.free and binding.name not in wrt:
            expression.check_functions()  # `x(3)` is the mistake, where x was meant as a factor
            raise _unused(binding, expression.free)


def _unused(binding: Given, free: Iterable[str]) -> Diagnostic:
    from ..grammar.syntax import CONSTANTS

    close = suggest(binding.name, free)
    ways = [f"did you mean `{close}`?"] if close else []
    if binding.name in CONSTANTS:
        ways = [f"`{binding.name}` is a constant: rename the variable"]
    ways.append("names of the expression: " + (", ".join(f"`{n}`" for n in free) or "none"))
    label = Label((0, len(binding.name)), primary=True)
    message = f"`{binding.name}` does not occur in the expression"
    return Diagnostic("G216", message, binding.argument, [label], ways)


def value_of(binding: Given, max_elements: int) -> Array:
    """The tensor that a VALUE stands for: JSON, a constant expression, or ``@file``."""
    text = binding.value or ""
    if text.startswith("@"):
        from . import files

        if not text[1:].strip():
            raise binding.wrong("G002", "no file is named after `@`", "as in `x=@file.json`")

        try:
            return files.read(text[1:], binding.name, max_elements)
        except Diagnostic as diagnostic:
            if not diagnostic.source:
                start, end = binding.span
                diagnostic.source, diagnostic.origin = binding.argument, ""
                diagnostic.labels = [Label((start + 1, end), primary=True)]
            raise
    if not text.strip():
        raise binding.wrong("G215", f"`{binding.name}` is given no value", "for example: `x=2`")
    try:
        return documents.read_tensor(text.encode(), binding.name, f"the value of `{binding.name}`")
    except Diagnostic as diagnostic:
        if diagnostic.code != "G209":
            raise
    return _constant(binding, text, max_elements)


def _constant(binding: Given, text: str, max_elements: int) -> Array:
    """The value of an expression without variables, as in ``x=pi/4`` and ``x='ones(3)'``."""
    from ..grammar.program import Expression, Request, solve
    from . import files

    forgotten = f"to read a file write `{binding.name}=@{text}`"
    ways = [forgotten] if text.lower().endswith(files.READABLE) or os.path.exists(text) else []
    try:
        expression = Expression.read(text)
        for name, span in expression.free.items():
            ways.append("a value is JSON or an expression without variables")
            message = f"the value of `{binding.name}` is not constant: it uses `{name}`"
            raise Diagnostic("G215", message, text, [Label(span, primary=True)], ways)
        solution = solve(expression, {}, Request(order="none", max_elements=max_elements))
    except Diagnostic as diagnostic:
        diagnostic.origin = diagnostic.origin or f"the value of `{binding.name}`"
        if diagnostic.code != "G215":
            diagnostic.help += ways
        diagnostic.code = _in_data(diagnostic.code)
        raise
    if solution.value.dtype.kind == "b":
        way = "write 1 for true and 0 for false"
        raise binding.wrong("G205", f"`{binding.name}` is true or false, not a number", way)
    return solution.value.astype(float)


def _in_data(code: str) -> str:
    """The code of a mistake in a value: it is one in the data, whatever it is in an expression."""
    from ..grammar.codes import CODES, EXPRESSION

    if CODES[code].exit != EXPRESSION:
        return code
    return "G209" if code < "G110" else "G215"


# --- standard input ----------------------------------------------------------------------------


def _bind_stdin(
    expression: Expression,
    given: Mapping[str, Given],
    names: list[str],
    welcome: list[str],
    bound: Bound,
    max_elements: int,
) -> None:
    """Bind `names` from the document on standard input, and those that are `welcome` if there.

    Raises G201 for names it leaves unbound.
    """
    asked = any(name in given and given[name].value == "-" for name in names)
    data = _read_stdin(names, asked)
    if data is None:
        raise unbound(expression, names, given)
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise unbound(expression, names, given, "G210", " and standard input is empty")
    found = from_document(expression, given, names, welcome, data, max_elements, STDIN)
    bound.arrays.update(found.arrays)
    bound.notes += found.notes


def from_document(
    expression: Expression,
    given: Mapping[str, Given],
    names: Sequence[str],
    welcome: Sequence[str],
    data: bytes,
    max_elements: int,
    origin: str,
) -> Bound:
    """Tensors for `names`, and for those that are `welcome` if there, from one JSON document.

    Raises G201 for names it leaves unbound, G601 for tensors that are too large.
    """
    bound = Bound()
    found = documents.read_bindings(data, [*names, *welcome], origin, max_elements)
    if found is None and not names:
        documents.read_tensor(data, "it", origin)  # is it JSON at all?
    elif found is None:
        if len(names) > 1:
            documents.check(data, origin)
            raise unbound(
                expression, names, given, note="", hint=f"an object on {origin} binds several"
                " names: `{" + ", ".join(f'"{name}": ...' for name in names) + "}`",
            )  # fmt: skip
        bound.arrays[names[0]] = documents.read_tensor(data, names[0], origin, max_elements)
    else:
        arrays, other = found
        bound.arrays.update(arrays)
        missing = [name for name in names if name not in arrays]
        if missing:
            keys = ", ".join(f'"{key}"' for key in [*arrays, *other]) or "nothing"
            hint = f"the object on {origin} binds {keys}"
            raise unbound(expression, missing, given, hint=hint)
        if other:
            keys = ", ".join(f'"{key}"' for key in other)
            bound.notes.append(f"not used from {origin}: {keys}")
    for name, array in bound.arrays.items():
        if array.size > max_elements:
            raise documents.too_large(name, array.size, origin, max_elements)
    return bound


def unbound(
    expression: Expression,
    names: Sequence[str],
    given: Mapping[str, Given],
    code: str = "G201",
    note: str = "",
    hint: str = "",
) -> Diagnostic:
    """Names without a value, each marked where it occurs first."""
    from ..grammar.foreign import prefixed

    quoted = [f"`{name}`" for name in names]
    listed = " and ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)
    places = [expression.free[name] for name in names if name in expression.free]
    labels = [Label(place, primary=i == 0) for i, place in enumerate(places)]
    ways = [hint] if hint else []
    for name in names:
        if name in given and given[name].shape is not None:
            ways.append(f"`{given[name].argument}` states a shape; a value is needed here")
    for library, _, way in prefixed(expression.text, expression.tree):
        if library in names and way not in ways:
            ways.append(way)
    first, verb, them = names[0], "is", "it"
    if len(names) > 1:
        verb, them = "are", "each"
    values = f"`{first}=2`, `{first}='[1,2]'`, `{first}=@file.json`"
    ways.append(f"bind {them}: {values}, or JSON on standard input")
    message = f"{listed} {verb} not bound{note}"
    return Diagnostic(code, message, expression.text, labels, ways)


def _read_stdin(names: Sequence[str], asked: bool) -> bytes | None:
    """Everything on standard input; None where nobody would type it: on a terminal, or closed."""
    if sys.stdin is None or (sys.stdin.isatty() and not asked):
        return None
    if sys.stderr is not None and sys.stderr.isatty() and not _has_input():
        listed = ", ".join(names)
        print(f"gradcalc: waiting for JSON on stdin, to bind {listed} ...", file=sys.stderr)
    return sys.stdin.buffer.read()


def _has_input() -> bool:
    """Whether standard input says something, or ends, before patience does."""
    if os.name != "posix":  # elsewhere select() takes sockets only
        return True
    import select

    return bool(select.select([sys.stdin], [], [], PATIENCE)[0])
