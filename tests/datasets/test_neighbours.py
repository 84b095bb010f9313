"""A tree that lies beside where it is looked for is found, and what to type is said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reidbench.datasets.locate import MissingData, find_folder
from reidbench.datasets.neighbours import hint
from tests.builtin_plugins.datasets.photo_trees import BY_NAME, put_boxes

MARKET = BY_NAME["market1501"]


def market(folder: Path) -> Path:
    put_boxes(folder, ["0001_c1_1.jpg"], ["0800_c1_1.jpg"], ["0800_c2_1.jpg"])
    return folder


def typed(text: str) -> str:
    """Return the data root that a hint says to type."""
    return text.partition("--data ")[2].strip("'")


@pytest.mark.parametrize(
    ("tree", "given"),
    [
        ("data/market1501", "data/market1501"),
        ("data/market1501", "data/market1501/query"),
        ("data/market1501/Market-1501-v15.09.15", "data/market1501/Market-1501-v15.09.15"),
        ("data/reid/Market-1501-v15.09.15", "data"),
        ("data/Market-1501/Market-1501-v15.09.15", "data"),
        ("my data/market1501", "."),
    ],
)
def test_what_the_hint_says_to_type_finds_it(
    tmp_path: Path, tree: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    market(tmp_path / tree)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingData) as refused:
        find_folder(MARKET, Path(given))
    root = Path(typed(hint(MARKET, Path(given))))
    assert (
        str(refused.value).count(f"use --data {hint(MARKET, Path(given)).split('--data ')[1]}") == 1
    )
    assert find_folder(MARKET, root).resolve() == (tmp_path / tree).resolve()


@pytest.mark.parametrize("tree", ["market1501/photos", "Market-1501/pytorch v2"])
def test_a_tree_that_is_a_folder_too_deep_is_moved_by_the_command_that_is_said(
    tmp_path: Path, tree: str
) -> None:
    market(tmp_path / tree)
    before, command = hint(MARKET, tmp_path).split(": ")
    assert before == "it is a folder too deep"
    subprocess.run(command, shell=True, check=True)
    assert find_folder(MARKET, tmp_path) == (tmp_path / tree).parent


def test_a_folder_of_another_name_is_renamed_by_the_command_that_is_said(tmp_path: Path) -> None:
    given = market(tmp_path / "photos of people")
    before, command = hint(MARKET, given).split("', mv ")
    assert before == f"{given} has the same folders: if that is 'market1501"
    command, root = f"mv {command}".split(" and use --data ")
    subprocess.run(command, shell=True, check=True)
    assert find_folder(MARKET, Path(root)) == tmp_path / "Market-1501-v15.09.15"


def test_nothing_is_said_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "query").mkdir()
    (tmp_path / "train").mkdir()
    assert hint(MARKET, tmp_path) == ""
    assert hint(BY_NAME["msmt17-v1"], tmp_path) == ""
    assert hint(MARKET, tmp_path / "nowhere") == ""


def test_a_folder_that_may_not_be_listed_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "lost")
    market(tmp_path / "b" / "market1501")
    assert typed(hint(MARKET, tmp_path)) == str(tmp_path / "b")
