"""Other libraries' own criteria, as rows to compare with; named so that nobody takes them for ours."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.peers"

RECORDS: list[MethodRecord] = []
