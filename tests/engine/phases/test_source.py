"""Sources: networks that learn to classify first, or begin with published weights."""

from __future__ import annotations

import pytest
import torch

from reidbench.config.protocol import ProtocolError, load_protocol
from reidbench.engine.phases.checkpoint import starting_network
from reidbench.engine.phases.prune import begin_prune
from reidbench.plan import LoadNode
from tests.engine.phases.world import CLASSES_DATA, World, method


@pytest.fixture
def source(world):
    return world.but(data=CLASSES_DATA)


def test_a_classification_source_trains_on_shuffled_batches_without_triplets(source):
    node = source.train()
    assert node.rules.training.loss.triplet == 0
    meta = source.run(node)
    assert meta["steps"] == 3 * (128 // 16)
    assert meta["epochs"] == 3


def test_its_classifier_goes_on_in_the_next_phase_there_and_starts_anew_elsewhere(source, world):
    trained = source.train()
    source.run(trained)
    there, _ = starting_network(source.prune(network=trained), 8, source.store)
    elsewhere, _ = starting_network(world.train(trained), 12, world.store)
    assert there.classifier.weight.shape[0] == 8
    assert there.classifier.weight.abs().max() > 0.01  # it starts at a thousandth
    assert elsewhere.classifier.weight.shape[0] == 12
    assert elsewhere.classifier.weight.abs().max() < 0.01
    assert torch.equal(there.backbone.stem.weight, elsewhere.backbone.stem.weight)


@pytest.mark.parametrize("contender", ["ByNorm", "ByMaps"])
def test_methods_prune_on_it_and_the_target_goes_on_from_there(source, world, contender):
    cut = source.prune(method(contender, "iterative"), network=source.train())
    tuned = world.train(cut)
    world.run(tuned)
    scores = world.run(world.measure(tuned))
    assert (
        source.store.meta(cut.key)["cost"]["macs"]
        < source.store.meta(cut.key)["cost"]["dense_macs"]
    )
    assert 0 < scores["metrics"]["mAP"] <= 1


def test_its_calibration_images_are_shuffled_and_the_same_for_every_method(source):
    node = source.prune(network=None)
    first = begin_prune(node, source.context()).prunable.calibration
    second = begin_prune(node, source.context()).prunable.calibration
    assert [len(labels) for _, labels in first] == [16, 16]
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, second, strict=True))


def test_a_protocol_without_rules_for_it_says_so(source):
    node = source.but(rules=load_protocol("smoke/1")).train()
    with pytest.raises(ProtocolError, match="no rules for a classification source"):
        source.run(node)


def loading(world: World, weights) -> LoadNode:
    fields = (world.rules, world.data, world.backbone, world.seed, None, None)
    return LoadNode(*fields, weights)


def test_published_weights_are_where_the_next_phase_begins(world):
    node = loading(world, "imagenet")
    world.run(node)
    network, plan = starting_network(world.train(node), 12, world.store)
    assert plan is not None
    assert (network.backbone.stem.weight == 0.01).all()
    assert len(network.classifier.weight) == 12


def test_their_classifier_goes_on_where_the_classes_are_the_same_and_no_neck_is_between(source):
    plain = source.rules.model_dump()
    for rules in (plain["training"], plain["source"]["training"]):
        rules["bnneck"] = False
    bare = source.but(rules=type(source.rules).model_validate(plain))
    for world, own in ((source, False), (bare, True)):
        node = loading(world, "imagenet")
        world.run(node)
        network, _ = starting_network(world.prune(network=node), 8, world.store)
        assert bool((network.classifier.weight == 0.02).all()) is own
    elsewhere, _ = starting_network(
        bare.but(data=World(bare.store).data).train(node), 12, bare.store
    )
    assert len(elsewhere.classifier.weight) == 12


def test_a_file_of_weights_loads_without_reading_an_image_of_the_source(world, tmp_path):
    states = world.backbone.build().state_dict()
    torch.save(states, tmp_path / "tiny.pth")
    node = loading(world, tmp_path / "tiny.pth")
    world.run(node)
    network, _ = starting_network(world.train(node), 12, world.store)
    assert torch.equal(network.backbone.stem.weight, states["stem.weight"])
