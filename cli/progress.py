"""A bar on the terminal for what takes more than a second; it is gone when that is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.0  # seconds before there is anything to see

Tell = Callable[[float], None]  # takes the share that is done


@contextmanager
def shown() -> Iterator[Tell | None]:
    """What to tell how much is done; None where nobody is looking."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    bar = _Bar()
    try:
        yield bar.tell
    finally:
        bar.erase()


class _Bar:
    def __init__(self) -> None:
        self.start = monotonic()
        self.bar: Progress | None = None

    def tell(self, share: float) -> None:
        if self.bar is None and monotonic() - self.start > PATIENCE:
            self.bar = _started()
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=share)

    def erase(self) -> None:
        if self.bar is not None:
            self.bar.stop()


def _started() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    bar = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.add_task("", total=1.0)
    bar.start()
    return bar
