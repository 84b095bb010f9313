"""Decoded images on disk: one memory-mapped array a split, filled by several threads."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reidbench.api.data import LabelledImages, Split
from reidbench.config.protocol import InputRules

AnySplit: TypeAlias = Split | LabelledImages

IMAGES_A_TASK = 32


def decode(split: AnySplit, size: InputRules, file: Path, on_images: Callable[[int], None]) -> None:
    """Write all images of a split as uint8 ``(n, 3, height, width)`` to a ``.npy`` file.

    ``on_images`` is called with the number of images done. The number of threads changes no pixel.

    Raises:
        OSError: the disk has no room.
    """
    shape = (len(split), 3, size.height, size.width)
    pixels = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
    _reserve(file)

    def decode_some(indices: range) -> int:
        for index in indices:
            image = Image.fromarray(split.read(index)).convert("RGB")
            resized = image.resize((size.width, size.height), Image.Resampling.BILINEAR)
            pixels[index] = np.asarray(resized).transpose(2, 0, 1)
        return len(indices)

    done = 0
    # Reading, decoding and resizing let other threads run; what is drawn does so in part.
    threads = ThreadPoolExecutor(torch.get_num_threads())
    try:
        for count in threads.map(decode_some, _tasks(len(split))):
            done += count
            on_images(done)
    finally:
        threads.shutdown(cancel_futures=True)
    pixels.flush()


def _tasks(images: int) -> list[range]:
    return [
        range(images)[start : start + IMAGES_A_TASK] for start in range(0, images, IMAGES_A_TASK)
    ]


def mapped(file: Path) -> Tensor:
    """Return a file's pixels, mapped and not read: a large data set need not fit into memory."""
    pixels = np.load(file, mmap_mode="r", allow_pickle=False)
    with warnings.catch_warnings():
        # A tensor over memory that cannot be written: nothing here ever writes to it.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(pixels)


def _reserve(file: Path) -> None:
    """Take the disk space of a mapped file now: running out while writing would kill the process.

    Raises:
        OSError: the disk has no room for it.
    """
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
