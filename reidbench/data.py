"""What a re-ID data set is to the harness: three splits of labelled images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reidbench.errors import ReidbenchError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]
    Image = NDArray[np.uint8]


class DataError(ReidbenchError):
    """A data set that breaks its own rules."""


@dataclass(frozen=True)
class Split:
    """Images with their identities and cameras.

    Attributes:
        pids: identities, int64 (n,). -1 is junk that evaluation ignores.
        camids: cameras, int64 (n,), from 0.
        names: one unique name an image, as on disk.
        reader: ``reader(i)`` returns image ``i`` as uint8 RGB (height, width, 3).

    """

    pids: IntArray
    camids: IntArray
    names: tuple[str, ...]
    reader: Callable[[int], Image]

    def __post_init__(self) -> None:
        lengths = {len(self.pids), len(self.camids), len(self.names)}
        if len(lengths) != 1:
            raise DataError(
                f"a split needs one identity, camera and name an image; got {len(self.pids)}, "
                f"{len(self.camids)} and {len(self.names)}"
            )
        if len(set(self.names)) != len(self.names):
            raise DataError("a split's image names must be unique")

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> Image:
        """Return image ``index`` as uint8 RGB (height, width, 3)."""
        return self.reader(index)


@dataclass(frozen=True)
class ReIDData:
    """A data set's training, query and gallery images.

    Attributes:
        name: as the suite calls it.

    """

    name: str
    train: Split
    query: Split
    gallery: Split

    def __post_init__(self) -> None:
        """Refuse splits that would let a test identity or junk be trained on."""
        if not len(self.train):
            raise DataError(f"data set '{self.name}': the training split has no images")
        if min(self.train.pids) < 0:
            raise DataError(
                f"data set '{self.name}': identity -1 is junk, which only a gallery may hold; "
                "leave it out of the training split"
            )
        # Gallery identities that no query asks for are distractors (0 in Market-1501).
        shared = sorted({int(p) for p in self.train.pids} & {int(p) for p in self.query.pids})
        if shared:
            raise DataError(
                f"data set '{self.name}': identities {shared[:5]} stand in both the training and "
                "the test split; a re-ID split has disjoint people"
            )
