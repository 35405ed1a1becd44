"""Wrong calls of every function: a coded error, the signature, a caret at the argument."""

import pytest

from gradcalc.grad.ops import variable
from gradcalc.grammar.build import build
from gradcalc.grammar.errors import Diagnostic
from gradcalc.grammar.parse import parse
from gradcalc.grammar.reference import functions, reference
from gradcalc.grammar.syntax import free_names

ROWS = {row.name: row for row in functions()}


def mistake(text, shapes=None):
    tree = parse(text)
    names = [name for name, _ in free_names(tree)]
    inputs = {name: variable(name, (shapes or {}).get(name, (2, 3))) for name in names}
    with pytest.raises(Diagnostic) as caught:
        build(tree, inputs)
    return caught.value


@pytest.mark.parametrize("name", ROWS)
def test_an_unknown_keyword(name):
    row = ROWS[name]
    text = f"{name}({'x, ' if row.signature.parameters[0].is_tensor else ''}zzz=1)"
    wrong = mistake(text)
    assert wrong.code == "G111"
    assert any(str(row.signature) in line for line in wrong.help)
    start, end = wrong.span
    assert text[start:end] == "zzz"


@pytest.mark.parametrize("name", ROWS)
def test_too_many_arguments(name):
    row = ROWS[name]
    if any(p.variadic for p in row.signature.parameters):
        pytest.skip("takes any number")
    words = ", ".join("x" for _ in range(len(row.signature.parameters) + 1))
    wrong = mistake(f"{name}({words})")
    assert wrong.code == "G112"
    assert any(str(row.signature) in line for line in wrong.help)
    assert wrong.span is not None


@pytest.mark.parametrize("name", ROWS)
def test_too_few_arguments(name):
    row = ROWS[name]
    if row.signature.parameters[0].variadic:
        pytest.skip("takes any number, also none")
    wrong = mistake(f"{name}()")
    assert wrong.code == "G112"
    assert wrong.span is not None


@pytest.mark.parametrize("name", ROWS)
def test_an_axis_that_does_not_exist(name):
    row = ROWS[name]
    axes = [p.name for p in row.signature.parameters if p.type.rstrip("?") in ("axis", "axes")]
    told = reference(row)
    if not axes or row.example:
        pytest.skip("has no axis, or no plain call")
    inside = told.example.removesuffix(")").partition("(")[2]
    words = [w for w in inside.split(", ") if w in told.shapes]
    wrong = mistake(f"{name}({', '.join(words)}, {axes[0]}=7)", told.shapes)
    assert wrong.code in ("G303", "G112")
    assert wrong.span is not None


@pytest.mark.parametrize("name", ROWS)
def test_a_string_is_no_tensor(name):
    row = ROWS[name]
    if row.signature.parameters[0].type != "tensor":
        pytest.skip("its first argument is not a tensor")
    rest = ", x" * sum(p.type == "tensor" for p in row.signature.parameters[1:])
    text = f"{name}('text'{rest})"
    wrong = mistake(text)
    assert wrong.code in ("G113", "G112")
    if wrong.code == "G113":
        assert text[slice(*wrong.span)] == "'text'"
