"""Adjacent filter decaying: the mean distance to the nearest filters, and the decay."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench_plugins.methods.progressive.bafd import Bafd

from ..fakes import CONVS, conv, scored


def slow(weight: list[list[float]], neighbours: int) -> list[float]:
    scores = []
    for j, row in enumerate(weight):
        others = sorted(math.dist(row, other) for i, other in enumerate(weight) if i != j)
        nearest = others[:neighbours]
        scores.append(math.fsum(nearest) / len(nearest) if nearest else 0.0)
    return scores


def test_four_filters_by_hand() -> None:
    filters = torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, 3.0], [10.0, 0.0]])
    far = (10 + math.sqrt(101)) / 2
    assert scored(Bafd(), filters).tolist() == pytest.approx([2, 1.5, 2.5, far])
    assert scored(Bafd(neighbours=1), filters).tolist() == pytest.approx([1, 1, 2, 10])


@pytest.mark.parametrize("neighbours", [1, 2, 5])
@pytest.mark.parametrize("name", CONVS)
def test_scores_agree_with_loops(name: str, neighbours: int) -> None:
    weight = conv(name)
    expected = torch.tensor(slow(weight.double().tolist(), neighbours))
    found = scored(Bafd(neighbours=neighbours), weight)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@settings(max_examples=25)
@given(st.permutations(range(7)))
def test_scores_follow_their_channels_wherever_they_stand(order: list[int]) -> None:
    weight = conv("3x3")
    torch.testing.assert_close(scored(Bafd(), weight[order]), scored(Bafd(), weight)[order])


def test_one_of_two_equal_filters_is_as_redundant_as_the_other() -> None:
    weight = torch.tensor([[5.0, 5.0], [9.0, 0.0], [5.0, 5.0], [0.0, 9.0]])
    assert scored(Bafd(neighbours=1), weight).tolist()[::2] == [0, 0]


def test_filters_are_decayed_from_the_first_round_on_instead_of_zeroed() -> None:
    assert Bafd().soft_factor == 1e-2
    assert Bafd(decay=0.3).soft_factor == 0.3
    assert Bafd().pruned_share(0.1) == 1
    assert Bafd.normalisation == "l2"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"neighbours": 0}, "'neighbours' is 0; choose 1 or more"),
        ({"decay": 1.0}, "'decay' is 1.0; choose a factor"),
        ({"decay": -0.1}, "'decay' is -0.1; choose a factor"),
    ],
)
def test_a_bad_option_is_one_clear_sentence(options: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Bafd(**options)  # type: ignore[arg-type]
