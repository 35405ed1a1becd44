"""The manual page, for `man`.

An installation has it in share/man, where `man gradcalc` finds it. It is put together from what is
declared: the verbs and their options, the settings, the exit codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from textwrap import wrap

from . import options, screen, settings
from .arguments import HELP, Argument, Option, Parameter, parameters
from .verbs import DESCRIPTION, EXIT_CODES, VERBS
from .verbs import EXAMPLES as OF_ALL

EXAMPLES = """\
\b
Examples:
  gradcalc man | man -l -
  gradcalc man > ~/.local/share/man/man1/gradcalc.1

"""

LANGUAGE = """\
An expression is Python's: numbers, names, + - * / // % ** @, comparisons, calls, methods, indices
and slices, with Python's precedence. `f(x, dim=0)` is the same as `x.f(dim=0)`; `np.` and `torch.`
may stand before a function. Statements `name = value` are separated by `;` or new lines, and the
last one is the result. `grad(f, x)`, `jacobian`, `hessian`, `vjp`, `jvp`, `hvp` and `detach` are
functions like others. There is no implicit multiplication, and no `^`.

`gradcalc functions` lists all functions; `gradcalc functions NAME` tells the rule of one.
"""

BINDINGS = {
    "x='[[1,2],[3,4]]'": "JSON: a number, or lists of equal length.",
    "x=pi/4, x='ones(3)'": "An expression without names.",
    "x=@FILE": "A file: .json, .npy, .npz (FILE.npz:KEY for one of several arrays) or .csv.",
    "x=-": "Standard input, as JSON.",
    "X:5,3, w:n": "A shape without values, for `diff`, `simplify` and `graph`. Sizes may have "
    "names.",
}
UNBOUND = """\
Standard input is read only if a name of the expression has no value: an object binds by name, and
any other JSON binds the one name that is left.
"""

SETTINGS = """\
Defaults for options of taste and policy, named as the options are without the minus signs. The
nearest file counts, from the current folder up to the root of the repository or the home folder;
in pyproject.toml it is the table [tool.gradcalc]. A table of the name of a command is for that
command. What the command line says counts for more than the environment, and that for more than a
file; `--isolated` leaves both aside.
"""
VARIABLES = {
    "NO_COLOR, FORCE_COLOR": "Whether to use colour where `--color` is `auto`.",
    "XDG_CONFIG_HOME, XDG_STATE_HOME": "Where the user's own settings are, and the history of "
    "`repl`.",
}
FILES = {
    "gradcalc.toml, pyproject.toml": SETTINGS,
    "~/.config/gradcalc/gradcalc.toml": "The user's own settings, if there are no nearer ones.",
    "~/.local/state/gradcalc/history": "What was typed in `repl`.",
}


def run(error_format: options.ErrorFormat = "text", isolated: options.Isolated = False) -> int:
    screen.emit(page().encode())
    return 0


def page() -> str:
    """The page in roff, with the macros of man(7)."""
    modules = {verb: import_module(f"..{verb}", __name__) for verb in VERBS}
    known = {verb: parameters(module.run) for verb, module in modules.items()}
    shared = _shared(known.values())
    lines = [
        '.\\" Made by `make man` from the declarations in cli/.',
        f'.TH GRADCALC 1 "" "gradcalc {_version()}"',
        ".SH NAME",
        f"gradcalc \\- {DESCRIPTION.partition(':')[0].lower()}",
        ".SH SYNOPSIS",
        ".B gradcalc",
        "\\fICOMMAND\\fR [\\fIEXPR\\fR [\\fINAME\\fR=\\fIVALUE\\fR ...]] [\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION",
        *_paragraphs(DESCRIPTION + " " + str(modules["eval"].__doc__).split("\n\n")[1]),
        ".SH COMMANDS",
    ]
    for verb, summary in VERBS.items():
        lines += _verb(verb, summary, modules[verb], known[verb], shared)
    lines += [".SH OPTIONS", *_paragraphs("Options may stand anywhere; after `--` none is read.")]
    for _, parameter in sorted(shared.items()):
        lines += _option(parameter)
    lines += [
        *_item(", ".join(HELP), "Show what a command takes."),
        *_item("-V, --version", "Show the version."),
    ]
    lines += [".SH LANGUAGE", *_paragraphs(LANGUAGE), ".SH BINDINGS"]
    lines += [*_items(BINDINGS), ".PP", *_paragraphs(UNBOUND)]
    lines += [".SH EXIT STATUS", *_items(EXIT_CODES)]
    variables = ", ".join(settings.variable(p) for p in settings.every(VERBS).values())
    environment = {variables: "What the options of these names are by default."} | VARIABLES
    lines += [".SH ENVIRONMENT", *_items(environment), ".SH FILES", *_items(FILES)]
    lines += [".SH EXAMPLES", *list(_example(OF_ALL))[1:], ".SH SEE ALSO", ".BR jq (1)"]
    return "\n".join(lines) + "\n"


def _version() -> str:
    from importlib.metadata import version

    return version("gradcalc")


def _shared(verbs: Iterable[list[Parameter]]) -> dict[str, Parameter]:
    """The options that several verbs have, and declare once."""
    found: dict[str, Parameter] = {}
    again: dict[str, Parameter] = {}
    for known in verbs:
        for parameter in known:
            if isinstance(parameter.declared, Option):
                first = found.setdefault(parameter.spellings[0], parameter)
                if first is not parameter and first.declared is parameter.declared:
                    again[parameter.spellings[0]] = first
    return again


def _verb(
    verb: str, summary: str, module: object, known: list[Parameter], shared: Mapping[str, Parameter]
) -> Iterator[str]:
    arguments = [p.declared for p in known if isinstance(p.declared, Argument)]
    metavar = " ".join(argument.metavar for argument in arguments)
    yield f".SS gradcalc {_code(f'{verb} {metavar}'.strip())}"
    yield from _paragraphs(module.__doc__ or summary)
    for argument in arguments:
        if not argument.metavar.startswith("EXPR"):  # of which BINDINGS tells
            yield from _item(argument.metavar, argument.help)
    also = []
    for parameter in known:
        if isinstance(parameter.declared, Argument):
            continue
        same = shared.get(parameter.spellings[0])
        if same is not None and same.declared is parameter.declared:
            also.append(parameter.spellings[0])
        else:
            yield from _option(parameter)
    yield ".PP"
    yield _prose(f"Also {', '.join(also)}; see OPTIONS.")
    yield from _example(getattr(module, "EXAMPLES", ""))


def _option(parameter: Parameter) -> Iterator[str]:
    spellings = ", ".join(reversed(parameter.spellings))
    metavar = parameter.declared.metavar or parameter.choices
    takes = f" {metavar}" if metavar and parameter.type is not bool else ""
    shown = "" if parameter.default in (None, False) else f" The default is `{parameter.default}`."
    yield from _item(spellings + takes, parameter.declared.help + shown)


# --- roff --------------------------------------------------------------------------------------


def _items(items: Mapping[str, str]) -> Iterator[str]:
    for name, text in items.items():
        yield from _item(name, text)


def _item(name: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f"\\fB{_code(name)}\\fR"
    yield _prose(text)


def _paragraphs(text: str) -> Iterator[str]:
    for k, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if k:
            yield ".PP"
        yield _prose(paragraph)


def _example(text: str) -> Iterator[str]:
    """The lines of an example, as they are."""
    lines = [line for line in text.removeprefix("\b\n").splitlines()[1:] if line.strip()]
    if lines:
        yield from (
            ".PP",
            ".RS 4",
            ".nf",
            *(_line(_code(line.strip())) for line in lines),
            ".fi",
            ".RE",
        )


def _prose(text: str) -> str:
    """Text in short lines; what stands between backquotes is bold, and so are options."""
    parts = re.split(r"`([^`]*)`|(?<![\w-])(--?[a-z][a-z-]*)", " ".join(text.split()))
    found = []
    for k, part in enumerate(parts):
        if part and k % 3:
            found.append(f"\\fB{_code(part)}\\fR")
        elif part:
            found.append(_safe(part))
    lines = wrap("".join(found), 79, break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(_line, lines))


def _code(text: str) -> str:
    """Text that can be copied: every minus is one."""
    return _safe(text).replace("-", "\\-")


def _safe(text: str) -> str:
    """Text in which roff sees nothing of its own."""
    for sign, escape in (("\\", "\\e"), ("'", "\\(aq"), ("`", "\\(ga"), ("^", "\\(ha")):
        text = text.replace(sign, escape)
    return text.replace("~", "\\(ti").replace('"', "\\(dq")


def _line(text: str) -> str:
    """A line that is not taken for a request."""
    return "\\&" + text if text[:1] in (".", "'") else text
