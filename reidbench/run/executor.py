"""The interface of executors: backends that run a plan's trials to their results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from reidbench.plan import Plan, Trial
from reidbench.results import Result, Status


@dataclass(frozen=True)
class Failure:
    """Why a node was not made.

    Attributes:
        provenance: what is known of the process that tried, in place of the run's own.

    """

    status: Status
    why: str
    provenance: Mapping[str, Any] = field(default_factory=dict)


class Executor(Protocol):
    """Runs trials as they are planned, and decides nothing about them.

    Nodes that are in the store are not run again; each result is written as soon as it is known.
    """

    def run(self, plan: Plan, trials: tuple[Trial, ...]) -> list[Result]:
        """Run trials to their results; a failure ends its trial, never the run.

        Raises:
            NoRoom: a disk is full, which ends the run.

        """
        ...
