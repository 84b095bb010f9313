"""Torch-Pruning's importances that look at gradients of the training loss."""

from __future__ import annotations

from typing import Any

import torch
import torch_pruning as tp  # type: ignore[import-untyped,unused-ignore]

from reidbench.api import RankingTask
from reidbench_plugins.methods.peers.importance import TpImportance


class TpTaylor(TpImportance):
    """Score Σ|w · ∂L/∂w| of a channel, averaged over coupled layers, by Torch-Pruning's Taylor.

    ``GroupTaylorImportance``: producing layers' rows and next layers' columns. Version 1.6 asks for
    group norms where it means batch norms, so these do not count; it is left so. Molchanov et al.
    (2019) square, and sum before they do. It divides by the group's mean, and so the harness
    normalises no further.

    Deviations:
        * Gradients are summed over all calibration batches, where the library's examples take one
          batch, so that every method sees the same images.
        * The harness cuts to the target and keeps a floor in each layer.
    """

    def importance(self) -> Any:
        """Return ``GroupTaylorImportance``."""
        return tp.importance.GroupTaylorImportance()

    def prepare(self, task: RankingTask) -> None:
        """Trace a copy of the network and give it the gradients of the training loss."""
        super().prepare(task)
        with torch.enable_grad():
            for images, labels in task.images():
                self._dependencies.pull_gradients(task.loss(images, labels))


class TpHessian(TpImportance):
    """Score Σ w² · (∂L/∂w)², averaged over coupled layers, by Torch-Pruning's Hessian.

    ``GroupHessianImportance``: an empirical Fisher diagonal, as in Optimal Brain Damage. It means
    to average over samples; version 1.6 looks for a parameter's name among parameters, starts anew
    with each sample, and so keeps the last alone. It is left so, and is still given every sample.
    It divides by the group's mean, and so the harness normalises no further.

    Deviations:
        * A sample's loss is the protocol's loss of a batch of one image, in which no triplet takes
          part.
        * The harness cuts to the target and keeps a floor in each layer.
    """

    def importance(self) -> Any:
        """Return ``GroupHessianImportance``."""
        return tp.importance.GroupHessianImportance()

    def prepare(self, task: RankingTask) -> None:
        """Trace a copy of the network and accumulate each image's gradients."""
        super().prepare(task)
        with torch.enable_grad():
            for images, labels in task.images():
                for image, label in zip(images, labels, strict=True):
                    self._dependencies.network.zero_grad()
                    self._dependencies.pull_gradients(task.loss(image[None], label[None]))
                    self._importance.accumulate_grad(self._dependencies.network)
