"""Everything a plugin author imports; nothing here imports torch."""

from __future__ import annotations

from reidbench.api.data import (
    ClassCounts,
    ClassificationData,
    Counts,
    DataError,
    LabelledImages,
    ReIDData,
    Split,
)
from reidbench.api.hooks import hookimpl
from reidbench.api.method import Method
from reidbench.api.records import (
    DRAWN_MARK,
    BackboneRecord,
    DatasetRecord,
    MethodRecord,
    OnDisk,
    Place,
)
from reidbench.api.tasks import (
    CannotScore,
    Group,
    NextLayer,
    PrunePhase,
    RankingTask,
    Scores,
    TrainingTask,
)
from reidbench.errors import WeightsError

API_VERSION = 3
"""The contract a plugin is written against; a plugin may state the one it needs in a module-level
``REIDBENCH_API``, and is refused with a sentence when this reidbench is older."""

__all__ = [
    "API_VERSION",
    "DRAWN_MARK",
    "BackboneRecord",
    "CannotScore",
    "ClassCounts",
    "ClassificationData",
    "Counts",
    "DataError",
    "DatasetRecord",
    "Group",
    "LabelledImages",
    "Method",
    "MethodRecord",
    "NextLayer",
    "OnDisk",
    "Place",
    "PrunePhase",
    "RankingTask",
    "ReIDData",
    "Scores",
    "Split",
    "TrainingTask",
    "WeightsError",
    "hookimpl",
]
