"""The base class of every pruning method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from reidbench.api.tasks import Group, PrunePhase, RankingTask, TrainingTask


class Method:
    """A pruning method: implement ``scores``, and override the rest only if the idea needs it.

    Options of the suite arrive as keyword arguments, with the record's defaults filled in. Each
    prune phase makes its own instance, so an instance may keep state between calls.
    """

    normalisation: ClassVar[Literal["l2", "none"]] = "l2"
    """How scores of different layers compare under ``global`` allocation: divided by each layer's
    L2 norm (Molchanov et al. 2017, eq. 10), or unchanged."""

    soft_factor: float = 0.0
    """The factor, in [0, 1), by which soft pruning multiplies filters."""

    soft_norms: ClassVar[bool] = False
    """Whether soft pruning multiplies scale and shift of the filters' norms by the factor too."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def prepare(self, task: RankingTask) -> None:
        """Compute what ``scores`` needs, once before each ranking; the default does nothing."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return a finite score for each channel, (group.size,); the lowest are removed first.

        Raises:
            CannotScore: the group lacks what the criterion needs.

        """
        raise NotImplementedError(f"{type(self).__name__} ranks no channels: implement scores()")

    def pruned_share(self, progress: float) -> float:
        """Return the share of the reduction, in [0, 1], that is shrunk at ``progress`` in (0, 1].

        Only the progressive strategy calls it. The default grows linearly.
        """
        return progress

    def penalty(self, task: TrainingTask) -> Tensor | None:
        """Return a scalar to add to the loss of a training step, or None.

        Called in every step of a prune phase until its reduction is reached, under any strategy.
        """
        return None

    def after_step(self, task: TrainingTask) -> None:
        """Read ``group.gradient`` of the step just taken.

        Called after every step until the phase's reduction is reached, for a record that declares
        ``data="labels"``.
        """

    def refit(self, group: Group, kept: Tensor, task: RankingTask) -> Sequence[Tensor] | None:
        """Return new weights for the layers that read ``group``, or None to keep theirs.

        Called just before ``group`` is cut to the channels ``kept``: int64 indices in ascending
        order. Returns a tensor (outputs, len(kept), taps) for each of ``task.next_layers(group)``.
        ``prepare`` has not run for ``task`` if the cut was given its scores.
        """
        return None

    def prune(self, phase: PrunePhase) -> None:
        """Run the whole phase: reach ``phase.reduction``, and spend all of its steps.

        Called if the record declares ``strategy="own"`` and the suite names no other strategy, or
        if the method keeps every channel.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no schedule of its own: implement prune(), or name one of "
            "the strategies in its record"
        )
