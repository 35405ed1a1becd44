"""JSON to arrays of floats and back: strictly, losing nothing, saying where a document is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic, Label

if TYPE_CHECKING:
    from ..grad.evaluate import Array

BOM = b"\xef\xbb\xbf"
_OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\n\r]*+\{")
_EMPTY = re.compile(rb"\[[ \t\n\r]*+\]")
_KEY = re.compile(rb'"[ \t\n\r]*:')
_LARGE = 2**17  # bytes from which on it pays to read in pieces
_WIDTH = 88  # an object this short stays on one line when indented


# --- reading -----------------------------------------------------------------------------------


def read_tensor(data: bytes, name: str, origin: str = "", most: int | None = None) -> Array:
    """The tensor a document holds; `name` is what messages call it. A Diagnostic if it is none.

    Also, G601, if it has more than `most` entries.

    >>> read_tensor(b"[[1, 2], [3, 4]]", "x").tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    _check_size(data, name, origin, most)
    array = plain_tensor(data)
    if array is None:
        from .scan import Events, Tensor

        events = Events(decode(data, origin), origin)
        array = Tensor(name, events).read()
        events.finish()
    if most is not None and array.size > most:
        raise too_large(name, array.size, origin, most)
    return array


def too_large(name: str, size: int, origin: str, most: int) -> Diagnostic:
    """G601."""
    way = f"the limit is {most:,}: raise it with `--max-elements {size}`"
    return Diagnostic("G601", f"`{name}` has {size:,} entries", help=[way], origin=origin)


def _check_size(data: bytes, name: str, origin: str, most: int | None) -> None:
    """Raise G601 before it is read for a document that surely has more than `most` entries.

    They have a comma each, but for one; strings may have more of them, and empty lists none.
    """
    if most is None or (commas := data.count(b",")) < most:
        return
    if b'"' not in data and not _EMPTY.search(data):
        raise too_large(name, commas + 1, origin, most)


def read_bindings(
    data: bytes, names: Collection[str], origin: str = "", most: int | None = None
) -> tuple[dict[str, Array], list[str]] | None:
    """The tensors an object binds to `names`, and its other keys; None if it is no object.

    Raises what is wrong with it; G601 early, where one is seen to have more than `most` entries.
    """
    if not _OBJECT.match(data):
        return None
    bound, other = _plain_bindings(data, names, origin, most)
    if bound is not None:
        return bound, other
    text = decode(data, origin)
    from .scan import Events, Tensor

    bound, other = {}, []
    events = Events(text, origin)
    next(events)  # the opening brace
    for event in events:
        if event.kind == "}":
            break
        if event.value in names:
            bound[event.value] = Tensor(event.value, events).read()
        else:
            other.append(event.value)
            events.skip()
    events.finish()
    return bound, other


def read_members(
    data: bytes, paths: Collection[str], origin: str = "", value: Any = None
) -> dict[str, Array]:
    """The tensors at some paths (``x``, ``grads.x``) that are there, in an object that is JSON.

    `value` is what orjson makes of it, without a key given twice and without true and false; None
    for an object that needs a closer look.
    """
    found: dict[str, Array] = {}
    if value is not None:
        for path in paths:
            inner = value
            for key in path.split("."):
                inner = inner[key]
            array = _plain_array(inner, b"")
            if array is None:
                break
            found[path] = array
        else:
            return found
    from .scan import Events, Tensor

    found = {}
    inside: list[str] = []
    events = Events(decode(data, origin), origin)
    next(events)  # the opening brace
    for event in events:
        if event.kind == "}":
            if not inside:
                break
            inside.pop()
            continue
        path = ".".join([*inside, event.value])
        if path in paths:
            found[path] = Tensor(path, events).read()
        elif any(other.startswith(path + ".") for other in paths):
            next(events)  # its opening brace
            inside.append(event.value)
        else:
            events.skip()
    events.finish()
    return found


def check(data: bytes, origin: str = "") -> None:
    """Raise a Diagnostic for what is no JSON."""
    from .scan import Events

    Events(decode(data, origin), origin).finish()


def decode(data: bytes, origin: str = "") -> str:
    """Text from UTF-8 with or without a byte order mark. Raises G213 naming the first bad byte."""
    data = data.removeprefix(BOM)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        shown = before + data[error.start :].decode(errors="backslashreplace")
        at = len(before)
        raise Diagnostic(
            "G213",
            f"byte {error.start} ({data[error.start]:#04x}) is not UTF-8",
            shown,
            [Label((at, at + 4), error.reason, primary=True)],
            ["convert it first: `iconv -f latin1 -t utf-8`"],
            origin=origin,
        ) from None


