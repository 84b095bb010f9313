"""Which rows a claim compares, and what is said of it."""

from __future__ import annotations

import re
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.leaderboard import build
from reidbench.results import Result
from tests.leaderboard.builders import dense, result, twice
from tests.leaderboard.claim_cases import SEEDS, claim, judged, over_seeds, pair_labels


@pytest.mark.parametrize(
    ("mean_ap", "standing"), [(0.798, "supported"), (0.79, "undecided"), (0.77, "refuted")]
)
def test_a_claim_is_judged_by_the_whole_interval(mean_ap: float, standing: str) -> None:
    verdict = judged([*over_seeds("dense", 0.8), *over_seeds("l1", mean_ap)])
    assert verdict.standing == standing
    assert verdict.difference is not None
    assert verdict.difference.mean == pytest.approx(mean_ap - 0.8, abs=1e-6)
    assert (len(verdict.pairs), verdict.asked) == (1, 1)


def test_a_claim_on_one_pair_has_the_interval_of_its_table() -> None:
    results = [*over_seeds("dense", 0.8), *over_seeds("l1", 0.79)]
    board = build(results, [claim()])
    (table,) = board.tables
    (row,) = table.sections[0].rows
    assert board.claims[0].difference == row.delta_interval


@given(st.permutations([*over_seeds("dense", 0.8), *over_seeds("l1", 0.79)]))
@settings(max_examples=5)
def test_the_order_of_the_results_does_not_matter(results: list[Result]) -> None:
    assert judged(results) == judged(sorted(results, key=lambda result: result.key))


# What the rows are the same in, and what they may differ in.


def test_a_counterpart_is_the_same_but_for_what_is_named() -> None:
    places = [
        {"scenario": scenario, "target": target, "reduction": reduction}
        for scenario in ("scenario-1", "scenario-3")
        for target in ("market1501", "dukemtmc")
        for reduction in (0.5, 0.75)
    ]
    results = [
        result(method, key=f"{method}{index}", mean_ap=0.7 - 0.01 * index, **place)
        for method in ("l1", "psfp")
        for index, place in enumerate(places)
    ]
    rows = {"scenario": "scenario-1", "method": ["l1", "psfp"]}
    verdict = judged(results, rows=rows, against={"scenario": "scenario-3"}, more_than=0)
    assert pair_labels(verdict) == {
        f"{method}, {reduction} %, {target}"
        for method in ("l1", "psfp")
        for reduction in (50, 75)
        for target in ("market1501", "dukemtmc")
    }
    assert [pair.difference.mean for pair in verdict.pairs] == pytest.approx([0.04] * 8, abs=1e-6)


def test_a_control_that_keeps_everything_is_compared_at_no_reduction() -> None:
    results = [dense(), *(result(reduction=it, strategy="iterative") for it in (0.25, 0.5))]
    verdict = judged(results, rows={"method": "l1", "strategy": "iterative"})
    assert pair_labels(verdict) == {"25 %", "50 %"}


def test_a_control_that_prunes_is_compared_at_the_same_reduction() -> None:
    results = [
        result(method, reduction=reduction, control=method == "random")
        for method in ("l1", "random")
        for reduction in (0.25, 0.5)
    ]
    assert pair_labels(judged(results, against={"method": "random"})) == {"25 %", "50 %"}


def test_another_method_goes_by_its_own_strategy_unless_the_rows_name_one() -> None:
    results = [
        result(method, strategy=strategy, key=f"{method}-{strategy}")
        for method in ("l1", "fpgm")
        for strategy in ("one-shot", "iterative")
    ]
    free = judged(results, against={"method": "fpgm"})
    assert pair_labels(free) == {
        "one-shot",
        "one-shot against iterative",
        "iterative against one-shot",
        "iterative",
    }
    named = {"method": "l1", "strategy": ["one-shot", "iterative"]}
    held = judged(results, rows=named, against={"method": "fpgm"})
    assert pair_labels(held) == {"one-shot", "iterative"}


def test_another_scenario_goes_by_its_own_source() -> None:
    results = [
        result(scenario="source-first", source="imagenet", key="a"),
        result(scenario="target-only", source=None, key="b"),
    ]
    verdict = judged(
        results, rows={"scenario": "source-first"}, against={"scenario": "target-only"}
    )
    assert len(verdict.pairs) == 1


