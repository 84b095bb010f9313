"""What the layers behind a group read at sampled places, and what they should give there."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from reidbench.api import CannotScore
from reidbench.engine.channels import PruningPlan, capture, remove, view
from reidbench.engine.pruning.layer_samples import Anchor, sample_next_layers, write_columns
from reidbench.engine.training import Network
from reidbench.errors import MethodError
from tests.engine.phases.criteria import ByNorm
from tests.engine.phases.world import CPU, STEPS, method

SIZE = (3, 16, 8)


class Reader(nn.Module):
    """A strided, padded, dilated convolution and a linear layer over a flattened map."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 4, (3, 2), stride=(2, 1), padding=(2, 1), dilation=(2, 1))
        self.last = nn.Linear(4 * 8 * 9, 5)

    def forward(self, images):
        maps = torch.relu(self.second(torch.relu(self.first(images))))
        return self.last(maps.flatten(1))


def network_of(module):
    with torch.no_grad():
        size = module(torch.zeros(1, *SIZE)).shape[1]
    return Network(module, size, 4, bnneck=False).eval()


def sampled(network, group, *, points=3, anchor=None, batches=None):
    graph = capture(network.backbone, SIZE)
    anchor = anchor or Anchor(network, graph, PruningPlan.everything(graph))
    batches = batches or [(torch.randn(4, *SIZE), torch.zeros(4, dtype=torch.long))] * 2
    shown = view(network.backbone, graph, graph.group(group))
    random = torch.Generator().manual_seed(0)
    return sample_next_layers(shown, network, anchor, batches, points, random)


def test_a_sample_is_what_the_convolution_read_there():
    torch.manual_seed(1)
    network = network_of(Reader())
    images = torch.randn(5, *SIZE)
    (sample,) = sampled(network, "first", points=200, batches=[(images, None)])
    assert sample.inputs.shape == (5 * 200, 6, 6)
    assert sample.weight.shape == (4, 6, 6)
    given = torch.einsum("sct,oct->so", sample.inputs, sample.weight)
    torch.testing.assert_close(given, sample.outputs)
    # Every output the layer can give shows up among 200 places of 72, and nothing else.
    layer = network.backbone.second
    with torch.no_grad():
        whole = functional.conv2d(
            torch.relu(network.backbone.first(images)),
            layer.weight,
            None,
            layer.stride,
            layer.padding,
            layer.dilation,
        )
    for image in range(5):
        there = whole[image].flatten(1).T
        own = sample.outputs[image * 200 : (image + 1) * 200]
        apart = (own[:, None] - there[None]).abs().amax(dim=2)
        assert apart.amin(dim=1).max() < 1e-5
        assert len(apart.argmin(dim=1).unique()) > 40


def test_a_linear_reader_of_a_flattened_map_has_a_tap_a_position():
    torch.manual_seed(2)
    network = network_of(Reader())
    (sample,) = sampled(network, "second")
    assert sample.inputs.shape == (8, 4, 72)
    assert sample.weight.shape == (5, 4, 72)
    given = torch.einsum("sct,oct->so", sample.inputs, sample.weight)
    torch.testing.assert_close(given, sample.outputs)


def test_the_outputs_are_those_of_the_anchor_at_the_same_places():
    torch.manual_seed(3)
    whole, now = network_of(Reader()), network_of(Reader())
    now.load_state_dict(whole.state_dict())
    graph = capture(whole.backbone, SIZE)
    with torch.no_grad():  # as if an earlier cut had changed what arrives here
        now.backbone.first.weight[2:].mul_(0.5)
    anchor = Anchor(whole, graph, PruningPlan.everything(graph))
    batches = [(torch.randn(6, *SIZE), None)]
    (sample,) = sampled(now, "first", anchor=anchor, batches=batches)
    (untouched,) = sampled(whole, "first", batches=batches)
    torch.testing.assert_close(sample.outputs, untouched.outputs)
    assert not torch.allclose(sample.inputs, untouched.inputs)


def test_rows_that_are_gone_are_left_out_of_the_outputs():
    torch.manual_seed(4)
    whole, now = network_of(Reader()), network_of(Reader())
    now.load_state_dict(whole.state_dict())
    graph = capture(whole.backbone, SIZE)
    everything = PruningPlan.everything(graph)
    plan = PruningPlan({**everything.kept, "second": (1, 3)}, everything.sizes)
    remove(now.backbone, graph, plan)
    batches = [(torch.randn(6, *SIZE), None)]
    (sample,) = sampled(now, "first", anchor=Anchor(whole, graph, plan), batches=batches)
    (before,) = sampled(whole, "first", batches=batches)
    assert torch.equal(sample.outputs, before.outputs[:, [1, 3]])
    assert len(sample.weight) == 2


@pytest.mark.parametrize("group", ["first", "second"])
def test_written_weights_arrive_at_the_kept_channels(group):
    torch.manual_seed(5)
    network = network_of(Reader())
    graph = capture(network.backbone, SIZE)
    (sample,) = sampled(network, group)
    kept = torch.tensor([0, 2, 3])
    before = sample.weight.clone()
    (consumer,) = graph.group(group).consumers
    write_columns(network.backbone, consumer, kept, sample.weight[:, kept] * 2)
    (after,) = sampled(network, group)
    assert torch.equal(after.weight[:, kept], 2 * before[:, kept])
    assert torch.equal(after.weight[:, 1], before[:, 1])
    del graph


