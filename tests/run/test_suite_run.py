"""A suite run from Python: what the command does, as objects."""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
import torch

import reidbench
from reidbench import RunOptions, SuiteOutcome, run_suite
from reidbench.errors import ReidbenchError
from reidbench.plan.selection import SelectionError
from reidbench.results import read_results
from reidbench.run.options import DATA
from reidbench.store import STORE
from tests.support.suites import write_suite

METHODS = ["dense", "l1", "tiny-raises"]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, tiny_registry: object) -> Iterator[Path]:
    """Return a suite of the tiny plugin, importable while the module's tests run."""
    threads = torch.get_num_threads()
    yield write_suite(tmp_path_factory.mktemp("suite"), methods=METHODS)
    torch.set_num_threads(threads)


def run(suite: Path, *only: str, progress: io.StringIO | None = None) -> SuiteOutcome:
    home = suite.parent
    return run_suite(
        suite,
        out=home / "out",
        store=home / "store",
        only=only,
        device="cpu",
        threads=1,
        progress=progress,
    )


@pytest.fixture(scope="module")
def first(suite: Path) -> tuple[SuiteOutcome, str]:
    """Return what a first run of a part came to, and what it reported."""
    progress = io.StringIO()
    return run(suite, "dense", "l1", progress=progress), progress.getvalue()


def test_it_returns_results_table_folder_and_timings(
    first: tuple[SuiteOutcome, str], suite: Path
) -> None:
    outcome, _ = first
    assert [r.trial.method for r in outcome.results] == ["dense", "l1"]
    assert sorted(outcome.results, key=lambda r: r.key) == read_results(outcome.folder / "results")
    assert outcome.folder == suite.parent / "out"
    (table,) = outcome.leaderboard.tables
    assert [row.method for section in table.sections for row in section.all_rows] == ["dense", "l1"]
    assert outcome.timings is not None and outcome.timings.wall > outcome.timings.harness > 0
    assert (outcome.unfinished, outcome.exit_status) == ((), 0)


def test_it_leaves_what_the_command_leaves(first: tuple[SuiteOutcome, str]) -> None:
    assert sorted(path.name for path in first[0].folder.iterdir()) == [
        "costs.json",
        "events.jsonl",
        "leaderboard.csv",
        "leaderboard.md",
        "results",
        "run.log",
        "suite.yaml",
    ]


def test_progress_goes_where_it_is_asked_for_and_nowhere_else(
    first: tuple[SuiteOutcome, str], suite: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert first[1].startswith("suite 'tiny-suite': 2 of 2 trials to run under smoke/1 on cpu; ")
    run(suite, "dense")
    assert capfd.readouterr() == ("", "")


def test_a_finished_part_is_returned_again_without_timings(
    first: tuple[SuiteOutcome, str], suite: Path
) -> None:
    again = run(suite, "l1", "dense")
    assert again.timings is None
    assert again.results == first[0].results
    assert again.leaderboard == first[0].leaderboard


def test_a_trial_that_fails_is_returned_and_stays_beside_the_others(
    first: tuple[SuiteOutcome, str], suite: Path
) -> None:
    logger = logging.getLogger("reidbench")
    before = logger.level, logger.propagate, list(logger.handlers)
    outcome = run(suite, "tiny-raises")
    assert {r.trial.method: r.status for r in outcome.results} == {"tiny-raises": "failed"}
    assert [r.trial.method for r in outcome.unfinished] == ["tiny-raises"]
    assert outcome.exit_status == 1
    rows = [
        row.method
        for table in outcome.leaderboard.tables
        for section in table.sections
        for row in section.all_rows
    ]
    assert set(rows) == set(METHODS)
    assert "tiny trouble" in (outcome.folder / "run.log").read_text()
    # A process that runs suites logs as it did before.
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_an_outcome_cannot_be_changed(first: tuple[SuiteOutcome, str]) -> None:
    with pytest.raises(FrozenInstanceError):
        first[0].results = ()  # type: ignore[misc]


def test_one_word_selects_as_a_list_of_it_does(suite: Path) -> None:
    assert RunOptions(suite, only="l1").selection == RunOptions(suite, only=["l1"]).selection
    with pytest.raises(SelectionError, match=r"^--only l3: the suite has no such name"):
        run_suite(suite, only="l3", out=suite.parent / "none")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"device": "foo"}, r"^--device foo: .*; use auto, cpu or cuda:N$"),
        ({"threads": 0}, r"^--threads 0: must be at least 1$"),
        ({"protocol": "smoke/9"}, "^unknown protocol 'smoke/9'"),
        ({"disabled": ["nobody"]}, "nobody"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(
    suite: Path, options: dict[str, object], sentence: str
) -> None:
    out = suite.parent / "refused"
    with pytest.raises(ReidbenchError, match=sentence):
        run_suite(suite, out=out, store=out, **options)  # type: ignore[arg-type]
    assert not out.exists()


def test_folders_that_are_not_named_are_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REIDBENCH_STORE", raising=False)
    monkeypatch.delenv("REIDBENCH_DATA", raising=False)
    assert (RunOptions("s").store_folder, RunOptions("s").data_folder) == (STORE, DATA)
    monkeypatch.setenv("REIDBENCH_STORE", "/a")
    monkeypatch.setenv("REIDBENCH_DATA", "/b")
    assert (RunOptions("s").store_folder, RunOptions("s").data_folder) == (Path("/a"), Path("/b"))
    assert RunOptions("s", store="c").store_folder == Path("c")


def test_its_signature_and_help_are_those_of_its_options() -> None:
    parameters = inspect.signature(run_suite).parameters
    names = [field.name for field in fields(RunOptions)]
    assert list(parameters) == names
    assert all(name in (run_suite.__doc__ or "") for name in names)
    assert parameters["suite"].default is inspect.Parameter.empty
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in names[1:])


def test_every_public_name_of_the_package_is_there() -> None:
    assert all(getattr(reidbench, name) for name in reidbench.__all__)
    with pytest.raises(AttributeError, match="no attribute 'run_suit'"):
        _ = reidbench.run_suit  # type: ignore[attr-defined]
