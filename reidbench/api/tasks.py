"""What a pruning method works with: channel groups, images, a training step, a prune phase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class CannotScore(Exception):  # noqa: N818 - as StopIteration
    """Raised by a method that has no score for a group; the trial fails with its message.

    The message says what the group lacks and what to do: ``"no ReLU follows; use scope 'inner'"``.
    The names of the method and the layer are added to it.
    """


class Group(Protocol):
    """A channel group of the current network: channels of several layers that are cut together.

    Channel ``i`` is index ``i`` of every tensor. Tensors of a ranking are detached; those of a
    training step are attached, so that the gradients of a penalty reach the parameters.
    """

    @property
    def name(self) -> str:
        """Path of the first layer that produces these channels, e.g. ``layer1.0.conv1``."""

    @property
    def size(self) -> int:
        """Channels left in the group."""

    @property
    def weight(self) -> Tensor:
        """Filters (channels, features): of every producing layer, flattened and concatenated."""

    @property
    def gradient(self) -> Tensor | None:
        """Gradient of the loss for ``weight``, in its shape; None before any backward pass."""

    @property
    def norm_scale(self) -> Tensor | None:
        """Mean absolute scale |γ| of the channels' norms, (channels,); None without a norm."""

    @property
    def coupled(self) -> Sequence[Tensor]:
        """Every parameter that is removed with a channel, each as (channels, features).

        Filters of the producing layers, scales of norms, depthwise filters, and input columns of
        the next layers; no biases.
        """

    @property
    def activation(self) -> str | None:
        """The activation that follows: ``relu``, ``relu6``, ``silu``...

        None if none follows, as before a residual sum, or if it has parameters.
        """


class NextLayer(Protocol):
    """A convolution or linear layer that reads a group, with samples of its inputs and outputs."""

    @property
    def name(self) -> str:
        """Path of the layer."""

    @property
    def weight(self) -> Tensor:
        """Its weights for the group's channels, (outputs, channels, taps).

        Taps are the positions of the kernel: 9 for 3 x 3, 1 for a linear layer.
        """

    @property
    def inputs(self) -> Tensor:
        """Its inputs at the sampled positions, (samples, channels, taps), in the network now."""

    @property
    def outputs(self) -> Tensor:
        """Its outputs at the sampled positions, (samples, outputs), without its bias.

        The part of them that comes from the group's channels, in the network as it was after its
        last training step: ``einsum("sct,oct->so", inputs, weight)`` if nothing was cut since.
        """


Maps = Literal["normed", "activated"]
FeatureStatistic = Callable[["Tensor", "Tensor | None"], "Tensor"]
GradientStatistic = Callable[[Group], "Tensor"]
Scores = Mapping[str, "Tensor"]
"""Scores (channels,) by group name; the lowest are removed first."""


class RankingTask(Protocol):
    """What a ranking may use: a copy of the network, its groups, and calibration images.

    Calibration images are training images: the same, in the same order and batches, for every
    method. Batch norm of the copy is recalibrated on them.
    """

    @property
    def groups(self) -> Sequence[Group]:
        """The channel groups in the protocol's scope, in network order.

        Under the strategy ``layerwise``, only the group to be cut next.
        """

    @property
    def generator(self) -> torch.Generator:
        """A random generator on the CPU that depends only on the trial's seed."""

    @property
    def reduction(self) -> float:
        """The reduction of the dense network's MACs, in [0, 1), that the next cut reaches."""

    @property
    def network(self) -> nn.Module:
        """A copy of the network in eval mode: images (n, 3, height, width) to embeddings (n, d)."""

    def images(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Iterate over the calibration batches: images (n, 3, height, width) and labels (n,).

        For a record that declares ``data="labels"``, as ``loss``.
        """

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the protocol's training loss of a batch, a scalar; ``network`` is in eval mode."""

    def mean_over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False, maps: Maps = "normed"
    ) -> Mapping[str, Tensor]:
        """Average a statistic of feature maps over the calibration images.

        ``statistic(maps, gradients)`` gets a batch of a group's maps (n, channels, height, width),
        and the gradients of the training loss for them, or None without ``gradients``; it returns
        (n, channels). ``normed`` maps are those after the batch norm, ``activated`` ones those
        after the activation that follows, if one does. A group with several producing layers gets
        the sum over them. Returns (channels,) by group name.
        """

    def over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False, maps: Maps = "normed"
    ) -> Mapping[str, Tensor]:
        """Return the statistic of each image, (images, channels) by group name, in their order.

        Arguments are those of ``mean_over_images``.
        """

    def mean_over_gradients(
        self, statistic: GradientStatistic, *, per: Literal["batch", "image"] = "batch"
    ) -> Mapping[str, Tensor]:
        """Average a statistic of the weights' gradients over backward passes.

        ``statistic(group)`` may read ``group.weight`` and ``group.gradient``; it returns
        (channels,). The passes are of the training loss of each calibration ``batch``, or of the
        identity loss of each ``image`` (a triplet needs more than one). Returns (channels,) by
        group name.
        """

    def loss_after(self, scores: Scores) -> float:
        """Return the training loss over the calibration images after a cut by ``scores``.

        Cuts a copy to ``reduction`` under the trial's allocation and recalibrates its batch norm
        (EagleEye's adaptive batch norm); ``network`` is not changed.
        """

    def next_layers(self, group: Group, *, points: int = 10) -> Sequence[NextLayer]:
        """Sample each layer that reads ``group`` at ``points`` random output positions an image.

        Inputs and outputs are of the same images and positions, those of ``NextLayer``.

        Raises:
            CannotScore: a layer is neither a plain 2-d convolution nor a linear layer.

        """


