"""Every row of the table: against numerical derivatives, against itself transposed, at kinks."""

from __future__ import annotations

from functools import cache
from itertools import chain, combinations, product
from typing import Any

import numpy as np
import pytest

from gradcalc.grad import batch as batching
from gradcalc.grad.batch import batch
from gradcalc.grad.differences import central_differences, complex_step
from gradcalc.grad.errors import GradError
from gradcalc.grad.evaluate import evaluate
from gradcalc.grad.forward import jvp
from gradcalc.grad.node import TABLE, Node, walk
from gradcalc.grad.ops import F, Op, broadcast, constant, substitute, variable
from gradcalc.grad.reverse import gradient
from gradcalc.grad.signature import REQUIRED
from gradcalc.grad.simplify.guards import textbook

from . import cases as making
from .cases import GRID, ROWS, Case, case, rng, shaped
from .compare import assert_same
from .references import REFERENCES

cases = cache(making.cases)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def smooth(row: Op) -> list[Case]:
    """The calls of a row that have a gradient."""
    return [
        c
        for c in cases(row)
        if row.differentiable and c.node.kind == "float" and set(c.floats) & set(walk([c.node]))
    ]


def works(row: Op) -> bool:
    """Whether the calls of a row can be made at all; if not, its tests say why."""
    try:
        return bool(cases(row))
    except (AssertionError, AttributeError, GradError, TypeError, ValueError):
        return False


def is_entrywise(row: Op) -> bool:
    """Whether a row takes tensors of any shape and computes entry by entry, as far as it shows."""
    parameters = row.signature.parameters
    return (
        not row.spelling
        and works(row)
        and smooth(row) != []
        and cases(row)[0].label == ""
        and all(isinstance(s, tuple) for s in row.sample)
        and all(p.type == "tensor" or p.default is not REQUIRED for p in parameters)
        and not any(p.type.startswith("ax") for p in parameters)
        and cases(row)[0].node.shape == making.DEFAULT_SHAPE
    )


differentiable = pytest.mark.parametrize(
    "row", [row for row in ROWS if not works(row) or smooth(row)], ids=lambda row: row.name
)


def any_shape(row: Op) -> bool:
    """Whether a row can be called on tensors of any shape alone."""
    static = [p for p in row.signature.parameters if not p.is_tensor]
    shapes = all(sample == "bool" or not isinstance(sample, str) for sample in row.sample)
    return shapes and all(p.default is not REQUIRED for p in static)


def values(nodes: list[Node], one: Case, dtype: Any = np.float64, **more: Any) -> list[Any]:
    return evaluate(nodes, {**one.values, **more}, dtype).results


def seeded(one: Case) -> tuple[Node, Any]:
    """A gradient for the result of a call, as a variable and its value."""
    shape = one.node.shape
    return variable("seed", shape), rng("seed", shape).uniform(0.5, 1.5, shape)  # type: ignore[arg-type]


def directions(one: Case) -> dict[str, Any]:
    """A tangent for each variable."""
    return {
        f"d{x.attr('name')}": rng("direction", i).uniform(-1, 1, x.shape)  # type: ignore[arg-type]
        for i, x in enumerate(one.floats)
    }


def tangents(one: Case) -> list[Node]:
    return [variable(f"d{x.attr('name')}", x.shape) for x in one.floats]


def inner(a: Any, b: Any) -> Any:
    return np.sum(np.asarray(a) * np.asarray(b))


# --- the row itself ----------------------------------------------------------------------------


@every_row
def test_a_row_is_complete(row: Op) -> None:
    assert row.doc.endswith("."), "a doc line is a sentence"
    assert row.signature.name == row.name
    tensors = [p for p in row.signature.parameters if p.is_tensor]
    assert len(row.sample) <= max(1, len(tensors)) or tensors[0].type == "tensors"
    ways = [row.partials is not None, row.vjp is not None, row.formula is not None]
    assert sum(ways) == 1 if row.differentiable else not ways[1], "one derivative, or none"
    assert callable(row.batch) or row.batch in batching.WAYS
    assert cases(row), "no call to test it with: give it an example"
    assert all(TABLE[name] is row for name in (row.name, *row.aliases))


