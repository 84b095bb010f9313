"""How hard the drawn pedestrians are: learnable, but not by colour, and not across domains.

Prints its figures: ``pytest -m nightly -n0 -s tests/nightly/test_synthped_difficulty.py``.
"""

import pytest
import torch
from torch import Tensor

from reidbench.config.protocol import load_protocol
from reidbench.engine.phases.checkpoint import fresh_network
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.evaluate import run_evaluate
from reidbench.engine.phases.train import run_train
from reidbench.engine.retrieval import Features, extract, score
from reidbench.engine.training.augment import normalise
from reidbench.plan import Configured, ConfiguredData, EvaluateNode, TrainNode
from reidbench.plugins import discover
from reidbench.store import Store

pytestmark = pytest.mark.nightly
PROTOCOL = load_protocol("mini/1")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> PhaseContext:
    store = Store(tmp_path_factory.mktemp("store"))
    return PhaseContext(store, torch.device("cpu"))


def people(domain: str) -> ConfiguredData:
    component = discover().datasets.get("synthped-quick")
    return ConfiguredData(component, component.record.settings({"domain": domain}))


def training(domain: str) -> TrainNode:
    component = discover().backbones.get("resnet18")
    backbone = Configured(component, component.record.settings({}))
    return TrainNode(PROTOCOL, people(domain), backbone, 0, None, "train")


@pytest.fixture(scope="module")
def trained(context: PhaseContext) -> TrainNode:
    node = training("a")
    run_train(node, context)
    return node


def rank1(node: TrainNode, domain: str, context: PhaseContext) -> float:
    measurement = EvaluateNode(PROTOCOL, people(domain), node, "final")
    run_evaluate(measurement, context)
    rank_1 = float(context.store.meta(measurement.key)["metrics"]["rank1"])
    print(f"\ntrained on a, tested on {domain}: rank-1 {rank_1:.1%}")
    return rank_1


def rank1_of(name: str, describe: object, context: PhaseContext) -> float:
    sides = [
        Features(describe(pixels), split.pids, split.camids)  # type: ignore[operator]
        for pixels, split in context.test_images(people("a"), PROTOCOL.input)
    ]
    rank_1 = score(*sides, metric="cosine").rank1
    print(f"\n{name}: rank-1 {rank_1:.1%}")
    return rank_1


def histogram(pixels: Tensor) -> Tensor:
    bins = (pixels.long() // 32).permute(0, 2, 3, 1).reshape(len(pixels), -1, 3)
    codes = bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2]
    return torch.stack([torch.bincount(row, minlength=512) for row in codes]).float().sqrt()


def test_the_trained_network_is_neither_lost_nor_perfect(
    context: PhaseContext, trained: TrainNode
) -> None:
    assert 0.75 <= rank1(trained, "a", context) <= 0.95


def test_an_untrained_network_is_at_least_20_points_worse(
    context: PhaseContext, trained: TrainNode
) -> None:
    network = fresh_network(training("a"), identities=1)

    def embed(pixels: Tensor) -> Tensor:
        return extract(network, [normalise(part, PROTOCOL.input) for part in pixels.split(128)])

    untrained = rank1_of("untrained", embed, context)
    assert untrained <= rank1(trained, "a", context) - 0.20


def test_a_colour_histogram_is_at_least_20_points_worse(
    context: PhaseContext, trained: TrainNode
) -> None:
    assert rank1_of("colour histogram", histogram, context) <= rank1(trained, "a", context) - 0.20


@pytest.mark.parametrize("other", ["b", "c"])
def test_another_domain_costs_at_least_15_points(
    context: PhaseContext, trained: TrainNode, other: str
) -> None:
    # Against a network trained there: domains differ in how hard they are.
    at_home = training(other)
    run_train(at_home, context)
    measurement = EvaluateNode(PROTOCOL, people(other), at_home, "final")
    run_evaluate(measurement, context)
    home = float(context.store.meta(measurement.key)["metrics"]["rank1"])
    print(f"\ntrained and tested on {other}: rank-1 {home:.1%}")
    away = rank1(trained, other, context)
    assert away <= home - 0.15
    assert away <= rank1(trained, "a", context) - 0.15
