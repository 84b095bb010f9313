"""The scratch control: the slim network trained from its initialisation (Liu et al., ICLR 2019)."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Scratch(Method):
    """Score at random: an untrained network's channels are all alike, so only widths matter.

    Its record says ``prunes="initial"``: the harness cuts before any training, and the slim
    network goes through the scenario's own phases (Liu's Scratch-E: as many epochs as the
    dense network).
    """

    normalisation: ClassVar[Literal["l2", "none"]] = "none"

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return U(0, 1)."""
        return torch.rand(group.size, generator=task.generator)
