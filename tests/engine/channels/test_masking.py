"""Masks silence channels for good; softening zeroes filters that may grow back."""

from __future__ import annotations

import torch

from reidbench.engine.channels import PruningPlan, mask, soften
from tests.engine.channels.networks import embed, fresh, images


def without(graph, name, *channels):
    everything = PruningPlan.everything(graph)
    kept = dict(everything.kept)
    kept[name] = tuple(c for c in kept[name] if c not in channels)
    return PruningPlan(kept, everything.sizes)


def test_masking_zeroes_filters_norms_and_the_next_layers_columns():
    network, graph = fresh("resnet18-s2")
    mask(network, graph, without(graph, "layer1.0.conv1", 3))
    block = network.layer1[0]
    assert not block.conv1.weight[3].any()
    assert not block.bn1.weight[3].any()
    assert not block.bn1.bias[3].any()
    assert not block.conv2.weight[:, 3].any()
    assert block.conv1.weight[2].any()
    assert block.conv2.weight[:, 2].any()


def test_softening_zeroes_only_the_filters():
    network, graph = fresh("resnet18-s2")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    soften(network, graph, without(graph, "layer1.0.conv1", 3, 5))
    after = network.state_dict()
    changed = [name for name in after if not torch.equal(before[name], after[name])]
    assert changed == ["layer1.0.conv1.weight"]
    assert after[changed[0]].flatten(1).any(1).logical_not().nonzero().flatten().tolist() == [3, 5]


def test_softening_zeroes_biases_and_every_producer_of_a_stream():
    network, graph = fresh("shared-gate")
    name = next(group.name for group in graph.groups if len(group.producers) > 1)
    soften(network, graph, without(graph, name, 0))
    for cut in graph.group(name).producers:
        part = network.get_submodule(cut.owner)
        assert not part.weight[0].any()
        assert not part.bias[0].any()


def test_softened_filters_grow_back_and_momentum_does_not_bring_them_back():
    network, graph = fresh("resnet18-s2")
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    embed_loss(network).backward()
    optimizer.step()
    plan = without(graph, "layer1.0.conv1", 3)
    soften(network, graph, plan, optimizer)
    weight = network.layer1[0].conv1.weight
    assert not optimizer.state[weight]["momentum_buffer"][3].any()
    assert optimizer.state[weight]["momentum_buffer"].any()

    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
    assert not weight[3].any(), "old momentum alone must not revive a filter"

    network.train()
    embed_loss(network).backward()
    optimizer.step()
    assert weight[3].any()


def embed_loss(network):
    return network(images(network)).square().mean()


def test_a_masked_network_still_runs_at_full_size():
    network, graph = fresh("gated")
    mask(network, graph, without(graph, "features.0.0", 0, 1, 2))
    assert embed(network).shape == (2, 5)


def test_softening_by_a_factor_shrinks_filters_and_forgets_their_momentum():
    network, graph = fresh("resnet18-s2")
    before = network.layer1[0].conv1.weight.detach().clone()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9)
    network(images(network)).square().sum().backward()
    optimiser.step()
    kept = {g: tuple(range(size)) for g, size in graph.widths.items()}
    kept["layer1.0.conv1"] = tuple(range(2, 64))
    soften(network, graph, PruningPlan(kept, graph.widths), optimiser, factor=0.25)
    after = network.layer1[0].conv1.weight.detach()
    assert torch.equal(after[:2], before[:2] * 0.25)
    assert torch.equal(after[2:], before[2:])
    momentum = optimiser.state[network.layer1[0].conv1.weight]["momentum_buffer"]
    assert not momentum[:2].any()
    assert momentum[2:].any()


def test_norms_shrink_with_their_filters_where_that_is_asked():
    network, graph = fresh("resnet18-s2")
    norm, plan = network.layer1[0].bn1, without(graph, "layer1.0.conv1", 0, 1)
    with torch.no_grad():
        norm.bias.copy_(torch.rand(64))
    scale, shift = norm.weight.detach().clone(), norm.bias.detach().clone()
    other = network.layer1[0].bn2.weight.detach().clone()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9)
    network(images(network)).square().sum().backward()
    optimiser.step()
    soften(network, graph, plan, optimiser, factor=0.25, norms=True)
    assert torch.equal(norm.weight[:2], scale[:2] * 0.25)
    assert torch.equal(norm.bias[:2], shift[:2] * 0.25)
    assert torch.equal(norm.weight[2:], scale[2:]) and torch.equal(norm.bias[2:], shift[2:])
    assert not optimiser.state[norm.weight]["momentum_buffer"][:2].any()
    # Nobody else's: the next norm is of other channels.
    assert torch.equal(network.layer1[0].bn2.weight, other)


def test_behind_batch_norm_a_factor_does_nothing_unless_the_norm_shrinks_too():
    def moved(norms):
        network, graph = fresh("resnet18-s2")
        network.train()
        before = network(images(network)).detach()
        plan = without(graph, "layer1.0.conv1", *range(32))
        soften(network, graph, plan, factor=0.3, norms=norms)
        return ((network(images(network)) - before).norm() / before.norm()).item()

    assert moved(norms=False) < 1e-3
    assert moved(norms=True) > 1e-2
