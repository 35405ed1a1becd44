"""A mistake in what was asked of the graph, told in terms of arguments, not of places in a text."""

from collections.abc import Mapping, Sequence


class GradError(Exception):
    """What is wrong, as data that a front end can point with.

    `code` is stable (``G301``). `at` is the argument to blame: its position in the call, the name
    of a keyword, or None for the operation itself. `labels` says something about each argument, by
    position; `label` about the operation. `help` lists ways out, each one sentence or expression;
    ``{0}``, ``{1}`` in it stand for the text of the arguments. `node` is the node whose evaluation
    failed, where it was one.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        at: int | str | None = None,
        label: str = "",
        labels: Mapping[int, str] | None = None,
        help: Sequence[str] = (),
        node: object = None,
    ) -> None:
        super().__init__(f"{message} [{code}]")
        self.code = code
        self.message = message
        self.at = at
        self.label = label
        self.labels = dict(labels or {})
        self.help = list(help)
        self.node = node
