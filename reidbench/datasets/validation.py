"""The validation split: training people who are held out, for everybody who has to choose."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from reidbench.api.data import DataError, ReIDData, Split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VALIDATION = "validation/1"
"""The name of the rule below, part of every key: another rule has another name."""
SHARE = 0.2
"""The share of identities that are held out, on average."""


def is_held_out(pid: int) -> bool:
    """Return whether an identity is held out: its SHA-256 alone decides, whatever the data set.

    So data sets that share people, as one with more distractors does, hold out the same ones.
    """
    first = hashlib.sha256(str(pid).encode()).digest()[:8]
    return int.from_bytes(first, "big") < SHARE * 2**64


def validation_split(data: ReIDData) -> ReIDData:
    """Return a data set whose people are all of the training split: no test image is in it.

    It trains on those who stay. All images of those held out are the gallery, and the first one of
    each camera is a query, of people whom at least two cameras saw; evaluation leaves out what the
    query's own camera saw of them, and so the query itself.

    Raises:
        DataError: nobody stays to train on, or the data set has no training images at all.

    """
    if data.test_only:
        raise DataError(
            f"data set '{data.name}' is for measuring alone: it has no training images of which a "
            "validation split could be made; leave 'evaluate: validation' out"
        )
    held_out = [is_held_out(int(pid)) for pid in data.train.pids]
    stay = [index for index, out in enumerate(held_out) if not out]
    gallery = [index for index, out in enumerate(held_out) if out]
    if not stay:
        raise DataError(f"data set '{data.name}': all of its training people are held out")
    return replace(
        data,
        train=_part(data.train, stay),
        query=_part(data.train, _queries(data.train, gallery)),
        gallery=_part(data.train, gallery),
        published=None,
    )


def _queries(split: Split, images: list[int]) -> list[int]:
    """Return the first image of each person and camera, of people whom two cameras saw."""
    first: dict[tuple[int, int], int] = {}
    for index in sorted(images, key=lambda index: split.names[index]):
        first.setdefault((int(split.pids[index]), int(split.camids[index])), index)
    people = [pid for pid, _ in first]
    return sorted(index for (pid, _), index in first.items() if people.count(pid) > 1)


def _part(split: Split, indices: list[int]) -> Split:
    def read(index: int) -> NDArray[np.uint8]:
        return split.reader(indices[index])

    return Split(
        pids=split.pids[indices],
        camids=split.camids[indices],
        names=tuple(split.names[index] for index in indices),
        reader=read,
        digest=split.digest,
    )
