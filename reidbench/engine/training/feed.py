"""Batches as a training step takes them: augmented, on the device, one ahead where it helps."""

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

    ``ahead``: a thread makes the next batch while a step is taken. Batches are the same, because
    they depend on the generators of their stage alone, which nothing else draws from.
    """

    images: Images
    rules: TrainingRules
    input_rules: InputRules
    device: torch.device
    ahead: bool

    def sampler(self, random: torch.Generator) -> Sampler:
        """Return the sampler of the protocol's batches."""
        return make_sampler(self.images.labels, self.rules.batch, random)

    def batches(self, sampler: Sampler, count: int, random: torch.Generator) -> Iterator[Batch]:
        """Yield ``count`` batches; augmentation draws from ``random``."""
        batches = (self._batch(chosen, random) for chosen in islice(sampler, count))
        return _one_ahead(batches) if self.ahead else batches

    def _batch(self, chosen: Tensor, random: torch.Generator) -> Batch:
        pixels, labels = self.images.pixels[chosen], self.images.labels[chosen]
        if self.device.type == "cuda":
            # From pinned memory the copy goes on while the device works on the batch before.
            pixels = pixels.pin_memory()
        # As bytes: a fourth of what augmented images would take, which the device then makes.
        pixels = pixels.to(self.device, non_blocking=True)
        images = augment(pixels, self.rules.augment, self.input_rules, random)
        return images, labels.to(self.device)


def _one_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch
