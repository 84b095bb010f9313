"""The learning rate warms up linearly, peaks, and decays to its final share."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.config.protocol import ScheduleRules
from reidbench.engine.training.schedule import learning_rate_factor

DECAYS = ("cosine", "linear", "constant")


def curve(steps, warm_up=0.2, decay="cosine", final=0.01):
    rules = ScheduleRules(warm_up=warm_up, decay=decay, final=final)
    return [learning_rate_factor(step, steps, rules) for step in range(steps)]


@given(
    steps=st.integers(1, 200),
    warm_up=st.floats(0, 0.99),
    decay=st.sampled_from(DECAYS),
    final=st.floats(0, 1),
)
def test_the_rate_rises_to_the_peak_and_then_never_rises(steps, warm_up, decay, final):
    factors = curve(steps, warm_up, decay, final)
    warm = round(warm_up * steps)
    assert all(a < b for a, b in pairwise(factors[:warm]))
    assert all(a >= b - 1e-12 for a, b in pairwise(factors[max(0, warm - 1) :]))
    assert max(factors) == pytest.approx(1)
    assert min(factors) >= min(1 / max(1, warm), final) - 1e-12


@pytest.mark.parametrize(("decay", "last"), [("cosine", 0.01), ("linear", 0.01), ("constant", 1.0)])
def test_the_last_step_has_the_final_rate(decay, last):
    assert curve(50, decay=decay)[-1] == pytest.approx(last)


def test_warm_up_is_linear_and_starts_above_zero():
    assert curve(50, warm_up=0.1)[:6] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])


def test_the_decays_pass_through_their_middle():
    middle = 0.01 + 0.99 / 2
    assert curve(101, warm_up=0, decay="cosine")[50] == pytest.approx(middle)
    assert curve(101, warm_up=0, decay="linear")[50] == pytest.approx(middle)
    assert curve(101, warm_up=0, decay="cosine")[25] > curve(101, warm_up=0, decay="linear")[25]


def test_a_phase_of_one_step_has_the_peak_rate():
    assert curve(1) == [1.0]
