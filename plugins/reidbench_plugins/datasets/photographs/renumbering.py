"""Renumber a data set's people and cameras for the file names of another set's layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from reidbench.api import DataError, ReIDData, Split

JUNK, DISTRACTOR = -1, 0


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The people and cameras that a set's file names can distinguish.

    Attributes:
        title: the set's name in its paper.
        people: the number of identities, training and test together.
        cameras: the number of cameras.
        unwanted: how junk (-1) and distractors (0) are treated: ``keep`` both as they are, make
            each distractor a person of its own (``people``), or ``drop`` both. Junk is dropped
            with either of the last two.
        fold: number the cameras 1, 2, 1, 2, ... where there are more.
    """

    title: str
    people: int
    cameras: int
    unwanted: Literal["keep", "people", "drop"] = "drop"
    fold: bool = False


class Numbered(NamedTuple):
    """Image ``row`` of a split, under its new identity and its camera from 1."""

    split: Split
    row: int
    pid: int
    camera: int


@dataclass(frozen=True)
class Renumbered:
    """The splits under new identities: training people from 1, then those of the test."""

    train: list[Numbered]
    query: list[Numbered]
    gallery: list[Numbered]
    train_people: int
    test_people: int


def renumber(data: ReIDData, layout: Layout) -> Renumbered:
    """Return every image that the layout can hold, under its new numbers.

    Identity 0 is a distractor in a gallery whose queries never ask for it, a person elsewhere.

    Raises:
        DataError: there are more people or cameras than the layout can distinguish.
    """
    cameras = _cameras(data, layout)
    trained = {pid: new for new, pid in enumerate(sorted(set(data.train.pids.tolist())), start=1)}
    tested, gallery = _test_people(data, layout, first=len(trained) + 1)
    last = max([*trained.values(), *tested.values(), *gallery])
    at_most(layout.people, last, "people", data, layout.title)

    def numbered(split: Split, pids: list[int]) -> list[Numbered]:
        rows = enumerate(zip(pids, split.camids.tolist(), strict=True))
        return [
            Numbered(split, row, pid, cameras[camid])
            for row, (pid, camid) in rows
            if layout.unwanted == "keep" or pid > 0
        ]

    return Renumbered(
        train=numbered(data.train, [trained[pid] for pid in data.train.pids.tolist()]),
        query=numbered(data.query, [tested[pid] for pid in data.query.pids.tolist()]),
        gallery=numbered(data.gallery, gallery),
        train_people=len(trained),
        test_people=last - len(trained),
    )


def at_most(most: int, count: int, what: str, data: ReIDData, title: str) -> None:
    """Refuse more people or cameras than a layout has numbers for.

    Raises:
        DataError: with both numbers.
    """
    if count > most:
        raise DataError(
            f"data set '{data.name}' has {count} {what}, and {title}'s layout has numbers for "
            f"{most}; choose a smaller data set"
        )


def _test_people(data: ReIDData, layout: Layout, first: int) -> tuple[dict[int, int], list[int]]:
    """Return the new number of every person of the test, and of every gallery image."""
    asked = set(data.query.pids.tolist())
    unwanted = {JUNK} | ({DISTRACTOR} - asked)
    people = sorted((asked | set(data.gallery.pids.tolist())) - unwanted)
    tested = {pid: new for new, pid in enumerate(people, start=first)}
    following = first + len(tested)
    gallery = []
    for pid in data.gallery.pids.tolist():
        if pid == DISTRACTOR and pid in unwanted and layout.unwanted == "people":
            gallery.append(following)
            following += 1
        else:
            gallery.append(tested.get(pid, pid))
    return tested, gallery


def _cameras(data: ReIDData, layout: Layout) -> dict[int, int]:
    splits = (data.train, data.query, data.gallery)
    camids = sorted({camid for split in splits for camid in split.camids.tolist()})
    if not layout.fold:
        at_most(layout.cameras, len(camids), "cameras", data, layout.title)
    return {camid: 1 + order % layout.cameras for order, camid in enumerate(camids)}
