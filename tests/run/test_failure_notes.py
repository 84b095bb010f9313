"""What processes that share a run tell each other of phases that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.run.executor import Failure
from reidbench.run.failure_notes import FailureNotes

KEY = "0123456789abcdef"


def test_another_process_learns_why_and_on_what_a_phase_failed(tmp_path: Path) -> None:
    failure = Failure("diverged", "the loss is nan", {"hardware": {"threads": 3}})
    here, beside = FailureNotes(tmp_path), FailureNotes(tmp_path)
    here.put(KEY, failure)
    assert beside.get(KEY) == failure
    assert FailureNotes(tmp_path).get(KEY) is None  # a new run tries again
    here.drop(KEY)
    assert beside.get(KEY) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "1"}', '{"id": "1", "status": "failed"}'])
def test_a_damaged_note_is_none(text: str, tmp_path: Path) -> None:
    notes = FailureNotes(tmp_path)
    (tmp_path / f"{KEY}.json").write_text(text)
    assert notes.get(KEY) is None
