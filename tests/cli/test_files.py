"""Files of arrays: every accepted kind, every refused one, and writing that is all or nothing."""

import io
import math
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcalc.cli import files
from gradcalc.grammar.errors import Diagnostic

MANY = 1_000_000


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(path, name="x", most=MANY):
    return files.read(str(path), name, most)


def refused(path, **options):
    with pytest.raises(Diagnostic) as caught:
        read(path, **options)
    return caught.value


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "int8", "uint64", "?", ">f8", ">i2"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_any_real_type(dtype, order):
    array = np.array([[0, 1, 1], [1, 0, 1]], dtype=dtype, order=order)
    np.save("a.npy", array)
    found = read("a.npy")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, array.astype(float))


@pytest.mark.parametrize("dtype", ["float64", "float32", ">f8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_large_npy_stays_in_its_file(dtype, order, monkeypatch):
    monkeypatch.setattr(files, "MAPPED", 1)
    array = np.array([[0, 1, 1], [1, 0, 1]], dtype=dtype, order=order)
    np.save("a.npy", array)
    found = read("a.npy")
    assert isinstance(found.base, np.memmap)
    assert not found.flags.writeable
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    whole = Path("a.npy").read_bytes()
    Path("a.npy").write_bytes(whole[:-1])
    assert refused("a.npy").code == "G211"
    assert refused("a.npy", most=5).code == "G601"
    np.save("a.npy", np.zeros((0, 3)))
    assert read("a.npy").shape == (0, 3)


@pytest.mark.parametrize(
    "array",
    [
        np.array([{}], dtype=object),
        np.array([1j]),
        np.zeros(2, dtype=[("a", float)]),
        np.array(["1"]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
    ],
    ids=["objects", "complex", "records", "text", "dates"],
)
def test_npy_of_anything_else_is_refused(array):
    np.save("a.npy", array, allow_pickle=True)
    assert refused("a.npy").code == "G211"


def test_objects_are_never_unpickled():
    class Bomb:
        def __reduce__(self):
            return os.mkdir, ("exploded",)

    np.save("a.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.savez("a.npz", x=np.array([Bomb()], dtype=object))
    assert refused("a.npy").code == refused("a.npz").code == "G211"
    assert not os.path.exists("exploded")


def header(shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


def test_size_is_checked_before_memory_is_taken(folder):
    (folder / "a.npy").write_bytes(header((10**12,)))
    assert refused("a.npy").code == "G601"
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("x.npy", header((10**12,)))
    assert refused("a.npz").code == "G601"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no numpy",
        header((3,)) + b"\0" * 16,
        header((2, 3))[:50],
        b"\x93NUMPY\x01\x00\x10\x00{((((((((((((((",
        header((-1,)),
        b"\x93NUMPY\x09\x09" + header((1,))[8:],
    ],
)
def test_damaged_npy(folder, data):
    (folder / "a.npy").write_bytes(data)
    assert refused("a.npy").code == "G211"


def test_npz_by_key_by_name_or_alone():
    np.savez("two.npz", x=[1.0], y=[2.0])
    np.savez_compressed("one.npz", z=[3.0])
    assert read("two.npz:y").tolist() == [2]
    assert read("two.npz").tolist() == [1]
    assert read("one.npz").tolist() == [3]
    assert "`y`" in str(refused("two.npz", name="w").help)
    assert refused("two.npz:w").code == "G211"


def test_damaged_npz(folder):
    (folder / "a.npz").write_bytes(b"PK\x03\x04 no archive")
    assert refused("a.npz").code == "G211"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("1,2", [[1, 2]]),
        ("a,b\r\n1,2\r\n", [[1, 2]]),
        ('"a","b"\n"1", 2e0\n\n', [[1, 2]]),
        ("\ufeff-1.5\n.5\n", [[-1.5], [0.5]]),
        ("x1,x2\n1,2\n\n3,+4\n", [[1, 2], [3, 4]]),
        ("1,inf\r2,-Infinity", [[1, math.inf], [2, -math.inf]]),
    ],
)
def test_csv(folder, text, expected):
    (folder / "a.csv").write_bytes(text.encode())
    assert read("a.csv").tolist() == expected


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ("1,2\n3,x\n", "G212", "x"),
        ("1,2\n3,\n", "G212", ""),
        ("1;2\n", "G212", ""),
        ("1,2\n1_0,2\n", "G212", "1_0"),
        ("1,2\n3\n", "G202", "3"),
        ("1,1e400\n", "G206", "1e400"),
        ("a,b\n", "G212", ""),
        ("", "G212", ""),
    ],
)
def test_csv_that_is_no_table(folder, text, code, marked):
    (folder / "a.csv").write_text(text)
    found = refused("a.csv")
    assert found.code == code
    if found.span:
        assert found.source[slice(*found.span)] == marked


CELLS = st.sampled_from(
    ["1", "-2.5", "+3", "1.", ".5", "1e3", "inf", '"7"', " 8 ", "x", "", "1e999"]
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=3).map(",".join), max_size=8))
def test_a_table_is_read_at_once_as_line_by_line(lines):
    data = "\n".join(lines).encode()

    def outcome():
        try:
            return files._csv(data, "a.csv", MANY).tolist()
        except Diagnostic as wrong:
            return wrong.code, wrong.message, wrong.labels

    at_once = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "PIECE", 4)
        assert outcome() == at_once
        patch.setattr(files, "_table", lambda _: None)
        assert outcome() == at_once


def test_cells_are_counted_before_they_are_read(folder, monkeypatch):
    monkeypatch.setattr(files, "_table", None)  # not to be called
    (folder / "a.csv").write_text("a,b\n" + "1,2\n" * 20)
    assert refused("a.csv", most=30).code == "G601"


def test_empty_lines_hold_no_cells(folder):
    (folder / "a.csv").write_text("1\n" + "\n" * 20 + "2\n")
    assert read("a.csv", most=2).tolist() == [[1], [2]]


def test_files_that_cannot_be_read(folder):
    (folder / "folder.json").mkdir()
    assert refused("missing.json").code == "G002"
    assert refused("folder.json").code == "G002"
    assert refused("a.txt").code == "G002"


def test_too_many_entries(folder):
    (folder / "a.json").write_text("[1,2,3]")
    assert refused("a.json", most=2).code == "G601"


# --- writing -----------------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(folder):
    path = folder / "a.json"
    path.write_text("old")

    def fail(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(Diagnostic, match="no space left") as caught:
        files.write(str(path), fail)
    assert caught.value.code == "G005"
    assert path.read_text() == "old"
    assert os.listdir(folder) == ["a.json"]


def test_a_link_stays_a_link_and_permissions_stay(folder):
    target = folder / "real.json"
    target.write_text("old")
    target.chmod(0o640)
    (folder / "link.json").symlink_to(target)
    files.write_json("link.json", {"a": 1})
    assert (folder / "link.json").is_symlink()
    assert target.read_text() == '{"a":1}\n'
    assert target.stat().st_mode & 0o777 == 0o640


def test_npz_has_any_key():
    files.write_npz("a.npz", {"file": np.ones(2), "grads.x": np.zeros((2, 0))})
    with np.load("a.npz", allow_pickle=False) as found:
        assert found["file"].tolist() == [1, 1]
        assert found["grads.x"].shape == (2, 0)


@pytest.mark.parametrize("path", ["a.txt", "a", "a.csv"])
def test_the_ending_says_the_format(path):
    with pytest.raises(Diagnostic) as caught:
        files.check_writable(path)
    assert caught.value.code == "G005"