def test_a_smaller_dense_network_is_a_counterpart_with_its_cost() -> None:
    small = result("dense", reduction=0.0, control=True, backbone="resnet18", mean_ap=0.6)
    results = twice([small, dense(backbone="resnet50", key="d"), result("l1", backbone="resnet50")])
    verdict = judged(
        results,
        rows={"method": "l1", "backbone": "resnet50"},
        against={"method": "dense", "backbone": "resnet18"},
        more_than=0,
    )
    assert verdict.standing == "supported"
    assert "GMACs of the rows 0.200, of the counterparts 0.400" in verdict.notes


def test_controls_are_rows_of_a_claim_only_by_name() -> None:
    results = [dense(), result("l1"), result("random", control=True)]
    assert pair_labels(judged(results, rows={"reduction": 0.5})) == {""}
    both = judged(results, rows={"method": ["l1", "random"]})
    assert pair_labels(both) == {"l1", "random"}


def test_a_name_selects_the_variants_with_options_and_a_label_one_of_them() -> None:
    names = ("taylor", "taylor(form=weight)")
    results = [dense(), *(result(name) for name in names)]
    assert pair_labels(judged(results, rows={"method": "taylor"})) == set(names)
    assert len(judged(results, rows={"method": names[1]}).pairs) == 1


def test_a_claim_names_a_label_by_its_values_whatever_the_spelling() -> None:
    results = [dense(), *(result(f"taylor(power={power})") for power in (0.1, 0.2))]
    assert len(judged(results, rows={"method": "taylor( power = 1e-1 )"}).pairs) == 1
    assert not judged(results, rows={"method": "taylor(power=1e-2)"}).pairs


def test_rows_against_each_other_are_the_pairs_of_one_section() -> None:
    results = [
        result(method, reduction=reduction, target=target, key=f"{method}{reduction}{target}")
        for method in ("l1", "fpgm", "psfp")
        for reduction in (0.25, 0.5)
        for target in ("market1501", "dukemtmc")
    ]
    rows = {"reduction": 0.5}
    verdict = judged(results, rows=rows, against="each-other", within=1)
    assert pair_labels(verdict) == {
        f"{pair} ({target})"
        for pair in ("fpgm against l1", "fpgm against psfp", "l1 against psfp")
        for target in ("market1501", "dukemtmc")
    }


@pytest.mark.parametrize(
    "other",
    [
        {"engine": 2},
        {"division": "open"},
        {"drawn": False},
        {"protocol": {"name": "mini/2", "sha256": "5eed" * 16}},
        {"versions": {"target": ("2", "reidbench")}},
        {"versions": {"backbone": ("1", "elsewhere")}},
    ],
    ids=str,
)
def test_what_shares_no_table_is_no_pair_and_not_judged_together(other: dict[str, Any]) -> None:
    alone = judged([dense(**other), result("l1")])
    assert (alone.standing, alone.pairs, alone.asked) == ("undecided", (), 1)
    both = [dense(), result("l1"), dense(key="d", **other), result("l1", key="l", **other)]
    mixed = judged(both)
    assert (mixed.standing, mixed.difference) == ("undecided", None)
    assert re.match("its rows mix .*: they are not judged together", mixed.notes[0])


# Pairs judged together, and each for itself.


def targets(*means: tuple[float, float]) -> list[Result]:
    """L1 and dense on as many targets, with these mAPs."""
    return [
        trial
        for number, (own, whole) in enumerate(means)
        for trial in (
            *over_seeds("l1", own, target=f"target-{number}"),
            *over_seeds("dense", whole, target=f"target-{number}"),
        )
    ]


def keyed(results: list[Result]) -> list[Result]:
    return [r.model_copy(update={"key": f"{index:04}"}) for index, r in enumerate(results)]


def test_pairs_are_judged_by_their_mean_or_each_for_itself() -> None:
    results = keyed(targets((0.82, 0.8), (0.77, 0.8)))
    together, each = judged(results), judged(results, judge="each")
    assert (together.standing, each.standing) == ("supported", "refuted")
    assert together.difference is not None and each.difference is not None
    assert together.difference.mean == pytest.approx(-0.005, abs=1e-6)
    assert each.difference.mean == pytest.approx(-0.03, abs=1e-6)
    assert (together.decisive, each.decisive) == ("", "target-1")
    assert [pair.standing for pair in each.pairs] == ["refuted", "supported"]


