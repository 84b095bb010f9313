"""The calibration images: the training images that every ranking and recalibration uses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor

from reidbench.config.protocol import Protocol
from reidbench.engine.modes import evaluating
from reidbench.engine.training import Images, Network, make_sampler
from reidbench.engine.training.augment import normalise
from reidbench.engine.training.loop import batch_loss

Batches: TypeAlias = Sequence[tuple[Tensor, Tensor]]
"""Normalised images (n, 3, height, width) and labels (n,) of each batch."""


def calibration_batches(
    images: Images, protocol: Protocol, random: torch.Generator, device: torch.device
) -> list[tuple[Tensor, Tensor]]:
    """Return the protocol's calibration batches: as in training but not augmented, and labels.

    They depend on the data and ``random`` alone: every method gets the same images in the same
    order. People come in PK batches, because the triplet loss of others would have no positives.
    """
    rules = protocol.pruning.calibration
    sampler = make_sampler(images.labels, protocol.training.batch.of(rules.batch), random)
    return [
        (
            normalise(images.pixels[indices], protocol.input).to(device),
            images.labels[indices].to(device),
        )
        for indices in islice(sampler, rules.images // rules.batch)
    ]


def calibration_loss(network: Network, batches: Batches, protocol: Protocol) -> float:
    """Return the mean training loss over the batches, of the network in eval mode."""
    with evaluating(network), torch.no_grad():
        losses = [
            float(batch_loss(network, images, labels, protocol.training))
            for images, labels in batches
        ]
    return sum(losses) / len(losses)
