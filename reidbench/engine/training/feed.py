"""Batches as a training step takes them: augmented, on the device, prefetched where it helps."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor

from reidbench.config.protocol import InputRules, TrainingRules
from reidbench.engine.training.augment import augment
from reidbench.engine.training.batches import Images, Sampler, make_sampler

Batch: TypeAlias = tuple[Tensor, Tensor]
"""Augmented, normalised images (n, 3, height, width) and labels (n,)."""


@dataclass(frozen=True)
class Feed:
    """Makes a protocol's batches of some images for a device.

    With ``prefetch`` a thread makes the next batch while a step is taken. It makes the same ones:
    they depend on the generators of their stage alone, which nothing else draws from.
    """

    images: Images
    rules: TrainingRules
    input_rules: InputRules
    device: torch.device
    prefetch: bool

    def sampler(self, random: torch.Generator) -> Sampler:
        """Return the sampler of the protocol's batches."""
        return make_sampler(self.images.labels, self.rules.batch, random)

    def batches(self, sampler: Sampler, count: int, random: torch.Generator) -> Iterator[Batch]:
        """Yield ``count`` batches; augmentation draws from ``random``."""
        batches = (self._batch(indices, random) for indices in islice(sampler, count))
        return _prefetched(batches) if self.prefetch else batches

    def _batch(self, indices: Tensor, random: torch.Generator) -> Batch:
        pixels, labels = self.images.pixels[indices], self.images.labels[indices]
        if self.device.type == "cuda":
            # From pinned memory the copy goes on while the device works on the batch before.
            pixels = pixels.pin_memory()
        # As bytes: a fourth of what augmented images would take, which the device then makes.
        pixels = pixels.to(self.device, non_blocking=True)
        images = augment(pixels, self.rules.augment, self.input_rules, random)
        return images, labels.to(self.device)


def _prefetched(batches: Iterator[Batch]) -> Iterator[Batch]:
    with ThreadPoolExecutor(1) as thread:
        upcoming = thread.submit(next, batches, None)
        while (batch := upcoming.result()) is not None:
            upcoming = thread.submit(next, batches, None)
            yield batch
