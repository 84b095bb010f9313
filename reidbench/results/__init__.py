"""The result of a trial and its file: the only thing the two halves of reidbench share."""

from reidbench.results.files import ResultError, read_result, read_results, write_result
from reidbench.results.result import (
    ROUNDING,
    SCHEMA_VERSION,
    ComponentId,
    Cost,
    Metrics,
    PerQuery,
    PhaseReport,
    Result,
    Schedule,
    Scores,
    Status,
    TrialId,
    Width,
)

__all__ = [
    "ROUNDING",
    "SCHEMA_VERSION",
    "ComponentId",
    "Cost",
    "Metrics",
    "PerQuery",
    "PhaseReport",
    "Result",
    "ResultError",
    "Schedule",
    "Scores",
    "Status",
    "TrialId",
    "Width",
    "read_result",
    "read_results",
    "write_result",
]
