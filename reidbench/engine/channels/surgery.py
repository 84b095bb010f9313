"""Take the channels of a plan out of a network, in place, and out of its optimiser's state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reidbench.engine.channels.graph import ChannelGraph, ChannelGroup
from reidbench.engine.channels.plan import PruningPlan
from reidbench.engine.channels.recount import recount

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
    ``groups``, ``num_features``, ...) follow. All or nothing: a ``PlanError`` comes before
    anything is touched, and after any other failure the module is as it was.
    """
    plan.fits(graph.widths)
    changed = [group for group in graph.groups if group.name in plan.dropped]
    with all_or_nothing(module):
        cuts = _cut(module, _kept_positions(changed, plan))
        recount(module, changed, plan)
    return Removal(plan, cuts)


@contextmanager
def all_or_nothing(module: nn.Module) -> Iterator[None]:
    """Put every part of ``module`` back as it was should the block fail."""
    parts = list(module.modules())
    kinds = [type(part) for part in parts]
    before = [(dict(vars(part)), dict(part._parameters), dict(part._buffers)) for part in parts]
    try:
        yield
    except BaseException:
        for part, kind, (attributes, parameters, buffers) in zip(parts, kinds, before, strict=True):
            part.__class__ = kind
            vars(part).clear()
            vars(part).update(attributes)
            part._parameters.clear()
            part._parameters.update(parameters)
            part._buffers.clear()
            part._buffers.update(buffers)
        raise


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
    replaced: dict[int, Tensor] = {}
    cuts = []
    for (owner, name), flags in kept.items():
        old = getattr(module.get_submodule(owner), name)
        indices = {
            dim: torch.from_numpy(np.flatnonzero(flag)).to(old.device)
            for dim, flag in flags.items()
        }
        if not isinstance(old, nn.Parameter):
            replaced[id(old)] = _sliced(old, indices)
            continue
        new = nn.Parameter(_sliced(old.detach(), indices), requires_grad=old.requires_grad)
        if old.grad is not None:
            new.grad = _sliced(old.grad, indices)
        replaced[id(old)] = new
        cuts.append(Cut(old, new, tuple(indices.items())))
    # A tensor shared by several modules has to change in all of them.
    for part in module.modules():
        for own in (part._parameters, part._buffers):
            for name, tensor in own.items():
                if tensor is not None and id(tensor) in replaced:
                    own[name] = replaced[id(tensor)]  # type: ignore[assignment]
    return tuple(cuts)


def _sliced(tensor: Tensor, indices: Indices) -> Tensor:
    for dim, index in indices.items():
        tensor = tensor.index_select(dim, index)
    return tensor.clone(memory_format=torch.preserve_format)
