"""Costs survive the file, and a file that is broken says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.cards import CostError, read_costs, updated, write_costs
from tests.cards.builders import cost


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    costs = (
        cost(method="a", ranking=0.1 + 0.2),
        cost(method="b", ranking=None, cut=None, parts={}, problem='no "ΣW" here'),
    )
    write_costs(tmp_path / "new" / "costs.json", costs)
    assert read_costs(tmp_path / "new" / "costs.json") == costs


def test_each_cost_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "costs.json"
    write_costs(path, [cost(method="a"), cost(method="b")])
    before = path.read_text().splitlines()
    write_costs(path, [cost(method="a"), cost(method="b", cut=9.0)])
    changed = [a != b for a, b in zip(before, path.read_text().splitlines(), strict=True)]
    assert changed == [False, False, True, False]


def test_no_file_means_no_costs(tmp_path: Path) -> None:
    assert read_costs(tmp_path / "costs.json") == ()


def test_a_newer_cost_replaces_its_methods_alone() -> None:
    old, other, new = cost(method="b", cut=1.0), cost(method="a"), cost(method="b", cut=2.0)
    assert updated([old, other], [new]) == (other, new)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not a readable file of costs"),
        ("[]", "schema None of costs, this reidbench reads 1"),
        ('{"schema_version": 2, "costs": []}', "schema 2 of costs, this reidbench reads 1"),
        ('{"schema_version": 1, "costs": [{}]}', "field 'costs.0.method'"),
        ('{"schema_version": 1}', "field 'costs'"),
    ],
)
def test_a_broken_file_is_named_with_its_cure(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "costs.json"
    path.write_text(text)
    with pytest.raises(CostError, match=says) as error:
        read_costs(path)
    assert str(path) in str(error.value) and "--measure" in str(error.value)
