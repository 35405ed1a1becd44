"""What lark makes of the grammar files, written down as Python: `make tables`.

Run as ``python -m gradcalc.grammar.lark_tables`` it writes tables.py and script_tables.py anew.
The grammar files stay the only source; a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill, indent
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

from . import mistakes

HERE = Path(__file__).parent
GRAMMARS = {  # a module, the files it is made of, and what a text can be
    "tables": (["gradcalc.lark"], ["program"]),
    "script_tables": (["gradcalc.lark", "script.lark"], ["script", "embedded"]),
}


class _Kept:
    """Keeps lark from leaving out the terminals that no rule uses."""

    always_accept = mistakes.TERMINALS

    def process(self, stream: Iterator[Any]) -> Iterator[Any]:
        return stream


def source(module: str) -> str:
    """The text of a module of tables."""
    files, starts = GRAMMARS[module]
    grammar = "".join((HERE / file).read_text("utf-8") for file in files)
    lark = Lark(
        grammar, parser="lalr", lexer="basic", start=starts, postlex=_Kept(),
        maybe_placeholders=False,
    )  # fmt: skip
    lines = [
        f'"""What lark makes of {" and ".join(files)}: written by `make tables`, not by hand."""',
        "",
        "# ruff: noqa: E501",
        "# fmt: off",
        "from .lalr import Tables",
        "",
        "TABLES = Tables(",
        _argument("terminals", _terminals(lark), tight=False),
        *_parser(lark),
        ")",
    ]
    return "\n".join(lines) + "\n"


def _terminals(lark: Lark) -> list[str]:
    lexer = lark.parser.lexer.lexer
    lexer.scanner  # noqa: B018  made when asked for
    if lexer.callback or len(lexer.scanner._mres) != 1:
        raise NotImplementedError("terminals of which one is told from another after matching")
    return [ascii((t.name, t.pattern.to_regexp())) for t in lexer.scanner.terminals]


def _parser(lark: Lark) -> Iterator[str]:
    table = lark.parser.parser._parse_table
    rules = {rule: k for k, rule in enumerate(sorted(lark.rules, key=_order))}
    numbers: dict[Any, int] = {}  # lark's numbers differ from run to run, these do not
    waiting = [table.start_states[start] for start in table.start_states]
    for state in waiting:
        if state not in numbers:
            numbers[state] = len(numbers)
            row = table.states[state]
            waiting += [row[s][1] for s in sorted(row) if row[s][0] is Shift]
    follows: dict[str, int] = {}
    shifts: dict[str, int] = {}
    states = []
    for state in numbers:
        row = table.states[state]
        targets = {s: numbers[row[s][1]] for s in sorted(row) if row[s][0] is Shift}
        reduced: dict[int, list[str]] = {}
        for symbol in sorted(row):
            if row[symbol][0] is not Shift:
                reduced.setdefault(rules[row[symbol][1]], []).append(symbol)
        line = [shifts.setdefault(_dict(targets), len(shifts))]
        for rule, terminals in sorted(reduced.items()):
            line += [rule, follows.setdefault(" ".join(terminals), len(follows))]
        states.append(_tuple(line))
    ends = {s: (numbers[table.start_states[s]], numbers[table.end_states[s]]) for s in
            table.start_states}  # fmt: skip
    yield _argument("ignored", map(_text, sorted(lark.ignore_tokens)))
    yield _argument("rules", map(_rule, rules))
    yield _argument("follows", map(_text, follows))
    yield _argument("shifts", shifts)
    yield _argument("states", states)
    yield f"    starts={_dict(ends)},"


def _order(rule: Any) -> tuple[str, list[str]]:
    return str(rule.origin.name), [str(s.name) for s in rule.expansion]


def _rule(rule: Any) -> str:
    """A row of `Tables.rules`."""
    symbol = str(rule.origin.name)
    parts = [
        ~k if s.name.startswith("_") else k
        for k, s in enumerate(rule.expansion)
        if not (s.is_term and s.filter_out)
    ]
    method = str(rule.alias or symbol)
    if symbol.startswith("_"):
        method = ""
    elif rule.options.expand1 and not rule.alias:
        if len(parts) != 1 or parts[0] < 0:
            raise NotImplementedError(f"`?{symbol}` that may have one part and may have more")
        method = ""
    length = len(rule.expansion)
    return f"({_text(symbol)}, {length}, {_text(method)}, {_tuple(parts)})"


# --- Python ------------------------------------------------------------------------------------


def _text(text: str) -> str:
    return f'"{text}"'


def _tuple(items: list[int]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(map(str, items))})"


def _dict(items: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{_text(k)}: {v}" for k, v in items.items()) + "}"


def _argument(name: str, rows: Iterable[str], tight: bool = True) -> str:
    """Rows of a table, one a line or as many as fit; no line is broken inside a string."""
    text = ", ".join(rows) + ","
    if tight:
        text = re.sub(r'"[^"]*"', lambda string: string[0].replace(" ", "\0"), text)
        text = fill(text, 92, break_long_words=False, break_on_hyphens=False).replace("\0", " ")
    else:
        text = text.replace("), (", "),\n(")
    return f"    {name}=(\n{indent(text, ' ' * 8)}\n    ),"


if __name__ == "__main__":
    for module in GRAMMARS:
        (HERE / f"{module}.py").write_text(source(module), "utf-8")