@every_row
def test_forward(row: Op) -> None:
    """The value agrees with an independent reference; shape and kind are as inferred."""
    for one in cases(row):
        copies = [np.array(a) for a in one.arrays.values()]
        (found,) = values([one.node], one)
        kind = {"b": "bool", "i": "int", "f": "float"}[found.dtype.kind]
        assert (found.shape, kind) == (one.node.shape, one.node.kind), one.label
        for before, after in zip(copies, one.arrays.values(), strict=True):
            assert_same(after, before, 0, what="an input, which must not change")
        if row.name in REFERENCES:
            expected = one.call(REFERENCES[row.name], one.arrays)
            if isinstance(expected, (list, tuple)):  # several tensors: see `case`
                expected = expected[-1]
            assert_same(found, expected, 1e-13, 1e-15, f"{row.name}({one.label})")


# --- first order -------------------------------------------------------------------------------


def numerical(root: Node, x: Node, at: dict[str, Any], v: Any) -> tuple[Any, Any, float]:
    """The derivative of sum(root*v) by x from values of root alone, where it may be relied on, and
    how accurate it is. Where the complex step agrees with differences it is taken: it is exact."""
    estimate = central_differences(root, x, at).against(v)
    try:
        exact = np.tensordot(v, complex_step(root, x, at), np.ndim(v))
    except (TypeError, ValueError, GradError, np.exceptions.ComplexWarning):
        return estimate.value, estimate.reliable, 1e-8
    size = np.abs(estimate.value).max(initial=1e-3)
    agree = np.abs(exact - estimate.value) <= 1e-6 * size
    if np.all(agree | ~estimate.reliable) and np.isfinite(exact).all():
        return exact, estimate.reliable, 1e-11
    return estimate.value, estimate.reliable, 1e-8


def on_a_line(root: Node, one: Case, moves: dict[str, Any]) -> tuple[Node, Node, dict[str, Any]]:
    """`root` as a function of one number, that moves all variables along their directions; this
    number; and the values of both."""
    t = variable("t")
    path = {
        x: constant(one.values[x.attr("name")]) + t * constant(u)
        for x, u in zip(one.floats, moves.values(), strict=True)
    }
    (along,) = substitute([root], path)
    return along, t, {**one.values, "t": np.array(0.0)}


@differentiable
def test_gradient(row: Op) -> None:
    """Reverse mode agrees with a numerical derivative: by each entry, and for variants of the call
    along one direction."""
    purpose = [float(kink.choice) for kink in row.kinks if kink.at == "everywhere"]
    for k, one in enumerate(smooth(row)):
        seed, v = seeded(one)
        grads = values(gradient(one.node, one.floats, seed), one, seed=v)
        what = f"{row.name}({one.label})"
        if purpose:
            for g in grads:
                assert_same(g, np.full(g.shape, purpose[0]), 0, what=what)
        elif k:
            moves = directions(one)
            expected, reliable, rtol = numerical(*on_a_line(one.node, one, moves), v)
            assert reliable, f"{what}: a kink in the sample"
            sizes = [inner(abs(g), abs(u)) for g, u in zip(grads, moves.values(), strict=True)]
            found = sum(inner(g, u) for g, u in zip(grads, moves.values(), strict=True))
            assert_same(found, expected, rtol, max(rtol * sum(sizes), 1e-10), what)
        else:
            for x, g in zip(one.floats, grads, strict=True):
                expected, reliable, rtol = numerical(one.node, x, one.values, v)
                assert g.shape == x.shape
                assert reliable.mean() > 0.5, f"{what}: kinks in the sample of {x}"
                scale = np.abs(expected[reliable]).max(initial=0.0)
                by = f"{what} by {x.attr('name')}"
                assert_same(g[reliable], expected[reliable], rtol, max(rtol * scale, 1e-10), by)