def loads(data: bytes) -> Any:
    """What orjson makes of a document; None if it refuses, as it does for NaN, 1e400 and a BOM."""
    import orjson  # here, since a page of help or a completion can do without

    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def plain_tensor(data: bytes) -> Array | None:
    """The array that a document holds; None where it needs a closer look."""
    if len(data) > _LARGE:
        from . import pieces

        return pieces.array(data)
    return _plain_array(loads(data), data)


def _plain_array(value: Any, data: bytes) -> Array | None:
    """An array of the numbers in nested lists; None where the document needs a closer look."""
    import numpy as np

    if isinstance(value, (str, dict)) or b"true" in data or b"false" in data:
        return None  # NumPy would take True for 1
    try:
        array = np.array(value)
    except ValueError:  # ragged, or too deep
        return None
    return array.astype(np.float64) if array.dtype.kind in "iuf" else None


def _plain_bindings(
    data: bytes, names: Collection[str], origin: str, most: int | None
) -> tuple[dict[str, Array] | None, list[str]]:
    if len(data) > _LARGE:
        from . import pieces

        members = pieces.members(data) or {}
        for name in members.keys() & set(names):
            _check_size(members[name], name, origin, most)
        found = {name: plain_tensor(text) for name, text in members.items()}
        arrays = {name: array for name, array in found.items() if array is not None}
        if len(arrays) < len(found):
            return None, []
        if found:
            bound = {name: arrays[name] for name in arrays if name in names}
            return bound, [name for name in arrays if name not in names]
    value = loads(data)
    if not isinstance(value, dict) or not keys_are_unique(value, data):
        return None, []
    bound = {}
    for name in value.keys() & set(names):
        array = _plain_array(value[name], data)
        if array is None:
            return None, []
        bound[name] = array
    return bound, [key for key in value if key not in names]


def keys_are_unique(value: dict[str, Any], data: bytes) -> bool:
    """Whether an object that orjson read surely had no key twice; it keeps the last of them."""
    return len(_KEY.findall(data)) == _count_keys(value)


def _count_keys(value: dict[str, Any]) -> int:
    count, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        count += len(value)
        waiting += [inner for inner in value.values() if isinstance(inner, dict)]
    return count


# --- writing -----------------------------------------------------------------------------------


def dumps(document: Any, *, indent: bool = False) -> bytes:
    """Strict JSON of a document with arrays in it: shortest numbers that read back the same.

    Numbers that JSON lacks become the strings "NaN", "Infinity" and "-Infinity". Indented, the
    innermost row of a tensor stays on one line.

    >>> dumps({"x": [0.1, float("inf")]})
    b'{"x":[0.1,"Infinity"]}'
    """
    plain = strict(document)
    if not indent:
        return _compact(plain)
    return "".join(_indented(plain, "\n")).encode()


def strict(value: Any) -> Any:
    """The same document, with what JSON lacks spelt as strings."""
    if isinstance(value, dict):
        return {key: strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(inner) for inner in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else _spelt(value)
    return _strict_array(value) if hasattr(value, "dtype") else value


def _strict_array(array: Array) -> Any:
    import numpy as np

    finite = array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
    if not array.ndim:
        return array[()] if finite else _spelt(float(array))
    if finite and array.size:
        return np.ascontiguousarray(array)
    flat, entries = array.ravel(), np.empty(array.size, dtype=object)
    entries[:] = list(flat)  # NumPy's own scalars: a float32 keeps its own shortest digits
    for i in np.flatnonzero(~np.isfinite(flat)):
        entries[i] = _spelt(flat[i])
    return entries.reshape(array.shape).tolist()


def _spelt(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _indented(value: Any, newline: str) -> Iterator[str]:
    """Recursive as deep as the document is, which is `scan.DEEPEST` and a few at most."""
    members = _members(value)
    if isinstance(value, dict):
        short = newline != "\n" and not any(_is_nested(m) for m in members)
        whole = short and len(_line(value)) <= _WIDTH
        pairs, brackets = [(_line(key) + ": ", value[key]) for key in value], "{}"
    else:
        whole = not _is_nested(value)
        pairs, brackets = [("", member) for member in members], "[]"
    if whole:
        yield _line(value)
        return
    yield brackets[0]
    for i, (key, member) in enumerate(pairs):
        yield ("," if i else "") + newline + "  " + key
        yield from _indented(member, newline + "  ")
    yield newline + brackets[1]


def _line(value: Any) -> str:
    """A value on one line, with a space after each comma and colon."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_line(key)}: {_line(value[key])}" for key in value) + "}"
    if _is_list(value):
        return "[" + ", ".join(map(_line, value)) + "]"
    return _compact(value).decode()


def _compact(value: Any) -> bytes:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _members(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if _is_list(value) else ()


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or bool(getattr(value, "shape", ()))


def _is_nested(value: Any) -> bool:
    return any(isinstance(m, dict) or _is_list(m) for m in _members(value))
