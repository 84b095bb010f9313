"""What phases share: the store, the device, decoded images, and the listener to their steps."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reidbench.api.data import ClassificationData, DataError, LabelledImages, ReIDData, Split
from reidbench.config.protocol import InputRules
from reidbench.engine.channels import ChannelGraph, capture, parameters
from reidbench.engine.phases.checkpoint import fresh_network
from reidbench.engine.pruning.torch_settings import unchanged
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Images
from reidbench.engine.training.checkpoints import Pace
from reidbench.engine.training.pictures import rgb_pixels
from reidbench.plan import ENGINE, Configured, ConfiguredData, PhaseNode, canonical
from reidbench.store import Store
from reidbench.store.claims import Claims
from reidbench.store.cleanup import check
from reidbench.store.intact import find_intact, is_known_intact, note_intact

AnySplit: TypeAlias = Split | LabelledImages

IMAGES_A_TASK = 32


def decode(split: AnySplit, size: InputRules, file: Path, on_images: Callable[[int], None]) -> None:
    """Write all images of a split as uint8 ``(n, 3, height, width)`` to a ``.npy`` file.

    ``on_images`` is called with the number of images done. The number of threads changes no pixel.

    Raises:
        DataError: an image is not what a data set hands over.
        OSError: the disk has no room.
    """
    shape = (len(split), 3, size.height, size.width)
    pixels = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
    _reserve(file)

    def decode_some(indices: range) -> int:
        for index in indices:
            pixels[index] = rgb_pixels(_picture(split, index), size.height, size.width)
        return len(indices)

    done, images = 0, range(len(split))
    tasks = [images[start : start + IMAGES_A_TASK] for start in images[::IMAGES_A_TASK]]
    # Reading, decoding and resizing let other threads run; what is drawn does so in part.
    threads = ThreadPoolExecutor(torch.get_num_threads())
    try:
        for count in threads.map(decode_some, tasks):
            done += count
            on_images(done)
    finally:
        threads.shutdown(cancel_futures=True)
    pixels.flush()


def _picture(split: AnySplit, index: int) -> Image.Image:
    array = split.read(index)
    try:
        if array.dtype != np.uint8 or not array.size:
            raise TypeError("not bytes, or none of them")
        return Image.fromarray(array)
    except (TypeError, ValueError, AttributeError) as error:
        found = f"{getattr(array, 'dtype', type(array).__name__)} {getattr(array, 'shape', '')}"
        raise DataError(
            f"image '{split.names[index]}' is {found}; expected uint8 (height, width, 3): RGB from "
            "0 to 255"
        ) from error


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


_log = logging.getLogger(__name__)
PIXELS = "pixels.npy"
Capture = Callable[[torch.nn.Module, tuple[int, int, int]], ChannelGraph]
Listener = Callable[[int, int, str], None]
"""Called with work done, work in all, and what it is, e.g. ``loss 1.23``."""


def silent(done: int, total: int, note: str) -> None:
    """Listen to nothing."""


class Dense(NamedTuple):
    """A dense backbone's channel graph and number of parameters."""

    graph: ChannelGraph
    parameters: int


