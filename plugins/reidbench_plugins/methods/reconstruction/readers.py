"""Samples of the next layers, least squares on them, and scores from an order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reidbench.api import CannotScore, Group, NextLayer, RankingTask


def fit_near(design: Tensor, targets: Tensor, start: Tensor, ridge: float) -> Tensor:
    """Return the w that minimises ‖targets - design w‖² + λ‖w - start‖².

    ``design`` (samples, unknowns), ``targets`` (samples, outputs), ``start`` (unknowns, outputs);
    λ is ``ridge`` > 0 times the mean squared norm of the design's columns. Directions that
    the samples do not determine keep their weights, however many unknowns there are.
    """
    penalty = ridge * design.square().sum().item() / design.shape[1]
    if not penalty:
        return start
    residual = targets - design @ start
    samples, unknowns = design.shape
    # Of the two forms of one solution, the one with the smaller matrix to factorise.
    if samples < unknowns:
        return start + design.T @ _solved(design @ design.T, residual, penalty)
    return start + _solved(design.T @ design, design.T @ residual, penalty)


def _solved(gram: Tensor, right: Tensor, penalty: float) -> Tensor:
    gram.diagonal().add_(penalty)
    return torch.cholesky_solve(right, torch.linalg.cholesky(gram))


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
