"""Reads pictures from one folder for each person."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reidbench.api import DataError, ReIDData
from reidbench_plugins.datasets.own.pictures import NOT_GIVEN, Picture, own_split
from reidbench_plugins.datasets.photographs.files import is_drawn, is_image

SPLITS = ("train", "query", "gallery")
HALVES = 10
RULE = "folder/1"
"""The name of the rule that draws a half: another rule has another name."""


def load(*, root: Path = NOT_GIVEN, split: int = 0, camera: str = r"_c([0-9]+)") -> ReIDData:
    """Return the pictures below ``root``, where each person has a folder.

    The folders are in ``train/``, ``query/`` and ``gallery/``; or, without these, directly in
    ``root``: then half of the people train, and of each other one a picture by each camera asks.
    Who trains and which picture asks is drawn by SHA-256, the same wherever the same files are.
    Without cameras in the names, queries are of one camera and everything else is of another.

    Args:
        root: the folder; a file ``DRAWN.txt`` in it marks the pictures as drawn.
        split: which of ten halves, 0 to 9; 0 where the folders say who trains.
        camera: a regular expression that finds a file's camera in its name, in a group.

    Raises:
        DataError: folders or pictures are missing, or only some names have a camera.
        ValueError: an option's value is not taken.
    """
    pattern = _pattern(camera)
    if split not in range(HALVES):
        raise ValueError(f"option 'split' is {split}; choose one of ten halves, 0 to {HALVES - 1}")
    if root == NOT_GIVEN or not root.is_dir():
        raise DataError(f"{root} is no folder; name one of pictures with the option 'root'")
    if any((root / name).is_dir() for name in SPLITS):
        if split:
            raise ValueError(f"option 'split' is {split}, but {root} has folders that say it")
        parts = {name: _pictures(root, name, pattern) for name in SPLITS}
    else:
        parts = _halves(root, split, _pictures(root, ".", pattern))
    _with_cameras(root, parts)
    everything = [picture for pictures in parts.values() for picture in pictures]
    train, query, gallery = (own_split(root, parts[name], everything) for name in SPLITS)
    return ReIDData("folder", train, query, gallery, drawn=is_drawn(root))


def _pattern(camera: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(camera)
    except re.error as error:
        raise ValueError(f"option 'camera' is no regular expression ({error})") from error
    if pattern.groups != 1:
        raise ValueError(f"option 'camera' is {camera!r}; it needs one group (...), the camera")
    return pattern


def _pictures(root: Path, part: str, pattern: re.Pattern[str]) -> list[Picture]:
    folder = root / part
    if not folder.is_dir():
        raise DataError(f"{folder} is not there; expected {', '.join(SPLITS)} in {root}, or none")
    found = [
        Picture(image.relative_to(root).as_posix(), person.name, _camera(image.name, pattern))
        for person in sorted(folder.iterdir())
        if person.is_dir() and not person.name.startswith(".")
        for image in sorted(person.iterdir())
        if is_image(image.name) and image.is_file()
    ]
    if not found:
        raise DataError(f"{folder} holds no picture in a folder of a person's name")
    return found


def _camera(name: str, pattern: re.Pattern[str]) -> str:
    found = pattern.search(name)
    return (found[1] or "") if found else ""


def _halves(root: Path, split: int, pictures: Sequence[Picture]) -> dict[str, list[Picture]]:
    people = sorted({it.person for it in pictures}, key=lambda one: _draw(split, "half", one))
    trained = set(people[: len(people) // 2])
    if len(trained) < 2:
        raise DataError(f"{root} has folders of {len(people)} people, and half of them must train")
    test = [it for it in pictures if it.person not in trained]
    first: dict[tuple[str, str], Picture] = {}
    for it in sorted(test, key=lambda it: _draw(split, "query", it.path)):
        first.setdefault((it.person, it.camera), it)
    asking = set(first.values())
    return {
        "train": [it for it in pictures if it.person in trained],
        "query": [it for it in test if it in asking],
        "gallery": [it for it in test if it not in asking],
    }


def _draw(split: int, purpose: str, what: str) -> str:
    """Return a digest to sort by: a random order for each split and purpose."""
    text = f"{RULE}/{split}/{purpose}/{what}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _with_cameras(root: Path, parts: dict[str, list[Picture]]) -> None:
    """Give pictures without any camera two: that of queries, and that of everything else."""
    unknown = list(_without_camera(parts))
    if not unknown:
        return
    if len(unknown) < sum(map(len, parts.values())):
        raise DataError(
            f"{root / unknown[0].path}: its name has no camera, as {len(unknown)} names have none "
            "and others have; rename it, or set the option 'camera'"
        )
    for part, pictures in parts.items():
        number = "0" if part == "query" else "1"
        parts[part] = [picture._replace(camera=number) for picture in pictures]


def _without_camera(parts: dict[str, list[Picture]]) -> Iterator[Picture]:
    return (it for pictures in parts.values() for it in pictures if not it.camera)
