"""Operations that only move, join, cut or reweigh channels leave them prunable, and exact."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from reidbench.engine.channels import PruningPlan, capture, remove
from tests.engine.channels.exactness import assert_exact, captured
from tests.engine.channels.right_or_refused import Between, Own

SIZE = (3, 16, 16)
SHUFFLED = {
    "roll and flip in space": lambda _, x: x.roll((1, 2), (2, 3)) + x.flip(2),
    "unbind and stack": lambda _, x: torch.stack(x.unbind(2), 2),
    "swapaxes": lambda _, x: x.swapaxes(2, 3).swapdims(1, 2).swapaxes(1, 2),
    "movedim": lambda _, x: x.movedim(1, -1).sigmoid().movedim(-1, 1),
    "reshape_as": lambda _, x: x.flatten(2).softmax(-1).reshape_as(x),
    "view_as": lambda _, x: x.flatten(2).cumsum(-1).view_as(x),
    "addcmul": lambda _, x: torch.addcmul(x, x, x.sigmoid()),
    "where": lambda _, x: torch.where(x > 0, x, 0.1 * x),
    "masked_fill": lambda _, x: x.masked_fill(x < 0, 0.5),
    "max in space": lambda _, x: x * x.max(2, keepdim=True)[0].sigmoid(),
    "topk in space": lambda _, x: x * x.topk(3, 3)[0].mean(3, keepdim=True),
    "bicubic": lambda _, x: F.interpolate(x, size=(9, 9), mode="bicubic"),
    "index in space": lambda _, x: x[:, :, [3, 1, 2]] + x.index_select(2, torch.tensor([0, 4, 5])),
    "stack and sum": lambda _, x: torch.stack([x, x.sigmoid()]).sum(0),
    "filled like another": lambda _, x: x + torch.zeros_like(x).add_(1.0),
}


@pytest.mark.parametrize("name", SHUFFLED)
def test_every_channel_may_go_alone(name):
    network = Between(Own(SHUFFLED[name]))
    graph = captured(network, SIZE)
    assert graph.widths == {"a": 16}
    assert_exact(network, graph)


# How many units of a stem's 16 channels can go, and how wide the result is.
IN_STEP = {
    "glu": (lambda _, x: F.glu(x, 1), 8, 8),
    "channel shuffle": (lambda _, x: F.channel_shuffle(x, 4), 4, 16),
    "pixel shuffle": (lambda _, x: F.pixel_shuffle(x, 2), 4, 4),
    "pixel unshuffle": (lambda _, x: F.pixel_unshuffle(x, 2), 16, 64),
    "windows": (lambda _, x: F.unfold(x, 3).unflatten(2, (14, 14)), 16, 144),
    "repeat": (lambda _, x: x.repeat(1, 3, 1, 1), 16, 48),
    "repeat each": (lambda _, x: x.repeat_interleave(2, 1), 16, 32),
    "channels of zeros": (lambda _, x: F.pad(x, (0, 0, 0, 0, 2, 3)), 16, 21),
}


@pytest.mark.parametrize("name", IN_STEP)
def test_channels_go_in_step(name):
    function, units, width = IN_STEP[name]
    network = Between(Own(function), width)
    graph = captured(network, SIZE)
    assert graph.widths == {"a": units}
    assert_exact(network, graph)


def test_group_norm_loses_whole_groups():
    network = Between(nn.Sequential(nn.GroupNorm(4, 16), nn.ReLU()))
    graph = captured(network, SIZE)
    assert graph.widths == {"a": 4}
    assert_exact(network, graph)
    remove(network, graph, PruningPlan({"a": (0, 2, 3)}, {"a": 4}))
    assert (network.mid[0].num_groups, network.mid[0].num_channels) == (3, 12)


def test_a_group_norm_cut_to_one_group_keeps_its_name():
    network = Between(nn.GroupNorm(4, 16))
    remove(network, capture(network, SIZE), PruningPlan({"a": (2,)}, {"a": 4}))
    assert capture(network, SIZE).widths == {"a": 1}


def test_a_transposed_convolution_makes_and_reads_channels():
    layers = nn.Sequential(nn.ConvTranspose2d(16, 12, 2, 2), nn.BatchNorm2d(12), nn.ReLU())
    network = Between(layers, 12)
    graph = captured(network, SIZE)
    assert graph.widths == {"a": 16, "mid.0": 12}
    assert_exact(network, graph)
    remove(network, graph, PruningPlan({"a": (0, 5), "mid.0": (1, 2, 3)}, graph.widths))
    assert (network.mid[0].in_channels, network.mid[0].out_channels) == (2, 3)


class ZeroPadded(nn.Module):
    """The shortcut of CIFAR ResNets: every second pixel, and channels of zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(16, 24, 3, 2, 1), nn.Conv2d(24, 24, 3, padding=1)

    def forward(self, maps):
        shortcut = F.pad(maps[:, :, ::2, ::2], (0, 0, 0, 0, 4, 4))
        return self.two(self.one(maps).relu()) + shortcut


