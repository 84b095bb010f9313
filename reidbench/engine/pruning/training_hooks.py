"""What a method adds to each step of training, and what it sees there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reidbench.api.method import Method
from reidbench.api.tasks import Scores
from reidbench.engine.channels import GroupView
from reidbench.engine.pruning.ranking import described, naming
from reidbench.errors import MethodError


@dataclass
class TrainingHooks:
    """The :class:`reidbench.api.TrainingTask` of a method, and the guide of its trainer."""

    method: Method
    label: str
    groups: tuple[GroupView, ...]
    steps: int
    done: int
    choose: Callable[[Scores], Mapping[str, Tensor]]

    @property
    def progress(self) -> float:
        """Steps taken, this one included, over the active steps; at most 1."""
        return min(1.0, (self.done + 1) / max(1, self.steps))

    def leaving(self, scores: Scores) -> Mapping[str, Tensor]:
        """Return which channels would go if ``scores`` cut to the target now, by group."""
        return self.choose(scores)

    def penalty(self) -> Tensor | None:
        """Return the method's penalty of this step."""
        with naming(self.label):
            penalty = self.method.penalty(self)
        if penalty is None:
            return None
        if not isinstance(penalty, Tensor) or penalty.shape != ():
            raise MethodError(
                f"method '{self.label}': a penalty must be a tensor (), one number, not "
                f"{described(penalty)}; mend its penalty()"
            )
        if not torch.isfinite(penalty):
            raise MethodError(
                f"method '{self.label}': its penalty is {float(penalty)} at step {self.done + 1}; "
                "weaken it"
            )
        return penalty

    def after_step(self) -> None:
        """Let the method look at the gradients, and count the step."""
        with naming(self.label):
            self.method.after_step(self)
        self.done += 1


def has_training_hooks(method: Method) -> bool:
    """Return whether a method has anything to say in a training step."""
    own = type(method)
    return own.penalty is not Method.penalty or own.after_step is not Method.after_step
