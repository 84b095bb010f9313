"""Each wrong data set fails the check that should catch it, with the right advice, and no other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reidbench.api import DatasetRecord, OnDisk, Place
from reidbench.testing import dataset_checks
from reidbench.testing.check import Outcome
from tests.testing import wrong_datasets

ELSEWHERE = "same-in-another-process"
"""The one check that starts an interpreter."""


@dataclass(frozen=True)
class Wrong:
    """A wrong data set: the check that catches it, what its sentence says, and what waits."""

    target: str
    caught: str
    says: str
    blocked: frozenset[str] = frozenset()
    fields: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.target}-{self.caught}"


def record(target: str, **fields: Any) -> DatasetRecord:
    given = {
        "name": "mine",
        "version": "1",
        "summary": "Drawn people by two cameras.",
        "reference": "-",
        "target": f"{wrong_datasets.__name__}:{target}",
        "drawn": True,
    }
    return DatasetRecord(**{**given, **fields})


LAYOUT = OnDisk(
    places=(Place("mine", ("train", "query", "gallery")),), tree="mine/", origin="-", licence="-"
)
PHOTOGRAPHS = {"drawn": False}
DISK = {"drawn": False, "disk": LAYOUT}
AGAIN = frozenset({"opens-the-same-again"})
READS = AGAIN | {"reads-the-same-again", ELSEWHERE}
OPENS = READS | {
    "documents-itself",
    "numbers-people-and-cameras",
    "fills-its-splits",
    "disjoint-people",
    "queries-can-match",
    "makes-batches",
    "counts-as-published",
    "reads-its-pictures",
    "leaves-generators-untouched",
}
MATCHES = frozenset({"queries-can-match"})
TOLD, NUMBERS, PICTURES = "documents-itself", "numbers-people-and-cameras", "reads-its-pictures"
GENERATORS, CONTENT = "leaves-generators-untouched", "content-in-key"

DATASETS = [
    Wrong("sound", TOLD, "summary is 'People.'.*as in '", fields={"summary": "People."}),
    Wrong("optional", TOLD, "option 'palette' does not app", fields={"options": {"palette": 0}}),
    Wrong("absent", "opens", "cannot be imported", OPENS),
    Wrong("a_dictionary", "opens", "must return ReIDData, not dict", OPENS),
    Wrong("raising", "opens", r"KeyError: 'list'\) \(at wrong_datasets.py:\d+", OPENS),
    Wrong("trained_queries", "opens", "both the training and the test split", OPENS),
    Wrong("no_gallery", "fills-its-splits", "its gallery split has no pictures.*pattern", MATCHES),
    Wrong("mistaken_pattern", "fills-its-splits", "query split has", MATCHES | {CONTENT}, DISK),
    Wrong("float_people", NUMBERS, "pids of its train split are float64, where int64"),
    Wrong("cameras_below_zero", NUMBERS, "camids of its train split go down to -1"),
    Wrong("trained_gallery", "disjoint-people", r"1 image \(gallery/.*out of one of the splits"),
    Wrong("one_camera", "queries-can-match", "8 of 8 .*are camids the cameras"),
    Wrong("strangers", "queries-can-match", "number the same people alike"),
    Wrong("a_picture_each", "makes-batches", "0 people of its training split.* draws 4"),
    Wrong("miscounted", "counts-as-published", "training people 8 .*Counts", fields=PHOTOGRAPHS),
    Wrong("grey", PICTURES, r"uint8 \(32, 16\), not as .*convert\('RGB'\)", READS),
    Wrong("from_0_to_1", PICTURES, "reads as float64", READS),
    Wrong("unreadable", PICTURES, "'train/0001_c0_0.png'.*: image file is truncated", READS),
    Wrong("noisy", "reads-the-same-again", "depend on the index alone", AGAIN | {ELSEWHERE}),
    Wrong("one_buffer", "reads-the-same-again", "return a new array each time", AGAIN),
    Wrong("other_each_time", "opens-the-same-again", "the lists of train was another"),
    Wrong("in_the_order_of_a_set", ELSEWHERE, "take no seed from hash"),
    Wrong("seeding", GENERATORS, "NumPy's global generator, or seeded it"),
    Wrong("drawing", GENERATORS, r"np.random.default_rng\(seed\)"),
    Wrong("constant_digest", CONTENT, "'train/0001_c0_0.png' .*sizes or a hash", fields=DISK),
    Wrong("digest_of_names", CONTENT, "results of other pictures would be served", fields=DISK),
]  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sound data set on disk."""
    folder = tmp_path_factory.mktemp("data")
    wrong_datasets.write(folder)
    return folder


def outcomes_of(wrong: DatasetRecord, root: Path, *, elsewhere: bool) -> dict[str, Outcome]:
    tried = dataset_checks(wrong, root=root, pictures=8)
    return {str(it): it.outcome() for it in tried if elsewhere or it.name != ELSEWHERE}


@pytest.mark.parametrize("wrong", DATASETS, ids=str)
def test_a_wrong_data_set_fails_the_check_that_catches_it_and_no_other(
    wrong: Wrong, root: Path
) -> None:
    mine = record(wrong.target, **wrong.fields)
    # An interpreter takes a second: only where it is what catches, or waits for another.
    elsewhere = wrong.caught == ELSEWHERE or ELSEWHERE in wrong.blocked
    outcomes = outcomes_of(mine, root, elsewhere=elsewhere)
    ended = {
        status: {name for name, outcome in outcomes.items() if outcome.status == status}
        for status in ("failed", "blocked", "refused")
    }
    sentence = outcomes[wrong.caught].sentence
    assert ended == {"failed": {wrong.caught}, "blocked": wrong.blocked, "refused": set()}
    assert "\n" not in sentence
    assert re.search(wrong.says, sentence), sentence


SOUND = [
    record("sound"),
    record("classes", task="classification"),
    record("on_disk", **DISK),
    record("undigested", **DISK),
]


@pytest.mark.parametrize("sound", SOUND, ids=lambda one: one.target.rpartition(":")[2])
def test_a_sound_data_set_passes_them_all(sound: DatasetRecord, root: Path) -> None:
    outcomes = outcomes_of(sound, root, elsewhere=True)
    assert {name: o.sentence for name, o in outcomes.items() if o.status != "ok"} == {}


def test_a_data_set_that_is_not_here_is_refused_and_says_where_it_was_looked_for(
    tmp_path: Path,
) -> None:
    outcomes = outcomes_of(record("on_disk", **DISK), tmp_path, elsewhere=True)
    assert {o.status for n, o in outcomes.items() if n != "documents-itself"} == {"refused"}
    assert f"is not below {tmp_path}" in outcomes["opens"].sentence
    assert "'opens' says where" in outcomes["disjoint-people"].sentence
