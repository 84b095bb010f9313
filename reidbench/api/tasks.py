"""What the harness hands to a pruning method: channel groups, images, a training step, a phase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class CannotScore(Exception):  # noqa: N818 - it says what happened, as StopIteration does
    """Raised by a method for a group it has no score for; the trial fails with its sentence.

    Say what the group lacks and what to do: ``"no ReLU follows; use scope 'inner'"``. The harness
    adds the names of the method and of the layer.
    """


class Group(Protocol):
    """A channel group of the network as it stands: the channels that must go together.

    Channel ``i`` is index ``i`` of every tensor. Tensors of a ranking are detached; those of a
    training step are live, so that gradients of a penalty reach the parameters.
    """

    @property
    def name(self) -> str:
        """Path of the first layer that produces these channels, e.g. ``layer1.0.conv1``."""

    @property
    def size(self) -> int:
        """Channels left in the group."""

    @property
    def weight(self) -> Tensor:
        """Filters, (channels, features): every producing layer's, flattened and side by side."""

    @property
    def gradient(self) -> Tensor | None:
        """Gradient of the loss with respect to ``weight``, same shape; None before any backward."""

    @property
    def norm_scale(self) -> Tensor | None:
        """Mean absolute scale |γ| of the norms on these channels, (channels,); None without one."""

    @property
    def coupled(self) -> Sequence[Tensor]:
        """Every parameter that goes with a channel, each as (channels, features).

        Producers' filters, norms' scales, depthwise filters, and the next layers' input columns;
        no biases.
        """

    @property
    def activation(self) -> str | None:
        """What the map goes through next: ``relu``, ``relu6``, ``silu``...

        None where nothing follows, as before a residual sum, or a function with parameters.
        """


class NextLayer(Protocol):
    """Sampled inputs and outputs of a convolution or linear layer that reads a group."""

    @property
    def name(self) -> str:
        """Path of the layer."""

    @property
    def weight(self) -> Tensor:
        """Its weights on the group's channels, (outputs, channels, taps); taps = kernel size."""

    @property
    def inputs(self) -> Tensor:
        """What it reads at the sampled places, (samples, channels, taps), of the network now."""

    @property
    def outputs(self) -> Tensor:
        """What it should give there, (samples, outputs), its bias left out.

        The part of its output that comes from the group's channels, in the network as it was when
        it last trained: ``einsum("sct,oct->so", inputs, weight)`` if nothing has gone since.
        """


Maps = Literal["normed", "activated"]
FeatureStatistic = Callable[["Tensor", "Tensor | None"], "Tensor"]
GradientStatistic = Callable[[Group], "Tensor"]
Scores = Mapping[str, "Tensor"]
"""Scores (channels,) by group name; low = remove."""


class RankingTask(Protocol):
    """What a criterion may look at: a copy of the network, its groups, and training images only.

    Batch norm is recalibrated on the calibration images. These are the same images, in the same
    order and batches, for every method.
    """

    @property
    def groups(self) -> Sequence[Group]:
        """The channel groups in the protocol's scope, in network order.

        Under the strategy ``layerwise``, the one whose turn it is.
        """

    @property
    def generator(self) -> torch.Generator:
        """Random numbers, drawn on the CPU, that depend on the trial's seed alone."""

    @property
    def reduction(self) -> float:
        """The reduction of the dense network's MACs that the cut after this ranking aims at."""

    @property
    def network(self) -> nn.Module:
        """The network, images (n, 3, height, width) to embeddings; a copy, in eval mode."""

    def images(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Iterate over the calibration batches: images (n, 3, height, width) and labels (n,).

        Like :meth:`loss`, for a record that declares ``data="labels"``.
        """

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the protocol's training loss of a batch, a scalar; the network is in eval mode."""

    def mean_over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False, maps: Maps = "normed"
    ) -> Mapping[str, Tensor]:
        """Average a statistic of feature maps over the calibration images.

        ``statistic(maps, gradients)`` gets a batch of a group's maps (n, channels, height, width),
        and the gradients of the training loss with respect to them (None unless asked for); it
        returns (n, channels). ``normed`` maps are taken after the batch norm, ``activated`` ones
        after the activation that follows, if one does. Groups with several producers get the sum
        over them. Returns (channels,) by group.
        """

    def over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False, maps: Maps = "normed"
    ) -> Mapping[str, Tensor]:
        """Return the statistic of each image, (images, channels) by group, in calibration order."""

    def mean_over_gradients(
        self, statistic: GradientStatistic, *, per: Literal["batch", "image"] = "batch"
    ) -> Mapping[str, Tensor]:
        """Average a statistic of the weights' gradients; (channels,) by group.

        ``statistic(group)`` may read ``group.weight`` and ``group.gradient``; it returns
        (channels,). ``batch``: after the backward pass of the training loss of each calibration
        batch; ``image``: of each image's identity loss alone (a triplet needs more than one).
        """

    def loss_after(self, scores: Scores) -> float:
        """Return the training loss, over the calibration images, if ``scores`` decided this cut.

        Of a copy that is cut to ``reduction`` with these scores under the trial's allocation, batch
        norm recalibrated (EagleEye's adaptive batch norm); the network here stays whole.
        """

    def next_layers(self, group: Group, *, points: int = 10) -> Sequence[NextLayer]:
        """Sample ``points`` random output positions an image of every layer that reads ``group``.

        Same images and positions in the network as it stands and as it was when it last trained.

        Raises:
            CannotScore: a reader is neither a plain 2-d convolution nor a linear layer.

        """


