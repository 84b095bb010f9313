"""Data sets of one's own without Python: a table of pictures, or a folder for each person."""

from __future__ import annotations

from pathlib import Path

from reidbench.api import DatasetRecord

_HERE = "reidbench_plugins.datasets.own"

RECORDS = [
    DatasetRecord(
        name="csv",
        version="1",  # bump when the same table and pictures give other lists
        summary="A table of your own pictures: columns path, pid, camid, split.",
        reference="-",
        target=f"{_HERE}.table:load",
        options={"file": Path()},
    ),
    DatasetRecord(
        name="folder",
        version="1",  # bump when the same folders give other lists
        summary="Your own pictures, one folder a person: train/, query/, gallery/, or halves.",
        reference="-",
        target=f"{_HERE}.people:load",
        options={"root": Path(), "split": 0, "camera": r"_c([0-9]+)"},
    ),
]
