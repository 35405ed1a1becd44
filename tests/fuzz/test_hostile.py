"""Any bytes, as each kind of input: an answer or a coded error, and what was found that way.

`python -m tests.fuzz KIND` looks for longer, also guided by coverage.
"""

import pytest
from hypothesis import HealthCheck, given, settings

from gradcalc.grad.tensors import creation as torch
from gradcalc.grad.tensors.errors import TensorRuntimeError

from .generated import WAYS, inputs
from .kinds import KINDS
from .oracle import folder


@pytest.fixture(scope="module", autouse=True)
def room(tmp_path_factory):
    """A folder for the files that commands read."""
    with folder(tmp_path_factory.mktemp("hostile")):
        yield


@pytest.mark.parametrize("name", KINDS)
def test_anything_is_answered(name):
    kind = KINDS[name]

    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(way=WAYS, data=inputs(kind))
    def answered(way, data):
        kind.run(way, data)

    answered()


FOUND = [  # by fuzzing: what once was a traceback, a hang, or took all memory
    ("toml", 0, b'[checks.a]\nexpr = "x"\ninputs.x = 99999999999999999999999\n'),
    ("toml", 0, b'[checks.a]\nexpr = "x"\ninputs.x = ' + b"9" * 5000),
    ("toml", 0, b'[checks.a]\nexpr = "x"\ninputs.x = 0x' + b"9" * 50_000),
    ("toml", 0, b"rtol = 0x" + b"9" * 5000 + b'\n[checks.a]\nexpr = "x"\n'),
    ("toml", 0, b"[" + b"a." * 50_000 + b"a]"),
    ("toml", 0, b"a." * 50_000 + b"a = 1"),
    ("toml", 0, b"a = " + b"[" * 100_000),
    ("toml", 0, b'[checks.a]\nexpr = "x"\ninputs.x = ' + b"[" * 300 + b"]" * 300),
    ("toml", 1, b'{"checks":{"a":{"expr":"' + b'\\"' * 100_000 + b'"}}}'),
    ("expr", 0, b"zeros(-1)"),
    ("expr", 0, b"full((-1,), 3)"),
    ("expr", 0, b"broadcast_to(s, -1)"),
    ("expr", 0, b"arange(inf)"),
    ("expr", 0, b"arange(0, nan)"),
    ("expr", 0, b"swapaxes(s, 0, 0)"),
    ("expr", 0, b"sum(vander(v, 10**9))"),
    ("expr", 0, b"A" + b".T" * 5_000),
    ("expr", 0, b"A" + b".linalg" * 5_000),
    ("expr", 0, b"rot90(A, dims=0)"),
    ("expr", 0, b"rot90(A, 1, (0, -2))"),
    ("expr", 0, b"cosine_similarity(v, eye(1), dim=0)"),
    ("expr", 6, b"take_along_dim(s, 0, dim=0)"),
    ("expr", 7, b"add(one_hot(s, 1), s)"),
    ("expr", 7, b"sum(one_hot(v, 1))"),
    ("expr", 8, b"gather(s, 0, 0) + s"),
    ("expr", 7, b"softplus(s/(s > 1))"),
    ("expr", 7, b"sign(1 == minimum(s, s))"),
    ("expr", 0, b"multi_dot(A, A, s)"),
    ("expr", 0, b"cross(v > 1, v < 2)"),
    ("jsonl", 3, b'{"x":[1,"NaN",Infinity],"y":1}\n'),
]


@pytest.mark.parametrize(("name", "way", "data"), FOUND)
def test_found(name, way, data):
    KINDS[name].run(way, data)


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (torch.ones, (10**6, 10**6)),
        (torch.rand, (10**6, 10**6)),
        (torch.eye, (10**6,)),
        (torch.arange, (10**12,)),
        (torch.linspace, (0, 1, 10**12)),
        (torch.randperm, (10**12,)),
    ],
)
def test_a_program_takes_no_memory_beyond_the_limit(make, size):
    with pytest.raises(TensorRuntimeError, match=r"would make 1,000,000,000,000 entries"):
        make(*size)
