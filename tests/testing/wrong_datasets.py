"""Data sets that are wrong on purpose, each in one way; and a sound one beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from reidbench.api import ClassificationData, Counts, LabelledImages, ReIDData, Split
from reidbench.testing.toys import people

_calls = count()


def sound() -> ReIDData:
    """Return 8 people to train on and 4 to test on, by two cameras."""
    return people()


def optional(*, palette: int = 0) -> ReIDData:
    """Say nothing of what may be set."""
    return people()


def classes() -> ClassificationData:
    """Return people as classes."""
    train = people().train
    labels = np.unique(train.pids, return_inverse=True)[1].astype(np.int64)
    return ClassificationData("mine", LabelledImages(labels, train.names, train.reader))


def a_dictionary() -> Any:
    return {"train": people().train}


def raising() -> ReIDData:
    return {"lists": people()}["list"]


def trained_queries() -> ReIDData:
    data = people()
    return replace(data, query=replace(data.query, pids=data.query.pids - 100))


def no_gallery() -> ReIDData:
    data = people()
    return replace(data, gallery=_rows(data.gallery, range(0)))


def float_people() -> ReIDData:
    data = people()
    return replace(data, train=replace(data.train, pids=data.train.pids.astype(float)))


def cameras_below_zero() -> ReIDData:
    data = people()
    return replace(data, train=replace(data.train, camids=data.train.camids - 1))


def trained_gallery() -> ReIDData:
    data = people()
    pids = data.gallery.pids.copy()
    pids[0] = data.train.pids[0]
    return replace(data, gallery=replace(data.gallery, pids=pids))


def one_camera() -> ReIDData:
    data = people()
    query, gallery = data.query, data.gallery
    return replace(
        data,
        query=replace(query, camids=query.camids * 0),
        gallery=replace(gallery, camids=gallery.camids * 0),
    )


def strangers() -> ReIDData:
    data = people()
    return replace(data, gallery=replace(data.gallery, pids=data.gallery.pids + 50))


def a_picture_each() -> ReIDData:
    data = people()
    first = np.unique(data.train.pids, return_index=True)[1]
    return replace(data, train=_rows(data.train, [int(row) for row in first]))


def miscounted() -> ReIDData:
    return replace(people(), published=Counts(train_ids=751))


def grey() -> ReIDData:
    return _reading(lambda image, index: image[:, :, 0])


def from_0_to_1() -> ReIDData:
    return _reading(lambda image, index: image / 255)


def unreadable() -> ReIDData:
    def read(image: Any, index: int) -> Any:
        if index == 0:
            raise OSError("image file is truncated")
        return image

    return _reading(read)


def noisy() -> ReIDData:
    def read(image: Any, index: int) -> Any:
        return image ^ np.random.default_rng().integers(0, 9, image.shape, np.uint8)

    return _reading(read)


def one_buffer() -> ReIDData:
    def read(image: Any, index: int) -> Any:
        if index not in _seen:
            _seen[index] = image
        return _seen[index]

    _seen: dict[int, Any] = {}
    return _reading(read)


def other_each_time() -> ReIDData:
    data, shift = people(), next(_calls)
    return replace(data, train=replace(data.train, names=_named(data.train, f"{shift}-")))


def in_the_order_of_a_set() -> ReIDData:
    data = people()
    order = {f"picture {row}" for row in range(len(data.train))}
    return replace(data, train=_rows(data.train, [int(one.split()[1]) for one in order]))


def seeding() -> ReIDData:
    np.random.seed(0)
    return people()


def drawing() -> ReIDData:
    data = people()
    order = np.random.permutation(len(data.train)) * 0 + np.arange(len(data.train))
    return replace(data, train=_rows(data.train, [int(row) for row in order]))


def _reading(change: Callable[[Any, int], Any]) -> ReIDData:
    """Return the sound data set with training pictures that are changed when they are read."""
    data = people()
    read = data.train.reader
    changed = replace(data.train, reader=lambda index: change(read(index), index))
    return replace(data, train=changed)


def _rows(split: Split, rows: Any) -> Split:
    rows = list(rows)
    return replace(
        split,
        pids=split.pids[rows],
        camids=split.camids[rows],
        names=tuple(split.names[row] for row in rows),
        reader=lambda index: split.reader(rows[index]),
    )


def _named(split: Split, prefix: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in split.names)


# --- on disk ----------------------------------------------------------------------------------

_NAME = re.compile(r"(\d+)_c(\d+)_\d+\.png")


def on_disk(folder: Path) -> ReIDData:
    """Return what three folders hold, with the files' sizes in the digests."""
    return _from(folder, lambda files: str([file.stat().st_size for file in files]))


def undigested(folder: Path) -> ReIDData:
    """Leave the pictures to the harness to hash."""
    return _from(folder, lambda files: "")


def constant_digest(folder: Path) -> ReIDData:
    return _from(folder, lambda files: "version 1")


def digest_of_names(folder: Path) -> ReIDData:
    return _from(folder, lambda files: sha256(str([f.name for f in files]).encode()).hexdigest())


def mistaken_pattern(folder: Path) -> ReIDData:
    data = on_disk(folder)
    return replace(data, query=_rows(data.query, range(0)))


def _from(folder: Path, digest: Callable[[list[Path]], str]) -> ReIDData:
    train, query, gallery = _splits(folder, digest)
    return ReIDData("mine", train, query, gallery)


def _splits(folder: Path, digest: Callable[[list[Path]], str]) -> Iterator[Split]:
    for part in ("train", "query", "gallery"):
        files = sorted((folder / part).iterdir())
        found = [_NAME.fullmatch(file.name) for file in files]
        numbers = [(int(one[1]), int(one[2])) for one in found if one]
        yield Split(
            pids=np.array([person for person, _ in numbers], np.int64),
            camids=np.array([camera for _, camera in numbers], np.int64),
            names=tuple(f"{part}/{file.name}" for file in files),
            reader=lambda index, files=files: np.array(Image.open(files[index])),  # type: ignore[misc]
            digest=digest(files),
        )


def write(root: Path) -> None:
    """Write the sound data set below ``root``, to be read from disk."""
    data = people()
    for split in (data.train, data.query, data.gallery):
        for index, name in enumerate(split.names):
            file = root / "mine" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(split.read(index)).save(file)
