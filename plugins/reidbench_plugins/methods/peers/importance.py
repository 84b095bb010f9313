"""What all of Torch-Pruning's importances have in common."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from reidbench.api import Group, Method, RankingTask
from reidbench_plugins.methods.peers.bridge import Dependencies


class TpImportance(Method):
    """Score the channels of a group by an importance of Torch-Pruning, as it comes."""

    normalisation = "none"

    def importance(self) -> Any:
        """Return one of ``tp.importance``, set up as Torch-Pruning's own examples have it."""
        raise NotImplementedError(f"{type(self).__name__} names no importance of Torch-Pruning")

    def prepare(self, task: RankingTask) -> None:
        """Trace a copy of the network."""
        self._importance = self.importance()
        self._dependencies = Dependencies(task.network)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return Torch-Pruning's importances."""
        return self._dependencies.importance(group, self._importance)