def test_the_pair_that_speaks_most_against_a_claim_decides() -> None:
    results = keyed(targets((0.81, 0.8), (0.8, 0.8), (0.82, 0.8)))
    verdict = judged(results, judge="each")
    assert (verdict.standing, verdict.decisive) == ("supported", "target-1")


def test_one_pair_of_many_refutes_only_if_its_widened_interval_does() -> None:
    alone = judged(keyed(targets((0.793, 0.8))), judge="each", at_least=0)
    among = judged(keyed(targets((0.793, 0.8), *[(0.9, 0.8)] * 19)), judge="each", at_least=0)
    assert alone.difference is not None and among.difference is not None
    assert among.decisive.startswith("target-")
    assert among.difference.mean == pytest.approx(alone.difference.mean)
    assert among.difference.low < alone.difference.low
    assert among.difference.high > alone.difference.high


def test_more_pairs_make_a_mean_surer() -> None:
    one = judged(keyed(targets((0.79, 0.8))))
    many = judged(keyed(targets(*[(0.79, 0.8)] * 6)))
    assert one.difference is not None and many.difference is not None
    width = one.difference.high - one.difference.low
    assert many.difference.high - many.difference.low < 0.6 * width


means = st.floats(0.3, 0.8).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(means, means), min_size=1, max_size=3))
@settings(max_examples=15)
def test_the_difference_is_the_mean_of_the_scores_differences(
    pairs: list[tuple[float, float]],
) -> None:
    verdict = judged(keyed(targets(*pairs)))
    assert verdict.difference is not None
    expected = fmean(own - whole for own, whole in pairs)
    assert verdict.difference.mean == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.tuples(means, means), min_size=1, max_size=3), st.integers(-20, 20))
@settings(max_examples=15)
def test_swapping_rows_and_counterparts_mirrors_the_verdict(
    pairs: list[tuple[float, float]], points: int
) -> None:
    results = [
        trial
        for number, two in enumerate(pairs)
        for method, mean_ap in zip(("l1", "fpgm"), two, strict=True)
        for trial in over_seeds(method, mean_ap, target=f"target-{number}")
    ]
    there = judged(keyed(results), against={"method": "fpgm"}, at_least=points)
    swapped = {"rows": {"method": "fpgm"}, "against": {"method": "l1"}}
    back = judged(keyed(results), **swapped, at_most=-points)
    assert there.difference is not None and back.difference is not None
    assert there.difference.low == pytest.approx(-back.difference.high)
    assert there.difference.high == pytest.approx(-back.difference.low)
    assert there.standing == back.standing


# Rank-1.


def hits(share: float) -> list[int | None]:
    """First matches of which this share is at once; the first query has none."""
    return [None, *(1 if query < share * 119 else 7 for query in range(119))]


def test_rank_1_is_judged_by_the_queries_whose_first_match_is_first() -> None:
    results = [
        make(first_match=hits(share), seed=seed)
        for make, share in ((dense, 0.8), (result, 0.6))
        for seed in SEEDS
    ]
    # Of two rows alone, three seeds would leave the noise of either unknown.
    results += [
        result(name, first_match=hits(0.7), seed=seed) for name in ("m1", "m2") for seed in SEEDS
    ]
    verdict = judged(results, metric="rank-1")
    assert verdict.difference is not None
    # 96 and 72 of 119 queries.
    assert verdict.difference.mean == pytest.approx(-24 / 119)
    assert verdict.difference.low < -24 / 119 < verdict.difference.high
    assert verdict.standing == "refuted"


def test_rank_1_of_older_results_cannot_be_judged() -> None:
    results = [dense(first_match=hits(0.8)), result("l1")]
    verdict = judged(results, metric="rank-1")
    assert verdict.standing == "undecided"
    assert verdict.notes[-1] == "left out, older results lack the rank-1 of each query"
    assert judged(results, metric="mAP").difference is not None