@differentiable
def test_adjoint(row: Op) -> None:
    """Forward and reverse mode are each other's transpose: <v, J u> is <J' v, u>."""
    for one in smooth(row):
        assert_adjoint(one)


def assert_adjoint(one: Case) -> None:
    seed, v = seeded(one)
    moves = directions(one)
    pushed = jvp(one.node, one.floats, tangents(one))
    assert pushed.shape == one.node.shape
    pulled = gradient(one.node, one.floats, seed)
    found, *grads = values([pushed, *pulled], one, seed=v, **moves)
    pairs = list(zip(grads, moves.values(), strict=True))
    right = sum(inner(g, u) for g, u in pairs)
    size = sum(inner(np.abs(g), np.abs(u)) for g, u in pairs) + inner(np.abs(found), v)
    assert abs(inner(v, found) - right) <= 1e-12 * size, f"{one.row.name}({one.label})"


# --- second order ------------------------------------------------------------------------------


@differentiable
def test_second_order(row: Op) -> None:
    """The gradient of the gradient agrees with differences of the gradient, in both modes."""
    for one in smooth(row):
        seed, v = seeded(one)
        slope = projected(gradient(one.node, one.floats, seed))
        moves = directions(one)
        both = [jvp(slope, one.floats, tangents(one)), *gradient(slope, one.floats)]
        found, *grads = values(both, one, seed=v, **moves)
        reverse = sum(inner(g, u) for g, u in zip(grads, moves.values(), strict=True))
        what = f"{row.name}({one.label})"
        size = 1e-2 + sum(inner(abs(g), abs(u)) for g, u in zip(grads, moves.values(), strict=True))
        assert_same(found, reverse, 1e-12, 1e-12 * size, what + " forward over reverse")
        along, t, at = on_a_line(slope, one, moves)
        expected = central_differences(along, t, {**at, "seed": v})
        assert expected.reliable, f"{what}: a kink in the sample"
        allowed = 1e-9 * (1 + size) + float(expected.error)
        assert_same(reverse, expected.value, 1e-8, allowed, what + " second order")


def projected(grads: list[Node]) -> Node:
    """One number that depends on every entry of every gradient."""
    total = constant(0.0)
    for i, g in enumerate(grads):
        total = total + F.sum(g * constant(rng("projection", i).uniform(0.5, 1.5, g.shape)))  # type: ignore[arg-type]
    return total


# --- shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.broadcasts and any_shape(row) and works(row) and smooth(row)],
    ids=lambda row: row.name,
)
def test_shapes(row: Op) -> None:
    """Arguments of every combination of shapes get gradients of exactly their shapes."""
    count = len([p for p in row.signature.parameters if p.is_tensor])
    combinations_ = [s for s in product(GRID, repeat=count) if broadcast(*s) is not None]
    if len(combinations_) > 60:
        keep = rng("shapes").permutation(len(combinations_))[:60]
        combinations_ = [combinations_[i] for i in keep]
    for shapes in combinations_:
        one = shaped(row, shapes)
        seed, v = seeded(one)
        grads = gradient(one.node, one.floats, seed)
        assert [g.shape for g in grads] == [x.shape for x in one.floats], one.label
        found = values(grads, one, seed=v)
        assert [g.shape for g in found] == [x.shape for x in one.floats], one.label
        assert_adjoint(one)


# --- variables used twice, nothing coming in -----------------------------------------------------


