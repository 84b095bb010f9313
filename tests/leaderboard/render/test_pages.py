"""What a reader is shown: the pages are compared with the ones in ``golden/``.

After a change that is meant, delete a page and run its test: it fails once, and writes the page.
"""

from __future__ import annotations

import math
import re

import pytest

from reidbench.config.protocol import locked
from reidbench.leaderboard import build, to_csv, to_html, to_latex, to_markdown, to_terminal
from tests.leaderboard.builders import dense, example, failure, queries, result, twice
from tests.leaderboard.pages import assert_golden, cells, csv_rows

PAGES = {
    "example.md": to_markdown,
    "example.csv": to_csv,
    "example.txt": to_terminal,
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_the_golden_one(name: str) -> None:
    assert_golden(name, PAGES[name](build(example())))


@pytest.mark.parametrize(
    "sentence",
    [
        "1 MAC = 2 FLOPs",
        "sample standard deviation",
        "every rank that a row may have",
        "says nothing about photo",
    ],
)
def test_markdown_says_once_how_to_read_it(sentence: str) -> None:
    assert to_markdown(build(example())).count(sentence) == 1


@pytest.mark.parametrize(
    "fact", ["`mini/1`", "`5eed5eed5eed`", "± 0.5 points", "120 queries ·", "2.6.0"]
)
def test_markdown_names_protocol_tolerance_queries_and_versions(fact: str) -> None:
    assert fact in to_markdown(build(example()))


def test_queries_without_a_match_are_counted() -> None:
    found = [None, None, *queries(0.7)[2:]]
    for page in (to_markdown, to_terminal):
        text = page(build([result(average_precision=found)]))
        assert "118 queries (2 without a match left out)" in text


def test_a_table_without_scores_says_nothing_of_queries() -> None:
    for page in (to_markdown, to_terminal):
        text = page(build([failure(error="out of memory")]))
        (facts,) = [line for line in text.splitlines() if "closed division" in line]
        assert all(fact.strip() for fact in facts.split("·"))
        assert "queries" not in facts


def test_tables_of_one_title_are_told_apart_by_their_versions() -> None:
    board = build([result(), result(versions={"target": ("2", "reidbench")})])
    for page in (to_markdown, to_terminal):
        assert "engine v1, resnet18 v1 (reidbench), synthped v1 (reidbench)" in page(board)
        assert "engine v1, resnet18 v1 (reidbench), synthped v2 (reidbench)" in page(board)


def test_only_drawn_data_are_called_drawn() -> None:
    for page in (to_markdown, to_terminal):
        assert "drawn" in page(build([result(drawn=True)]))
        assert "drawn" not in page(build([result(drawn=False)]))


def test_what_is_known_against_a_protocol_stands_over_its_tables() -> None:
    known = {"name": "smoke/1", "sha256": locked()["smoke/1"]}
    of_that_name = {"name": "smoke/1", "sha256": "5eed" * 16}
    for page in (to_markdown, to_terminal, to_html, to_latex):
        assert page(build([result(protocol=known)])).count("numbers that mean nothing") == 1
        assert "numbers that mean nothing" not in page(build([result(protocol=of_that_name)]))


def test_every_markdown_row_has_as_many_cells_as_its_head() -> None:
    lengths = {len(row) for row in cells(to_markdown(build(example()))) if "method" not in row[0]}
    assert lengths == {7, 4}  # the tables and origins, components


def test_an_error_message_cannot_break_the_page_or_inject_html() -> None:
    page = to_markdown(build([failure(error="<script>alert(1)</script> | `x` [a](b)")]))
    assert "<script>" not in page.replace("\\<", "")
    assert r"\<script\>alert(1)\</script\> \| \`x\` \[a\](b)" in page


def test_a_name_with_a_bar_stays_in_its_cell() -> None:
    row = next(row for row in cells(to_markdown(build([result("a|b")]))) if r"a\|b" in row)
    assert len(row) == 7


def test_csv_cells_are_numbers_words_or_nothing() -> None:
    numbers = "percent|points|_sd|gmacs|million|epochs|seconds|seeds|rank|low|high"
    for row in csv_rows(to_csv(build(example()))):
        named = {name: cell for name, cell in row.items() if re.search(numbers, name)}
        assert len(named) == 28
        assert all(cell == "" or math.isfinite(float(cell)) for cell in named.values())
        assert not any("±" in cell for cell in row.values())


def test_csv_has_every_row_once() -> None:
    rows = csv_rows(to_csv(build(example())))
    named = [
        (row["method"], row["strategy"], row["allocation"], row["target_reduction_percent"])
        for row in rows
    ]
    assert len(named) == len(set(named)) == 10
    assert [row["method"] for row in rows].count("dense") == 1


def test_csv_keeps_a_comma_in_its_cell() -> None:
    (row,) = csv_rows(to_csv(build([failure(error='no, "none"')])))
    assert row["notes"] == 'seed 0 failed: no, "none"'


def test_without_results_csv_is_empty() -> None:
    assert to_csv(build([])) == ""


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_the_terminal_page_is_no_wider_than_the_terminal(width: int) -> None:
    page = to_terminal(build(example()), width)
    assert max(map(len, page.splitlines())) <= width


def test_a_wider_terminal_shows_more_columns() -> None:
    heads = [
        next(line for line in to_terminal(build(example()), width).splitlines() if "method" in line)
        for width in (60, 100, 200)
    ]
    shown = [set(re.split(r"\s{2,}", head.strip())) for head in heads]
    assert shown[0] < shown[1] < shown[2]
    assert {"rank", "method", "mAP %"} <= shown[0]


def test_rank_and_method_stay_in_the_narrowest_terminal() -> None:
    page = to_terminal(build([result("l1")]), 10)
    assert re.search(r"rank\s+method\n", page)


def test_the_flags_are_seen_on_every_page() -> None:
    for page in (to_markdown, to_terminal):
        text = page(build(example())).replace("*", "")
        for flag in ("fpgm off target [3]", "taylor failed [4]", "hrank diverged [5] [6]"):
            assert flag in text


def test_a_row_that_may_be_best_is_bold_or_starred() -> None:
    methods = (("l1", 0.7), ("fpgm", 0.7001), ("random", 0.5))
    board = build(twice([result(method, mean_ap=mean_ap) for method, mean_ap in methods]))
    ranks = [row[0] for row in cells(to_markdown(board))[2:5]]
    assert ranks == ["**1-2**", "**1-2**", "3"]
    lines = to_terminal(board).splitlines()
    starred = [line.split()[:2] for line in lines if re.match(r" *[0-9]+[-0-9]*\*? +[a-z]", line)]
    assert starred == [["1-2*", "fpgm"], ["1-2*", "l1"], ["3", "random"]]


def test_an_interval_of_networks_is_in_round_brackets() -> None:
    one, two = [dense(), result("l1")], twice([dense(), result("l1")])
    for page in (to_markdown, to_terminal):
        assert re.search(r"-10\.0 \([-+.\d]+, [-+.\d]+\)", page(build(one)))
        assert re.search(r"-10\.0 \[[-+.\d]+, [-+.\d]+\]", page(build(two)))
        assert "two networks differ over other people" in " ".join(page(build(one)).split())


def test_the_dense_row_is_marked_as_reference() -> None:
    page = to_terminal(build([dense(), result("l1")]))
    assert re.search(r"ref\.\s+dense \(control\)", page)
