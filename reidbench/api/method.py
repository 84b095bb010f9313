"""What the author of a pruning method writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from reidbench.api.tasks import Group, PrunePhase, RankingTask, TrainingTask


class Method:
    """A pruning method: implement :meth:`scores`, and no more than the idea needs.

    Options from the suite arrive as keyword arguments, the record's defaults filled in. One
    instance serves one prune phase: it may remember what it saw.
    """

    normalisation: ClassVar[Literal["l2", "none"]] = "l2"
    """How scores are made comparable between layers under ``global`` allocation: divided by each
    layer's L2 norm (Molchanov et al. 2017, eq. 10), or taken as they are."""

    soft_factor: float = 0.0
    """What soft pruning multiplies filters by, in [0, 1)."""

    soft_norms: ClassVar[bool] = False
    """Whether soft pruning multiplies the scale and shift of their norms by it too."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def prepare(self, task: RankingTask) -> None:
        """Gather what :meth:`scores` needs, once a ranking; the default needs nothing."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return one finite score a channel, (group.size,); the lowest are removed first.

        Raises:
            CannotScore: the group lacks what the criterion needs.

        """
        raise NotImplementedError(f"{type(self).__name__} ranks no channels: implement scores()")

    def pruned_share(self, progress: float) -> float:
        """Return the share of the target that is zeroed at ``progress`` in (0, 1] of the pruning.

        Only the progressive strategy asks. The default grows linearly.
        """
        return progress

    def penalty(self, task: TrainingTask) -> Tensor | None:
        """Return a scalar to add to the loss of a training step, or None.

        Asked in every step of a prune phase until the target is met, under any strategy.
        """
        return None

    def after_step(self, task: TrainingTask) -> None:
        """Look at ``group.gradient`` of the step just taken; until the target is met.

        For a record that declares ``data="labels"``.
        """

    def refit(self, group: Group, kept: Tensor, task: RankingTask) -> Sequence[Tensor] | None:
        """Return new weights for the layers that read ``group``, or None to leave them.

        Asked just before ``group`` is cut for good to the channels ``kept`` (indices in ascending
        order, int64). One tensor (outputs, kept, taps) for each of ``task.next_layers(group)``.
        :meth:`prepare` has not run for ``task`` where the cut was given its scores.
        """
        return None

    def prune(self, phase: PrunePhase) -> None:
        """Spend the whole phase on a schedule of the method's own.

        Runs if the record says ``strategy="own"`` and the suite names no other strategy in its
        place, or if the method keeps every channel.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no schedule of its own: implement prune(), or name one of "
            "the strategies in its record"
        )
