"""Files of timings, as ``reidbench profile`` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reidbench.results import Result
from tests.leaderboard.builders import dense, phase, result, twice


def timing(network: str, trial: str | None, least: float, speed_up: Any, **others: Any) -> Any:
    """A row; no verdict where ``speed_up`` is None."""
    times = {"median": least * 1.1, "low": least * 1.05, "high": least * 1.2, "least": least}
    case = {"engine": "onnxruntime", "batch": 1, **others}
    known = {"network": network, "trial": trial, "speed_up": speed_up}
    return {**known, **case, **times, "steady": speed_up is not None}


def document(*rows: Any) -> dict[str, Any]:
    """A file of schema 1, which named no device."""
    machine = {"processor": "Some | CPU", "threads": 1, "versions": {"torch": "2.6.0"}}
    known = {"schema_version": 1, "measured": "2026-11-01T00:00:00+00:00", "machine": machine}
    return {**known, "size": [3, 256, 128], "runs": 20, "rows": list(rows)}


DOCUMENT = document(
    timing("resnet18 dense", None, 50.0, [1.0, 1.0]),
    timing("resnet18 half", "cut", 25.0, [2.0, 1.96]),
    timing("resnet18 half", "cut", 90.0, None, batch=8),
    timing("resnet18 fpgm", "cut too", 30.0, [1.7, 1.7]),
    timing("resnet18 noisy", "cut as well", 20.0, None),
    timing("resnet18 other", "of no row", 1.0, [50.0, 50.0]),
)


def pruned_with(method: str, key: str) -> Result:
    """A result of ``method`` whose network has the key of a timing."""
    last = phase("prune", epochs=10).model_copy(update={"key": key})
    return result(method, phases=[last])


def timed_results() -> list[Result]:
    """Results of two seeds: dense, two timed rows, one timed in noise and one not timed."""
    timed = [pruned_with("l1", "cut"), pruned_with("fpgm", "cut too")]
    return twice([dense(), *timed, pruned_with("taylor", "cut as well"), result("l2")])


def write_timings(folder: Path, written: Any = DOCUMENT) -> Path:
    """Write a file of timings into a folder."""
    file = folder / "latency.json"
    file.write_text(json.dumps(written, indent=1))
    return file
