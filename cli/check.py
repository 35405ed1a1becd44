"""Gradients against finite differences, or values and gradients against expected ones.

One check on the command line, or suites of them in files; a failure says who is right.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ..grammar.errors import Diagnostic, suggest
from . import answers, bindings, documents, files, options, reports, screen, suites
from .arguments import Option
from .bindings import Given
from .reports import Result

if TYPE_CHECKING:
    from ..grad.evaluate import Array
    from ..grammar.program import Request
    from ..grammar.verdict import Comparison
    from . import stream

IN_RECORDS = "what is expected stands in the records, and the answers are JSON"

EXAMPLES = """\
\b
Examples:
  gradcalc check 'mean(x*x)' x='[[1,2],[3,4]]'
  gradcalc check 'mean(x*x)' x='[1,2]' --expect-value 2.5 --expect-grad x='[1,2]'
  gradcalc check 'sum(exp(x))' x=@x.npy --expect-grad x=@grad.npy --rtol 1e-4
  gradcalc check -f checks/
  gradcalc check -f checks/ --report text --report junit:gradcalc.xml
  gradcalc check -f checks/loss.toml --only mse --update
  gradcalc check 'sum(x*x)' --jsonl < records.jsonl  # {"x": [1, 2], "grads": {"x": [2, 4]}}

