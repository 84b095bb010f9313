"""The noise of a drawn section is found again in its scores."""

from __future__ import annotations

import numpy as np
import pytest

from tests.leaderboard.builders import dense, result
from tests.simulations.measured import noise_of, sections
from tests.simulations.tables import Noise, draw_section


@pytest.mark.parametrize("drawn", [Noise(0.4, 0.2, 0.1), Noise(1.3, 0.3, 0.3)])
def test_what_was_drawn_is_measured(drawn: Noise) -> None:
    rng = np.random.default_rng(0)
    found = [noise_of(draw_section(rng, drawn, 5, rows=30).scores) for _ in range(20)]
    for name in ("seed", "seed_people", "people"):
        of_sections = np.array([getattr(it, name) for it in found])
        assert np.sqrt((of_sections**2).mean()) == pytest.approx(getattr(drawn, name), rel=0.1)


def test_rows_that_lack_a_seed_are_left_out() -> None:
    made = [dense()] + [result(name, seed=seed) for name in ("l1", "fpgm") for seed in (0, 1)]
    made += [result("taylor", seed=0), result("scratch-b", seed=0, control=True)]
    assert {at: scores.shape[:2] for at, scores in sections(made).items()} == {0.5: (2, 2)}
