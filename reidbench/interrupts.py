"""Tells the user's own Ctrl-C from whatever the code of a plugin raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
Handler = Callable[[int, FrameType | None], Any]
SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and a plain kill, which ends a run in the same way."""


class TooLong(BaseException):
    """Code of a plugin that did not come to its end in time."""


@contextmanager
def noting_interrupts() -> Iterator[list[int]]:
    """Provide a list of the signals that interrupt the block; it stays empty if none does.

    A plugin may raise ``KeyboardInterrupt`` itself, or keep one that was the user's. In a thread
    other than the main one the list stays empty, because Python interrupts the main one alone.
    """
    received: list[int] = []

    def note(before: Handler, number: int, frame: FrameType | None) -> None:
        try:
            before(number, frame)
        except KeyboardInterrupt:
            received.append(number)
            raise

    replaced: dict[signal.Signals, Handler] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                before = signal.getsignal(number)
                if callable(before):  # neither ignored nor left to the system
                    replaced[number] = before
                    signal.signal(number, partial(note, before))
        yield received
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)


def fault_of(call: Callable[[], object], seconds: float | None = None) -> BaseException | None:
    """Call a plugin's code; return what it raised, whatever that is, or None.

    ``seconds``: after these it is stopped by a ``TooLong``, where the system has such a timer.

    Raises:
        KeyboardInterrupt: the user interrupted it, even if the code did not let that pass.

    """
    fault: BaseException | None = None
    with noting_interrupts() as received:
        try:
            with _at_most(seconds):
                call()
        except BaseException as error:
            fault = error
    if received:
        raise KeyboardInterrupt from fault
    return fault


def returned(call: Callable[[], T], explain: Callable[[BaseException], BaseException]) -> T:
    """Call a plugin's code and return what it returns; what it raises is raised as explained.

    ``explain`` gets whatever that is, and returns it as it is, or an error that it is the cause of.

    Raises:
        KeyboardInterrupt: as ``fault_of``.

    """
    found: list[T] = []
    fault = fault_of(lambda: found.append(call()))
    if fault is None:
        return found[0]
    error = explain(fault)
    if error is fault:
        raise fault
    raise error from fault


@contextmanager
def _at_most(seconds: float | None) -> Iterator[None]:
    """Interrupt the block after some seconds, unless somebody else uses the process's timer."""
    main = threading.current_thread() is threading.main_thread()
    if seconds is None or not main or not hasattr(signal, "setitimer"):
        yield
        return
    if signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLong(f"it did not end within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
