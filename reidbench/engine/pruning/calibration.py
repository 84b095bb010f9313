"""The calibration images that every ranking uses, and batch norms recalibrated with them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

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


def recalibrated(network: Network, batches: Iterable[Tensor]) -> Network:
    """Return a copy whose batch norms hold the plain average of their statistics over ``batches``.

    A cut leaves the running statistics of a network that no longer exists (EagleEye, Li et al.
    2020, section 3.3). Nothing else of the copy differs, and ``network`` is not touched.
    """
    network = copy.deepcopy(network).eval()
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()  # alone: dropout stays off
        norm.reset_running_stats()
        norm.momentum = None  # a plain average instead of a moving one
    with torch.no_grad():
        for images in batches:
            network(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return network.eval()
