"""What a method adds to each step of training, and what it sees there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reidbench.api.tasks import Scores
from reidbench.engine.channels import GroupView
from reidbench.engine.pruning.contract import described, naming
from reidbench.engine.pruning.cut_planner import CutPlanner
from reidbench.errors import MethodError


@dataclass
class TrainingHooks:
    """The ``reidbench.api.TrainingTask`` of a method, and the hooks of its trainer."""

    planner: CutPlanner
    reduction: float
    groups: Sequence[GroupView]
    steps: int
    done: int

    @property
    def progress(self) -> float:
        """Steps taken, this one included, over the active steps; at most 1."""
        return min(1.0, (self.done + 1) / max(1, self.steps))

    def leaving(self, scores: Scores) -> Mapping[str, Tensor]:
        """Return which channels would go if ``scores`` cut to the target now, by group."""
        return self.planner.removed(self.planner.plan(scores, self.reduction), scores)

    def penalty(self) -> Tensor | None:
        """Return the method's penalty of this step."""
        method = self.planner.configured.label
        with naming(method):
            penalty = self.planner.method.penalty(self)
        if penalty is None:
            return None
        if not isinstance(penalty, Tensor) or penalty.shape != ():
            raise MethodError(
                f"method '{method}': a penalty must be a tensor (), one number, not "
                f"{described(penalty)}; correct its penalty()"
            )
        if not torch.isfinite(penalty):
            raise MethodError(
                f"method '{method}': its penalty is {float(penalty)} at step {self.done + 1}; "
                "weaken it"
            )
        return penalty

    def after_step(self) -> None:
        """Let the method look at the gradients, and count the step."""
        with naming(self.planner.configured.label):
            self.planner.method.after_step(self)
        self.done += 1
