"""What papers report is data: complete, sourced, and the very numbers that they print."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from reidbench.config.yaml_document import DocumentError
from reidbench.leaderboard.reported.paper import (
    Entry,
    Paper,
    ReportedError,
    load_paper,
    load_papers,
)
from tests.support.places import ROOT

FOLDER = ROOT / "leaderboard" / "reported"
MASSON = "masson2021.yaml"
WANG = "wang2022-bafd.yaml"


def entry(file: str, *name: str) -> Entry:
    """Return the entry of a target, scenario, network, method and point."""
    entries = load_paper(FOLDER / file).content.entries
    (found,) = [
        it for it in entries if (it.target, it.scenario, it.network, it.method, it.point) == name
    ]
    return found


@pytest.mark.parametrize(
    ("name", "map_and_rank1", "parameters"),
    [
        (("market1501", "", "resnet50", "dense", ""), (69.16, 85.07), 23.48),
        (("cuhk03np", "", "resnet18", "dense", ""), (38.27, 39.57), 11.12),
        (("market1501", "scenario-1", "resnet50", "l1", "C1"), (67.04, 84.71), 11.90),
        (("dukemtmcreid", "scenario-1", "resnet50", "taylor", "C1"), (57.90, 75.72), 12.09),
        (("cuhk03np", "scenario-1", "resnet50", "psfp", "C2"), (38.76, 40.52), 8.95),
        (("market1501", "scenario-2", "resnet50", "entropy", "C2"), (7.38, 17.31), 8.95),
        (("market1501", "scenario-2", "resnet50", "l1", "C1"), (47.46, 69.36), 11.90),
        (("dukemtmcreid", "scenario-3", "resnet50", "taylor", ""), (44.14, 63.33), None),
        (("dukemtmcreid", "scenario-3", "resnet50", "auto-balanced", "C2"), (34.80, 54.58), 8.95),
        (("cuhk03np", "scenario-4", "resnet50", "auto-balanced", ""), (36.67, 38.79), 19.17),
    ],
)
def test_the_seed_papers_numbers_are_those_it_prints(
    name: tuple[str, ...], map_and_rank1: tuple[float, float], parameters: float | None
) -> None:
    found = entry(MASSON, *name)
    assert (found.mAP, found.rank1) == map_and_rank1
    assert found.parameters == parameters


def test_the_seed_paper_is_there_table_by_table() -> None:
    entries = load_paper(FOLDER / MASSON).content.entries
    # Scenario 1: 5 methods at C1, 3 at C2. Scenario 2: 3 and 5. Scenario 3: twice 3, and 5 lightly
    # pruned. Scenario 4: 4, because PSFP has none. Each on three targets; dense networks on four.
    assert Counter(it.scenario for it in entries if it.target != "imagenet") == {
        "": 9,
        "scenario-1": 24,
        "scenario-2": 24,
        "scenario-3": 33,
        "scenario-4": 12,
    }
    assert Counter(it.target for it in entries) == {
        "market1501": 34,
        "dukemtmcreid": 34,
        "cuhk03np": 34,
        "imagenet": 8,
    }


def test_top_1_on_the_source_is_no_retrieval() -> None:
    found = entry(MASSON, "imagenet", "scenario-1", "resnet50", "auto-balanced", "C1")
    assert (found.top1, found.mAP, found.rank1) == (71.97, None, None)


def test_where_the_seed_papers_tables_disagree_the_file_says_so() -> None:
    found = entry(MASSON, "dukemtmcreid", "scenario-1", "resnet50", "auto-balanced", "C1")
    assert found.mAP == 56.45
    assert any("56.64" in note for note in load_paper(FOLDER / MASSON).content.notes)


def test_parameters_that_are_not_printed_are_marked() -> None:
    entries = load_paper(FOLDER / MASSON).content.entries
    marked = {it.gflops for it in entries if it.approximate}
    assert marked == {2.09, 5.08}
    assert not any(it.approximate for it in entries if it.gflops == 2.96)
    assert all(it.approximate for it in entries if it.parameters == 19.17)


@pytest.mark.parametrize(
    ("name", "map_and_rank1"),
    [
        (("market1501", "", "resnet50", "dense", ""), (70.81, 86.63)),
        (("market1501", "", "resnet50", "l1", "50 %"), (57.22, 77.82)),
        (("market1501", "", "resnet34", "bafd", "beside 20 %"), (68.13, 84.38)),
        (("dukemtmcreid", "", "resnet18", "soft-fpgm", "20 %"), (53.65, 73.43)),
        (("msmt17-v1", "", "resnet50", "bafd", "beside 90 %"), (13.66, 25.41)),
        (("msmt17-v1", "", "resnet18", "sfp", "50 %"), (14.99, 27.64)),
    ],
)
def test_the_second_papers_numbers_are_those_it_prints(
    name: tuple[str, ...], map_and_rank1: tuple[float, float]
) -> None:
    found = entry(WANG, *name)
    assert (found.mAP, found.rank1) == map_and_rank1


def test_a_row_printed_twice_by_mistake_is_left_out() -> None:
    entries = load_paper(FOLDER / WANG).content.entries
    doubtful = [it for it in entries if (it.target, it.method) == ("msmt17-v1", "sfp")]
    assert {(it.network, it.point) for it in doubtful} == {
        ("resnet18", "20 %"),
        ("resnet18", "50 %"),
        ("resnet34", "20 %"),
        ("resnet50", "20 %"),
        ("resnet50", "90 %"),
    }
    assert not any((it.mAP, it.rank1) == (15.98, 28.87) for it in entries)


def test_what_the_paper_says_failed_is_an_entry_without_a_score() -> None:
    found = entry(WANG, "dukemtmcreid", "", "resnet50", "sfp", "90 %")
    assert found.failed
    assert (found.mAP, found.rank1) == (None, None)


def test_boxes_that_a_paper_does_not_name_may_be_either() -> None:
    paper = load_paper(FOLDER / MASSON).content
    assert len(paper.about("cuhk03np-detected")) == len(paper.about("cuhk03np-labelled")) == 34
    assert paper.about("market1501-500k") == ()


def test_every_file_is_sourced_and_disclaims() -> None:
    for paper in load_papers(FOLDER):
        assert not paper.reproduced_here
        assert paper.source.title in paper.source.citation
        assert paper.source.protocol
        assert paper.source.called.keys() == {it.method for it in paper.entries}


def document(**changes: Any) -> dict[str, Any]:
    """Return a small file of reported numbers."""
    source = {
        "short": "Somebody 2020",
        "authors": "Somebody",
        "title": "Pruning",
        "venue": "A conference",
        "figures": "the only version",
        "called": {"l1": "L1"},
        "protocol": {"epochs": "many"},
        "caution": "mind the gap",
    }
    one = {"target": "market1501", "network": "resnet50", "method": "l1", "mAP": 70.5}
    whole = {
        "format": 1,
        "reproduced_here": False,
        "source": source,
        "parameters_of": "embedding path",
        "entries": [one],
    }
    return {**whole, **changes}


def with_entries(*entries: dict[str, Any]) -> dict[str, Any]:
    (one,) = document()["entries"]
    return document(entries=[{**one, **changes} for changes in entries])


def refused(tmp_path: Path, content: dict[str, Any]) -> str:
    path = tmp_path / "paper.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    with pytest.raises(DocumentError) as error:
        load_paper(path)
    return str(error.value).removeprefix(f"{path}:")


def test_the_small_file_is_one() -> None:
    assert Paper.model_validate(document()).entries[0].mAP == 70.5


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (document(format=2), "1: format: must be 1, not 2"),
        (document(reproduced_here=True), "2: reproduced_here: must be False, not True"),
        (with_entries({"mAP": 705}), "19: entries.0.mAP: must be less than or equal to 100"),
        (with_entries({"mAP": "70"}), "19: entries.0.mAP: must be a valid number"),
        (with_entries({"mAP": None}), "16: entries.0: needs either a score"),
        (with_entries({"failed": True}), "16: entries.0: needs either a score"),
        (with_entries({"rank_1": 80.0}), "20: entries.0.rank_1: unknown field"),
        (with_entries({"approximate": True}), "20: entries.0.approximate: there are no param"),
        (with_entries({"method": "l2"}), "18: entries.0.method: source.called does not say"),
        (with_entries({}, {"mAP": 60.0}), "20: entries.1: the same network as entry 0: market1501"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_wrong_file_is_refused_at_its_line(
    tmp_path: Path, content: dict[str, Any], sentence: str
) -> None:
    assert refused(tmp_path, content).startswith(sentence)


def test_a_folder_that_is_not_there_says_where_one_is(tmp_path: Path) -> None:
    with pytest.raises(
        ReportedError, match="give yours with --reported DIR, or --with-reported alone"
    ):
        load_papers(tmp_path / "none")


def test_a_folder_without_papers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportedError, match="no reported numbers"):
        load_papers(tmp_path)
