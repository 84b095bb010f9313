"""Classification sets as trees of one folder a class, ImageNet among them."""

from __future__ import annotations

from reidbench.api import DatasetRecord

RECORDS: list[DatasetRecord] = []
