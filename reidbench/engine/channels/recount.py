"""Bring the numbers that layers hold in line with what is left of their tensors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from reidbench.engine.channels.graph import ChannelGroup, HeldSize
from reidbench.engine.channels.layer_rules import TIED_BY
from reidbench.engine.channels.multihead import make_headwise
from reidbench.engine.channels.plan import PruningPlan

Flags = npt.NDArray[np.bool_]


def recount(module: nn.Module, changed: Sequence[ChannelGroup], plan: PruningPlan) -> None:
    """Recount every layer that lost channels, once, however many groups it lost them from."""
    before, gone, blocks = _lengths(module, changed, plan)
    for owner in before:
        _recount_layer(module.get_submodule(owner), before[owner], gone[owner], owner in blocks)
    for part in module.modules():  # layers whose weight another one owns
        if isinstance(part, _ConvNd | nn.Linear):
            _from_weight(part)
    for group in changed:
        stays = np.isin(np.arange(group.size), plan.kept[group.name])
        for held in group.held_sizes:
            _shrink_held_size(module.get_submodule(held.owner), held, ~stays)


def _lengths(
    module: nn.Module, changed: Sequence[ChannelGroup], plan: PruningPlan
) -> tuple[dict[str, int], dict[str, int], set[str]]:
    """Return each layer's channels, how many of them go, and which layers lose whole blocks."""
    before: dict[str, int] = {}
    gone: dict[str, int] = defaultdict(int)
    blocks = set()
    for group in changed:
        drops = ~np.isin(np.arange(group.size), plan.kept[group.name])
        for cut in (*group.norms, *group.carriers, *group.producers, *group.consumers):
            layer = module.get_submodule(cut.owner)
            rows = not isinstance(layer, _ConvNd | nn.Linear) or cut in group.carriers
            if rows and cut.tensors[:1] != ("bias",):
                if cut in group.carriers and not isinstance(layer, _ConvNd) and cut.tensors:
                    _mark(layer, cut.tensors[0], "block")  # of a functional convolution
                before[cut.owner] = cut.length
                gone[cut.owner] += int(drops[cut.channels].sum())
                blocks.update([cut.owner] if isinstance(layer, _ConvNd) else [])
            else:
                before.setdefault(cut.owner, 0)
    return before, gone, blocks


def _recount_layer(part: nn.Module, before: int, gone: int, block: bool) -> None:
    if isinstance(part, _ConvNd):
        if part.groups > 1:
            _mark(part, "weight", "block" if block else "lane")
        if block:
            part.groups = part.groups * (before - gone) // before
    elif isinstance(part, _NormBase):
        part.num_features = before - gone
    elif isinstance(part, nn.GroupNorm):
        _mark(part, "weight", "block")
        part.num_groups = part.num_groups * (before - gone) // before
        part.num_channels = before - gone
    elif isinstance(part, nn.PReLU):
        part.num_parameters = before - gone
    elif isinstance(part, nn.MultiheadAttention):
        make_headwise(part)
        part.embed_dim = part.kdim = part.vdim = part.in_proj_weight.shape[1]


def _mark(part: nn.Module, weight: str, kind: str) -> None:
    """Note how the channels of a weight were tied, unless an earlier removal has."""
    setattr(part, TIED_BY, {weight: kind} | getattr(part, TIED_BY, {}))


def _from_weight(part: _ConvNd | nn.Linear) -> None:
    weight = part._parameters.get("weight")
    if weight is None or isinstance(weight, nn.UninitializedParameter):
        return
    if isinstance(part, nn.Linear):
        part.out_features, part.in_features = weight.shape
    elif isinstance(part, _ConvTransposeNd):
        part.in_channels, part.out_channels = weight.shape[0], weight.shape[1] * part.groups
    else:
        part.out_channels, part.in_channels = weight.shape[0], weight.shape[1] * part.groups


def _shrink_held_size(part: nn.Module, held: HeldSize, dropped: Any) -> None:
    gone = int(dropped[held.channels].sum())
    value = getattr(part, held.attribute)
    if held.index is None:
        setattr(part, held.attribute, value - gone)
    else:
        entries = list(value)
        entries[held.index] -= gone
        setattr(part, held.attribute, type(value)(entries))
