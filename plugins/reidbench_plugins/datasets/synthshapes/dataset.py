"""The data sets: how many classes, how many pictures of each, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidbench.api import ClassificationData, DataError, LabelledImages
from reidbench_plugins.datasets.synthshapes.kinds import KINDS, Kind
from reidbench_plugins.datasets.synthshapes.picture import draw_picture


@dataclass(frozen=True)
class Painter:
    """Draw picture ``i`` when it is asked for; holds no pixels, pickles small."""

    kinds: tuple[Kind, ...]
    images: int
    seed: int

    def __call__(self, i: int) -> np.ndarray:
        """Return picture ``i`` as uint8 (128, 64, 3), RGB."""
        label, index = divmod(i, self.images)
        return draw_picture(self.kinds[label], self.seed, index)


def load(*, seed: int = 0) -> ClassificationData:
    """Return the full set: 96 classes, 100 pictures of each.

    Args:
        seed: another seed draws other pictures of the same classes.

    Raises:
        DataError: a seed out of range.

    """
    return compose("synthshapes", classes=len(KINDS), images=100, seed=seed)


def load_quick(*, seed: int = 0) -> ClassificationData:
    """Return a small part of the full set: its first 48 classes, 40 pictures of each.

    ``seed`` and errors are those of :func:`load`.
    """
    return compose("synthshapes-quick", classes=len(KINDS) // 2, images=40, seed=seed)


def compose(name: str, *, classes: int, images: int, seed: int) -> ClassificationData:
    """Return a set of the given size; class k and its picture i are the same in every size.

    Raises:
        DataError: sizes or seed out of range.

    """
    _check(classes=classes, images=images, seed=seed)
    kinds = KINDS[:classes]
    train = LabelledImages(
        labels=np.repeat(np.arange(classes, dtype=np.int64), images),
        names=tuple(f"{kind.name}/{index:04d}.png" for kind in kinds for index in range(images)),
        reader=Painter(kinds, images, seed),
        digest=f"seed {seed}",
    )
    return ClassificationData(name=name, train=train, drawn=True)


def _check(*, classes: int, images: int, seed: int) -> None:
    limits = {
        "classes": (classes, 2, len(KINDS)),
        "images": (images, 1, 10_000),
        "seed": (seed, 0, 2**32 - 1),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise DataError(f"synthshapes: {name} is {value}; choose a value from {low} to {high}")
