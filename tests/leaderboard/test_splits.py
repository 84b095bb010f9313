"""Random splits of one data set share a table: each split and seed is a block of it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np
import pytest
from scipy.stats import ttest_rel

from reidbench.leaderboard import LeaderboardError, Row, build
from reidbench.leaderboard.render.markdown import to_markdown
from reidbench.leaderboard.render.terminal import to_terminal
from reidbench.results import Result
from tests.leaderboard.builders import PIDS, dense, result
from tests.leaderboard.pages import only_table

DENSE = (0.80, 0.70, 0.85, 0.76)
L1 = (0.77, 0.68, 0.80, 0.74)
LABELS = ["photos (incomplete)", *(f"photos(split={n}) (incomplete)" for n in (1, 2, 3))]


def on_split(made: Result, split: int, copy: str = "") -> Result:
    """Return a result on a split, which has its own people and its own list of images."""
    assert made.per_query
    target = made.components["target"].model_copy(update={"content": f"{copy}images-{split}"})
    pids = [pid + 100 * split for pid in made.per_query.pids]
    phases = [it.model_copy(update={"on": LABELS[split]}) for it in made.phases]
    return made.model_copy(
        update={
            "key": f"{made.key}-{split}{copy}",
            "trial": made.trial.model_copy(update={"target": LABELS[split]}),
            "components": {**made.components, "target": target},
            "per_query": made.per_query.model_copy(update={"pids": pids}),
            "phases": type(made.phases)(phases),
        }
    )


def blocks(means: Sequence[float] = DENSE, others: Sequence[float] = L1) -> list[Result]:
    references = [on_split(dense(mean_ap=it), split) for split, it in enumerate(means)]
    return references + [on_split(result(mean_ap=it), split) for split, it in enumerate(others)]


def l1(results: list[Result], seeds: Sequence[int] = ()) -> Row:
    """Return the one row below the dense one, in the one table that these results make."""
    (table,) = build(results, seeds=seeds).tables
    (row,) = table.sections[0].rows
    return row


def test_splits_share_a_table_and_are_averaged() -> None:
    table = only_table(blocks())
    (row,) = table.sections[0].rows
    assert table.setting.target == "photos (incomplete), 4 splits"
    assert row.mean_ap is not None
    assert row.mean_ap.mean == pytest.approx(fmean(L1))
    assert row.seeds_done == 4


def test_rows_that_train_alike_on_every_split_have_a_rank() -> None:
    row = l1(blocks())
    assert row.on_budget
    assert row.rank is not None


def test_a_page_says_what_its_seeds_and_intervals_are() -> None:
    pages = [to_markdown(build(blocks())), to_terminal(build(blocks()), width=200)]
    for page in pages:
        assert "a seed is a split and a seed, and intervals are of these people" in page
    assert "of one split" not in to_markdown(build([dense(), result()]))


def test_a_difference_of_two_rows_is_the_paired_t_over_splits() -> None:
    row = l1(blocks())
    assert row.delta_interval is not None
    assert row.delta_interval.mean == pytest.approx(fmean(L1) - fmean(DENSE))
    expected = ttest_rel(L1, DENSE).confidence_interval()
    low, high = row.delta_interval.low, row.delta_interval.high
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=2e-4)


def test_seeds_of_a_split_are_blocks_too() -> None:
    again = [
        it.model_copy(
            update={
                "key": f"{it.key}-again",
                "trial": it.trial.model_copy(update={"seed": 1}),
            }
        )
        for it in blocks()
    ]
    row = l1(blocks() + again)
    assert row.seeds_done == 8


def test_a_row_that_lacks_a_split_is_incomplete() -> None:
    row = l1(blocks()[:-1], [0])
    assert row.missing_seeds == (3,)
    assert row.rank is None


def test_the_seeds_that_a_suite_asks_for_are_not_the_blocks() -> None:
    row = l1(blocks(), [0])
    assert row.missing_seeds == ()
    assert row.seeds == 4


def test_two_copies_of_a_split_are_not_pooled() -> None:
    other = on_split(result(mean_ap=0.7), 1, copy="other-")
    tables = build([*blocks(), other]).tables
    assert {table.setting.target for table in tables} == set(LABELS)


def test_one_split_alone_stays_what_it_is() -> None:
    alone = [on_split(dense(), 2), on_split(result(), 2)]
    assert only_table(alone).setting.target == LABELS[2]


def test_rows_of_a_split_must_have_its_queries() -> None:
    odd = on_split(result(mean_ap=0.7), 3)
    assert odd.per_query
    pids = (np.array(PIDS) + 1).tolist()
    odd = odd.model_copy(update={"per_query": odd.per_query.model_copy(update={"pids": pids})})
    with pytest.raises(LeaderboardError, match="different queries"):
        build([*blocks()[:-1], odd])
