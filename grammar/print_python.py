"""Graphs as Python source: a function for NumPy, PyTorch or JAX, in straight lines.

Parts that are long or used again are bound to names, so that no expression nests deeply. How each
row is spelt is a table of its own, spellings.py; a derived row without a spelling is its formula.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..grad.errors import GradError
from ..grad.node import Node, Shape
from ..grad.ops import CONSTANT, DIMENSION, VARIABLE
from .print_text import ATOM, INFIX, POSTFIX, PRODUCT, SUM, UNARY, Piece, number
from .spellings import TARGETS, Target, TargetName, precedence
from .templates import Spelling

WIDTH = 76  # a line longer than this is cut: its parts get names ...
SHORT = 12  # ... and so does what is used again, if it is longer than this
FIELD = re.compile(r"\{(\w+)(\??)\}")  # {x}: an argument; {x?}: one that may be a Python number
MIXING = ("add", "mul", "div", "where", "index_set", "index_add")  # bools and ints with floats
RESERVED = {"float", "int", "len", "range", "slice", "zip"}  # what definitions use


def print_python(
    lets: Sequence[tuple[str, Node]],
    node: Node,
    *,
    target: TargetName,
    inputs: Iterable[str] | Mapping[str, Node],
    name: str = "gradient",
) -> str:
    """The source of a function of `inputs` that returns `node`.

    `lets` are parts of it by name, inner ones first; a name may also stand as a variable in what
    follows. Named sizes are read off the shapes of the inputs: give these as a mapping from names
    to variables if some do not occur in the graph. Raises GradError G117 for what the target lacks.

    >>> import gradcalc.grad.rules  # fills the table
    >>> from gradcalc.grad.ops import variable
    >>> X, y = variable("X", (5, 3)), variable("y", (5,))
    >>> print(print_python((), X.T @ y, target="numpy", inputs=["X", "y"]))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def gradient(X, y):
        return X.T @ y
    <BLANKLINE>
    """
    order, stands = _schedule([*(part for _, part in lets), node], TARGETS[target])
    variables = {n.attr("name"): n for n in order if n.op is VARIABLE}
    for label, _ in lets:
        variables.pop(label, None)
    if isinstance(inputs, Mapping):
        variables |= inputs
    parameters = list(dict.fromkeys([*inputs, *variables]))
    source = _Source(TARGETS[target], stands, parameters, variables)
    arguments = [source.name(parameter) for parameter in parameters]
    source.labels |= {label: source.name(label, "part") for label, _ in lets}
    named = {stands.get(part, part): source.labels[label] for label, part in lets}
    uses = Counter(stands.get(a, a) for n in order for a in n.args)
    for n in order:
        if n in stands:
            continue
        source.pieces[n] = source.spell(n)
        if n in named:
            source.bind(n, named[n])
        elif uses[n] > 1 and source.lengthy(n):
            source.bind(n)
    return source.module(name, arguments, source.result(stands.get(node, node)))


def _schedule(roots: Sequence[Node], target: Target) -> tuple[list[Node], dict[Node, Node]]:
    """The nodes to write, arguments first, and what stands for each derived row that the target
    has no spelling for: its formula."""
    needs: dict[Node, tuple[Node, ...]] = {}
    order: list[Node] = []
    stands: dict[Node, Node] = {}
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
            if node.args is not needs[node]:
                (formula,) = needs[node]
                stands[node] = stands.get(formula, formula)
        elif node not in needs:
            written = node.op.formula is None or node.op.name in target.spellings
            needs[node] = node.args if written else (node.op.expand(node),)
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(needs[node]))
    return order, stands


@dataclass(slots=True)
class _Source:
    """What is written so far.

    `names` are those of variables, sizes and parts in Python, `labels` the ones of named parts;
    `numbers` are the nodes that are plain numbers there, `definitions` the functions to be put
    above, by name.
    """

    target: Target
    stands: dict[Node, Node]
    inputs: Sequence[str]
    variables: Mapping[str, Node]
    labels: dict[str, str] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    pieces: dict[Node, Piece] = field(default_factory=dict)
    numbers: set[Node] = field(default_factory=set)
    sizes: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    temporaries: int = 0

    # --- names -----------------------------------------------------------------------------

    def name(self, wanted: str, what: str = "variable") -> str:
        """A name as an identifier of Python that nothing else goes by; `what` it is the name of
        tells it from others that are spelt alike."""
        if (wanted, what) not in self.names:
            word = unicodedata.normalize("NFKC", wanted)
            if not word.isidentifier():
                word = re.sub(r"\W", "_", f"x_{word}")
            clash = {*RESERVED, *self.target.imports, *self.target.definitions}
            while keyword.iskeyword(word) or word in clash or word in self.taken:
                word += "_"
            self.taken.add(word)
            self.names[wanted, what] = word
        return self.names[wanted, what]

    def bind(self, node: Node, name: str = "") -> None:
        """A line that gives a node a name."""
        if not name:
            self.temporaries += 1
            name = self.name(f"t{self.temporaries}", "part")
        self.lines.append(f"{name} = {self.pieces[node].text}")
        self.pieces[node] = Piece(name)

    def size(self, size: Any) -> Piece:
        """A size: a number, or a polynomial in named sizes, which become lines of their own."""
        words = re.split(r"([^\W\d]\w*)", str(size))
        for i, word in enumerate(words[1::2]):
            if word not in self.sizes:
                self.sizes[word] = self.name(word, "size")
                self.lines.insert(len(self.sizes) - 1, f"{self.sizes[word]} = {self.read(word)}")
            words[2 * i + 1] = self.sizes[word]
        text = "".join(words)
        return Piece(text, SUM if " + " in text else PRODUCT if "*" in text else ATOM)

    def read(self, size: str) -> str:
        """Where a named size is found: an axis that is `size` long, or a multiple of it."""
        for name, node in self.variables.items():
            for axis, found in enumerate(node.shape):
                times = re.fullmatch(r"(?:(\d+)\*)?" + re.escape(size), str(found))
                if times:
                    place = f"{self.name(name)}.shape[{axis}]"
                    return f"{place} // {times[1]}" if times[1] else place
        raise GradError(
            "G117",
            f"the size `{size}` cannot be read off the shape of an input",
            help=[f"give it a number, or give an input an axis of the size `{size}` alone"],
        )

    def shape(self, shape: Shape) -> str:
        """A shape as a tuple."""
        inner = ", ".join(self.size(s).text for s in shape)
        return f"({inner},)" if len(shape) == 1 else f"({inner})"

    @property
    def like(self) -> str:
        """An input that is a float tensor, for its dtype and device; "" if there is none."""
        for name in self.inputs:
            if name not in self.variables or self.variables[name].kind == "float":
                return self.name(name)
        return ""

    # --- nodes -----------------------------------------------------------------------------

    def args(self, node: Node) -> list[Node]:
        return [self.stands.get(a, a) for a in node.args]

    def spell(self, node: Node) -> Piece:
        """One operation. Where that is long, its arguments are given names first."""
        piece = self.once(node)
        if len(piece.text) > WIDTH:
            for a in dict.fromkeys(self.args(node)):
                if self.lengthy(a):
                    self.bind(a)
            piece = self.once(node)
        return piece

    def lengthy(self, node: Node) -> bool:
        """Whether a part is worth a name."""
        text = self.pieces[node].text
        return len(text) > SHORT and not text.isidentifier() and node not in self.numbers

    def once(self, node: Node) -> Piece:
        op = node.op
        if op is VARIABLE:
            label = node.attr("name")
            return Piece(self.labels.get(label) or self.name(label))
        if op is DIMENSION:
            self.numbers.add(node)
            return self.size(node.attr("size"))
        if op is CONSTANT:
            return self.constant(node)
        if op.name in INFIX:
            return self.infix(node)
        if op.name == "neg":
            self.plain(node)
            return Piece("-" + self.operand(node, 0).at(UNARY), UNARY)
        spelling = self.target.spellings.get(op.name)
        if spelling is None:
            raise GradError(
                "G117",
                f"`{op.name}` cannot be written for {self.target.title}",
                help=["another target may have it: numpy, torch, jax"],
                node=node,
            )
        return self.filled(node, self.template(node, spelling))

    def constant(self, node: Node) -> Piece:
        value = node.attr("value")
        if isinstance(value, np.ndarray):
            return Piece(self.array(node, value))
        self.numbers.add(node)
        text = self.literal(value)
        return Piece(text, UNARY if text.startswith("-") else ATOM)

    def literal(self, value: Any) -> str:
        """A number: inf, nan, pi and e belong to the library."""
        text = number(value)
        word = text.lstrip("-")
        module = f"{self.target.module}." if word in ("inf", "nan", "pi", "e") else ""
        return text.replace(word, module + word)

    def array(self, node: Node, value: Any) -> str:
        if not value.size:
            return f"{self.target.module}.zeros({self.shape(value.shape)})"
        flat = [self.literal(v) for v in value.ravel().tolist()]
        for size in reversed(value.shape):
            flat = [f"[{', '.join(flat[i : i + size])}]" for i in range(0, len(flat), size)]
        return self.target.array(flat[0], node.kind, self.like)

    def plain(self, node: Node) -> bool:
        """Whether a node is a number, not a tensor: made of numbers by operators alone."""
        if all(a in self.numbers for a in self.args(node)):
            self.numbers.add(node)
            return True
        return False

    def infix(self, node: Node) -> Piece:
        sign, own, left, right = INFIX[node.op.name]
        sign = sign if sign == "**" else f" {sign.strip()} "
        x, y = self.operand(node, 0), self.operand(node, 1)
        if all(a in self.numbers for a in self.args(node)):
            if self.safe(node):
                self.numbers.add(node)
            else:
                x = Piece(self.target.scalar(x.text, "float", self.like))
        return Piece(x.at(left) + sign + y.at(right), own)

    def safe(self, node: Node) -> bool:
        """Whether Python computes an operation on numbers as the libraries do: without an error
        for 1/0, without a complex number for a root of -1."""
        x, y = (a.attr("value") if a.op is CONSTANT else None for a in self.args(node))
        sized = [a.op is DIMENSION for a in self.args(node)]
        if node.op.name in ("div", "floor_divide", "remainder"):
            return sized[1] or bool(y)
        if node.op.name == "pow":
            return sized[0] or (x is not None and x > 0) or (isinstance(y, int) and y >= 0)
        return True

    def operand(self, node: Node, i: int) -> Piece:
        """An argument, cast where libraries differ in what they make of bools and ints."""
        args = self.args(node)
        a, name = args[i], node.op.name
        piece = self.pieces[a]
        if a in self.numbers or a.kind in ("float", node.kind) or node.kind == "bool":
            return piece
        if name == "sum" or self.parameter(node, i) in ("condition", "index", "mask"):
            return piece
        floats = any(b.kind == "float" and b not in self.numbers for b in args)
        if floats and (name in MIXING or (name == "sub" and a.kind == "int")):
            return piece
        return Piece(self.target.cast(piece.at(POSTFIX), node.kind, self.like), POSTFIX)

    # --- spellings -------------------------------------------------------------------------

    def template(self, node: Node, spelling: Spelling) -> str:
        """The text of a call with fields for its arguments."""
        text = spelling if isinstance(spelling, str) else spelling(node, self)
        if "{" in text or "(" in text:
            return text
        attrs = dict(node.attrs)
        given = attrs.get("given", ())
        words = []
        place = 0
        for p in node.op.signature.parameters:
            if p.type == "tensors":
                fields = ", ".join(f"{{{i}}}" for i in range(place, len(node.args)))
                words.append(fields if p.variadic else f"[{fields}]")
                place = len(node.args)
            elif p.type == "tensor" or p.name in given:
                words.append(f"{{{place}}}")
                place += 1
            elif p.is_tensor or attrs[p.name] == p.default or self.all_axes(node, p.name):
                continue
            else:
                words.append(f"{self.target.keywords.get(p.name, p.name)}={{{p.name}}}")
        return f"{text}({', '.join(words)})"

    def all_axes(self, node: Node, name: str) -> bool:
        """Whether a static argument names all axes, which is what leaving it out means."""
        value = node.attr(name)
        (parameter,) = (p for p in node.op.signature.parameters if p.name == name)
        every = isinstance(value, tuple) and len(value) == node.args[0].ndim
        return every and parameter.type.startswith("axes") and parameter.default is None

    def filled(self, node: Node, template: str) -> Piece:
        """A template with its fields replaced; an argument that occurs twice gets a name."""
        place = self.places(node)
        found = [place[m[1]] for m in FIELD.finditer(template) if m[1] in place]
        for i, count in Counter(found).items():
            a = self.args(node)[i]
            if count > 1 and self.lengthy(a):
                self.bind(a)

        def replace(match: re.Match[str]) -> str:
            if match[1] not in place:
                return self.static(node, match[1])
            before, after = template[: match.start()].rstrip(), template[match.end() :]
            piece = self.operand(node, place[match[1]])
            a = self.args(node)[place[match[1]]]
            if a in self.numbers:
                accessed = after.startswith((".", "["))
                if accessed or (self.target.wraps and not match[2]):
                    kind = a.kind if node.kind == "bool" else node.kind
                    piece = Piece(self.target.scalar(piece.text, kind, self.like))
            opened = before.endswith(("(", ",", "[", "=")) and not before.endswith("==")
            closed = after.startswith((")", ",", "]", "{over}"))
            return piece.text if opened and closed else piece.at(POSTFIX)

        text = FIELD.sub(replace, template)
        called = re.match(r"\w+(?=\()", text)
        if called and called[0] in self.target.definitions:
            self.definitions[called[0]] = self.target.definitions[called[0]]
        return Piece(text, precedence(FIELD.sub("x", template.replace("{over}", ""))))

    def parameter(self, node: Node, i: int) -> str:
        """The name of the parameter that an argument is for."""
        return next(
            (name for name, k in self.places(node).items() if k == i and not name.isdigit()), ""
        )

    def places(self, node: Node) -> dict[str, int]:
        """Which argument a field stands for, by its name or its position."""
        place = {str(i): i for i in range(len(node.args))}
        given = dict(node.attrs).get("given", ())
        i = 0
        for p in node.op.signature.parameters:
            if p.type == "tensor" or p.name in given:
                place[p.name] = i
                i += 1
        return place

    def static(self, node: Node, name: str) -> str:
        """A static argument as text; axes counted from the front. Besides the parameters there are
        `over` (axes and whether they stay), `axes` (all of them written out) and `like`."""
        if name == "over":
            return self.over(node)
        if name == "axes":
            return self.value(tuple(d + node.args[0].ndim for d in node.attr("dim")))
        if name == "like":
            return self.target.like(self.like)
        value = node.attr(name)
        (parameter,) = (p for p in node.op.signature.parameters if p.name == name)
        if parameter.type.startswith("ax") and node.args:
            return self.axes(value, node.ndim if node.op.name == "stack" else node.args[0].ndim)
        return self.value(value, parameter.type)

    def over(self, node: Node) -> str:
        """The axes a reduction runs over, and whether they stay, as further arguments."""
        words = ""
        if node.attr("keepdim") or not self.all_axes(node, "dim"):
            words = f", {self.target.keywords['dim']}={self.static(node, 'dim')}"
        if node.attr("keepdim"):
            words += f", {self.target.keywords['keepdim']}=True"
        return words

    def axes(self, value: Any, rank: int) -> str:
        if isinstance(value, tuple):
            front = tuple(v + rank if -rank <= v < 0 else v for v in value)
            return repr(front[0]) if len(front) == 1 else repr(front)
        return repr(value + rank if value is not None and -rank <= value < 0 else value)

    def value(self, value: Any, type_: str = "any") -> str:
        if isinstance(value, str):
            return repr(value) if type_.startswith(("str", "any")) else self.size(value).text
        if isinstance(value, tuple):
            inner = ", ".join(self.value(v, type_) for v in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        return self.literal(value) if isinstance(value, float) else repr(value)

    # --- the whole -------------------------------------------------------------------------

    def result(self, node: Node) -> str:
        text = self.pieces[node].text
        if node in self.numbers and self.target.wraps:
            return self.target.scalar(text, node.kind, self.like)
        return text

    def module(self, name: str, arguments: Sequence[str], result: str) -> str:
        body = "".join(f"    {line}\n" for line in (*self.lines, f"return {result}"))
        function = f"def {name}({', '.join(arguments)}):\n{body}"
        functions = [*self.definitions.values(), function]
        text = "\n\n".join(functions)
        needed = [
            line
            for alias, line in self.target.imports.items()
            if alias == self.target.module or re.search(rf"(?<![\w.]){alias}\.", text)
        ]
        standard = [line for line in needed if line in ("import itertools", "import math")]
        others = [line for line in needed if line not in standard]
        head = "\n".join([*standard, *[""] * bool(standard), *others])
        return f"{head}\n\n\n{text}"
