"""The paper's own suite, restricted, on drawn stand-ins for the photographs it needs.

Prints its tables: ``pytest -m nightly -n0 -s tests/nightly/test_paper.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reidbench.results import Result, read_results
from tests.support.places import ROOT

pytestmark = pytest.mark.nightly


def reidbench(*words: object, folder: Path) -> str:
    command = [sys.executable, "-c", "from reidbench.cli import main; main()", *map(str, words)]
    environment = os.environ | {"REIDBENCH_STORE": str(folder / "store")}
    said = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True)
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    folder = tmp_path_factory.mktemp("paper")
    for name, drawn in (("market1501", "synthped-quick"), ("imagenet", "synthshapes-quick")):
        reidbench("data", "make", name, "stand-ins", "--from", drawn, folder=folder)
    part = ("market1501", "dense", "l1", "psfp", "reduction=0.5", "seed=0")
    words = [word for name in part for word in ("--only", name)]
    suite = ("run", ROOT / "suites" / "paper.yaml", "--protocol", "paper-mini/1")
    table = reidbench(*suite, "--data", "stand-ins", "--out", "out", *words, folder=folder)
    print(f"\n{table}")
    return read_results(folder / "out" / "results")


def test_every_scenario_runs_to_its_row(results: list[Result]) -> None:
    rows = {(r.trial.scenario, r.trial.backbone, r.trial.method): r.status for r in results}
    assert {scenario for scenario, _, _ in rows} == {f"scenario-{i}" for i in (1, 2, 3, 4)}
    assert rows.pop(("scenario-4", "resnet50", "psfp")) == "not applicable"
    assert set(rows.values()) == {"done"}
    assert sum(backbone != "resnet50" for _, backbone, _ in rows) == 8  # dense, in each scenario


def test_stand_ins_are_called_drawn_and_are_trained_on_in_place_of_published_weights(
    results: list[Result],
) -> None:
    assert all(result.drawn for result in results)
    assert {phase.kind for result in results for phase in result.phases} == {"train", "prune"}


def test_whatever_is_cut_is_on_target(results: list[Result]) -> None:
    done = [result for result in results if result.status == "done"]
    assert done
    assert all(result.matched for result in done)
