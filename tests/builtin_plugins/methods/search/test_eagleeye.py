"""EagleEye: what is drawn, how a draw becomes widths, and which draw wins."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench.api import Scores
from reidbench_plugins.methods.search import RECORDS
from reidbench_plugins.methods.search.eagleeye import EagleEye, best


@dataclass
class FakeGroup:
    name: str
    weight: Tensor

    @property
    def size(self) -> int:
        return len(self.weight)


@dataclass
class FakeTask:
    """A task whose loss is a function of the scores; remembers every candidate."""

    groups: list[FakeGroup]
    judge: Callable[[Scores], float] = lambda scores: 0.0
    seed: int = 0
    tried: list[Scores] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def loss_after(self, scores: Scores) -> float:
        self.tried.append(scores)
        return self.judge(scores)


def layers(*sizes: int) -> list[FakeGroup]:
    random = torch.Generator().manual_seed(9)
    return [
        FakeGroup(f"layer{index}", torch.randn(size, 6, generator=random))
        for index, size in enumerate(sizes)
    ]


def ranked(task: FakeTask, candidates: int = 20) -> Scores:
    method = EagleEye(candidates=candidates)
    method.prepare(task)  # type: ignore[arg-type]
    return {group.name: method.scores(group, task) for group in task.groups}  # type: ignore[arg-type]


def rate(scores: Tensor) -> float:
    """Return the removal rate that was drawn: the smallest score is 1/2 channel over it."""
    return 0.5 / len(scores) / scores.min().item()


def test_every_candidate_is_judged_once_and_the_best_is_returned() -> None:
    task = FakeTask(layers(8, 16), judge=lambda scores: abs(rate(scores["layer1"]) - 0.3))
    scores = ranked(task)
    assert len(task.tried) == 20
    nearest = min(task.tried, key=task.judge)
    for name in scores:
        assert torch.equal(scores[name], nearest[name])


def test_of_equal_candidates_the_first_is_kept() -> None:
    task = FakeTask(layers(8, 16))
    assert torch.equal(ranked(task)["layer0"], task.tried[0]["layer0"])


@pytest.mark.parametrize(
    ("losses", "index"),
    [
        ([2.0, 1.0, 3.0], 1),
        ([math.nan, 5.0, 4.0], 2),
        ([math.inf, math.nan, 9.0], 2),
        ([math.nan, math.nan], 0),
        ([1.0], 0),
    ],
)
def test_a_loss_that_is_not_a_number_loses(losses: list[float], index: int) -> None:
    assert best(losses) == index


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.lists(st.integers(1, 64), min_size=1, max_size=6), st.floats(0, 1))
def test_under_one_threshold_a_layer_loses_a_share_in_proportion_to_its_rate(
    seed: int, sizes: list[int], threshold: float
) -> None:
    task = FakeTask(layers(*sizes), seed=seed)
    for scores in (ranked(task, 1), *task.tried):
        for values in scores.values():
            share = (values < threshold).double().mean().item()
            assert abs(share - threshold * rate(values)) <= 0.5 / len(values) + 1e-9


def test_within_a_layer_the_smallest_l1_norms_go_first_and_ties_by_index() -> None:
    weight = torch.tensor([[3.0, -4], [1, 1], [0, 0], [2, 0], [-7, 0]])
    task = FakeTask([FakeGroup("conv", weight)])
    ranked(task, 5)
    for scores in task.tried:
        assert scores["conv"].argsort(stable=True).tolist() == [2, 1, 3, 0, 4]


def test_equal_filters_go_by_index() -> None:
    scores = ranked(FakeTask([FakeGroup("conv", torch.ones(20, 3))]))["conv"]
    assert scores.tolist() == sorted(scores.tolist())
    assert len(set(scores.tolist())) == 20


def test_rates_are_uniform_and_differ_from_layer_to_layer() -> None:
    task = FakeTask(layers(4, 4, 4, 4))
    ranked(task, 1000)
    rates = torch.tensor([[rate(one) for one in scores.values()] for scores in task.tried])
    deciles = torch.histc(rates, bins=10, min=0, max=1) / 400
    assert deciles.min() > 0.8
    assert deciles.max() < 1.2
    assert torch.corrcoef(rates.T).triu(1).abs().max() < 0.12


def test_the_draws_depend_on_the_trial_s_generator_alone() -> None:
    tasks = [FakeTask(layers(8, 5), seed=seed) for seed in (3, 3, 4)]
    for task in tasks:
        torch.rand(3)  # the global generator has no say
        ranked(task, 4)
    first, again, other = ([scores["layer0"].tolist() for scores in t.tried] for t in tasks)
    assert first == again != other


def test_a_judge_that_draws_itself_does_not_change_the_candidates() -> None:
    plain, drawing = FakeTask(layers(8, 5)), FakeTask(layers(8, 5))
    drawing.judge = lambda scores: torch.rand(1, generator=drawing.generator).item()
    ranked(plain, 4), ranked(drawing, 4)
    for one, other in zip(plain.tried, drawing.tried, strict=True):
        assert torch.equal(one["layer0"], other["layer0"])


def test_scores_are_finite_even_for_a_layer_of_one_dead_channel() -> None:
    groups = [*layers(1, 300), FakeGroup("dead", torch.zeros(1, 4))]
    scores = ranked(FakeTask(groups), 200)
    for group in groups:
        assert scores[group.name].shape == (group.size,)
        assert scores[group.name].isfinite().all()


def test_no_candidates_is_refused() -> None:
    with pytest.raises(ValueError, match="'candidates' is 0; draw at least 1"):
        EagleEye(candidates=0)


def test_scores_are_comparable_as_they_are() -> None:
    assert EagleEye.normalisation == "none"


def test_the_record_builds_it_and_says_what_it_looks_at() -> None:
    (record,) = RECORDS
    assert record.build({}).options == dict(record.options)
    assert (record.strategy, record.allocation, record.data) == ("one-shot", "global", "labels")
