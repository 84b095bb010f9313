"""The page of figures says at its head what was missed, and by how much."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.report import opening


def info(what: str, value: float, sense: str, bar: float) -> dict[str, Any]:
    return {"what": what, "value": value, "unit": "x", "sense": sense, "bar": bar}


def test_the_page_opens_with_the_bars_that_are_not_met_the_furthest_first() -> None:
    measured = [
        info("even", 1.0, "at most", 1.0),
        info("near", 1.1, "at most", 1.0),
        info("far", 1.0, "at least", 2.0),
        {"grows": "beside"},
    ]
    assert opening(measured) == (
        "**1 of 3 bars are met, 2 are not**, and these are furthest from theirs: "
        "far: 1.00 x (at least 2); near: 1.10 x (at most 1)."
    )


def test_where_all_bars_are_met_the_page_says_so() -> None:
    assert opening([info("fast", 3.0, "at least", 2.0)]) == "**1 of 1 bars are met, 0 are not**."
