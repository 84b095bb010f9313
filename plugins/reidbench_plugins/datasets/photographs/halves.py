"""Random halves of a data set's people, for sets whose authors publish no split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from reidbench.api import DataError
from reidbench_plugins.datasets.photographs.files import Photo

SPLITS = 10
"""Random halves to choose from: authors who publish none average over theirs."""


def refuse_other_splits(name: str, split: int) -> None:
    """Refuse a number that is no split's.

    Raises:
        DataError: with the numbers there are.
    """
    if split not in range(SPLITS):
        raise DataError(f"{name} has no split {split!r}; choose one from 0 to {SPLITS - 1}")


def training_half(
    rule: str, split: int, photos: Iterable[Photo], folder: Path, example: str
) -> set[int]:
    """Return the people of the half that trains.

    Args:
        rule: name and version of the rule, e.g. ``"viper/1"``: another rule has another name.
        split: 0 to 9.
        photos: all pictures.
        folder: where they are.
        example: a file's name by the rules of the set.

    Raises:
        DataError: fewer than four people.
    """
    numbers = {photo.pid for photo in photos}
    people: Sequence[int] = sorted(numbers, key=lambda pid: draw(rule, split, "half", pid))
    trained = set(people[: len(people) // 2])
    if len(trained) < 2:
        raise DataError(
            f"{folder} holds pictures of {len(people)} people, and half of them must make a "
            f"training set; expected files like {example}"
        )
    return trained


def draw(rule: str, split: int, purpose: str, what: str | int) -> str:
    """Return a SHA-256 to sort by: a random order for each rule, split and purpose."""
    text = f"{rule}/{split}/{purpose}/{what}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
