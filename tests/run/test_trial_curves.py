"""What trials are called beside each other."""

from __future__ import annotations

from reidbench.run.trial_curves import short_names


def test_what_all_have_in_common_is_left_out() -> None:
    assert short_names(["a/x/l1/seed0", "a/x/l2/seed0"]) == ["l1", "l2"]
    assert short_names(["a/x/l1/seed0", "b/x/l1/seed1"]) == ["a/seed0", "b/seed1"]


def test_one_trial_keeps_its_name() -> None:
    assert short_names(["a/x/l1/seed0"]) == ["a/x/l1/seed0"]


def test_two_results_of_one_trial_are_told_apart() -> None:
    assert short_names(["a/l1", "a/l1", "a/l2", "a/l1"]) == ["l1", "l1 (2)", "l2", "l1 (3)"]
    assert short_names(["a/l1", "a/l1"]) == ["a/l1", "a/l1 (2)"]


def test_names_of_other_kinds_stay_whole() -> None:
    assert short_names(["a/x/l1", "l1, tinynet"]) == ["a/x/l1", "l1, tinynet"]
