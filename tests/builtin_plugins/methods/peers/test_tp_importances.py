"""The peers' scores are Torch-Pruning's own importances, of the channels of our groups."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from reidbench.api import CannotScore
from reidbench.engine.channels import capture, view

tp = pytest.importorskip("torch_pruning")

from reidbench_plugins.methods.peers import RECORDS  # noqa: E402
from reidbench_plugins.methods.peers.bridge import Dependencies, qualified  # noqa: E402
from reidbench_plugins.methods.peers.importances import TpFpgm, TpMagnitude  # noqa: E402
from tests.builtin_plugins.methods.peers.tp_task import (  # noqa: E402
    NETWORKS,
    RECORD,
    SIZE,
    PeerTask,
    scored,
    task,
)

IMPORTANCES = {
    "tp-magnitude": lambda: tp.importance.MagnitudeImportance(),
    "tp-group-norm": lambda: tp.importance.GroupMagnitudeImportance(normalizer="max"),
    "tp-lamp": lambda: tp.importance.LAMPImportance(),
    "tp-fpgm": lambda: tp.importance.FPGMImportance(),
    "tp-bn-scale": lambda: tp.importance.BNScaleImportance(),
    "tp-taylor": lambda: tp.importance.TaylorImportance(),
    "tp-hessian": lambda: tp.importance.HessianImportance(),
}


def direct(name: str, ranking: PeerTask) -> dict[str, Tensor]:
    """What a user of Torch-Pruning gets who follows its documentation on the same network."""
    network, importance = copy.deepcopy(ranking.network), IMPORTANCES[name]()
    mine = PeerTask(network, ranking.groups, ranking._weight.shape[1])
    graph = tp.DependencyGraph().build_dependency(network, torch.randn(1, *SIZE), verbose=False)
    if name == "tp-taylor":
        for images, labels in mine.images():
            mine.loss(images, labels).backward()
    if name == "tp-hessian":
        for images, labels in mine.images():
            for index in range(len(images)):
                network.zero_grad()
                mine.loss(images[index : index + 1], labels[index : index + 1]).backward()
                importance.accumulate_grad(network)
    found = {}
    for group in ranking.groups:
        layer = network.get_submodule(group.name)
        channels = list(range(layer.out_channels))
        found[group.name] = importance(
            graph.get_pruning_group(layer, tp.prune_conv_out_channels, channels)
        )
    return found


@pytest.mark.parametrize("scope", ["inner", "all"])
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", IMPORTANCES)
def test_scores_are_what_a_direct_call_gives(name, network, scope):
    ranking, _ = task(network, scope, data=RECORD[name].data)
    before = copy.deepcopy(ranking.network.state_dict())
    scores = scored(RECORD[name].build({}), ranking)
    for group, expected in direct(name, ranking).items():
        torch.testing.assert_close(scores[group], expected, rtol=1e-4, atol=1e-7)
        assert scores[group].unique().numel() > 1
    after = ranking.network.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert all(p.grad is None for p in ranking.network.parameters())


def test_every_importance_has_a_record_that_says_it_is_a_peer_s():
    assert set(RECORD) == {*IMPORTANCES, "tp-pruner"}
    for record in RECORDS:
        assert record.name.startswith("tp-")
        assert record.needs == "reidbench[torch-pruning]"
        assert record.summary.startswith("Torch-Pruning's")
        assert record.load().normalisation == "none"


def test_listing_the_peers_imports_neither_torch_nor_torch_pruning():
    code = (
        "import sys, reidbench_plugins.methods.peers as peers; assert len(peers.RECORDS) > 7; "
        "assert not {'torch', 'torch_pruning'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class Pair(nn.Module):
    """One layer with given filters, and one that reads it with columns of its own or all equal."""

    def __init__(self, filters: Tensor, columns: Tensor | None = None) -> None:
        super().__init__()
        size, features = filters.shape
        self.first = nn.Conv2d(3, size, 1, bias=False)
        self.first.weight.data = torch.zeros(size, 3, 1, 1)
        self.first.weight.data[:, :features, 0, 0] = filters
        self.last = nn.Conv2d(size, 2, 1)
        self.last.weight.data[:] = 1.0 if columns is None else columns[None, :, None, None]

    def forward(self, images: Tensor) -> Tensor:
        return self.last(torch.relu(self.first(images))).mean(dim=(2, 3))


def task_of(network: nn.Module) -> PeerTask:
    network.eval()
    graph = capture(network, SIZE)
    groups = [view(network, graph, group) for group in graph.in_scope("all")]
    return PeerTask(network, groups, graph.embedding_size)


# Two opposite long filters and two short parallel ones.
FILTERS = torch.tensor([[3.0, 4.0], [-3.0, -4.0], [1.0, 0.0], [2.0, 0.0]])
THEIR_FPGM = torch.tensor([34.6516, 34.6516, 38.7771, 36.5261])


def test_tp_fpgm_golden_squares_the_weights_and_removes_an_extreme_filter():
    ranking = task_of(Pair(FILTERS))
    (scores,) = scored(TpFpgm(), ranking).values()
    # The next layer's columns are all equal, so they add the same to all: nothing.
    torch.testing.assert_close(scores * THEIR_FPGM.mean(), THEIR_FPGM, atol=5e-4, rtol=0)
    assert scores.argmin() == 0

    first = tp.importance.FPGMImportance(group_reduction="first", normalizer=None)
    raw = Dependencies(ranking.network).importance(ranking.groups[0], first)
    torch.testing.assert_close(raw, THEIR_FPGM, atol=5e-5, rtol=0)


def test_tp_magnitude_of_the_first_layer_alone_is_the_sum_of_magnitudes():
    for power, expected in ((1, [7.0, 7, 1, 2]), (2, [25.0, 25, 1, 4])):
        method = TpMagnitude(p=power, group_reduction="first")
        (scores,) = scored(method, task_of(Pair(FILTERS))).values()
        torch.testing.assert_close(scores, torch.tensor(expected) / torch.tensor(expected).mean())


def test_tp_magnitude_averages_in_what_reads_the_channels():
    columns = torch.tensor([0.0, 1.0, 5.0, 2.0])
    (scores,) = scored(TpMagnitude(), task_of(Pair(FILTERS, columns))).values()
    expected = (torch.tensor([25.0, 25, 1, 4]) + 2 * columns.square()) / 2
    torch.testing.assert_close(scores, expected / expected.mean())


def test_tp_lamp_golden_keeps_the_largest_at_one():
    (scores,) = scored(RECORD["tp-lamp"].build({}), task_of(Pair(FILTERS, torch.zeros(4)))).values()
    expected = torch.tensor([0.0182, 0.0741, 0.5, 1.0])
    torch.testing.assert_close(scores.sort().values, expected, atol=5e-5, rtol=0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"p": 0}, "choose 1 or more"), ({"group_reduction": "median"}, "choose one of mean, sum")],
)
def test_tp_magnitude_refuses_options_the_library_does_not_have(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        TpMagnitude(**options)


def test_a_group_without_batch_norm_has_no_scale():
    with pytest.raises(CannotScore, match="looks at; choose another importance"):
        scored(RECORD["tp-bn-scale"].build({}), task_of(Pair(FILTERS)))


def test_a_group_of_dead_channels_has_no_mean_to_divide_by():
    dead = Pair(torch.zeros(4, 2), torch.zeros(4))
    with pytest.raises(CannotScore, match="not finite"):
        scored(RECORD["tp-magnitude"].build({}), task_of(dead))


@dataclass
class Part:
    """Some channels of a layer that makes more than these."""

    name: str
    size: int


def test_a_part_of_a_layer_s_outputs_cannot_be_scored():
    network = Pair(FILTERS)
    ranking = PeerTask(network, [Part("first[2]", 3)], 2)
    with pytest.raises(CannotScore, match="all 4 outputs of this layer together, and the group"):
        scored(TpMagnitude(), ranking)


def test_a_layer_that_the_network_lacks_cannot_be_scored():
    ranking = PeerTask(Pair(FILTERS), [Part("second", 4)], 2)
    with pytest.raises(CannotScore, match="without this layer"):
        scored(TpMagnitude(), ranking)


class Unused(Pair):
    """With a layer that no image goes through."""

    def __init__(self) -> None:
        super().__init__(FILTERS)
        self.spare = nn.Conv2d(3, 4, 1)


def test_a_layer_that_is_not_traced_cannot_be_scored():
    ranking = PeerTask(Unused(), [Part("spare", 4)], 2)
    with pytest.raises(CannotScore, match="cannot follow the channels of this layer"):
        scored(TpMagnitude(), ranking)


class Frozen(Pair):
    """A network that breaks in any forward pass."""

    def forward(self, images: Tensor) -> Tensor:
        raise RuntimeError("no way through")


def test_a_network_that_cannot_be_traced_cannot_be_scored():
    with pytest.raises(CannotScore, match=r"cannot trace this network .*no way through"):
        scored(TpMagnitude(), PeerTask(Frozen(FILTERS), [Part("first", 4)], 2))


def test_weights_that_do_not_learn_have_no_taylor_expansion():
    network = Pair(FILTERS)
    network.first.requires_grad_(False)
    with pytest.raises(CannotScore, match="cannot measure this group"):
        scored(RECORD["tp-taylor"].build({}), task_of(network))


def test_frozen_weights_still_have_a_magnitude():
    network = Pair(FILTERS).requires_grad_(False)
    (scores,) = scored(TpMagnitude(), task_of(network)).values()
    assert scores.argmin() == 2


class Wrapped(nn.Module):
    """A backbone under another name, as in a network with a head."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, images: Tensor) -> Tensor:
        return self.backbone(images)


@pytest.mark.parametrize("name", ["tp-magnitude", "tp-taylor"])
def test_a_wrapped_backbone_scores_as_the_bare_one(name):
    bare, _ = task("resnet18", "all")
    wrapped = PeerTask(Wrapped(bare.network), bare.groups, 512)
    assert qualified(wrapped.network, "conv1") == "backbone.conv1"
    expected = scored(RECORD[name].build({}), bare)
    for group, scores in scored(RECORD[name].build({}), wrapped).items():
        torch.testing.assert_close(scores, expected[group])


def test_the_library_keeps_the_last_sample_s_gradients_alone():
    """If this fails, Torch-Pruning has mended its Hessian: say so in the docstring."""
    network = Pair(FILTERS)
    importance = tp.importance.HessianImportance()
    for factor in (5.0, 2.0):
        network.first.weight.grad = torch.full_like(network.first.weight, factor)
        importance.accumulate_grad(network)
    assert importance._accu_grad[network.first.weight].unique().tolist() == [4.0]
