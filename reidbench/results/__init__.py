"""The result of a trial and its file: all that running and the leaderboard share."""

from reidbench.results.curves import CURVES, curves_of, keep_curves, read_curves, write_curves
from reidbench.results.files import (
    LATENCY_FILE,
    packs,
    read_result,
    read_results,
    single_files,
    write_result,
)
from reidbench.results.labels import Label, read_label, read_options, same_label, selected_by
from reidbench.results.pack import PACK, read_pack, write_pack
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
from reidbench.results.validation import ResultError

__all__ = [
    "CURVES",
    "LATENCY_FILE",
    "PACK",
    "SCHEMA_VERSION",
    "ComponentId",
    "Cost",
    "Label",
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
    "curves_of",
    "keep_curves",
    "packs",
    "read_curves",
    "read_label",
    "read_options",
    "read_pack",
    "read_result",
    "read_results",
    "same_label",
    "selected_by",
    "single_files",
    "write_curves",
    "write_pack",
    "write_result",
]
