"""Torch-Pruning's importances, of weights alone and of gradients of the training loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch_pruning as tp  # type: ignore[import-untyped,unused-ignore]
from torch import Tensor

from reidbench.api import Group, Method, RankingTask
from reidbench_plugins.methods.peers.bridge import Dependencies


class TpImportance(Method):
    """Score the channels of a group by an importance of Torch-Pruning, as it comes."""

    normalisation = "none"

    importance: Callable[[], Any]
    """Returns one of ``tp.importance``, set up as Torch-Pruning's own examples have it."""

    def prepare(self, task: RankingTask) -> None:
        """Trace a copy of the network."""
        self._importance = self.importance()
        self._dependencies = Dependencies(task.network)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return Torch-Pruning's importances."""
        return self._dependencies.importance(group, self._importance)


class TpMagnitude(TpImportance):
    """Score Σ|w|^p of a channel, averaged over coupled layers, by Torch-Pruning's magnitude.

    ``GroupMagnitudeImportance``: the layers are those that produce the channel, its batch norms,
    and the next layers' columns; the p-th root is not taken. It divides by the group's mean, and
    so the harness normalises no further. ``group_reduction="first"`` looks at the first layer alone
    (with ``p=1``, Li et al. 2017).

    Deviations:
        * How many channels go is the harness's decision, so that the MACs meet the target; the
          library's own pruner rounds a ratio of channels.
    """

    def __init__(self, *, p: int = 2, group_reduction: str = "mean") -> None:
        known = ("mean", "sum", "max", "prod", "first")
        if p < 1:
            raise ValueError(f"option 'p' is {p}; choose 1 or more")
        if group_reduction not in known:
            raise ValueError(
                f"option 'group_reduction' is {group_reduction!r}; choose one of {', '.join(known)}"
            )
        super().__init__(p=p, group_reduction=group_reduction)
        self.importance = partial(
            tp.importance.GroupMagnitudeImportance, p=p, group_reduction=group_reduction
        )


class TpGroupNorm(TpImportance):
    """Score DepGraph's group norm, Σw² averaged over coupled layers and divided by the largest.

    ``GroupMagnitudeImportance(p=2, normalizer="max")``, which Torch-Pruning's reproduction script
    uses for its sparse learning; over all layers in one ranking. The harness normalises no further.

    Deviations:
        * No sparse learning comes before, because a criterion alone is compared here.
        * The harness cuts to the target and keeps a floor in each layer; the library cuts in many
          small steps and has none.
    """

    importance = staticmethod(
        partial(tp.importance.GroupMagnitudeImportance, p=2, normalizer="max")
    )


class TpLamp(TpImportance):
    """Score s_u / Σ_{v≥u} s_v over a group's channels in ascending order, by Torch-Pruning's LAMP.

    ``LAMPImportance``: s is its group magnitude, Σw² averaged over coupled layers. LAMP is a
    normalisation itself, so the harness adds none.

    Deviations:
        * The harness cuts to the target and keeps a floor in each layer; the library's pruner
          removes a share of all channels.
    """

    importance = staticmethod(partial(tp.importance.LAMPImportance, p=2))


class TpFpgm(TpImportance):
    """Score Σ_i ‖W_j² - W_i²‖₂, averaged over coupled layers, by Torch-Pruning's FPGM.

    ``FPGMImportance`` 1.6 measures distances between element-wise *squares* of the filters, of the
    layers before and after. He et al. (2019) use the filters themselves: opposite filters are far
    apart there and the same here. It is left as the library has it; ``fpgm`` is the paper's.

    Deviations:
        * How many channels go is the harness's decision, so that the MACs meet the target; and
          they go at once, where the paper zeroes its picks anew each epoch.
    """

    importance = staticmethod(partial(tp.importance.FPGMImportance, p=2))


class TpBnScale(TpImportance):
    """Score |γ| averaged over the batch norms of a group, by Torch-Pruning's BN scale.

    ``BNScaleImportance``, divided by the group's mean (Liu et al. 2017 do not divide); the harness
    normalises no further.

    Deviations:
        * No sparsity training comes before, because a criterion alone is compared here.
        * Equal scales go in order of their index: the harness ranks, while the library's pruner
          removes nothing, or too much, where many scales tie.
    """

    importance = staticmethod(tp.importance.BNScaleImportance)


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

    importance = staticmethod(tp.importance.GroupTaylorImportance)

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

    importance = staticmethod(tp.importance.GroupHessianImportance)

    def prepare(self, task: RankingTask) -> None:
        """Trace a copy of the network and accumulate each image's gradients."""
        super().prepare(task)
        with torch.enable_grad():
            for images, labels in task.images():
                for image, label in zip(images, labels, strict=True):
                    self._dependencies.network.zero_grad()
                    self._dependencies.pull_gradients(task.loss(image[None], label[None]))
                    self._importance.accumulate_grad(self._dependencies.network)
