"""The manual's transcripts: every console block of README.md and docs/ prints what it shows.

A block is played in an empty folder. A line `$ ...` is a command, run by bash without a terminal;
lines `> ...` right below continue it (a here-document, say). The lines up to the next command are
what it prints, stdout and stderr together, to the letter. A command that fails says with which
exit code: `$ gradcalc eval '2x'  # exit 3`. To rewrite outputs and exit codes, and then read the
diff: `pytest tests/test_manual.py --update-manual`.
"""

import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
PAGES = [HOUSE / "README.md", *sorted((HOUSE / "docs").rglob("*.md"))]

BLOCK = re.compile(r"^(?P<fence>`{3,})console\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
STEP = re.compile(
    r"^\$ (?P<command>.*\n(?:> .*\n|>\n)*)"  # the command and its continuation
    r"(?P<output>(?:(?!\$ ).*\n)*?)"  # what it prints
    r"(?P<space>\n*)(?=\$ |\Z)",  # empty lines that set the next command off
    re.MULTILINE,
)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")  # to a file of the project
STATUS = re.compile(r"\s*# exit (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A console block of a page, and the line it starts at."""

    page: Path
    line: int
    body: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(HOUSE)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        yield Block(page, text.count("\n", 0, block.start()) + 1, block["body"])


def run(command: str, folder: Path) -> tuple[str, int]:
    """Output and exit code of a command, in an environment where nothing asks for colour."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={
            "PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
    )
    return done.stdout, done.returncode


def played(body: str, folder: Path) -> str:
    """The block as it would read with what its commands print now, and the way they end."""
    if not body.startswith("$ "):
        raise ValueError("a console block starts with a command, `$ ...`")

    def step(shown: re.Match[str]) -> str:
        typed = shown["command"]
        command = re.sub(r"^> ?", "", typed, flags=re.MULTILINE)
        output, status = run(command, folder)
        said = STATUS.search(typed)
        if status != (int(said[1]) if said else 0):
            first, rest = STATUS.sub("", typed).split("\n", 1)
            typed = (f"{first}  # exit {status}" if status else first) + "\n" + rest
        output = output.rstrip("\n")
        return "$ " + typed + (output + "\n" if output else "") + shown["space"]

    return STEP.sub(step, body)


@pytest.mark.parametrize("block", [b for page in PAGES for b in blocks(page)], ids=str)
def test_a_transcript_is_what_happens(
    block: Block, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    now = played(block.body, tmp_path)
    if request.config.getoption("--update-manual"):
        text = block.page.read_text(encoding="utf-8")
        block.page.write_text(
            text.replace(f"console\n{block.body}```", f"console\n{now}```", 1), encoding="utf-8"
        )
    else:
        assert now == block.body


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


EXAMPLE = """\
# A page

```console
$ echo one; echo two >&2
one
two

$ cat > note <<'END'
> three
>
>   four
> END
$ cat note
three

  four
$ false  # exit 1
$ (echo lost; exit 3)  # exit 3
lost
```

```sh
not run
```
"""


def test_the_player_agrees_with_a_right_transcript(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(EXAMPLE, encoding="utf-8")
    (block,) = blocks(page)
    assert block.line == 3
    assert played(block.body, tmp_path) == block.body


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("$ echo 1\n2\n", "$ echo 1\n1\n"),
        ("$ echo 1\n$ echo 2\n", "$ echo 1\n1\n$ echo 2\n2\n"),
        ("$ true\nnothing\n\n$ true\n", "$ true\n\n$ true\n"),
        ("$ false\n", "$ false  # exit 1\n"),
        ("$ true  # exit 1\n", "$ true\n"),
        ("$ exit 4  # exit 3\n", "$ exit 4  # exit 4\n"),
        ("$ cat <<E; exit 2\n> a\n> E\n", "$ cat <<E; exit 2  # exit 2\n> a\n> E\na\n"),
        ("$ printf 'a\\n\\nb'\na\n", "$ printf 'a\\n\\nb'\na\n\nb\n"),
    ],
)
def test_the_player_corrects_a_wrong_transcript(wrong: str, right: str, tmp_path: Path) -> None:
    assert played(wrong, tmp_path) == right
    assert played(right, tmp_path) == right
