"""``reidbench curves``: how the trials of a run trained."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from reidbench.store import Store
from reidbench.store.curve import CURVE, read_curve
from tests.cli.conftest import Run

CUT = "l1[one-shot,uniform]@50%"


def files(run: Run) -> dict[str, Path]:
    """Return the result files by method."""
    folder = run.home / "results"
    return {each.trial.method: folder / f"{each.key}.json" for each in run.results().values()}


def store(run: Run) -> Store:
    return Store(run.folder / "runs" / "store")


def test_a_trial_is_shown_phase_after_phase(finished: Run) -> None:
    said = finished.reidbench("curves", files(finished)["l1"])
    assert said.returncode == 0, said.stderr
    name, heads, _, *rows = said.stdout.splitlines()
    assert name == f"target-only/tinynet/tiny/{CUT}/seed0"
    assert heads.split() == ["phase", "step", "epoch", "loss", "learning", "rate", "images/s"]
    assert [row.split()[0] for row in rows if row[0] != " "] == ["train", "prune"]
    phases = next(r for r in finished.results().values() if r.trial.method == "l1").phases
    last = read_curve(store(finished), phases[-1].key)[-1]
    assert rows[-1].split()[:3] == [str(phases[-1].steps), f"{last.epoch:.2f}", f"{last.loss:.3f}"]


def test_a_key_shows_the_phases_before_it_too(finished: Run) -> None:
    phases = next(r for r in finished.results().values() if r.trial.method == "l1").phases
    said = finished.reidbench("curves", phases[-1].key)
    table = finished.reidbench("curves", files(finished)["l1"])
    assert said.stdout.splitlines()[1:] == table.stdout.splitlines()[1:]
    assert said.stdout.startswith("l1 one-shot uniform 50%, tinynet")


def test_several_trials_are_drawn_beside_each_other(finished: Run) -> None:
    results = files(finished)
    said = finished.reidbench(
        "curves", results["l1"], results["scratch"], "--out", "pictures/c.svg"
    )
    assert said.returncode == 0, said.stderr
    svg = (finished.folder / "pictures" / "c.svg").read_text()
    for words in (CUT, "scratch", "learning rate", "1 train on tiny", "2 prune on tiny"):
        assert words in svg
    finished.reidbench("curves", results["l1"], "--out", "c.png")
    assert (finished.folder / "c.png").read_bytes().startswith(b"\x89PNG")


def test_a_trial_without_a_curve_says_so_in_one_line(finished: Run) -> None:
    results = files(finished)
    scratch = next(r for r in finished.results().values() if r.trial.method == "scratch")
    for phase in scratch.phases:
        (store(finished).folder(phase.key) / CURVE).unlink(missing_ok=True)
    both = finished.reidbench("curves", results["l1"], results["scratch"])
    assert both.returncode == 0
    (line,) = both.stderr.splitlines()
    assert re.fullmatch(rf"{results['scratch']}: no curve of it is in runs/store: .*", line)
    assert "/scratch" not in both.stdout and CUT in both.stdout
    alone = finished.reidbench("curves", results["scratch"], "--out", "c.svg")
    assert alone.returncode == 2
    assert alone.stderr.splitlines()[-1] == "reidbench: none of these trials has a curve"
    assert not (finished.folder / "c.svg").exists()


def test_a_picture_without_the_extra_is_refused_and_a_table_is_not(finished: Run) -> None:
    absent = finished.folder / "absent"
    absent.mkdir()
    code = "raise ModuleNotFoundError('No module named vl_convert', name='vl_convert')"
    (absent / "vl_convert.py").write_text(code)
    path = f"{absent}:{finished.env['PYTHONPATH']}"
    run = replace(finished, env={**finished.env, "PYTHONPATH": path})
    trial = files(run)["l1"]
    assert run.reidbench("curves", trial).returncode == 0
    said = run.reidbench("curves", trial, "--out", "c.svg")
    assert said.returncode == 2
    assert "pip install 'reidbench[site]', or leave --out away for a table" in said.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nowhere.json",), "nowhere.json: neither a result file"),
        (("0123456789abcdef",), "nor the key of a phase in runs/store"),
        (("nowhere.json", "--out", "c.pdf"), "--out c.pdf: a picture is a .svg or .png file"),
    ],
)
def test_what_is_no_trial_is_refused_in_one_line(
    finished: Run, words: tuple[str, ...], why: str
) -> None:
    said = finished.reidbench("curves", *words)
    assert (said.returncode, said.stdout) == (2, "")
    (line,) = said.stderr.splitlines()
    assert why in line


def test_a_curve_is_no_part_of_a_key(finished: Run) -> None:
    first = next(r for r in finished.results().values() if r.trial.method == "l1").phases[-1]
    notes = store(finished).meta(first.key)
    assert CURVE in notes["files"]
    assert "curve" not in json.dumps(notes["document"])
