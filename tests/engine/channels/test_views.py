"""A group's view shows its weights, scales, feature maps and readers, channel by channel."""

from __future__ import annotations

import torch
from torch import nn

from reidbench.engine.channels import capture, remove, view
from tests.engine.channels.networks import SMALL, dense, embed, fresh, images, random_plan


def view_of(name, group):
    network, graph = dense(name)
    return network, view(network, graph, graph.group(group))


def test_a_plain_group_shows_its_filters_as_rows():
    network, shown = view_of("resnet18-s2", "layer2.0.conv1")
    assert torch.equal(shown.weight, network.layer2[0].conv1.weight.detach().flatten(1))
    assert not shown.weight.requires_grad
    assert torch.equal(shown.norm_scale, network.layer2[0].bn1.weight.detach().abs())
    assert shown.observed == [network.layer2[0].bn1]
    ((reader, positions),) = shown.consumers
    assert reader is network.layer2[0].conv2
    assert positions.tolist() == list(range(128))


def test_a_stream_shows_all_its_producers_side_by_side():
    network, shown = view_of("resnet18-s2", "conv1")
    makers = [network.conv1, network.layer1[0].conv2, network.layer1[1].conv2]
    rows = torch.cat([maker.weight.detach().flatten(1) for maker in makers], dim=1)
    assert torch.equal(shown.weight, rows)
    assert shown.observed == [network.bn1, network.layer1[0].bn2, network.layer1[1].bn2]
    scales = torch.stack([part.weight.detach().abs() for part in shown.observed])
    assert torch.allclose(shown.norm_scale, scales.mean(0))


def test_rows_of_tied_positions_belong_to_one_channel():
    network, shown = view_of("instance-and-batch", "features.first")
    weight = network.features.first.weight.detach().flatten(1)
    assert shown.size == 6
    assert torch.equal(shown.weight, torch.cat([weight[:6], weight[6:]], dim=1))


def test_norms_of_two_halves_make_one_scale():
    network, shown = view_of("instance-and-batch", "features.first")
    norm = network.features.norm
    scale = (norm.instance.weight.abs() + norm.batch.weight.abs()).detach() / 2
    assert torch.allclose(shown.norm_scale, scale)


def test_a_group_without_scales_says_so():
    assert view_of("scaled", "features.first")[1].norm_scale is None


def test_consumers_of_a_concatenation_are_located():
    network, shown = view_of("concatenated", "features.right.0")
    places = {reader: positions.tolist() for reader, positions in shown.consumers}
    assert places == {
        network.features.merge[0]: list(range(6, 16)),
        network.features.last[0]: list(range(14, 24)),
    }


def test_observed_modules_emit_the_groups_channels():
    for name in ("concatenated-sum", "shared-gate", "mobilenet", "resnet50-s2", "scaled"):
        network, graph = fresh(name)
        for group in graph.in_scope("all"):
            shown = view(network, graph, group)
            assert len(shown.observed) == len(group.producers)
            for part, channels in zip(shown.observed, shown.observed_channels, strict=True):
                seen = []
                hook = part.register_forward_hook(lambda _m, _i, out, s=seen: s.append(out))
                embed(network)
                hook.remove()
                assert seen[-1].shape[1] > int(channels.max())
                assert len(channels) % group.size == 0
            if name in ("mobilenet", "resnet50-s2"):
                break


def test_maps_of_a_layer_with_two_norms_are_seen_after_their_own():
    network, graph = fresh("halves-apart")
    _, norms, *_ = network.features
    shown = [view(network, graph, group) for group in graph.in_scope("all")]
    assert [one.observed for one in shown] == [[norms.instance], [norms.batch]]
    assert [one.observed_channels[0].tolist() for one in shown] == [[*range(5)], [*range(7)]]
    assert [one.activation for one in shown] == ["relu", "relu"]


