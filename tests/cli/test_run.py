"""``reidbench run``: from a suite to its leaderboard, once, and never the same thing twice."""

from __future__ import annotations

import csv
from collections.abc import Callable

from tests.cli.conftest import Run, metrics
from tests.support.commands import Finished, imported

New = Callable[..., Run]
TRIALS = [
    "target-only/tinynet/tiny/dense/seed0",
    "target-only/tinynet/tiny/l1[one-shot,uniform]@50%/seed0",
    "target-only/tinynet/tiny/scratch[one-shot,uniform]@50%/seed0",
    "target-only/tinynet/tiny/tiny-norm[one-shot,uniform]@50%/seed0",
]


def test_a_suite_runs_to_its_leaderboard(first: tuple[Run, Finished]) -> None:
    run, said = first
    assert said.returncode == 0, said.stderr
    results = run.results()
    assert sorted(results) == TRIALS
    assert all(result.status == "done" and result.matched for result in results.values())
    assert "tiny-norm" in said.stdout
    assert said.stdout.strip().splitlines()[0].startswith("tiny (drawn data), tinynet")
    rows = list(csv.DictReader((run.home / "leaderboard.csv").open()))
    assert len(rows) == 4
    assert "tiny-norm" in (run.home / "leaderboard.md").read_text()


def test_progress_without_a_terminal_is_one_line_a_phase(first: tuple[Run, Finished]) -> None:
    told = first[1].stderr.splitlines()
    assert told[0] == (
        "suite 'tiny-suite': 4 of 4 trials to run under smoke/1 on cpu; "
        "results in runs/tiny-suite/results"
    )
    assert f"[1/4] {TRIALS[0]}: train on tiny ..." in told
    assert [line.split("  mAP")[0] for line in told if ": done" in line] == [
        f"[1/4] {TRIALS[0]}: done",
        f"[2/4] {TRIALS[2]}: done",
        f"[3/4] {TRIALS[1]}: done",
        f"[4/4] {TRIALS[3]}: done",
    ]


def test_piped_output_has_no_colours_and_no_cursor_tricks(first: tuple[Run, Finished]) -> None:
    assert "\x1b" not in first[1].stdout + first[1].stderr
    assert "\r" not in first[1].stdout + first[1].stderr


def test_a_result_carries_what_it_takes_to_judge_it(first: tuple[Run, Finished]) -> None:
    result = first[0].results()[TRIALS[3]]
    assert result.suite == "tiny-suite" and result.drawn
    assert result.protocol["name"] == "smoke/1"
    assert {kind: part.distribution for kind, part in result.components.items()} == {
        "method": "reidbench-tiny",
        "backbone": "reidbench-tiny",
        "target": "reidbench-tiny",
    }
    assert [phase.kind for phase in result.phases] == ["train", "prune"]
    assert result.provenance["device"] == "cpu"
    assert result.scores is not None and result.per_query is not None
    assert None not in (result.scores.base, result.scores.before_retraining)
    assert len(result.per_query.pids) == len(result.per_query.average_precision) == 12


def test_a_result_says_where_an_authors_schedule_had_to_be_rescaled(
    first: tuple[Run, Finished],
) -> None:
    said = {r.trial.method: r.schedule for r in first[0].results().values()}
    l1, own = said["l1"], said["tiny-norm"]
    assert l1 is not None and own is not None
    # 20 epochs at the authors', 0.3 after the cut here; scratch trains from the cut on.
    assert (l1.authors_epochs, l1.epochs, l1.rescaled) == (20, 0.3, True)
    assert "20 epochs of ImageNet" in l1.authors_schedule
    assert (own.authors_epochs, own.epochs, own.rescaled) == (None, 0.3, False)
    assert said["scratch"] is not None and said["scratch"].epochs == 0.6


def test_every_trial_spent_the_same_steps(first: tuple[Run, Finished]) -> None:
    spent = {sum(phase.steps for phase in r.phases) for r in first[0].results().values()}
    assert len(spent) == 1


