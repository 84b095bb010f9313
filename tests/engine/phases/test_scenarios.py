"""In each of the paper's scenarios every method sees the same images, epochs and rates."""

from __future__ import annotations

import pytest
import yaml

from reidbench.config.suite import PhaseSpec
from reidbench.plan import PhaseNode
from tests.engine.phases.recording import record_steps
from tests.engine.phases.world import CLASSES_DATA, World, method
from tests.support.places import ROOT

SUITES = ROOT / "suites"
SCENARIOS = yaml.safe_load((SUITES / "paper-mini.yaml").read_text())["scenarios"]
CONTENDERS = [
    method("ByNorm"),
    method("ByMaps", "iterative", "global"),
    method("ByNorm", "regularised"),
    method("ByNorm", "progressive"),
]


def phases(world: World, specs: list[PhaseSpec], contender) -> list[PhaseNode]:
    """Return the nodes of a scenario: one a phase, merged where the strategy merges them."""
    nodes: list[PhaseNode] = []
    for index, spec in enumerate(specs):
        here = world.but(data=CLASSES_DATA if spec.domain == "source" else world.data)
        before = nodes[-1] if nodes else None
        following = specs[index + 1 : index + 2]
        if spec.kind == "prune":
            joined = contender.strategy in spec.while_training
            half = 0.5 * spec.share
            nodes.append(here.prune(contender, reduction=half, network=before, joined=joined))
        elif not any(contender.strategy in after.while_training for after in following):
            nodes.append(here.train(before))
    return nodes


def test_the_paper_and_its_miniature_ask_the_same_scenarios() -> None:
    assert yaml.safe_load((SUITES / "paper.yaml").read_text())["scenarios"] == SCENARIOS


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_method_sees_the_same_images_epochs_and_rates(fresh, monkeypatch, name):
    log = record_steps(monkeypatch)
    specs = [PhaseSpec.model_validate(spec) for spec in SCENARIOS[name]]
    applies = [one for one in CONTENDERS if not any(one.strategy in spec.not_for for spec in specs)]
    spent: dict[str, list[tuple[str, float]]] = {}
    seen = []
    for contender in applies:
        nodes = phases(fresh, specs, contender)
        for node in nodes:
            if node.key not in spent:
                log.clear()
                fresh.run(node)
                spent[node.key] = list(log)
        seen.append([step for node in nodes for step in spent[node.key]])
    assert len(seen) >= 3
    assert all(one == seen[0] for one in seen)
    assert len({batch for batch, _ in seen[0]}) == len(seen[0])
