"""The published cost models are those of the networks, and give exact MACs and parameters."""

from __future__ import annotations

import random

import pytest

from reidbench.engine.channels import PruningPlan, parameters, remove
from reidbench.results import read_results
from reidbench.submissions.costs import cost_at, model_of
from tests.submissions.falsified import PUBLISHED
from tests.support.cost_models import network_and_graph

SIZE = (3, 32, 16)


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv2", "osnet-x0-25"])
def test_a_cut_network_has_what_its_cost_model_says(name: str) -> None:
    network, graph = network_and_graph(name, SIZE)
    model = model_of(name, "1", SIZE)
    assert model is not None and model["groups"] == graph.widths
    assert cost_at(model, graph.widths) == (graph.macs.total(), parameters(network))
    draw = random.Random(0)
    widths = {group: draw.randint(1, size) for group, size in graph.widths.items()}
    kept = {group: tuple(range(width)) for group, width in widths.items()}
    remove(network, graph, PruningPlan(kept, graph.widths))
    assert cost_at(model, widths) == (graph.macs.total(widths), parameters(network))


@pytest.mark.parametrize(
    ("folder", "backbone", "least"),
    [("all-methods", "resnet18-x0-5", 100), ("quickstart", "resnet18", 20)],
)
def test_published_widths_give_the_published_costs(folder: str, backbone: str, least: int) -> None:
    results = [it for it in read_results(PUBLISHED / folder) if it.cost and it.widths]
    assert len(results) > least
    model = model_of(backbone, "1", (3, 64, 32))
    assert model is not None
    for result in results:
        assert result.cost is not None and result.widths is not None
        widths = {name: width.kept for name, width in result.widths.items()}
        assert cost_at(model, widths) == (result.cost.macs, result.cost.parameters)


def test_another_version_has_no_model() -> None:
    assert model_of("resnet18", "2", SIZE) is None
    assert model_of("vgg", "1", SIZE) is None
