"""The criteria against published formulas: golden vectors, and slow loops in float64."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reidbench.api import Group, Method
from reidbench_plugins.methods.controls.dense import Dense
from reidbench_plugins.methods.weights.fpgm import Fpgm
from reidbench_plugins.methods.weights.l1 import L1
from reidbench_plugins.methods.progressive.psfp import Psfp, decay
from reidbench_plugins.methods.controls.random import Random
from reidbench_plugins.methods.controls.scratch import Scratch
from reidbench_plugins.methods.maps.taylor import Taylor, saliency

# Two opposite long filters and two short parallel ones.
FILTERS = torch.tensor([[3.0, 4.0], [-3.0, -4.0], [1.0, 0.0], [2.0, 0.0]])


@dataclass
class Filters:
    """A channel group of which only the filters matter."""

    weight: Tensor
    name: str = "conv"
    norm_scale: Tensor | None = None
    observed: list[nn.Module] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.weight)


class Task:
    """A ranking task over given maps and gradients, (images, channels, height, width)."""

    groups: tuple[Group, ...] = ()

    def __init__(self, seed: int = 0, maps: Tensor | None = None, slopes: Tensor | None = None):
        self.generator = torch.Generator().manual_seed(seed)
        self._maps, self._slopes = maps, slopes

    def mean_over_images(self, statistic, *, gradients: bool = False) -> dict[str, Tensor]:  # type: ignore[no-untyped-def]
        assert self._maps is not None
        return {"conv": statistic(self._maps, self._slopes if gradients else None).mean(dim=0)}


def scored(method: Method, weight: Tensor, task: Task | None = None) -> Tensor:
    task = task or Task()
    method.prepare(task)
    return method.scores(Filters(weight), task)


def test_l1_golden() -> None:
    assert scored(L1(), FILTERS).tolist() == [7, 7, 1, 2]


def test_l2_golden() -> None:
    assert scored(Psfp(), FILTERS).tolist() == [5, 5, 1, 2]


def test_fpgm_golden_sees_signs_and_removes_the_filter_in_the_middle() -> None:
    expected = torch.tensor([18.5952, 22.0600, 11.1290, 11.5262])
    torch.testing.assert_close(scored(Fpgm(), FILTERS), expected, atol=5e-5, rtol=0)


MAPS = torch.tensor([[[1.0, 2], [1, -1]], [[2, 0], [3, 1]]])[..., None]
SLOPES = torch.tensor([[[1.0, -1], [2, 1]], [[0.5, 4], [-1, 1]]])[..., None]


def test_taylor_golden_takes_the_magnitude_after_positions_and_before_examples() -> None:
    scores = scored(Taylor(), FILTERS[:2], Task(maps=MAPS, slopes=SLOPES))
    torch.testing.assert_close(scores, torch.tensor([0.5, 0.75]))
    normalised = torch.tensor([0.5547, 0.8321])
    torch.testing.assert_close(scores / scores.norm(), normalised, atol=5e-5, rtol=0)


def test_taylor_asks_for_layer_normalised_scores_and_random_does_not() -> None:
    assert Taylor.normalisation == "l2"
    assert Random.normalisation == Scratch.normalisation == "none"


def test_taylor_without_gradients_says_so() -> None:
    with pytest.raises(TypeError, match="needs the gradients"):
        saliency(MAPS, None)


def test_taylor_is_the_exact_loss_change_where_the_loss_is_linear() -> None:
    torch.manual_seed(0)
    maps = torch.randn(1, 3, 4, 2, dtype=torch.float64, requires_grad=True)
    readout = torch.randn(3 * 8, dtype=torch.float64)
    loss = maps.flatten() @ readout
    (slopes,) = torch.autograd.grad(loss, maps)
    for channel in range(3):
        without = maps.detach().clone()
        without[:, channel] = 0
        change = (without.flatten() @ readout - loss.detach()).abs()
        torch.testing.assert_close(saliency(maps.detach(), slopes)[0, channel] * 8, change)


PROGRESS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1)


@pytest.mark.parametrize(
    ("anchor", "rate", "shares"),
    [
        (1 / 4, 1.91961, (0.1325, 0.2500, 0.4467, 0.7231, 0.8941, 1)),
        (3 / 4, 11.08999, (0.5000, 0.7500, 0.9375, 0.9961, 0.9998, 1)),
    ],
)
def test_psfp_golden_schedule(anchor: float, rate: float, shares: tuple[float, ...]) -> None:
    assert decay(anchor) == pytest.approx(rate, abs=5e-6)
    made = Psfp(anchor=anchor)
    assert [made.pruned_share(e) for e in PROGRESS] == pytest.approx(shares, abs=5e-5)


@given(st.floats(0.1251, 0.9999))
def test_psfp_passes_through_its_anchor_and_ends_on_the_target(anchor: float) -> None:
    made = Psfp(anchor=anchor)
    assert made.pruned_share(1 / 8) == pytest.approx(anchor, rel=1e-9)
    assert made.pruned_share(1) == 1


@given(st.floats(0.1251, 0.9999), st.lists(st.floats(0, 1), min_size=2))
def test_psfp_never_takes_a_share_back_and_stays_above_the_straight_line(
    anchor: float, progress: list[float]
) -> None:
    shares = [Psfp(anchor=anchor).pruned_share(e) for e in sorted(progress)]
    assert shares == sorted(shares)
    assert all(e - 1e-12 <= share <= 1 for e, share in zip(sorted(progress), shares, strict=True))


@pytest.mark.parametrize("anchor", [-1.0, 0.0, 0.125, 1.0, 2.0, math.inf, math.nan])
def test_psfp_refuses_an_anchor_no_schedule_passes_through(anchor: float) -> None:
    with pytest.raises(ValueError, match="choose a share between 1/8 and 1"):
        Psfp(anchor=anchor)


@pytest.mark.parametrize("anchor", [math.nextafter(0.125, 1), math.nextafter(1, 0)])
def test_psfp_stands_the_very_ends_of_its_range(anchor: float) -> None:
    made = Psfp(anchor=anchor)
    assert made.pruned_share(1 / 8) == pytest.approx(anchor)
    assert made.pruned_share(1) == 1


def slow_l1(weight: list[list[float]]) -> list[float]:
    return [math.fsum(abs(w) for w in row) for row in weight]


def slow_l2(weight: list[list[float]]) -> list[float]:
    return [math.sqrt(math.fsum(w * w for w in row)) for row in weight]


def slow_fpgm(weight: list[list[float]]) -> list[float]:
    return [math.fsum(math.dist(row, other) for other in weight) for row in weight]


def slow_taylor(maps: Tensor, slopes: Tensor) -> list[float]:
    images, channels, height, width = maps.shape
    scores = []
    for j in range(channels):
        thetas = []
        for i in range(images):
            products = [
                maps[i, j, y, x].item() * slopes[i, j, y, x].item()
                for y in range(height)
                for x in range(width)
            ]
            thetas.append(abs(math.fsum(products) / (height * width)))
        scores.append(math.fsum(thetas) / images)
    return scores


def dead_channel(weight: Tensor) -> Tensor:
    weight[1] = 0
    return weight


CONVS = {
    "3x3": lambda: nn.Conv2d(5, 7, 3).weight,
    "1x1": lambda: nn.Conv2d(6, 9, 1).weight,
    "more filters than cdist's exact limit": lambda: nn.Conv2d(4, 40, 3).weight,
    "one channel left": lambda: nn.Conv2d(3, 1, 3).weight,
    "one weight": lambda: nn.Conv2d(1, 1, 1).weight,
    "all equal": lambda: torch.full((30, 4, 3, 3), 0.7),
    "a dead channel": lambda: dead_channel(nn.Conv2d(4, 6, 3).weight.detach()),
}


def conv(name: str) -> Tensor:
    torch.manual_seed(1)
    return CONVS[name]().detach().flatten(1)


@pytest.mark.parametrize("name", CONVS)
@pytest.mark.parametrize(
    ("method", "slow"),
    [(L1(), slow_l1), (Psfp(), slow_l2), (Fpgm(), slow_fpgm)],
    ids=["l1", "l2", "fpgm"],
)
def test_a_weight_criterion_agrees_with_loops(method: Method, slow, name: str) -> None:  # type: ignore[no-untyped-def]
    weight = conv(name)
    expected = torch.tensor(slow(weight.double().tolist()), dtype=torch.float64)
    torch.testing.assert_close(scored(method, weight).double(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", [L1(), Psfp(), Fpgm()], ids=["l1", "l2", "fpgm"])
def test_equal_filters_score_exactly_equal(method: Method) -> None:
    assert len(set(scored(method, conv("all equal")).tolist())) == 1


def test_a_dead_channel_scores_lowest_by_norm() -> None:
    for method in (L1(), Psfp()):
        scores = scored(method, conv("a dead channel"))
        assert (scores.argmin().item(), scores.min().item()) == (1, 0)


def test_a_lone_filter_has_nobody_to_be_far_from() -> None:
    assert scored(Fpgm(), conv("one channel left")).tolist() == [0]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 5), st.integers(1, 4))
def test_taylor_agrees_with_loops(seed: int, images: int, channels: int, side: int) -> None:
    random = torch.Generator().manual_seed(seed)
    maps, slopes = (torch.randn(images, channels, side, 2, generator=random) for _ in range(2))
    scores = scored(Taylor(), torch.zeros(channels, 1), Task(maps=maps, slopes=slopes))
    expected = torch.tensor(slow_taylor(maps.double(), slopes.double()), dtype=torch.float64)
    torch.testing.assert_close(scores.double(), expected, rtol=1e-4, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(7)))
def test_weight_criteria_follow_their_channels_wherever_they_stand(order: list[int]) -> None:
    weight = conv("3x3")
    for method in (L1(), Psfp(), Fpgm()):
        torch.testing.assert_close(scored(method, weight[order]), scored(method, weight)[order])


@pytest.mark.parametrize("control", [Random, Scratch])
def test_a_random_control_depends_on_the_trial_s_seed_alone(control: type[Method]) -> None:
    first = scored(control(), FILTERS, Task(seed=3))
    torch.rand(5)  # the global generator has no say
    assert torch.equal(first, scored(control(), -FILTERS, Task(seed=3)))
    assert not torch.equal(first, scored(control(), FILTERS, Task(seed=4)))


@pytest.mark.parametrize("control", [Random, Scratch])
def test_a_random_control_s_scores_are_uniform_and_differ_by_layer(control: type[Method]) -> None:
    task = Task()
    first, second = (scored(control(), torch.zeros(4000, 1), task) for _ in range(2))
    assert not torch.equal(first, second)
    deciles = torch.histc(first, bins=10, min=0, max=1) / 400
    assert deciles.min() > 0.8
    assert deciles.max() < 1.2


class Spent:
    """A prune phase that only counts steps."""

    steps = 30

    def __init__(self) -> None:
        self.calls: list[int] = []

    def train(self, steps: int) -> None:
        self.calls.append(steps)


def test_dense_trains_for_the_whole_phase_and_never_cuts() -> None:
    phase = Spent()  # has no cut(): asking for one would fail
    Dense().prune(phase)  # type: ignore[arg-type]
    assert phase.calls == [30]


def test_dense_ranks_nothing() -> None:
    with pytest.raises(NotImplementedError, match="Dense ranks no channels"):
        scored(Dense(), FILTERS)
