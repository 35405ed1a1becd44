"""From the syntax tree to the graph: names, functions, methods, assignments, derivatives."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

from ..grad import rules as rules  # fills the table
from ..grad.errors import GradError
from ..grad.node import TABLE, Node
from ..grad.ops import (
    constant,
    dimension,
    is_constant,
    lift,
    numel,
    static,
)  # fmt: skip
from ..grad.record import field, record
from ..grad.whole_numbers import note_values
from . import syntax
from .errors import Diagnostic, Label, Span, suggest
from .operators import DERIVATIVES
from .syntax import CONSTANTS, MODULES, Tree

Value = Any  # a Node, or what only an argument can be: None, bool, str, list, tuple, slice, ...

NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floor_divide", "%": "remainder",
    "**": "pow", "@": "matmul",
    "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip
# submodules whose functions go by the same names here
SUBMODULES = {"autograd", "linalg", "nn", "functional", "special", "Tensor"}
DEEPEST = 2  # of them in one name: torch.nn.functional.relu
# what `.indices` of a pair (values, indices) is, as PyTorch returns it
INDICES = {
    "max": "argmax", "min": "argmin", "sort": "argsort", "topk": "argtopk",
    "median": "argmedian", "kthvalue": "argkthvalue", "cummax": "argcummax", "cummin": "argcummin",
}  # fmt: skip

# what was meant where a tensor stands in the place of an axis
MEANT = {
    "max": "the larger of two, entry by entry: `maximum({0}, {1})`",
    "min": "the smaller of two, entry by entry: `minimum({0}, {1})`",
    "cat": "tensors stand together in brackets: `cat([{all}])`",
    "stack": "tensors stand together in brackets: `stack([{all}])`",
}


@record()
class Built:
    """A program as a graph: its result, where each node was written, and what it assigned."""

    root: Node
    spans: dict[Node, Span]
    assigned: dict[str, Node] = field(default_factory=dict)


def build(
    program: syntax.Program, variables: Mapping[str, Node], sizes: frozenset[str] = frozenset()
) -> Built:
    """The graph of a program, given a node for each of its free names.

    `sizes` are the named sizes that may be used as numbers. Raises Diagnostic, with the place.
    """
    builder = _Builder(program.source, dict(variables), sizes)
    try:
        return builder.program(program)
    except Diagnostic as wrong:
        builder.without_library(wrong, program)
        raise


@record()
class _Builder:
    source: str
    names: dict[str, Value]
    sizes: frozenset[str]
    spans: dict[Node, Span] = field(default_factory=dict)
    assigned: dict[str, Node] = field(default_factory=dict)
    whole: dict[Node, Any] = field(default_factory=dict)  # what whole numbers come to, or None

    def program(self, program: syntax.Program) -> Built:
        result: Value = None
        for statement in program.statements:
            if isinstance(statement, syntax.Assign):
                result = self.assign(statement)
            else:
                result = self.value(statement)
        last = program.statements[-1]
        return Built(self.tensor(result, last), self.spans, self.assigned)

    def without_library(self, wrong: Diagnostic, program: syntax.Program) -> None:
        """Add the way out where a variable was meant for a library, as in ``F.relu(x)``."""
        from .foreign import prefixed

        place = next((label.span for label in wrong.labels if label.primary), (0, 0))
        for library, call, way in prefixed(self.source, program):
            inside = call.span[0] <= place[0] and place[1] <= call.span[1]
            if inside and library not in self.assigned and way not in wrong.help:
                wrong.help.insert(0, way)

    # --- walking ---------------------------------------------------------------------------

    def value(self, tree: Tree) -> Value:
        """The value of an expression, its parts first; no recursion, however deep it is."""
        values: dict[Tree, Value] = {}
        order: list[Tree] = []  # each before its parts, and of these the last first
        waiting = [tree]
        while waiting:
            part = waiting.pop()
            order.append(part)
            waiting.extend(self.operands(part))
        for part in reversed(order):
            values[part] = found = self.part(part, values)
            if isinstance(found, Node):
                self.spans.setdefault(found, part.span)
        return values[tree]

    def operands(self, tree: Tree) -> tuple[Tree, ...]:
        """The parts of a tree that have a value of their own."""
        match tree:
            case syntax.Call(function=function, arguments=arguments):
                values = tuple(a.value for a in arguments)
                if (at := _functional_update(tree)) is not None:
                    assert isinstance(at.value, syntax.Attribute)
                    return (at.value.value, at.index, *values)
                if isinstance(function, syntax.Attribute) and _dotted(function) is None:
                    return (function.value, *values)
                return values
            case syntax.Attribute() if _dotted(tree) is not None:
                return ()
            case _:
                return syntax.children(tree)

    def part(self, tree: Tree, values: dict[Tree, Value]) -> Value:
        """The value of one tree, given those of its operands."""
        match tree:
            case syntax.Number(value=value):
                return self.number(value, tree)
            case syntax.Binary(op=op, left=left, right=right, op_span=span):
                return self.apply(
                    BINARY[op], [values[left], values[right]], {}, [left.span, right.span], span
                )
            case syntax.Constant(value=value) | syntax.Text(value=value):
                return constant(value) if isinstance(value, bool) else value
            case syntax.Name():
                return self.name(tree)
            case syntax.Sequence(items=items, is_tuple=is_tuple):
                return (tuple if is_tuple else list)(values[i] for i in items)
            case syntax.Slice(lower=a, upper=b, step=c):
                return slice(*(None if s is None else values[s] for s in (a, b, c)))
            case syntax.Unary(op=op, operand=operand):
                return self.unary(op, values[operand], tree)
            case syntax.Compare():
                return self.compare(tree, values)
            case syntax.Subscript(value=value, index=index):
                return self.subscript(values[value], values[index], tree)
            case syntax.Attribute():
                return self.attribute(tree, values)
            case syntax.Call():
                return self.call(tree, values)
        raise AssertionError(f"no value for {type(tree).__name__}")

    # --- leaves ----------------------------------------------------------------------------

    def number(self, value: float, tree: syntax.Number) -> Node:
        if isinstance(value, int) and abs(value) >= 2**63:
            try:
                value = float(value)
            except OverflowError:
                value = math.inf
        if math.isinf(value):
            raise self.wrong(
                "G206", "this number is too large for a float", tree.span,
                help=["the largest float is about 1.8e308; infinity is written `inf`"],
            )  # fmt: skip
        return constant(value)

    def name(self, tree: syntax.Name) -> Value:
        name = tree.id
        if name in self.names:
            return self.names[name]
        if name in CONSTANTS:
            return constant(NUMBERS[name])
        if name in self.sizes:
            return dimension(name)
        if name in TABLE or name in DERIVATIVES:
            raise self.wrong(
                "G113", f"`{name}` is a function here, not a value", tree.span,
                help=[f"call it: `{name}(x)`"],
            )  # fmt: skip
        close = suggest(name, [*self.names, *CONSTANTS])
        hint = [f"did you mean `{close}`?"] if close else []
        raise self.wrong(
            "G201", f"`{name}` is not bound to a value", tree.span,
            help=[*hint, f"give it one: `{name}=2` or `{name}='[1, 2]'` or `{name}=@file.json`"],
        )  # fmt: skip

    # --- operations ------------------------------------------------------------------------

    def unary(self, op: str, value: Value, tree: syntax.Unary) -> Value:
        node = self.tensor(value, tree.operand)
        if op == "+":
            return node
        if is_constant(node) and node.kind != "bool":
            return constant(-node.attr("value"))  # -2 is a number
        return self.apply("neg", [node], {}, [tree.operand.span], tree.span)

    def compare(self, tree: syntax.Compare, values: dict[Tree, Value]) -> Value:
        """``a < b < c`` is both comparisons at once, as in Python."""
        found: Node | None = None
        left = tree.first
        for (op, span), right in zip(tree.ops, tree.rest, strict=True):
            spans = [left.span, right.span]
            step = self.apply(BINARY[op], [values[left], values[right]], {}, spans, span)
            both = [found, step]
            found = step if found is None else self.apply("logical_and", both, {}, spans, span)
            left = right
        return found

    def subscript(self, value: Value, index: Value, tree: syntax.Subscript) -> Value:
        if isinstance(value, (tuple, list)) and _is_static_index(index):
            try:
                position = static(index)
                return value[slice(*static([position.start, position.stop, position.step]))
                             if isinstance(position, slice) else position]  # fmt: skip
            except (IndexError, TypeError):
                raise self.wrong(
                    "G305", f"this has {len(value)} entries", tree.index.span
                ) from None
        node = self.tensor(value, tree.value)
        return self.apply(
            "getitem", [node, index], {}, [tree.value.span, tree.index.span], tree.index.span
        )

    def attribute(self, tree: syntax.Attribute, values: dict[Tree, Value]) -> Value:
        dotted = _dotted(tree)
        if dotted is not None:
            if dotted in CONSTANTS:
                return constant(NUMBERS[dotted])
            if dotted == "newaxis":
                return None
            ways = _foreign(tree.name)
            raise self.wrong(
                "G114", f"`{self.source[slice(*tree.span)]}` is not known here", tree.name_span,
                help=ways or ["`np.` and `torch.` stand before functions and pi, e, inf, nan"],
            )  # fmt: skip
        value = values[tree.value]
        if isinstance(value, (tuple, list)) and not tree.name.startswith(("T", "m", "s", "n")):
            pair = {"sign": 0, "logabsdet": 1, "values": 0, "indices": 1}
            if tree.name in pair and pair[tree.name] < len(value):
                return value[pair[tree.name]]
        node = self.tensor(value, tree.value)
        match tree.name:
            case "T" | "mT" | "H" | "mH":
                name = "transpose" if tree.name in "TH" else "mT"
                return self.apply(name, [node], {}, [tree.value.span], tree.name_span)
            case "shape":
                return tuple(dimension(s) for s in node.shape)
            case "ndim":
                return constant(node.ndim)
            case "size":
                return numel(node)
            case "values" | "data":
                return node if tree.name == "values" else TABLE["detach"](node)
            case "real":
                return node
            case "indices" if node.op.name in INDICES:
                attrs = dict(node.attrs)
                return TABLE[INDICES[node.op.name]](node.args[0], **attrs)
        known = ["T", "mT", "shape", "ndim", "values", "indices"]
        if tree.name in TABLE:
            hint = [f"call it: `.{tree.name}()`"]
        elif not (hint := _foreign(tree.name)):
            close = suggest(tree.name, [*known, *_methods()])
            hint = [f"did you mean `.{close}{'' if close in known else '()'}`?"] if close else []
        raise self.wrong(
            "G114", f"there is no attribute `.{tree.name}`", tree.name_span,
            help=[*hint, "attributes: " + ", ".join(f"`.{n}`" for n in known)],
        )  # fmt: skip

    def call(self, tree: syntax.Call, values: dict[Tree, Value]) -> Value:
        at = _functional_update(tree)
        if at is not None:
            return self.functional_update(tree, at, values)
        function = tree.function
        positional = [a for a in tree.arguments if a.name is None]
        keywords = {a.name: values[a.value] for a in tree.arguments if a.name is not None}
        args = [values[a.value] for a in positional]
        spans = [a.span for a in positional]
        if isinstance(function, syntax.Name):
            name, where = function.id, function.span
        else:
            dotted = _dotted(function)
            name, where = dotted or function.name, function.name_span
            inner = function.value
            if dotted and isinstance(inner, syntax.Attribute) and f"{inner.name}_{name}" in TABLE:
                name = f"{inner.name}_{name}"  # linalg.norm is not norm
            if dotted is None:
                args.insert(0, self.receiver(values[function.value], function))
                spans.insert(0, function.value.span)
        keyword_spans = {a.name: a.name_span or a.span for a in tree.arguments if a.name}
        if name in self.names and isinstance(function, syntax.Name):
            raise self.wrong(
                "G110", f"`{name}` is a variable, not a function", where,
                help=[f"to multiply write `{name}*(...)`"],
            )  # fmt: skip
        for i, value in enumerate(args):
            self.no_slice(value, spans[i])
        if name in DERIVATIVES:
            return self.guarded(DERIVATIVES[name], args, keywords, spans, keyword_spans, where)
        if name not in TABLE or not TABLE[name].signature.parameters:
            method = isinstance(function, syntax.Attribute) and _dotted(function) is None
            raise self.unknown_function(name, where, method)
        return self.apply(name, args, keywords, spans, where, keyword_spans)

    def functional_update(
        self, tree: syntax.Call, at: syntax.Subscript, values: dict[Tree, Value]
    ) -> Value:
        """``x.at[i].set(v)`` and ``.add(v)``: assignment as an expression, as JAX writes it."""
        assert isinstance(at.value, syntax.Attribute)
        assert isinstance(tree.function, syntax.Attribute)
        name = "setitem" if tree.function.name == "set" else "additem"
        if len(tree.arguments) != 1:
            raise self.wrong("G112", f"`.{tree.function.name}` takes one value", tree.span)
        x = self.tensor(values[at.value.value], at.value.value)
        value = tree.arguments[0].value
        args = [
            x,
            self.fitting(x, values[at.index], values[value], at.index.span),
            values[at.index],
        ]
        return self.apply(name, args, {}, [at.value.value.span, value.span, at.index.span], at.span)

    def fitting(self, x: Node, index: Value, value: Value, span: Span) -> Node:
        """A value broadcast to the part of `x` that an assignment replaces, as Python does."""
        part = self.apply("getitem", [x, index], {}, [span, span], span)
        node = lift(value)
        return node if node.shape == part.shape else self.apply(
            "broadcast_to", [node, part.shape], {}, [span, span], span
        )  # fmt: skip

    def assign(self, tree: syntax.Assign) -> Value:
        value = self.value(tree.value)
        target = tree.target
        if isinstance(target, syntax.Name):
            if tree.op != "=":
                before = self.name(target)
                value = self.apply(
                    BINARY[tree.op[:-1]],
                    [before, value],
                    {},
                    [target.span, tree.value.span],
                    tree.op_span,
                )
            self.names[target.id] = value
            if isinstance(value, Node):
                self.assigned[target.id] = value
            return value
        if not isinstance(target.value, syntax.Name):
            raise self.wrong(
                "G115", "only an indexed name can be assigned to, as in `n[0] = 2`", target.span
            )
        whole = self.tensor(self.name(target.value), target.value)
        index = self.value(target.index)
        spans = [target.span, tree.value.span]
        if tree.op != "=":
            before = self.apply("getitem", [whole, index], {}, spans, target.span)
            value = self.apply(BINARY[tree.op[:-1]], [before, value], {}, spans, tree.op_span)
        fitted = self.fitting(whole, index, value, target.span)
        updated = self.apply(
            "setitem", [whole, fitted, index], {}, [*spans, target.index.span], target.span
        )
        self.names[target.value.id] = self.assigned[target.value.id] = updated
        return updated

    # --- applying and complaining ----------------------------------------------------------

    def tensor(self, value: Value, tree: Tree) -> Node:
        try:
            return lift(value)
        except GradError as error:
            raise self.wrong(error.code, error.message, _span(tree), help=error.help) from None

    def receiver(self, value: Value, tree: syntax.Attribute) -> Value:
        return value if isinstance(value, Node) else self.tensor(value, tree.value)

    def no_slice(self, value: Value, span: Span) -> None:
        if isinstance(value, slice):
            raise self.wrong("G102", "a slice stands in square brackets only", span)

    def apply(
        self,
        name: str,
        args: list[Value],
        keywords: dict[str, Value],
        spans: list[Span],
        where: Span,
        keyword_spans: Mapping[str, Span] | None = None,
    ) -> Value:
        """A row of the table applied; a mistake is told with the places of the arguments."""
        try:
            return self.guarded(TABLE[name], args, keywords, spans, keyword_spans or {}, where)
        except Diagnostic as wrong:
            if wrong.code == "G113" and TABLE[name].name in MEANT and len(args) > 1:
                operands = [_argument(self.source, span) for span in spans]
                way = MEANT[TABLE[name].name]
                wrong.help.append(way.format(*operands, all=", ".join(operands)))
            raise

    def guarded(
        self,
        function: Callable[..., Any],
        args: list[Value],
        keywords: dict[str, Value],
        spans: list[Span],
        keyword_spans: Mapping[str, Span],
        where: Span,
    ) -> Value:
        try:
            found = function(*args, **keywords)
            if isinstance(found, Node):
                self.spans.setdefault(found, where)
                if found.kind == "int":
                    self.count(found)
        except GradError as error:
            raise self.located(error, spans, keyword_spans, where) from None
        return found

    def count(self, node: Node) -> None:
        """See to it that what is computed from whole numbers alone stays exact. Raises G117."""
        note_values(node, self.whole)

    def located(
        self, error: GradError, spans: list[Span], keyword_spans: Mapping[str, Span], where: Span
    ) -> Diagnostic:
        place = where
        if isinstance(error.at, int) and error.at < len(spans):
            place = spans[error.at]
        elif isinstance(error.at, str):
            place = keyword_spans.get(error.at, where)
        labels = [Label(place, error.label, primary=True)]
        for i, text in error.labels.items():
            if i < len(spans) and spans[i] != place:
                labels.append(Label(spans[i], text))
        help = [_filled(line, self.source, spans) for line in error.help]
        return Diagnostic(error.code, error.message, self.source, labels, help)

    def wrong(
        self, code: str, message: str, span: Span, *, help: list[str] | None = None
    ) -> Diagnostic:
        return Diagnostic(code, message, self.source, [Label(span, primary=True)], help or [])

    def unknown_function(self, name: str, span: Span, method: bool) -> Diagnostic:
        if not (hint := _foreign(name)):
            public = [n for n, row in TABLE.items() if not row.hidden]
            close = suggest(name, _methods() if method else [*public, *DERIVATIVES])
            hint = [f"did you mean `{close}`?"] if close else []
        what = "method" if method else "function"
        return self.wrong(
            "G110", f"unknown {what} `{name}`", span,
            help=[*hint, "all functions: `gradcalc functions`"],
        )  # fmt: skip


def _is_static_index(index: Value) -> bool:
    return isinstance(index, (Node, slice))


def _dotted(tree: Tree) -> str | None:
    """The last name of ``torch.linalg.inv``; None where the first is not a module."""
    if not isinstance(tree, syntax.Attribute):
        return None
    inner = tree.value
    for _ in range(DEEPEST):
        if isinstance(inner, syntax.Attribute) and inner.name in SUBMODULES:
            inner = inner.value
    return tree.name if isinstance(inner, syntax.Name) and inner.id in MODULES else None


def _functional_update(tree: syntax.Call) -> syntax.Subscript | None:
    """The ``x.at[i]`` of ``x.at[i].set(v)``."""
    function = tree.function
    if isinstance(function, syntax.Attribute) and function.name in ("set", "add"):
        at = function.value
        if isinstance(at, syntax.Subscript) and isinstance(at.value, syntax.Attribute):
            return at if at.value.name == "at" else None
    return None


def _span(tree: Tree) -> Span:
    return tree.span


def _foreign(name: str) -> list[str]:
    """What to write instead of a name that other libraries have."""
    from .foreign import EXPRESSION

    return [EXPRESSION[name]] if name in EXPRESSION else []


def _methods() -> list[str]:
    """The functions that can be called as a method of a tensor."""
    rows = {name: row.signature.parameters for name, row in TABLE.items() if not row.hidden}
    return [name for name, parameters in rows.items() if parameters and parameters[0].is_tensor]


def _filled(line: str, source: str, spans: list[Span]) -> str:
    """A way out with the operands in the place of ``{0}``, ``{1}``."""

    def operand(found: re.Match[str]) -> str:
        before, number, argument = found.groups()
        if int(number) >= len(spans):
            return found[0]
        quoted = _argument if before and argument else _operand
        return before + quoted(source, spans[int(number)])

    return re.sub(r"((?:[(,] ?)?)\{(\d)\}(?=([,)])?)", operand, line)


def _argument(source: str, span: Span) -> str:
    """An argument as it is quoted in a message, without parentheses around all of it."""
    text = source[span[0] : span[1]]
    depths = list(accumulate((c == "(") - (c == ")") for c in text))
    is_tuple = (",", 1) in zip(text, depths, strict=True)
    whole = text.startswith("(") and 0 not in depths[:-1] and not is_tuple
    return text[1:-1].strip() if whole else text


def _operand(source: str, span: Span) -> str:
    """An operand as it is quoted in a message, in parentheses if it is not one word."""
    text = _argument(source, span)
    return text if text.replace(".", "").replace("_", "").isalnum() else f"({text})"
