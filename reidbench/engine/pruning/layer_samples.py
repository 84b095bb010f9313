"""What the layers behind a channel group read, and should give, at sampled places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from reidbench.api.tasks import CannotScore
from reidbench.engine.channels import ChannelGraph, GroupView, PruningPlan
from reidbench.engine.channels.graph import Slice
from reidbench.engine.modes import evaluating
from reidbench.engine.pruning.calibration import Batches
from reidbench.engine.training import Network


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


@dataclass(frozen=True, eq=False)
class LayerSample:
    """The ``reidbench.api.NextLayer`` of one layer."""

    name: str
    weight: Tensor
    inputs: Tensor
    outputs: Tensor


def sample_next_layers(
    group: GroupView,
    network: Network,
    anchor: Anchor,
    batches: Batches,
    points: int,
    random: torch.Generator,
) -> list[LayerSample]:
    """Return a sample of every layer that reads ``group``, over all ``batches``.

    Raises:
        CannotScore: a reader is neither a plain 2-d convolution nor a linear layer.
    """
    cuts, old = group.group.consumers, anchor.graph.group(group.name)
    for cut in cuts:
        _refuse_unusual(network.backbone.get_submodule(cut.owner), cut)
    seeds = [int(torch.randint(2**62, (1,), generator=random)) for _ in cuts]
    inputs = _all_inputs(network, cuts, group.size, batches, points, seeds)
    old_inputs = _all_inputs(anchor.network, old.consumers, old.size, batches, points, seeds)
    samples = []
    for index, cut in enumerate(cuts):
        whole = _columns(anchor.network.backbone, old.consumers[index], old.size)
        rows = whole[anchor.rows(cut.owner)].double()
        outputs = torch.einsum("sct,oct->so", old_inputs[index].double(), rows).float()
        weight = _columns(network.backbone, cut, group.size)
        samples.append(LayerSample(cut.owner, weight, inputs[index], outputs))
    return samples


def columns_shape(backbone: nn.Module, cut: Slice, size: int, kept: int) -> tuple[int, int, int]:
    """Return (outputs, kept, taps) of a layer's weights on ``kept`` of a group's channels."""
    outputs, _, taps = _columns(backbone, cut, size).shape
    return outputs, kept, taps


def write_columns(backbone: nn.Module, cut: Slice, kept: Tensor, weight: Tensor) -> None:
    """Put ``weight`` (outputs, kept, taps) into the columns of the layer for channels ``kept``."""
    parameter = _weight(backbone, cut)
    positions = torch.from_numpy(cut.positions[torch.isin(torch.from_numpy(cut.channels), kept)])
    outputs, channels, taps = weight.shape
    space = parameter.shape[2:]
    each = taps // max(1, space.numel())
    new = weight.reshape(outputs, channels * each, *space).to(parameter)
    with torch.no_grad():
        parameter.index_copy_(1, positions.to(parameter.device), new)


def _columns(backbone: nn.Module, cut: Slice, size: int) -> Tensor:
    """Return the layer's weights by channel, (outputs, size, taps), detached."""
    weight = _weight(backbone, cut).detach()
    own = weight.index_select(1, torch.from_numpy(cut.positions).to(weight.device))
    return own.reshape(len(weight), size, -1)


def _weight(backbone: nn.Module, cut: Slice) -> Tensor:
    weight = backbone.get_submodule(cut.owner).weight
    assert isinstance(weight, Tensor)
    return weight


def _refuse_unusual(layer: nn.Module, cut: Slice) -> None:
    plain = isinstance(layer, nn.Linear) or (
        isinstance(layer, nn.Conv2d)
        and layer.groups == 1
        and layer.padding_mode == "zeros"
        and not isinstance(layer.padding, str)
    )
    if not plain:
        raise CannotScore(
            f"its reader '{cut.owner}' is neither a plain 2-d convolution nor a linear layer, and "
            "cannot be refitted; use a scope that leaves it out, or another method"
        )


def _all_inputs(
    network: Network,
    cuts: tuple[Slice, ...],
    size: int,
    batches: Batches,
    points: int,
    seeds: list[int],
) -> list[Tensor]:
    """Return what each layer reads at its sampled places, (samples, size, taps)."""
    randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
    parts: list[list[Tensor]] = [[] for _ in cuts]
    with evaluating(network), torch.no_grad():
        for images, _ in batches:
            with _reading(network.backbone, cuts) as reads:
                network(images)
            for index, cut in enumerate(cuts):
                layer = network.backbone.get_submodule(cut.owner)
                for read in reads[cut.owner]:
                    part = read.index_select(
                        1 if isinstance(layer, nn.Conv2d) else -1,
                        torch.from_numpy(cut.positions).to(read.device),
                    )
                    parts[index].append(_places(layer, part.float(), size, points, randoms[index]))
    return [torch.cat(part) for part in parts]


def _places(
    layer: nn.Module, read: Tensor, size: int, points: int, random: torch.Generator
) -> Tensor:
    """Return ``points`` random places an image of what a layer reads, (samples, size, taps)."""
    if not isinstance(layer, nn.Conv2d):
        return read.reshape(-1, size, read.shape[-1] // size)
    assert not isinstance(layer.padding, str)
    patches = functional.unfold(
        read, layer.kernel_size, layer.dilation, layer.padding, layer.stride
    )
    count, _, places = patches.shape
    sampled = torch.randint(places, (count, 1, points), generator=random).to(read.device)
    picked = patches.gather(2, sampled.expand(-1, patches.shape[1], -1))
    return picked.permute(0, 2, 1).reshape(count * points, size, -1)


@contextmanager
def _reading(backbone: nn.Module, cuts: tuple[Slice, ...]) -> Iterator[dict[str, list[Tensor]]]:
    """Collect what each layer reads during the block."""
    reads: dict[str, list[Tensor]] = {cut.owner: [] for cut in cuts}
    handles = [
        backbone.get_submodule(owner).register_forward_pre_hook(
            # A copy: an in-place operation behind the layer may overwrite it.
            lambda module, inputs, owner=owner: reads[owner].append(inputs[0].clone())
        )
        for owner in reads
    ]
    try:
        yield reads
    finally:
        for handle in handles:
            handle.remove()
