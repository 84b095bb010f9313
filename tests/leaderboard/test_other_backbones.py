"""A table shows the dense networks of the other backbones, measured in the same way."""

from __future__ import annotations

from typing import Any

import pytest

from reidbench.leaderboard import (
    LeaderboardError,
    Row,
    build,
    to_csv,
    to_markdown,
    to_terminal,
)
from reidbench.results import Result
from tests.leaderboard.builders import PIDS, example, failure
from tests.leaderboard.networks import board, photographs, pruned, unpruned
from tests.leaderboard.pages import csv_rows, only_table

C1 = {"parameters": 11.9}


def rows(results: list[Result]) -> dict[str, Row]:
    """Return the other networks that the one table shows, by their labels."""
    return {other.label: other for other in only_table(results).other_networks}


def test_a_table_shows_the_dense_networks_of_other_backbones() -> None:
    table = only_table(board())
    assert table.setting.backbone == "resnet50"
    assert [other.label for other in table.other_networks] == [
        "resnet34 dense",
        "resnet18 dense",
    ]
    assert {other.setting.backbone for other in table.other_networks} == {"resnet34", "resnet18"}


def test_they_come_by_their_macs_and_are_never_ranked() -> None:
    better = [result for result in board() if result.trial.backbone != "resnet18"]
    better += [unpruned("resnet18", 0.9, seed=seed) for seed in (0, 1)]
    found = rows(better)
    assert list(found) == ["resnet34 dense", "resnet18 dense"]
    assert all(row.rank is None for row in found.values())


def test_the_ranks_of_the_table_do_not_change() -> None:
    alone = [result for result in board() if result.trial.backbone == "resnet50"]
    assert only_table(board()).sections == only_table(alone).sections


def test_the_difference_is_paired_to_the_tables_dense_network() -> None:
    row = rows(board())["resnet18 dense"]
    assert row.delta == pytest.approx(-0.08)
    assert row.delta_interval is not None
    assert row.delta_interval.mean == pytest.approx(-0.08)
    assert row.delta_interval.low < -0.08 < row.delta_interval.high < 0
    # Of queries that are easy for both, the difference is narrower than either network's spread.
    assert row.delta_interval.high - row.delta_interval.low < 0.02


def test_it_keeps_its_own_cost_but_has_no_reduction() -> None:
    row = rows(board())["resnet18 dense"]
    assert (row.macs, row.parameters) == (1_184_366_592, 11_176_512)
    assert (row.epochs, row.seeds_done, row.seeds) == (30, 2, 2)
    assert row.achieved is None
    assert row.max_miss is None


def test_only_seeds_that_both_networks_have_are_compared() -> None:
    results = [unpruned("resnet50", 0.7), pruned("l1", 0.6, **C1)]
    other = [unpruned("resnet18", 0.5, seed=0), unpruned("resnet18", 0.9, seed=1)]
    assert rows(results + other)["resnet18 dense"].delta == pytest.approx(-0.2)


def test_without_a_dense_network_of_its_own_a_table_shows_others_uncompared() -> None:
    row = rows([pruned("l1", 0.6, **C1), unpruned("resnet18", 0.5)])["resnet18 dense"]
    assert row.mean_ap is not None
    assert (row.delta, row.delta_interval) == (None, None)


def test_a_dense_network_that_failed_stays_with_its_reason() -> None:
    lost = failure(
        "dense",
        error="out of memory",
        control=True,
        reduction=0.0,
        **photographs(backbone="resnet34"),
    )
    results = [unpruned("resnet50", 0.7), pruned("l1", 0.6, **C1), lost]
    row = rows(results)["resnet34 dense"]
    assert (row.status, row.delta) == ("failed", None)
    for page in (to_markdown, to_terminal):
        text = page(build(results)).replace("*", "")
        assert "resnet34 dense failed [1]" in text
        assert "seed 0 failed: out of memory" in text


