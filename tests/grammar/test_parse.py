"""Text to syntax tree: Python is the reference, and nothing a user types ends in a traceback."""

import ast
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.grammar.errors import Diagnostic
from gradcalc.grammar.parse import DEEPEST, parse
from gradcalc.grammar.syntax import (
    Assign,
    Binary,
    Call,
    Compare,
    Constant,
    Name,
    Number,
    Sequence,
    Slice,
    Subscript,
    Text,
    Unary,
    children,
    free_names,
    walk,
)

# --- the same structure as Python -----------------------------------------------------------

PYTHON_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.MatMult: "@", ast.Pow: "**", ast.USub: "-", ast.UAdd: "+", ast.Eq: "==", ast.NotEq: "!=",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip


def theirs(tree: ast.AST | None) -> Any:
    """Python's tree as nested tuples."""
    match tree:
        case None | ast.Constant() | ast.Name():
            return ast.unparse(tree) if tree else None
        case ast.UnaryOp(op, operand):
            return PYTHON_OPERATORS[type(op)], theirs(operand)
        case ast.BinOp(left, op, right):
            return PYTHON_OPERATORS[type(op)], theirs(left), theirs(right)
        case ast.Compare(left, ops, rest):
            return (
                "compare",
                theirs(left),
                *(
                    (PYTHON_OPERATORS[type(op)], theirs(right))
                    for op, right in zip(ops, rest, strict=True)
                ),
            )
        case ast.Call(function, positional, named):
            return (
                "call",
                theirs(function),
                *((None, theirs(value)) for value in positional),
                *((keyword.arg, theirs(keyword.value)) for keyword in named),
            )
        case ast.Attribute(value, name):
            return "attribute", theirs(value), name
        case ast.Subscript(value, index):
            return "subscript", theirs(value), theirs(index)
        case ast.Slice(lower, upper, step):
            return "slice", theirs(lower), theirs(upper), theirs(step)
        case ast.Tuple(items) | ast.List(items):
            return type(tree).__name__.lower(), *map(theirs, items)
    raise AssertionError(ast.dump(tree))


def ours(tree: Any) -> Any:
    """Our tree as the same nested tuples."""
    match tree:
        case None:
            return None
        case Number(value) | Constant(value) | Text(value):
            return ast.unparse(ast.Constant(value))
        case Name(id):
            return id
        case Unary(op, operand):
            return op, ours(operand)
        case Binary(op, left, right):
            return op, ours(left), ours(right)
        case Compare(first, ops, rest):
            return (
                "compare",
                ours(first),
                *((op, ours(right)) for (op, _), right in zip(ops, rest, strict=True)),
            )
        case Call(function, arguments):
            return "call", ours(function), *((a.name, ours(a.value)) for a in arguments)
        case Subscript(value, index):
            return "subscript", ours(value), ours(index)
        case Slice(lower, upper, step):
            return "slice", ours(lower), ours(upper), ours(step)
        case Sequence(items, is_tuple):
            return "tuple" if is_tuple else "list", *map(ours, items)
    return "attribute", ours(tree.value), tree.name


def expression(text: str) -> Any:
    (statement,) = parse(text).statements
    return statement


def python(text: str) -> Any:
    return theirs(ast.parse(text, mode="eval").body)