def test_a_zero_padded_shortcut_keeps_only_what_meets_its_zeros():
    network = Between(ZeroPadded(), 24)
    graph = captured(network, SIZE)
    assert graph.widths == {"a": 16, "mid.one": 24}
    assert_exact(network, graph)


def test_a_gate_of_one_channel_ties_nothing():
    gate = nn.Conv2d(16, 1, 1)
    for function in (
        lambda s, x: x * s.gate(x).sigmoid().expand_as(x),
        lambda s, x: x * s.gate(x).sigmoid(),
    ):
        assert capture(Between(Own(function, gate=gate)), SIZE).widths == {"a": 16}


@pytest.mark.parametrize(
    "function",
    [
        lambda _, x: x.roll(1, 1),
        lambda _, x: x.flip(1),
        lambda _, x: torch.stack(x.unbind(1)[:5], 1).repeat(1, 4, 1, 1)[:, :16],
        lambda _, x: x.index_select(1, torch.arange(16)),
        lambda _, x: x * x.max(1, keepdim=True)[0],
        lambda _, x: x + torch.ones(16, 1, 1),
        lambda _, x: F.pad(x.transpose(1, 3), (1, 1, 0, 0), mode="reflect").transpose(1, 3)[:, :16],
    ],
)
def test_an_operation_on_channels_by_their_number_keeps_them(function):
    assert "a" not in capture(Between(Own(function)), SIZE).widths


@pytest.mark.parametrize("keep", ["mid.*", "mid.0"])
def test_layers_can_be_kept_by_name(keep):
    network = Between(nn.Sequential(nn.Conv2d(16, 8, 1), nn.ReLU()), 8)
    graph = capture(network, SIZE, keep=[keep])
    assert graph.widths == {"a": 16}
    assert graph.group("mid.0").kept_by == (f"kept as asked ({keep})",)
    assert_exact(network, graph)


def test_a_group_that_stays_says_what_keeps_it():
    graph = capture(Between(nn.GroupNorm(1, 16)), SIZE)
    assert graph.group("a").kept_by == ("'aten.group_norm.default' in module 'mid'",)
    assert graph.group("input").kept_by == ("the image",)
    assert graph.group("b").kept_by == ("the embedding",)


def test_a_map_of_positions_made_for_every_image_is_counted_once_an_image():
    def positions(part, maps):
        places = torch.ones(maps.shape[0], 4, *maps.shape[2:], dtype=maps.dtype).cumsum(3)
        return maps + part.embed(places)

    network = Between(Own(positions, embed=nn.Conv2d(4, 16, 1)))
    assert_exact(network, captured(network, SIZE))


def test_a_tensor_of_the_usual_precision_is_no_reason_to_refuse():
    def shifted(_, maps):
        return torch.conv2d(maps, torch.ones(4, 16, 1, 1))

    network = Between(Own(shifted), 4)
    captured(network, SIZE)
    assert torch.get_default_dtype() is torch.float32
