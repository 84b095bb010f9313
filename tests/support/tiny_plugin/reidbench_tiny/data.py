"""People as three coloured blobs, seen by a bright and a dark camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reidbench.api import ClassificationData, DataError, LabelledImages, ReIDData, Split

HEIGHT, WIDTH, CAMERAS = 32, 16, 2
TRAINED, TESTED = range(1, 13), range(101, 107)


@dataclass(frozen=True)
class Painter:
    """Draws image ``i`` of a split when it is asked for."""

    palette: int
    sources: tuple[tuple[int, int, int], ...]

    def __call__(self, i: int) -> np.ndarray:
        """Return uint8 RGB (32, 16, 3)."""
        person, camera, shot = self.sources[i]
        colours = np.random.default_rng([self.palette, person]).uniform(40, 215, (3, 3))
        dice = np.random.default_rng([self.palette, person, camera, shot])
        image = np.full((HEIGHT, WIDTH, 3), 90.0 + 60.0 * camera)
        for blob, colour in enumerate(colours):
            top = 2 + 10 * blob + int(dice.integers(-1, 2))
            left = 3 + int(dice.integers(-2, 3))
            image[max(0, top) : top + 8, left : left + 10] = colour * (1.0 - 0.2 * camera)
        return (image + dice.normal(0, 6, image.shape)).clip(0, 255).astype(np.uint8)


def load(*, palette: int = 0) -> ReIDData:
    """Return 96 training images, 12 queries and 24 gallery images; ``palette`` is the domain."""
    if palette < 0:
        raise DataError(f"option 'palette' is {palette}; it must not be negative")
    return ReIDData(
        name="tiny",
        train=_split(palette, "train", TRAINED, range(4)),
        query=_split(palette, "query", TESTED, range(1)),
        gallery=_split(palette, "gallery", TESTED, range(1, 3)),
    )


def load_classes() -> ClassificationData:
    """Return 128 images of 8 classes, in colours of their own."""
    people = _split(99, "train", range(1, 9), range(8))
    labels = np.unique(people.pids, return_inverse=True)[1]
    return ClassificationData("tiny-classes", LabelledImages(labels, people.names, people.reader))


def _split(palette: int, part: str, people: Iterable[int], shots: range) -> Split:
    sources = tuple((p, c, s) for p in people for c in range(CAMERAS) for s in shots)
    return Split(
        pids=np.array([person for person, _, _ in sources]),
        camids=np.array([camera for _, camera, _ in sources]),
        names=tuple(f"{part}/{p:04d}_c{c}_{s}.png" for p, c, s in sources),
        reader=Painter(palette, sources),
    )