def test_a_finished_suite_is_printed_again_and_not_run_again(finished: Run) -> None:
    before = finished.files()
    again, modules = imported("run", "suite.yaml", cwd=finished.folder, env=finished.env)
    assert again.returncode == 0
    assert again.stderr.startswith("4 trials of 'tiny-suite': all done")
    assert "tiny-norm" in again.stdout
    assert finished.files() == before
    assert not {"torch", "torchvision"} & modules


def test_a_lost_result_is_put_together_from_the_store(
    finished: Run, first: tuple[Run, Finished]
) -> None:
    lost = finished.results()[TRIALS[1]]
    (finished.home / "results" / f"{lost.key}.json").unlink()
    before = finished.files()
    said, modules = imported("run", "suite.yaml", cwd=finished.folder, env=finished.env)
    assert said.returncode == 0
    assert "torch" not in modules
    after = finished.files()
    assert {path for path in after if after[path] != before.get(path)} == {
        f"runs/tiny-suite/results/{lost.key}.json"
    }
    # To the letter: its provenance is that of the run which measured it.
    assert finished.results() == first[0].results()


def test_a_damaged_result_is_reported_and_made_again(
    finished: Run, first: tuple[Run, Finished]
) -> None:
    path = next((finished.home / "results").glob("*.json"))
    path.write_text('{"schema_version": 1, "key"')
    said = finished.reidbench("run", "suite.yaml")
    assert said.returncode == 0
    assert f"{path.name}: not a readable JSON result" in said.stderr
    assert metrics(finished) == metrics(first[0])


def test_a_renamed_scenario_gets_its_rows_anew_without_training(finished: Run) -> None:
    suite = finished.folder / "suite.yaml"
    suite.write_text(suite.read_text().replace("target-only:", "at-home:"))
    said = finished.reidbench("run", "suite.yaml")
    assert said.returncode == 0 and "took" not in said.stderr
    assert sorted(finished.results()) == [name.replace("target-only", "at-home") for name in TRIALS]


def test_a_store_is_shared_by_suites(finished: Run, first: tuple[Run, Finished]) -> None:
    suite = finished.folder / "suite.yaml"
    suite.write_text(suite.read_text().replace("name: tiny-suite", "name: other-suite"))
    said = finished.reidbench("run", "suite.yaml", "--out", "elsewhere")
    assert said.returncode == 0 and "took" not in said.stderr
    assert (finished.folder / "elsewhere" / "leaderboard.md").is_file()
    assert len(list((finished.folder / "elsewhere" / "results").glob("*.json"))) == 4


def test_two_fresh_runs_measure_the_same_to_the_last_digit(
    new_run: New, first: tuple[Run, Finished]
) -> None:
    # Another order, another thread of the same world: what was run before must not matter.
    run = new_run(methods=["tiny-norm", "l1", "dense", "scratch"])
    assert run.reidbench("run", "suite.yaml", "--threads", "1").returncode == 0
    assert metrics(run) == metrics(first[0])


def test_the_leaderboard_command_prints_the_same_table(finished: Run) -> None:
    printed = finished.reidbench("leaderboard", "runs/tiny-suite", "--out", "pages")
    assert printed.returncode == 0
    assert printed.stdout == finished.reidbench("run", "suite.yaml").stdout
    for name in ("leaderboard.md", "leaderboard.csv"):
        published = (finished.folder / "pages" / name).read_text()
        assert published == (finished.home / name).read_text()


def test_a_damaged_artefact_is_made_again(finished: Run) -> None:
    before = {name: result.scores for name, result in finished.results().items()}
    meta = sorted((finished.folder / "runs" / "store").glob("*/meta.json"))
    for path in meta[::2]:
        path.write_text("")
    for path in (finished.home / "results").glob("*.json"):
        path.unlink()
    assert finished.reidbench("run", "suite.yaml").returncode == 0
    assert {name: result.scores for name, result in finished.results().items()} == before


def test_results_of_other_versions_are_set_aside(finished: Run) -> None:
    results = finished.home / "results"
    old = sorted(results.glob("*.json"))[0]
    old.rename(results / "0123456789abcdef.json")
    said = finished.reidbench("run", "suite.yaml")
    assert said.returncode == 0
    assert "0123456789abcdef.json is of other versions or data; moved to" in said.stderr
    assert (results / "superseded" / "0123456789abcdef.json").is_file()
    assert len(finished.results()) == 4
