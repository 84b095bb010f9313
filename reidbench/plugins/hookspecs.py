"""The hooks that a plugin may implement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from reidbench.api.hooks import PROJECT

if TYPE_CHECKING:
    from reidbench.api.events import PhaseFinished, PhaseStarted, PhaseStep
    from reidbench.api.records import BackboneRecord, DatasetRecord, FamilyRecord, MethodRecord
    from reidbench.results import Result

hookspec = pluggy.HookspecMarker(PROJECT)

COLLECTING = (
    "reidbench_methods",
    "reidbench_backbones",
    "reidbench_datasets",
    "reidbench_families",
    "reidbench_protocols",
)
OBSERVING = (
    "reidbench_phase_started",
    "reidbench_phase_step",
    "reidbench_phase_finished",
    "reidbench_trial_finished",
)


@hookspec
def reidbench_methods() -> Sequence[MethodRecord]:  # type: ignore[empty-body]
    """Declare pruning methods."""


@hookspec
def reidbench_backbones() -> Sequence[BackboneRecord]:  # type: ignore[empty-body]
    """Declare feature extractors."""


@hookspec
def reidbench_datasets() -> Sequence[DatasetRecord]:  # type: ignore[empty-body]
    """Declare re-ID data sets."""


@hookspec
def reidbench_families() -> Sequence[FamilyRecord]:  # type: ignore[empty-body]
    """Declare another library's components, named ``prefix:name``."""


@hookspec
def reidbench_protocols() -> Sequence[Path | Mapping[str, Any]]:  # type: ignore[empty-body]
    """Declare protocols: files, or the documents that files would hold."""


@hookspec
def reidbench_phase_started(event: PhaseStarted) -> None:
    """Observe a phase that begins."""


@hookspec
def reidbench_phase_step(event: PhaseStep) -> None:
    """Observe how far a phase is, as often as progress is noted in the event log."""


@hookspec
def reidbench_phase_finished(event: PhaseFinished) -> None:
    """Observe the end of a phase, good or bad."""


@hookspec
def reidbench_trial_finished(result: Result) -> None:
    """Observe a trial's result, done or failed."""