@differentiable
def test_reuse(row: Op) -> None:
    """A result used twice gets both contributions, and so does an argument given twice."""
    for one in smooth(row)[:2]:
        seed, v = seeded(one)
        square = gradient(one.node * one.node, one.floats, seed)
        once = gradient(one.node, one.floats, 2 * one.node * seed)
        for a, b in zip(values(square, one, seed=v), values(once, one, seed=v), strict=True):
            assert_same(a, b, 1e-12, 1e-15, f"{row.name}({one.label}) used twice")
        alike = [x for x in one.floats if x.shape == one.floats[0].shape]
        if len(alike) > 1 and isinstance(row.sample[0], tuple):
            first = alike[-1]
            (merged,) = substitute([one.node], dict.fromkeys(alike, first))
            same = {x.attr("name"): one.values[first.attr("name")] for x in alike}
            (found,) = values(gradient(merged, [first], seed), one, seed=v, **same)
            each = values(gradient(one.node, alike, seed), one, seed=v, **same)
            assert_same(found, sum(each), 1e-12, 1e-15, f"{row.name}({one.label}) on x, x")


@differentiable
def test_nothing_comes_of_nothing(row: Op) -> None:
    """A gradient of zero stays zero on its way back."""
    for one in smooth(row):
        seed, v = seeded(one)
        grads = values(gradient(one.node, one.floats, seed), one, seed=0 * v)
        for x, g in zip(one.floats, grads, strict=True):
            assert_same(g, np.zeros(x.shape), 0, what=f"{row.name}({one.label})")  # type: ignore[arg-type]


# --- where, float32, batches, kinks --------------------------------------------------------------

HARD = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e-300, 1e300, -1e300, np.inf, -np.inf, np.nan]
# multiply_no_nan is what keeps this promise, for a `y` that comes out of a selection
entrywise = [row for row in ROWS if is_entrywise(row) and row.name != "multiply_no_nan"]


@pytest.mark.parametrize("row", entrywise, ids=lambda row: row.name)
def test_where_never_leaks(row: Op) -> None:
    """The branch not taken has no influence, whatever it is there, at both orders."""
    names = [p.name for p in row.signature.parameters if p.type == "tensor"]
    hard = list(product(HARD if len(names) < 3 else HARD[-6:], repeat=len(names)))
    samples = [row.sample[min(i, len(row.sample) - 1)] for i in range(len(names))]
    good = [making.draw(s, (3,), rng(row.name, i)) for i, s in enumerate(samples)]
    columns = {
        name: np.concatenate([g, [h[i] for h in hard]])
        for i, (name, g) in enumerate(zip(names, good, strict=True))
    }
    taken = np.arange(3 + len(hard)) < 3
    one = case(
        row, "", {**columns, "taken": taken},
        lambda f, v: F.where(v["taken"], f(**{n: v[n] for n in names}), 0.0),
    )  # fmt: skip
    bare = case(row, "", dict(zip(names, good, strict=True)), lambda f, v: f(**v))
    for order in (1, 2):
        found, expected = (_derivatives(c, order) for c in (one, bare))
        for name, g, e in zip(names, found, expected, strict=True):
            what = f"{row.name} by {name} at order {order}"
            assert_same(g[:3], e, 1e-11, 1e-14, what)
            assert_same(g[3:], np.zeros(len(hard)), 0, what=what + ", not taken")


@pytest.mark.parametrize("c", [np.inf, -np.inf, np.nan, 0.0])
@pytest.mark.parametrize("name", ["mul", "div", "pow"])
def test_where_never_leaks_from_a_constant(name: str, c: float) -> None:
    """Also where the rule's partial derivative is a number: inf is one, and 0*inf is nan."""
    one = case(
        TABLE[name], "", {"x": np.array([2.0])},
        lambda f, v: F.where(v["x"] > 1, v["x"], f(v["x"], c)),
    )  # fmt: skip
    assert _derivatives(one, 1)[0] == 1
    assert _derivatives(one, 2)[0] == 0


