"""Executors by name: contradictions are refused, and what is not asked for is not loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reidbench.errors import ReidbenchError
from reidbench.run.backends import BACKENDS
from reidbench.run.options import EXECUTORS, RunOptions
from tests.support.commands import imported, reidbench


def test_every_name_has_its_backend() -> None:
    assert tuple(BACKENDS) == EXECUTORS


@pytest.mark.parametrize(
    ("options", "backend"),
    [
        ({}, "serial"),
        ({"workers": 3}, "local"),
        ({"executor": "serial"}, "serial"),
        ({"executor": "ray", "workers": 3, "address": "10.0.0.1:6379"}, "ray"),
    ],
)
def test_the_backend_follows_from_workers_or_is_named(
    options: dict[str, object], backend: str
) -> None:
    assert RunOptions("suite.yaml", **options).backend == backend  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"executor": "dask"}, "--executor dask: use one of serial, local, ray"),
        (
            {"executor": "serial", "workers": 2},
            "--executor serial has no workers: leave out --workers 2",
        ),
        ({"executor": "local"}, "--executor local: --workers must be at least 1"),
        ({"step_timeout": 60.0}, "--step-timeout 60s stops a worker, and this run has none"),
        ({"workers": 1, "step_timeout": float("nan")}, "--step-timeout nan: must be positive"),
        ({"address": "auto"}, "--address auto is of use with --executor ray alone"),
        ({"executor": "ray", "address": "ray://a:10001"}, "does not work through Ray Client"),
    ],
)
def test_what_contradicts_one_another_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ReidbenchError) as error:
        RunOptions("suite.yaml", **options)  # type: ignore[arg-type]
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--executor", "ray"), "--in-process and --executor ray: leave out one of them"),
        (("--workers", "3"), "--workers 3: a run in this process has none; leave out one of the"),
        (("--step-timeout", "1h30"), "--step-timeout '1h30': a time is a number with s, m, h"),
        (("--step-timeout", "60s"), "--step-timeout 60s stops a worker, and this run has none"),
    ],
)
def test_in_process_is_no_other_executor_and_has_no_workers(
    words: tuple[str, ...], sentence: str, tmp_path: Path, tiny_env: dict[str, str]
) -> None:
    said = reidbench("run", "suite.yaml", "--in-process", *words, cwd=tmp_path, env=tiny_env)
    assert said.returncode == 2
    assert said.stderr.startswith(f"reidbench: {sentence}")


def test_help_loads_neither_ray_nor_torch(tmp_path: Path, tiny_env: dict[str, str]) -> None:
    said, modules = imported("run", "--help", cwd=tmp_path, env=tiny_env)
    assert "--executor [serial|local|ray]" in said.stdout
    assert not {"ray", "torch"} & modules


def test_what_drives_workers_loads_neither_ray_nor_torch() -> None:
    drivers = "reidbench.run.execute, reidbench.run.ray.tasks, reidbench.cli.plan"
    code = (
        f"import sys, {drivers}; from reidbench.run.gpus import choose; "
        "assert choose('cpu') == ('cpu', ()); print(sorted({'ray', 'torch'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert said.stdout == "[]\n"
