"""Images a second, as the note of a training step shows them."""

from __future__ import annotations

import pytest

from reidbench.engine.training import throughput
from reidbench.engine.training.throughput import WINDOW, Throughput
from reidbench.text import training_note, training_numbers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(throughput, "perf_counter", clock)
    return clock


def rates(clock: Clock, steps: range, seconds: float) -> list[float]:
    """Return the rate after each step of 32 images that takes so many seconds."""
    speed, found = Throughput(), []
    for done in steps:
        clock.now += seconds
        speed.step(done, 32 * done)
        found.append(speed.images_per_second)
    return found


def test_a_steady_pace_is_shown_from_the_first_step(clock: Clock) -> None:
    assert rates(clock, range(1, 40), 0.5) == pytest.approx([64.0] * 39)


def test_images_before_a_checkpoint_do_not_count(clock: Clock) -> None:
    assert rates(clock, range(1000, 1040), 0.5) == pytest.approx([64.0] * 40)


def test_a_slower_pace_shows_after_a_window(clock: Clock) -> None:
    speed = Throughput()
    for done in range(1, 100):
        clock.now += WINDOW / 10 if done > 50 else WINDOW / 100
        speed.step(done, 10 * done)
    assert speed.images_per_second == pytest.approx(10.0, rel=0.01)


def test_what_is_shown_can_be_read() -> None:
    assert training_numbers(training_note(1.25, 310.4)) == {
        "loss": 1.25,
        "images_per_second": 310.0,
    }
    assert training_numbers("train images") == {}