# a matrix without inverse is an error, taken or not, and where singular values meet or vanish
# there are no slopes of what is made of them
SPECTRAL = {"svdvals", "svd_u", "svd_vh", "matrix_norm"}
whole = [
    row
    for row in ROWS
    if row.name not in SPECTRAL
    and not any(sample in making.MATRICES for sample in row.sample)
    and not is_entrywise(row)
    and works(row)
    and smooth(row)
]


@pytest.mark.parametrize("row", whole, ids=lambda row: row.name)
def test_a_whole_result_not_taken_is_silent(row: Op) -> None:
    """Where all entries are alike, norms, deviations, ties and 0/0 lie in wait. (What is not finite
    itself still shows in products of whole tensors: 0 of `where` times inf of an argument.)"""
    taken = variable("taken", (), "bool")
    for one in smooth(row)[:2]:
        root = F.sum(F.where(taken, one.node, 0.0))
        slope = gradient(root, one.floats)
        twice = gradient(sum((F.sum(g * 1.5) for g in slope), constant(0.0)), one.floats)
        for entry in (0.0, 1.0, -1.0):
            flat = {x.attr("name"): np.full(x.shape, entry) for x in one.floats}  # type: ignore[arg-type]
            for g in values([*slope, *twice], one, taken=np.array(False), **flat):
                assert_same(g, np.zeros(g.shape), 0, what=f"{row.name}({one.label}) at {entry}")


def _derivatives(one: Case, order: int) -> list[Any]:
    weights = constant(1.0 + np.arange(one.node.shape[0]) / 7 % 1)  # type: ignore[operator]
    grads = gradient(one.node, one.floats, weights)
    for _ in range(order - 1):
        grads = gradient(sum((F.sum(g * weights) for g in grads), constant(0.0)), one.floats)
    return values(grads, one)


@differentiable
def test_float32_stays_float32(row: Op) -> None:
    one = smooth(row)[0]
    seed, v = seeded(one)
    nodes = [one.node, *gradient(one.node, one.floats, seed)]
    found, exact = values(nodes, one, np.float32, seed=v), values(nodes, one, seed=v)
    for narrow, wide in zip(found, exact, strict=True):
        assert narrow.dtype == np.float32
        assert_same(narrow, wide, 1e-4, 1e-5, row.name)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.textbook is not None], ids=lambda row: row.name
)
def test_the_textbook_formula_is_the_same_away_from_guards(row: Op) -> None:
    """Value and gradients, at the samples: no norm is tiny there, no class ignored."""
    for one in cases(row):
        shown, where = textbook(one.node)
        ignored = any(
            np.any(a == dict(one.node.attrs).get("ignore_index")) for a in one.arrays.values()
        )
        assert where in ((), (row.textbook.where,))
        if not ignored:
            pairs = ([n, *gradient(F.sum(n), one.floats)] for n in (shown, one.node))
            for found, expected in zip(*(values(nodes, one) for nodes in pairs), strict=True):
                assert_same(found, expected, 1e-12, 1e-12, one.label)


@differentiable
def test_whole_numbers_are_numbers(row: Op) -> None:
    """Written as integers, tensors have the values that they have written as floats."""
    for one in cases(row):
        whole = {name: np.round(array) + 0.0 for name, array in one.arrays.items()}
        integers = {name: array.astype(np.int64) for name, array in whole.items()}
        if one.node.kind == "float" and all(a.dtype.kind == "f" for a in one.arrays.values()):
            try:
                expected = literal(one, whole)
            except GradError as error:
                with pytest.raises(GradError, match=error.code):
                    literal(one, integers)
            else:
                assert_same(literal(one, integers), expected, 1e-12, 1e-300, one.label)


def literal(one: Case, arrays: dict[str, Any]) -> Any:
    """The value of a call whose tensors are written out."""
    node = one.call(one.row, {name: constant(array) for name, array in arrays.items()})
    return evaluate([node[0] if isinstance(node, (list, tuple)) else node]).results[0]


