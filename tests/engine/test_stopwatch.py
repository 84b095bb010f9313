"""A stopwatch adds up seconds by what they were spent on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.engine import stopwatch
from reidbench.engine.stopwatch import Stopwatch


class Clock:
    """A clock that a test moves on."""

    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stopwatch, "perf_counter", clock)
    return clock


def test_a_block_is_charged_to_its_activity(clock: Clock) -> None:
    times = Stopwatch()
    for activity, seconds in (("training", 2.0), ("ranking", 0.5), ("training", 3.0)):
        with times.running(activity):
            clock.now += seconds
    assert times.seconds == {"training": 5.0, "ranking": 0.5}


def test_a_block_that_fails_is_charged_too(clock: Clock) -> None:
    times = Stopwatch()
    with pytest.raises(RuntimeError), times.running("training"):
        clock.now += 2
        raise RuntimeError
    assert times.seconds == {"training": 2.0}


def test_notes_hold_what_no_activity_does(clock: Clock) -> None:
    times = Stopwatch()
    clock.now += 1.25  # loading
    with times.running("training"):
        clock.now += 2.0004
    clock.now += 0.5  # saving
    assert times.notes() == {"seconds": {"training": 2.0}, "wall": 3.75}


def test_notes_are_of_now_and_do_not_change_later(clock: Clock) -> None:
    times = Stopwatch()
    clock.now += 1
    notes = times.notes()
    clock.now += 1
    times.add("training", 1)
    assert notes == {"seconds": {}, "wall": 1.0}
    assert times.notes() == {"seconds": {"training": 1}, "wall": 2.0}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1e4)), max_size=12))
def test_activities_take_no_longer_than_all_together(spent: list[tuple[str, float]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(stopwatch, "perf_counter", clock)
        times = Stopwatch()
        for activity, seconds in spent:
            with times.running(activity):
                clock.now += seconds
        notes = times.notes()
    assert sum(notes["seconds"].values()) == pytest.approx(notes["wall"], abs=0.0021)
    assert notes["wall"] == pytest.approx(sum(seconds for _, seconds in spent), abs=0.0011)


def test_a_real_clock_runs() -> None:
    times = Stopwatch()
    with times.running("counting"):
        sum(range(200_000))
    assert 0 < times.notes()["seconds"]["counting"] <= times.notes()["wall"] < 10
