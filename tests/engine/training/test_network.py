"""The trained network: initial weights from a seed, a BNNeck, and a head pruning never sees."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reidbench.engine.channels import PruningPlan, capture, remove
from reidbench.engine.training import build_network
from tests.engine.training.networks import SMOKE, Plain, network, trainer


def weights(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_the_seed_alone_decides_the_initial_weights():
    first = weights(network(seed=1))
    torch.rand(100)
    assert equal(first, weights(network(seed=1)))
    assert not equal(first, weights(network(seed=2)))


def test_building_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    network(seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_number_of_identities_does_not_change_the_backbones_weights():
    few, many = (
        build_network(Plain, SMOKE.input.size, people, bnneck=True, seed=0) for people in (2, 50)
    )
    assert equal(weights(few.backbone), weights(many.backbone))
    assert many.classifier.weight.shape == (50, 6)


def test_the_bnnecks_bias_stays_zero_in_training():
    net = network()
    trainer(net).train(10)
    assert not net.neck.bias.any()
    assert not torch.equal(net.neck.weight, torch.ones(6))


def test_embeddings_are_taken_after_the_bnneck_and_triplets_before_it():
    net = network().eval()
    images = torch.randn(4, 3, 32, 16)
    with torch.no_grad():
        net.neck.running_mean += 3
        raw, logits = net.for_training(images)
        assert torch.equal(raw, net.backbone(images))
        assert torch.equal(net(images), net.neck(raw))
        assert torch.equal(logits, net.classifier(net.neck(raw)))
        assert not torch.allclose(net(images), raw)


def test_without_a_bnneck_the_embedding_is_the_backbones():
    net = network(bnneck=False).eval()
    images = torch.randn(4, 3, 32, 16)
    assert torch.equal(net(images), net.backbone(images))


def test_pruning_leaves_the_head_and_the_embedding_size_alone():
    net = network()
    head = {name: t for name, t in weights(net).items() if not name.startswith("backbone.")}
    graph = capture(net.backbone, SMOKE.input.size)
    plan = PruningPlan({"conv1": (1, 4, 6)}, {"conv1": 8})
    remove(net.backbone, graph, plan)
    after = {name: t for name, t in weights(net).items() if not name.startswith("backbone.")}
    assert equal(head, after)
    assert net.backbone.conv1.out_channels == 3
    assert net(torch.randn(2, 3, 32, 16)).shape == (2, 6)


def test_a_backbone_that_returns_maps_is_refused():
    with pytest.raises(ValueError, match=r"embeddings \(n, d\), not a tensor of shape \(1, 4, "):
        build_network(lambda: nn.Conv2d(3, 4, 3), SMOKE.input.size, 2, bnneck=True, seed=0)
