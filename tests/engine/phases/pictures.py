"""Variants of the tiny data: other people, poisoned test images, and a reader that keeps count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reidbench.api.data import ReIDData, Split

READ: list[str] = []
"""Names of the images that ``counted`` data sets were asked for."""


def fewer_people() -> ReIDData:
    """Return other pictures of six training people less."""
    data = tiny(palette=1)
    kept = np.flatnonzero(data.train.pids <= 6)
    return replace(data, train=subset(data.train, kept))


def counted() -> ReIDData:
    """Return the tiny data, noting what is read."""
    data = tiny()
    return replace(
        data, **{part: noting(getattr(data, part)) for part in ("train", "query", "gallery")}
    )


def poisoned() -> ReIDData:
    """Return the tiny data with other test images, which cannot even be read."""
    data = tiny()
    return replace(data, query=unreadable(data.query), gallery=unreadable(data.gallery))


def tiny(palette: int = 0) -> ReIDData:
    """Return the tiny plugin's data."""
    from reidbench_tiny.data import load

    data = load(palette=palette)
    assert isinstance(data, ReIDData)
    return data


def subset(split: Split, kept: np.ndarray) -> Split:
    """Return the images at ``kept``."""
    return Split(
        pids=split.pids[kept],
        camids=split.camids[kept],
        names=tuple(split.names[i] for i in kept),
        reader=lambda i: split.read(kept[i]),
    )


def noting(split: Split) -> Split:
    """Return the split with a reader that notes the names it is asked for."""

    def read(index: int) -> np.ndarray:
        READ.append(split.names[index])
        return split.read(index)

    # With a digest nothing is read to know what the images are.
    return replace(split, reader=read, digest="counted")


def unreadable(split: Split) -> Split:
    """Return a split of other people, none of whose images can be read."""

    def read(index: int) -> np.ndarray:
        raise OSError(f"nobody may read {split.names[index]}")

    return replace(
        split, pids=split.pids + 1000, camids=split.camids + 5, reader=read, digest="poisoned"
    )


def grey() -> ReIDData:
    """Return the tiny data without colour: arrays (height, width)."""
    data = tiny()

    def read(index: int) -> np.ndarray:
        return data.train.read(index)[:, :, 1]

    return replace(data, train=replace(data.train, reader=read))