class Split(nn.Module):
    """A layer whose rows go to two readers, in halves or unequally."""

    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        self.first = nn.Conv2d(3, 5, 1)
        self.second = nn.Conv2d(5, 12, 3, padding=1)
        self.left = nn.Conv2d(sizes[0], 40, 1)
        self.right = nn.Conv2d(sizes[1], 40, 1)

    def forward(self, images):
        maps = torch.relu(self.second(torch.relu(self.first(images))))
        left, right = torch.split(maps, self.sizes, dim=1)
        return (self.left(left) + self.right(right)).mean(dim=(2, 3))


@pytest.mark.parametrize("sizes", [(6, 6), (4, 8)])
def test_a_layer_of_several_groups_still_gives_all_its_rows_in_order(sizes):
    torch.manual_seed(6)
    network = network_of(Split(sizes))
    (sample,) = sampled(network, "first")
    given = torch.einsum("sct,oct->so", sample.inputs, sample.weight)
    assert given.shape[1] == 12
    torch.testing.assert_close(given, sample.outputs)


class Grouped(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 1)
        self.lanes = nn.Conv2d(8, 64, 1, groups=2)

    def forward(self, images):
        return self.lanes(torch.relu(self.first(images))).mean(dim=(2, 3))


def test_a_reader_that_cannot_be_refitted_is_named():
    network = network_of(Grouped())
    with pytest.raises(CannotScore, match=r"its reader 'lanes' is neither a plain 2-d conv"):
        sampled(network, "first")


# --- through a prune phase


class Refits(ByNorm):
    """Double what the next layers keep, and note what was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def refit(self, group, kept, task):
        layers = task.next_layers(group, points=2)
        self.asked.append((group.name, group.size, kept.tolist(), layers))
        return [2 * layer.weight[:, kept] for layer in layers]


@pytest.mark.parametrize("strategy", ["one-shot", "layerwise"])
def test_refitted_weights_are_in_the_network_after_the_cut(world, strategy):
    own = Refits()
    phase = world.begin(world.prune(method("ByNorm", strategy)), own)
    reader = phase.prunable.network.backbone.block1.conv2
    before = reader.weight.detach().clone()
    phase.trainer.train = lambda steps, guide: None  # the cut alone
    phase.run()
    kept = list(phase.prunable.plan.kept["block1.conv1"])
    assert torch.equal(reader.weight.detach(), 2 * before[:, kept])
    assert [name for name, *_ in own.asked] == ["block1.conv1", "block2.conv1"]
    assert own.asked[0][2] == kept


def test_layer_by_layer_each_ranking_sees_what_earlier_layers_lost(world):
    seen = []

    class Looks(ByNorm):
        def scores(self, group, task):
            seen.append((group.name, [g.name for g in task.groups], task.network))
            return super().scores(group, task)

    phase = world.begin(world.prune(method("ByNorm", "layerwise")), Looks())
    phase.run()
    phase.verify()
    widths = phase.prunable.plan.widths
    assert [(name, names) for name, names, _ in seen] == [
        ("block1.conv1", ["block1.conv1"]),
        ("block2.conv1", ["block2.conv1"]),
    ]
    assert seen[0][2].block1.conv1.out_channels == 96
    assert seen[1][2].block1.conv1.out_channels == widths["block1.conv1"]


def test_the_anchor_is_the_network_as_it_last_trained(world):
    """Cut without training in between, later layers aim at the whole network's outputs."""
    asked = {}
    for train in (False, True):
        own = Refits()
        phase = world.begin(world.prune(method("ByNorm", "own")), own)
        phase.prunable.network.to(CPU)
        for _ in phase.layers(phase.reduction):
            phase.train(3 if train else 0)
        layer = own.asked[1][3][0]
        now = torch.einsum("sct,oct->so", layer.inputs, layer.weight)
        asked[train] = float((now - layer.outputs).abs().max())
    assert asked[True] < 1e-4 < asked[False]


def test_layers_spend_no_budget_of_their_own(world):
    phase = world.begin(world.prune(method("ByNorm", "layerwise")))
    shares = list(phase.layers(phase.reduction))
    assert shares == [0.5, 1.0]
    assert phase.steps_left == STEPS
    assert phase.achieved == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("allocation", ["uniform", "global"])
def test_layer_by_layer_and_at_once_the_widths_are_the_same(world, allocation):
    widths = []
    for strategy in ("one-shot", "layerwise"):
        node = world.prune(method("ByNorm", strategy, allocation))
        phase = world.begin(node)
        phase.run()
        widths.append(phase.prunable.plan.widths)
    assert widths[0] == widths[1]


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        (lambda layers, kept: [layers[0].weight[:, kept] * float("nan")], MethodError),
        (lambda layers, kept: [], None),
        (lambda layers, kept: [layers[0].weight], MethodError),
        (lambda layers, kept: [layers[0].weight[:, kept]] * 2, MethodError),
    ],
)
def test_refitted_weights_must_be_finite_and_fit(world, weights, error):
    class Wrong(ByNorm):
        def refit(self, group, kept, task):
            return weights(task.next_layers(group), kept)

    phase = world.begin(world.prune(), Wrong())
    if error is None:
        phase.cut(0.5)
        return
    with pytest.raises(error, match=r"'bynorm'.*refit\(\) of 'block1.conv1'"):
        phase.cut(0.5)
