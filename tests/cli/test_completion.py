"""Completion: what is offered, how it is written for each shell, and what shells make of it."""

import doctest
import os
import shutil
import subprocess

import pytest

from gradcalc.cli import completion, inside, shell_words
from gradcalc.cli.complete import candidates
from gradcalc.cli.verbs import VERBS
from gradcalc.grammar.codes import CODES
from gradcalc.grammar.vocabulary import WORDS
from gradcalc.grammar.vocabulary_writer import HERE, source
from tests.cli.terminal import SCRIPTS, Screen, is_there

BREAKS = " \t\n\"'><=;|&(:@"  # what bash breaks words at, unless told otherwise


def offered(line):
    words, word = shell_words.read(line)
    return [candidate.text for candidate in candidates(VERBS, words[1:], word.text)]


def test_the_list_of_functions_is_up_to_date():
    assert (HERE / "vocabulary.py").read_text("utf-8") == source(), "run make tables"


# --- what is offered ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # verbs and options
        ("gradcalc ", [*VERBS]),
        ("gradcalc ev", ["eval"]),
        ("gradcalc -", ["--version", "--help"]),
        ("gradcalc evla ", []),
        ("gradcalc eval x --pre", ["--precision"]),
        ("gradcalc eval --pre", ["--precision"]),
        ("gradcalc eval x --json", ["--json", "--jsonl"]),
        ("gradcalc eval x --seed 1 --see", []),
        ("gradcalc check x --report a --repo", ["--report"]),
        ("gradcalc eval x --he", ["--hessian", "--help"]),
        # their values
        ("gradcalc eval x --color ", ["auto", "always", "never"]),
        ("gradcalc eval x --color a", ["auto", "always"]),
        ("gradcalc eval x --color=a", ["--color=auto", "--color=always"]),
        ("gradcalc diff x --format n", ["numpy"]),
        ("gradcalc graph x --format m", ["mermaid"]),
        ("gradcalc eval x --precision ", ["full"]),
        ("gradcalc check x --report j", ["json", "junit"]),
        ("gradcalc eval x*yy --wrt ", ["x", "yy"]),
        ("gradcalc eval x*yy --wrt x,", ["x,yy"]),
        ("gradcalc eval x*yy --seed ", []),
        ("gradcalc explain G30", [code for code in CODES if code.startswith("G30")]),
        ("gradcalc functions softp", ["softplus"]),
        ("gradcalc functions hess", ["hessian"]),
        ("gradcalc completion ", ["bash", "zsh", "fish"]),
        # functions, names, keywords and constants in an expression
        ("gradcalc eval 'mean(softp", ["mean(softplus("]),
        ('gradcalc eval "mean(softp', ["mean(softplus("]),
        ("gradcalc eval -o a.json 'softp", ["softplus("]),
        ("gradcalc eval softp", ["softplus("]),
        ("gradcalc eval -softp", ["-softplus("]),
        ("gradcalc eval -- --softp", ["--softplus("]),
        ("gradcalc eval '2*pi", ["2*pi", "2*pinv(", "2*pinverse("]),
        ("gradcalc eval 'alpha + sum(alp", ["alpha + sum(alpha"]),
        ("gradcalc eval 'r = X @ w; f(", ["r = X @ w; f(r", "r = X @ w; f(X", "r = X @ w; f(w"]),
        ("gradcalc eval 'sum(", ["sum(dim=", "sum(keepdim="]),
        ("gradcalc eval 'sum(x, ke", ["sum(x, keepdim="]),
        ("gradcalc eval 'x.sum(ke", ["x.sum(keepdim="]),
        ("gradcalc eval 'x + hes", ["x + hessian("]),
        ("gradcalc eval 'torch.softp", ["torch.softplus("]),
        ("gradcalc eval 'x.T.softp", ["x.T.softplus("]),
        ("gradcalc eval 'x.ndi", ["x.ndim"]),
        ("gradcalc eval 'x.me", ["x.mean(", "x.median("]),
        ("gradcalc eval 'x.ones_", ["x.ones_like("]),
        ("gradcalc eval \"einsum('ij", []),
        ("gradcalc eval \"einsum('ij->i', alp", []),
        ("gradcalc eval 'x # sof", []),
        ("gradcalc eval '2e", []),
        ("gradcalc eval 'q", ["quantile("]),
        ("gradcalc eval '", []),
        # bindings
        ("gradcalc eval 'mean(x*alpha)' ", ["x=", "alpha="]),
        ("gradcalc eval 'mean(x*alpha)' x=1 ", ["alpha="]),
        ("gradcalc eval 'mean(x*alpha)' --json al", ["alpha="]),
        ("gradcalc eval 'mean(x*pi)' ", ["x="]),
        ("gradcalc eval 'r = X*x; r' ", ["X=", "x="]),
        ("gradcalc diff 'X @ w' X:3,3 ", ["w:"]),
        ("gradcalc graph 'X @ w' X:3,3 ", ["w=", "w:"]),
        ("gradcalc eval 'mean(x' ", []),
        ("gradcalc eval x x=one", ["x=one_hot(", "x=ones(", "x=ones_like("]),
        ("gradcalc eval x x='[softp", ["x=[softplus("]),
        ("gradcalc check x*y --expect-grad ", ["x=", "y="]),
        ("gradcalc check x --expect-value softp", ["softplus("]),
    ],
)  # fmt: skip
def test_what_is_offered(line, expected):
    assert offered(line) == expected


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in (
        "data.json",
        "dense.npy",
        "my data.csv",
        "notes.txt",
        "suite.toml",
        ".hidden.json",
    ):
        (tmp_path / name).touch()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.npz").touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gradcalc eval x x=@d", ["x=@data.json", "x=@deep/", "x=@dense.npy"]),
        ("gradcalc eval x x=@deep/", ["x=@deep/a.npz"]),
        ("gradcalc eval x x=@./d", ["x=@./data.json", "x=@./deep/", "x=@./dense.npy"]),
        ("gradcalc eval x x=@n", []),
        ("gradcalc eval x x=@.", ["x=@.hidden.json"]),
        ("gradcalc eval x -o n", ["notes.txt"]),
        ("gradcalc eval x --output=n", ["--output=notes.txt"]),
        ("gradcalc check -f su", ["suite.toml"]),
        ("gradcalc check x --report junit:su", ["junit:suite.toml"]),
        ("gradcalc run n", ["notes.txt"]),
        ("gradcalc eval x x=@missing/", []),
    ],
)
def test_files(line, expected):
    assert offered(line) == expected


