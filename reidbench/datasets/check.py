"""Checks a data set: its counts against the published ones, its lists, and every image."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import islice

from reidbench.api.data import LabelledImages, ReIDData, Split
from reidbench.datasets.locate import Data, parts
from reidbench.errors import one_line

Tick = Callable[[int], None]
"""Called with the number of images that were processed since the last call."""

_WORDS = {
    "train_ids": "training people",
    "train_images": "training images",
    "query_ids": "query people",
    "query_images": "query images",
    "gallery_images": "gallery images (no junk)",
    "cameras": "cameras",
    "classes": "classes",
    "images": "images",
}
# Images a thread reads at a time: few enough that progress moves visibly.
_BLOCK = 32


@dataclass(frozen=True)
class Comparison:
    """One number of a data set, and the published one, None where nothing is published."""

    what: str
    found: int
    published: int | None

    @property
    def verdict(self) -> str:
        """Return ``as published``, ``3 missing``, ``3 too many``, or ``-``."""
        if self.published is None:
            return "-"
        surplus = self.found - self.published
        if not surplus:
            return "as published"
        return f"{surplus} too many" if surplus > 0 else f"{-surplus} missing"

    @property
    def differs(self) -> bool:
        """Return whether another number is published."""
        return self.published is not None and self.found != self.published


@dataclass(frozen=True)
class Finding:
    """Something about a data set that a user should know, and some of what it concerns.

    Attributes:
        sentence: what is wrong, and what follows from it.
        examples: names of images, with the reason where each has its own.
        fault: false for what belongs to the data set as published.
    """

    sentence: str
    examples: tuple[str, ...] = ()
    fault: bool = True


def compare(data: Data) -> list[Comparison]:
    """Return a data set's counts beside the published ones, of which a drawn one has none."""
    counts, published = data.counts, None if data.drawn else data.published
    return [
        Comparison(
            _WORDS[field.name],
            getattr(counts, field.name),
            getattr(published, field.name) if published else None,
        )
        for field in fields(counts)
    ]


def inspect_lists(data: Data) -> list[Finding]:
    """Return what is wrong with the lists of a data set; reads no image."""
    of_people = [*shared_people(data), *unanswerable(data)] if isinstance(data, ReIDData) else []
    return [*differing(data), *_unrecognised(data), *of_people]


def differing(data: Data) -> Iterator[Finding]:
    """Find counts that are not the published ones."""
    comparisons = compare(data)
    if odd := [one for one in comparisons if one.differs]:
        numbers = ", ".join(f"{one.what} {one.found} ({one.verdict})" for one in odd)
        yield Finding(
            f"{len(odd)} of {len(comparisons)} counts differ from the published: {numbers}; "
            "results on it are no results on the published data set"
        )


def _unrecognised(data: Data) -> Iterator[Finding]:
    splits = [split for split in parts(data).values() if isinstance(split, Split)]
    if names := tuple(name for split in splits for name in split.unrecognised):
        yield Finding(
            f"left out, because their names break the data set's rules: {_images(len(names))}",
            names,
        )


def shared_people(data: ReIDData) -> Iterator[Finding]:
    """Find people of the training split in the gallery; 0 and -1 are no people there."""
    trained, gallery = set(data.train.pids.tolist()), data.gallery
    pairs = zip(gallery.names, gallery.pids.tolist(), strict=True)
    if names := tuple(name for name, pid in pairs if pid in trained):
        yield Finding(f"gallery images of people who are trained on: {_images(len(names))}", names)


def unanswerable(data: ReIDData) -> Iterator[Finding]:
    """Find queries that evaluation must leave out: no other camera saw the person."""
    seen: dict[int, set[int]] = defaultdict(set)
    for person, camera in _sightings(data.gallery):
        if person >= 0:
            seen[person].add(camera)
    pairs = zip(data.query.names, _sightings(data.query), strict=True)
    if names := tuple(name for name, (person, camera) in pairs if not seen[person] - {camera}):
        # A complete set has them too; there they are no fault of this copy.
        known = [one for one in compare(data) if one.published is not None]
        complete = bool(known) and not any(one.differs for one in known)
        yield Finding(
            "queries without a gallery image of the same person by another camera, which "
            f"evaluation leaves out: {len(names)} of {len(data.query)}",
            names,
            fault=not complete,
        )


def _sightings(split: Split) -> Iterator[tuple[int, int]]:
    return zip(split.pids.tolist(), split.camids.tolist(), strict=True)


def image_count(data: Data) -> int:
    """Return how many images ``read_images`` reads."""
    return sum(len(split) for split in parts(data).values())


def read_images(data: Data, tick: Tick) -> Finding | None:
    """Read every image of every split, by several threads; return those that cannot be.

    Memory stays at a few images a thread. Calls ``tick`` from the calling thread alone.
    """
    damaged: list[str] = []
    blocks = (
        (split, range(start, min(start + _BLOCK, len(split))))
        for split in parts(data).values()
        for start in range(0, len(split), _BLOCK)
    )
    threads = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        # A few blocks at a time, so that an interrupt does not wait for the whole set.
        while batch := list(islice(blocks, 2 * threads)):
            for (_, indices), found in zip(batch, pool.map(_damaged, batch), strict=True):
                damaged += found
                tick(len(indices))
    if not damaged:
        return None
    return Finding(
        f"cannot be read: {len(damaged):,} of {_images(image_count(data))}", tuple(damaged)
    )


def _damaged(block: tuple[Split | LabelledImages, range]) -> list[str]:
    split, indices = block
    found = ((split.names[i], damage(split, i)) for i in indices)
    return [f"{name}: {reason}" for name, reason in found if reason]


def damage(split: Split | LabelledImages, index: int) -> str:
    """Return why an image cannot be used, ``""`` if it can."""
    try:
        image = split.read(index)
    # Decoders raise nearly anything for nearly anything: OSError, SyntaxError, a panic of Rust, ...
    # In a thread of the pool, where the user's Ctrl-C never arrives.
    except BaseException as error:
        return _reason(error)
    shape = tuple(image.shape)
    if image.dtype.name != "uint8" or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        return f"reads as {image.dtype} {shape}, not as uint8 (height, width, 3)"
    return ""


def _reason(error: BaseException) -> str:
    """Return the decoder's own message, without the path that a loader adds."""
    # Here, because checking lists needs no decoder.
    from PIL import UnidentifiedImageError

    cause = error.__cause__ or error
    if isinstance(cause, UnidentifiedImageError):
        return "empty, or no image"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return one_line(cause) or type(cause).__name__


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
