"""The tiny plugin's data set on disk, as photographs or as a drawn stand-in."""

from __future__ import annotations

from pathlib import Path

from reidbench.api.records import DatasetRecord
from reidbench.datasets.locate import open_dataset
from reidbench.datasets.stand_in import SEAL, write_stand_in
from reidbench.plugins import Component, Registry


def tiny_disk(registry: Registry) -> Component[DatasetRecord]:
    """Return the data set that a user must bring."""
    return registry.datasets.get("tiny-disk")


def draw(registry: Registry, root: Path) -> Path:
    """Write the drawn stand-in below ``root``; return its folder."""
    blobs = open_dataset(registry.datasets.get("tiny"), {}, root)
    return write_stand_in(tiny_disk(registry), blobs, root, lambda done: None)


def photograph(registry: Registry, root: Path) -> Path:
    """Write the same files as if they were the real ones, complete; return their folder."""
    folder = draw(registry, root)
    (folder / "DRAWN.txt").unlink()
    (folder / SEAL).unlink()
    return folder