class TrainingTask(Protocol):
    """One step of training in a prune phase, before the target is met."""

    @property
    def groups(self) -> Sequence[Group]:
        """The channel groups in scope, live, in network order."""

    @property
    def progress(self) -> float:
        """How far pruning is, in (0, 1]: steps taken, this one included, over ``active`` steps."""

    @property
    def steps(self) -> int:
        """The ``active`` steps: those in which pruning should be complete."""

    @property
    def done(self) -> int:
        """Steps of the phase already taken."""

    def leaving(self, scores: Scores) -> Mapping[str, Tensor]:
        """Return which channels would go if ``scores`` cut to the phase's target now.

        Boolean (channels,) by group, under the trial's allocation.
        """


class PrunePhase(Protocol):
    """One prune phase with its budget; what :meth:`Method.prune` may do with it."""

    @property
    def reduction(self) -> float:
        """The reduction of MACs to reach, in [0, 1)."""

    @property
    def achieved(self) -> float:
        """The reduction of MACs reached so far."""

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole phase: all must be spent."""

    @property
    def steps_left(self) -> int:
        """Optimiser steps not spent yet."""

    @property
    def active_steps(self) -> int:
        """Steps in which pruning should be complete: the protocol's ``active`` share of all."""

    def rounds(self, count: int) -> Sequence[tuple[float, int]]:
        """Divide the active steps into ``count`` rounds: progress in (0, 1], and steps, of each."""

    def rank(self, reduction: float | None = None) -> Scores:
        """Return the method's scores by group, low = remove, for a cut to ``reduction``.

        To the target, if it is not said.
        """

    def cut(self, reduction: float, scores: Scores | None = None) -> Mapping[str, Tensor]:
        """Remove channels for good, so that MACs fall by ``reduction`` of the dense network's.

        By ``scores``, or by ranking now. Returns the channels kept by group: ascending indices
        among those there were.
        """

    def soften(self, reduction: float, scores: Scores | None = None) -> Mapping[str, Tensor]:
        """Shrink the filters that such a cut would remove; they may grow back.

        They are multiplied by the method's ``soft_factor``, 0 unless it says otherwise, and so are
        their norms where it says ``soft_norms``. Returns which channels these are, boolean
        (channels,) by group.
        """

    def layers(self, reduction: float) -> Iterator[float]:
        """Cut to ``reduction`` one group after another, in network order.

        Yields the share of the groups that are done, in (0, 1], after each, so that the caller may
        train in between. How many channels each group loses is settled before the first goes, by
        the trial's allocation; which ones, when its turn comes.
        """

    def loss(self) -> float:
        """Return the training loss over the calibration images, of the network as it stands.

        For a record that declares ``data="labels"``.
        """

    def train(self, steps: int) -> None:
        """Train on with the phase's one learning-rate schedule."""
