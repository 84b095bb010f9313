"""A part of a suite, a suite under another protocol, rows that do not apply, and claims."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.conftest import Run

New = Callable[..., Run]
GRID = {"methods": ["dense", "l1", "psfp"], "reductions": [0.25, 0.5]}
CLAIM = {
    "name": "cheap",
    "says": "Half the MACs cost at most ninety points.",
    "metric": "rank-1",
    "rows": {"method": "l1", "reduction": 0.5},
    "against": {"method": "dense"},
    "at_least": -90.0,
}


def test_a_part_of_a_suite_runs_alone_and_the_whole_goes_on_from_it(new_run: New) -> None:
    it = new_run(**GRID)
    said = it.reidbench(
        "run", "suite.yaml", "--only", "dense", "--only", "l1", "--only", "reduction=0.5"
    )
    assert said.returncode == 0, said.stderr
    kept = {(r.trial.method, r.trial.reduction) for r in it.results().values()}
    assert kept == {("dense", 0.0), ("l1", 0.5)}  # the reference comes along
    said = it.reidbench("run", "suite.yaml", "--only", "dense", "--only", "l1")
    assert said.returncode == 0, said.stderr
    assert len(it.results()) == 3
    said = it.reidbench("run", "suite.yaml")
    assert "2 of 5 trials to run" in said.stderr
    assert len(it.results()) == 5
    page = (it.home / "leaderboard.csv").read_text()
    assert it.reidbench("run", "suite.yaml", "--only", "l1").returncode == 0
    assert (it.home / "leaderboard.csv").read_text() == page  # a part hides no other


def test_under_another_protocol_it_is_another_suite(new_run: New) -> None:
    it = new_run(methods=["l1"])
    said = it.reidbench("plan", "suite.yaml", "--protocol", "mini/1")
    assert "1 trial under mini/1" in said.stdout
    said = it.reidbench("run", "suite.yaml", "--protocol", "smoke/2")
    assert said.returncode == 2 and "unknown protocol 'smoke/2'" in said.stderr


def test_a_row_that_does_not_apply_says_so_and_is_no_failure(new_run: New) -> None:
    it = new_run(
        methods=["dense", "l1", "psfp"],
        source={"dataset": "tiny", "options": {"palette": 1}},
        scenarios={"s4": [{"train": "source"}, {"prune": "target", "not_for": "progressive"}]},
    )
    said = it.reidbench("run", "suite.yaml")
    assert said.returncode == 0, said.stderr
    assert "psfp not applicable [1]" in said.stdout
    assert "[1] not applicable: the scenario 's4' is not for progressive pruning" in said.stdout
    statuses = {r.trial.method: r.status for r in it.results().values()}
    assert statuses == {"dense": "done", "l1": "done", "psfp": "not applicable"}
    again = it.reidbench("run", "suite.yaml")
    assert "2 trials of 'tiny-suite': all done" in again.stderr
    assert "not applicable" in it.reidbench("plan", "suite.yaml").stdout


def test_claims_are_judged_and_stay_with_the_results(new_run: New) -> None:
    it = new_run(methods=["dense", "l1"], claims=[CLAIM], seeds=[0, 1])
    said = it.reidbench("run", "suite.yaml")
    assert said.returncode == 0, said.stderr
    assert "supported" in said.stdout
    later = it.reidbench("leaderboard", it.home)
    assert later.returncode == 0
    assert later.stdout == said.stdout
    assert "supported" in (it.home / "leaderboard.md").read_text()
    # The suite beside the results tells which seeds a row lacks, even where all of them do.
    for path in (it.home / "results").glob("*.json"):
        if json.loads(path.read_text())["trial"]["seed"] == 1:
            path.unlink()
    fewer = it.reidbench("leaderboard", it.home).stdout
    assert "incomplete: lacks seed 1" in fewer
    assert "None of its pairs can be judged. Left out, incomplete" in " ".join(fewer.split())


def test_a_claim_about_what_the_suite_lacks_is_refused_with_its_line(new_run: New) -> None:
    it = new_run(methods=["dense", "l1"], claims=[{**CLAIM, "rows": {"method": "l2"}}])
    said = it.reidbench("plan", "suite.yaml")
    assert said.returncode == 2
    assert "claims.0.rows.method: 'l2' is no method of the suite" in said.stderr
