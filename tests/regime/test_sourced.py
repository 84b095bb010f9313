"""A regime with a source is measured scenario by scenario; of the source, on unseen pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidbench.config.protocol import Protocol, load_protocol
from reidbench.config.suite import load_suite
from reidbench.plan import make_plan
from reidbench.plan.components import ConfiguredData
from reidbench.run.options import installed_plugins
from reidbench.store import Store
from tests.engine.phases.world import CLASSES_DATA, TINY, World
from tests.engine.phases.world import protocol as few_steps
from tests.regime.accuracy import accuracy, unseen_pictures
from tests.regime.bench import Bench, chain, make_bench, scenario_phases
from tests.regime.cases import FINE_TUNED, QUESTIONS, SOURCED_SEEDS, Case, cases, sourced_cases
from tests.regime.measure import measure, measured
from tests.regime.report import report
from tests.support.places import ROOT

REGIME = ROOT / "tests" / "regime"
BASE = Case("base", scenario=FINE_TUNED)


def rules() -> Protocol:
    """Return smoke/1 with as few epochs on a classification source."""
    document = load_protocol("smoke/1").document()
    training = {**document["training"], "batch": {"size": 16}}
    training["loss"] = {**training["loss"], "triplet": 0.0}
    document["source"] = {"budgets": document["budgets"], "training": training}
    return Protocol.model_validate({**document, "name": "sourced/1"})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a bench of a few steps, on the source and on the target."""
    registry = installed_plugins((), print)
    names = ("synthped-quick", "resnet10", tmp_path, "synthshapes-quick")
    return make_bench(registry, rules(), *names)


def phases(bench: Bench, case: Case) -> list[tuple[str, str, float]]:
    """Return kind, data and epochs of a case's phases, the first one first."""
    its = chain(bench.network(case))
    return [(it.kind, it.data.record.name, round(it.epochs, 2)) for it in its]


def test_lengths_are_of_the_phases_that_a_case_names(bench: Bench) -> None:
    source, target = "synthshapes-quick", "synthped-quick"
    longer = Case("x", "l1", 0.5, scenario=FINE_TUNED, source=2.0, train=3.0, prune=4.0)
    expected = [("train", source, 0.6), ("train", target, 0.9), ("prune", target, 1.2)]
    assert phases(bench, longer) == expected
    assert phases(bench, Case("x", scenario="target-only")) == [("train", target, 0.3)]
    assert phases(bench, Case("x", scenario="source-only")) == [("train", source, 0.3)]
    assert phases(bench, Case("x", "dense", scenario="source-only"))[1:] == [("prune", source, 0.3)]


def test_a_source_and_a_base_network_are_trained_once(bench: Bench) -> None:
    base = bench.network(BASE)
    source = bench.network(Case("source", scenario="source-only"))
    assert base.network is not None
    assert base.network.key == source.key
    cut = [bench.network(Case("x", "l1", 0.5, prune=it, scenario=FINE_TUNED)) for it in (1, 2)]
    assert len({it.key for it in cut}) == 2
    assert {it.network.key for it in cut if it.network} == {base.key}
    before_any = bench.network(Case("x", "l1", 0.5, scenario="scenario-4"))
    assert before_any.network is not None
    assert before_any.network.key == source.key


def test_a_suite_on_data_with_spare_people_finds_what_was_measured(tmp_path: Path) -> None:
    registry = installed_plugins((), print)
    draft = (REGIME / "paper-mini-draft.yaml").read_text(encoding="utf-8")
    suite_file = tmp_path / "suite.yaml"
    suite_file.write_text(draft.replace("targets: [synthped-quick]", "targets: [synthped-crowd]"))
    shutil.copy(REGIME / "paper-mini-2.yaml", tmp_path)
    plan = make_plan(load_suite(suite_file), registry)
    names = ("synthped-crowd", "resnet18-x0-5", tmp_path, "synthshapes")
    its = make_bench(registry, plan.protocol, *names)
    suite = {phase.key for trial in plan.trials for phase in trial.phases}
    unlengthened = [
        case
        for case in sourced_cases()
        if case.question in ("base", "scenarios", "seeds")
        and (case.train, case.source, case.prune) == (1, 1, 1)
        and case.scenario != "target-only"
    ]
    assert {case.seed for case in unlengthened} == set(SOURCED_SEEDS)
    assert {its.network(case).key for case in unlengthened} <= suite


def test_the_draft_asks_the_scenarios_that_are_measured() -> None:
    draft = load_suite(REGIME / "paper-mini-draft.yaml").content
    assert {name: scenario_phases(name) for name in draft.scenarios} == draft.scenarios


def test_no_sourced_case_is_asked_twice() -> None:
    every = list(sourced_cases())
    assert len(set(every)) == len(every)
    assert every[0].scenario == "source-only"
    assert {case.question for case in (*every, *cases(8))} == set(QUESTIONS)


