"""Capturing finds every coupling, refuses what it does not know, and disturbs nothing."""

from __future__ import annotations

import copy
import sys

import pytest
import torch
from torch import nn

from reidbench.engine.channels import CaptureError, UnsupportedOperation, capture
from tests.engine.channels.networks import SMALL, Embedder, conv, dense, fresh, resnet


def owners(slices):
    return [cut.owner for cut in slices]


def test_a_basic_block_has_one_inner_group_and_streams_are_tied():
    graph = dense("resnet18-s2")[1]
    inner = graph.group("layer2.0.conv1")
    assert (inner.size, inner.scope, inner.prunable) == (128, "inner", True)
    assert owners(inner.producers) == ["layer2.0.conv1"]
    assert owners(inner.norms) == ["layer2.0.bn1"]
    assert owners(inner.consumers) == ["layer2.0.conv2"]
    stream = graph.group("conv1")
    assert owners(stream.producers) == ["conv1", "layer1.0.conv2", "layer1.1.conv2"]
    assert "layer2.0.downsample.0" in owners(stream.consumers)
    assert stream.scope == "stream"


@pytest.mark.parametrize(
    ("name", "embedding", "size"),
    [("resnet18-s2", "layer4.0.conv2", 512), ("resnet50-s1", "layer4.0.conv3", 2048)],
)
def test_the_whole_last_stream_is_the_embedding_and_is_never_pruned(name, embedding, size):
    graph = dense(name)[1]
    group = graph.group(embedding)
    assert not group.prunable
    assert group.size == graph.embedding_size == size
    assert embedding not in graph.widths


def test_the_image_is_never_pruned():
    graph = dense("mobilenet")[1]
    assert not graph.group("input").prunable
    assert graph.group("input").size == 3


def test_inner_of_a_bottleneck_is_every_conv_but_the_last():
    names = [group.name for group in dense("resnet50-s2")[1].in_scope("inner")]
    assert names[:2] == ["layer1.0.conv1", "layer1.0.conv2"]
    assert len(names) == 32
    assert all(name.endswith(("conv1", "conv2")) for name in names)


def test_inner_of_an_inverted_residual_is_its_hidden_channels_with_or_without_shortcut():
    graph = dense("mobilenet")[1]
    names = [group.name for group in graph.in_scope("inner")]
    # Blocks 2 to 17 expand; 2, 4, 7, 11, 14 and 17 have no shortcut.
    assert names == [f"features.{block}.conv.0.0" for block in range(2, 18)]
    hidden = graph.group("features.2.conv.0.0")
    assert owners(hidden.carriers) == ["features.2.conv.1.0"]
    assert owners(hidden.norms) == ["features.2.conv.0.1", "features.2.conv.1.1"]
    assert not graph.group("features.18.0").prunable


def test_branches_behind_one_shared_gate_are_one_inner_group():
    graph = dense("shared-gate")[1]
    assert [group.name for group in graph.in_scope("inner")] == [
        *("features.1.enter.0", "features.1.gate.squeeze"),
        *("features.2.enter.0", "features.2.gate.squeeze"),
    ]
    branches = graph.group("features.1.enter.0")
    assert owners(branches.producers) == [
        f"features.1.{layer}" for layer in ("enter.0", "gate.excite", "two.0.0")
    ]


def test_a_network_without_blocks_has_streams_only():
    assert all(group.scope == "stream" for group in dense("concatenated")[1].groups)


def test_groups_come_in_network_order():
    names = [group.name for group in dense("resnet18-s2")[1].groups if group.prunable]
    assert names[:4] == ["conv1", "layer1.0.conv1", "layer1.1.conv1", "layer2.0.conv1"]


def test_a_layer_that_feeds_two_groups_is_numbered():
    widths = dense("concatenated-sum")[1].widths
    assert list(widths.values()) == [6, 10]


def test_split_halves_with_different_norms_stay_in_step():
    graph = dense("instance-and-batch")[1]
    assert graph.widths == {"features.first": 6}


def test_pieces_of_listed_sizes_are_groups_of_their_own_so_that_none_can_vanish():
    graph = dense("halves-apart")[1]
    assert graph.widths == {"features.0": 5, "features.0[2]": 7}


def test_channels_cut_at_a_literal_are_not_prunable():
    graph = dense("sliced")[1]
    assert not any(name.startswith("features.first") for name in graph.widths)


def test_a_training_only_classifier_stays_out_of_the_graph():
    graph = dense("reidentifier")[1]
    assert graph.embedding_size == 7
    assert graph.widths == {"body.0.0": 12, "body.1.0": 10}


def test_flattened_maps_give_each_channel_all_its_columns():
    (cut,) = dense("flattened")[1].group("body.0").consumers
    assert cut.positions.tolist() == list(range(64))
    assert cut.channels.tolist() == [channel for channel in range(8) for _ in range(8)]


