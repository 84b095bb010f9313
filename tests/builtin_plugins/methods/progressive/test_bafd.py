"""Adjacent filter decaying: how near the nearest are at a filter's turn to go, and the decay."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench_plugins.methods.progressive.bafd import Bafd
from tests.builtin_plugins.methods.fakes import CONVS, conv, scored


def slow(weight: list[list[float]], neighbours: int, max_rate: float) -> list[float]:
    """Strike filters out one at a time, measuring all distances anew at every turn."""
    left, sums, order = list(range(len(weight))), dict.fromkeys(range(len(weight)), 0.0), []

    def away(j: int) -> list[float]:
        return sorted(math.dist(weight[j], weight[i]) for i in left if i != j)

    while left:
        for j in left:
            sums[j] = math.fsum(away(j)[:neighbours])
        if len(left) <= neighbours + 1:
            order += sorted(left, key=lambda j: sums[j])
            break
        lowest = min(sums[j] for j in left)
        tied = [j for j in left if math.isclose(sums[j], lowest, rel_tol=1e-5)]
        gone = min(tied, key=lambda j: math.fsum(away(j)))
        order.append(gone)
        left.remove(gone)
    norm = math.hypot(*sums.values()) or 1.0
    spared = set(order[int(max_rate * len(weight)) :])
    return [sums[j] / norm + (j in spared) for j in range(len(weight))]


def test_four_filters_by_hand() -> None:
    filters = torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, 3.0], [10.0, 0.0]])
    # The second goes, nearer to the rest than the first; then it is 3 from the first to the third,
    # of which the first is nearer to the last. Two are left, and each has but the other.
    far = math.sqrt(109)
    norm = math.hypot(1, 3, far, far)
    found = scored(Bafd(max_rate=1.0), filters)
    assert found.tolist() == pytest.approx([3 / norm, 1 / norm, far / norm, far / norm])


@pytest.mark.parametrize("neighbours", [1, 2, 5])
@pytest.mark.parametrize("name", CONVS)
def test_scores_agree_with_loops(name: str, neighbours: int) -> None:
    weight = conv(name)
    expected = slow(weight.double().tolist(), neighbours, 0.75)
    found = scored(Bafd(neighbours=neighbours, max_rate=0.75), weight)
    torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-5, atol=1e-6)


@settings(max_examples=25)
@given(st.permutations(range(7)))
def test_scores_follow_their_channels_wherever_they_stand(order: list[int]) -> None:
    # With none spared: the last two are as far from each other, and either may be the last.
    weight, method = conv("3x3"), Bafd(max_rate=1.0)
    torch.testing.assert_close(scored(method, weight[order]), scored(method, weight)[order])


def test_one_of_two_equal_filters_makes_the_other_worth_keeping() -> None:
    weight = torch.tensor([[5.0, 5.0], [9.0, 0.0], [5.0, 5.0], [0.0, 9.0], [-7.0, 1.0]])
    first, _, second, *_ = scored(Bafd(max_rate=1.0), weight).tolist()
    assert min(first, second) == 0 < 0.1 < max(first, second)


def test_a_tenth_of_a_layer_is_spared_for_as_long_as_other_layers_can_give() -> None:
    scores = scored(Bafd(), torch.randn(40, 9, generator=torch.Generator().manual_seed(3)))
    assert int((scores > 1).sum()) == 4
    assert scores[scores > 1].min() > 1 >= scores[scores <= 1].max()
    # It is those that would go last anyway.
    unspared = scored(
        Bafd(max_rate=1.0), torch.randn(40, 9, generator=torch.Generator().manual_seed(3))
    )
    assert set(unspared.topk(4).indices.tolist()) == set(scores.topk(4).indices.tolist())


def test_layers_are_comparable_whatever_the_scale_of_their_filters() -> None:
    weight = conv("3x3")
    torch.testing.assert_close(scored(Bafd(), 1000 * weight), scored(Bafd(), weight))
    assert Bafd.normalisation == "none"


def test_filters_and_norms_are_decayed_from_the_first_round_on_instead_of_zeroed() -> None:
    assert Bafd().soft_factor == 1e-2
    assert Bafd(decay=0.3).soft_factor == 0.3
    assert Bafd.soft_norms
    assert Bafd().pruned_share(0.1) == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"neighbours": 0}, "'neighbours' is 0; choose 1 or more"),
        ({"decay": 1.0}, "'decay' is 1.0; choose a factor"),
        ({"decay": -0.1}, "'decay' is -0.1; choose a factor"),
        ({"max_rate": 0.0}, "'max_rate' is 0.0; choose a share"),
        ({"max_rate": 1.5}, "'max_rate' is 1.5; choose a share"),
    ],
)
def test_a_bad_option_is_one_clear_sentence(options: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Bafd(**options)  # type: ignore[arg-type]
