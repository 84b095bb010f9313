"""Everything that a plugin imports; importing it does not import torch."""

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
from reidbench.api.events import CurvePoint, PhaseFinished, PhaseStarted, PhaseStep
from reidbench.api.hooks import hookimpl
from reidbench.api.method import Method
from reidbench.api.records import (
    DRAWN_MARK,
    BackboneRecord,
    DatasetRecord,
    FamilyRecord,
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
from reidbench.api.weights import load_backbone
from reidbench.errors import WeightsError

API_VERSION = 4
"""The version of this API. A plugin may name the one it needs in a module-level ``REIDBENCH_API``;
an older reidbench then refuses it with a sentence."""

__all__ = [
    "API_VERSION",
    "DRAWN_MARK",
    "BackboneRecord",
    "CannotScore",
    "ClassCounts",
    "ClassificationData",
    "Counts",
    "CurvePoint",
    "DataError",
    "DatasetRecord",
    "FamilyRecord",
    "Group",
    "LabelledImages",
    "Method",
    "MethodRecord",
    "NextLayer",
    "OnDisk",
    "PhaseFinished",
    "PhaseStarted",
    "PhaseStep",
    "Place",
    "PrunePhase",
    "RankingTask",
    "ReIDData",
    "Scores",
    "Split",
    "TrainingTask",
    "WeightsError",
    "hookimpl",
    "load_backbone",
]
