"""What a prune phase's live network and optimiser hold for each group of the tiny network."""

from __future__ import annotations

from torch import Tensor

from reidbench.engine.pruning.phase import Pruning

GROUPS = ("block1.conv1", "block2.conv1")


def filters(phase: Pruning, name: str) -> Tensor:
    """Return the live filters of a group, (channels, features)."""
    weight = phase.prunable.network.backbone.get_submodule(name).weight
    return weight.detach().flatten(1)


def moments(phase: Pruning, name: str) -> Tensor:
    """Return Adam's first moments of a group's filters."""
    weight = phase.prunable.network.backbone.get_submodule(name).weight
    return phase.trainer.optimiser.state[weight]["exp_avg"].flatten(1)


def zeroed(phase: Pruning) -> dict[str, set[int]]:
    """Return the filters that are all zero, by group."""
    return {
        name: set((filters(phase, name).abs().sum(dim=1) == 0).nonzero().flatten().tolist())
        for name in GROUPS
    }
