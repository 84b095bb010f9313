"""Samples of the next layers for both reconstruction methods, and scores from an order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reidbench.api import CannotScore, Group, NextLayer, RankingTask

LEAST_RIDGE = 1e-12
"""Below this share of the mean energy, a singular system may stay so in float64."""


def check_sampling(points: int, ridge: float) -> None:
    """Refuse options that sample nothing, or leave a system singular.

    Raises:
        ValueError: ``points`` is below 1, or ``ridge`` below ``LEAST_RIDGE``.
    """
    if points < 1:
        raise ValueError(f"option 'points' is {points}; sample 1 position an image or more")
    if not LEAST_RIDGE <= ridge < float("inf"):
        raise ValueError(f"option 'ridge' is {ridge!r}; choose a number from {LEAST_RIDGE:g} on")


def sampled_readers(group: Group, task: RankingTask, points: int) -> Sequence[NextLayer]:
    """Return the sampled layers that read ``group``: at least one, and finite.

    Raises:
        CannotScore: there is nothing to reconstruct.
    """
    layers = task.next_layers(group, points=points)
    if not layers:
        raise CannotScore("no layer reads its channels, so no output can be kept; leave it out")
    for layer in layers:
        if not all(part.isfinite().all() for part in (layer.inputs, layer.weight, layer.outputs)):
            raise CannotScore(
                f"layer '{layer.name}', which reads it, has inputs, weights or outputs that are"
                " not finite; train the base network with a smaller learning rate"
            )
    return layers


def places(order: Sequence[int]) -> Tensor:
    """Return each channel's place in ``order`` of removal, in (0, 1); (channels,).

    An order does not compare layers: with these scores a global allocation is uniform.
    """
    scores = torch.empty(len(order), dtype=torch.float64)
    scores[torch.tensor(order)] = (torch.arange(len(order), dtype=torch.float64) + 0.5) / len(order)
    return scores