@pytest.mark.parametrize(
    "other",
    [
        {"scenario": "scenario-3"},
        {"source": "synthshapes"},
        {"target": "dukemtmcreid"},
        {"drawn": True},
        {"division": "open"},
        {"protocol": {"name": "mini/2", "sha256": "5eed" * 16}},
        {"engine": 2},
        {"versions": {"target": ("2", "reidbench")}},
        {"versions": {"source": ("2", "reidbench")}},
    ],
    ids=str,
)
def test_one_measured_otherwise_is_shown_beside_nothing(other: dict[str, Any]) -> None:
    results = [unpruned("resnet50", 0.7), pruned("l1", 0.6, **C1)]
    tables = build([*results, unpruned("resnet18", 0.5, **other)]).tables
    assert len(tables) == 2
    assert not any(table.other_networks for table in tables)


def test_the_version_of_a_backbone_does_not_matter_but_is_said_where_there_are_two() -> None:
    results = [unpruned("resnet50", 0.7), pruned("l1", 0.6, **C1)]
    newer = unpruned("resnet18", 0.6, versions={"backbone": ("2", "reidbench")})
    assert list(rows([*results, newer])) == ["resnet18 dense"]
    both = [*results, newer, unpruned("resnet18", 0.5)]
    assert set(rows(both)) == {"resnet18 v1 dense", "resnet18 v2 dense"}


def test_another_version_of_the_tables_backbone_is_no_other_network() -> None:
    newer = unpruned("resnet50", 0.71, versions={"backbone": ("2", "reidbench")})
    tables = build([unpruned("resnet50", 0.7), pruned("l1", 0.6, **C1), newer]).tables
    assert len(tables) == 2
    assert not any(table.other_networks for table in tables)


def test_backbones_that_were_both_pruned_have_a_table_each_with_the_other_beside() -> None:
    small = pruned("l1", 0.5, parameters=5.5, backbone="resnet18")
    tables = build([*board(), small]).tables
    beside = {
        table.setting.backbone: [other.label for other in table.other_networks] for table in tables
    }
    assert beside == {
        "resnet18": ["resnet50 dense", "resnet34 dense"],
        "resnet50": ["resnet34 dense", "resnet18 dense"],
    }
    deltas = {table.setting.backbone: table.other_networks[-1].delta for table in tables}
    assert deltas["resnet18"] == pytest.approx(0.06)


def test_of_dense_networks_alone_the_largest_has_the_table() -> None:
    results = [result for result in board() if result.trial.method == "dense"]
    table = only_table(results)
    assert table.setting.backbone == "resnet50"
    assert len(table.other_networks) == 2


def test_other_queries_of_the_same_data_are_refused() -> None:
    results = [unpruned("resnet50", 0.7), pruned("l1", 0.6, **C1)]
    with pytest.raises(LeaderboardError, match=r"resnet18-0\.json.*different queries"):
        build([*results, unpruned("resnet18", 0.5, pids=PIDS[::-1])])


def test_one_backbone_alone_has_a_page_as_ever() -> None:
    page = to_markdown(build(example()))
    assert "Other dense networks" not in page + to_terminal(build(example()))
    assert "table_backbone" not in to_csv(build(example()))


def test_markdown_says_what_they_are() -> None:
    page = to_markdown(build(board()))
    assert page.count("### Other dense networks") == 1
    assert page.index("61.6 % fewer MACs") < page.index("Other dense networks")
    assert "Δ mAP is to this table's dense network" in page
    assert "backbone    | resnet18" in page


@pytest.mark.parametrize("width", [60, 100])
def test_the_terminal_page_stays_within_the_terminal(width: int) -> None:
    page = to_terminal(build(board()), width)
    assert "Other dense networks ---" in page
    assert max(map(len, page.splitlines())) <= width


def test_csv_says_in_which_table_a_row_is() -> None:
    small = pruned("l1", 0.5, parameters=5.5, backbone="resnet18")
    found = csv_rows(to_csv(build([*board(), small])))
    dense = {
        (row["table_backbone"], row["backbone"]): row["delta_map_points"]
        for row in found
        if row["method"] == "dense"
    }
    assert len(dense) == 6  # two tables of three dense networks
    assert dense["resnet50", "resnet50"] == dense["resnet18", "resnet18"] == ""
    assert float(dense["resnet50", "resnet18"]) == pytest.approx(-8, abs=0.1)
    assert float(dense["resnet18", "resnet50"]) == pytest.approx(8, abs=0.1)
    assert all(row["rank_best"] == "" for row in found if row["method"] == "dense")
