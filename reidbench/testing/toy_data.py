"""A toy data set: a coloured pattern for each person, drawn in memory in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reidbench.api.data import ReIDData, Split

HEIGHT, WIDTH, CAMERAS, SHOTS = 32, 16, 2, 3
TRAINED, TESTED = range(1, 9), range(101, 105)

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Painter:
    """Draws image ``i`` of (person, camera, shot) on demand, uint8 RGB (32, 16, 3)."""

    shots: tuple[tuple[int, int, int], ...]

    def __call__(self, index: int) -> Image:
        """Return a person's 4 x 2 patches of colour, noisy, darker from the second camera."""
        person, camera, shot = self.shots[index]
        patches = np.random.default_rng(person).uniform(30, 225, (4, 2, 3))
        noise = np.random.default_rng([person, camera, shot]).normal(0, 12, (HEIGHT, WIDTH, 3))
        pattern = patches.repeat(HEIGHT // 4, axis=0).repeat(WIDTH // 2, axis=1)
        image: Image = (pattern * (1 - 0.25 * camera) + noise).clip(0, 255).astype(np.uint8)
        return image


@dataclass(frozen=True)
class Forbidden:
    """A reader that refuses to read, and records the indices it was asked for."""

    asked: list[int] = field(default_factory=list)

    def __call__(self, index: int) -> Image:
        """Record the index, and refuse.

        Raises:
            PermissionError: always.
        """
        self.asked.append(index)
        raise PermissionError("test images are not a method's to read")


FORBIDDEN = Forbidden()
"""The reader of query and gallery of :func:`people_with_forbidden_tests`."""


def people() -> ReIDData:
    """Return 8 people to train on and 4 to test on, 6 images each from two cameras."""
    return ReIDData(
        name="drawn",
        train=_split("train", TRAINED, range(SHOTS)),
        query=_split("query", TESTED, range(1)),
        gallery=_split("gallery", TESTED, range(1, SHOTS)),
    )


def people_with_forbidden_tests() -> ReIDData:
    """Return the same training images, with other test people whose images cannot be read."""
    data = people()
    return replace(data, query=_forbidden(data.query), gallery=_forbidden(data.gallery))


def grey_people() -> ReIDData:
    """Return people whose training images all have the same grey."""
    data = people()
    grey = np.full((HEIGHT, WIDTH, 3), 120, dtype=np.uint8)
    return replace(data, train=replace(data.train, reader=lambda index: grey))


def _forbidden(split: Split) -> Split:
    return replace(split, pids=split.pids + 1000, camids=split.camids + 7, reader=FORBIDDEN)


def _split(part: str, people: range, shots: range) -> Split:
    taken = tuple((p, c, s) for p in people for c in range(CAMERAS) for s in shots)
    return Split(
        pids=np.array([person for person, _, _ in taken]),
        camids=np.array([camera for _, camera, _ in taken]),
        names=tuple(f"{part}/{p:04d}_c{c}_{s}.png" for p, c, s in taken),
        reader=Painter(taken),
    )
