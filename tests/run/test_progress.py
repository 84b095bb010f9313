"""Progress while a suite runs: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from reidbench.run import progress
from reidbench.run.progress import Reporter, Work, console_on
from reidbench.text import duration


class Stopwatch:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stopwatch]:
    clock = Stopwatch()
    monkeypatch.setattr(progress, "monotonic", clock)
    return clock


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (200, "3m20s"),
        (3599.6, "1h00m"),
        (7500, "2h05m"),
        (100 * 3600, "100h00m"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_longer_duration_never_reads_shorter(a: float, b: float) -> None:
    def minutes(text: str) -> float:
        units = {"h": 60.0, "m": 1.0, "s": 1 / 60}
        total, digits = 0.0, ""
        for letter in text:
            if letter.isdigit():
                digits += letter
            else:
                total, digits = total + int(digits) * units[letter], ""
        return total

    short, long = sorted((a, b))
    assert minutes(duration(short)) <= minutes(duration(long))


def test_what_is_left_is_extrapolated_from_what_is_done(clock: Stopwatch) -> None:
    work = Work(total=10, started=clock.now)
    assert work.left() == "?"
    clock.now += 60
    assert work.left(share_of_current=1) == "9m00s"
    work.done = 2
    assert work.left() == "4m00s"
    assert work.left(share_of_current=2) == "1m30s"
    work.done = 10
    assert work.left() == "0s"
    work.done = 11  # a suite that took more phases than foreseen
    assert work.left() == "0s"


def test_nothing_is_extrapolated_from_the_first_seconds_of_a_long_run(clock: Stopwatch) -> None:
    work = Work(total=100, done=1, started=clock.now)
    clock.now += 7  # most of which the images took, that are decoded once
    assert work.left() == "?"
    assert work.left(share_of_current=5) == "1m50s"
    clock.now += 23
    assert work.left() == "49m30s"


def run(stream: io.StringIO, clock: Stopwatch, *, reporter: Reporter | None = None) -> str:
    reporter = reporter or Reporter(console_on(stream), units=4)
    with reporter.running():
        reporter.trial(1, 2, "a/net/data/l1(x=[3])@50%/seed0")
        with reporter.phase("train on data", 1):
            clock.now += 10
            reporter.step(1, 2, "loss 1.234")
        reporter.say("[1/2] done")
    return stream.getvalue()


def test_a_log_gets_a_line_at_each_phases_start_and_end(clock: Stopwatch) -> None:
    assert run(io.StringIO(), clock).splitlines() == [
        "[1/2] a/net/data/l1(x=[3])@50%/seed0: train on data ...",
        "[1/2] a/net/data/l1(x=[3])@50%/seed0: train on data took 10s; left 30s",
        "[1/2] done",
    ]


def test_a_log_line_is_never_wrapped(clock: Stopwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = io.StringIO()
    Reporter(console_on(stream), units=1).say("word " * 40)
    assert stream.getvalue().count("\n") == 1


def test_a_narrow_terminal_loses_the_name_and_keeps_what_changes(clock: Stopwatch) -> None:
    stream = io.StringIO()
    text = run(stream, clock, reporter=terminal(stream, width=64))
    assert "left 1m10s  [1/2] train on data 1/2 loss 1.234" in text
    assert "…" in text
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))
    assert max(len(line) for line in lines) <= 64


def terminal(stream: io.StringIO, width: int = 120) -> Reporter:
    console = Console(
        file=stream, force_terminal=True, width=width, soft_wrap=True, color_system=None
    )
    return Reporter(console, units=4)


def test_a_terminal_gets_one_live_line_and_what_stays(clock: Stopwatch) -> None:
    stream = io.StringIO()
    text = run(stream, clock, reporter=terminal(stream))
    # Half of one of four units took ten seconds.
    line = "left 1m10s  [1/2] train on data 1/2 loss 1.234  a/net/data/l1(x=[3])@50%/seed0"
    assert line in text
    assert "[1/2] done" in text
    assert "took" not in text


def test_a_phase_that_fails_still_counts_as_done(clock: Stopwatch) -> None:
    reporter = Reporter(console_on(None), units=4)
    with pytest.raises(RuntimeError), reporter.phase("prune", 1):
        raise RuntimeError
    assert reporter.work.done == 1
