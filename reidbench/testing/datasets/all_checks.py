"""Every check of a data set, in the order in which to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from reidbench.api.records import DatasetRecord
from reidbench.plugins import Component, Plugin, discover
from reidbench.testing.check import Check
from reidbench.testing.datasets import list_checks, picture_checks
from reidbench.testing.datasets.candidate import DatasetCandidate

PICTURES = 200
"""How many pictures of each split are read."""

Body = Callable[[DatasetCandidate], None]


def dataset_checks(
    record: DatasetRecord,
    *,
    root: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    pictures: int = PICTURES,
) -> Iterator[Check]:
    """Return the checks of a data set, to be run one by one; nothing runs before that.

    ``root`` is the folder below which one that users bring is looked for. If it is not there, or
    ``root`` is None, a small stand-in is drawn in its layout; without a ``writer`` its checks are
    refused. ``pictures`` of each split are read, spread over all of it.
    """
    component = Component(record, Plugin("testing", "reidbench-testing", "1"))
    place = None if root is None else Path(root)
    candidate = DatasetCandidate(component, discover(), place, options or {}, pictures)
    bodies: dict[str, Body] = {
        "documents-itself": list_checks.documents_itself,
        "opens": list_checks.opens,
        "numbers-people-and-cameras": list_checks.numbers_people_and_cameras,
    }
    if record.task == "re-id":
        bodies |= {
            "fills-its-splits": list_checks.fills_its_splits,
            "disjoint-people": list_checks.disjoint_people,
            "queries-can-match": list_checks.queries_can_match,
            "makes-batches": list_checks.makes_batches,
        }
    bodies |= {
        "counts-as-published": list_checks.counts_as_published,
        "reads-its-pictures": picture_checks.reads_its_pictures,
        "reads-the-same-again": picture_checks.reads_the_same_again,
        "opens-the-same-again": picture_checks.opens_the_same_again,
        "same-in-another-process": picture_checks.same_in_another_process,
        "leaves-generators-untouched": picture_checks.leaves_generators_untouched,
    }
    if record.disk is not None:
        bodies["content-in-key"] = picture_checks.content_in_key
    return (
        Check(name, record.name, partial(body, candidate), "data set")
        for name, body in bodies.items()
    )
