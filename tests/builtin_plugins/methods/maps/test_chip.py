"""CHIP: golden vector, and the integral against a singular value decomposition a channel."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench_plugins.methods.maps.chip import Chip, independence
from tests.builtin_plugins.methods.fakes import (
    CONVS,
    FakeGroup,
    FakeTask,
    by_hand,
    conv,
    observed,
    scored,
)

DOUBLE = {"dtype": torch.float64}


def nuclear(matrix: Tensor) -> float:
    return float(torch.linalg.svdvals(matrix).sum())


def slow(maps: Tensor) -> Tensor:
    """Return the definition, image by image and channel by channel, in float64."""
    scores = []
    for j in range(maps.shape[1]):
        changes = []
        for image in maps.double().flatten(2):
            without = image.clone()
            without[j] = 0
            changes.append(nuclear(image) - nuclear(without))
        scores.append(sum(changes) / len(changes))
    return by_hand(scores)


def close(maps: Tensor) -> None:
    expected = slow(maps)
    largest = float(torch.linalg.matrix_norm(maps.double().flatten(2), ord=2).max())
    found = independence(maps, None).mean(dim=0)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-7 * largest + 1e-300)


def test_the_golden_map() -> None:
    group = FakeGroup(torch.zeros(3, 1))
    maps = torch.tensor([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])[None, :, :, None]
    scores = scored(Chip(), group, FakeTask(groups=(group,), maps={"conv": maps}))
    torch.testing.assert_close(scores, by_hand([0.8769, 4.5654, 0.9871]), atol=5e-5, rtol=0)


@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_the_definition_on_the_activated_maps(name: str) -> None:
    group, task = observed(conv(name))
    expected = slow(task.maps["conv"].clamp(min=0))
    torch.testing.assert_close(scored(Chip(), group, task), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "side"), [(6, 8), (8, 8), (64, 8), (100, 2), (64, 1), (1, 8), (1, 1), (128, 4)]
)
def test_more_and_fewer_channels_than_positions_agree(channels: int, side: int) -> None:
    torch.manual_seed(channels)
    close(torch.randn(2, channels, side, side, **DOUBLE))
    close(torch.randn(2, channels, side, side, **DOUBLE).relu())


@settings(max_examples=40)
@given(
    st.integers(0, 2**31),
    st.integers(1, 12),
    st.integers(1, 9),
    st.integers(0, 4),
    st.floats(1e-6, 1e6),
)
def test_maps_of_any_rank_and_scale_agree(
    seed: int, channels: int, positions: int, rank: int, scale: float
) -> None:
    random = torch.Generator().manual_seed(seed)
    left = torch.randn(2, channels, rank, generator=random, **DOUBLE)
    right = torch.randn(2, rank, positions, generator=random, **DOUBLE)
    close((left @ right)[..., None] * scale)


def test_channels_of_very_different_strength_agree() -> None:
    torch.manual_seed(0)
    strengths = torch.tensor([1e-9, 1e-6, 1e-3, 1.0, 1e3], **DOUBLE)[:, None, None]
    close(torch.randn(2, 5, 3, 3, **DOUBLE) * strengths)


def test_orthogonal_channels_score_their_own_norms() -> None:
    maps = torch.diag(torch.tensor([3.0, 2.0, 1.0, 0.0]))[None, :, :, None]
    assert independence(maps, None)[0].tolist() == pytest.approx([3, 2, 1, 0], abs=1e-6)


def test_a_dead_channel_and_a_dead_layer_score_zero() -> None:
    scores = scored(Chip(), *observed(conv("a dead channel")))
    assert scores.argmin() == 1
    assert scores[1].item() == pytest.approx(0, abs=1e-7)
    assert independence(torch.zeros(2, 3, 2, 2), None).tolist() == [[0, 0, 0]] * 2


def test_copies_of_one_channel_are_equally_replaceable() -> None:
    maps = torch.randn(1, 1, 4, 4).expand(1, 6, 4, 4)
    scores = independence(maps, None)[0]
    torch.testing.assert_close(scores, scores[:1].expand(6), rtol=1e-6, atol=0)
