"""What a run left becomes a folder to publish, once the form is filled in."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.results import LATENCY_FILE, PACK, read_pack, write_result
from tests.leaderboard.timings import write_timings
from tests.submissions.falsified import ABOUT, PUBLISHED, SUITE, good


def test_a_run_becomes_a_submission(tmp_path: Path) -> None:
    source, run, out = good(tmp_path / "good"), tmp_path / "run", tmp_path / "out"
    for result in read_pack(source / PACK):
        write_result(run / "results", result)
    words = ["submit", str(run), "--out", str(out), "--published", str(PUBLISHED)]
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
