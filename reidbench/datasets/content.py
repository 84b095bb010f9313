"""The content of images as a part of a data set's fingerprint, where its plugin gives no digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from reidbench.api.data import DataError, LabelledImages, Split
from reidbench.datasets.locate import Data, parts
from reidbench.errors import one_line


def with_digests(data: Data, known: Mapping[str, str] | None = None) -> Data:
    """Return a data set whose splits all have a digest, so that its fingerprint has its content.

    Every image of a split without one is read, unless ``known`` has the digest under the name of
    the split: names alone would serve the results of images that changed under the same names.

    Raises:
        DataError: an image that cannot be read.
    """
    found = known or {}
    splits = {name: _with_digest(split, found.get(name)) for name, split in parts(data).items()}
    return replace(data, **splits)  # type: ignore[arg-type]


def _with_digest(split: Split | LabelledImages, known: str | None) -> Split | LabelledImages:
    if split.digest:
        return split
    if known:
        return replace(split, digest=known)
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
