"""Write a data set to disk in Market-1501's own layout."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from reidbench.api import ReIDData, Split

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
QUALITY = 95


def write_market(data: ReIDData, directory: Path | str) -> Path:
    """Write ``bounding_box_train``, ``query`` and ``bounding_box_test`` under ``directory``.

    The pictures are JPEG files of quality 95 named as in Market-1501, distractors ``0000_...``
    and junk ``-1_...`` in the gallery's folder. Files of the same name are replaced. Returns the
    directory.
    """
    root = Path(directory)
    for split, folder in FOLDERS.items():
        _write_split(getattr(data, split), root / folder)
    return root


def _write_split(split: Split, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(split.names):
        Image.fromarray(split.read(i)).save(folder / name, quality=QUALITY, subsampling=0)
