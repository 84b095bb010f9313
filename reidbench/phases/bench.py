"""The workbench of a phase: the store, the device, decoded images, and who is told of steps."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reidbench.channels import ChannelGraph, capture, parameters
from reidbench.data import ClassificationData, LabelledImages, ReIDData, Split
from reidbench.phases.checkpoint import fresh_network
from reidbench.plan import ENGINE, ChosenData, PhaseNode
from reidbench.protocol import InputRules
from reidbench.store import Store
from reidbench.training import Images

_log = logging.getLogger(__name__)
AnySplit: TypeAlias = Split | LabelledImages
Listener = Callable[[int, int, str], None]
"""Called with work done, work in all, and what it is, e.g. ``loss 1.23``."""


def silent(done: int, total: int, note: str) -> None:
    """Listen to nothing."""


class Dense(NamedTuple):
    """What a prune phase compares with: its backbone's graph and number of parameters, whole."""

    graph: ChannelGraph
    parameters: int


@dataclass
class Bench:
    """Shared surroundings of the phases of a run; images of each split are decoded once."""

    store: Store
    device: torch.device
    listener: Listener = silent
    _data: dict[str, ReIDData | ClassificationData] = field(default_factory=dict)
    _pixels: dict[str, Tensor] = field(default_factory=dict)
    _dense: dict[str, Dense] = field(default_factory=dict)

    def train_images(self, chosen: ChosenData, size: InputRules) -> Images:
        """Return the training split, the only images that train and prune phases may see."""
        data = self._load(chosen)
        numbers = data.train.pids if isinstance(data, ReIDData) else data.train.labels
        labels = np.unique(numbers, return_inverse=True)[1]
        return Images(self._decoded(chosen, "train", data.train, size), torch.from_numpy(labels))

    def test_images(self, chosen: ChosenData, size: InputRules) -> tuple[tuple[Tensor, Split], ...]:
        """Return query and gallery, each as uint8 pixels (n, 3, h, w) and their split."""
        data = self._load(chosen)
        assert isinstance(data, ReIDData)  # a plan measures on nothing else
        parts = (("query", data.query), ("gallery", data.gallery))
        return tuple((self._decoded(chosen, name, split, size), split) for name, split in parts)

    def dense(self, node: PhaseNode) -> Dense:
        """Return the channel graph and size of a node's dense backbone, captured once a run."""
        key = json.dumps([node.backbone.document(), node.rules.input.size], sort_keys=True)
        if key not in self._dense:
            backbone = fresh_network(node, identities=1).backbone
            graph = capture(backbone, node.rules.input.size)
            self._dense[key] = Dense(graph, parameters(backbone))
        return self._dense[key]

    def _load(self, chosen: ChosenData) -> ReIDData | ClassificationData:
        name = json.dumps(chosen.document(), sort_keys=True)
        if name not in self._data:
            self._data[name] = chosen.build()
        return self._data[name]

    def _decoded(self, chosen: ChosenData, part: str, split: AnySplit, size: InputRules) -> Tensor:
        key = _pixels_key(chosen, part, split, size)
        if key not in self._pixels:
            if not self.store.has(key):
                _log.info("decoding %d %s images of %s", len(split), part, chosen.label)
                with self.store.writing(key) as (folder, meta):
                    self._decode(split, part, size, folder / "pixels.npy")
                    meta.update(kind="pixels", data=chosen.document(), part=part)
            self._pixels[key] = _mapped(self.store.folder(key) / "pixels.npy")
        return self._pixels[key]

    def _decode(self, split: AnySplit, part: str, size: InputRules, file: Path) -> None:
        shape = (len(split), 3, size.height, size.width)
        pixels = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
        _reserve(file)
        for index in range(len(split)):
            image = Image.fromarray(split.read(index)).convert("RGB")
            resized = image.resize((size.width, size.height), Image.Resampling.BILINEAR)
            pixels[index] = np.asarray(resized).transpose(2, 0, 1)
            self.listener(index + 1, len(split), f"{part} images")
        pixels.flush()


def _mapped(file: Path) -> Tensor:
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


def _pixels_key(chosen: ChosenData, part: str, split: AnySplit, size: InputRules) -> str:
    document = {
        "engine": ENGINE,
        "pixels": chosen.document(),
        "part": part,
        "size": [size.height, size.width],
        "names": hashlib.sha256("\n".join(split.names).encode()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
