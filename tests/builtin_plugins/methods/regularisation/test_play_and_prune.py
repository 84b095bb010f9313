"""Play and Prune: the penalty on the weakest, the controller, and a target that is always met."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench_plugins.methods.regularisation.play_and_prune import PlayAndPrune, pace, slack
from tests.builtin_plugins.methods.fakes import CONVS, FakeGroup, conv, scored
from tests.builtin_plugins.methods.regularisation.training import (
    FakePhase,
    FakeStep,
    leaf,
    penalty_gradients,
)


@settings(max_examples=30)
@given(st.integers(0, 999), st.integers(1, 12), st.floats(0.01, 1))
def test_the_weakest_share_of_a_layer_is_pushed_by_the_sign(
    seed: int, channels: int, share: float
) -> None:
    weight = leaf(channels, 3, seed=seed)
    method = PlayAndPrune(strength=0.3, share=share)
    (slope,) = penalty_gradients(method, FakeStep([FakeGroup(weight)]), [weight])
    norms = [math.fsum(map(abs, row)) for row in weight.tolist()]
    weakest = sorted(range(channels), key=lambda k: norms[k])[: math.ceil(share * channels)]
    wanted = torch.zeros_like(slope)
    wanted[weakest] = 0.3 * weight.detach()[weakest].sign()
    torch.testing.assert_close(slope, wanted)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(1.0, 1.0), (2.0, 1.0), (2.1, 0.5), (2.2, 0.0), (9.0, 0.0), (math.nan, 0.0), (math.inf, 0.0)],
)
def test_slack_falls_from_one_at_the_start_s_loss_to_zero_at_the_tolerated_one(
    loss: float, expected: float
) -> None:
    assert slack(loss, start=2.0, tolerance=0.1) == pytest.approx(expected)


def test_slack_of_a_loss_that_started_at_zero_is_all_or_nothing() -> None:
    assert slack(0.1, start=0.0, tolerance=0.1) == 0
    assert slack(0.0, start=0.0, tolerance=0.1) == 1
    assert slack(-0.1, start=0.0, tolerance=0.1) == 1


@given(st.floats(0, 1), st.integers(1, 9), st.floats(0, 1), st.floats(1, 5))
def test_the_pace_is_between_half_the_even_one_and_what_is_left(
    left: float, rounds: int, room: float, speed: float
) -> None:
    step = pace(left, rounds, room, speed)
    assert min(left, left / rounds / 2) - 1e-12 <= step <= left
    assert step <= pace(left, rounds, min(1.0, room + 0.1), speed)


@settings(max_examples=60)
@given(
    steps=st.integers(0, 30),
    active=st.floats(0, 1),
    target=st.just(0.0) | st.floats(1e-3, 0.95),
    rounds=st.integers(1, 8),
    losses=st.lists(st.floats(0, 3) | st.just(math.nan), min_size=1),
)
def test_whatever_the_losses_the_target_is_met_and_every_step_is_spent(
    steps: int, active: float, target: float, rounds: int, losses: list[float]
) -> None:
    told = iter([*losses, *[1.0] * rounds])
    method = PlayAndPrune(rounds=rounds)
    phase = FakePhase(method, target, steps, active, measured=lambda _: next(told))
    method.prune(phase)
    assert phase.steps_left == 0
    assert phase.met
    cuts = list(phase.noted("cut"))
    assert cuts == sorted(set(cuts))
    # The target itself: a sum of steps would miss it by rounding, and ask for one cut more.
    assert cuts[-1:] == ([target] if target > 0 else [])
    last = max((at for at, call in enumerate(phase.log) if call[0] == "cut"), default=0)
    before = sum(count for name, count in phase.log[:last] if name == "train")
    assert before <= phase.active_steps


def cuts(*losses: float) -> list[float]:
    told = iter(losses)
    method = PlayAndPrune(rounds=4)
    phase = FakePhase(method, 0.8, 40, measured=lambda _: next(told))
    method.prune(phase)
    return [round(cut, 4) for cut in phase.noted("cut")]


def test_half_the_tolerance_left_is_the_even_pace() -> None:
    assert cuts(1.0, 1.05, 1.05, 1.05, 1.05) == [0.2, 0.4, 0.6, 0.8]


def test_no_slack_slows_the_game_down_and_slack_speeds_it_up() -> None:
    assert cuts(1.0, 2.0, 2.0, 2.0, 2.0) == [0.1, 0.2167, 0.3625, 0.8]
    assert cuts(1.0, 1.0, 1.0, 1.0, 1.0) == [0.4, 0.6667, 0.8]


def test_the_penalty_of_a_round_is_scaled_by_the_slack_before_it() -> None:
    told = iter([1.0, 1.05, 2.0, 2.0])
    method = PlayAndPrune(rounds=3)
    phase = FakePhase(method, 0.6, 12, 1.0, measured=lambda _: next(told))
    step, seen = FakeStep([FakeGroup(leaf(5, 2))]), []

    def penalty() -> float:
        value = method.penalty(step)
        assert value is not None
        return float(value.detach())

    def train(steps: int) -> None:
        seen.append(penalty() / full)
        FakePhase.train(phase, steps)

    full = penalty()
    phase.train = train  # type: ignore[method-assign]
    method.prune(phase)
    assert seen == pytest.approx([1, 0.5, 0, 0])


@pytest.mark.parametrize("name", CONVS)
def test_scores_are_l1_norms(name: str) -> None:
    torch.testing.assert_close(scored(PlayAndPrune(), conv(name)), conv(name).abs().sum(dim=1))


def test_nothing_in_scope_means_no_penalty() -> None:
    assert PlayAndPrune().penalty(FakeStep([])) is None


@pytest.mark.parametrize(
    ("option", "value"),
    [("strength", -1.0), ("share", 0.0), ("tolerance", 0.0), ("speed", 0.5), ("rounds", 0)],
)
def test_a_bad_option_is_one_clear_sentence(option: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"option '{option}' is {value}; choose"):
        PlayAndPrune(**{option: value})  # type: ignore[arg-type]
