"""synthped: procedural pedestrians seen by several cameras, in three domains, from a seed."""

from __future__ import annotations

from reidbench_plugins.datasets.synthped.dataset import compose, load, load_quick
from reidbench_plugins.datasets.synthped.market import write_market

__all__ = ["compose", "load", "load_quick", "write_market"]
