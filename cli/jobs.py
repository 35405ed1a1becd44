"""Processes that share the work of a stream: blocks go round, their answers come back in order.

Workers are forked, when everything is imported and the expression is read but no thread has
started. That takes ten milliseconds each; a new Python with NumPy and all that would take forty
times as long. What goes through the pipes in between is pickled, by ourselves for ourselves.
"""

from __future__ import annotations

import copyreg
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from multiprocessing import get_all_start_methods, get_context
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, Any

from ..grammar.errors import Diagnostic

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

AHEAD = 2  # blocks that wait for each worker or are with it


def _taken_apart(diagnostic: Diagnostic) -> tuple[type, tuple[Any, ...]]:
    return Diagnostic, tuple(getattr(diagnostic, name) for name in Diagnostic.__match_args__)


copyreg.pickle(Diagnostic, _taken_apart)  # an exception would lose what was given by keyword


@contextmanager
def started(answer: Callable[[Any], Any], count: int) -> Iterator[list[Connection]]:
    """Connections to so many processes, each of which sends `answer(block)` for what it is sent."""
    if "fork" not in get_all_start_methods():
        raise Diagnostic(
            "G003", "this system cannot fork: `--jobs` needs that", help=["leave it out"]
        )
    context = get_context("fork")
    workers: list[Connection] = []
    processes = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(answer, theirs, [*workers, ours]), daemon=True
            )
            process.start()
            theirs.close()  # so that its end is noticed
            workers.append(ours)
            processes.append(process)
        yield workers
    finally:
        for process in processes:
            process.terminate()
        for worker, process in zip(workers, processes, strict=True):
            process.join()
            worker.close()


def ordered(workers: Sequence[Connection], blocks: Iterable[Any]) -> Iterator[Any]:
    """The answers to blocks, in order. No more than `AHEAD` for each worker are under way, so that
    a reader who is slow slows the writer down, too. Raises G605 if a worker has gone."""
    room = Semaphore(AHEAD * len(workers))
    sent: SimpleQueue[Any] = SimpleQueue()  # whose answers are to come; None is the end

    def feed() -> None:
        try:
            for worker, block in zip(_with_room(workers, room), blocks, strict=False):
                sent.put(worker)
                with suppress(OSError):  # it has gone, as will be noticed when its answer is due
                    worker.send(block)
            sent.put(None)
        except BaseException as error:  # noqa: BLE001  told by the thread that can be told
            sent.put(error)

    Thread(target=feed, daemon=True).start()
    while (worker := sent.get()) is not None:
        if isinstance(worker, BaseException):
            raise worker
        try:
            found = worker.recv()
        except (EOFError, OSError):
            ways = [
                "most often that is for want of memory: fewer `--jobs`, or smaller records",
                "what was written so far is right and whole",
            ]
            raise Diagnostic(
                "G605", "one of the processes of `--jobs` was killed", help=ways
            ) from None
        room.release()
        if isinstance(found, BaseException):
            raise found
        yield found


def _with_room(workers: Sequence[Connection], room: Semaphore) -> Iterator[Connection]:
    """The workers in turn, each when there is room for another block."""
    for worker in cycle(workers):
        room.acquire()
        yield worker


def _work(
    answer: Callable[[Any], Any], connection: Connection, others: Sequence[Connection]
) -> None:
    """Answer blocks until there are no more; what a worker is forked for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends this
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in others:  # while another process holds an end of a pipe, its end is not noticed
        other.close()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):  # nor would those before and after in a pipeline notice theirs
        os.dup2(nowhere, stream)
    with suppress(EOFError, OSError):  # the parent has gone
        while True:
            block = connection.recv()
            try:
                found = answer(block)
            except MemoryError as error:
                found = error
            except Exception:  # noqa: BLE001  a bug, told as one by the parent
                import traceback

                found = RuntimeError(traceback.format_exc())
            connection.send(found)
