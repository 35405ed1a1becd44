"""The options that verbs share, each declared once: its spellings, its values, its help."""

from __future__ import annotations

from typing import Annotated, Literal

from ..grammar.errors import Diagnostic
from .arguments import Argument, Option

# --- values that are more than a type says ------------------------------------------------------


def refused(option: str, value: str, help: list[str]) -> Diagnostic:
    return Diagnostic("G003", f"`{value}` is not a value of `{option}`", help=help)


def digits(precision: str) -> int | None:
    """The value of `--precision`; None for all digits. Raises G003."""
    if precision == "full":
        return None
    if precision.isascii() and precision.isdigit() and 1 <= int(precision) <= 17:
        return int(precision)
    raise refused("--precision", precision, ["a number of digits from 1 to 17, or `full`"])


def limit(max_elements: int | None) -> int:
    """The value of `--max-elements`. Raises G003."""
    from ..grad.evaluate import MAX_ELEMENTS

    if max_elements is not None and max_elements < 1:
        raise refused("--max-elements", str(max_elements), ["a number of entries, 1 or more"])
    return max_elements or MAX_ELEMENTS


def processes(jobs: int) -> int:
    """The value of `--jobs`, counted out."""
    if jobs:
        return jobs
    import os

    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # the processors that it may use
    return os.cpu_count() or 1


# --- options -----------------------------------------------------------------------------------

Words = Annotated[
    list[str] | None,
    Argument(
        metavar="EXPR [NAME=VALUE ...]",
        help="An expression or a program, and values for its names: JSON (x='[1,2]'), a constant "
        "expression (x=pi/4), a file (x=@x.json, .npy, .npz:key, .csv), or - for standard input. "
        "Names without a value are read as JSON from standard input.",
    ),
]
Shapes = Annotated[
    list[str] | None,
    Argument(
        metavar="EXPR [NAME:SHAPE ...]",
        help="An expression or a program, and shapes for its names: X:5,3, or with sizes that have "
        "names, X:n,d. A name without one is a scalar.",
    ),
]
Data = Annotated[
    list[str] | None,
    Argument(
        metavar="EXPR [NAME:SHAPE|NAME=VALUE ...]",
        help="An expression or a program, and for its names shapes (X:5,3), or values, which are "
        "then shown (x='[1,2]'). A name without either is a scalar.",
    ),
]

Wrt = Annotated[
    list[str] | None,
    Option("--wrt", metavar="NAMES", help="Differentiate by these names only: x or x,w."),
]
Gradient = Annotated[
    str | None,
    Option(
        "--gradient",
        metavar="VALUE",
        help="How much each entry of a result counts that is not a scalar.",
    ),
]
NoGrad = Annotated[bool, Option("--no-grad", help="The value alone, no gradients.")]
Jacobian = Annotated[bool, Option("--jacobian", help="All slopes of all entries.")]
Hessian = Annotated[bool, Option("--hessian", help="All second derivatives.")]
Dtype = Annotated[
    Literal["float64", "float32"], Option("--dtype", help="What to count in.", setting=True)
]
Seed = Annotated[
    int | None,
    Option("--seed", metavar="N", least=0, help="Start random numbers from N.", setting=True),
]
MaxElements = Annotated[
    int | None,
    Option(
        "--max-elements",
        metavar="N",
        setting=True,
        check=limit,
        help="Refuse tensors of more entries, before any memory is taken.",
    ),
]
Finite = Annotated[
    bool, Option("--finite", help="A NaN or infinity is an error (exit 5).", setting=True)
]

Json = Annotated[bool, Option("--json", help="Print one JSON document.")]
Only = Annotated[
    str | None,
    Option(
        "--only",
        metavar="MEMBER",
        values=("value", "grads", "shapes"),
        help="Print this part of the document alone: value, grads, grads.x, ...",
    ),
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print the value alone.")]
Output = Annotated[
    str | None,
    Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to a file instead: .json, .npy or .npz.",
    ),
]
Jsonl = Annotated[
    bool,
    Option(
        "--jsonl",
        help="Read records from standard input, one JSON document a line, and answer each with a "
        "line. As EXPR, - takes each record's `expr`.",
    ),
]
OnError = Annotated[
    Literal["emit", "stop", "skip"],
    Option(
        "--on-error", help="With --jsonl, what a bad record does.", setting=True, needs="--jsonl"
    ),
]
Keep = Annotated[
    list[str] | None,
    Option(
        "--keep",
        metavar="NAMES",
        help="With --jsonl, members to copy into the answers: id,name.",
        needs="--jsonl",
    ),
]
Jobs = Annotated[
    int,
    Option(
        "--jobs",
        metavar="N",
        least=0,
        setting=True,
        needs="--jsonl",
        help="With --jsonl, so many processes; 0 is one for each processor.",
    ),
]
Steps = Annotated[bool, Option("--steps", help="All steps, however many; with --json as data.")]
Precision = Annotated[
    str,
    Option(
        "--precision",
        metavar="N|full",
        help="Digits on the screen; JSON has all.",
        values=("full",),
        check=digits,
        setting=True,
    ),
]
Color = Annotated[
    Literal["auto", "always", "never"],
    Option("--color", help="When to use colour.", setting=True),
]
Ascii = Annotated[bool, Option("--ascii", help="Nothing but ASCII on the screen.", setting=True)]
ErrorFormat = Annotated[
    Literal["text", "json"],
    Option("--error-format", help="How to tell what went wrong.", setting=True),
]
Isolated = Annotated[
    bool,
    Option("--isolated", help="Without gradcalc.toml, pyproject.toml and GRADCALC_ variables."),
]

Expand = Annotated[bool, Option("--expand", help="Write shared parts out, without names.")]
Symmetric = Annotated[
    list[str] | None,
    Option("--symmetric", metavar="NAMES", help="These are symmetric matrices."),
]
Positive = Annotated[
    list[str] | None,
    Option("--positive", metavar="NAMES", help="These are positive."),
]
Format = Annotated[
    Literal["text", "latex", "numpy", "torch", "jax", "json"],
    Option("--format", help="How to write the formula.", setting=True),
]


# --- what they mean ----------------------------------------------------------------------------


def check_steps(max_steps: int | None) -> None:
    """Raise G003 for a value of `--max-steps` that no program could run with."""
    if max_steps is not None and max_steps < 1:
        raise refused("--max-steps", str(max_steps), ["a number of steps, 1 or more"])


def names(given: list[str] | None, option: str = "--wrt") -> tuple[str, ...] | None:
    """The value of `--wrt` or `--keep`; None where it is not given. Raises G003."""
    if given is None:
        return None
    found = [name.strip() for part in given for name in part.split(",")]
    if not all(found):
        way = f"names separated by commas, as in `{option} x,w`"
        raise refused(option, ",".join(given), [way])
    return tuple(dict.fromkeys(found))


def exclusive(**given: bool) -> None:
    """Raise G003 if more than one of these options is given."""
    both = [f"`--{name.replace('_', '-')}`" for name, is_given in given.items() if is_given]
    if len(both) > 1:
        raise Diagnostic("G003", f"{both[0]} and {both[1]} exclude each other", help=["choose one"])


def start_random(seed: int | None) -> None:
    """Start random numbers from a seed, if there is one."""
    if seed is not None:
        from ..grad.rules.creation import manual_seed

        manual_seed(seed)
