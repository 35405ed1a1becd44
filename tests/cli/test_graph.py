"""The graph: what is in it, and that Mermaid and Graphviz can read how it is drawn."""

import html
import json
import re

import mermaidx
import pydot
import pytest

from gradcalc.grad.ops import variable
from gradcalc.grammar import graph_text
from gradcalc.grammar.program import Expression

PROGRAMS = {
    "shared": ["r = X @ w - y; mean(r**2)", "X=[[1,2],[3,4]]", "w=[1,1]", "y=[0,0]"],
    "shapes": ["mean((X @ w - y)**2)", "X:n,d", "w:d", "y:n"],
    "signs": ["where(x > 1, x, -x) + sum(einsum('i,i->i', x, x) <= 2)", "x=[1,2]"],
    "cut": ["sin(sin(sin(sin(x))))", "x=1", "--max-nodes", "2"],
    "words": ["end + graph*default - subgraph", "end=1"],
    "letters": ["α*β_2 + exp(α)", "α=1"],
}


def data(gradcalc, *words):
    run = gradcalc("graph", *words, "--json")
    assert (run.code, run.err) == (0, "")
    return json.loads(run.out)


# --- what is in it -----------------------------------------------------------------------------


def test_the_tree(gradcalc):
    run = gradcalc("graph", "b = a + 3; mean(b*b)", "a=[2,3]")
    assert (
        run.out
        == """\
#4 mean(#3)          MeanBackward0    ()            30.5
└─ #3 b*b            MulBackward0     (2,)          [25, 36]
   ├─ #2 b = a + 3   AddBackward0     (2,)          [5, 6]
   │  └─ #1 a        AccumulateGrad   (2,)          [2, 3]
   └─ #2 b                            shown above
"""
    )
    assert (
        gradcalc("graph", "x*x", "--ascii").out
        == """\
#2 x*x    MulBackward0     ()
|- #1 x   AccumulateGrad   ()
`- #1 x                    shown above
"""
    )


def test_the_gradients_are_trees_of_their_own(gradcalc):
    out = gradcalc("graph", "x*y", "x=2", "y=3", "--backward").out
    assert "\n\ndx\n#2 y" in out
    assert gradcalc("graph", "x*y", "--wrt", "x").out.count("\n\nd") == 1


def test_edges_are_those_of_next_functions(gradcalc):
    """As PyTorch lists them: the arguments in order, None for a number."""
    found = data(gradcalc, "mean(3*x*x)", "x=[1,2]")
    names = [(node["grad_fn"], node["args"]) for node in found["nodes"]]
    assert names == [
        ("AccumulateGrad", []),
        ("MulBackward0", [None, 1]),
        ("MulBackward0", [2, 1]),
        ("MeanBackward0", [3]),
    ]
    assert found["roots"] == {"value": 4}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("x**2", "PowBackward0"),
        ("2**x", "PowBackward2"),
        ("(x + 1)**x", "PowBackward1"),
        ("(x + 1)[0]", "SelectBackward0"),
        ("(x*2)[0:1]", "SliceBackward0"),
        ("sum(x*2)", "SumBackward0"),
        ("sum(x*x, dim=0)", "SumBackward0"),
        ("1 - x", "RsubBackward1"),
        ("x @ x", "DotBackward0"),
        ("log_softmax(x, dim=0)", "LogSoftmaxBackward0"),
    ],
)
def test_a_backward_step_is_called_as_in_pytorch(gradcalc, text, name):
    assert data(gradcalc, text, "x=[1,2]")["nodes"][-1]["grad_fn"] == name


def test_a_comparison_has_no_backward_step(gradcalc):
    found = data(gradcalc, "where(x > 1, x, 0)", "x=[1,2]")
    assert [(n["text"], n["grad_fn"], n["kind"]) for n in found["nodes"]] == [
        ("x", "AccumulateGrad", "float"),
        ("x > 1", None, "bool"),
        ("where(#2, x, 0)", "WhereBackward0", "float"),
    ]


def test_values_stand_where_the_inputs_are_bound(gradcalc):
    found = data(gradcalc, "sum(x*x)*y", "x=[1,2]")
    assert [node["value"] for node in found["nodes"]] == [[1.0, 2.0], [1.0, 4.0], 5.0, None, None]


