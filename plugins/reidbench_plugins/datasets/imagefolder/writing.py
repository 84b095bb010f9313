"""Write any classification set to disk as ImageNet's tree, as its drawn stand-in."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from reidbench.api import DRAWN_MARK, ClassificationData, DataError
from reidbench_plugins.datasets.imagefolder import FOLDERS
from reidbench_plugins.datasets.imagefolder.tree import TRAIN

QUALITY = 95


def write_imagenet(data: ClassificationData, root: Path) -> Path:
    """Write ``data`` below the data root as ``imagenet/train/<class>/<class>_<number>.JPEG``.

    Class k's folder is ``n`` and k in eight digits, as ImageNet's are. The images are JPEG files
    of quality 95; ``imagenet/DRAWN.txt`` marks the tree as no photographs. Returns the
    folder.

    Raises:
        DataError: ImageNet, or another stand-in, is there already.

    """
    folder = root / FOLDERS[0]
    there = [root / name for name in FOLDERS if (root / name).exists()]
    if there:
        raise DataError(
            f"{there[0]} is there already, and a stand-in must not mix with it or hide it; "
            "remove it or choose another data root"
        )
    folder.mkdir(parents=True)
    # The mark first: a tree that was interrupted must not pass for photographs.
    (folder / DRAWN_MARK).write_text(
        f"This is not ImageNet: reidbench wrote these images from its data set '{data.name}', in "
        "ImageNet's layout, to stand in for it.\n",
        encoding="utf-8",
    )
    _write_images(data, folder / TRAIN)
    return folder


def _write_images(data: ClassificationData, train: Path) -> None:
    for i, label in enumerate(data.train.labels):
        name = f"n{label:08d}"
        (train / name).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(data.train.read(i))
        picture.save(train / name / f"{name}_{i:07d}.JPEG", quality=QUALITY, subsampling=0)
