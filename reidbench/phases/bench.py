"""The workbench of a phase: the store, the device, decoded images, and who is told of steps."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reidbench.data import ReIDData, Split
from reidbench.plan import ENGINE, Chosen
from reidbench.protocol import InputRules
from reidbench.store import Store
from reidbench.training import Images

_log = logging.getLogger(__name__)
Listener = Callable[[int, int, str], None]
"""Called with work done, work in all, and what it is, e.g. ``loss 1.23``."""


def silent(done: int, total: int, note: str) -> None:
    """Listen to nothing."""


@dataclass
class Bench:
    """Shared surroundings of the phases of a run; images of each split are decoded once."""

    store: Store
    device: torch.device
    listener: Listener = silent
    _data: dict[str, ReIDData] = field(default_factory=dict)
    _pixels: dict[str, Tensor] = field(default_factory=dict)

    def train_images(self, chosen: Chosen, size: InputRules) -> Images:
        """Return the training split, the only images that train and prune phases may see."""
        split = self._load(chosen).train
        labels = np.unique(split.pids, return_inverse=True)[1]
        return Images(self._decoded(chosen, "train", split, size), torch.from_numpy(labels))

    def test_images(self, chosen: Chosen, size: InputRules) -> tuple[tuple[Tensor, Split], ...]:
        """Return query and gallery, each as uint8 pixels (n, 3, h, w) and their split."""
        data = self._load(chosen)
        parts = (("query", data.query), ("gallery", data.gallery))
        return tuple((self._decoded(chosen, name, split, size), split) for name, split in parts)

    def _load(self, chosen: Chosen) -> ReIDData:
        name = json.dumps(chosen.document(), sort_keys=True)
        if name not in self._data:
            self._data[name] = chosen.build()
        return self._data[name]

    def _decoded(self, chosen: Chosen, part: str, split: Split, size: InputRules) -> Tensor:
        key = _pixels_key(chosen, part, split, size)
        if key not in self._pixels:
            if not self.store.has(key):
                _log.info("decoding %d %s images of %s", len(split), part, chosen.label)
                with self.store.writing(key) as (folder, meta):
                    np.save(folder / "pixels.npy", self._decode(split, part, size))
                    meta.update(kind="pixels", data=chosen.document(), part=part)
            pixels = np.load(self.store.folder(key) / "pixels.npy", allow_pickle=False)
            self._pixels[key] = torch.from_numpy(pixels)
        return self._pixels[key]

    def _decode(
        self, split: Split, part: str, size: InputRules
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        pixels = np.empty((len(split), 3, size.height, size.width), dtype=np.uint8)
        for index in range(len(split)):
            image = Image.fromarray(split.read(index)).convert("RGB")
            resized = image.resize((size.width, size.height), Image.Resampling.BILINEAR)
            pixels[index] = np.asarray(resized).transpose(2, 0, 1)
            self.listener(index + 1, len(split), f"{part} images")
        return pixels


def _pixels_key(chosen: Chosen, part: str, split: Split, size: InputRules) -> str:
    document = {
        "engine": ENGINE,
        "pixels": chosen.document(),
        "part": part,
        "size": [size.height, size.width],
        "names": hashlib.sha256("\n".join(split.names).encode()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
