"""A regime on photographs is measured on the split that no table has, from published weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.config.suite import load_suite
from reidbench.plan import LoadNode
from reidbench.run.options import installed_plugins
from tests.regime.bench import TO_CHOOSE_ON, Bench, bench_of_suite, chain
from tests.regime.cases import FINE_TUNED, QUESTIONS, Case, pretrained_cases
from tests.support.places import ROOT

SUITE = ROOT / "suites" / "photographs.yaml"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return bench_of_suite(installed_plugins((), print), SUITE, tmp_path, tmp_path / "store")


def test_it_is_the_suites_regime_on_the_split_that_is_in_no_table(bench: Bench) -> None:
    suite = load_suite(SUITE).content
    assert bench.protocol.name == suite.protocol
    assert bench.data == bench.measured
    assert bench.data.options["split"] == TO_CHOOSE_ON["split"]
    assert not bench.data.complete
    assert TO_CHOOSE_ON["split"] not in [it.options["split"] for it in suite.targets]


def test_a_suite_that_measures_on_that_split_is_refused(tmp_path: Path) -> None:
    text = SUITE.read_text(encoding="utf-8").replace("split: 5}", "split: 0}")
    changed = tmp_path / "suite.yaml"
    changed.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="nothing may be chosen on it"):
        bench_of_suite(installed_plugins((), print), changed, tmp_path, tmp_path)


def test_networks_start_from_published_weights_and_phases_have_the_lengths_of_a_case(
    bench: Bench,
) -> None:
    rules = bench.protocol.budgets
    phases = chain(bench.network(Case("x", "l1", 0.5, train=1.5, prune=0.5, scenario=FINE_TUNED)))
    assert isinstance(phases[0], LoadNode)
    budgets = [it.protocol.budgets for it in phases]
    assert budgets[1].train.epochs == 1.5 * rules.train.epochs
    assert budgets[2].prune.epochs == 0.5 * rules.prune.epochs
    before_any = chain(bench.network(Case("x", "l1", 0.5, scenario="scenario-4")))
    assert [type(it) for it in before_any] == [LoadNode, type(phases[2])]


def test_no_pretrained_case_is_asked_twice() -> None:
    every = list(pretrained_cases())
    assert len(set(every)) == len(every)
    assert {case.question for case in every} <= set(QUESTIONS)
