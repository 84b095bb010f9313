"""Channel pruning by LASSO and least squares (He et al., ICCV 2017)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path_gram
from torch import Tensor

from reidbench.api import Group, Method, NextLayer, PrunePhase, RankingTask
from reidbench_plugins.methods.reconstruction.readers import (
    check_sampling,
    fit_near,
    places,
    sampled_readers,
)

FloatArray = npt.NDArray[np.float64]

ROUNDING = 1e-12
"""Share of a β_c's largest value below which it is zero."""


class ChannelPruning(Method):
    """Choose channels by min_β ‖Y - Σ_c β_c X_c W_cᵀ‖² + λ‖β‖₁, then refit W on them.

    Y is what the next layer gave before anything was cut, X what it reads now, so that the refit
    also mends what earlier layers lost. Layers go one after another without training in between;
    the whole budget follows.

    Deviations:
        * A channel scores by how many of the LASSO path's sets it belongs to, one set for each
          width (the least shrunk one with that many channels; ties by ‖X_c W_cᵀ‖), because a
          ranking is nested and the authors' search of λ for one width is not; where no channel
          leaves the path again, every width gets exactly the authors' set.
        * The refit is pulled towards the current weights, by ``ridge`` times the mean energy of an
          input, because a few hundred images give fewer samples than the up to 4608 unknowns of
          a 3x3 layer; the authors' 5000 images do not need it.
        * ``points`` is 20 positions an image against the authors' 10, for the same reason.
        * The shortcut's accumulated error is not added to Y, and a block's first layer keeps its
          input, because the protocol's scope decides what is pruned.

    Raises:
        ValueError: ``ridge`` is not above 0, or ``points`` is below 1.
    """

    normalisation = "none"

    def __init__(self, *, points: int = 20, ridge: float = 0.1) -> None:
        check_sampling(points, ridge)
        super().__init__(points=points, ridge=ridge)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each channel's place in the nested order of the LASSO path."""
        gram, pull = moments(sampled_readers(group, task, self.options["points"]))
        return places(path_order(gram.cpu().numpy(), pull.cpu().numpy()))

    def refit(self, group: Group, kept: Tensor, task: RankingTask) -> Sequence[Tensor]:
        """Return each reader's least-squares weights on the kept channels."""
        layers = sampled_readers(group, task, self.options["points"])
        return [
            refitted(layer, kept.to(layer.weight.device), self.options["ridge"]) for layer in layers
        ]

    def prune(self, phase: PrunePhase) -> None:
        """Cut every layer in turn, then train."""
        for _ in phase.layers(phase.reduction):
            pass
        phase.train(phase.steps_left)


def moments(layers: Sequence[NextLayer]) -> tuple[Tensor, Tensor]:
    """Return ZᵀZ (channels, channels) and ZᵀY (channels,) of Z_c = X_c W_cᵀ flattened, float64.

    Z itself, (samples x outputs, channels), is never built: with taps t and u,
    Z_c·Z_d = Σ_tu (XᵀX)_ct,du (WᵀW)_ct,du.
    """
    grams, pulls = [], []
    for layer in layers:
        _, channels, taps = layer.weight.shape
        inputs, weight = layer.inputs.double().flatten(1), layer.weight.double().flatten(1)
        product = (inputs.T @ inputs).mul_(weight.T @ weight)
        grams.append(product.view(channels, taps, channels, taps).sum(dim=(1, 3)))
        pull = (inputs.T @ layer.outputs.double()).mul_(weight.T)
        pulls.append(pull.view(channels, -1).sum(dim=1))
    return torch.stack(grams).sum(dim=0), torch.stack(pulls).sum(dim=0)


def path_order(gram: FloatArray, pull: FloatArray) -> list[int]:
    """Return the channels in order of removal, from the LASSO path of ZᵀZ and ZᵀY."""
    sets = {int(used.sum()): used for used in path_sets(gram, pull)}
    member = np.sum([used.astype(int) for used in sets.values()], axis=0, initial=0)
    ranked = np.lexsort((gram.diagonal(), np.broadcast_to(member, len(gram))))
    return [int(channel) for channel in ranked]


def path_sets(gram: FloatArray, pull: FloatArray) -> list[npt.NDArray[np.bool_]]:
    """Return the sets of channels in use along the LASSO path, from the largest λ to 0."""
    energy, reach = gram.diagonal().mean(), np.abs(pull).max()
    if not energy or not reach:
        return []
    with warnings.catch_warnings():
        # Equal and dead channels end a path early, or are left out of it: they rank lowest.
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Scaled, because scikit-learn stops at absolute tolerances; the sets stay the same.
        _, _, knots = lars_path_gram(
            pull / reach, gram / energy, n_samples=1, method="lasso", max_iter=8 * len(gram)
        )
    # Halfway between two knots: at the knot where β_c leaves, it is zero up to rounding.
    halfway = np.abs(knots[:, :-1] + knots[:, 1:]) / 2
    return list((halfway > ROUNDING * np.abs(knots).max(axis=1, keepdims=True)).T)


def refitted(layer: NextLayer, kept: Tensor, ridge: float) -> Tensor:
    """Return ``layer``'s weights on the channels ``kept`` that best give its outputs."""
    weight = layer.weight[:, kept]
    fitted = fit_near(
        layer.inputs[:, kept].double().flatten(1),
        layer.outputs.double(),
        weight.double().flatten(1).T,
        ridge,
    )
    return fitted.T.reshape(weight.shape).to(weight)
