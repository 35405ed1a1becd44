"""Files of arrays: read with care (.json .npy .npz .csv), written whole or not at all."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from math import isinf, prod
from typing import IO, TYPE_CHECKING, Any, Literal

from ..grammar.errors import Diagnostic, Label, suggest
from . import documents

if TYPE_CHECKING:
    from ..grad.evaluate import Array

READABLE = (".json", ".npy", ".npz", ".csv")
LONGEST_HEADER = 10_000  # of an .npy file, in bytes; what NumPy takes, too
WRITABLE = (".json", ".npy", ".npz")
MAPPED = 1 << 20  # bytes of an array from which on it is not read at once

_LINE = re.compile(r"[^\r\n]+")
_PLAIN = re.compile(rb"[-+.,0-9eE \t\n]*+")
_CELL = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|nan|inf|infinity)", re.I)


# --- reading -----------------------------------------------------------------------------------


def read(reference: str, name: str, max_elements: int) -> Array:
    """The tensor in ``file.json``, ``.csv``, ``.npy`` or ``file.npz:key``, to be bound to `name`.

    Raises a Diagnostic: G002 for a file that cannot be read, G211 or G212 for one that is not what
    its ending says, G601 for more than `max_elements` entries, and whatever is wrong with JSON.
    """
    path, key = _split(reference)
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in READABLE:
        ways = [f"files end in {', '.join(READABLE)}; for JSON from anywhere: `{name}=- < {path}`"]
        raise Diagnostic("G002", f"`{path}` is not a kind of file that can be read", help=ways)
    try:
        if suffix == ".npy":
            with open(path, "rb") as file:
                return _npy(file, path, os.stat(path).st_size, max_elements, mapped=True)
        if suffix == ".npz":
            return _npz(path, key, name, max_elements)
        data = _bytes(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    array = documents.read_tensor(data, name, path) if suffix == ".json" else _csv(data, path)
    if array.size > max_elements:
        raise _too_large(path, array.shape, max_elements)
    return array


def read_text(path: str) -> bytes:
    """A whole file. Raises G002."""
    try:
        return _bytes(path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _split(reference: str) -> tuple[str, str]:
    """``file.npz:key`` as file and key; the key may be empty."""
    path, colon, key = reference.rpartition(":")
    return (path, key) if colon and path.lower().endswith(".npz") else (reference, "")


def _unreadable(path: str, error: OSError) -> Diagnostic:
    reason = (error.strerror or str(error)).lower()
    ways = []
    if isinstance(error, FileNotFoundError):
        folder, name = os.path.split(path)
        close = suggest(name, _listed(folder or "."))
        ways = [f"did you mean `{os.path.join(folder, close)}`?"] if close else []
        ways.append("relative paths start at the current folder")
    return Diagnostic("G002", f"`{path}` cannot be read: {reason}", help=ways)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _too_large(path: str, shape: tuple[int, ...], most: int) -> Diagnostic:
    ways = [f"the limit is {most:,}: raise it with `--max-elements {prod(shape)}`"]
    return Diagnostic("G601", f"`{path}` holds {prod(shape):,} entries", help=ways)


def _refused(path: str, why: str, *ways: str) -> Diagnostic:
    ways = ways or ("save an array of numbers with `np.save` or `np.savez`",)
    return Diagnostic("G211", f"`{path}` {why}", help=list(ways))


def _npy(file: IO[bytes], path: str, length: int, max_elements: int, mapped: bool = False) -> Array:
    """An array of numbers from `length` bytes of .npy format; nothing is ever unpickled.

    A large one that may be `mapped` stays in its file, in the type it has there, to be read as it
    is used: it may be larger than memory.
    """
    import numpy as np

    from .scan import DEEPEST

    try:
        version = np.lib.format.read_magic(file)
        width = 2 if version == (1, 0) else 4
        if int.from_bytes(file.read(width), "little") > LONGEST_HEADER:
            raise ValueError  # before NumPy, which reads it whole first
        file.seek(-width, os.SEEK_CUR)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else (
            np.lib.format.read_array_header_2_0
        )  # fmt: skip
        shape, fortran, dtype = header(file)
    except OSError:
        raise
    except Exception:  # noqa: BLE001  a damaged header, parsed as Python, raises anything
        raise _refused(path, "is damaged: its header cannot be read") from None
    if dtype.hasobject:
        way = "save numbers: `np.save(file, np.asarray(x, dtype=float))`"
        raise _refused(path, "holds Python objects, which are never loaded", way)
    if dtype.kind not in "biuf":
        kind = {"c": "complex numbers", "V": "records", "U": "text", "S": "bytes"}.get(dtype.kind)
        raise _refused(path, f"holds {kind or 'dates'}, not real numbers")
    if any(size < 0 for size in shape) or len(shape) > DEEPEST:
        raise _refused(path, "is damaged: its shape is impossible")
    if prod(shape) > max_elements:
        raise _too_large(path, shape, max_elements)
    expected = prod(shape) * dtype.itemsize
    order: Literal["C", "F"] = "F" if fortran else "C"
    if mapped and MAPPED <= expected <= length - file.tell():
        return np.asarray(np.memmap(file, dtype, "r", file.tell(), shape, order))
    data = file.read(expected) if expected <= length else b""
    if len(data) < expected:
        raise _refused(path, "is cut off: it is shorter than its header says")
    array = np.frombuffer(data, dtype).reshape(shape, order=order)
    with np.errstate(over="ignore"):
        return array.astype(np.float64)


def _npz(path: str, key: str, name: str, max_elements: int) -> Array:
    """One array of an archive: the one asked for, the one of that name, or the only one."""
    from zipfile import ZipFile

    try:
        with ZipFile(path) as archive:
            keys = [entry.removesuffix(".npy") for entry in archive.namelist()]
            chosen = key or (name if name in keys else keys[0] if len(keys) == 1 else "")
            if chosen not in keys:
                what = f"no array `{key}`" if key else f"{len(keys)} arrays, none called `{name}`"
                ways = [f"choose one: `{name}=@{path}:{keys[0]}`"] if keys else []
                ways += ["it holds " + ", ".join(f"`{k}`" for k in keys)] if keys else []
                raise _refused(path, f"holds {what}", *ways)
            entry = archive.infolist()[keys.index(chosen)]
            with archive.open(entry) as file:
                return _npy(file, f"{path}:{chosen}", entry.file_size, max_elements)
    except (OSError, Diagnostic):
        raise
    except Exception:  # noqa: BLE001  damaged, encrypted, packed in ways Python cannot undo
        raise _refused(path, "is damaged: it is not a readable .npz archive") from None


def _csv(data: bytes, path: str) -> Array:
    """A matrix of the numbers in lines; a first line of titles is passed over."""
    import numpy as np

    if (array := _plain_csv(data)) is not None:
        return array
    text = documents.decode(data, path)
    rows: list[list[float]] = []
    lines = [match.span() for match in _LINE.finditer(text) if match[0].strip()]
    for start, end in lines:
        cells = _cells(text, start, end)
        if start == lines[0][0] and not any(_CELL.fullmatch(text[a:b]) for a, b in cells):
            continue  # titles
        if rows and len(cells) != len(rows[0]):
            message = f"this row has {_columns(len(cells))}, the first has {len(rows[0])}"
            label = Label((start, end), _columns(len(cells)), primary=True)
            raise Diagnostic("G202", message, text, [label], origin=path)
        rows.append([_number(text, a, b, column, path) for column, (a, b) in enumerate(cells, 1)])
    if not rows:
        raise Diagnostic("G212", "there are no numbers in this table", origin=path)
    return np.array(rows, dtype=np.float64)


def _plain_csv(data: bytes) -> Array | None:
    """A table of nothing but numbers, read fast; None where it needs a closer look."""
    import numpy as np

    rows = data.strip().replace(b"\r\n", b"\n")
    if not rows or b"\r" in rows or not _PLAIN.fullmatch(rows):
        return None
    table = documents.loads(b"[[" + rows.replace(b"\n", b"],[") + b"]]")
    try:
        return None if table is None else np.array(table, np.float64)
    except ValueError:  # rows of different lengths
        return None


def _cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the cells of a line are, without the blanks and quotes around them."""
    cells = []
    for cell in text[start:end].split(","):
        inner = cell.strip(' \t"')
        begin = start + (cell.index(inner) if inner else 0)
        cells.append((begin, begin + len(inner)))
        start += len(cell) + 1
    return cells


