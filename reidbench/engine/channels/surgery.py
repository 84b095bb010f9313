"""Take the channels of a plan out of a network, in place, and out of its optimiser's state."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.optim import Optimizer

from reidbench.engine.channels.graph import ChannelGraph, ChannelGroup
from reidbench.engine.channels.layer_rules import TIED_BY
from reidbench.engine.channels.plan import PruningPlan

Indices: TypeAlias = dict[int, Tensor]


@dataclass(frozen=True, eq=False)
class Cut:
    """Say that ``new`` is ``old`` at ``indices``: for each cut dimension, the positions kept."""

    old: nn.Parameter
    new: nn.Parameter
    indices: tuple[tuple[int, Tensor], ...]

    def slice(self, tensor: Tensor) -> Tensor:
        """Return the kept part of a tensor of the old parameter's shape."""
        return _sliced(tensor, dict(self.indices))


@dataclass(frozen=True, eq=False)
class Removal:
    """List what a removal did to a network's parameters."""

    plan: PruningPlan
    cuts: tuple[Cut, ...]


def remove(module: nn.Module, graph: ChannelGraph, plan: PruningPlan) -> Removal:
    """Shrink ``module`` in place to the channels ``plan`` keeps.

    ``graph`` is the capture of the module as it is now. Every changed parameter is a new,
    smaller ``nn.Parameter`` (see ``Removal.cuts``); layers' own counts (``out_channels``,
    ``groups``, ``num_features``, ...) follow. Raises ``PlanError`` before touching anything.
    """
    plan.fits(graph.widths)
    changed = [group for group in graph.groups if group.name in plan.dropped]
    kept = _kept_positions(changed, plan)
    cuts = _cut(module, kept)
    for group in changed:
        _recount(module, group, plan)
    return Removal(plan, cuts)


def carry_optimizer_state(optimizer: Optimizer, removal: Removal) -> None:
    """Make ``optimizer`` train the new parameters, with the kept part of their state.

    State tensors of the old parameter's shape (momentum, moments) are sliced, others kept.
    """
    cuts = {id(cut.old): cut for cut in removal.cuts}
    for group in optimizer.param_groups:
        group["params"] = [cuts[id(p)].new if id(p) in cuts else p for p in group["params"]]
    for cut in removal.cuts:
        state = optimizer.state.pop(cut.old, None)
        if state:
            optimizer.state[cut.new] = {name: _carried(cut, value) for name, value in state.items()}


def _carried(cut: Cut, value: Any) -> Any:
    if isinstance(value, Tensor) and value.dim() > 0 and value.shape == cut.old.shape:
        return cut.slice(value)
    return value


def _kept_positions(
    groups: list[ChannelGroup], plan: PruningPlan
) -> dict[tuple[str, str], dict[int, np.ndarray[Any, np.dtype[np.bool_]]]]:
    """Return for every tensor and dimension which positions stay."""
    kept: dict[tuple[str, str], dict[int, np.ndarray[Any, np.dtype[np.bool_]]]] = defaultdict(dict)
    for group in groups:
        stays = np.isin(np.arange(group.size), plan.kept[group.name])
        for cut in group.slices:
            for tensor in cut.tensors:
                flags = kept[cut.owner, tensor].setdefault(cut.dim, np.ones(cut.length, dtype=bool))
                flags[cut.positions] &= stays[cut.channels]
    return kept


def _cut(module: nn.Module, kept: dict[tuple[str, str], Any]) -> tuple[Cut, ...]:
    replaced: dict[int, Cut] = {}
    for (owner, name), flags in kept.items():
        part = module.get_submodule(owner)
        old = getattr(part, name)
        indices = {
            dim: torch.from_numpy(np.flatnonzero(flag)).to(old.device)
            for dim, flag in flags.items()
        }
        if not isinstance(old, nn.Parameter):
            part._buffers[name] = _sliced(old, indices)
            continue
        new = nn.Parameter(_sliced(old.detach(), indices), requires_grad=old.requires_grad)
        if old.grad is not None:
            new.grad = _sliced(old.grad, indices)
        replaced[id(old)] = Cut(old, new, tuple(indices.items()))
    # A parameter shared by several modules has to change in all of them.
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None and id(parameter) in replaced:
                part._parameters[name] = replaced[id(parameter)].new
    return tuple(replaced.values())


def _sliced(tensor: Tensor, indices: Indices) -> Tensor:
    for dim, index in indices.items():
        tensor = tensor.index_select(dim, index)
    return tensor.clone(memory_format=torch.preserve_format)


def _recount(module: nn.Module, group: ChannelGroup, plan: PruningPlan) -> None:
    """Bring the layers' own numbers in line with their new tensors."""
    stays = np.isin(np.arange(group.size), plan.kept[group.name])
    for cut in group.slices:
        part = module.get_submodule(cut.owner)
        gone = int((~stays[cut.channels]).sum())
        if isinstance(part, _ConvNd):
            _recount_convolution(part, carrier=cut in group.carriers, rows=cut.length)
        elif isinstance(part, nn.Linear):
            part.out_features, part.in_features = part.weight.shape
        elif isinstance(part, _NormBase):
            part.num_features -= gone
        elif isinstance(part, nn.PReLU):
            part.num_parameters -= gone
    for held in group.held_sizes:
        _shrink_held_size(module.get_submodule(held.owner), held, ~stays)


def _recount_convolution(part: _ConvNd, *, carrier: bool, rows: int) -> None:
    if part.groups > 1 and not hasattr(part, TIED_BY):
        setattr(part, TIED_BY, "block" if carrier else "lane")
    if carrier:
        part.groups = part.groups * part.weight.shape[0] // rows
    part.out_channels = part.weight.shape[0]
    part.in_channels = part.weight.shape[1] * part.groups


def _shrink_held_size(part: nn.Module, held: Any, dropped: Any) -> None:
    gone = int(dropped[held.channels].sum())
    value = getattr(part, held.attribute)
    if held.index is None:
        setattr(part, held.attribute, value - gone)
    else:
        entries = list(value)
        entries[held.index] -= gone
        setattr(part, held.attribute, type(value)(entries))
