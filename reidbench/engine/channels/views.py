"""What a pruning method sees of one channel group: its weights, scales, maps and readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from reidbench.engine.channels.graph import ChannelGraph, ChannelGroup, IntArray, Slice


@dataclass(frozen=True, eq=False)
class GroupView:
    """Show a channel group of a network as it is now; channel ``i`` is index ``i`` everywhere.

    A ``live`` view's tensors lead gradients to the network's parameters; others are detached.
    """

    module: nn.Module
    group: ChannelGroup
    live: bool = False

    @property
    def name(self) -> str:
        """Path of the first producing layer."""
        return self.group.name

    @property
    def size(self) -> int:
        """Channels of the group."""
        return self.group.size

    @property
    def weight(self) -> Tensor:
        """All producers' filters, flattened and side by side, (channels, features)."""
        return torch.cat([self._rows(cut) for cut in self.group.producers], dim=1)

    @property
    def gradient(self) -> Tensor | None:
        """Gradient of the loss with respect to ``weight``, or None before any backward."""
        parts = []
        for cut in self.group.producers:
            slope = self._parameter(cut.owner, cut.tensors[0]).grad
            if slope is None:
                return None
            parts.append(_rows(slope, cut, self.size))
        return torch.cat(parts, dim=1)

    @property
    def norm_scale(self) -> Tensor | None:
        """Mean absolute scale over the group's norms, (channels,), or None."""
        scales = [(cut, self._scale(cut)) for cut in self.group.norms]
        return _mean_by_channel(((cut, x.abs()) for cut, x in scales if x is not None), self.size)

    @property
    def coupled(self) -> list[Tensor]:
        """Every weight that goes with the channels, each as (channels, features)."""
        group = self.group
        rows = [self._rows(cut) for cut in (*group.producers, *group.carriers, *group.consumers)]
        scales = [(cut, self._scale(cut)) for cut in group.norms]
        return rows + [_rows(x, cut, self.size) for cut, x in scales if x is not None]

    @property
    def activation(self) -> str | None:
        """What every producer's map goes through next, if they agree on it."""
        names = {seen.activation for seen in self.group.observed}
        return names.pop() if len(names) == 1 else None

    @property
    def observed(self) -> list[nn.Module]:
        """One module a producer whose output holds the feature map, after its norm."""
        return [self.module.get_submodule(seen.owner) for seen in self.group.observed]

    @property
    def observed_channels(self) -> list[Tensor]:
        """Where in dimension 1 of each observed output the channels are, in order."""
        return [torch.from_numpy(seen.positions) for seen in self.group.observed]

    @property
    def consumers(self) -> list[tuple[nn.Module, Tensor]]:
        """The next layers, each with the channels' positions in dimension 1 of its weight.

        By channel, then position.
        """
        return [
            (self.module.get_submodule(cut.owner), torch.from_numpy(cut.positions))
            for cut in self.group.consumers
        ]

    def _rows(self, cut: Slice) -> Tensor:
        return _rows(self._parameter(cut.owner, cut.tensors[0]), cut, self.size, live=self.live)

    def _scale(self, cut: Slice) -> Tensor | None:
        scale = getattr(self.module.get_submodule(cut.owner), "weight", None)
        return scale if scale is None or self.live else scale.detach()

    def _parameter(self, owner: str, name: str) -> Tensor:
        parameter: Tensor = getattr(self.module.get_submodule(owner), name)
        return parameter


def view(
    module: nn.Module, graph: ChannelGraph, group: ChannelGroup, *, live: bool = False
) -> GroupView:
    """Return the view of ``group`` in ``module``, which ``graph`` is a capture of."""
    return GroupView(module, group, live)


def _rows(tensor: Tensor, cut: Slice, size: int, *, live: bool = True) -> Tensor:
    """Return a tensor's entries by channel, (size, features); 0 where a channel has fewer."""
    tensor = (tensor if live else tensor.detach()).movedim(cut.dim, 0)
    if len(cut.positions) == len(tensor) == size and _in_order(cut):
        return tensor.reshape(size, -1)
    rows = tensor.index_select(0, _on(tensor, cut.positions))
    # Positions come sorted by channel: where all have equally many, rows stand side by side.
    counts = np.bincount(cut.channels, minlength=size)
    if (counts == counts[0]).all():
        return rows.reshape(size, -1)
    places = np.concatenate([np.arange(count) for count in counts])
    table = tensor.new_zeros(size, int(counts.max()), *tensor.shape[1:])
    table = table.index_put((_on(tensor, cut.channels), _on(tensor, places)), rows)
    return table.reshape(size, -1)


def _in_order(cut: Slice) -> bool:
    straight = np.arange(len(cut.positions))
    return bool((cut.positions == straight).all() and (cut.channels == straight).all())


def _mean_by_channel(values: Iterable[tuple[Slice, Tensor]], size: int) -> Tensor | None:
    total: Tensor | None = None
    count: Tensor | None = None
    for cut, scale in values:
        channels, own = _on(scale, cut.channels), scale[_on(scale, cut.positions)]
        if total is None or count is None:
            total, count = scale.new_zeros(size), scale.new_zeros(size)
        total = total.index_add(0, channels, own)
        count = count.index_add(0, channels, torch.ones_like(own))
    if total is None or count is None or bool((count == 0).any()):
        return None
    return total / count


def _on(tensor: Tensor, indices: IntArray) -> Tensor:
    return torch.from_numpy(indices).to(tensor.device)
