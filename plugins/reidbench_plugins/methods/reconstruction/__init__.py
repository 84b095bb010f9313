"""Methods that choose channels, and refit the next layer, so that its output stays."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.reconstruction"

RECORDS: list[MethodRecord] = []