@dataclass
class PhaseContext:
    """What the phases of a run share; images of each split are decoded once."""

    store: Store
    device: torch.device
    listener: Listener = silent
    claims: Claims | None = None
    """Keeps processes on one store from decoding the same images at once; None: there is one."""
    pace: Pace = field(default_factory=Pace)
    """How often phases keep a checkpoint as they train."""
    capture: Capture = capture
    """How backbones become graphs; the conformance kit keeps those of its toy networks."""
    decoding: list[dict[str, Any]] = field(default_factory=list)
    """Stopwatch notes of each split that was decoded, until the run's timings take them."""
    _data: dict[str, ReIDData | ClassificationData] = field(default_factory=dict)
    _pixels: dict[str, Tensor] = field(default_factory=dict)
    _dense: dict[str, Dense] = field(default_factory=dict)

    def train_images(self, data: ConfiguredData, size: InputRules) -> Images:
        """Return the training split, the only images that train and prune phases may see."""
        loaded = self._load(data)
        numbers = loaded.train.pids if isinstance(loaded, ReIDData) else loaded.train.labels
        labels = np.unique(numbers, return_inverse=True)[1]
        return Images(self._decoded(data, "train", loaded.train, size), torch.from_numpy(labels))

    def test_images(
        self, data: ConfiguredData, size: InputRules
    ) -> tuple[tuple[Tensor, Split], ...]:
        """Return query and gallery, each as uint8 pixels (n, 3, h, w) and their split."""
        loaded = self._load(data)
        assert isinstance(loaded, ReIDData)  # a plan measures on nothing else
        parts = (("query", loaded.query), ("gallery", loaded.gallery))
        return tuple((self._decoded(data, name, split, size), split) for name, split in parts)

    def dense(self, node: PhaseNode) -> Dense:
        """Return the channel graph and size of a node's dense backbone, captured once a run."""
        size = node.rules.input.size
        key = _dense_key(node.backbone, size)
        if key not in self._dense:
            network = fresh_network(node, identities=1).backbone
            self.note_graph(node.backbone, network, self.capture(network, size))
        return self._dense[key]

    def note_graph(
        self, backbone: Configured, network: torch.nn.Module, graph: ChannelGraph
    ) -> None:
        """Note a backbone's graph that was captured before, for ``dense``."""
        self._dense[_dense_key(backbone, graph.input_size)] = Dense(graph, parameters(network))

    def turn(self, key: str) -> AbstractContextManager[bool]:
        """Wait for the turn to make a key: True in the block, or False if it was made meanwhile."""
        return self._turn(key, self.store.has)

    def _turn(self, key: str, made: Callable[[str], bool]) -> AbstractContextManager[bool]:
        if self.claims is None:
            return nullcontext(True)
        # A sign of life: whoever holds the claim is watched, too, and may take hours.
        return self.claims.turn(key, made, lambda: self.listener(0, 1, "waits for another worker"))

    def _load(self, data: ConfiguredData) -> ReIDData | ClassificationData:
        name = canonical(data.configuration())
        if name not in self._data:
            with unchanged(data.label, "data set"):
                self._data[name] = data.build()
        return self._data[name]

    def _decoded(
        self, data: ConfiguredData, part: str, split: AnySplit, size: InputRules
    ) -> Tensor:
        key = _pixels_key(data, part, split, size)
        if key not in self._pixels:
            if not self._is_intact(key):
                with self.turn(key) as mine:
                    if mine:
                        self._decode(key, data, part, split, size)
            self.store.mark_used(key)
            self._pixels[key] = mapped(self.store.folder(key) / PIXELS)
        return self._pixels[key]

    def _is_intact(self, key: str) -> bool:
        """Return whether pixels are there as they were written; remove damaged ones.

        One process of this machine reads all of them, the others take its word: training on
        damaged pixels would raise no error, and ImageNet's are 126 GB.
        """
        known = partial(is_known_intact, self.store)
        if known(key):
            return True
        with self._turn(key, known) as mine:
            return not mine or find_intact(self.store, key, partial(self._verified, key))

    def _verified(self, key: str) -> bool:
        if not self.store.has(key):
            return False
        if faults := check(self.store, key):
            _log.warning("pixels %s are damaged, decoding anew: %s", key, "; ".join(faults))
            self.store.remove(key)
        return not faults

    def _decode(
        self, key: str, data: ConfiguredData, part: str, split: AnySplit, size: InputRules
    ) -> None:
        _log.info("decoding %d %s images of %s", len(split), part, data.label)

        def on_images(done: int) -> None:
            self.listener(done, len(split), f"{part} images")

        stopwatch = Stopwatch()
        with self.store.writing(key) as (folder, meta):
            with stopwatch.running("decoding"), unchanged(data.label, "data set"):
                decode(split, size, folder / PIXELS, on_images)
            meta.update(kind="pixels", data=data.document(), part=part, **stopwatch.notes())
        note_intact(self.store, key)
        self.decoding.append(stopwatch.notes())


def _pixels_key(data: ConfiguredData, part: str, split: AnySplit, size: InputRules) -> str:
    document = {
        "engine": ENGINE,
        "pixels": data.document(),
        "part": part,
        "size": [size.height, size.width],
        "names": hashlib.sha256("\n".join(split.names).encode()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def _dense_key(backbone: Configured, size: Sequence[int]) -> str:
    return canonical([backbone.configuration(), size])
