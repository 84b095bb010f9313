"""Components that end, or hang, the process that makes them: rows, or a line, and never the end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.run.hostile import HOUR, MAKING, assert_said, left_running, run
from tests.support.commands import imported, reidbench
from tests.support.kills import LINUX
from tests.support.suites import write_suite

pytestmark = pytest.mark.skipif(not LINUX, reason="limits and signals are Linux's")
PATIENCE = ("--workers", 1, "--step-timeout", "30s")


def test_a_checked_plan_outlives_a_data_set_and_loads_no_torch(
    tmp_path: Path, hostile_env: dict[str, str]
) -> None:
    write_suite(tmp_path, targets=["h-first-segfaults", "tiny"], methods=["dense"])
    said, modules = imported("plan", "suite.yaml", "--check", cwd=tmp_path, env=hostile_env)
    assert said.returncode == 2, said.stderr
    line = said.stdout.partition("a run will refuse this:\n")[2].rstrip("\n")
    assert line.startswith("data set 'h-first-segfaults' of plugin reidbench-hostile 1.0 ended its")
    assert re.fullmatch(MAKING["segfaults"].error or "", line)
    assert "torch" not in modules
    assert not (tmp_path / "runs").exists()


@pytest.mark.nightly
def test_methods_and_networks_that_strike_as_they_are_made_are_rows(
    tmp_path: Path, hostile_env: dict[str, str]
) -> None:
    rows = {f"h-made-{kind}": row for kind, row in MAKING.items()}
    rows |= {f"h-built-{kind} dense": row for kind, row in MAKING.items()}
    # A forward that wanders off does so at every step of training.
    traced = {kind: row for kind, row in MAKING.items() if kind != "wanders"}
    rows |= {f"h-traced-{kind} dense": row for kind, row in traced.items()}
    networks = [name.split()[0] for name in rows if name.endswith("dense")]
    found = run(
        tmp_path,
        hostile_env,
        *PATIENCE,
        methods=["h-made-wanders", "dense", "tiny-norm", *(f"h-made-{kind}" for kind in traced)],
        backbones=["tinynet", *({"backbone": name, "methods": ["dense"]} for name in networks)],
    )
    assert found.said.returncode == 1, found.said.stderr
    assert_said(rows, found)
    before, _, _ = found.said.stderr.partition("train on tiny")
    assert "method 'h-made-wanders' (one-shot, uniform) of plugin reidbench-hostile 1.0 c" in before
    assert left_running(tmp_path) == []


@pytest.mark.nightly
def test_loaders_of_weights_that_strike_are_rows(
    tmp_path: Path, hostile_env: dict[str, str]
) -> None:
    (tmp_path / "theirs.pth").write_bytes(b"weights")
    rows = {f"h-loaded-{kind} dense": row for kind, row in MAKING.items()}
    found = run(
        tmp_path,
        hostile_env,
        *PATIENCE,
        methods=["dense"],
        backbones=[name.split()[0] for name in rows],
        scenarios={"s": [{"train": "source"}, {"train": "target"}, {"prune": "target"}]},
        source={"dataset": "tiny-disk", "weights": "theirs.pth"},
    )
    assert found.said.returncode == 1, found.said.stderr
    assert_said(rows, found)


@pytest.mark.nightly
def test_data_sets_that_strike_as_they_are_read_are_all_named(
    tmp_path: Path, hostile_env: dict[str, str]
) -> None:
    targets = [f"h-first-{kind}" for kind in MAKING]
    write_suite(tmp_path, targets=["tiny", *targets], methods=["dense"])
    words = ("run", "suite.yaml", "--threads", 1, *PATIENCE)
    said = reidbench(*words, cwd=tmp_path, env=hostile_env, seconds=HOUR)
    assert said.returncode == 2
    assert not (tmp_path / "runs" / "tiny-suite" / "results").exists()
    refused = said.stderr.partition("reidbench: ")[2].splitlines()
    expected = [row for row in MAKING.values() if row.error]
    assert len(refused) == len(expected)
    for line, row in zip(refused, expected, strict=True):
        assert re.fullmatch(row.error or "", line)