@pytest.mark.parametrize("training", [True, False])
def test_capture_leaves_the_network_as_it_was(training):
    network, _ = fresh("resnet18-s2")
    network.train(training)
    network.layer1.eval()
    calls = []
    network.layer2.register_forward_hook(lambda *_: calls.append(1))
    flags = [part.training for part in network.modules()]
    hooks = [len(part._forward_hooks) for part in network.modules()]
    held = list(network.parameters()) + list(network.buffers())
    values = copy.deepcopy(network.state_dict())
    random = torch.get_rng_state()

    capture(network, SMALL)

    assert [part.training for part in network.modules()] == flags
    assert [len(part._forward_hooks) for part in network.modules()] == hooks
    assert calls == []
    assert torch.equal(torch.get_rng_state(), random)
    after = list(network.parameters()) + list(network.buffers())
    assert all(a is b for a, b in zip(held, after, strict=True))
    assert all(torch.equal(value, values[key]) for key, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_failed_capture_also_restores_the_network():
    network = nn.Sequential(nn.Conv2d(4, 4, 1), nn.Dropout()).train()
    with pytest.raises(CaptureError, match="cannot be captured"):
        capture(network, SMALL)
    assert all(part.training for part in network.modules())


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, maps):
        maps = self.conv(maps)
        return (maps if maps.sum() > 0 else -maps).mean(dim=(2, 3))


class Straight(Branching):
    def forward(self, maps):
        print("seen", file=sys.stderr)
        return self.conv(maps).mean(dim=(2, 3))


def test_what_torch_prints_of_a_failed_capture_is_left_out_and_of_no_other(capsys):
    with pytest.raises(CaptureError, match="must not branch on their values"):
        capture(Branching(), SMALL)
    assert capsys.readouterr().err == ""
    capture(Straight(), SMALL)
    assert "seen" in capsys.readouterr().err


class Sorted(nn.Module):
    def forward(self, maps):
        return maps.sort(dim=1).values


def test_an_unknown_operation_is_refused_by_name_and_place():
    network = Embedder(nn.Sequential(conv(3, 4), Sorted(), conv(4, 5)))
    with pytest.raises(UnsupportedOperation, match=r"aten\.sort.*'features\.1'.*rule"):
        capture(network, SMALL)


def test_a_computed_weight_is_refused():
    network = Embedder(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)))
    with pytest.raises(CaptureError):
        capture(network, SMALL)


@pytest.mark.parametrize("norm", [nn.GroupNorm(1, 8), nn.LayerNorm([8, 64, 32]), nn.Softmax(dim=1)])
def test_an_operation_that_needs_all_channels_keeps_them(norm):
    network = Embedder(nn.Sequential(conv(3, 8), norm, conv(8, 6), conv(6, 5)))
    assert list(capture(network, SMALL).widths) == ["features.2.0"]


class AroundNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.second = conv(3, 8), nn.GroupNorm(1, 8), conv(8, 8)

    def forward(self, images):
        return self.second(self.norm(self.first(images))) + torch.arange(8.0).view(1, 8, 1, 1)


def test_what_is_added_to_a_constant_for_each_channel_stays():
    network = Embedder(nn.Sequential(AroundNorm(), conv(8, 5)))
    assert capture(network, SMALL).widths == {}


def test_a_sum_with_a_whole_map_keeps_the_whole_map():
    class Sum(AroundNorm):
        def forward(self, images):
            first = self.norm(self.first(images))
            return first + self.second(first)

    assert capture(Embedder(nn.Sequential(Sum(), conv(8, 5))), SMALL).widths == {}


def test_padding_space_is_harmless_and_channels_of_zeros_are_fixed_beside_the_others():
    layers = [conv(3, 8), nn.ZeroPad2d(1), conv(8, 6), Padded(), conv(8, 5)]
    graph = capture(Embedder(nn.Sequential(*layers)), SMALL)
    assert list(graph.widths) == ["features.0.0", "features.2.0"]
    (columns,) = graph.group("features.2.0").consumers
    assert columns.positions.tolist() == [1, 2, 3, 4, 5, 6]


class Padded(nn.Module):
    def forward(self, maps):
        return nn.functional.pad(maps, (0, 0, 0, 0, 1, 1))


def test_what_a_network_puts_out_keeps_its_channels():
    graph = capture(nn.Sequential(conv(3, 8), conv(8, 4)), SMALL)
    assert list(graph.widths) == ["0.0"]
    assert graph.embedding_size == 4


class Nothing(nn.Module):
    def forward(self, images):
        return {"text": "no tensor"}


def test_a_network_that_returns_no_tensor_is_refused():
    with pytest.raises(CaptureError, match="must return a tensor"):
        capture(Nothing(), SMALL)


def test_a_classifier_on_top_makes_its_classes_the_embedding():
    network = resnet(18)
    network.fc = nn.Linear(512, 10)
    graph = capture(network, SMALL)
    assert graph.embedding_size == 10
    assert graph.group("layer4.0.conv2").prunable
