"""synthshapes: drawn shapes to classify, a stand-in for a large source."""

from __future__ import annotations

from reidbench.api import DatasetRecord

RECORDS: list[DatasetRecord] = []