LEAVES = st.sampled_from(
    [
        "x",
        "w1",
        "Δ",
        "7",
        "0",
        "2.5",
        "1e-3",
        ".5",
        "1_000",
        "3.",
        "True",
        "None",
        "...",
        "'ij'",
        "()",
        "[]",
    ]
)
INFIX = st.sampled_from(
    ["+", "-", "*", "/", "//", "%", "@", "**", "==", "!=", "<", "<=", ">", ">="]
)


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Longer expressions, put together as text; what belongs together, the parser has to find."""
    return st.one_of(
        st.builds("{} {} {}".format, inner, INFIX, inner),
        st.builds("{}{}".format, st.sampled_from(["-", "+", "- -"]), inner),
        st.builds("({})".format, inner),
        st.builds("({},)".format, inner),
        st.builds("({}, {})".format, inner, inner),
        st.builds("[{}, {},]".format, inner, inner),
        st.builds("f({}, k={})".format, inner, inner),
        st.builds("({}).sum(dim={},)".format, inner, inner),
        st.builds("{} .T".format, inner),
        st.builds("{} [{}]".format, inner, inner),
        st.builds("x[{}:, ::{}, {}]".format, inner, inner, inner),
    )


@given(st.recursive(LEAVES, grow, max_leaves=12))
@settings(max_examples=300, deadline=None)
def test_structure_is_pythons(text: str) -> None:
    assert ours(expression(text)) == python(text)


@given(st.recursive(LEAVES, grow, max_leaves=6))
@settings(max_examples=100, deadline=None)
def test_a_span_is_the_text_of_its_expression(text: str) -> None:
    for tree in walk(expression(text)):
        start, end = tree.span
        if isinstance(tree, Subscript | Binary | Unary | Compare | Call | Number | Name):
            assert ours(expression(text[start:end])) == ours(tree)


@pytest.mark.parametrize(
    "text",
    [
        "-x**2",
        "2**-x",
        "2**-x**2",
        "-x*y",
        "-x.T@y",
        "a-b-c",
        "a/b*c",
        "a@b*c",
        "2**3**4",
        "a<b<c",
        "(a<b)<c",
        "a<b+1==c",
        "- -x",
        "x[1:2, None, ..., ::-1]",
        "x[:]",
        "x[a,]",
        "x[(1, 2)]",
        "x[[0, 2]]",
        "(x)",
        "f(a, b, k=1)",
        "x.sum(dim=0).T",
        "1_0.5e-1_0",
        "1.",
        "np.linalg.inv(X)",
        "(\n1 +\n2 # two\n)",
    ],
)
def test_structure_of(text: str) -> None:
    assert ours(expression(text)) == python(text)


def test_spans_of_operators_and_brackets() -> None:
    tree = expression("(a + b) @ c")
    assert tree.span == (0, 11)
    assert tree.op_span == (8, 9)
    assert tree.left.span == (0, 7)  # with its brackets, as it will be underlined
    assert tree.left.op_span == (3, 4)
    call = expression("sum(x, dim=0)")
    assert [argument.span for argument in call.arguments] == [(4, 5), (7, 12)]
    assert call.arguments[1].name_span == (7, 10)


def test_names_are_normalised_as_in_python() -> None:
    assert expression("ﬁ").id == "fi"
    assert type(expression("x").id) is str


# --- programs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a; b", 2),
        ("a\nb", 2),
        ("\n\n a;\r\n;b # c; d\n", 2),
        ("a = 1 + \\\n 2", 1),
        ("f(\n\na,\nb)\n[c]", 2),
    ],
)
def test_statements(text: str, count: int) -> None:
    assert len(parse(text).statements) == count


@pytest.mark.parametrize("op", ["=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "@="])
def test_assignments(op: str) -> None:
    first, second, _ = parse(f"r {op} X @ w\nn[0, 1:] {op} r\nr").statements
    assert isinstance(first, Assign)
    assert isinstance(first.target, Name)
    assert isinstance(second, Assign)
    assert isinstance(second.target, Subscript)
    assert first.op == second.op == op


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mean(x*y) + x", ["x", "y"]),
        ("a = x; b = a*y; a + b + z", ["x", "y", "z"]),
        ("a = a + 1", ["a"]),
        ("a += 1", ["a"]),
        ("n[i] = x; n", ["x", "n", "i"]),
        ("2*pi*e + inf*nan", []),
        ("pi = x; pi", ["x"]),
        ("np.sum(x) + torch.autograd.grad(y, x) + np.pi", ["x", "y"]),
        ("x.sum(dim=d)", ["x", "d"]),
        ("sum(sum)", ["sum"]),
    ],
)
def test_free_names(text: str, names: list[str]) -> None:
    assert [name for name, _ in free_names(parse(text))] == names


def test_a_constant_can_be_a_variable() -> None:
    assert free_names(parse("pi*e"), constants={"pi"}) == [("e", (3, 4))]


# --- any size, any text ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 2_000 + "x" + ")" * 2_000,
        "f(" * 2_000 + "x" + ")" * 2_000,
        "[" * 2_000 + "x" + "]" * 2_000,
        "x + " * 20_000 + "x",
        "-" * 20_000 + "x",
        "x ** " * 20_000 + "x",
        "x < " * 20_000 + "x",
        "x" + ".T" * 20_000,
        "x" + "[0]" * 20_000,
        "a = x\n" * 10_000 + "x",
    ],
    ids=[
        "brackets",
        "calls",
        "lists",
        "sum",
        "minus",
        "powers",
        "chain",
        "attributes",
        "indices",
        "lines",
    ],
)
def test_deep(text: str) -> None:
    program = parse(text)
    assert [name for name, _ in free_names(program)] == ["x"]
    assert sum(1 for _ in walk(program)) >= 2


@pytest.mark.parametrize(
    "text", ["0" * 100_000, "a" * 100_000 + "−", "9" * 300, "'" + "a" * 100_000]
)
def test_long_words(text: str) -> None:
    answer(text)


def test_too_deep() -> None:
    with pytest.raises(Diagnostic, match="G109"):
        parse("(" * (DEEPEST + 1))


def answer(text: str) -> None:
    """A tree, or a diagnostic that can be shown."""
    try:
        program = parse(text)
    except Diagnostic as caught:
        diagnostic = caught
    else:
        assert children(program)
        return
    assert diagnostic.exit_code in (3, 4)
    assert diagnostic.help, "no way out"
    assert diagnostic.span is not None
    assert 0 <= diagnostic.span[0] <= diagnostic.span[1] <= len(text)
    assert diagnostic.render(ascii=True).isascii()
    assert diagnostic.render().encode("utf-8")
    shown = diagnostic.message + "".join(diagnostic.help)
    assert not any(name in shown for name in TERMINALS)


TERMINALS = [
    "NUMBER",
    "SIGN",
    "FACTOR",
    "POWER",
    "PAR",
    "SQB",
    "_COMMA",
    "_NEWLINE",
    "$END",
    "STRING",
]
PIECES = st.sampled_from(
    [
        *"xy2()[]{},;:.=*/@-+<^&|~!?$\\#\n\t'\"²×−“ᵀ½漢",
        "\0",
        "\ud800",
        "\u00a0",
        "\u202e",
        *["f", ".5", "1e3", "0x", "007", "'a'", "...", "==", "+=", ":=", "**", "//"],
        *["if", "for", "lambda", "None", "and", "not"],
    ]
)


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_is_answered(text: str) -> None:
    answer(text)


@given(st.lists(PIECES, max_size=8), st.sampled_from(["", " "]))
@settings(max_examples=500, deadline=None)
def test_any_pieces_are_answered(pieces: list[str], between: str) -> None:
    answer(between.join(pieces))


def test_parsing_needs_no_arrays() -> None:
    code = "import sys, gradcalc.grammar.parse; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
