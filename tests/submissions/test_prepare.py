"""What a run left becomes a folder to publish, once the form is filled in."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.results import CURVES, LATENCY_FILE, PACK, read_curves, read_pack, write_result
from reidbench.store import Store
from reidbench.store.curve import Curve
from tests.leaderboard.timings import write_timings
from tests.results.curves import curves_of_phases
from tests.submissions.falsified import ABOUT, PUBLISHED, SUITE, good


def test_a_run_becomes_a_submission(tmp_path: Path) -> None:
    source, run, out = good(tmp_path / "good"), tmp_path / "run", tmp_path / "out"
    for result in read_pack(source / PACK):
        write_result(run / "results", result)
    words = ["submit", str(run), "--out", str(out), "--published", str(PUBLISHED)]
    words += ["--store", str(tmp_path / "store")]
    refused = CliRunner().invoke(cli, words)
    assert "no suite.yaml here" in str(refused.exception)
    (run / "suite.yaml").write_text(SUITE)
    write_timings(run)
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1
    assert f"{out}/submission.yaml:5: " in done.output and " refused" in done.output
    assert (out / LATENCY_FILE).read_bytes() == (run / LATENCY_FILE).read_bytes()
    for place in (run, out):
        (place / LATENCY_FILE).unlink()
    assert (out / PACK).read_bytes() == (source / PACK).read_bytes()
    (out / "submission.yaml").write_text(ABOUT)
    again = CliRunner().invoke(cli, words)
    assert again.exit_code == 0 and "0 refused, 0 to look at" in again.output
    assert (out / "submission.yaml").read_text() == ABOUT
    assert not (out / CURVES).exists() and "no training curves: " in again.output


def test_training_curves_go_along_from_the_store(tmp_path: Path) -> None:
    run, store = good(tmp_path / "run"), Store(tmp_path / "store")
    phases = [phase for it in read_pack(run / PACK) for phase in it.phases]
    for key, points in curves_of_phases(phases).items():
        with store.writing(key) as (folder, _):
            Curve(points=list(points)).write(folder)
    out = tmp_path / "out"
    out.mkdir()
    (out / "submission.yaml").write_text(ABOUT)
    words = ["submit", str(run), "--out", str(out), "--published", str(PUBLISHED)]
    done = CliRunner().invoke(cli, [*words, "--store", str(store.root)])
    trained = len(read_curves(out / CURVES))
    assert f"curves of {trained} of {trained} phases that trained" in done.output
    assert done.exit_code == 0 and trained > 4
