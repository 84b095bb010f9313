"""``reidbench status`` of a finished run."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.conftest import Run


def test_a_finished_run_is_shown_from_its_log(finished: Run) -> None:
    said = finished.reidbench("status")
    assert said.returncode == 0
    assert "suite 'tiny-suite' in runs/tiny-suite: done" in said.stdout
    assert "trials  4 of 4 done, 0 failed" in said.stdout
    document = json.loads(finished.reidbench("status", finished.home, "--json").stdout)
    assert document["phases_done"] == document["phases"]
    assert (document["phases_running"], document["working"]) == (0, [])


def test_no_run_is_one_line(new_run: Callable[..., Run]) -> None:
    said = new_run().reidbench("status")
    assert said.returncode == 2
    assert "no run has left an event log here" in said.stderr
