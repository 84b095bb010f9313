"""Claims that pool tables miss as seldom as they say, on a few hundred simulated ones."""

from __future__ import annotations

import pytest

from tests.simulations.claims import KINDS, coverage
from tests.simulations.tables import PUBLISHED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seeds", [2, 3])
def test_intervals_of_claims_cover_as_often_as_they_say(kind: str, seeds: int) -> None:
    share, _ = coverage(PUBLISHED[0.5], seeds, KINDS[kind], claims=200)
    assert 91 <= share <= 100
