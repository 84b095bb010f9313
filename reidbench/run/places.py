"""Names of folders and files of runs that are needed without a plan."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")
"""The folder of runs that are given no other."""
EVENTS = "events.jsonl"
"""The event log in the folder of a run."""
