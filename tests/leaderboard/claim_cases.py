"""A claim, results to judge it by, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reidbench.config.claim import Claim
from reidbench.leaderboard import build
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.results import Result
from tests.leaderboard.builders import dense, result

SEEDS = (0, 1, 2)


def claim(**changes: Any) -> Claim:
    """Return a claim on l1 against dense with changes; a field changed to None is left out."""
    fields: dict[str, Any] = {
        "name": "some-claim",
        "says": "Half the MACs cost at most a point.",
        "metric": "mAP",
        "rows": {"method": "l1"},
        "against": {"method": "dense"},
        "at_least": None if {"more_than", "at_most", "within"} & changes.keys() else -1,
        **changes,
    }
    return Claim.model_validate({k: v for k, v in fields.items() if v is not None})


def judged(results: Sequence[Result], **changes: Any) -> Verdict:
    (verdict,) = build(results, [claim(**changes)]).claims
    return verdict


def over_seeds(method: str, mean_ap: float, **others: Any) -> list[Result]:
    make = dense if method == "dense" else result
    named = {} if method == "dense" else {"method": method}
    return [make(mean_ap=mean_ap + 0.002 * seed, seed=seed, **named, **others) for seed in SEEDS]


def pair_labels(verdict: Verdict) -> set[str]:
    return {pair.label for pair in verdict.pairs}
