"""The result of a trial and its file: all that running and the leaderboard share."""

from reidbench.results.files import ResultError, read_result, read_results, write_result
from reidbench.results.result import (
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
