"""The coloured blobs as files: one folder a split, person and camera in each name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image

from reidbench.api import Counts, DataError, ReIDData, Split

SPLITS = ("train", "query", "gallery")
DRAWN = "DRAWN.txt"
PUBLISHED = Counts(
    train_ids=12, train_images=96, query_ids=6, query_images=12, gallery_images=24, cameras=2
)
_NAME = re.compile(r"(-?\d+)_c(\d+)_\d+\.jpg")


def load(folder: Path, *, upside_down: bool = False) -> ReIDData:
    """Return what the three folders hold; ``upside_down`` is there to be an option."""
    train, query, gallery = (_split(folder, name, upside_down) for name in SPLITS)
    return ReIDData("tiny-disk", train, query, gallery, PUBLISHED, drawn=(folder / DRAWN).exists())


def _split(folder: Path, split: str, upside_down: bool) -> Split:
    files = sorted(path.name for path in (folder / split).glob("*.jpg"))
    known = [(name, found) for name in files if (found := _NAME.fullmatch(name))]
    names = tuple(f"{split}/{name}" for name, _ in known)

    def read(index: int) -> np.ndarray:
        path = folder / names[index]
        try:
            with Image.open(path) as image:
                return np.array(image.convert("RGB"))[:: -1 if upside_down else 1]
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error})") from error

    return Split(
        pids=np.array([int(found[1]) for _, found in known], np.int64),
        camids=np.array([int(found[2]) for _, found in known], np.int64),
        names=names,
        reader=read,
        digest=str([(folder / name).stat().st_size for name in names]),
        unrecognised=tuple(f"{split}/{name}" for name in files if not _NAME.fullmatch(name)),
    )


def write(data: ReIDData, root: Path) -> Path:
    """Write ``tiny-disk`` below ``root``, and the note that says it is drawn."""
    folder = root / "tiny-disk"
    for split in SPLITS:
        images: Split = getattr(data, split)
        (folder / split).mkdir(parents=True)
        for i, name in enumerate(images.names):
            stem = Path(name).stem
            Image.fromarray(images.read(i)).save(folder / split / f"{stem}.jpg")
    (folder / DRAWN).write_text("A drawn stand-in.\n")
    return folder
