"""The network as it last trained, which layers behind a cut are refitted to."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor

from reidbench.engine.channels import ChannelGraph, PruningPlan
from reidbench.engine.pruning.next_plan import relative
from reidbench.engine.pruning.prunable_network import PrunableNetwork
from reidbench.engine.training import Network, Trainer


@dataclass(frozen=True, eq=False)
class Anchor:
    """The network as it last trained: what a refitted layer should still give.

    ``plan`` leads from the network of ``graph`` (the anchor) to the one that is being cut.
    """

    network: Network
    graph: ChannelGraph
    plan: PruningPlan

    def rows(self, owner: str) -> Tensor:
        """Return which rows of layer ``owner`` are still there, ascending."""
        weight = self.network.backbone.get_submodule(owner).weight
        assert isinstance(weight, Tensor)
        stays = torch.ones(len(weight), dtype=torch.bool)
        # A layer may make the channels of several groups, and some of none.
        for name, gone in self.plan.dropped.items():
            for cut in self.graph.group(name).producers:
                if cut.owner == owner:
                    lost = torch.isin(torch.from_numpy(cut.channels), torch.tensor(gone))
                    stays[torch.from_numpy(cut.positions)[lost]] = False
        return stays.nonzero().flatten()


@dataclass
class LastTrained:
    """Keeps the network as it last trained: the first copy that was made since the last step."""

    prunable: PrunableNetwork
    trainer: Trainer
    _kept: tuple[int, Network, ChannelGraph, PruningPlan] | None = field(default=None, init=False)

    @property
    def is_kept(self) -> bool:
        """Whether a copy was kept since the last training step."""
        return self._kept is not None and self._kept[0] == self.trainer.done

    def anchor(self, copy: Network) -> Anchor:
        """Return the network as it last trained: ``copy``, unless an earlier one is kept."""
        if not self.is_kept:
            own = deepcopy(copy)  # methods get the other one
            self._kept = (self.trainer.done, own, self.prunable.graph, self.prunable.plan)
        assert self._kept is not None
        _, network, graph, plan = self._kept
        return Anchor(network, graph, relative(self.prunable.plan, plan))
