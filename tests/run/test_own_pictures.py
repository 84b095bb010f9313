"""A suite on a table of pictures, from the file to a row, wherever its folder lies."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from reidbench import run_suite
from reidbench.api import DRAWN_MARK
from reidbench.config.suite import load_suite
from reidbench.config.yaml_document import DocumentError
from reidbench.datasets.locate import parts
from reidbench.plan import Plan, make_plan
from reidbench.plugins import Registry
from tests.support.suites import write_suite

TABLE = {"dataset": "csv", "options": {"file": "./people/my.csv"}}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, tiny_registry: Registry) -> Iterator[Path]:
    """Write the tiny data set as a table beside a suite."""
    threads = torch.get_num_threads()
    folder = tmp_path_factory.mktemp("own")
    data = tiny_registry.datasets.get("tiny").record.build({})
    rows: list[tuple[object, ...]] = [("path", "pid", "camid", "split")]
    for part, split in parts(data).items():
        for index, name in enumerate(split.names):
            (folder / "people" / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(split.read(index)).save(folder / "people" / name)
            rows.append((name, split.pids[index], split.camids[index], part))
    with (folder / "people" / "my.csv").open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    write_suite(folder, targets=[TABLE], methods=["dense", "l1"])
    yield folder
    torch.set_num_threads(threads)


def planned(folder: Path, registry: Registry, **changes: Any) -> Plan:
    if changes:
        write_suite(folder, **changes)
    return make_plan(load_suite(folder / "suite.yaml"), registry, folder / "no-data")


def test_a_suite_runs_on_it_to_the_last_row(home: Path) -> None:
    outcome = run_suite(
        home / "suite.yaml", out=home / "out", store=home / "store", device="cpu", threads=1
    )
    assert [result.status for result in outcome.results] == ["done", "done"]
    assert {result.trial.target for result in outcome.results} == {"csv(file=my.csv)"}
    assert all(result.components["target"].content for result in outcome.results)


def test_its_keys_hold_the_content_and_no_folder(
    home: Path, tmp_path: Path, tiny_registry: Registry
) -> None:
    keys = {trial.key for trial in planned(home, tiny_registry).trials}
    shutil.copytree(home / "people", tmp_path / "people")
    shutil.copy(home / "suite.yaml", tmp_path)
    assert {trial.key for trial in planned(tmp_path, tiny_registry).trials} == keys
    (picture,) = (tmp_path / "people" / "query").glob("*0101_c0*")
    Image.new("RGB", (16, 32)).save(picture)
    assert not keys & {trial.key for trial in planned(tmp_path, tiny_registry).trials}


def test_drawn_pictures_say_so(home: Path, tmp_path: Path, tiny_registry: Registry) -> None:
    shutil.copytree(home / "people", tmp_path / "people")
    (tmp_path / "people" / DRAWN_MARK).touch()
    (trial,) = planned(tmp_path, tiny_registry, targets=[TABLE]).trials
    assert trial.data["target"].drawn and trial.data["target"].lists().drawn


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (["csv"], r"suite\.yaml:10: targets\.0: 'csv' needs the option 'file', a path relative"),
        (
            [{"dataset": "csv", "options": {"file": "no.csv"}}],
            r"suite\.yaml:12: targets\.0\.options\.file: no such file or folder: .*no\.csv",
        ),
        (
            [{"dataset": "csv", "options": {"file": 3}}],
            r"suite\.yaml:12: targets\.0\.options\.file: 'csv': option 'file' must be a path",
        ),
        (
            [TABLE, {"dataset": "csv", "options": {"file": "other/my.csv"}}],
            r"suite\.yaml:13: targets\.1: another target is called csv\(file=my\.csv\) too: rename",
        ),
    ],
)
def test_a_path_that_is_missing_or_ambiguous_is_refused_at_its_line(
    home: Path, tmp_path: Path, tiny_registry: Registry, targets: list[Any], said: str
) -> None:
    for name in ("people", "other"):
        shutil.copytree(home / "people", tmp_path / name)
    with pytest.raises(DocumentError, match=said):
        planned(tmp_path, tiny_registry, targets=targets)
