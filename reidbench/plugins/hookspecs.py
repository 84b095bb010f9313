"""The hooks that a plugin may implement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from reidbench.api.hooks import PROJECT

if TYPE_CHECKING:
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
OBSERVING = ("reidbench_trial_finished",)


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
def reidbench_trial_finished(result: Result) -> None:
    """Observe a trial's result, done or failed; what this raises is logged, never fatal."""