def _number(text: str, start: int, end: int, column: int, path: str) -> float:
    cell = text[start:end]
    if _CELL.fullmatch(cell):
        number = float(cell)
        if not isinf(number) or "i" in cell.lower():
            return number
        code, what, label = "G206", "is too large for a float", "the largest is about 1.8e308"
    else:
        code, what, label = "G212", "is not a number" if cell else "is empty", ""
    separator = next((mark for mark in ";\t" if mark in cell), None)
    ways = ["numbers are separated by commas" if separator else "only the first line may be titles"]
    labels = [Label((start, end), label, primary=True)]
    raise Diagnostic(code, f"column {column} {what}", text, labels, ways, origin=path)


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


# --- writing -----------------------------------------------------------------------------------


def check_writable(path: str) -> str:
    """The ending of a file to be written, which says its format. Raises G005 for any other."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in WRITABLE:
        ways = [f"the name of a result file ends in {', '.join(WRITABLE)}"]
        raise Diagnostic("G005", f"`{path}` does not say in which format to write", help=ways)
    return suffix


def write_json(path: str, document: Any) -> None:
    write(path, lambda file: file.write(documents.dumps(document) + b"\n"))


def write_npy(path: str, array: Array) -> None:
    import numpy as np

    write(path, lambda file: np.save(file, array, allow_pickle=False))


def write_npz(path: str, arrays: dict[str, Array]) -> None:
    from zipfile import ZipFile

    import numpy as np

    def save(file: IO[bytes]) -> None:
        with ZipFile(file, "w") as archive:  # np.savez takes no key called "file"
            for key, array in arrays.items():
                with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)

    write(path, save)


def write(path: str, save: Callable[[IO[bytes]], object]) -> None:
    """Let `save` fill a file that then takes the place of `path` at once. Raises G005."""
    import tempfile

    target = os.path.realpath(path)
    try:
        if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
            with open(target, "wb") as file:  # a device or a named pipe cannot be replaced
                save(file)
            return
        folder, name = os.path.split(target)
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
        try:
            with open(handle, "wb") as file:
                save(file)
            os.chmod(temporary, _mode(target))
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        ways = ["the folder has to exist, and you to be allowed to write to it"]
        raise Diagnostic("G005", f"`{path}` cannot be written: {reason}", help=ways) from None


def _mode(target: str) -> int:
    """The permissions of the file that is replaced, or those a new file gets."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
