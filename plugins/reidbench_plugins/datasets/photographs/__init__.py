"""Photographed re-ID data sets, read from the folders their authors publish."""

from __future__ import annotations

from reidbench.api import DatasetRecord

RECORDS: list[DatasetRecord] = []
