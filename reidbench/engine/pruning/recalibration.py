"""Batch-norm statistics of a network that was just cut, before it is measured."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from reidbench.engine.training import Network


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
