"""Rules: einsum in full, whose derivative is einsum again.

An equation is kept in one normal form: explicit output, no blanks, and a letter for each axis that
`...` stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from ..errors import GradError
from ..node import Node, Shape, Size
from ..ops import F, Inferred, normal_axis, shape_text, static
from ..rows import promoted, spelling, structural

Factor = tuple[str, Node]  # the letters of a tensor's axes, and the tensor

# --- the equation ------------------------------------------------------------------------------


def _error(message: str, operands: Sequence[Node], **also: Any) -> GradError:
    labels = {i: shape_text(x.shape) for i, x in enumerate(operands)}
    return GradError("G311", message, **{"at": "equation", "labels": labels, **also})


def _letters(term: str, operands: Sequence[Node]) -> tuple[str, bool]:
    """The letters of a term, with a dot where `...` stood, and whether it did."""
    plain = term.replace("...", ".", 1)
    for c in plain:
        if c not in ascii_letters and (c != "." or plain.count(".") > 1):
            raise _error(f"`{c}` is not a letter for an axis in `{term}`", operands)
    return plain, "." in plain


def _fresh(used: str) -> str:
    return next(c for c in ascii_letters if c not in used)


def normal_equation(equation: str, operands: Sequence[Node]) -> tuple[list[str], str]:
    """The terms of an equation and its output, letters only. Raises GradError G311."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        groups = f"{len(terms)} group{'s' * (len(terms) != 1)} of letters"
        given = f"{len(operands)} tensor{'s' * (len(operands) != 1)}"
        raise _error(f"the equation has {groups}, the call {given}", operands)
    plain = []
    ellipses: list[int] = []  # how many axes `...` stands for, in each operand that has it
    for i, (term, x) in enumerate(zip(terms, operands, strict=True)):
        letters, dots = _letters(term, operands)
        count = len(letters) - dots
        if count > x.ndim or (count < x.ndim and not dots):
            raise _error(
                f"`{term}` names {count} ax{'i' if count == 1 else 'e'}s, its tensor has {x.ndim}",
                operands,
                labels={i: shape_text(x.shape)},
            )
        plain.append(letters)
        if dots:
            ellipses.append(x.ndim - count)
    used = "".join(plain) + right
    lead = ""
    for _ in range(max(ellipses, default=0)):
        lead += _fresh(used + lead)
    full = [
        t.replace(".", lead[len(lead) - (x.ndim - len(t) + 1) :])
        for t, x in zip(plain, operands, strict=True)
    ]
    if not arrow:
        once = sorted(c for c in set(used) if c != "." and used.count(c) == 1)
        return full, lead + "".join(once)
    output, _ = _letters(right, operands)
    for c in output:
        if output.count(c) > 1:
            raise _error(f"the letter `{c}` stands twice in the result", operands)
        if c not in used.removesuffix(right) and not (c == "." and ellipses):
            what = "`...`" if c == "." else f"the letter `{c}`"
            raise _error(f"{what} of the result is in no operand", operands)
    return full, output.replace(".", lead)


def _sizes(terms: Sequence[str], operands: Sequence[Node]) -> dict[str, Size]:
    """The size each letter stands for; an axis of size 1 is repeated where others are longer."""
    found: dict[str, Size] = {}
    for i, (term, x) in enumerate(zip(terms, operands, strict=True)):
        own: dict[str, Size] = {}
        for c, size in zip(term, x.shape, strict=True):
            before = own.setdefault(c, size)
            if before == size:
                before = found.setdefault(c, size)
                if before == 1:
                    found[c] = before = size
            if size not in (1, before) or (own[c] != size):
                others = [j for j, t in enumerate(terms[: i + 1]) if c in t]
                raise _error(
                    f"the letter `{c}` stands for {before} and for {size}",
                    operands,
                    labels={j: shape_text(operands[j].shape) for j in others},
                    at=None,
                )
    return found


