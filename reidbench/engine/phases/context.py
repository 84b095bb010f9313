"""The workbench of a phase: the store, the device, decoded images, and who is told of steps."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from reidbench.api.data import ClassificationData, ReIDData, Split
from reidbench.config.protocol import InputRules
from reidbench.engine.channels import ChannelGraph, capture, parameters
from reidbench.engine.phases.checkpoint import fresh_network
from reidbench.engine.phases.decoded_images import AnySplit, decode, mapped
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Images
from reidbench.plan import ENGINE, ConfiguredData, PhaseNode, canonical
from reidbench.store import Store
from reidbench.store.cleanup import check

_log = logging.getLogger(__name__)
PIXELS = "pixels.npy"
Listener = Callable[[int, int, str], None]
"""Called with work done, work in all, and what it is, e.g. ``loss 1.23``."""


def silent(done: int, total: int, note: str) -> None:
    """Listen to nothing."""


class Dense(NamedTuple):
    """What a prune phase compares with: its backbone's graph and number of parameters, whole."""

    graph: ChannelGraph
    parameters: int


@dataclass
class PhaseContext:
    """Shared surroundings of the phases of a run; images of each split are decoded once."""

    store: Store
    device: torch.device
    listener: Listener = silent
    decoding: list[dict[str, Any]] = field(default_factory=list)
    """Notes of the clocks of what was decoded, for whoever keeps accounts to take."""
    _data: dict[str, ReIDData | ClassificationData] = field(default_factory=dict)
    _pixels: dict[str, Tensor] = field(default_factory=dict)
    _dense: dict[str, Dense] = field(default_factory=dict)

    def train_images(self, chosen: ConfiguredData, size: InputRules) -> Images:
        """Return the training split, the only images that train and prune phases may see."""
        data = self._load(chosen)
        numbers = data.train.pids if isinstance(data, ReIDData) else data.train.labels
        labels = np.unique(numbers, return_inverse=True)[1]
        return Images(self._decoded(chosen, "train", data.train, size), torch.from_numpy(labels))

    def test_images(
        self, chosen: ConfiguredData, size: InputRules
    ) -> tuple[tuple[Tensor, Split], ...]:
        """Return query and gallery, each as uint8 pixels (n, 3, h, w) and their split."""
        data = self._load(chosen)
        assert isinstance(data, ReIDData)  # a plan measures on nothing else
        parts = (("query", data.query), ("gallery", data.gallery))
        return tuple((self._decoded(chosen, name, split, size), split) for name, split in parts)

    def dense(self, node: PhaseNode) -> Dense:
        """Return the channel graph and size of a node's dense backbone, captured once a run."""
        key = canonical([node.backbone.configuration(), node.rules.input.size])
        if key not in self._dense:
            backbone = fresh_network(node, identities=1).backbone
            graph = capture(backbone, node.rules.input.size)
            self._dense[key] = Dense(graph, parameters(backbone))
        return self._dense[key]

    def _load(self, chosen: ConfiguredData) -> ReIDData | ClassificationData:
        name = canonical(chosen.configuration())
        if name not in self._data:
            self._data[name] = chosen.build()
        return self._data[name]

    def _decoded(
        self, chosen: ConfiguredData, part: str, split: AnySplit, size: InputRules
    ) -> Tensor:
        key = _pixels_key(chosen, part, split, size)
        if key not in self._pixels:
            if not self._whole(key):
                self._decode(key, chosen, part, split, size)
            self.store.mark_used(key)
            self._pixels[key] = mapped(self.store.folder(key) / PIXELS)
        return self._pixels[key]

    def _whole(self, key: str) -> bool:
        """Return whether pixels are there as they were written; damaged ones make room.

        They are read once more for it: nothing that trains on them could tell.
        """
        if not self.store.has(key):
            return False
        if faults := check(self.store, key):
            _log.warning("pixels %s are damaged, decoding anew: %s", key, "; ".join(faults))
            self.store.remove(key)
        return not faults

    def _decode(
        self, key: str, chosen: ConfiguredData, part: str, split: AnySplit, size: InputRules
    ) -> None:
        _log.info("decoding %d %s images of %s", len(split), part, chosen.label)

        def on_images(done: int) -> None:
            self.listener(done, len(split), f"{part} images")

        stopwatch = Stopwatch()
        with self.store.writing(key) as (folder, meta):
            with stopwatch.running("decoding"):
                decode(split, size, folder / PIXELS, on_images)
            meta.update(kind="pixels", data=chosen.document(), part=part, **stopwatch.notes())
        self.decoding.append(stopwatch.notes())


def _pixels_key(chosen: ConfiguredData, part: str, split: AnySplit, size: InputRules) -> str:
    document = {
        "engine": ENGINE,
        "pixels": chosen.document(),
        "part": part,
        "size": [size.height, size.width],
        "names": hashlib.sha256("\n".join(split.names).encode()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