def test_every_verb_offers_its_options():
    for verb in VERBS:
        assert "--help" in offered(f"gradcalc {verb} --")
        assert "--isolated" in offered(f"gradcalc {verb} --")


@pytest.mark.parametrize("name", inside.ATTRIBUTES)
def test_attributes_are_those_of_the_language(gradcalc, name):
    assert gradcalc("eval", f"x.{name}", "x=[[1,2,3],[4,5,6]]", "--quiet").code == 0


def test_every_function_is_offered():
    for name in WORDS:
        assert f"{name}(" in [c.text for c in inside.inside(name)]


# --- how a word is written ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a b", ["a", "b"]),
        ("a  b ", ["a", "b", ""]),
        ("a 'b c", ["a", "b c"]),
        ("a 'b'\\''c' \"d\\\"e\\x\" f\\ g", ["a", "b'c", 'd"e\\x', "f g"]),
        ("a '' b", ["a", "", "b"]),
        ("a x='1 2", ["a", "x=1 2"]),
        ("a b\\", ["a", "b"]),
        ("", [""]),
    ],
)
def test_words_of_a_line(line, words):
    found, last = shell_words.read(line)
    assert [*found, last.text] == words


@pytest.mark.parametrize(
    "written", ["", "ab", "'ab", '"ab', "x=ab", "x='ab", "a\\ b", "'a'b", "x=[a"]
)
@pytest.mark.parametrize("more", ["c", "c(", "it's", 'a"b', "$HOME", "a b", "`c`", "a\\b"])
def test_a_word_goes_on_as_it_is_meant(written, more):
    """The shell reads what is written as what was meant, once its quote is closed."""
    word = shell_words.read(written)[1]
    text = word.text + more
    line = shell_words.continued(word, text)
    assert shell_words.read(line)[1].text == text
    closed = line + shell_words.read(line)[1].quote
    read = subprocess.run(["sh", "-c", f"printf %s {closed}"], capture_output=True, text=True)
    assert read.stdout == text


def in_bash(line, kind="9", breaks=BREAKS):
    return completion.bash(VERBS, kind, breaks, line)


def test_bash_gets_what_it_replaces():
    assert in_bash("gradcalc ev") == ["eval "]
    assert in_bash("gradcalc eval x --color=al") == ["always "]
    assert in_bash("gradcalc eval x --color=al", breaks=" ") == ["--color=always "]
    assert in_bash("gradcalc eval 'mean(alpha)' al") == ["alpha="]
    assert in_bash("gradcalc eval -o a 'mean(softp")[0] == "mean(softplus("
    assert in_bash("gradcalc eval softp") == ["'softplus("]
    assert in_bash("gradcalc eval x x=zeros_") == ["'zeros_like("]
    assert in_bash("gradcalc eval x 'x=[zeros_")[0] == "x=[zeros_like("
    assert in_bash("gradcalc eval x x=[1:zeros_") == ["zeros_like\\("]  # `x=[1:` is fixed
    assert in_bash("gradcalc explain G90") == ["G900 "]


