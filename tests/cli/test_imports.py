"""What each command imports: a start takes as long as its imports, so none is there for nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "typer",
    "click",
    "tomllib",
    "numpy",
    "scipy",
    "lark",
    "rich",
    "orjson",
    "prompt_toolkit",
    "multiprocessing",
}
DERIVATION = {"grammar.closed_form", "grammar.derivation", "cli.tutorial"}
DISPLAY = {"grad.simplify.closed", "grad.simplify.identities", "grad.simplify.shortest"}
DERIVATIVES = {"grad.forward", "grad.higher", "grad.batch", "grad.plan"}
SCRIPTS = {"grammar.script", "grammar.script_tables", "grad.tensors", "grad.autograd"}
WATCHED = HEAVY | DERIVATION | DISPLAY | DERIVATIVES | SCRIPTS

NUMBERS = {"numpy", "orjson"}
SQUARES = ("eval", "mean(x*x)", "x=[[1,2],[3,4]]")


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (("--version",), {"typer"}),
        (("--help",), {"typer"}),
        (("eval", "--help"), {"typer"}),
        (("diff", "--help"), {"typer"}),
        (("functions", "--help"), {"typer"}),
        (("explain", "G301"), set()),
        (("completion", "bash"), set()),
        (("completion", "bash", "--", "9", " ", "gradcalc eval 'mean(so"), set()),
        (("completion", "bash", "--", "9", " ", "gradcalc eval x*y --"), set()),
        (("completion", "zsh", "--", "", "gradcalc eval 'mean(x*y)' "), set()),
        (("completion", "fish", "--", "gradcalc check x --report "), {"orjson", "tomllib"}),
        (("man",), {"orjson", "tomllib"}),
        ((*SQUARES, "--json"), NUMBERS),
        ((*SQUARES, "--quiet"), NUMBERS),
        (("eval", "sum(exp(x) @ y)", "x=[[1,2]]", "y=[1,2]", "--only", "grads"), NUMBERS),
        (("eval", "grad(x**3, x)", "x=2", "--json"), NUMBERS),
        (("eval", "hvp(x**3, x, 1)", "x=2", "--json"), NUMBERS | DERIVATIVES),
        (("eval", "lgamma(x)", "x=2", "--json"), {*NUMBERS, "scipy"}),
        (SQUARES, NUMBERS | DERIVATION | DISPLAY | DERIVATIVES),
        ((*SQUARES, "--color", "always"), {*NUMBERS, "rich"} | DERIVATION | DISPLAY | DERIVATIVES),
        (("diff", "mean(x*x)", "x:n"), NUMBERS | {"grammar.closed_form"} | DISPLAY | DERIVATIVES),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_what_is_imported(words: tuple[str, ...], allowed: set[str], tmp_path: Path) -> None:
    script = (
        "import sys\nfrom gradcalc.cli.main import main\n"
        f"code = main({words!r})\nprint('imported', *sys.modules)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path
    )
    output, _, modules = done.stdout.rpartition("imported ")
    assert done.returncode == 0, output + done.stderr
    loaded = {module.removeprefix("gradcalc.") for module in modules.split()}
    assert WATCHED & loaded <= allowed
