"""The network that a phase prunes: what it was, what is left of it, and how it gets smaller."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from reidbench.config.protocol import Protocol
from reidbench.engine.channels import (
    ChannelGraph,
    GroupView,
    PruningPlan,
    capture,
    carry_optimizer_state,
    remove,
    soften,
    view,
)
from reidbench.engine.pruning.calibration import Batches, recalibrated
from reidbench.engine.training import Network


@dataclass
class PrunableNetwork:
    """A network, the graph of it as it is, and the plan that led to it from the dense one.

    All solving happens on the dense graph in original channel indices, whatever is gone already,
    so that reductions, floors and allocations always refer to the dense network.
    """

    network: Network
    dense: ChannelGraph
    dense_parameters: int
    graph: ChannelGraph
    plan: PruningPlan
    protocol: Protocol
    calibration: Batches
    capture: Callable[[nn.Module, tuple[int, int, int]], ChannelGraph] = capture

    @property
    def achieved(self) -> float:
        """The reduction of MACs reached so far."""
        return 1 - self.dense.macs.total(self.plan.widths) / self.dense.macs.total()

    @property
    def mismatched_layer(self) -> str | None:
        """The first layer that has not as many channels as the plan leaves it."""
        removed: Counter[tuple[str, str, int]] = Counter()
        sizes: dict[tuple[str, str, int], int] = {}
        for group in self.dense.groups:
            kept = self.plan.kept.get(group.name, range(group.size))
            for cut in group.producers:
                place = cut.owner, cut.tensors[0], cut.dim
                sizes[place] = cut.length
                removed[place] += int((~np.isin(cut.channels, kept)).sum())
        layers = dict(self.network.backbone.named_modules())
        for place, size in sizes.items():
            owner, tensor, dim = place
            weight = getattr(layers.get(owner), tensor, None)
            if weight is None or weight.shape[dim] != size - removed[place]:
                return owner
        return None

    def views(self, network: Network | None = None, *, live: bool = False) -> list[GroupView]:
        """Return the groups in scope, of the network or of a copy of it."""
        backbone = (network or self.network).backbone
        groups = self.graph.in_scope(self.protocol.pruning.scope)
        return [view(backbone, self.graph, group, live=live) for group in groups]

    def relative(self, plan: PruningPlan) -> PruningPlan:
        """Return ``plan`` in the indices of the network as it is."""
        return relative(plan, self.plan)

    def remove(self, plan: PruningPlan, optimiser: Optimizer) -> None:
        """Remove channels for good; the optimiser's state of what stays goes on."""
        removal = remove(self.network.backbone, self.graph, self.relative(plan))
        carry_optimizer_state(optimiser, removal)
        self.plan = plan
        self.graph = self.capture(self.network.backbone, self.protocol.input.size)

    def soften(self, plan: PruningPlan, optimiser: Optimizer, factor: float, norms: bool) -> None:
        """Shrink the filters that ``plan`` leaves out, and their norms; they may grow back."""
        relative = self.relative(plan)
        soften(self.network.backbone, self.graph, relative, optimiser, factor=factor, norms=norms)

    def recalibrated(self, network: Network | None = None) -> Network:
        """Return a copy, of this network or of another, with batch norm recalibrated.

        The running statistics of a network that was cut a few steps ago still describe the one
        before.
        """
        return recalibrated(network or self.network, (images for images, _ in self.calibration))

    def copy_after(self, plan: PruningPlan) -> Network:
        """Return a recalibrated copy that is cut to ``plan``."""
        network = copy.deepcopy(self.network)
        remove(network.backbone, self.graph, self.relative(plan))
        return self.recalibrated(network)

    def plan_with(self, name: str, kept: Tensor) -> PruningPlan:
        """Return the present plan, but with group ``name`` cut to ``kept`` of its channels now."""
        present = self.plan.kept[name]
        cut = tuple(present[index] for index in kept.tolist())
        return PruningPlan({**self.plan.kept, name: cut}, self.plan.sizes)


def highest(scores: Tensor, count: int) -> Tensor:
    """Return the indices of the highest ``count`` scores, ascending; of ties the last ones."""
    return scores.argsort(stable=True)[len(scores) - count :].sort().values


def relative(plan: PruningPlan, current: PruningPlan) -> PruningPlan:
    """Return ``plan`` in the indices of the network that ``current`` left: undoes ``then``."""
    kept = {}
    for name, channels in current.kept.items():
        position = {channel: index for index, channel in enumerate(channels)}
        kept[name] = tuple(position[channel] for channel in plan.kept[name])
    return PruningPlan(kept, current.widths)