def test_bash_leaves_an_open_quote_open():
    """It closes the quote behind the only answer, so there is another one, as far as that goes."""
    one, other = in_bash("gradcalc eval 'mean(softp")
    assert one == "mean(softplus("
    assert other.startswith(one)
    assert in_bash("gradcalc eval 'mean(softp", kind="37") == [one]  # one after the other


def test_bash_lists_signatures():
    assert in_bash("gradcalc eval 'mean(softm", kind="63") == [
        "softmax(x, dim=-1)",
        "softmin(x, dim=-1)",
    ]


@pytest.mark.usefixtures("folder")
def test_names_of_files_are_quoted():
    assert in_bash("gradcalc eval x x=@my") == ["'@my data.csv' "]
    assert in_bash("gradcalc eval x x='@my") == ["@my data.csv"]
    assert completion.zsh(VERBS, "", "gradcalc eval x x=@my") == [
        " \tx='@my data.csv'\tmy data.csv"
    ]
    assert completion.fish(VERBS, "gradcalc eval x x=@my") == ["x=@my data.csv\t"]


def test_zsh_and_fish_are_told_what_it_is():
    (row,) = completion.zsh(VERBS, "'", "gradcalc eval 'mean(softp")
    assert row.startswith("\tmean(softplus(\tsoftplus(x, beta=1, threshold=None)  log(1 + exp(")
    first, second = completion.fish(VERBS, "gradcalc eval 'mean(softp")
    assert first.startswith("mean(softplus(\tlog(1 + exp(")
    assert second.startswith("mean(softplus(...")


def test_examples_in_docstrings():
    assert doctest.testmod(shell_words).failed == doctest.testmod(inside).failed == 0


# --- as commands -------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_the_script(gradcalc, shell):
    run = gradcalc("completion", shell)
    assert (run.code, run.err) == (0, "")
    assert f"gradcalc completion {shell}" in run.out
    if shutil.which(shell):
        script = [shell, "-n", "/dev/stdin"]
        assert subprocess.run(script, input=run.out, text=True, check=False).returncode == 0


def test_no_such_shell(gradcalc):
    assert "did you mean `fish`?" in gradcalc("completion", "fsh").err
    assert gradcalc("completion").code == 2


def test_a_broken_setting_does_not_break_completion(gradcalc, tmp_path):
    (tmp_path / "gradcalc.toml").write_text("nothing = 1")
    line = ("completion", "bash", "--isolated", "--", "9", BREAKS, "gradcalc ev")
    assert gradcalc(*line).out == "eval \n"


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_calls_it(tmp_path):
    script = (
        'eval "$(gradcalc completion bash)"; complete -p gradcalc\n'
        'COMP_LINE="gradcalc eval \'mean(softp" COMP_POINT=${#COMP_LINE} COMP_TYPE=9\n'
        '_gradcalc gradcalc; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path,
        env=os.environ | {"PATH": path, "COMP_POINT": "27"}, check=True,
    )  # fmt: skip
    said, answer, _ = done.stdout.splitlines()
    assert said == "complete -o nospace -F _gradcalc gradcalc"
    assert answer == "mean(softplus("


# --- at a terminal -----------------------------------------------------------------------------

START = {
    "bash": ("bash --norc", "PS1='> '; eval \"$(gradcalc completion bash)\""),
    "zsh": (
        "zsh -f",
        "PS1='> '; autoload -U compinit; compinit -D; eval \"$(gradcalc completion zsh)\"",
    ),
    "fish": (
        "fish --no-config",
        "function fish_prompt; echo '> '; end; gradcalc completion fish | source",
    ),
}


@pytest.fixture(params=START)
def terminal(request, tmp_path):
    if not is_there(request.param):
        pytest.skip(f"no tmux, or no {request.param}")
    (tmp_path / "my data.json").touch()
    command, start = START[request.param]
    with Screen(command, tmp_path) as screen:
        assert screen.sees("$", "#", "%", ">")  # what is typed earlier may be lost
        screen.type(f"{start}; clear; echo read''y", "Enter")
        assert screen.sees("ready")
        yield screen


def test_at_a_terminal(terminal):
    terminal.type("gradcalc ev", "Tab", "'mean(softp", "Tab")
    assert terminal.sees("> gradcalc eval 'mean(softplus(")
    terminal.type("alpha)) + sum(alp", "Tab", ")' al", "Tab")
    assert terminal.sees("> gradcalc eval 'mean(softplus(alpha)) + sum(alpha)' alpha=")
    terminal.type("@my", "Tab")
    assert terminal.sees("my data.json'", "my\\ data.json")
    terminal.type("C-u", "gradcalc eval x --col", "Tab", "nev", "Tab")
    assert terminal.sees("--color never")
