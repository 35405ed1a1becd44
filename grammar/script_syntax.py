"""The syntax tree of a script: statements, and the expressions that only scripts have."""

from __future__ import annotations

from dataclasses import dataclass

from . import syntax
from .errors import Span


@dataclass(frozen=True, slots=True, eq=False)
class Formatted:
    """``f"x = {x:.2f}"``: texts, and `Field`s between them."""

    parts: tuple[str | Field, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """``{value!r:spec}``; `conversion` is "r", "s", "a" or ""."""

    value: Expression
    conversion: str
    spec: tuple[str | Field, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Logical:
    """``a and b``, ``a or b``: the first part that settles it."""

    op: str
    parts: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Negated:
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Conditional:
    """``body if condition else other``"""

    condition: Expression
    body: Expression
    other: Expression
    span: Span


Expression = syntax.Expression | Formatted | Logical | Negated | Conditional


# --- statements --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Do:
    """An expression on its own."""

    value: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """``a = b, c = value``"""

    targets: tuple[Expression, ...]
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """``target += value``"""

    target: Expression
    op: str
    op_span: Span
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """``torch.autograd as A``, or ``Variable as V`` after ``from ... import``."""

    path: tuple[str, ...]
    alias: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """``import torch as t``; with `source`, ``from torch.autograd import Variable``."""

    source: Module | None
    names: tuple[Module, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Simple:
    """``pass``, ``break``, ``continue``"""

    word: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """Conditions with the block each leads to; the condition of ``else`` is None."""

    branches: tuple[tuple[Expression | None, Block], ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class While:
    condition: Expression
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class For:
    targets: tuple[str, ...]
    values: Expression
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class With:
    contexts: tuple[Expression, ...]
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """``except kind as name:``"""

    kind: Expression | None
    name: str
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    body: Block
    handlers: tuple[Handler, ...]
    span: Span


Statement = Do | Set | Update | Import | Simple | If | While | For | With | Try
Block = tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    statements: Block
    source: str