def test_shapes_suffice(gradcalc):
    out = gradcalc("graph", "X @ w", "X:n,d", "w:d").out
    assert "(n, d)" in out
    assert "X @ w   MvBackward0      (n,)" in out


def test_a_gradient_begins_with_g_or_with_what_is_given(gradcalc):
    assert "g*2" in gradcalc("graph", "x*2", "x:3", "--backward").out
    given = gradcalc("graph", "x*2", "x=[1,2]", "--gradient", "[1,10]").out
    assert "[2, 20]" in given
    assert "g_*g" in gradcalc("graph", "x*g", "x:3", "g:3", "--wrt", "x").out


def test_what_is_far_from_the_result_is_left_out(gradcalc):
    run = gradcalc("graph", "sin(sin(sin(x)))", "--max-nodes", "2")
    assert run.out.splitlines()[-1] == "   └─ ..."
    assert run.err == "gradcalc: 2 nodes are left out (all of them: --max-nodes 4)\n"


def test_a_long_sum_is_no_problem(gradcalc):
    run = gradcalc("graph", "x" + " + x*y" * 3000, "--max-nodes", "9999")
    assert run.code == 0
    assert run.out.startswith("#3003 ")


def test_mistakes(gradcalc):
    assert "G216" in gradcalc("graph", "x*x", "y=1").err
    assert "G301" in gradcalc("graph", "X @ w", "X:2,3", "w:2").err
    assert "G003" in gradcalc("graph", "x", "--max-nodes", "0").err
    assert "G308" in gradcalc("graph", "x*2", "x:3", "--gradient", "[1]").err


# --- that it can be drawn ----------------------------------------------------------------------

# pydot calls pyparsing by names that are going to be dropped
pytestmark = pytest.mark.filterwarnings("ignore:.* deprecated - use .*:DeprecationWarning")


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_graphviz_reads_it(gradcalc, words):
    run = gradcalc("graph", *words, "--backward", "--format", "dot")
    assert run.code == 0
    (found,) = pydot.graph_from_dot_data(run.out)
    vertices = {n.get_name() for part in (found, *found.get_subgraphs()) for n in part.get_nodes()}
    for edge in found.get_edges():
        assert {edge.get_source(), edge.get_destination()} <= vertices


def shown_by_mermaid(page):
    """The label of each vertex of a picture that Mermaid makes of the page."""
    labels = re.findall(r'<span class="nodeLabel[^"]*"><p>(.*?)</p>', mermaidx.render(page).svg())
    return [[html.unescape(line) for line in re.split(r"<br ?/>", label)] for label in labels]


@pytest.mark.slow
@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_mermaid_reads_it(gradcalc, words):
    run = gradcalc("graph", *words, "--backward", "--format", "mermaid")
    assert run.code == 0
    shown = {lines[0] for lines in shown_by_mermaid(run.out)}
    tree = gradcalc("graph", *words, "--backward").out.splitlines()
    columns = [re.sub(r"^.*?#\d+ ", "", line) for line in tree if " (" in line]
    assert {re.split(r" {2,}", column)[0] for column in columns} <= shown


TEXTS = ['"', "#", "<b>&amp;`", "C:\\x \\", "#quot;", "a[1]|{x}", "%% comment", "()", "-->", "end"]


def test_any_text_can_stand_in_a_vertex():
    found = graph_text.graph(Expression.read("sin(" * 9 + "x" + ")" * 9), {}, {})
    meant = {v.id: text for v, text in zip(found.vertices.values(), TEXTS, strict=True)}

    def lines(vertex):
        return [meant[vertex.id], "second"]

    (dot,) = pydot.graph_from_dot_data(graph_text.dot(found, lines))
    for number, text in meant.items():
        (vertex,) = dot.get_node(f"n{number}")
        label = vertex.get("label")[1:-1].removesuffix("\\nsecond")
        assert re.sub(r"\\(.)", r"\1", label) == text
    shown = shown_by_mermaid(graph_text.mermaid(found, lines))
    assert shown == [[text, "second"] for text in meant.values()]


def test_what_is_nearest_is_kept():
    inputs = {"x": variable("x", (2,)).shape}
    found = graph_text.graph(Expression.read("sum(sin(x)*cos(x))"), inputs, {})
    part, left_out = found.nearest(2)
    assert [part.vertices[i].op for i in part.vertices] == ["mul", "sum"]
    assert left_out == 3
