"""A suite's grid as trials, and their phases, shared ones once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from reidbench.config.suite import Suite
from reidbench.config.yaml_document import load
from reidbench.plan import Configured, EvaluateNode, PruneNode, TrainNode, make_plan
from reidbench.plugins import Registry
from tests.plan.conftest import SCENARIO, only, plan
from tests.support.places import ROOT

# --- trials ---------------------------------------------------------------------------------


def test_the_trials_are_the_grid(folder: Path, tiny_registry: Registry) -> None:
    made = plan(
        folder,
        tiny_registry,
        backbones=["tinynet", {"backbone": "tinynet", "options": {"width": 8}}],
        targets=["tiny", {"dataset": "tiny", "options": {"palette": 1}}],
        methods=["l1", "tiny-norm"],
        reductions=[0.25, 0.5, 0.75],
        seeds=[0, 1],
    )
    ids = {str(trial.id) for trial in made.trials}
    assert len(made.trials) == len(ids) == 2 * 2 * 2 * 3 * 2
    assert "target-only/tinynet(width=8)/tiny(palette=1)/l1[one-shot,uniform]@75%/seed1" in ids


def test_dense_is_tried_once_a_seed_whatever_the_reductions(
    folder: Path, tiny_registry: Registry
) -> None:
    made = plan(
        folder,
        tiny_registry,
        methods=["dense", "l1"],
        reductions=[0.25, 0.5, 0.75],
        seeds=[0, 1],
    )
    tried = Counter((trial.id.method, trial.id.reduction) for trial in made.trials)
    assert tried["dense", 0.0] == 2
    assert [key for key in tried if key[0] == "dense"] == [("dense", 0.0)]


def test_strategy_and_allocation_are_the_records_unless_the_suite_says(
    folder: Path, tiny_registry: Registry
) -> None:
    made = plan(
        folder,
        tiny_registry,
        methods=[
            "taylor",
            {"method": "taylor", "strategy": "one-shot"},
            {"method": "l1", "allocation": "global"},
        ],
    )
    assert [(t.id.strategy, t.id.allocation) for t in made.trials] == [
        ("iterative", "global"),
        ("one-shot", "global"),
        ("one-shot", "global"),
    ]


def test_lists_of_strategies_and_allocations_make_a_grid(
    folder: Path, tiny_registry: Registry
) -> None:
    both = ["uniform", "global"]
    grid = {"method": "l1", "strategy": ["iterative", "progressive"], "allocation": both}
    made = plan(folder, tiny_registry, methods=["dense", grid])
    assert [(t.id.strategy, t.id.allocation) for t in made.trials[1:]] == [
        ("iterative", "uniform"),
        ("iterative", "global"),
        ("progressive", "uniform"),
        ("progressive", "global"),
    ]


def test_a_schedule_of_its_own_gives_way_to_a_strategy_that_the_suite_names(
    folder: Path, tiny_registry: Registry
) -> None:
    methods = ["pgp", {"method": "pgp", "strategy": "iterative"}]
    made = plan(folder, tiny_registry, methods=methods)
    assert [trial.id.strategy for trial in made.trials] == ["own", "iterative"]


# --- phases ---------------------------------------------------------------------------------


def test_a_trial_trains_prunes_and_is_measured_before_between_and_after(
    folder: Path, tiny_registry: Registry
) -> None:
    trial = only(folder, tiny_registry)
    train, prune = trial.phases
    assert isinstance(train, TrainNode) and isinstance(prune, PruneNode)
    assert train.network is None and prune.network is train
    assert trial.base is not None and trial.base.network is train
    assert trial.pruned is not None and trial.pruned.network is prune
    assert (trial.pruned.state, trial.final.state) == ("pruned", "final")
    assert trial.final.network is prune
    assert [trial.word(node) for node in trial.nodes] == [
        "train",
        "prune 50%",
        "measure base",
        "measure cut",
        "measure final",
    ]


def test_dense_trains_on_and_has_no_cut_to_measure(folder: Path, tiny_registry: Registry) -> None:
    trial = only(folder, tiny_registry, methods=["dense"])
    assert trial.pruned is None
    assert [trial.word(node) for node in trial.nodes] == [
        "train",
        "train further",
        "measure base",
        "measure final",
    ]


def test_scratch_is_cut_first_and_then_trains_as_long_as_all_others(
    folder: Path, tiny_registry: Registry
) -> None:
    scratch = only(folder, tiny_registry, methods=["scratch"])
    cut, first, second = scratch.phases
    assert isinstance(cut, PruneNode) and cut.network is None and cut.epochs == 0
    assert isinstance(first, TrainNode) and first.network is cut
    assert isinstance(second, TrainNode) and second.network is first
    assert scratch.base is None and scratch.pruned is None
    assert scratch.prune is cut


@pytest.mark.parametrize(("reduction", "stretch"), [(0.25, 4 / 3), (0.5, 2.0), (0.75, 2.0)])
def test_scratch_b_trains_for_the_dense_networks_compute_at_most_twice_as_long(
    folder: Path, tiny_registry: Registry, reduction: float, stretch: float
) -> None:
    changes = {"methods": ["scratch", "scratch-b"], "reductions": [reduction]}
    usual, longer = plan(folder, tiny_registry, **changes).trials
    for short, long in zip(usual.phases[1:], longer.phases[1:], strict=True):
        assert long.epochs == pytest.approx(stretch * short.epochs)
    assert longer.phases[0].epochs == 0
    assert not {node.key for node in usual.phases} & {node.key for node in longer.phases}


@pytest.mark.parametrize("protocol", ["smoke/1", "mini/1"])
@pytest.mark.parametrize(
    "scenario",
    [
        SCENARIO,
        [{"prune": "target"}],
        [{"train": "source"}, {"prune": "source"}, {"train": "target"}],
        [{"train": "source"}, {"prune": "target"}],
        [
            {"train": "source"},
            {"prune": "source", "share": 0.5},
            {"train": "target"},
            {"prune": "target", "while_training": "progressive"},
        ],
        [{"train": "target"}, {"prune": "target", "while_training": "all"}],
    ],
)
def test_all_methods_spend_equal_epochs_in_equal_phases(
    folder: Path, tiny_registry: Registry, protocol: str, scenario: list[dict[str, str]]
) -> None:
    source = {"dataset": "tiny", "options": {"palette": 1}}
    made = plan(
        folder,
        tiny_registry,
        protocol=protocol,
        scenarios={"a": scenario},
        source=source if {"train": "source"} in scenario else None,
        methods=["dense", "random", "scratch", "l1", "taylor", "psfp"],
    )
    spent = {
        tuple(
            (phase.data.label, stage, getattr(phase.rules.budgets, stage).epochs)
            for phase in trial.phases
            for stage in phase.stages
        )
        for trial in made.trials
    }
    assert len(spent) == 1
    assert len(spent.pop()) == len(scenario)


def test_a_network_that_does_not_end_on_its_pruning_has_no_base(
    folder: Path, tiny_registry: Registry
) -> None:
    trial = only(
        folder,
        tiny_registry,
        scenarios={"a": [{"train": "source"}, {"prune": "source"}, {"train": "target"}]},
        source={"dataset": "tiny", "options": {"palette": 1}},
    )
    assert trial.base is None and trial.pruned is None
    assert trial.prune is trial.phases[1]
    assert trial.final.data.label == "tiny"


def test_what_trials_share_is_planned_once(folder: Path, tiny_registry: Registry) -> None:
    made = plan(
        folder,
        tiny_registry,
        methods=["dense", "random", "l1", "taylor", "psfp"],
        reductions=[0.5, 0.75],
        seeds=[0, 1, 2],
    )
    kinds = Counter(node.kind for node in made.nodes.values())
    assert kinds["train"] == 3  # one base network a seed
    assert kinds["prune"] == 3 * (1 + 4 * 2)
    base = [n for n in made.nodes.values() if isinstance(n, EvaluateNode) and n.state == "final"]
    assert len([n for n in base if isinstance(n.network, TrainNode)]) == 3


def test_suites_of_one_protocol_share_their_base_networks(
    folder: Path, tiny_registry: Registry
) -> None:
    one = only(folder, tiny_registry, name="one", methods=["l1"], reductions=[0.25])
    two = only(folder, tiny_registry, name="two", methods=["psfp"], scenarios={"other": SCENARIO})
    assert one.phases[0].key == two.phases[0].key
    assert one.base is not None and two.base is not None
    assert one.base.key == two.base.key


@pytest.mark.parametrize("methods", [["l1", "scratch", "dense"], ["taylor", "psfp", "random"]])
def test_inputs_stand_before_what_needs_them(
    folder: Path, tiny_registry: Registry, methods: list[str]
) -> None:
    made = plan(folder, tiny_registry, methods=methods, seeds=[0, 1])
    seen: set[str] = set()
    for key, node in made.nodes.items():
        needed = getattr(node, "network", None)
        assert needed is None or needed.key in seen
        seen.add(key)


def test_a_component_is_built_with_its_options(folder: Path, tiny_registry: Registry) -> None:
    configured: Configured = only(
        folder, tiny_registry, targets=[{"dataset": "tiny", "options": {"palette": 3}}]
    ).final.data
    assert configured.label == "tiny(palette=3)"
    assert configured.build().train.reader.palette == 3


def test_the_quickstart_is_planned(tiny_registry: Registry) -> None:
    made = make_plan(load(ROOT / "suites" / "quickstart.yaml", Suite), tiny_registry)
    suite = made.suite
    cuts = [method for method in suite.methods if method.method != "dense"]
    assert len(made.trials) == len(suite.seeds) * (1 + len(cuts) * len(suite.reductions))


def test_only_scenarios_that_use_the_source_name_it(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    scenarios = {
        "away": [{"train": "source"}, {"prune": "target"}],
        "home": [{"train": "target"}, {"prune": "target"}],
    }
    source = {"dataset": "tiny", "options": {"palette": 1}}
    made = plan(tmp_path, tiny_registry, scenarios=scenarios, source=source)
    named = {(trial.id.scenario, trial.id.source) for trial in made.trials}
    assert named == {("away", "tiny(palette=1)"), ("home", None)}
