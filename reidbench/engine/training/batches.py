"""Batches of images: P people with K images each, or a shuffled pass; augmented, on the device."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor

from reidbench.config.protocol import BatchRules, InputRules, ShuffledBatch, TrainingRules
from reidbench.engine.training.augment import augment, skip_augmentation
from reidbench.errors import ReidbenchError


@dataclass(frozen=True)
class Images:
    """Decoded images at the protocol's size.

    Attributes:
        pixels: uint8 RGB (n, 3, height, width).
        labels: identities or classes renumbered from 0 in ascending order, int64 (n,).
    """

    pixels: Tensor
    labels: Tensor

    @property
    def identities(self) -> int:
        """Number of people, or of classes."""
        return int(self.labels.max()) + 1

    def __len__(self) -> int:
        return len(self.labels)


def make_sampler(
    labels: Tensor, rules: BatchRules | ShuffledBatch, random: torch.Generator
) -> Sampler:
    """Return the sampler of a protocol's batches: PK for people, shuffled for classes."""
    if isinstance(rules, ShuffledBatch):
        return ShuffledSampler(len(labels), rules.size, random)
    return PKSampler(labels, rules.identities, rules.images, random)


class ShuffledSampler:
    """Divides all ``images`` into batches of ``size``, shuffled anew each epoch, without end.

    The images that do not fill a batch are left out of their epoch.

    Raises:
        ReidbenchError: fewer images than a batch needs.
    """

    def __init__(self, images: int, size: int, random: torch.Generator):
        if images < size:
            raise ReidbenchError(
                f"a batch needs {size} images, the training split has {images}: use a larger data "
                "set, or a protocol with smaller batches"
            )
        self.images, self.size, self.random = images, size, random
        self.steps_per_epoch = images // size

    def __iter__(self) -> Iterator[Tensor]:
        """Yield the indices of one batch after another, (size,)."""
        while True:
            order = torch.randperm(self.images, generator=self.random)
            yield from order[: self.steps_per_epoch * self.size].view(-1, self.size)


class PKSampler:
    """Draws batches of P distinct people with K images each, without end.

    An epoch shuffles every person's images and divides them into chunks of K (a short last chunk is
    filled up with the person's first images). Each batch takes one chunk of the P people who have
    most chunks left, ties broken at random. So nobody is twice in a batch, each image is used about
    once an epoch (exactly once where K and P divide), and an epoch's length is known beforehand:
    the number of chunks, over P.

    Raises:
        ReidbenchError: fewer people than a batch needs.
    """

    def __init__(self, labels: Tensor, identities: int, images: int, random: torch.Generator):
        self.people = [
            torch.nonzero(labels == label).flatten() for label in range(int(labels.max()) + 1)
        ]
        if len(self.people) < identities:
            raise ReidbenchError(
                f"a batch needs {identities} identities, the training split has "
                f"{len(self.people)}: use a larger data set, or a protocol with smaller batches"
            )
        self.identities, self.images, self.random = identities, images, random
        chunks = sum(math.ceil(len(indices) / images) for indices in self.people)
        self.steps_per_epoch = chunks // identities

    def __iter__(self) -> Iterator[Tensor]:
        """Yield the indices of one batch after another, (P * K,)."""
        while True:
            yield from self._epoch()

    def _epoch(self) -> Iterator[Tensor]:
        chunks = [self._chunks(indices) for indices in self.people]
        for _ in range(self.steps_per_epoch):
            left = torch.tensor([len(own) for own in chunks], dtype=torch.float64)
            # Random fractions below 1 break ties between people with as many chunks left.
            order = (left + torch.rand(len(left), generator=self.random)).argsort(descending=True)
            people = order[: self.identities].tolist()
            yield torch.cat([self._sample(chunks, person) for person in people])

    def _sample(self, chunks: list[list[Tensor]], person: int) -> Tensor:
        """Take a chunk of the person's images; new chunks are made when none is left."""
        if not chunks[person]:
            chunks[person] = self._chunks(self.people[person])
        return chunks[person].pop()

    def _chunks(self, indices: Tensor) -> list[Tensor]:
        shuffled = indices[torch.randperm(len(indices), generator=self.random)]
        count = math.ceil(len(indices) / self.images)
        # Around again from the first: an image is twice in a chunk only if the person has too few.
        filled = shuffled[torch.arange(count * self.images) % len(indices)]
        return list(filled.view(count, self.images))


Batch: TypeAlias = tuple[Tensor, Tensor]
"""Augmented, normalised images (n, 3, height, width) and labels (n,)."""


Sampler: TypeAlias = ShuffledSampler | PKSampler
"""Draws batches without end: iterates over the indices of one after another."""


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

    def batches(
        self, sampler: Sampler, count: int, random: torch.Generator, skip: int = 0
    ) -> Iterator[Batch]:
        """Yield the batches from ``skip`` to ``count``; augmentation draws from ``random``."""
        batches = self._batches(islice(sampler, count), random, skip)
        return _prefetched(batches) if self.prefetch else batches

    def _batches(
        self, indices: Iterator[Tensor], random: torch.Generator, skip: int
    ) -> Iterator[Batch]:
        for skipped in islice(indices, skip):
            skip_augmentation(len(skipped), self.rules.augment, random)
        for some in indices:
            yield self._batch(some, random)

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
