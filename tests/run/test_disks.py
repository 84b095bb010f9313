"""A disk that is full or read-only costs one clear line; once it is mended, the run goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.commands import Finished, reidbench
from tests.support.kills import measured
from tests.support.suites import write_suite

METHODS = ["dense", "l1", "tiny-norm"]


def mount(*words: str) -> bool:
    """Mount, and return whether this process may."""
    with suppress(OSError):
        return not subprocess.run(["mount", *words], capture_output=True).returncode
    return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of its own with nothing on it: 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)):
        pytest.skip("only root mounts a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def assert_one_line(said: Finished, pattern: str) -> None:
    assert said.returncode == 2, said.stderr
    assert "Traceback" not in said.stderr + said.stdout
    last = said.stderr.strip().splitlines()[-1]
    assert pattern in last, said.stderr


def assert_ends_as_elsewhere(run: Callable[..., Finished], disk: Path, elsewhere: Path) -> None:
    """Assert that a run which was held up has the results of one on another disk."""
    assert run("runs").returncode == 0
    assert run(str(elsewhere)).returncode == 0
    place = "tiny-suite/results"
    assert measured(disk / "runs" / place) == measured(elsewhere / place)


def runner(disk: Path, env: dict[str, str]) -> Callable[..., Finished]:
    write_suite(disk, methods=METHODS)

    def run(home: str, *words: str) -> Finished:
        places = ("--store", f"{home}/store", "--out", f"{home}/tiny-suite")
        words = ("run", "suite.yaml", *places, "--threads", "1", *words)
        return reidbench(*words, cwd=disk, env=env)

    return run


@pytest.mark.parametrize("mode", ["--in-process", "--workers=1"])
@pytest.mark.nightly
def test_a_disk_that_fills_up(
    mode: str, disk: Path, tmp_path: Path, tiny_env: dict[str, str]
) -> None:
    run = runner(disk, tiny_env)
    assert_one_line(run("runs", mode), "no space is left to write it; make room")
    before = {path.name for path in (disk / "runs" / "store").iterdir()}
    assert before and not any(name.endswith(".claim") or name.count(".") > 1 for name in before)
    assert mount("-o", "remount,size=40m", str(disk))
    assert_ends_as_elsewhere(run, disk, tmp_path / "elsewhere")
    assert all((disk / "runs" / "store" / name).exists() for name in before)


@pytest.mark.parametrize("finished", ["nothing", "a part"])
def test_a_disk_that_is_read_only(
    finished: str, disk: Path, tmp_path: Path, tiny_env: dict[str, str]
) -> None:
    assert mount("-o", "remount,size=40m", str(disk))
    run = runner(disk, tiny_env)
    if finished == "a part":
        assert run("runs", "--only", "dense").returncode == 0
    assert mount("-o", "remount,ro", str(disk))
    assert_one_line(run("runs", "--in-process"), "cannot be written (Read-only file system)")
    assert mount("-o", "remount,rw", str(disk))
    if finished == "a part":
        assert_ends_as_elsewhere(run, disk, tmp_path / "elsewhere")
