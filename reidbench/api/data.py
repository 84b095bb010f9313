"""Data sets: labelled images, and for re-ID three splits of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reidbench.errors import ReidbenchError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]
    Image = NDArray[np.uint8]


class DataError(ReidbenchError):
    """A data set that breaks a rule of this API, or differs from its own description."""


class _Named:
    """Images with names, read one by one."""

    names: tuple[str, ...]
    reader: Callable[[int], Image]

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> Image:
        """Return image ``index`` as RGB, uint8 (height, width, 3)."""
        return self.reader(index)

    def _check_names(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise DataError("a split's image names must be unique")
        try:
            "".join(map(str, self.names)).encode()
        except UnicodeEncodeError as error:
            # Python's stand-ins for bytes that are no text: no key, file or page can hold them.
            odd = next(name for name in self.names if str(error.object[error.start]) in name)
            raise DataError(f"the file name {odd!a} is not valid UTF-8; rename the file") from error


@dataclass(frozen=True)
class Split(_Named):
    """Images with their identities and cameras.

    Attributes:
        pids: identities, int64 (n,), from 0; -1 is junk, which evaluation ignores.
        camids: cameras, int64 (n,), from 0.
        names: a unique name for each image, as on disk.
        reader: ``reader(i)`` returns image ``i`` as RGB, uint8 (height, width, 3); several threads
            may call it at once. A method ``kinds(i)`` of it may name what is unusual about the file
            and how it is read, as a tuple of phrases: ``reidbench data check`` prints them.
        digest: a hash of the images beyond their names, e.g. of the files' sizes.
        unrecognised: names of image files in the split's folder that are left out, because they
            break its naming rules.

    Raises:
        DataError: not one identity, camera and name for each image, or a name that is not unique
            or no valid text.

    """

    pids: IntArray
    camids: IntArray
    names: tuple[str, ...]
    reader: Callable[[int], Image]
    digest: str = ""
    unrecognised: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lengths = {len(self.pids), len(self.camids), len(self.names)}
        if len(lengths) != 1:
            raise DataError(
                f"a split needs one identity, camera and name an image; got {len(self.pids)}, "
                f"{len(self.camids)} and {len(self.names)}"
            )
        self._check_names()


@dataclass(frozen=True)
class LabelledImages(_Named):
    """Images with their classes.

    Attributes:
        labels: classes, int64 (n,), from 0.
        names: a unique name for each image, as on disk.
        reader: ``reader(i)`` returns image ``i`` as RGB, uint8 (height, width, 3); several threads
            may call it at once. A method ``kinds(i)`` of it may name what is unusual about the file
            and how it is read, as a tuple of phrases: ``reidbench data check`` prints them.
        digest: a hash of the images beyond their names, e.g. of the files' sizes.

    Raises:
        DataError: not one class and name for each image, or a name that is not unique or no valid
            text.

    """

    labels: IntArray
    names: tuple[str, ...]
    reader: Callable[[int], Image]
    digest: str = ""

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.names):
            raise DataError(
                f"a split needs one class an image; got {len(self.labels)} for {len(self.names)}"
            )
        self._check_names()


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A re-ID data set's statistics as its authors publish them.

    Identities of training and query; images of each split as evaluation uses them (without junk);
    cameras of the whole set. None for a number that is not published.
    """

    train_ids: int | None = None
    train_images: int | None = None
    query_ids: int | None = None
    query_images: int | None = None
    gallery_images: int | None = None
    cameras: int | None = None


@dataclass(frozen=True, kw_only=True)
class ClassCounts:
    """A classification data set's statistics as its authors publish them; None if unpublished."""

    classes: int | None = None
    images: int | None = None


@dataclass(frozen=True)
class ReIDData:
    """A re-ID data set: its training, query and gallery images.

    Attributes:
        name: the record's name.
        published: the statistics of the whole data set; None if there are none to compare with.
        drawn: whether these images are drawn, although the data set is one of photographs.
        test_only: whether it has no training images, by its authors' design: it can be measured on,
            and a suite that trains or prunes on it is refused.

    Raises:
        DataError: no training images unless ``test_only``, some although it is, junk among them,
            or an identity in training and query.

    """

    name: str
    train: Split
    query: Split
    gallery: Split
    published: Counts | None = None
    drawn: bool = False
    test_only: bool = False

    def __post_init__(self) -> None:
        """Refuse splits that would train on a test identity or on junk."""
        if self.test_only and len(self.train):
            raise DataError(f"data set '{self.name}': is test_only, and has training images")
        if not (len(self.train) or self.test_only):
            raise DataError(f"data set '{self.name}': the training split has no images")
        if (self.train.pids < 0).any():
            raise DataError(
                f"data set '{self.name}': identity -1 is junk, which only a gallery may hold; "
                "leave it out of the training split"
            )
        # Gallery identities without a query are distractors (0 in Market-1501).
        shared = sorted({int(p) for p in self.train.pids} & {int(p) for p in self.query.pids})
        if shared:
            raise DataError(
                f"data set '{self.name}': identities {shared[:5]} are in both the training and "
                "the test split; a re-ID split has disjoint people"
            )

    @property
    def counts(self) -> Counts:
        """The statistics of these images, to compare with ``published``."""
        splits = (self.train, self.query, self.gallery)
        return Counts(
            train_ids=_distinct(self.train.pids),
            train_images=len(self.train),
            query_ids=_distinct(self.query.pids),
            query_images=len(self.query),
            gallery_images=int((self.gallery.pids >= 0).sum()),
            cameras=_distinct(*(split.camids for split in splits)),
        )

    @property
    def fingerprint(self) -> str:
        """A SHA-256 over every name, identity and camera, and the splits' digests."""
        return _sha256(
            part
            for split in (self.train, self.query, self.gallery)
            for part in (*split.names, split.pids.tobytes(), split.camids.tobytes(), split.digest)
        )


@dataclass(frozen=True)
class ClassificationData:
    """A classification data set, on which a source network is trained.

    Attributes:
        name: the record's name.
        published: the statistics of the whole data set; None if there are none to compare with.
        drawn: whether the images are drawn.

    Raises:
        DataError: fewer than two classes, or a class without images.

    """

    name: str
    train: LabelledImages
    published: ClassCounts | None = None
    drawn: bool = False

    def __post_init__(self) -> None:
        classes = {int(label) for label in self.train.labels}
        if len(classes) < 2 or classes != set(range(len(classes))):
            raise DataError(
                f"data set '{self.name}': needs classes 0, 1, 2, ... with an image each, two at "
                f"least; it has {len(classes)}"
            )

    @property
    def counts(self) -> ClassCounts:
        """The statistics of these images, to compare with ``published``."""
        return ClassCounts(classes=_distinct(self.train.labels), images=len(self.train))

    @property
    def fingerprint(self) -> str:
        """A SHA-256 over every name and class, and the split's digest."""
        parts = (*self.train.names, self.train.labels.tobytes(), self.train.digest)
        return _sha256(parts)


def _distinct(*numbers: IntArray) -> int:
    return len({int(number) for array in numbers for number in array})


def _sha256(parts: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\n")
    return digest.hexdigest()
