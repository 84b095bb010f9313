"""Trees of tiny files in the layouts of photographed data sets, with what users' disks add."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from PIL import Image

from reidbench.api import DatasetRecord, ReIDData, Split
from reidbench_plugins.datasets.photographs import RECORDS

BY_NAME = {record.name: record for record in RECORDS}
BOXES = ("bounding_box_train", "query", "bounding_box_test")
CLUTTER = ("Thumbs.db", ".DS_Store", "._0002_c1s1_000451_03.jpg", "readme.txt", ".hidden_c1.jpg")


def load(name: str, root: Path, **options: Any) -> ReIDData:
    """Find and load a data set below a root, as the harness does."""
    record: DatasetRecord = BY_NAME[name]
    assert record.disk is not None
    folder = record.disk.find(root)
    assert folder is not None, f"{name} is not below {root}"
    data = record.build(options, folder)
    assert isinstance(data, ReIDData)
    return data


def rows(split: Split) -> list[tuple[str, int, int]]:
    """Return a split as (name, identity, camera), in its order."""
    return list(zip(split.names, split.pids.tolist(), split.camids.tolist(), strict=True))


def put(folder: Path, names: Iterable[str], *, clutter: bool = True) -> None:
    """Create image files, and beside them what operating systems and archives leave behind."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(tiny_image(Path(name).suffix.lower()))
    if clutter:
        for name in CLUTTER:
            (folder / name).write_bytes(b"clutter")
        (folder / "__MACOSX").mkdir(exist_ok=True)
        (folder / "__MACOSX" / "._0002_c1s1_000451_03.jpg").write_bytes(b"clutter")
        (folder / "0001_c1_folder.jpg").mkdir(exist_ok=True)


@lru_cache
def tiny_image(suffix: str) -> bytes:
    """Return the bytes of an image of 6 x 3 pixels, red above blue."""
    pixels = np.zeros((6, 3, 3), np.uint8)
    pixels[:3, :, 0] = pixels[3:, :, 2] = 200
    kinds = {".png": "PNG", ".bmp": "BMP", ".tif": "TIFF"}
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kinds.get(suffix, "JPEG"))
    return buffer.getvalue()


def put_boxes(
    folder: Path, train: Iterable[str], query: Iterable[str], test: Iterable[str]
) -> None:
    """Create a tree in Market-1501's layout."""
    for box, names in zip(BOXES, (train, query, test), strict=True):
        put(folder / box, names)


def put_msmt17(folder: Path, lists: dict[str, list[tuple[str, int]]], *, v2: bool = False) -> None:
    """Create MSMT17's tree: ``lists`` holds (path, identity) under train, val, query, gallery."""
    train, test = ("mask_train_v2", "mask_test_v2") if v2 else ("train", "test")
    for images in (train, test):
        (folder / images / "__MACOSX").mkdir(parents=True, exist_ok=True)
    for name, entries in lists.items():
        images = train if name in ("train", "val") else test
        put(folder / images, [path for path, _ in entries], clutter=False)
        lines = "".join(f"{path} {pid}\n" for path, pid in entries)
        (folder / f"list_{name}.txt").write_text(lines)


def zipped(folder: Path, archive: Path, inside: str) -> None:
    """Pack a tree below ``inside``, with what a Mac adds."""
    with ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            packed.write(path, f"{inside}{name}")
            beside = Path(name).with_name(f"._{path.name}").as_posix()
            packed.writestr(f"__MACOSX/{inside}{beside}", b"clutter")
