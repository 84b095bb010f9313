"""Progressive gradient pruning: the gradients it ranks by, and its exponential schedule."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench.api import Scores
from reidbench_plugins.methods.progressive.pgp import Pgp, removed
from tests.builtin_plugins.methods.fakes import FakeGroup, FakeTask, scored
from tests.builtin_plugins.methods.regularisation.training import FakePhase, FakeStep


def test_golden_remaining_filters() -> None:
    remain = [64 * (1 - removed(0.5, (e + 1) / 10)) for e in range(10)]
    expected = [59.71, 55.72, 51.98, 48.50, 45.25, 42.22, 39.40, 36.76, 34.30, 32.00]
    assert remain == pytest.approx(expected, abs=6e-3)


def slow(batches: list[list[list[float]]]) -> list[float]:
    totals = [0.0] * len(batches[0])
    for batch in batches:
        for j, row in enumerate(batch):
            totals[j] += sum(abs(slope) for slope in row)
    return totals


@settings(max_examples=25)
@given(st.integers(0, 999), st.integers(1, 4), st.integers(1, 6))
def test_a_pass_averages_each_batch_s_norm(seed: int, images: int, channels: int) -> None:
    random = torch.Generator().manual_seed(seed)
    slopes = torch.randn(images, channels, 3, generator=random)
    task = FakeTask(weight_slopes={"conv": slopes}, batch=1)
    expected = torch.tensor(slow(slopes.double().tolist())) / images
    torch.testing.assert_close(scored(Pgp(), torch.ones(channels, 3), task), expected)


def step(gradient: Tensor | None, name: str = "conv") -> FakeStep:
    size = 3 if gradient is None else len(gradient)
    return FakeStep([FakeGroup(torch.ones(size, 2), name, gradient=gradient)])


# Its pass would give 7 for every channel.
PASS = {"conv": torch.full((2, 3, 2), 3.5)}


def ranked(method: Pgp, channels: int = 3) -> list[float]:
    task = FakeTask(weight_slopes={"conv": PASS["conv"][:, :channels]})
    return scored(method, torch.ones(channels, 2), task).tolist()


def test_training_adds_up_each_step_s_norm_whatever_the_signs() -> None:
    method = Pgp(gradients="training")
    steps = [torch.tensor([[1.0, -2.0], [0.0, 0.0], [3.0, 3.0]]) * sign for sign in (1, -1, 2)]
    for gradient in steps:
        method.after_step(step(gradient))
    assert ranked(method) == slow([gradient.tolist() for gradient in steps]) == [12, 0, 24]


def test_training_forgets_what_the_ranking_before_saw() -> None:
    method = Pgp(gradients="training")
    method.after_step(step(torch.ones(3, 2)))
    assert ranked(method) == [2, 2, 2]
    assert ranked(method) == [7, 7, 7]
    method.after_step(step(torch.ones(3, 2) * 2))
    assert ranked(method) == [4, 4, 4]


def test_training_without_a_gradient_yet_takes_a_pass() -> None:
    method = Pgp(gradients="training")
    method.after_step(step(None))
    assert ranked(method) == [7, 7, 7]


def test_channels_that_went_in_between_start_the_sums_anew() -> None:
    method = Pgp(gradients="training")
    method.after_step(step(torch.ones(3, 2)))
    assert ranked(method, channels=2) == [7, 7]
    method.after_step(step(torch.ones(3, 2)))
    method.after_step(step(torch.ones(2, 2) * 4))
    assert ranked(method, channels=2) == [8, 8]


def test_a_group_that_no_step_reached_means_a_pass_for_all() -> None:
    method = Pgp(gradients="training")
    method.after_step(step(torch.ones(3, 2)))
    groups = [FakeGroup(torch.ones(3, 2)), FakeGroup(torch.ones(3, 2), "other")]
    task = FakeTask(groups, weight_slopes={**PASS, "other": PASS["conv"]})
    method.prepare(task)
    assert method.scores(groups[0], task).tolist() == [7, 7, 7]


def test_a_pass_looks_at_no_training_step() -> None:
    method = Pgp()
    method.after_step(step(torch.ones(3, 2)))
    assert ranked(method) == [7, 7, 7]


@settings(max_examples=60)
@given(
    gradients=st.sampled_from(["pass", "training"]),
    steps=st.integers(0, 40),
    active=st.floats(0, 1),
    target=st.just(0.0) | st.floats(1e-3, 0.95),
    rounds=st.integers(1, 8),
    ratio=st.floats(0, 1),
)
def test_the_target_is_met_in_the_active_steps_and_every_step_is_spent(
    gradients: str, steps: int, active: float, target: float, rounds: int, ratio: float
) -> None:
    method = Pgp(gradients=gradients, rounds=rounds, remove_ratio=ratio)
    phase = FakePhase(method, target, steps, active)
    method.prune(phase)
    assert phase.steps_left == 0
    assert phase.met
    assert list(phase.noted("cut"))[-1] == target
    last = max(at for at, call in enumerate(phase.log) if call[0] == "cut")
    assert sum(n for name, n in phase.log[:last] if name == "train") == phase.active_steps
    reductions = list(phase.noted("soften"))
    assert reductions == sorted(reductions)


def test_rounds_zero_and_remove_along_the_schedule() -> None:
    method = Pgp(rounds=4)
    phase = FakePhase(method, reduction=0.6, steps=16, channels=1000)
    method.prune(phase)
    names = [name for name, _ in phase.log]
    assert names == ["train", "soften", "cut"] * 3 + ["train", "cut", "train"]
    assert list(phase.noted("soften")) == pytest.approx([1 - 0.4 ** (e / 4) for e in (1, 2, 3)])
    gone = 0.0
    for soft, hard in zip(phase.noted("soften"), phase.noted("cut"), strict=False):
        assert hard == pytest.approx(gone + (soft - gone) / 2, abs=2e-3)  # half of the way for good
        gone = hard


def test_rounds_without_a_step_fall_away() -> None:
    method = Pgp(rounds=8)
    phase = FakePhase(method, reduction=0.6, steps=4, active=0.5)
    method.prune(phase)
    assert list(phase.noted("soften")) == pytest.approx([1 - 0.4**0.5])
    assert phase.met


def test_a_removed_filter_is_never_one_that_was_spared_from_zeroing() -> None:
    method = Pgp(rounds=2)
    phase = FakePhase(method, reduction=0.5, steps=8, active=1.0)
    soften, kept = phase.soften, []

    def watch(reduction: float, scores: dict[str, Tensor]) -> Scores:
        shrunk = soften(reduction, scores)
        kept.append(int((phase.weight == 0).all(dim=1).sum()))
        return shrunk

    phase.soften = watch  # type: ignore[method-assign, assignment]
    phase.train = lambda steps: setattr(phase, "spent", phase.spent + steps)  # type: ignore[method-assign]
    method.prune(phase)
    zeroed = 40 - round(40 * 0.5**0.5)
    assert kept == [zeroed]


def test_what_was_zeroed_goes_first_in_the_next_round_however_large_its_gradient() -> None:
    """Behind a batch norm a filter's gradient grows as its weights shrink."""
    method = Pgp(rounds=3)
    phase = FakePhase(method, reduction=0.6, steps=9, active=1.0)
    soften, rank = phase.soften, phase.rank
    zeroed: list[Tensor] = []

    def watch(reduction: float, scores: Scores) -> Scores:
        shrunk = soften(reduction, scores)
        zeroed.append(phase.weight.detach()[shrunk["conv"]])
        assert (shrunk["conv"] == (phase.weight == 0).all(dim=1)).all()
        return shrunk

    ranked: list[Tensor] = []

    def ranking() -> Scores:
        scores = rank()
        ranked.append(scores["conv"])
        return scores

    phase.soften, phase.rank = watch, ranking  # type: ignore[method-assign, assignment]
    method.prune(phase)
    assert (ranked[0] >= 0).all(), "nothing was zeroed before the first round"
    # Of what was zeroed in a round, half was cut; the rest is at the bottom of the next ranking.
    for before, scores in zip(zeroed, ranked[1:], strict=False):
        left = int((scores < 0).sum())
        assert 0 < left < len(before)
        assert set(scores.argsort(stable=True)[:left].tolist()) == set(
            (scores < 0).nonzero().flatten().tolist()
        )
        # One ranking over all layers divides by this norm, which is of what may still be chosen.
        assert scores.norm() == scores[scores >= 0].norm()


def test_training_needs_no_pass_while_there_are_steps() -> None:
    ranking_passes = {}
    for gradients in ("pass", "training"):
        method = Pgp(gradients=gradients, rounds=4)
        phase = FakePhase(method, reduction=0.6, steps=16)
        method.prune(phase)
        ranking_passes[gradients] = phase.passes
    assert ranking_passes == {"pass": 4, "training": 0}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"gradients": "both"}, "'gradients' is 'both'; choose 'pass' or 'training'"),
        ({"rounds": 0}, "'rounds' is 0; choose 1 or more"),
        ({"remove_ratio": 1.1}, "'remove_ratio' is 1.1; choose a share"),
    ],
)
def test_a_bad_option_is_one_clear_sentence(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Pgp(**options)  # type: ignore[arg-type]
