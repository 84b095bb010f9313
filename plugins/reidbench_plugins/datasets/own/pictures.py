"""Splits of a user's own pictures, whose content is part of every key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reidbench.api import DataError, Split
from reidbench_plugins.datasets.photographs.files import PhotoReader

JUNK = "-1"
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.0*)?")
NOT_GIVEN = Path()
THREADS = 8


class Picture(NamedTuple):
    """A picture's path below its folder, and its person and camera as the user writes them."""

    path: str
    person: str
    camera: str


def own_split(folder: Path, pictures: Sequence[Picture], everything: Iterable[Picture]) -> Split:
    """Return a split of pictures below ``folder``, with the bytes of its files in its digest.

    People and cameras are numbered from 0 in the order of ``everything``'s names, by value where
    they are numbers, so that all splits number alike; person ``-1`` stays: it is junk.

    Raises:
        DataError: a file that cannot be read, or a number that is written in two ways.
    """
    whole = list(everything)
    people = {it.person for it in whole} - {JUNK}
    cameras = {it.camera for it in whole}
    _refuse_two_spellings(folder, "people", people | {JUNK})
    _refuse_two_spellings(folder, "cameras", cameras)
    names = tuple(picture.path for picture in pictures)
    return Split(
        pids=_numbered([it.person for it in pictures], people, {JUNK: -1}),
        camids=_numbered([it.camera for it in pictures], cameras, {}),
        names=names,
        reader=PhotoReader(folder, names),
        digest=_digest(folder, names),
    )


def _refuse_two_spellings(folder: Path, what: str, words: Iterable[str]) -> None:
    """Refuse ``7`` beside ``007`` or ``7.0``: the same person would be two, and never found."""
    seen: dict[float, str] = {}
    for word in sorted(words):
        number = float(word) if _NUMBER.fullmatch(word) else None
        if number is not None and (first := seen.setdefault(number, word)) != word:
            raise DataError(
                f"{folder}: {what} '{first}' and '{word}' are one number written in two ways; "
                "write it in one, or make them words"
            )


def _numbered(words: Sequence[str], known: set[str], fixed: dict[str, int]) -> NDArray[np.int64]:
    numbers = {word: number for number, word in enumerate(sorted(known, key=_by_value))} | fixed
    return np.array([numbers[word] for word in words], np.int64)


def _by_value(word: str) -> tuple[bool, int, str]:
    """Return what sorts ``2`` before ``10``, and numbers before words."""
    number = word.isascii() and word.isdigit()
    return (not number, int(word) if number else 0, word)


def _digest(folder: Path, names: Sequence[str]) -> str:
    digest = hashlib.sha256()
    with ThreadPoolExecutor(THREADS) as pool:
        contents = pool.map(lambda it: _bytes(folder / it), names)
        for name, content in zip(names, contents, strict=True):
            digest.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _bytes(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); restore it") from error