class TrainingTask(Protocol):
    """A training step of a prune phase that has not reached its reduction yet."""

    @property
    def groups(self) -> Sequence[Group]:
        """The channel groups in the protocol's scope, attached, in network order."""

    @property
    def progress(self) -> float:
        """The progress of pruning, in (0, 1]: steps taken, with this one, divided by ``steps``."""

    @property
    def steps(self) -> int:
        """Number of steps after which pruning is complete: the protocol's ``active`` share."""

    @property
    def done(self) -> int:
        """Steps of the phase that were taken before this one."""

    def leaving(self, scores: Scores) -> Mapping[str, Tensor]:
        """Return which channels a cut to the phase's reduction by ``scores`` would remove now.

        Boolean (channels,) by group name, under the trial's allocation.
        """


class PrunePhase(Protocol):
    """One prune phase with its budget, for ``Method.prune`` to run."""

    @property
    def reduction(self) -> float:
        """The reduction of MACs to reach, in [0, 1)."""

    @property
    def achieved(self) -> float:
        """The reduction of MACs reached so far."""

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole phase; all must be spent."""

    @property
    def steps_left(self) -> int:
        """Optimiser steps that are not spent yet."""

    @property
    def active_steps(self) -> int:
        """Number of steps after which pruning is complete: the protocol's ``active`` share."""

    def rounds(self, count: int) -> Sequence[tuple[float, int]]:
        """Divide the active steps into ``count`` rounds.

        Returns for each round the progress at its end, in (0, 1], and its number of steps.
        """

    def rank(self, reduction: float | None = None) -> Scores:
        """Return the method's scores (channels,) by group name, for a cut to ``reduction``.

        The default is the reduction of the phase.
        """

    def cut(self, reduction: float, scores: Scores | None = None) -> Mapping[str, Tensor]:
        """Remove channels, so that MACs are ``reduction`` below the dense network's.

        Ranks the network now unless given ``scores``. Returns the kept channels by group name:
        int64 indices, in ascending order, among the channels before the cut.
        """

    def soften(self, reduction: float, scores: Scores | None = None) -> Mapping[str, Tensor]:
        """Shrink the filters that ``cut`` would remove; training may grow them back.

        Multiplies them by the method's ``soft_factor``, and their norms too if it sets
        ``soft_norms``. Returns which channels these are, boolean (channels,) by group name.
        """

    def layers(self, reduction: float) -> Iterator[float]:
        """Cut to ``reduction`` one group after another, in network order.

        Yields the share of the groups that are cut, in (0, 1], after each group, so that the caller
        may train in between. The trial's allocation decides how many channels each group loses
        before the first cut; each group is ranked just before its own.
        """

    def loss(self) -> float:
        """Return the training loss of the current network over the calibration images.

        For a record that declares ``data="labels"``.
        """

    def train(self, steps: int) -> None:
        """Train for ``steps`` more steps of the phase's one learning-rate schedule."""