@every_row
def test_batch_is_a_loop(row: Op) -> None:
    """A row and its gradient over stacks of arguments, whichever are stacked, equal the loop."""
    for k, one in enumerate([*cases(row), *of_different_ranks(row)]):
        if not one.variables:
            continue
        roots = [one.node]
        extra: dict[str, Any] = {}
        if one in smooth(row):
            seed, v = seeded(one)
            roots += gradient(one.node, one.floats, seed)
            extra["seed"] = v
        sizes = range(1, len(one.variables) + 1)
        subsets = list(chain.from_iterable(combinations(one.variables, n) for n in sizes))
        for subset in subsets[:7] if not k else subsets[-1:]:
            for lead in ((2,), (2, 1)) if subset is subsets[0] else ((2,),):
                assert_batch(roots, one, subset, lead, extra)


def of_different_ranks(row: Op) -> list[Case]:
    """Calls of a broadcasting row where a stack could be mistaken for a matrix."""
    count = len([p for p in row.signature.parameters if p.is_tensor])
    if not (row.broadcasts and any_shape(row) and count > 1):
        return []
    low, high = (3,), (2, 3)
    return [shaped(row, [low, *[high] * (count - 1)]), shaped(row, [high, *[low] * (count - 1)])]


def assert_batch(
    roots: list[Node], one: Case, subset: tuple[Node, ...], lead: tuple[int, ...], extra: Any
) -> None:
    # a stack of two: the values of the case, and others of the same domain, made by reordering
    stacks = {
        x: np.stack([one.values[x.attr("name")], _other(one.values[x.attr("name")])]).reshape(
            (*lead, *x.shape)  # type: ignore[arg-type]
        )
        for x in subset
    }
    replaced = {x: variable(f"{x.attr('name')}_stack", s.shape, x.kind) for x, s in stacks.items()}
    together = batch(roots, replaced, lead)
    named = {f"{x.attr('name')}_stack": s for x, s in stacks.items()}
    found = values(together, one, **extra, **named)
    for k in range(2):
        each = {
            x.attr("name"): s.reshape((2, *x.shape))[k]  # type: ignore[arg-type]
            for x, s in stacks.items()
        }
        expected = values(roots, one, **extra, **each)
        for root, batched, alone in zip(roots, found, expected, strict=True):
            part = batched.reshape((2, *alone.shape))[k]
            stacked = ", ".join(x.attr("name") for x in subset)
            what = f"{one.row.name}({one.label}), stacks of {stacked}: {root.op.name}"
            assert_same(part, alone, 1e-12, 1e-14, what)


def _other(value: Any) -> Any:
    """Values of the same kind: a matrix turned around keeps what its sample promises."""
    value = np.asarray(value)
    if value.ndim == 2 and value.shape[0] == value.shape[1]:
        return value.copy() if np.array_equal(value, np.tril(value)) else value[::-1, ::-1].copy()
    return value[::-1].copy() if value.ndim else value.copy()


UNROLLED: set[str] = set()  # rows that are repeated once per entry of a batch


def test_few_rows_are_batched_by_repetition() -> None:
    assert {row.name for row in ROWS if row.batch == "unroll"} == UNROLLED


def pinned() -> list[Any]:
    """Kinks of one number that are stated as numbers: where, and the slope taken."""
    found = []
    for row in ROWS:
        for kink in row.kinks:
            for at in kink.at.split(", "):
                try:
                    point, slope = float(at), float(kink.choice)
                except ValueError:
                    continue
                if len(row.sample) == 1 and row.partials is not None:
                    found.append(pytest.param(row, point, slope, id=f"{row.name} at {at}"))
    return found


@pytest.mark.parametrize(("row", "point", "slope"), pinned())
def test_kinks_are_as_stated(row: Op, point: float, slope: float) -> None:
    x = variable("x")
    (g,) = evaluate(gradient(row(x), [x]), {"x": np.array(point)}).results
    assert_same(g, slope, 0, what=f"{row.name}' at {point}")
