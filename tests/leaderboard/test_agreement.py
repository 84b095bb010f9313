"""Published results beside the same trials run again: the noise to judge by, the verdict."""

from __future__ import annotations

import numpy as np
import pytest

from reidbench.leaderboard.agreement import agreement, seed_deviation
from reidbench.leaderboard.render.agreement import agreement_page, agreement_text
from reidbench.results import Result
from tests.leaderboard.builders import PROVENANCE, metrics, result

SCORES = {"l1": (0.70, 0.71, 0.73), "fpgm": (0.60, 0.66, 0.63), "random": (0.5,)}


def table() -> list[Result]:
    return [
        result(method, mean_ap=score, seed=seed)
        for method, scores in SCORES.items()
        for seed, score in enumerate(scores)
    ]


def of(method: str, seed: int = 0) -> Result:
    return next(it for it in table() if (it.trial.method, it.trial.seed) == (method, seed))


def scored(then: Result, change: float) -> Result:
    """The trial again, its mAP changed by so much."""
    assert then.scores is not None
    again = metrics(then.scores.final.mAP + change)
    return then.model_copy(
        update={"scores": then.scores.model_copy(update={"final": again}), "provenance": PROVENANCE}
    )


@pytest.mark.parametrize("method", ["l1", "fpgm"])
def test_the_deviation_is_shrunk_towards_the_sections_mean_and_never_below_the_rows_own(
    method: str,
) -> None:
    variances = {name: np.var(SCORES[name], ddof=1) for name in ("l1", "fpgm")}
    mean, own = np.mean(list(variances.values())), variances[method]
    expected = np.sqrt(max(own, (4 * mean + 2 * own) / 6))
    assert seed_deviation(of(method), table()) == pytest.approx(expected, abs=1e-6)


def test_a_row_of_one_seed_is_judged_by_its_section() -> None:
    mean = np.mean([np.var(SCORES[name], ddof=1) for name in ("l1", "fpgm")])
    assert seed_deviation(of("random"), table()) == pytest.approx(np.sqrt(mean), abs=1e-6)


def test_rows_of_other_reductions_and_protocols_say_nothing_of_a_result() -> None:
    others = [it for it in table() if it.trial.method == "l1"]
    moved = [it.model_copy(update={"protocol": {"name": "other/1"}}) for it in others]
    at_75 = [result("fpgm", mean_ap=0.5 + seed / 10, reduction=0.75, seed=seed) for seed in (0, 1)]
    alone = [of("random"), *moved, *at_75]
    assert seed_deviation(of("random"), alone) is None
    assert agreement(of("random"), scored(of("random"), 0.001), alone).verdict == "no seeds"


@pytest.mark.parametrize(
    ("deviations", "verdict"), [(0, "identical"), (1.9, "agrees"), (-2.1, "differs")]
)
def test_two_seed_deviations_are_the_bound(deviations: float, verdict: str) -> None:
    then = of("l1")
    deviation = seed_deviation(then, table())
    assert deviation is not None
    again = scored(then, deviations * deviation) if deviations else then
    made = agreement(then, again, table())
    assert made.verdict == verdict
    assert made.difference == pytest.approx(deviations * deviation, abs=1e-6)


def test_a_trial_that_failed_now_agrees_with_nothing() -> None:
    failed = of("l1").model_copy(update={"status": "failed", "scores": None})
    made = agreement(of("l1"), failed, table())
    assert (made.verdict, made.difference) == ("failed", None)
    assert "failed" in agreement_text([made])


def test_what_changed_names_both_sides_and_leaves_the_time_out() -> None:
    then = of("l1").model_copy(update={"provenance": {**PROVENANCE, "utc": "then"}})
    packages = {"torch": "2.7.0", "numpy": "2.0"}
    now = then.model_copy(
        update={"engine": 9, "provenance": {**PROVENANCE, "utc": "now", "packages": packages}}
    )
    assert agreement(then, now, table()).changes == (
        f"engine: {then.engine} -> 9",
        "packages.torch: 2.6.0 -> 2.7.0",
        "packages.numpy: unknown -> 2.0",
    )


def test_the_page_shows_points_the_verdict_and_how_many_agree() -> None:
    made = [
        agreement(of("l1"), of("l1"), table()),
        agreement(of("fpgm"), scored(of("fpgm"), 0.2), table()),
    ]
    page = agreement_page(made)
    assert "1 of 2 agree." in page
    (row,) = (line for line in page.splitlines() if "fpgm" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:5] == ["60.00", "80.00", "+20.00"] and cells[-1] == "differs"
