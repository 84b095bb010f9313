"""What became of each submission: the maintainers' own file, a line an event, only added to."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reidbench.errors import ReidbenchError
from reidbench.leaderboard.states import FolderState
from reidbench.results.validation import faults
from reidbench.submissions.strict_json import JSONError, parse

STATES = "states.jsonl"
State = Literal["submitted", "checked", "reproduced", "disputed", "superseded", "withdrawn"]


class StateError(ReidbenchError):
    """A line of the maintainers' file that is not one."""


class Event(BaseModel):
    """A folder's new state: since when, who says so, and on what evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    state: State
    date: date
    who: str = Field(min_length=1, max_length=100)
    evidence: str = Field(min_length=1, max_length=300)


def read_events(path: Path) -> list[Event]:
    """Read every event, the oldest first; none where there is no file.

    Raises:
        StateError: a line is no event, or older than the one above.

    """
    events: list[Event] = []
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        try:
            event = Event.model_validate(parse(line))
        except JSONError as error:
            raise StateError(f"{path}:{number}: {error}; correct the line") from error
        except ValidationError as error:
            field, message = faults(error)[0]
            raise StateError(f"{path}:{number}: {field}: {message}; correct the line") from error
        if events and event.date < events[-1].date:
            raise StateError(f"{path}:{number}: older than the line above; add events at the end")
        events.append(event)
    return events


def state_of(folder: Path) -> FolderState:
    """Return the state of a folder by the file beside it, an empty one if that does not name it."""
    name = folder.resolve().name
    own = [it for it in read_events(folder.resolve().parent / STATES) if it.folder == name]
    if not own:
        return FolderState()
    last = own[-1]
    return FolderState(last.state, last.date.isoformat(), last.who, last.evidence)
