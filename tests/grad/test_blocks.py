"""Blocks: the same numbers as without, and the same bits on any number of threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import LARGE, Run
from gradcalc.grad.evaluate import evaluate as evaluate_whole
from gradcalc.grad.execution.block_program import Program
from gradcalc.grad.execution.blocks import Blocks, Size, evaluate
from gradcalc.grad.execution.passes import Pass
from gradcalc.grad.execution.plan import plan
from gradcalc.grad.ops import F, variable
from gradcalc.grad.reverse import gradient
from tests.grad.cases import ROWS, cases

TINY = [Size(large=2, block=1, threads=1), Size(large=2, block=4, threads=2)]
SMALL = Size(large=2, block=8)
N = 103  # with blocks of 8 there is one of 7


def assert_close(got, want, label=""):
    """Equal but for the last bits that adding up in another order changes."""
    rounding = 64 * max(np.finfo(b.dtype).eps for b in want if b.dtype.kind == "f")
    largest = max(np.max(np.abs(b), where=np.isfinite(b), initial=1) for b in want)
    for a, b in zip(got, want, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), label
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rounding, rounding * largest, err_msg=label)
        else:
            np.testing.assert_array_equal(a, b, label)


def with_gradients(value, *inputs):
    return [value, *gradient(value if not value.shape else F.sum(F.sin(value)), inputs)]


def passes(roots):
    stages = Blocks(roots, SMALL).stages
    return [stage.what for stage in stages if isinstance(stage.what, Pass)]


@pytest.mark.parametrize("size", TINY, ids=["rows", "blocks"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row(row, size):
    for case in cases(row):
        roots = [case.node]
        if case.node.kind == "float" and row.differentiable:
            roots += gradient(F.sum(F.sin(case.node)), case.floats)
        if any(isinstance(s, str) for root in roots for s in root.shape):
            continue
        want = evaluate_whole(roots, case.values).results
        want.append(np.zeros(()))
        assert_close([*evaluate(roots, case.values, size=size), want[-1]], want, case.label)


# --- whole expressions -------------------------------------------------------------------------

x, y = variable("x", (N, 3)), variable("y", (N, 3))
w, column, s = variable("w", (3,)), variable("column", (N, 1)), variable("s")
flat, other = variable("flat", (N,)), variable("other", (N,))
INPUTS = [x, y, w, column, s, flat, other]

EXPRESSIONS = {
    "mean of squares": F.mean(flat * flat),
    "wavelet": F.sum(F.exp(-flat * flat) * F.sin(flat)),
    "two passes": F.norm(flat),
    "several passes": F.logsumexp(flat) + F.std(flat),
    "softmax of everything": F.sum(F.softmax(flat, 0) * other),
    "softmax of rows": F.sum(F.log_softmax(x, -1) * y),
    "variance down columns": F.sum(F.var(x, 0) * w),
    "rows and columns": F.mean(F.softplus(x * w + column) * s),
    "least squares": F.mean((x @ w - flat) ** 2),
    "dot": F.sin(flat @ other),
    "transposed product": F.sum((x.T @ flat) * w),
    "outer": F.sum(F.outer(flat, w) * x),
    "extremes": F.max(x) - F.min(x, 0)[1] + F.sum(F.max(x, -1)),
    "product": F.prod(1 + flat / N),
    "choice": F.sum(F.where(x > 0, F.sqrt(x), y * w)),
    "clamp": F.sum(F.clamp(x, -1, 1) ** 3),
    "shifted": F.sum((flat[1:] - flat[:-1]) ** 2),
    "reshaped": F.sum(F.sin(F.reshape(x, (N, 3, 1))) * F.reshape(flat, (N, 1, 1))),
    "kept axes": F.sum(x / F.sum(x * x, 0, True) + F.mean(x, (0, 1), True)),
    "counts": F.sum(F.gt(flat, other)) + F.count_nonzero(flat) + F.all(flat > other),
    "constant": F.sum(F.ones((N, 3)) * s),
    "not a scalar": F.tanh(x) * column,
    "two sizes": F.sum(flat * flat) * F.sum(F.exp(variable("z", (50,)))),
}


def values(dtype=np.float64):
    draw = np.random.default_rng(0).standard_normal
    arrays = {v.attr("name"): draw([int(n) for n in v.shape]).astype(dtype) for v in INPUTS}
    return arrays | {"z": draw(50).astype(dtype)}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("block", [1, 8, 1000])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name, block, dtype):
    value = EXPRESSIONS[name]
    roots = with_gradients(value, *INPUTS) if value.kind == "float" else [value]
    want = evaluate_whole(roots, values(), dtype).results
    got = evaluate(roots, values(), dtype, size=Size(large=2, block=block, threads=2))
    assert_close([*got, np.zeros((), dtype)], [*want, np.zeros((), dtype)])


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_threads_change_no_bit(name):
    value = EXPRESSIONS[name]
    roots = with_gradients(value, *INPUTS) if value.kind == "float" else [value]
    one, *more = (
        evaluate(roots, values(), size=Size(large=2, block=8, threads=n)) for n in (1, 2, 5)
    )
    for found in more:
        assert [a.tobytes() for a in found] == [a.tobytes() for a in one]


UNARY = [F.sin, F.exp, F.sigmoid, F.neg, F.abs, F.relu, lambda a: F.softmax(a, -1)]
UNARY += [lambda a: F.sum(a, -1, True), lambda a: F.mean(a, 0, True), lambda a: a / F.norm(a)]
BINARY = [F.add, F.mul, F.maximum, F.atan2, lambda a, b: F.where(a > b, a, b * b)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_expressions(data):
    made = [x, y, w, column, s]
    for _ in range(data.draw(st.integers(1, 8))):
        operands = st.sampled_from(made[-4:])
        if data.draw(st.booleans()):
            made.append(
                data.draw(st.sampled_from(BINARY))(data.draw(operands), data.draw(operands))
            )
        else:
            a = data.draw(operands)
            made.append(data.draw(st.sampled_from(UNARY))(a if a.ndim else a * x))
    roots = with_gradients(F.sum(made[-1]), *INPUTS)
    block = data.draw(st.sampled_from([1, 7, 64]))
    got = evaluate(roots, values(), size=Size(large=4, block=block, threads=2))
    assert_close(got, evaluate_whole(roots, values()).results)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (1,), (1, 1), (1, 5), (2, 1, 3)])
def test_shapes_at_the_edge(shape):
    a = variable("a", shape)
    roots = with_gradients(F.sum(F.exp(a) * a + F.sum(a, -1, True) if shape else F.exp(a)), a)
    arrays = {"a": np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)}
    got = evaluate(roots, arrays, size=Size(large=1, block=2))
    assert_close(got, evaluate_whole(roots, arrays).results)


def test_not_finite_stays_where_it_is():
    arrays = values()
    arrays["flat"][[3, 50, 90]] = np.nan, np.inf, -np.inf
    for name in ("mean of squares", "several passes", "softmax of everything", "product"):
        roots = with_gradients(EXPRESSIONS[name], flat, other)
        got = evaluate(roots, arrays, size=SMALL)
        assert_close(got, evaluate_whole(roots, arrays).results, name)


def test_a_mean_does_not_overflow():
    huge = {"flat": np.full(N, 1.5e308)}
    for block in (8, 1000):
        (found,) = evaluate([F.mean(flat)], huge, size=Size(large=2, block=block))
        assert found == pytest.approx(1.5e308)


@pytest.mark.parametrize("dtype", ["float32", ">f8", "int16", "bool"])
def test_inputs_are_converted_block_by_block(dtype):
    given = {"flat": np.arange(N).astype(dtype)}
    roots = with_gradients(F.sum(flat * flat / N), flat)
    got = evaluate(roots, given, size=SMALL)
    assert_close(got, evaluate_whole(roots, given).results)


# --- how it is arranged ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "count"),
    [("mean of squares", 1), ("wavelet", 1), ("softmax of rows", 1), ("least squares", 1),
     ("rows and columns", 1), ("two passes", 2), ("softmax of everything", 4)],
)  # fmt: skip
def test_passes_store_nothing_but_results(name, count):
    roots = with_gradients(EXPRESSIONS[name], *INPUTS)
    assert len(passes(roots)) == count
    assert Blocks(roots, SMALL).store_nothing


def test_what_is_large_and_not_by_rows_is_stored():
    roots = [F.sum(F.flip(F.exp(flat), 0) * flat)]
    assert not Blocks(roots, SMALL).store_nothing


def test_a_constant_gradient_is_written_once():
    (only,) = passes(gradient(F.sum(flat), [flat]))
    assert [step.node.op.name for step in only.steps] == ["broadcast_to"]


def test_buffers_are_used_again():
    value = flat
    for _ in range(20):
        value = F.sin(F.cos(value))
    (only,) = passes([F.sum(value)])
    program = Program(only, Run(np.dtype(float), values()), {})
    assert len(program.buffers(8)) == 1


@pytest.mark.parametrize("depth", [5, 10, 20])
def test_work_is_linear_in_the_number_of_passes(depth):
    value = flat
    for _ in range(depth):
        value = F.sin(value / F.norm(value) * 3)
    found = passes([F.sum(value)])
    assert len(found) == depth + 1
    assert sum(len(each.steps) for each in found) <= 12 * depth


# --- errors and interruptions ------------------------------------------------------------------


def test_errors_are_those_of_evaluation():
    for arrays, most, code in [
        ({}, 1000, "G201"),
        ({"flat": np.ones(4)}, 1000, "G302"),
        ({"flat": np.ones(N)}, 10, "G601"),
    ]:
        with pytest.raises(GradError, match=code):
            evaluate([F.sum(flat)], arrays, max_elements=most, size=TINY[0])


def test_a_failure_in_a_thread_is_told():
    matrices = variable("matrices", (N, 2, 2))
    many = np.stack([np.eye(2)] * N)
    many[70] = 0
    with pytest.raises(GradError, match="G502"):
        evaluate([F.sum(F.inv(matrices))], {"matrices": many}, size=Size(2, 4, 2))


def test_progress_is_told_until_it_is_done():
    told = []
    roots = with_gradients(F.norm(flat), flat)
    evaluate(roots, values(), size=Size(large=2, block=1, threads=1), progress=told.append)
    assert told == sorted(told)
    assert len(told) == 2 * N
    assert told[-1] == 1


def test_an_interruption_ends_all_threads(monkeypatch):
    done = []
    whole = Program.block
    monkeypatch.setattr(Program, "block", lambda *args: (done.append(0), whole(*args))[1])

    def interrupt(share):
        raise KeyboardInterrupt

    long = variable("long", (2000,))
    with pytest.raises(KeyboardInterrupt):
        evaluate([F.sum(long)], {"long": np.ones(2000)}, size=Size(2, 1, 2), progress=interrupt)
    assert len(done) < 1000


# --- plans -------------------------------------------------------------------------------------


def test_a_plan_of_large_tensors_runs_in_blocks():
    long = variable("long", (LARGE,))
    roots = [F.mean(long * long), *gradient(F.mean(long * long), [long]), long]
    compiled = plan(roots)
    assert "in blocks" in compiled.source
    arrays = {"long": np.linspace(-1, 1, LARGE)}
    got = compiled(arrays)
    assert_close(got, evaluate_whole(roots, arrays).results)
    assert not np.may_share_memory(got[2], arrays["long"])
    assert "in blocks" not in plan([F.sum(F.flip(F.exp(long), 0) * long)]).source