def test_maps_are_seen_behind_a_depthwise_convolution_that_follows_directly():
    network, graph = fresh("light")
    shown = [view(network, graph, graph.group(name)) for name in ("features.0", "features.4")]
    # The layer that the activation reads: a norm here, the depthwise convolution itself there.
    assert [one.observed for one in shown] == [[network.features[2]], [network.features[6]]]
    assert [one.activation for one in shown] == ["relu", "relu"]


def test_views_follow_surgery():
    network, graph = fresh("resnet18-s2")
    plan = random_plan(graph, "all", 12)
    before = view(network, graph, graph.group("layer3.0.conv1")).weight
    remove(network, graph, plan)
    again = capture(network, SMALL)
    after = view(network, again, again.group("layer3.0.conv1"))
    assert after.size == plan.widths["layer3.0.conv1"]
    rows = before[list(plan.kept["layer3.0.conv1"])].reshape(after.size, 128, 3, 3)
    columns = list(plan.kept["layer2.0.conv2"])
    assert torch.equal(after.weight, rows[:, columns].flatten(1))
    assert isinstance(after.observed[0], nn.BatchNorm2d)


def test_a_live_view_leads_gradients_to_the_parameters():
    network, graph = fresh("resnet18-s2")
    live = view(network, graph, graph.group("layer2.0.conv1"), live=True)
    (live.weight.square().sum() + live.norm_scale.sum()).backward()
    block = network.layer2[0]
    assert torch.equal(block.conv1.weight.grad, 2 * block.conv1.weight.detach())
    assert torch.equal(block.bn1.weight.grad, block.bn1.weight.detach().sign())
    still = view(network, graph, graph.group("layer2.0.conv1"))
    assert not any(tensor.requires_grad for tensor in (still.weight, *still.coupled))


def test_the_gradient_stands_beside_the_weight():
    network, graph = fresh("resnet18-s2")
    shown = view(network, graph, graph.group("conv1"))
    assert shown.gradient is None
    network(images(network)).square().sum().backward()
    makers = [network.conv1, network.layer1[0].conv2, network.layer1[1].conv2]
    rows = torch.cat([maker.weight.grad.flatten(1) for maker in makers], dim=1)
    assert torch.equal(shown.gradient, rows)
    assert shown.gradient.shape == shown.weight.shape


def test_everything_that_goes_with_a_channel_is_coupled():
    """What removal takes away is what the coupled tensors hold, biases and statistics aside."""
    for name in ("resnet18-s2", "mobilenet", "concatenated", "instance-and-batch"):
        network, graph = fresh(name)
        for group in graph.in_scope("all")[:6]:
            shown = view(network, graph, group)
            assert all(len(tensor) == group.size for tensor in shown.coupled)
            weights = {cut.owner for cut in group.slices if "weight" in cut.tensors}
            norms = {cut.owner for cut in group.norms}
            total = 0
            for cut in group.slices:
                if cut.owner in weights | norms:
                    part = getattr(network.get_submodule(cut.owner), "weight", None)
                    if part is not None:
                        entries = part.detach().movedim(cut.dim, 0)[cut.positions]
                        total += entries.square().sum()
            found = sum(tensor.square().sum() for tensor in shown.coupled)
            torch.testing.assert_close(torch.as_tensor(found), torch.as_tensor(total))


def test_a_group_knows_the_activation_behind_it():
    _, inner = view_of("resnet18-s2", "layer2.0.conv1")
    assert inner.activation == "relu"
    # The stem's map goes through a ReLU, the blocks' last ones are added up first.
    _, stream = view_of("resnet18-s2", "conv1")
    assert stream.activation is None
    assert stream.group.observed[0].activation == "relu"
    network, graph = dense("mobilenet")
    kinds = {view(network, graph, group).activation for group in graph.in_scope("inner")}
    assert kinds == {"relu6"}
    bottlenecks = [g for g in graph.in_scope("all") if g.scope == "stream"]
    assert None in {view(network, graph, group).activation for group in bottlenecks}
