"""What a pruning method sees of one channel group: its weights, scales, maps and readers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reidbench.channels.graph import ChannelGraph, ChannelGroup, Slice


@dataclass(frozen=True, eq=False)
class GroupView:
    """Show a channel group of a live network; channel ``i`` is index ``i`` everywhere.

    ``weight``: (channels, features), all producers' filters flattened and side by side, detached.
    ``norm_scale``: (channels,), mean absolute scale over the group's norms, or ``None``.
    ``observed``: one module a producer whose output, at the same place's ``observed_channels``
    of dimension 1, is the feature map after its norm. ``consumers``: the next layers, each with
    the positions of the channels in dimension 1 of its weight, by channel then position.
    """

    name: str
    size: int
    weight: Tensor
    norm_scale: Tensor | None
    observed: list[nn.Module]
    observed_channels: list[Tensor]
    consumers: list[tuple[nn.Module, Tensor]]


def view(module: nn.Module, graph: ChannelGraph, group: ChannelGroup) -> GroupView:
    """Return the view of ``group`` in ``module``, which ``graph`` is a capture of."""
    return GroupView(
        name=group.name,
        size=group.size,
        weight=torch.cat([_rows(module, cut, group.size) for cut in group.producers], dim=1),
        norm_scale=_norm_scale(module, group),
        observed=[module.get_submodule(seen.owner) for seen in group.observed],
        observed_channels=[torch.from_numpy(seen.positions) for seen in group.observed],
        consumers=[
            (module.get_submodule(cut.owner), torch.from_numpy(cut.positions))
            for cut in group.consumers
        ],
    )


def _rows(module: nn.Module, cut: Slice, size: int) -> Tensor:
    weight: Tensor = getattr(module.get_submodule(cut.owner), cut.tensors[0]).detach()
    rows = weight.index_select(cut.dim, torch.from_numpy(cut.positions).to(weight.device))
    # Positions come sorted by channel, equally many for each, so their rows stand side by side.
    return rows.reshape(size, -1)


def _norm_scale(module: nn.Module, group: ChannelGroup) -> Tensor | None:
    total: Tensor | None = None
    count: Tensor | None = None
    for cut in group.norms:
        scale = getattr(module.get_submodule(cut.owner), "weight", None)
        if scale is None:
            continue
        scale = scale.detach().abs()
        channels = torch.from_numpy(cut.channels).to(scale.device)
        positions = torch.from_numpy(cut.positions).to(scale.device)
        if total is None or count is None:
            total, count = scale.new_zeros(group.size), scale.new_zeros(group.size)
        total.index_add_(0, channels, scale[positions])
        count.index_add_(0, channels, torch.ones_like(scale[positions]))
    if total is None or count is None or bool((count == 0).any()):
        return None
    return total / count
