"""Data sets that end, or hang, whatever process reads their lists: refused by name, in a line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.commands import reidbench
from tests.support.kills import LINUX
from tests.support.sites import write_site
from tests.support.suites import write_suite

pytestmark = pytest.mark.skipif(not LINUX, reason="only Linux copies a process safely")
PLUGIN = """
import ctypes, os, time
from dataclasses import replace
from pathlib import Path
from reidbench_tiny.data import load as sound
from reidbench.api import DatasetRecord, hookimpl

def strike(how):
    with open("struck.txt", "a") as note:
        note.write(f"{os.getpid()}\\n")
    if how == "segfaults":
        print("about to read nowhere", flush=True)
        ctypes.string_at(0)
    if how == "leaves":
        os._exit(0)
    while how == "loops":
        time.sleep(0.01)

def lists(how):
    strike(how)
    return sound()

def images(how):
    def read(index):
        if index == 7:
            strike(how)
        return data.train.read(index)
    data = sound()
    return replace(data, train=replace(data.train, reader=read))

@hookimpl
def reidbench_datasets():
    return [DatasetRecord(name=f"d-{kind}-{part}-{how}", version="1", summary="Breaks.",
                          reference="-", target=f"{__name__}:{part}", options={"how": how},
                          drawn=kind == "drawn")
            for kind in ("drawn", "brought") for part in ("lists", "images")
            for how in ("segfaults", "leaves", "loops", "works")]
"""
SAID = {
    "segfaults": r"ended its process while it was read: the process was killed by signal 11 "
    r"\(SIGSEGV\); correct it or leave it out; its output ends: .*about to read nowhere.*",
    "leaves": "ended its process while it was read: the process exited with status 0; .*",
    "loops": r"did not end within 2 s while it was read; .*; its output ends: .* in strike .*",
}


@pytest.fixture
def env(tmp_path: Path, tiny_env: dict[str, str]) -> dict[str, str]:
    site = write_site(tmp_path / "site", "deadly", PLUGIN)
    return {**tiny_env, "PYTHONPATH": f"{site}:{tiny_env['PYTHONPATH']}"}


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("plan",), "drawn-lists-segfaults"),
        (("plan", "--check"), "brought-lists-leaves"),
        (("run", "--workers", 1, "--step-timeout", "2s"), "brought-lists-loops"),
        (("run", "--workers", 1), "brought-images-segfaults"),
    ],
)
def test_a_data_set_that_ends_or_hangs_its_process_is_refused_in_a_line(
    words: tuple[object, ...], name: str, tmp_path: Path, env: dict[str, str]
) -> None:
    write_suite(tmp_path, targets=["tiny", f"d-{name}"], methods=["dense"])
    command, *more = words
    said = reidbench(command, "suite.yaml", *more, cwd=tmp_path, env=env)
    assert said.returncode == 2, said.stderr
    (line,) = said.stderr.splitlines()
    head = rf"reidbench: data set 'd-{name}' of plugin reidbench-deadly 1\.0 "
    assert re.fullmatch(head + SAID[name.rpartition("-")[2]], line)
    assert not (tmp_path / "runs").exists()


def test_images_without_a_digest_are_read_by_one_process_alone(
    tmp_path: Path, env: dict[str, str]
) -> None:
    write_suite(tmp_path, targets=["d-brought-images-works"], methods=["dense"])
    assert reidbench("plan", "suite.yaml", cwd=tmp_path, env=env).returncode == 0
    assert len((tmp_path / "struck.txt").read_text().splitlines()) == 1
