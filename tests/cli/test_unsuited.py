"""What a run refuses, a plan says; a network with nothing to prune is a row, and ends nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.listings import printed
from tests.support.places import ROOT
from tests.support.sites import write_site

New = Callable[..., Run]
PLUGIN = """
from reidbench.api import BackboneRecord, DatasetRecord, hookimpl

@hookimpl
def reidbench_backbones():
    return [BackboneRecord(name="plain", version="1", summary="-", reference="-",
                           target="tests.run.unfit:plain"),
            BackboneRecord(name="branching", version="1", summary="-", reference="-",
                           target="tests.run.unfit:branching")]

@hookimpl
def reidbench_datasets():
    return [DatasetRecord(name="asked-of-nobody", version="1", summary="-", reference="-",
                          target="tests.run.unfit:no_query")]
"""


def with_unfit(run: Run, site: Path) -> Run:
    path = os.pathsep.join([str(write_site(site, "unfit", PLUGIN)), str(ROOT)])
    return Run(run.folder, {**run.env, "PYTHONPATH": f"{path}{os.pathsep}{run.env['PYTHONPATH']}"})


def test_a_network_without_blocks_is_a_row_under_inner_and_runs_under_all(
    new_run: New, tmp_path: Path
) -> None:
    methods = ["dense", "tiny-norm"]
    it = with_unfit(new_run(methods=methods, backbones=["plain", "tinynet"]), tmp_path / "site")
    why = "plain has no channel in scope 'inner' of protocol smoke/1; use a protocol of scope 'all'"
    said = it.reidbench("plan", "suite.yaml", "--check")
    assert said.returncode == 0, said.stderr
    assert said.stdout.endswith(f"1 trial not applicable: {why}\n")
    said = it.reidbench("run", "suite.yaml")
    assert said.returncode == 0, said.stderr
    assert f"[1] not applicable: {why}" in " ".join(said.stdout.split())
    statuses = {(r.trial.backbone, r.trial.method): r.status for r in it.results().values()}
    assert statuses == {
        ("plain", "dense"): "done",
        ("plain", "tiny-norm"): "not applicable",
        ("tinynet", "dense"): "done",
        ("tinynet", "tiny-norm"): "done",
    }
    assert "4 trials of 'tiny-suite': all done" in it.reidbench("run", "suite.yaml").stderr
    assert it.reidbench("protocols", "new", "--like", "smoke/1", "wide.yaml").returncode == 0
    rules = it.folder / "wide.yaml"
    rules.write_text(rules.read_text().replace("scope: inner", "scope: all"))
    said = it.reidbench("run", "suite.yaml", "--protocol", "wide.yaml", "--only", "plain")
    assert said.returncode == 0, said.stderr
    assert "not applicable" not in said.stdout


def test_a_bad_backbone_is_failed_rows_whenever_it_is_run_and_a_plan_says_so(
    new_run: New, tmp_path: Path
) -> None:
    it = with_unfit(
        new_run(methods=["dense", "tiny-norm"], backbones=["branching", "tinynet"]),
        tmp_path / "site",
    )
    why = "suite 'tiny-suite': branching: Branching cannot be captured at "
    said = it.reidbench("plan", "suite.yaml", "--check")
    assert said.returncode == 1, said.stderr
    assert f"\n2 trials will fail: {why}" in said.stdout
    assert "will refuse" not in said.stdout
    for _ in range(2):
        said = it.reidbench("run", "suite.yaml")
        assert said.returncode == 1
        assert "Traceback" not in said.stderr
        results = it.results().values()
        assert {(r.trial.backbone, r.trial.method): r.status for r in results} == {
            ("branching", "dense"): "failed",
            ("branching", "tiny-norm"): "failed",
            ("tinynet", "dense"): "done",
            ("tinynet", "tiny-norm"): "done",
        }
    assert all(str(r.error).startswith(why) for r in results if r.status == "failed")
    said = it.reidbench("run", "suite.yaml", "--only", "branching")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(f"reidbench: {why}")


def test_a_plan_ends_with_2_where_a_run_would_refuse_the_data(new_run: New, tmp_path: Path) -> None:
    it = with_unfit(new_run(targets=["asked-of-nobody", "tiny"]), tmp_path / "site")
    said = it.reidbench("plan", "suite.yaml")
    line = "suite 'tiny-suite': asked-of-nobody has no query image: nothing can be measured on it"
    assert said.returncode == 2
    assert said.stdout.endswith(f"\na run will refuse this:\n{line}\n")
    said = it.reidbench("run", "suite.yaml")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == f"reidbench: {line}\n"
    assert not (it.folder / "runs").exists()


def test_a_checked_plan_finds_what_needs_the_network(new_run: New) -> None:
    it = new_run(reductions=[0.99])
    assert "4 trials under smoke/1" in printed(it, "plan", "suite.yaml")
    said = it.reidbench("plan", "suite.yaml", "--check")
    assert said.returncode == 2
    assert "a run will refuse this:\nsuite 'tiny-suite': reduction 0.99 is out of" in said.stdout


def test_a_suite_on_validation_has_tables_of_its_own(new_run: New) -> None:
    it = new_run(methods=["dense", "l1"])
    assert it.reidbench("run", "suite.yaml").returncode == 0
    suite = it.folder / "suite.yaml"
    suite.write_text(suite.read_text() + "evaluate: validation\n")
    said = it.reidbench("run", "suite.yaml", "--out", "chosen")
    assert said.returncode == 0, said.stderr
    assert "tiny (validation)" in said.stdout
    for path in (it.folder / "chosen" / "results").glob("*.json"):
        (it.home / "results" / path.name).write_text(path.read_text())
    page = it.reidbench("leaderboard", it.home).stdout
    assert page.count("dense") >= 2 and "tiny (validation)" in page
    names = [result.components["target"].name for result in it.results().values()]
    assert sorted(names) == ["tiny", "tiny", "tiny (validation/1)", "tiny (validation/1)"]
