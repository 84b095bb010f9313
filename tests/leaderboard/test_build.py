"""Which results share a table, and what may be said of its rows."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.leaderboard import LeaderboardError, build
from reidbench.results import Result, write_result
from tests.leaderboard.builders import (
    PIDS,
    dense,
    example,
    failure,
    metrics,
    queries,
    result,
    twice,
)
from tests.leaderboard.pages import only_row, only_table

# A run of the built-in suites has about this many trials.
MANY = 28


@pytest.mark.parametrize(
    "other",
    [
        {"scenario": "source-then-target"},
        {"backbone": "osnet"},
        {"source": "synthshapes"},
        {"target": "synthped-dusk"},
        {"drawn": False},
        {"division": "open"},
        {"protocol": {"name": "mini/2", "sha256": "5eed" * 16}},
        {"protocol": {"name": "mini/1", "sha256": "0dd" * 16}},
        {"engine": 2},
        {"versions": {"backbone": ("2", "reidbench")}},
        {"versions": {"target": ("2", "reidbench")}},
        {"versions": {"target": ("1", "elsewhere")}},
        {"versions": {"source": ("1", "reidbench")}},
    ],
    ids=str,
)
def test_results_of_different_settings_share_no_table(other: dict[str, Any]) -> None:
    tables = build([result("l1"), result("l1", key="other", **other)]).tables
    assert len(tables) == 2
    assert all(len(list(table.unique_rows)) == 1 for table in tables)


def test_tables_are_sorted_by_their_setting() -> None:
    photographs = [
        result(target=target, drawn=False, scenario=scenario, key=f"{target}{scenario}")
        for target, scenario in (("market1501", "z"), ("dukemtmcreid", "z"), ("z", "a"))
    ]
    settings = [table.setting for table in build([result(), *photographs]).tables]
    assert [(it.drawn, it.scenario, it.target) for it in settings] == [
        (False, "a", "z"),
        (False, "z", "dukemtmcreid"),
        (False, "z", "market1501"),
        (True, "target-only", "synthped"),
    ]


def test_a_section_is_a_reduction_and_sections_are_sorted() -> None:
    results = [result(reduction=reduction) for reduction in (0.75, 0.25, 0.5)]
    assert [section.reduction for section in only_table(results).sections] == [0.25, 0.5, 0.75]


def test_rows_are_sorted_by_map_with_the_failed_ones_last() -> None:
    results = [
        failure("hrank", error="no"),
        result("random", mean_ap=0.5),
        result("l1", mean_ap=0.7),
    ]
    assert [row.method for row in only_table(results).unique_rows] == ["l1", "random", "hrank"]


@given(st.permutations(example()))
@settings(max_examples=5)
def test_the_order_of_the_results_does_not_matter(results: list[Result]) -> None:
    assert build(results) == build(example())


def test_the_dense_row_heads_every_section_and_is_not_ranked() -> None:
    table = only_table([dense(), result("l1"), result("l1", reduction=0.75)])
    assert [section.reduction for section in table.sections] == [0.5, 0.75]
    for section in table.sections:
        assert section.reference is not None
        assert section.reference.method == "dense"
        assert section.reference.rank is None
        assert [row.method for row in section.rows] == ["l1"]


def test_a_table_of_the_dense_network_alone_shows_it() -> None:
    (section,) = only_table([dense()]).sections
    assert section.all_rows == (section.reference,)


def test_a_method_that_removes_nothing_is_dense_only_as_a_control() -> None:
    (section,) = only_table([result("idle", reduction=0.0)]).sections
    assert section.reference is None
    assert [row.method for row in section.rows] == ["idle"]


def test_two_controls_that_keep_every_channel_are_no_reference() -> None:
    whole = [result(name, reduction=0.0, control=True) for name in ("dense", "baseline")]
    with pytest.raises(LeaderboardError, match=r"more than one control keeps .*baseline.*dense"):
        build([*whole, result("l1")])


def test_without_a_dense_row_nothing_is_compared_to_it() -> None:
    alone = only_row([result("l1")], "l1")
    assert alone.delta is None
    assert alone.delta_interval is None


def test_seeds_are_summarised_by_mean_and_standard_deviation() -> None:
    summary = only_row([result(mean_ap=0.6), result(mean_ap=0.8, seed=1)], "l1")
    assert summary.mean_ap == pytest.approx((0.7, 0.1 * 2**0.5))
    assert summary.rank1 == pytest.approx((0.8, 0.1 * 2**0.5))
    assert summary.before_retraining == pytest.approx((0.4, 0.1 * 2**0.5))
    assert summary.macs == 200_000_000
    assert (summary.epochs, summary.seconds) == (30, 90.5)


def test_a_single_seed_has_a_mean_but_no_standard_deviation() -> None:
    spread = only_row([result(mean_ap=0.6)], "l1").mean_ap
    assert spread is not None
    assert spread == (pytest.approx(0.6), None)


def test_the_difference_to_dense_is_paired_by_seed() -> None:
    results = [
        dense(mean_ap=0.8, seed=0),
        dense(mean_ap=0.6, seed=1),
        result("l1", mean_ap=0.55, seed=1),
    ]
    one = only_row(results, "l1")
    assert one.delta == pytest.approx(-0.05)
    assert one.delta_interval is not None
    assert one.delta_interval.mean == pytest.approx(-0.05)
    assert one.delta_interval.low < -0.05 < one.delta_interval.high < 0
    assert (one.seeds_done, one.seeds) == (1, 2)


def test_misses_that_cancel_out_are_still_misses() -> None:
    summary = only_row([result(achieved=0.48, seed=0), result(achieved=0.52, seed=1)], "l1")
    assert summary.achieved == pytest.approx(0.5)
    assert summary.max_miss == pytest.approx(0.02)
    assert not summary.matched


def test_a_failed_row_stays_with_the_first_line_of_its_error() -> None:
    lost = only_row([failure(error="out of memory\nTraceback ...", seed=3)], "l1")
    assert lost.status == "failed"
    assert lost.notes == ("seed 3 failed: out of memory",)
    assert (lost.mean_ap, lost.achieved, lost.delta, lost.rank) == (None, None, None, None)
    assert (lost.seeds_done, lost.seeds) == (0, 1)


def test_a_failure_without_a_reason_says_so() -> None:
    assert only_row([failure(error=" \n")], "l1").notes == (
        "seed 0 failed: no reason was recorded",
    )


def test_scores_of_a_diverged_network_are_not_shown() -> None:
    diverged = result("l1").model_copy(update={"status": "diverged", "error": "the loss is nan"})
    lost = only_row([diverged], "l1")
    assert lost.mean_ap is None
    assert lost.seeds_done == 0


def test_excluded_queries_do_not_disturb_the_comparison() -> None:
    found = queries(0.7)
    found[0] = found[50] = None
    worse = [None if value is None else value - 0.1 for value in found]
    results = [
        dense(average_precision=found),
        result("l1", average_precision=found),
        result("random", average_precision=worse),
    ]
    table = only_table(twice(results))
    ranks = {row.method: row.rank for row in table.unique_rows}
    assert ranks == {"dense": None, "l1": (1, 1), "random": (2, 2)}
    assert (table.valid_queries, table.excluded_queries) == (118, 2)


def test_a_method_is_named_with_its_variant_only_where_there_are_several() -> None:
    results = [
        result("l1"),
        result("l1", strategy="iterative", allocation="global"),
        result("fpgm", strategy="iterative"),
        result("random", control=True),
    ]
    assert sorted(row.label for row in only_table(results).unique_rows) == [
        "fpgm",
        "l1 (iterative, global)",
        "l1 (one-shot, uniform)",
        "random (control)",
    ]


def test_a_control_in_several_variants_says_both() -> None:
    results = [result("random", control=True, allocation=kind) for kind in ("global", "uniform")]
    assert {row.label for row in only_table(results).unique_rows} == {
        "random (control, one-shot, global)",
        "random (control, one-shot, uniform)",
    }


def test_two_results_of_one_trial_are_refused() -> None:
    with pytest.raises(LeaderboardError, match=r"new\.json and old\.json \(target-only/") as e:
        build([result(key="old"), result(key="new")])
    assert "delete the old files" in str(e.value)
    assert "more;" not in str(e.value)


def test_all_trials_with_two_results_are_named_at_once_up_to_five() -> None:
    results = [result(key=f"{age}{seed}", seed=seed) for age in ("a", "b") for seed in range(7)]
    with pytest.raises(LeaderboardError, match="; and 2 more: ") as e:
        build(results)
    assert str(e.value).count(".json and ") == 5
    with pytest.raises(LeaderboardError) as e:
        build([trial for trial in results if trial.trial.seed < 5])
    assert str(e.value).count(".json and ") == 5
    assert "more: " not in str(e.value)


def test_two_versions_of_a_method_are_two_rows() -> None:
    results = [
        result("l1"),
        result("l1", key="new", versions={"method": ("2", "reidbench")}),
        result("fpgm"),
    ]
    rows = list(only_table(results).unique_rows)
    assert sorted(row.label for row in rows) == ["fpgm", "l1 v1", "l1 v2"]
    assert {row.seeds_done for row in rows} == {1}


def test_methods_of_one_name_from_two_distributions_are_two_rows() -> None:
    results = [result("l1"), result("l1", key="new", versions={"method": ("1", "elsewhere")})]
    labels = sorted(row.label for row in only_table(results).unique_rows)
    assert labels == ["l1 v1 (elsewhere)", "l1 v1 (reidbench)"]


def test_results_on_different_queries_are_refused() -> None:
    with pytest.raises(LeaderboardError, match="different queries"):
        build([result("l1"), result("random", pids=PIDS[::-1])])


def test_a_network_trained_slim_has_no_score_before_retraining() -> None:
    slim = result("scratch", control=True)
    assert slim.scores is not None
    slim = slim.model_copy(
        update={"scores": slim.scores.model_copy(update={"before_retraining": None})}
    )
    assert only_row([slim], "scratch").before_retraining is None


def test_origins_are_counted_and_what_is_unknown_is_said() -> None:
    newer = {"reidbench": "0.2.0", "git": {"commit": "f" * 40, "dirty": True}}
    results = [result("l1"), result("l1", seed=1), result("fpgm")]
    results[2] = results[2].model_copy(update={"provenance": newer})
    first, second = build(results).origins
    assert (first.results, first.reidbench, first.commit) == (2, "0.1.0", "0123456789")
    assert (first.threads, first.device) == ("1", "cpu")
    assert (second.threads, second.device) == ("unknown", "unknown")
    assert (second.results, second.torch, second.commit) == (
        1,
        "unknown",
        "ffffffffff with changes",
    )


def test_metrics_are_means_of_what_the_results_say() -> None:
    one = result("l1")
    assert one.scores is not None
    scores = one.scores.model_copy(update={"final": metrics(0.42)})
    found = only_row([one.model_copy(update={"scores": scores})], "l1")
    assert found.mean_inp == (pytest.approx(0.22), None)
    assert found.trapezoid == (pytest.approx(0.41), None)
    assert found.rank5 == (pytest.approx(0.57), None)


def test_publishing_needs_no_torch(tmp_path: Path) -> None:
    for trial in example():
        write_result(tmp_path, trial)
    code = (
        "import json, sys; from pathlib import Path; from reidbench import leaderboard, results; "
        "board = leaderboard.build(results.read_results(Path(sys.argv[1]))); "
        "pages = [leaderboard.to_markdown(board), leaderboard.to_csv(board), "
        "leaderboard.to_terminal(board)]; "
        "print(json.dumps([min(map(len, pages)) > 100, 'torch' in sys.modules]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, False]


def test_a_table_on_a_large_test_set_is_built_in_a_moment() -> None:
    """As many queries and identities as Market-1501, and as many trials as a suite."""
    pids = [pid for pid in range(750) for _ in range(4)]
    found = [0.5 + (query * 37 % 100) / 400 for query in range(len(pids))]
    results = [
        result(
            f"method{index % 7}",
            reduction=(0.25, 0.5)[index // 7 % 2],
            seed=index // 14,
            average_precision=[value - 0.01 * (index % 7) for value in found],
            pids=pids,
        )
        for index in range(MANY)
    ]
    start = time.process_time()
    build(results)
    assert time.process_time() - start < 1
