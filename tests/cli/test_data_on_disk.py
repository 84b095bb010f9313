"""Suites on data sets that a user brings: found, refused, drawn ones called drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reidbench.plugins import Registry
from tests.cli.conftest import Run
from tests.support.tiny_disk import draw, photograph

New = Callable[..., Run]
ON_DISK = {"targets": ["tiny-disk"], "methods": ["dense", "l1"]}


def run(it: Run, *words: object) -> tuple[int, str, str]:
    said = it.reidbench("run", "suite.yaml", "--data", "photos", *words)
    return said.returncode, said.stdout, said.stderr


def test_missing_data_stop_a_run_before_any_compute_and_say_what_runs_instead(
    new_run: New,
) -> None:
    it = new_run(
        **ON_DISK,
        source="tiny-disk",
        miniature="suites/small.yaml",
        scenarios={"a": [{"train": "source"}, {"prune": "target"}]},
    )
    code, out, err = run(it)
    assert (code, out) == (2, "")
    assert "needs data that are not there (--data):" in err
    assert "tiny-disk: photos/tiny-disk" in err and "photos/TinyDisk" in err
    assert "reidbench data show tiny-disk" in err
    assert "reidbench run suites/small.yaml" in err
    assert not it.home.exists()


@pytest.mark.parametrize("where", ["option", "environment"])
def test_a_drawn_stand_in_runs_and_is_called_drawn(
    new_run: New, tiny_registry: Registry, where: str
) -> None:
    it = new_run(**ON_DISK)
    draw(tiny_registry, it.folder / "photos")
    if where == "option":
        code, out, err = run(it)
    else:
        env = {**it.env, "REIDBENCH_DATA": str(it.folder / "photos")}
        said = Run(it.folder, env).reidbench("run", "suite.yaml")
        code, out, err = said.returncode, said.stdout, said.stderr
    assert code == 0, err
    assert out.startswith("tiny-disk (drawn data), tinynet")
    assert all(r.drawn and r.components["target"].content for r in it.results().values())


def test_photographs_are_not_called_drawn(new_run: New, tiny_registry: Registry) -> None:
    it = new_run(**ON_DISK)
    photograph(tiny_registry, it.folder / "photos")
    code, out, err = run(it)
    assert code == 0, err
    assert out.startswith("tiny-disk, tinynet")


def test_an_incomplete_copy_is_refused_unless_the_suite_lets_it_in_and_its_rows_say_so(
    new_run: New, tiny_registry: Registry
) -> None:
    it = new_run(**ON_DISK)
    folder = photograph(tiny_registry, it.folder / "photos")
    next((folder / "query").iterdir()).unlink()
    code, out, err = run(it)
    assert (code, out) == (2, "")
    assert "tiny-disk is not the published data set: query images 11, published 12" in err
    it = new_run(**{**ON_DISK, "targets": [{"dataset": "tiny-disk", "complete": False}]})
    code, out, err = run(it)
    assert code == 0, err
    assert out.startswith("tiny-disk (incomplete), tinynet")


def test_another_copy_in_the_same_place_is_computed_anew(
    new_run: New, tiny_registry: Registry
) -> None:
    it = new_run(**ON_DISK)
    folder = photograph(tiny_registry, it.folder / "photos")
    assert run(it)[0] == 0
    before = {r.key for r in it.results().values()}
    file = sorted((folder / "train").iterdir())[0]
    file.write_bytes(sorted((folder / "train").iterdir())[1].read_bytes() + b" ")
    assert run(it)[0] == 0
    after = {r.key for r in it.results().values()}
    assert not before & after
    assert len(list((it.home / "results" / "superseded").iterdir())) == len(before)


def test_a_forgotten_data_root_costs_no_finished_result(
    new_run: New, tiny_registry: Registry
) -> None:
    it = new_run(**ON_DISK)
    photograph(tiny_registry, it.folder / "photos")
    assert run(it)[0] == 0
    before = it.files()
    assert it.reidbench("run", "suite.yaml").returncode == 2
    assert it.files() == before


def test_weights_stand_for_a_source_that_need_not_be_there(new_run: New, tmp_path: Path) -> None:
    it = new_run(
        source={"dataset": "tiny-disk", "weights": "imagenet"},
        scenarios={"a": [{"train": "source"}, {"prune": "target"}]},
        methods=["dense", "l1"],
    )
    code, out, err = run(it)
    assert code == 0, err
    (kinds,) = {tuple(phase.kind for phase in r.phases) for r in it.results().values()}
    assert kinds == ("load", "prune")
    assert out.startswith("imagenet → tiny (drawn data), tinynet")
