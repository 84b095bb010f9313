"""Checks of a data set's lists: there, numbered, of disjoint people, and with answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import numpy as np

from reidbench.api.data import LabelledImages, ReIDData
from reidbench.config.protocol import BatchRules, load_protocol
from reidbench.datasets.check import Finding, differing, shared_people, unanswerable
from reidbench.datasets.locate import parts
from reidbench.testing.check import Blocked, CheckFailed, Refused
from reidbench.testing.datasets.candidate import DatasetCandidate
from reidbench.testing.documentation import refuse_undocumented


def documents_itself(data_set: DatasetCandidate) -> None:
    """Read the record's summary, and look for the options in the target's docstring."""
    with suppress(Refused):
        data_set.opened()
    example = "Street pictures of 751 people, 6 cameras."
    refuse_undocumented(data_set, data_set.record, example)


def opens(data_set: DatasetCandidate) -> None:
    """Read the lists; the API itself refuses those that break its rules."""
    data_set.data  # noqa: B018 - opening is the check


def fills_its_splits(data_set: DatasetCandidate) -> None:
    """Look for a split without pictures."""
    for part, split in parts(data_set.opened()).items():
        if not len(split):
            raise CheckFailed(
                f"{data_set}: its {part} split has no pictures, so that nothing can be measured on "
                "it; does the pattern of its file names match those on disk?"
            )


def numbers_people_and_cameras(data_set: DatasetCandidate) -> None:
    """Read the arrays of people, cameras or classes: int64, from 0; -1 for junk in the gallery."""
    for part, split in parts(data_set.opened()).items():
        if isinstance(split, LabelledImages):
            arrays = {"labels": (split.labels, 0)}
        else:
            lowest = -1 if part == "gallery" else 0
            arrays = {"pids": (split.pids, lowest), "camids": (split.camids, 0)}
        for name, (array, lowest) in arrays.items():
            if getattr(array, "dtype", None) != np.int64:
                got = getattr(array, "dtype", type(array).__name__)
                raise CheckFailed(
                    f"{data_set}: {name} of its {part} split are {got}, where int64 was expected; "
                    "make them by np.array(numbers, dtype=np.int64)"
                )
            if len(array) and int(array.min()) < lowest:
                raise CheckFailed(
                    f"{data_set}: {name} of its {part} split go down to {int(array.min())}, where "
                    f"{lowest} or more was expected; number people and cameras from 0, and keep -1 "
                    "for junk in the gallery"
                )


def disjoint_people(data_set: DatasetCandidate) -> None:
    """Look for people of the training split in the gallery."""
    _refuse(
        data_set,
        shared_people(_of_people(data_set)),
        "keep those people out of one of the splits: a test on people that were trained on "
        "measures nothing",
    )


def queries_can_match(data_set: DatasetCandidate) -> None:
    """Look for queries that no other camera's gallery picture answers."""
    data = _of_people(data_set)
    if not (len(data.query) and len(data.gallery)):
        raise Blocked("needs 'fills-its-splits' to pass first")
    _refuse(
        data_set,
        unanswerable(data),
        "are camids the cameras, and do query and gallery number the same people alike?",
    )


def makes_batches(data_set: DatasetCandidate) -> None:
    """Count the people that have the two pictures which a triplet loss needs."""
    data = _of_people(data_set)
    batch = load_protocol("smoke/1").training.batch
    assert isinstance(batch, BatchRules)
    useful = sum(count >= 2 for count in Counter(data.train.pids.tolist()).values())
    if useful < batch.identities:
        raise CheckFailed(
            f"{data_set}: {useful} people of its training split have two pictures or more, and "
            f"even a batch of smoke/1 draws {batch.identities}; use more people, or number the "
            "pictures of a person alike"
        )


def counts_as_published(data_set: DatasetCandidate) -> None:
    """Compare the counts with those that its plugin declares."""
    _refuse(
        data_set,
        differing(data_set.opened()),
        "correct the lists, or the numbers in published=Counts(...)",
    )


def _of_people(data_set: DatasetCandidate) -> ReIDData:
    data = data_set.opened()
    assert isinstance(data, ReIDData)  # of a source to classify, these checks are not asked
    return data


def _refuse(data_set: DatasetCandidate, findings: Iterable[Finding], advice: str) -> None:
    """Fail with the first finding; one that the published set has as well is a refusal."""
    for found in findings:
        names = f" ({', '.join(found.examples[:2])})" if found.examples else ""
        sentence = f"{data_set}: {found.sentence}{names}"
        if not found.fault:
            raise Refused(f"{sentence}, as published")
        raise CheckFailed(f"{sentence}; {advice}")
