"""Looks a data set over: its counts against the published ones, its lists, and every image."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import islice

from reidbench.api.data import ClassificationData, LabelledImages, ReIDData, Split
from reidbench.datasets.locate import parts
from reidbench.errors import one_line

Tick = Callable[[int], None]
"""Called with the number of images that were dealt with since the last call."""

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
# Large enough that threads seldom meet, small enough that progress is seen to move.
_BLOCK = 32


@dataclass(frozen=True)
class Comparison:
    """One number of a data set, and what its authors publish; None if there is nothing to hold."""

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
        """Return whether a published number says otherwise."""
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


def compare(data: ReIDData | ClassificationData) -> list[Comparison]:
    """Return a data set's counts beside the published ones; a drawn one has none to be held to."""
    counts, published = data.counts, None if data.drawn else data.published
    return [
        Comparison(
            _WORDS[field.name],
            getattr(counts, field.name),
            getattr(published, field.name) if published else None,
        )
        for field in fields(counts)
    ]


def inspect_lists(data: ReIDData | ClassificationData) -> list[Finding]:
    """Return what is wrong with a data set as far as its lists tell; reads no image."""
    differing, unrecognised = _differing(data), _unrecognised(data)
    found = [differing, unrecognised]
    if isinstance(data, ReIDData):
        found += [_shared(data), _unanswerable(data)]
    return [finding for finding in found if finding]


def _differing(data: ReIDData | ClassificationData) -> Finding | None:
    comparisons = compare(data)
    differing = [comparison for comparison in comparisons if comparison.differs]
    if not differing:
        return None
    numbers = ", ".join(f"{one.what} {one.found} ({one.verdict})" for one in differing)
    return Finding(
        f"{len(differing)} of {len(comparisons)} counts differ from the published: {numbers}; "
        "results on it are no results on the published data set"
    )


def _unrecognised(data: ReIDData | ClassificationData) -> Finding | None:
    names = [name for split in parts(data).values() for name in _left_out(split)]
    if not names:
        return None
    return Finding(
        f"left out, because their names break the data set's rules: {_images(len(names))}",
        tuple(names),
    )


def _left_out(split: Split | LabelledImages) -> tuple[str, ...]:
    return split.unrecognised if isinstance(split, Split) else ()


def _shared(data: ReIDData) -> Finding | None:
    """Find people who are trained on and stand in the gallery; 0 and -1 are no people there."""
    trained = set(data.train.pids.tolist())
    names = [
        name
        for name, pid in zip(data.gallery.names, data.gallery.pids.tolist(), strict=True)
        if pid in trained
    ]
    if not names:
        return None
    return Finding(
        f"gallery images of people who are trained on: {_images(len(names))}", tuple(names)
    )


def _unanswerable(data: ReIDData) -> Finding | None:
    """Find queries that evaluation must leave out: nobody to be found by another camera."""
    seen: dict[int, set[int]] = defaultdict(set)
    for person, camera in _sightings(data.gallery):
        if person >= 0:
            seen[person].add(camera)
    names = [
        name
        for name, (person, camera) in zip(data.query.names, _sightings(data.query), strict=True)
        if not seen[person] - {camera}
    ]
    if not names:
        return None
    # Whole sets have them too; there they are no fault of this copy.
    comparisons = compare(data)
    whole = not any(one.differs for one in comparisons) and any(
        one.published is not None for one in comparisons
    )
    return Finding(
        "queries without a gallery image of the same person by another camera, which evaluation "
        f"leaves out: {len(names)} of {len(data.query)}",
        tuple(names),
        fault=not whole,
    )


def _sightings(split: Split) -> Iterator[tuple[int, int]]:
    return zip(split.pids.tolist(), split.camids.tolist(), strict=True)


def image_count(data: ReIDData | ClassificationData) -> int:
    """Return how many images :func:`read_images` reads."""
    return sum(len(split) for split in parts(data).values())


def read_images(data: ReIDData | ClassificationData, tick: Tick) -> Finding | None:
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
    found = ((split.names[i], _damage(split, i)) for i in indices)
    return [f"{name}: {reason}" for name, reason in found if reason]


def _damage(split: Split | LabelledImages, index: int) -> str:
    """Return why an image cannot be used, ``""`` if it can."""
    try:
        image = split.read(index)
    # Decoders raise nearly anything for nearly anything: OSError, SyntaxError, struct.error, ...
    except Exception as error:
        return _reason(error)
    shape = tuple(image.shape)
    if image.dtype.name != "uint8" or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        return f"reads as {image.dtype} {shape}, not as uint8 (height, width, 3)"
    return ""


def _reason(error: Exception) -> str:
    """Return what a decoder says, rather than what a loader made of it: its path is known."""
    # Here, because lists are told without decoders.
    from PIL import UnidentifiedImageError

    cause = error.__cause__ or error
    if isinstance(cause, UnidentifiedImageError):
        return "empty, or no image"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return one_line(cause) or type(cause).__name__


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