def test_unseen_pictures_are_others_of_the_same_classes(bench: Bench) -> None:
    assert bench.source is not None
    assert bench.unseen is not None
    trained, unseen = bench.source.build().train, bench.unseen.build().train
    np.testing.assert_array_equal(trained.labels, unseen.labels)
    assert trained.names == unseen.names
    assert not any((trained.read(i) == unseen.read(i)).all() for i in range(0, len(trained), 100))


@pytest.mark.parametrize("source", [CLASSES_DATA, TINY], ids=["no seed", "people"])
def test_a_source_that_has_no_other_pictures_is_refused(source: ConfiguredData) -> None:
    with pytest.raises(ValueError, match=f"{source.label} is no classification set with an option"):
        unseen_pictures(source)


def test_accuracy_is_the_share_that_is_ranked_first(
    tmp_path: Path, tiny_site: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tiny_site[1])
    few, many = (
        World(Store(tmp_path), data=CLASSES_DATA, rules=few_steps(source=its))
        for its in ({"budgets": {"train": {"epochs": 0.1}}}, {"budgets": {"train": {"epochs": 12}}})
    )
    for world, low, high in ((few, 0, 60), (many, 90, 100)):
        network = world.train()
        world.run(network)
        assert low <= accuracy(network, CLASSES_DATA, world.context()) <= high


@pytest.mark.nightly
def test_a_case_of_the_source_is_measured_in_accuracy_and_one_of_people_in_map(
    bench: Bench,
) -> None:
    source = measure(Case("source", scenario="source-only"), bench)
    assert 0 < source["accuracy"] < 100
    assert "mAP" not in source
    people = measure(Case("base", "dense", scenario="scenario-4"), bench)
    assert 0 < people["mAP"] < 100
    assert people["epochs_before"] == [source["epochs"]]


def test_what_the_log_has_of_the_same_protocol_and_backbone_is_not_measured_again(
    bench: Bench, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    assert measured(log, bench) == set()
    what = {"backbone": "resnet10", "protocol": bench.protocol.digest[:12]}
    of_case = {"question": "base", "scenario": FINE_TUNED, "mAP": 80.0}
    lines = [
        {**of_case, **what},
        {**of_case, **what, "train": 1.5, "protocol": "of other rules"},
        {**of_case, **what, "source": 1.5, "backbone": "resnet18"},
    ]
    log.write_text("\n".join(json.dumps(it) for it in lines))
    assert measured(log, bench) == {BASE}


def line(question: str, score: float, **case: Any) -> dict[str, Any]:
    fields = {
        "method": None,
        "reduction": 0.0,
        "train": 1.0,
        "source": 1.0,
        "scenario": FINE_TUNED,
        "epochs": 8.0,
        "rank-1": 90.0,
        "backbone": "b",
        "protocol": "p",
    }
    return {"question": question, **fields, "mAP": score, **case}


def test_the_report_subtracts_what_each_bar_of_a_source_compares() -> None:
    on_source = {"scenario": "source-only"}
    lines = [
        line("source", 0, **on_source, accuracy=70.0),
        line("source", 0, **on_source, accuracy=70.4, source=1.5),
        line("source", 0, **on_source, accuracy=69.0, method="dense"),
        line("base", 80.0),
        line("base", 80.3, train=1.5),
        line("base", 79.9, source=1.5),
        line("base", 60.0, scenario="target-only"),
        line("base", 80.2, method="dense"),
        line("base", 79.8, method="dense", scenario="scenario-4"),
        line("scratch-b", 79.0, method="scratch-b", reduction=0.5),
        line("scenarios", 77.0, method="l1", reduction=0.5, scenario="scenario-1"),
        line("scenarios", 76.0, method="l1", reduction=0.5, scenario="scenario-4"),
        line("base", 50.0, backbone="small"),
    ]
    said = report(lines)
    for row in (
        "| dense on the source | 70.0 % of unseen pictures |",
        "| half as many source epochs again | +0.40 points of accuracy |",
        "| its own source prune phase | -1.00 points of accuracy |",
        "| dense, trained on source and target | 80.0 mAP, 90.0 rank-1 |",
        "| half as many target epochs again | +0.30 mAP |",
        "| after half as many source epochs again | -0.10 mAP |",
        "| without the source | -20.00 mAP |",
        "| the dense row's own prune phase | +0.20 mAP |",
        "| the dense row of scenario-4 to scenario-3's | -0.40 mAP |",
        "| `scratch-b` at 50% to it | -1.20 mAP |",
        "| `l1` | 50% | 77.0 | 76.0 |",
        "| dense, trained on source and target | 50.0 mAP, 90.0 rank-1 |",
    ):
        assert row in said
    assert said.index("small, protocol p") < said.index("50.0 mAP")
