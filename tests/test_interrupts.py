"""The user's Ctrl-C passes; whatever else a plugin's code raises does not."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from reidbench.interrupts import TooLong, fault_of, noting_interrupts, returned


class Panic(BaseException):
    """What a panic in another language arrives as."""


def raising(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    "error", [ValueError("x"), SystemExit(3), Panic("x"), KeyboardInterrupt(), GeneratorExit()]
)
def test_what_code_raises_is_returned(error: BaseException) -> None:
    assert fault_of(raising(error)) is error
    assert fault_of(lambda: None) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("keeps", [False, True])
def test_the_users_signal_passes_even_where_the_code_keeps_it(
    number: signal.Signals, keeps: bool
) -> None:
    def call() -> None:
        with suppress(*([BaseException] if keeps else [])):
            signal.raise_signal(number)
        if not keeps:
            pytest.fail("not interrupted")

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as the command line has it
    try:
        with pytest.raises(KeyboardInterrupt):
            fault_of(call)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before[signal.SIGTERM])


def test_a_signal_that_interrupts_nothing_is_none_of_it() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with noting_interrupts() as received:
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (heard, received) == ([signal.SIGTERM], [])


def test_a_handler_that_the_code_sets_does_not_stay() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert fault_of(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) is None
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_has_no_signals() -> None:
    faults: list[BaseException | None] = []
    error = KeyboardInterrupt()
    thread = threading.Thread(target=lambda: faults.append(fault_of(raising(error), 1.0)))
    thread.start()
    thread.join()
    assert faults == [error]


@pytest.mark.skipif(sys.platform == "win32", reason="no such timer")
def test_code_without_end_is_stopped() -> None:
    def call() -> None:
        while True:
            with suppress(Exception):
                time.sleep(10)

    started = time.monotonic()
    fault = fault_of(call, 0.05)
    assert isinstance(fault, TooLong) and str(fault) == "it did not end within 0.05 s"
    assert time.monotonic() - started < 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.skipif(sys.platform == "win32", reason="no such timer")
def test_somebody_elses_timer_is_left_alone() -> None:
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        assert fault_of(lambda: time.sleep(0.05), 0.01) is None
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 900
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_what_is_called_returns_or_raises_as_explained() -> None:
    def panics() -> None:
        raise SystemExit(3)

    assert returned(lambda: None, ValueError) is None
    with pytest.raises(ValueError, match="3") as raised:
        returned(panics, lambda fault: ValueError(str(fault)))
    assert isinstance(raised.value.__cause__, SystemExit)
    with pytest.raises(SystemExit):
        returned(panics, lambda fault: fault)
