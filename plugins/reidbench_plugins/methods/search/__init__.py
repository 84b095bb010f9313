"""Methods that try several cuts and keep the best."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.search"

RECORDS: list[MethodRecord] = []
