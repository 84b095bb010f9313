"""Tables of other data are compared by the order of the methods that both rank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.leaderboard import build, orders
from reidbench.results import PACK, Result, write_pack
from tests.leaderboard.builders import dense, result

METHODS = ("l1", "fpgm", "taylor", "random", "lamp", "hrank")


def table(order: Sequence[str], target: str, seeds: int = 2) -> list[Result]:
    """Return rows whose mAP falls in the order of methods."""
    made = []
    for seed in range(seeds):
        off = 0.001 * seed
        made.append(dense(mean_ap=0.8 + off, seed=seed, target=target))
        for place, method in enumerate(order):
            score = 0.7 - 0.02 * place + off * (1 + place % 2)
            made.append(result(method, mean_ap=score, seed=seed, target=target))
    return made


def test_one_order_and_its_reverse_on_other_data() -> None:
    board = build(table(METHODS, "here"))
    for order, value in ((METHODS, 1), (METHODS[::-1], -1)):
        (found,) = orders(board, build(table(order, "there")))
        assert found.correlation.value == pytest.approx(value)
        assert (found.reduction, found.correlation.items) == (0.5, len(METHODS))


def test_tables_of_one_setting_are_paired_alone() -> None:
    both = build(table(METHODS, "here") + table(METHODS, "there"))
    assert [(it.first.setting.target, it.second.setting.target) for it in orders(both, both)] == [
        ("here", "here"),
        ("there", "there"),
    ]


def test_few_methods_in_common_or_rows_without_a_rank_say_nothing() -> None:
    board = build(table(METHODS, "here"))
    assert list(orders(board, build(table(METHODS[:4], "there")))) == []
    assert list(orders(board, build(table(METHODS, "there", seeds=1)))) == []


def test_two_folders_show_it(tmp_path: Path) -> None:
    for name, order in (("here", METHODS), ("there", METHODS[::-1])):
        write_pack(tmp_path / name / PACK, table(order, name))
    done = CliRunner().invoke(cli, ["leaderboard", str(tmp_path / "here"), str(tmp_path / "there")])
    assert done.exit_code == 0, done.output
    assert "-1.00 [-1.00, -1.00]" in done.output and "Spearman" in done.output
