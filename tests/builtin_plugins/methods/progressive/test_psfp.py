"""Progressive soft filter pruning: its norm, and its schedule against the published figures."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reidbench_plugins.methods.progressive.psfp import Psfp, decay
from tests.builtin_plugins.methods.fakes import CONVS, by_hand, conv, scored

PROGRESS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1)


def test_the_golden_filters_score_their_l2_norm() -> None:
    filters = torch.tensor([[3.0, 4.0], [-3.0, -4.0], [1.0, 0.0], [2.0, 0.0]])
    assert scored(Psfp(), filters).tolist() == [5, 5, 1, 2]


@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops(name: str) -> None:
    weight = conv(name).double()
    expected = [math.sqrt(math.fsum(w * w for w in row)) for row in weight.tolist()]
    torch.testing.assert_close(scored(Psfp(), weight), by_hand(expected))


@pytest.mark.parametrize(
    ("anchor", "rate", "shares"),
    [
        (1 / 4, 1.91961, (0.1325, 0.2500, 0.4467, 0.7231, 0.8941, 1)),
        (3 / 4, 11.08999, (0.5000, 0.7500, 0.9375, 0.9961, 0.9998, 1)),
    ],
)
def test_the_golden_schedule(anchor: float, rate: float, shares: tuple[float, ...]) -> None:
    assert decay(anchor) == pytest.approx(rate, abs=5e-6)
    made = Psfp(anchor=anchor)
    assert [made.pruned_share(e) for e in PROGRESS] == pytest.approx(shares, abs=5e-5)


@given(st.floats(0.1251, 0.9999))
def test_it_passes_through_its_anchor_and_ends_on_the_target(anchor: float) -> None:
    made = Psfp(anchor=anchor)
    assert made.pruned_share(1 / 8) == pytest.approx(anchor, rel=1e-9)
    assert made.pruned_share(1) == 1


@given(st.floats(0.1251, 0.9999), st.lists(st.floats(0, 1), min_size=2))
def test_it_never_takes_a_share_back_and_stays_above_the_straight_line(
    anchor: float, progress: list[float]
) -> None:
    shares = [Psfp(anchor=anchor).pruned_share(e) for e in sorted(progress)]
    assert shares == sorted(shares)
    assert all(e - 1e-12 <= share <= 1 for e, share in zip(sorted(progress), shares, strict=True))


@pytest.mark.parametrize("anchor", [-1.0, 0.0, 0.125, 1.0, 2.0, math.inf, math.nan])
def test_it_refuses_an_anchor_no_schedule_passes_through(anchor: float) -> None:
    with pytest.raises(ValueError, match="choose a share between 1/8 and 1"):
        Psfp(anchor=anchor)


@pytest.mark.parametrize("anchor", [math.nextafter(0.125, 1), math.nextafter(1, 0)])
def test_it_stands_the_very_ends_of_its_range(anchor: float) -> None:
    made = Psfp(anchor=anchor)
    assert made.pruned_share(1 / 8) == pytest.approx(anchor)
    assert made.pruned_share(1) == 1
