"""Labels are compared by what they say, not by how they are written."""

from __future__ import annotations

import pytest

from reidbench.results import read_label, same_label

LABEL = "slimming(strength=0.0001, layers=[1, 2], fine=True)"


@pytest.mark.parametrize(
    "spelling",
    [
        LABEL,
        "slimming(strength=1e-4,layers=[1,2],fine=true)",
        "slimming(fine=True, layers=[1, 2], strength=1.0E-4)",
        " slimming ( strength = 0.00010 , layers = [1, 2.0], fine = TRUE )",
    ],
)
def test_one_label_may_be_written_in_many_ways(spelling: str) -> None:
    assert same_label(spelling, LABEL)


@pytest.mark.parametrize(
    "other",
    [
        "slimming",
        "slimming(strength=0.0002, layers=[1, 2], fine=True)",
        "slimming(strength=0.0001, layers=[2, 1], fine=True)",
        "slimming(strength=0.0001, layers=[1, 2], fine=False)",
        "slimming(strength=0.0001, layers=[1, 2], fine=True) (incomplete)",
        "slimmer(strength=0.0001, layers=[1, 2], fine=True)",
        "slimming(",
        "",
        None,
    ],
)
def test_labels_that_say_something_else_differ(other: str | None) -> None:
    assert not same_label(other, LABEL)
    assert same_label(other, other)


def test_a_share_may_be_written_as_tables_show_it() -> None:
    assert read_label("50%") == read_label("50 %") == read_label("0.5")
    assert read_label("x%") != read_label("x")


def test_whole_numbers_keep_every_digit() -> None:
    assert not same_label(str(2**60 + 1), str(2**60))
    assert same_label("0.50", "5e-1") and same_label("007", "7")


def test_a_word_selects_variants_by_name_by_option_and_by_mark() -> None:
    label = read_label("pku-reid(split=1) (incomplete, validation)")
    selecting = ("pku-reid", "split = 1.0", "incomplete", "pku-reid(split=1) (validation)")
    assert all(label.is_variant_of(read_label(word)) for word in selecting)
    others = ("pku", "split=2", "split", "pku-reid (validation)", "pku-reid(split=1)")
    assert not any(label.is_variant_of(read_label(word)) for word in others)
