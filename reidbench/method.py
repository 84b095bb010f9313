"""What the author of a pruning method writes, and what the harness hands to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Group(Protocol):
    """A channel group of the network as it stands: the channels that must go together."""

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
    def norm_scale(self) -> Tensor | None:
        """Scales γ of the batch norm behind the producers, (channels,), or None without one."""


FeatureStatistic = Callable[["Tensor", "Tensor | None"], "Tensor"]


class RankingTask(Protocol):
    """What a criterion may look at: the network, its groups, and training images only."""

    @property
    def groups(self) -> Sequence[Group]:
        """The channel groups in the protocol's scope, in network order."""

    @property
    def generator(self) -> torch.Generator:
        """Random numbers that depend on the trial's seed alone."""

    def mean_over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False
    ) -> Mapping[str, Tensor]:
        """Average a statistic of feature maps over the protocol's calibration images.

        ``statistic(maps, gradients)`` gets a batch of a group's maps (n, channels, height, width)
        after their batch norm, and the gradients of the training loss with respect to them (None
        unless asked for); it returns (n, channels). Same images, order and batch size for every
        method. Groups with several producers get the sum over them. Returns (channels,) by group.
        """


class PrunePhase(Protocol):
    """One prune phase with its budget; what :meth:`Method.prune` may do with it."""

    @property
    def target(self) -> float:
        """The reduction of MACs to reach, in [0, 1)."""

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole phase: all must be spent."""

    @property
    def steps_left(self) -> int:
        """Optimiser steps not spent yet."""

    def strategy(self) -> None:
        """Run the strategy that the record or the suite names."""

    def rank(self) -> Mapping[str, Tensor]:
        """Return the method's scores by group, low = remove."""

    def cut(self, reduction: float) -> None:
        """Rank and remove channels for good, so that MACs fall by ``reduction`` of the dense."""

    def soften(self, reduction: float) -> None:
        """Rank and zero the filters that such a cut would remove; they may grow back."""

    def train(self, steps: int) -> None:
        """Train on with the phase's one learning-rate schedule."""


class Method:
    """A pruning method: implement :meth:`scores`, and no more than the idea needs.

    Options from the suite arrive as keyword arguments, the record's defaults filled in.
    """

    normalisation: ClassVar[Literal["l2", "none"]] = "l2"
    """How scores are made comparable between layers under ``global`` allocation: divided by each
    layer's L2 norm (Molchanov et al. 2017, eq. 10), or taken as they are."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def prepare(self, task: RankingTask) -> None:
        """Gather what :meth:`scores` needs, once a ranking; the default needs nothing."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return one finite score a channel, (group.size,); the lowest are removed first."""
        raise NotImplementedError(f"{type(self).__name__} ranks no channels: implement scores()")

    def pruned_share(self, progress: float) -> float:
        """Return the share of the target that is zeroed at ``progress`` in (0, 1] of the pruning.

        Only the progressive strategy asks. The default grows linearly.
        """
        return progress

    def prune(self, phase: PrunePhase) -> None:
        """Spend the phase: the default runs its strategy; override to own the whole phase."""
        phase.strategy()
