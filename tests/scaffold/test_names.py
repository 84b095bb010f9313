"""The names of a new plugin, and the words that cannot be one."""

from __future__ import annotations

import re

import pytest

from reidbench.plugins import discover
from reidbench.scaffold.names import Kind, NameRefused, Names, names_of


def test_one_word_gives_distribution_package_and_class() -> None:
    names = names_of("near-mean-2", "method", discover())
    assert names == Names("near-mean-2", "near_mean_2", "NearMean2")


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("My Net", "backbone", "as in 'my-net'"),
        ("near_mean", "method", "as in 'near-mean'"),
        ("..", "method", "as in 'my-idea'"),
        ("3d-net", "backbone", "package '3d_net', which Python cannot import"),
        ("class", "method", "which Python cannot import"),
        ("json", "observer", "one of this name is there already"),
        ("torch", "observer", "one of this name is there already"),
        ("l1", "method", "method 'l1' is declared by reidbench"),
        ("market1501", "dataset", "data set 'market1501' is declared by reidbench"),
    ],
)
def test_what_cannot_be_a_name_is_refused(name: str, kind: Kind, sentence: str) -> None:
    with pytest.raises(NameRefused, match=re.escape(sentence)):
        names_of(name, kind, discover())


def test_a_name_of_another_kind_is_free() -> None:
    assert names_of("l1", "observer", discover()).package == "l1"