def _infer(*operands: Node, equation: str) -> Inferred:
    terms, output = normal_equation(equation, operands)
    sizes = _sizes(terms, operands)
    shape = tuple(sizes[c] for c in output)
    return shape, promoted(operands), {"equation": f"{','.join(terms)}->{output}"}


# --- the row -----------------------------------------------------------------------------------


def _forward(*arrays: Any, equation: str) -> Any:
    numbers = [a.astype(np.int64) if a.dtype.kind == "b" else a for a in map(np.asarray, arrays)]
    # to look for a good order costs as much as some thousand products
    large = len(numbers) > 1 and sum(a.size for a in numbers) > 1000
    return np.einsum(equation, *numbers, optimize=large)


def _batched(lead: Shape, args: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
    left, _, right = attrs["equation"].partition("->")
    return {"equation": f"{','.join('...' + t for t in left.split(','))}->...{right}"}


@structural(
    "einsum(equation: str, *operands: tensors)", _forward, _infer,
    doc="Products of entries, summed over every letter the result does not have.",
    linear=tuple(range(len(ascii_letters))),  # in each operand, however many there are
    batch=_batched, example="einsum('ij,jk->ik', x, y)", spellings={"subscripts": "equation"},
    sample=("3x3",), calls=(
        ("'ij,kj->ik'", "x", "y"), ("'ij->j'", "x"), ("'ii->'", "x"), ("'ii->i'", "x"),
        ("'...j,...j'", "x", "y"), ("'ij,ij,ij->i'", "x", "y", "z"), ("'ij->ji'", "x"),
    ),
)  # fmt: skip
def einsum(g: Node, out: Node, *operands: Node, equation: str) -> list[Node]:
    left, _, output = equation.partition("->")
    terms = left.split(",")
    sizes = _sizes(terms, operands)
    factors = list(zip(terms, operands, strict=True))
    found = []
    for k, (term, x) in enumerate(factors):
        others = [(output, g), *factors[:k], *factors[k + 1 :]]
        found.append(_gradient(others, term, x.shape, sizes))
    return found


def _gradient(factors: list[Factor], term: str, shape: Shape, sizes: dict[str, Size]) -> Node:
    """The gradient of one operand: all other factors contracted to its letters.

    A letter it has twice lives on a diagonal, which the identity matrix selects. A letter no
    other factor has was summed alone: the gradient is the same all along it.
    """
    elsewhere = "".join(letters for letters, _ in factors)
    used = elsewhere + "".join(sizes)
    target = ""
    missing = []
    for axis, (c, size) in enumerate(zip(term, shape, strict=True), -len(shape)):
        repeated = size == 1 != sizes[c]
        if repeated or (c not in elsewhere and term.count(c) == 1):
            missing.append(axis)
        elif c in target:
            twin = _fresh(used)
            used += twin
            factors.append((c + twin, F.eye(size)))
            target += twin
        else:
            target += c
    found = contract(factors, target)
    if missing:
        found = F.unsqueeze(found, tuple(missing))
    return found if found.shape == shape else F.broadcast_to(found, shape)


def contract(factors: Sequence[Factor], target: str) -> Node:
    """The sum of products of the factors over all letters but those of `target`, written plainly
    where it is a product by a number or only a change of order."""
    scalars = [x for letters, x in factors if not letters]
    tensors = [(letters, x) for letters, x in factors if letters]
    found: Node | None = None
    if len(tensors) == 1 and sorted(tensors[0][0]) == sorted(target):
        letters, found = tensors[0]
        if letters != target:
            found = F.permute(found, tuple(letters.index(c) for c in target))
    elif tensors:
        equation = f"{','.join(letters for letters, _ in tensors)}->{target}"
        found = F.einsum(equation, [x for _, x in tensors])
    for scalar in scalars:
        found = scalar if found is None else scalar * found
    assert found is not None
    return found


# --- other ways to write one -------------------------------------------------------------------


def _paired(x: Node, y: Node, dims: Any) -> tuple[list[int], list[int]]:
    """The axes of `x` and of `y` that tensordot pairs, from the front."""
    if isinstance(dims, int):
        if not 0 <= dims <= min(x.ndim, y.ndim):
            raise GradError(
                "G117", f"there are no {dims} axes to sum over in each", at="dims",
                labels={0: shape_text(x.shape), 1: shape_text(y.shape)},
            )  # fmt: skip
        return list(range(x.ndim - dims, x.ndim)), list(range(dims))
    if not isinstance(dims, (tuple, list, np.ndarray)) or len(dims) != 2:
        raise GradError("G117", "`dims` is a number of axes or a pair of lists of axes", at="dims")
    ours, theirs = (np.atleast_1d(np.asarray(d, int)).tolist() for d in dims)
    if len(ours) != len(theirs):
        raise GradError("G117", "`dims` pairs axes: both lists are of one length", at="dims")
    if ours and not (x.ndim and y.ndim):
        raise GradError(
            "G309", "a scalar has no axes to sum over", at="dims",
            labels={0: shape_text(x.shape), 1: shape_text(y.shape)},
        )  # fmt: skip
    return (
        [normal_axis(d, x.ndim, "dims") + x.ndim for d in ours],
        [normal_axis(d, y.ndim, "dims") + y.ndim for d in theirs],
    )


def _tensordot(x: Node, y: Node, dims: Any) -> Node:
    """`x` gets the first letters, `y` the next, except that paired axes share one."""
    ours, theirs = _paired(x, y, static(dims))
    a = ascii_letters[: x.ndim]
    b = list(ascii_letters[x.ndim : x.ndim + y.ndim])
    for i, j in zip(ours, theirs, strict=True):
        if x.shape[i] != y.shape[j]:
            raise GradError(
                "G301",
                f"`tensordot` pairs axes of one size: axis {i} has {x.shape[i]}, axis {j} has "
                f"{y.shape[j]}",
                labels={0: shape_text(x.shape), 1: shape_text(y.shape)},
            )
        b[j] = a[i]
    kept = [c for i, c in enumerate(a) if i not in ours]
    kept += [c for j, c in enumerate(b) if j not in theirs]
    return F.einsum(f"{a},{''.join(b)}->{''.join(kept)}", x, y)


tensordot = spelling(
    "tensordot(x, y, dims: any = 2)", _tensordot,
    doc="Sum of products over the last axes of `x` and the first of `y`, or over paired axes.",
    example="tensordot(x, y)", sample=("3x3", "3x3"),
    calls=(("x", "y", "1"), ("x", "y", "((0, 1), (1, 0))")),
)  # fmt: skip


def _inner(x: Node, y: Node) -> Node:
    if not x.ndim or not y.ndim:
        return x * y
    if x.shape[-1] != y.shape[-1]:
        raise GradError(
            "G301", "`inner` needs last axes of one size",
            label=f"{x.shape[-1]} is not {y.shape[-1]}",
            labels={0: shape_text(x.shape), 1: shape_text(y.shape)},
        )  # fmt: skip
    if y.ndim <= 2:
        return x @ y.T
    return _tensordot(x, y, ((-1,), (-1,)))


def _dot(x: Node, y: Node) -> Node:
    if not x.ndim or not y.ndim:
        return x * y
    if x.ndim <= 2 and y.ndim <= 2:
        return x @ y
    return _tensordot(x, y, ((-1,), (-2 if y.ndim > 1 else -1,)))


inner = spelling(
    "inner(x, y)", _inner, doc="Sum of products over the last axis of both.", sample=("3", "3"),
    calls=(("x", "y"),),
)  # fmt: skip
dot = spelling(
    "dot(x, y)", _dot, doc="`x @ y` of vectors and matrices; a product with a number.",
    sample=("3", "3"), spellings={"tensor": "y"},
)  # fmt: skip
vdot = spelling(
    "vdot(x, y)", lambda x, y: F.flatten(x) @ F.flatten(y) if x.ndim != 1 or y.ndim != 1 else x @ y,
    doc="Sum of products of all entries.", sample=("3", "3"),
)  # fmt: skip
