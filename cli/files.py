"""Files of arrays: read with care (.json .npy .npz .csv), written whole or not at all."""

from __future__ import annotations

import os
import re
import stat
from array import array as Numbers
from collections.abc import Callable, Iterator
from math import isinf, prod
from typing import IO, TYPE_CHECKING, Any, Literal

from ..grammar.errors import Diagnostic, Label, suggest
from . import documents

if TYPE_CHECKING:
    from ..grad.evaluate import Array

READABLE = (".json", ".npy", ".npz", ".csv")
LONGEST_HEADER = 10_000  # of an .npy file, in bytes; what NumPy takes, too
WRITABLE = (".json", ".npy", ".npz")
PIECE = 1 << 16  # bytes of a table that are looked at closely, if they have to be
MAPPED = 1 << 20  # bytes of an array from which on it is not read at once

_LINE = re.compile(r"[^\r\n]+")
_FIRST = re.compile(rb"[^\s][^\r\n]*")
_NUMBER = (  # what is possessive keeps hostile text from taking quadratic time
    r"[+-]?+(?:(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:e[+-]?+[0-9]++)?+|infinity|inf|nan)"
)
_CELL = re.compile(_NUMBER, re.I)
_NUMERIC = re.compile(rb"[0-9ni]", re.I)  # is in any number
_NUMBERED = re.compile(rb'(?:^|,)[ \t"]*+%b[ \t"]*+(?:,|$)' % _NUMBER.encode(), re.I)
_NUMBERS = re.compile(rb"[-+.,0-9einfaty \t\n]*+", re.I)  # float() reads no more into them


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
    if suffix == ".json":
        return documents.read_tensor(data, name, path, max_elements)
    array = _csv(data, path, max_elements)
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


def _csv(data: bytes, path: str, max_elements: int) -> Array:
    """A matrix of the numbers in lines; a first line of titles is passed over."""
    import numpy as np

    data = data.removeprefix(documents.BOM)
    if data.count(b",") + data.count(b"\n") >= max_elements:
        _check_size(data, path, max_elements)
    titles = _titles(data)
    if (array := _table(data[titles:])) is not None:
        return array
    text = documents.decode(data, path)
    numbers = Numbers("d")
    columns = 0
    for start, end in _pieces(text, len(data[:titles].decode())):
        table = _table(text[start:end].encode())
        if table is not None and table.shape[1] == (columns or table.shape[1]):
            columns = table.shape[1]
            numbers.frombytes(table.tobytes())
            continue
        for match in _LINE.finditer(text, start, end):
            if not match[0].strip():
                continue
            cells = enumerate(_cells(match[0], match.start()), 1)
            row = [_number(text, *place, column, path) for column, place in cells]
            if columns and len(row) != columns:
                message = f"this row has {_columns(len(row))}, the first has {columns}"
                label = Label(match.span(), _columns(len(row)), primary=True)
                raise Diagnostic("G202", message, text, [label], origin=path)
            columns = len(row)
            numbers.extend(row)
    if not columns:
        raise Diagnostic("G212", "there are no numbers in this table", origin=path)
    return np.array(numbers).reshape(-1, columns)


def _titles(data: bytes) -> int:
    """Where the titles end, which are a first line without any number; 0 if there are none."""
    first = _FIRST.search(data)
    if first is None or (_NUMERIC.search(first[0]) and _NUMBERED.search(first[0])):
        return 0
    return first.end()


def _pieces(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Parts of a text that end where a line does."""
    while start < len(text):
        end = text.rfind("\n", start, start + PIECE) + 1 or text.find("\n", start) + 1
        yield start, end or len(text)
        start = end or len(text)


def _check_size(data: bytes, path: str, most: int) -> None:
    """Raise G601 for a table of more than so many cells, before they are read."""
    import numpy as np

    text = np.frombuffer(data, np.uint8)
    ended = text == ord("\n")
    lines = 1 + int(np.count_nonzero(ended[:-1] & (text[1:] > ord(" "))))  # not counting empty ones
    first = data.partition(b"\n")[0].count(b",") + 1  # they may be titles
    if data.count(b",") + lines - first > most:
        raise _too_large(path, (data.count(b",") + lines,), most)


def _table(data: bytes) -> Array | None:
    """A table of nothing but numbers, read fast; None where it needs a closer look."""
    import numpy as np

    rows = data.strip().replace(b"\r\n", b"\n")
    while b"\n\n" in rows:
        rows = rows.replace(b"\n\n", b"\n")
    if not rows or b"\r" in rows or not _NUMBERS.fullmatch(rows):
        return None
    text = np.frombuffer(rows, np.uint8)
    ends = text[(text == ord(",")) | (text == ord("\n"))] == ord("\n")  # of cells: of lines, too?
    columns = rows.partition(b"\n")[0].count(b",") + 1
    lines, rest = divmod(ends.size + 1, columns)
    if rest or lines - 1 != np.count_nonzero(ends) or not ends[columns - 1 :: columns].all():
        return None  # some are longer than others
    cells = rows.replace(b"\n", b",")
    numbers = documents.plain_tensor(b"[%b]" % cells)
    if numbers is None and len(rows) <= PIECE:
        numbers = _floats(cells)
    return None if numbers is None else numbers.reshape(lines, columns)


def _floats(cells: bytes) -> Array | None:
    """Numbers of which some are none in JSON: nan, inf, +1, 1., 01."""
    import numpy as np

    try:
        numbers = np.array(list(map(float, cells.split(b","))))
    except ValueError:
        return None
    return numbers if np.isinf(numbers).sum() == cells.lower().count(b"inf") else None


def _cells(line: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the cells of a line are, without the blanks and quotes around them."""
    end = -1
    while end < len(line):
        at = end + 1
        end = line.find(",", at)
        end = len(line) if end < 0 else end
        inner = line[at:end].strip(' \t"')
        begin = line.index(inner, at) if inner else at
        yield start + begin, start + begin + len(inner)


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
