"""Kinds of input: what is read, the command that reads it, and what such input is made of."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gradcalc.grammar.reference import reference

from .calls import ROWS, grown
from .oracle import MOST, judge

TUTORIALS = Path(__file__).parent.parent / "tutorials"
LIMIT = ["--max-elements", str(MOST)]


@dataclass(frozen=True)
class Kind:
    """A kind of input: `run` hands some to gradcalc, in the way that `way`, any number, says.

    `tokens` are the words it is made of, `seeds` whole examples.
    """

    name: str
    run: Callable[[int, bytes], int]
    tokens: Sequence[bytes] = field(repr=False)
    seeds: Sequence[bytes] = field(repr=False)


# --- expressions -------------------------------------------------------------------------------

SHAPES = {"x": (2, 3), "y": (2, 3), "A": (3, 3), "v": (3,), "s": ()}
VALUES = {
    name: (np.arange(1.0, 1 + np.prod(shape)).reshape(shape) / 4).tolist()
    for name, shape in SHAPES.items()
}
_DOCUMENT = json.dumps(VALUES).encode()
VERBS = [
    ["eval", *LIMIT],
    ["eval", "--json", "--steps", *LIMIT],
    ["eval", "--json", "--jacobian", *LIMIT],
    ["eval", "--json", "--hessian", *LIMIT],
    ["eval", "--json", "--no-grad", "--dtype", "float32", *LIMIT],
    ["check", *LIMIT],
    ["graph"],
    ["simplify"],
    ["diff", "--format", "latex"],
    ["diff", "--format", "numpy"],
]


def _expression(way: int, data: bytes) -> int:
    return _ask(way, data.decode(errors="surrogateescape"))


def _call(way: int, data: bytes) -> int:
    return _ask(way, grown(data))


def _ask(way: int, text: str) -> int:
    verb, *options = VERBS[way % len(VERBS)]
    return judge([verb, text, *options], _DOCUMENT)


_OPERATORS = rb"""
+ - * / // % ** @ == != < <= > >= = += ( ) [ ] , ; : . ... ' " # ^ ! ~ | & \ ` $ ? { } -1 0 1 2 3
.5 1e308 1e-308 1e999 9999999999999999999999 x y A v s pi e inf nan None True False .T .mT .shape
.ndim dim=0 dim=-1 dim=(0,1) keepdim=True axis=None [0] [1:,None] [...,-1] [::2] [[0,2]] [::-1]
grad(s*s,s) grad( jacobian( hessian( hvp( vjp( detach( torch. np. and or not if else lambda for in
""".split()
_STRANGE = [
    b"\xff", b"\xc3", b"\x00", b"\t", b"\r", b"\n", b" ",
    "π".encode(), "−".encode(), "🙂".encode(),
]  # fmt: skip
_CALLS = [reference(row).example.encode() for row in ROWS]
EXPRESSIONS = Kind(
    "expr",
    _expression,
    [*_OPERATORS, *_STRANGE, *_CALLS, *(row.name.encode() + b"(" for row in ROWS)],
    [
        b"mean(x*x)",
        b"r = x @ v - s; mean(r**2)",
        b"a = [1., 2.]; a[0] = s**2; a[1] += s; sum(a)",
        b"grad(grad(s**3, s), s)",
        b"einsum('ij,jk->ik', x, A).T[..., None, 0:1]",
        b"where(x > 1, log(x), -x.sum(dim=0, keepdim=True))",
        *_CALLS,
    ],
)

CALLS = Kind(
    "calls",
    _call,
    [bytes([n]) for n in range(256)],
    [bytes([9, n // 256, n % 256]) + bytes(20) for n in range(len(ROWS))],
)


# --- JSON --------------------------------------------------------------------------------------


def _json(way: int, data: bytes) -> int:
    text = data.decode(errors="surrogateescape")
    if way % 4 == 0:
        return judge(["eval", "sum(x*x)", "--json", *LIMIT], data)
    if way % 4 == 1:
        return judge(["eval", "sum(x*y)", "--json", *LIMIT], data)
    if way % 4 == 2:
        return judge(["eval", "sum(x)", f"x={text}", "--json", *LIMIT])
    return _file("x.json", data)


_JSON_TOKENS = rb"""
[ ] { } , : " 0 -0 1 -1 .5 1. 1.5 1e5 1E+400 -1e-400 123456789012345678901234567890 01 +1 0x1 NaN
Infinity -Infinity "NaN" "Infinity" null true false nan "x" "y" "x": "y": "\u0000" "\ud800" "\/" \u
[1,2] [[1],[2]] {} [] [[]] {"x": {"x":1,"y":2} // /* */ '
""".split()
_JSON_STRANGE = [
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\x00", b"\x1f", b" ", b"\n", b"[" * 70, b"]" * 70,
]  # fmt: skip
_JSON_SEEDS = [
    b"[[1,2],[3,4]]",
    b'{"x":[1,2.5,-3e2],"y":[4,5,6]}',
    b'{"x":[1,"NaN",Infinity],"y":1}',
    b"3",
    b"[[1,2],[3]]",
    b'{"x":1,"x":2,"z":{"a":[null,true]}}',
    b"\xef\xbb\xbf[1]",
]
JSON = Kind("json", _json, [*_JSON_TOKENS, *_JSON_STRANGE], _JSON_SEEDS)


# --- JSON Lines --------------------------------------------------------------------------------


def _jsonl(way: int, data: bytes) -> int:
    text, *options = [
        ["sum(x*x)"],
        ["sum(x*y)"],
        ["sum(x*y)", "--keep", "id"],
        ["-"],
        ["x*x", "--jacobian"],
        ["solve(x, ones(2))", "--no-grad"],
    ][way % 6]
    return judge(["eval", text, "--jsonl", *options, *LIMIT], data, records=True)


JSONL = Kind(
    "jsonl",
    _jsonl,
    [*_JSON_TOKENS, *_JSON_STRANGE, b"\n", b"\r\n", b'{"x":1,"y":2}\n', b'"expr":"x*x"', b'"id":'],
    [
        b"".join(seed + b"\n" for seed in _JSON_SEEDS),
        b"1\n2\n3",
        b"\n\n[1]\n",
        b'{"id":1,"x":[1,2],"y":[3,4]}\n{"id":"a","x":1,"y":2}\n{"id":{"k":NaN},"x":tru\n',
        b'{"expr":"x*x","x":3}\n{"expr":"exp(","x":3}\n{"expr":"x+y","x":1,"y":[1,2]}\n{"x":3}\n',
        b"[[1,2],[3,4]]\n[[1,2],[2,4]]\n[[0,0],[0,0]]\n",
    ],
)


# --- suites ------------------------------------------------------------------------------------


def _suite(way: int, data: bytes) -> int:
    if way % 8 == 7:
        return _settings(data)
    name = ("suite.toml", "suite.json")[way % 2]
    with open(name, "wb") as file:
        file.write(data)
    form = ("text", "json", "junit", "github", "gitlab", "sarif", "tap")[way // 2 % 7]
    return judge(["check", "-f", name, "--report", form, *LIMIT])


def _settings(data: bytes) -> int:
    """The file with a user's defaults."""
    file = Path("gradcalc.toml")
    file.write_bytes(data)
    try:
        return judge(["eval", "x*x", "x=3"])
    finally:
        file.unlink()


_TOML_TOKENS = rb"""
checks [checks] [checks.a] [checks.b.inputs] [[checks]] checks.a= . = , [ ] { } " \""" # expr=
inputs.x= value= grads.x= grads= wrt= gradient= rtol= atol= seed= "x*x" "sum(x" "@a.json" "ones(3)"
"@suite.toml" "/etc/passwd" 1 -1 1.5 nan -inf 1e400 9999999999999999999999 0x7f 0o7 1_000 true
1979-05-27 1979-05-27T07:32:00Z 07:32:00 [1,2] [[1],[2,3]] [] {} {x=1} ''' "\ud800" "\u0000"
{"checks": {"a": {"expr": "inputs":{"x":1}} json quiet precision color dtype max-elements [eval]
""".split()
SUITES = Kind(
    "toml",
    _suite,
    [*_TOML_TOKENS, b"\n", b" ", b"\xff", b"\x00", b"\x7f", b"\r", b"\xef\xbb\xbf", b"[" * 70],
    [
        b'[checks.a]\nexpr = "x*x"\ninputs.x = 3\nvalue = 9\ngrads.x = 6\n',
        b'rtol = 1e-3\n[checks.a]\nexpr = "sum(x*w)"\ninputs = { x = [1, 2], w = "ones(2)" }\n'
        b"grads.w = [nan, 2]\natol = { w = 1 }\nwrt = ['w']\nseed = 1\n",
        b'[checks]\na.expr = "x"\na.inputs.x = "@no.json"\n"b c" = { expr = "1/0" }\n',
        b'{"rtol":1,"checks":{"a":{"expr":"x*x","inputs":{"x":[1,2]},"gradient":[1,1]}}}',
        b'{"checks":{"a":{"expr":"x","value":{"b":null}}}}',
    ],
)


# --- programs ----------------------------------------------------------------------------------


def _program(way: int, data: bytes) -> int:
    options = [[], ["--explain"], ["--printing", "0.3"]][way % 3]
    return judge(["run", "-", "--max-steps", "300", *options], data, prints=True)


_STATEMENTS = rb"""
import torch|from torch.autograd import Variable|torch.ones(|torch.tensor(|torch.rand(2)|Variable(
|requires_grad=True|.backward()|.grad|.grad_fn|.data|.detach()|.item()|.numpy()|.size()|.zero_()
|.add_(|.sum()|.requires_grad_()|retain_graph=True|create_graph=True|print(|range(|len(|for i in
|for i in range(3):|while |if |else:|elif |    |with torch.no_grad():|f'{x}'|'%d' % |dict(|list(
|x = |y = |x[0] = |x += |.append(|.format(|{}|'a'|torch.Tensor|torch.cat(|np.|del |pass|break
""".replace(b"\n", b"").split(b"|")
PROGRAMS = Kind(
    "program",
    _program,
    [*_STATEMENTS, *_OPERATORS, *_STRANGE, b"\n", b"\n    "],
    [file.read_bytes() for file in sorted(TUTORIALS.glob("[!_t]*.py"))],
)


# --- files of arrays ---------------------------------------------------------------------------


def _file(name: str, data: bytes) -> int:
    with open(name, "wb") as file:
        file.write(data)
    return judge(["eval", "sum(x*x)", f"x=@{name}", "--json", *LIMIT])


def _array(way: int, data: bytes) -> int:
    if way % 5 == 0:  # the whole file
        return _file("x.npy", data)
    if way % 5 == 1:  # the header alone, in a file that is right otherwise
        return _file("x.npy", _npy(data, bytes(48)))
    if way % 5 == 2:
        return _file("x.npz", data)
    if way % 5 == 3:
        return _file("x.npz", _npz({"x.npy": _npy(data, bytes(48))}))
    return _file("x.csv", data)


def _npy(header: bytes, data: bytes, version: int = 1) -> bytes:
    length = struct.pack("<H" if version == 1 else "<I", min(len(header), 2**16 - 1))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def _npz(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def _header(descr: str, shape: str, fortran: bool = False) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    return text.ljust(117).encode() + b"\n"


_HEADERS = [
    _header("'<f8'", "(2, 3)"),
    _header("'>i4'", "(12,)", fortran=True),
    _header("'|b1'", "()"),
    _header("'<c16'", "(3,)"),
    _header("'|O'", "(3,)"),
    _header("[('a', '<f8'), ('b', '<i4')]", "(4,)"),
]
ARRAYS = Kind(
    "arrays",
    _array,
    [
        *rb"""
        { } ( ) [ ] , : ' " 'descr' 'fortran_order' 'shape' True False None '<f8' '>f8' '<f2' '<f16'
        '|O' '<U8' '|S4' '|V8' '<m8[s]' '<c16' (2,3) (2,) () (-1,) (0,) (1000000000,) (2,)*9 1.5 1e9
        (4294967296,4294967296) 0x10 2**9 (1,)+(2,) -2 99999999999999999999999 1L lambda:
        __import__('os') nan 1e999 ;
        """.split(),
        b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00", b"\x93NUMPY\x03\x00", b"\x00", b"\xff", b"\n",
        b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x00\x00\x00\x00\x00\x00\xf0\x7f",
        b"1,2\n3,4\n", b"\t",
    ],
    [
        *_HEADERS,
        *(_npy(header, bytes(48)) for header in _HEADERS[:3]),
        _npy(_HEADERS[0], bytes(48), version=2),
        _npz({"x.npy": _npy(_HEADERS[0], bytes(48))}),
        _npz({"a.npy": _npy(_HEADERS[1], bytes(48)), "b.txt": b"text"}),
        b"a,b\n1,2\n3,nan\n",
        b'1, "2"\r\n-3e5,.5\r\n',
    ],
)  # fmt: skip

KINDS = {kind.name: kind for kind in (EXPRESSIONS, CALLS, JSON, JSONL, SUITES, ARRAYS, PROGRAMS)}
