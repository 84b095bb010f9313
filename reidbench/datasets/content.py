"""The content of images as a part of a data set's fingerprint, where its plugin gives no digest."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from reidbench.api.data import ClassificationData, DataError, LabelledImages, ReIDData, Split
from reidbench.errors import one_line

S = TypeVar("S", Split, LabelledImages)


def with_digests(data: ReIDData | ClassificationData) -> ReIDData | ClassificationData:
    """Return a data set whose splits all have a digest, so that its fingerprint has its content.

    Every image of a split without one is read: names alone would serve the results of images that
    changed under the same names.

    Raises:
        DataError: an image that cannot be read.
    """
    if isinstance(data, ReIDData):
        return replace(
            data,
            train=_with_digest(data.train),
            query=_with_digest(data.query),
            gallery=_with_digest(data.gallery),
        )
    return replace(data, train=_with_digest(data.train))


def _with_digest(split: S) -> S:
    if split.digest:
        return split
    digest = hashlib.sha256()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for one in pool.map(partial(_of_image, split), range(len(split))):
            digest.update(one)
    return replace(split, digest=f"pixels {digest.hexdigest()}")


def _of_image(split: Split | LabelledImages, index: int) -> bytes:
    try:
        image = split.read(index)
    # In a thread of the pool, where the user's Ctrl-C never arrives.
    except BaseException as error:
        raise DataError(
            f"image '{split.names[index]}' cannot be read ({type(error).__name__}: "
            f"{one_line(error)}); mend or remove it, and 'reidbench data check NAME' lists others"
        ) from error
    # tobytes() is in C order whatever the array's own is.
    return hashlib.sha256(f"{image.dtype} {image.shape}\n".encode() + image.tobytes()).digest()
