"""States come from the maintainers' file, the last one of each folder, and are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.leaderboard.states import FolderState
from reidbench.results import PACK
from reidbench.submissions.check import check
from reidbench.submissions.states import STATES, StateError, read_events, state_of
from tests.submissions.falsified import PUBLISHED, good


def event(**changes: object) -> str:
    whole = {"folder": "mine", "state": "submitted", "date": "2026-11-01", "who": "A", **changes}
    return json.dumps({"evidence": "a pull request", **whole}) + "\n"


def test_the_last_state_of_a_folder_counts_and_is_shown(tmp_path: Path) -> None:
    folder = good(tmp_path / "mine")
    assert state_of(folder).name == ""
    later = event(state="reproduced", date="2026-11-02"), event(folder="other", date="2026-11-03")
    (tmp_path / STATES).write_text(event() + "".join(later))
    assert state_of(folder) == FolderState("reproduced", "2026-11-02", "A", "a pull request")
    done = CliRunner().invoke(cli, ["leaderboard", str(folder), "--format", "markdown"])
    assert done.exit_code == 0 and "2/2 reproduced" in done.output


def test_a_folder_in_doubt_is_no_anchor_of_others(tmp_path: Path) -> None:
    published = tmp_path / "published"
    (published / "old").mkdir(parents=True)
    (published / "old" / PACK).write_bytes((PUBLISHED / "quickstart" / PACK).read_bytes())
    folder = good(tmp_path / "mine")
    assert check(folder, published) == []
    (published / STATES).write_text(event(folder="old", state="withdrawn"))
    assert any("no published row of random" in it.why for it in check(folder, published))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (event(state="won"), ":1: state: "),
        (event(who=""), ":1: who: "),
        (event(more=1), ":1: more: "),
        (event() + event(date="2026-10-01"), ":2: older than the line above"),
        (event() + "{", ":2: not JSON"),
        (event(folder="../x"), ":1: folder: "),
    ],
)
def test_a_line_that_is_no_event_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / STATES).write_text(text)
    with pytest.raises(StateError) as refusal:
        read_events(tmp_path / STATES)
    assert told in str(refusal.value)
