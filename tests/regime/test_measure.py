"""A regime is measured case by case, on people held out of training, and base networks once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reidbench.config.protocol import load_protocol
from reidbench.run.options import installed_plugins
from tests.regime.bench import Bench, make_bench, variant
from tests.regime.cases import CURVE_METHODS, SEEDS, Case, cases
from tests.regime.measure import arguments, measure
from tests.regime.report import report

ROOT = Path(__file__).parents[2]
MEASURED = Path(__file__).with_name("mini-2.jsonl")


def test_a_variant_differs_in_epochs_alone() -> None:
    protocol = load_protocol("mini/1")
    longer = variant(protocol, train=1.5)
    assert longer.budgets.train.epochs == 9
    assert variant(longer, train=1 / 1.5) == protocol
    assert longer.digest != protocol.digest


def test_no_case_is_asked_twice() -> None:
    every = list(cases(8))
    assert len(set(every)) == len(every)
    assert {case.seed for case in every} == set(SEEDS)
    lengths = {case.prune * 8 for case in every if case.question == "curve"}
    assert lengths == {2, 5, 10, 20}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a bench of a few steps."""
    registry = installed_plugins((), print)
    return make_bench(registry, load_protocol("smoke/1"), "synthped-quick", "resnet10", tmp_path)


def test_lengths_of_a_prune_phase_share_their_base_network(bench: Bench) -> None:
    phases = [bench.network(Case("curve", "l1", 0.5, prune=factor)) for factor in (1, 2, 4)]
    base = bench.network(Case("base"))
    assert len({phase.key for phase in phases}) == 3
    assert {phase.network.key for phase in phases if phase.network} == {base.key}
    assert [round(phase.epochs, 1) for phase in phases] == [0.3, 0.6, 1.2]


@pytest.mark.nightly
def test_a_case_is_measured_on_people_held_out(bench: Bench) -> None:
    line = measure(Case("curve", "l1", 0.5, prune=2.0), bench)
    assert bench.measured.on_validation
    assert line["epochs"] == pytest.approx(0.6, rel=0.1)
    assert 0 < float(str(line["mAP"])) < 100


def test_spare_people_are_measured_where_a_data_set_has_them(tmp_path: Path) -> None:
    registry = installed_plugins((), print)
    bench = make_bench(registry, load_protocol("smoke/1"), "synthped-crowd", "resnet10", tmp_path)
    assert bench.measured.options["people"] == "spare"
    assert bench.data.options["people"] == "test"


def line(mean_ap: float, **case: Any) -> dict[str, Any]:
    fields = {"method": None, "train": 1.0, "reduction": 0.0, "epochs": 8.0, "rank-1": 90.0}
    return {**fields, **case, "mAP": mean_ap}


def test_the_documentation_says_what_was_measured() -> None:
    lines = MEASURED.read_text(encoding="utf-8").splitlines()
    page = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    for table in report([json.loads(it) for it in lines]).split("\n\n"):
        assert table in page


def test_the_report_subtracts_what_each_bar_compares() -> None:
    lines = [
        line(80.0, question="base"),
        line(80.3, question="base", train=1.5),
        line(80.2, question="base", method="dense"),
        line(79.0, question="scratch-b", method="scratch-b", reduction=0.5),
        *(line(70 + it, question="seeds", method="l1", seed=it) for it in (0, 1, 2)),
        *(line(80 + 3 * it, question="seeds", seed=it) for it in (0, 1, 2)),
        line(70.5, question="threads", method="l1"),
        line(75.0, question="curve", method=CURVE_METHODS[0], reduction=0.75, epochs=2.0),
    ]
    said = report([json.loads(json.dumps(it)) for it in lines])
    assert "| half as many epochs again | +0.30 mAP | < +0.5 |" in said
    assert "| `scratch-b` at 50% to the dense row | -1.20 mAP | <= 0 |" in said
    assert "| `l1` at 50%, deviation over 3 seeds | 1.00 | <= 0.6 |" in said
    assert "| `l1` at 50% to its base network, the same | 2.00 |" in said
    assert "| `l1` at 50%, one thread to two | 0.50 | < 1.33, two seeds |" in said
    assert "| `l1` | 75% | 75.0 |" in said


@pytest.mark.parametrize("name", ["protocol", "data", "backbone", "source"])
def test_what_a_suite_says_is_refused_beside_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["log", "--store", "s", f"--{name}", "x"]
    assert getattr(arguments(asked), name) == "x"
    with pytest.raises(SystemExit):
        arguments([*asked, "--suite", "suite.yaml"])
    assert f"--{name} is said by the suite: leave it out" in capsys.readouterr().err
