"""The folder of a run: result files, those of older versions set aside, the suite, the pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reidbench.config.own_protocol import protocol_text
from reidbench.config.protocol import Protocol
from reidbench.files import write_atomically
from reidbench.plan import Plan, Trial
from reidbench.results import Result, ResultError, Status, TrialId, read_result
from reidbench.run.places import EVENTS

PROTOCOL_COPY = "protocol.yaml"
"""The rules beside the results, where they are not published ones."""
SUITE_COPY = "suite.yaml"
"""The suite file beside its results: a leaderboard made later finds claims and seeds there."""


@dataclass(frozen=True)
class RunFolder:
    """What runs of a suite leave in ``root``; ``say`` reports what is wrong with it."""

    root: Path
    say: Callable[[str], None]

    @property
    def results(self) -> Path:
        """The folder of result files, one a trial."""
        return self.root / "results"

    @property
    def log(self) -> Path:
        """The file of log lines and tracebacks."""
        return self.root / "run.log"

    @property
    def logs(self) -> Path:
        """The folder of what workers print, one file an attempt."""
        return self.root / "logs"

    @property
    def failures(self) -> Path:
        """The folder of notes by which runs at work tell one another what has failed."""
        return self.root / "failures"

    @property
    def events(self) -> Path:
        """The log of events, one JSON line each; ``reidbench status`` reads it."""
        return self.root / EVENTS

    @property
    def costs(self) -> Path:
        """The file of timings of the last run that made something."""
        return self.root / "costs.json"

    def path(self, key: str) -> Path:
        """Return the result file of a trial's key, whether or not it is there."""
        return self.results / f"{key}.json"

    def status(self, trial: Trial) -> Status | Literal["to do", "unreadable"]:
        """Return how a trial ended, by its result file."""
        path = self.path(trial.key)
        if not path.is_file():
            return "to do"
        try:
            return read_result(path).status
        except ResultError:
            return "unreadable"

    def is_done(self, trial: Trial) -> bool:
        """Return whether a trial has its result; failed ones and damaged files are made again."""
        path = self.path(trial.key)
        if not path.is_file():
            return False
        try:
            result = read_result(path)
        except ResultError as error:
            self.say(str(error))
            return False
        # The key does not depend on names: a scenario that was renamed since needs a new row.
        return result.status in ("done", "not applicable") and result.trial == trial.id

    def outcome(self, plan: Plan) -> list[Result]:
        """Read the result of every row of a plan."""
        return [read_result(self.path(row.key)) for row in plan.rows]

    def outside(self, plan: Plan, whole: Plan) -> list[Result]:
        """Read the results of the whole suite's other rows that are there."""
        asked = {row.key for row in plan.rows}
        paths = [self.path(row.key) for row in whole.rows if row.key not in asked]
        return [read_result(path) for path in paths if path.is_file()]

    def keep_suite(self, suite: Path, protocol: Protocol) -> None:
        """Leave a copy of the suite, and of rules of one's own, beside the results."""
        _keep(self.root / SUITE_COPY, suite.read_text(encoding="utf-8"))
        if not protocol.is_published:
            _keep(self.root / PROTOCOL_COPY, protocol_text(protocol))

    def set_superseded_aside(self, plan: Plan) -> None:
        """Move results of the plan's trials under other keys, so of older versions, elsewhere."""
        keys, trials = {row.key for row in plan.rows}, {row.id for row in plan.rows}
        for path in sorted(self.results.glob("*.json")):
            if path.stem in keys or _trial_of(path) not in trials:
                continue
            aside = self.results / "superseded" / path.name
            aside.parent.mkdir(exist_ok=True)
            try:
                path.replace(aside)
            except FileNotFoundError:  # another run of the suite was faster
                continue
            self.say(f"{path.name} is of other versions or data; moved to {aside}")


def _keep(copy: Path, text: str) -> None:
    """Write a copy, unless there is an equal one."""
    if not copy.is_file() or copy.read_text(encoding="utf-8") != text:
        write_atomically(copy, text)


def _trial_of(path: Path) -> TrialId | None:
    try:
        return read_result(path).trial
    except ResultError:
        return None
