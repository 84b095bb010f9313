"""Coloured blobs whose images, lists or reader are not what they should be."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from reidbench_tiny.data import load as blobs

from reidbench.api import DataError, ReIDData, Split


def load(*, fault: str, index: int) -> ReIDData:
    """Return the data set with one fault, which may strike at the image of an index alone."""
    if fault == "unloaded":
        _attack("panics")
    data = blobs()
    names = ("train", "query", "gallery")
    parts = {name: _split(getattr(data, name), fault, index) for name in names}
    return replace(data, name=f"h-data-{fault}", **parts)


def _split(split: Split, fault: str, index: int) -> Split:
    pids = split.pids
    if fault == "lies":
        # Whom an image shows has nothing to do with whose it is said to be.
        pids = np.random.default_rng(0).permutation(pids)
    return replace(split, pids=pids, reader=_reader(split.reader, fault, index))


def _reader(read: Callable[[int], Any], fault: str, struck: int) -> Callable[[int], Any]:
    def faulty(index: int) -> Any:
        image = read(index)
        if fault == "floats":
            return np.full(image.shape, np.nan)
        if fault == "narrow":
            return image[:, :0]
        if fault == "missing":
            raise DataError(f"image {index} is not there")
        if fault == "fickle":
            return image ^ os.urandom(1)[0] % 8
        if fault != "lies" and index == struck:
            _attack(fault)
        return image

    return faulty


def _attack(fault: str) -> None:
    # Here, because attacks import torch, and who reads lists alone has none.
    from reidbench_hostile import attacks

    getattr(attacks, fault)()