"""

ExpectValue = Annotated[
    str | None,
    Option("--expect-value", metavar="VALUE", help="What it should be."),
]
ExpectGrad = Annotated[
    list[str] | None,
    Option(
        "--expect-grad",
        metavar="NAME=VALUE",
        help="What a gradient should be: x='[1,2]', x=@file. May be repeated.",
    ),
]
Rtol = Annotated[
    float | None,
    Option(
        "--rtol",
        metavar="R",
        help="Relative tolerance [1e-7; in float32 1.3e-6].",
        setting=True,
        voided_by=("-f", "--file"),
    ),
]
Atol = Annotated[
    float | None,
    Option(
        "--atol",
        metavar="A",
        help="Absolute tolerance [1e-12; in float32 1e-5].",
        setting=True,
        voided_by=("-f", "--file"),
    ),
]
File = Annotated[
    list[str] | None,
    Option(
        "--file",
        "-f",
        metavar="FILE|DIR",
        help="A suite of checks, or a folder to search for them. May be repeated.",
    ),
]
Only = Annotated[
    list[str] | None,
    Option("--only", metavar="CHECK", help="Only checks of this name, or like it*."),
]
Update = Annotated[
    bool,
    Option("--update", help="Write the new values into the suites where checks fail."),
]
Force = Annotated[bool, Option("--force", help="With --update: in CI too.")]
ExitZero = Annotated[bool, Option("--exit-zero", help="Exit 0 though checks failed.")]
Reports = Annotated[
    list[str] | None,
    Option(
        "--report",
        metavar="FORMAT[:FILE]",
        values=tuple(reports.FORMATS),
        check=lambda word: _report(word),
        setting=True,
        voided_by=("--jsonl",),
        help=f"How to tell: {', '.join(reports.FORMATS)}. May be repeated.",
    ),
]


def run(
    words: options.Words = None,
    expect_value: ExpectValue = None,
    expect_grad: ExpectGrad = None,
    rtol: Rtol = None,
    atol: Atol = None,
    wrt: options.Wrt = None,
    gradient: options.Gradient = None,
    dtype: options.Dtype = "float64",
    seed: options.Seed = None,
    max_elements: options.MaxElements = None,
    file: File = None,
    only: Only = None,
    update: Update = False,
    force: Force = False,
    exit_zero: ExitZero = False,
    report: Reports = None,
    jsonl: options.Jsonl = False,
    on_error: options.OnError = "emit",
    keep: options.Keep = None,
    jobs: options.Jobs = 1,
    error_format: options.ErrorFormat = "text",
    isolated: options.Isolated = False,
) -> int:
    targets = [_report(word) for word in report or ["text"]]
    limit = options.limit(max_elements)
    tolerance = _Tolerance(rtol, atol, dtype)
    given: Mapping[str, object] = {
        "--rtol": rtol,
        "--atol": atol,
        "--wrt": wrt,
        "--gradient": gradient,
    }
    expected: Mapping[str, object] = {"--expect-value": expect_value, "--expect-grad": expect_grad}
    suite: Mapping[str, object] = {"--only": only, "--update": update or None}
    if jsonl:
        others = {**expected, "--file": file, "--report": report, **suite}
        _refuse("--jsonl", others, IN_RECORDS)
        options.start_random(seed)
        request = _request(wrt, gradient, dtype, limit)
        from . import stream

        policy = stream.Policy(on_error, options.names(keep, "--keep") or ())
        failed = _stream(words or [], request, tolerance, policy, options.processes(jobs))
        return 0 if exit_zero else failed
    if file:
        if words:
            ways = [f"with `-f` the expressions are in the files; remove `{words[0]}`"]
            raise Diagnostic("G004", "an expression and a suite exclude each other", help=ways)
        _refuse("-f", {**expected, **given}, "write it into the suite")
        if update and not force and os.environ.get("CI", "").lower() not in ("", "0", "false"):
            ways = ["update on your own machine, or add `--force`"]
            message = "in CI (CI is set) `--update` would accept whatever comes"
            raise Diagnostic("G003", message, help=ways)
        checks = suites.chosen(suites.find(file), only or [])
        results = [_checked(check, limit, dtype, seed) for check in checks]
    else:
        for option, stated in suite.items():
            if stated:
                ways = ["name a suite: `-f FILE`"]
                raise Diagnostic("G003", f"`{option}` is for suites", help=ways)
        options.start_random(seed)
        request = _request(wrt, gradient, dtype, limit)
        results = [_single(words or [], request, expect_value, expect_grad or [], tolerance)]
    for form, path in targets:
        data = form(results)
        if path:
            _write(path, data)
        else:
            screen.emit(data)
    if update:
        _update(checks, results)
    return 0 if exit_zero or all(result.passed for result in results) else 1


def _refuse(option: str, stated: Mapping[str, object], way: str) -> None:
    """Raise G003 if an option is given that this one leaves nothing to do."""
    for other, value in stated.items():
        if value is not None:
            message = f"`{other}` and `{option}` exclude each other"
            raise Diagnostic("G003", message, help=[way])


def _report(word: str) -> tuple[reports.Report, str]:
    """The value of `--report`: a format, and a file if there is one. Raises G003."""
    name, _, path = word.partition(":")
    if name not in reports.FORMATS:
        close = suggest(name, reports.FORMATS)
        ways = [f"did you mean `{close}`?"] if close else []
        raise options.refused("--report", word, [*ways, f"formats: {', '.join(reports.FORMATS)}"])
    return reports.FORMATS[name], path


# --- one check ---------------------------------------------------------------------------------


class _Tolerance:
    """What the command line allows an entry to be off. Raises G003."""

    def __init__(self, rtol: float | None, atol: float | None, dtype: str) -> None:
        self.rtol, self.atol, self.dtype = rtol, atol, dtype
        for number, option in ((rtol, "--rtol"), (atol, "--atol")):
            if number is not None and not number >= 0:
                raise options.refused(option, str(number), ["a number, 0 or more"])

    def __call__(self, name: str) -> tuple[float, float]:
        from ..grammar.verdict import TOLERANCE

        rtol, atol = TOLERANCE[self.dtype]
        return (
            rtol if self.rtol is None else self.rtol,
            atol if self.atol is None else self.atol,
        )


def _expected_grads(words: Sequence[str]) -> dict[str, Given]:
    """The values of `--expect-grad`. Raises G003, G214."""
    grads: dict[str, Given] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.strip().isidentifier():
            raise options.refused("--expect-grad", word, ["as in `--expect-grad x='[1,2]'`"])
        if name.strip() in grads:
            message = f"two gradients by `{name}` are expected"
            raise Diagnostic("G214", message, help=["remove one of them"])
        grads[name.strip()] = Given(name.strip(), word, text)
    return grads


def _request(wrt: list[str] | None, gradient: str | None, dtype: str, limit: int) -> Request:
    from ..grammar.program import Request

    targets = options.names(wrt)
    seed = _tensor("--gradient", gradient, limit)
    instead = ("weigh its entries: `--gradient '{1}'`",)
    return Request(wrt=targets, seed=seed, dtype=dtype, max_elements=limit, instead=instead)


def _tensor(option: str, text: str | None, limit: int) -> Array | None:
    """The value of an option that is a tensor."""
    if text is None:
        return None
    return bindings.value_of(Given(option, f"{option}={text}", text), limit)


def _single(
    words: list[str],
    request: Request,
    value: str | None,
    grads: Sequence[str],
    tolerance: _Tolerance,
) -> Result:
    from ..grammar import verdict
    from ..grammar.program import Expression

    expected_grads = _expected_grads(grads)
    text, given = bindings.split(words)
    expression = Expression.read(text)
    limit = request.max_elements
    bound = bindings.bind(expression, given, limit, request.wrt or ())
    if request.dtype == "float32":
        answers.check_float32(bound.arrays)
    wanted = verdict.Expected(
        _tensor("--expect-value", value, limit),
        {name: bindings.value_of(binding, limit) for name, binding in expected_grads.items()},
        tolerance,
    )
    return _timed(
        Result(text, text), lambda: verdict.check(expression, bound.arrays, request, wanted)
    )


def _stream(
    words: list[str], request: Request, tolerance: _Tolerance, policy: stream.Policy, jobs: int
) -> int:
    from . import stream
    from .stream_checks import Checks

    text, given = bindings.split(words)
    return stream.run(Checks(text, given, request, tolerance), policy, jobs)


def _timed(result: Result, compare: Callable[[], list[Comparison]]) -> Result:
    from time import perf_counter

    start = perf_counter()
    result.comparisons = compare()
    result.seconds = perf_counter() - start
    return result


# --- suites ------------------------------------------------------------------------------------


def _checked(check: suites.Check, limit: int, dtype: str, seed: int | None) -> Result:
    """The result of a check in a suite; what is wrong with it is a result too."""
    from ..grammar import verdict

    result = Result(check.name, check.expr, check.suite.path, check.line)
    try:
        options.start_random(check.members.get("seed", seed))
        prepared = check.prepare(limit, dtype)
        return _timed(result, lambda: verdict.check(*prepared))
    except Diagnostic as diagnostic:
        result.error = diagnostic
        return result


def _update(checks: Sequence[suites.Check], results: Sequence[Result]) -> None:
    """Rewrite the expectations that failed, and show what has changed."""
    from . import rewrite

    texts: dict[str, str] = {}
    for check, result in zip(checks, results, strict=True):
        for comparison in result.failures if result.error is None else []:
            if comparison.want is None:
                continue
            member = ("value",) if comparison.name == "value" else ("grads", comparison.name)
            raw: Any = check.members
            for key in member:
                raw = raw[key]
            if isinstance(raw, str) and raw.startswith("@"):
                _write_expected(
                    os.path.join(os.path.dirname(check.suite.path), raw[1:]), comparison
                )
                continue
            path = check.suite.path
            new = rewrite.replaced(
                texts.get(path, check.suite.text),
                ("checks", check.name, *member),
                comparison.got.tolist(),
                toml=check.suite.is_toml,
            )
            if new is None:
                place = ".".join(member)
                screen.complain(f"gradcalc: {result.place}: `{place}` is to be changed by hand")
            else:
                texts[path] = new
    for path, text in texts.items():
        before = next(check.suite.text for check in checks if check.suite.path == path)
        _show_changes(path, before, text)
        _write(path, text.encode())


def _write(path: str, data: bytes) -> None:
    files.write(path, lambda target: target.write(data))


def _write_expected(path: str, comparison: Comparison) -> None:
    """An expectation that is in a file of its own."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".json":
        files.write_json(path, documents.strict(comparison.got))
    elif suffix == ".npy":
        files.write_npy(path, comparison.got)
    else:
        screen.complain(f"gradcalc: `{path}` is to be changed by hand")
        return
    screen.emit(f"{path}: rewritten\n".encode())


def _show_changes(path: str, before: str, after: str) -> None:
    from difflib import unified_diff

    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), path, path, n=1
    )
    screen.emit("".join(line if line.endswith("\n") else line + "\n" for line in lines).encode())
