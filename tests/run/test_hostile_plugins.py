"""Components that break their process, in one suite with good ones: each row says what happened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from reidbench.results import read_results
from reidbench.run.status import run_status
from tests.run.hostile import DATA, MAKING, METHODS, NETWORKS, assert_said, left_running, run
from tests.support.commands import reidbench
from tests.support.kills import LINUX, measured
from tests.support.suites import write_suite

pytestmark = pytest.mark.skipif(not LINUX, reason="limits and signals are Linux's")
GOOD = ["dense", "l1", "tiny-norm"]
MORE = ["fpgm", "random", "scratch"]


@pytest.fixture(scope="module")
def clean(
    tmp_path_factory: pytest.TempPathFactory, hostile_env: dict[str, str]
) -> Mapping[str, object]:
    """Return what the good rows measure in a process where nothing else has run."""
    folder = tmp_path_factory.mktemp("clean")
    found = run(folder, hostile_env, "--in-process", methods=[*GOOD, *MORE])
    assert found.said.returncode == 0, found.said.stderr
    return measured(found.home / "results")


def test_the_rows_beside_some_of_the_worst_are_those_of_a_clean_run(
    tmp_path: Path, hostile_env: dict[str, str], clean: Mapping[str, object]
) -> None:
    rows = {"h-exits": METHODS["exits"], "h-segfaults": METHODS["segfaults"]}
    left = "the working folder.* the running threads"
    rows["h-everything"] = METHODS["lingers"]._replace(note=left)
    rows["h-made-segfaults"] = MAKING["segfaults"]
    methods = ["l1", *rows, *GOOD[::2], *MORE]
    rows["h-built-leaves dense"] = MAKING["leaves"]
    networks = ["tinynet", {"backbone": "h-built-leaves", "methods": ["dense"]}]
    found = run(tmp_path, hostile_env, "--workers", 1, methods=methods, backbones=networks)
    assert found.said.returncode == 1, found.said.stderr
    assert_said(rows, found)
    status = run_status(found.home)
    failed = sum(it.status == "failed" for it in found.results.values())
    assert (status.trials, status.trials_failed) == (len(found.results), failed)
    assert status.trials_done == len(found.results) - failed
    # A row of each way to fail says what it was tried on: as rows that are done do.
    on = [it.provenance for it in found.results.values()]
    assert {(it["device"], it["hardware"]["threads"]) for it in on} == {("cpu", 1)}
    assert "a new worker replaces it" in found.said.stderr
    assert_unharmed(found.home / "results", clean)
    assert left_running(tmp_path) == [] == found.litter


@pytest.mark.nightly
def test_hostile_methods_and_networks(
    tmp_path: Path, hostile_env: dict[str, str], clean: Mapping[str, object]
) -> None:
    methods = {f"h-{kind}": row for kind, row in METHODS.items()}
    networks = {f"h-net-{kind} dense": row for kind, row in NETWORKS.items()}
    found = run(
        tmp_path,
        {**hostile_env, "HOSTILE_MEGABYTES": "100"},
        *("--workers", 1, "--step-timeout", "15s"),
        methods=[*GOOD, *methods, *MORE],
        backbones=[
            "tinynet",
            *({"backbone": f"h-net-{kind}", "methods": ["dense"]} for kind in NETWORKS),
        ],
    )
    assert found.said.returncode == 1, found.said.stderr
    assert_said({**methods, **networks}, found)
    assert_unharmed(found.home / "results", clean)
    assert left_running(tmp_path) == [] == found.litter
    logs = [path.read_text() for path in (found.home / "logs").glob("*.log")]
    assert any("last words" in log and len(log) > 99_000_000 for log in logs)
    assert len(found.said.stdout + found.said.stderr) < 50_000


@pytest.mark.nightly
def test_hostile_data_sets(
    tmp_path: Path, hostile_env: dict[str, str], clean: Mapping[str, object]
) -> None:
    rows = {f"h-data-{kind} l1": row for kind, row in DATA.items()}
    targets = [f"h-data-{kind}" for kind in DATA]
    found = run(
        tmp_path,
        hostile_env,
        "--workers",
        1,
        methods=GOOD + MORE,
        targets=[*targets[::2], "tiny", *targets[1::2]],
    )
    assert found.said.returncode == 1, found.said.stderr
    assert_said(rows, found)
    assert_unharmed(found.home / "results", clean)
    assert left_running(tmp_path) == [] == found.litter


def assert_unharmed(results: Path, clean: Mapping[str, object]) -> None:
    beside = measured(results)
    assert {name: beside[name] for name in clean} == clean


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"methods": ["l1", "h-import-exits"]}, "h-import-exits.*SystemExit: no import today"),
        ({"methods": ["l1", "h-import-panics"]}, "h-import-panics.*Panic: a module in another"),
        ({"backbones": ["tinynet", "h-net-unmade"]}, "h-net-unmade.*SystemExit: unmade"),
    ],
)
@pytest.mark.nightly
def test_what_cannot_be_made_is_failed_rows_before_the_first_step(
    part: dict[str, list[str]], sentence: str, tmp_path: Path, hostile_env: dict[str, str]
) -> None:
    write_suite(tmp_path, **part)
    said = reidbench("run", "suite.yaml", "--workers", 1, cwd=tmp_path, env=hostile_env)
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    before, _, _ = said.stderr.partition("train on tiny")
    assert re.search(f"failed: .*{sentence}", before)
    results = read_results(tmp_path / "runs" / "tiny-suite" / "results")
    assert {it.status for it in results if "h-" not in str(it.trial)} == {"done"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("h-data-unloaded", "h-data-unloaded.*Panic: in another language"),
        ("h-data-fickle", "h-data-fickle of plugin reidbench-hostile.* is not the same when"),
    ],
)
@pytest.mark.nightly
def test_data_that_cannot_be_trained_on_are_refused_before_the_first_step(
    data: str, sentence: str, tmp_path: Path, hostile_env: dict[str, str]
) -> None:
    write_suite(tmp_path, targets=["tiny", data])
    said = reidbench("run", "suite.yaml", "--workers", 1, cwd=tmp_path, env=hostile_env)
    assert said.returncode == 2
    assert re.search(sentence, said.stderr) and "Traceback" not in said.stderr
    assert not (tmp_path / "runs" / "tiny-suite" / "results").exists()
