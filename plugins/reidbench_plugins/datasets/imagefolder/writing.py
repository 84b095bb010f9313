"""Write any classification set to disk as ImageNet's tree, as its drawn stand-in."""

from __future__ import annotations

from pathlib import Path

from reidbench.api import ClassificationData
from reidbench_plugins.datasets.imagefolder import FOLDERS
from reidbench_plugins.datasets.imagefolder.tree import TRAIN
from reidbench_plugins.datasets.writing import begin_stand_in, save_image


def write_imagenet(data: ClassificationData, root: Path) -> Path:
    """Write ``data`` below the data root as ``imagenet/train/<class>/<class>_<number>.JPEG``.

    Class k's folder is ``n`` and k in eight digits, as ImageNet's are. The images are JPEG files
    of quality 95; ``imagenet/DRAWN.txt`` marks the tree as no photographs. Returns the
    folder.

    Raises:
        DataError: ImageNet, or another stand-in, is there already.
    """
    there = [root / name for name in FOLDERS if (root / name).exists()]
    folder = begin_stand_in(data, root / FOLDERS[0], "ImageNet", there)
    for i, label in enumerate(data.train.labels):
        name = f"n{label:08d}"
        (folder / TRAIN / name).mkdir(parents=True, exist_ok=True)
        save_image(data.train, i, folder / TRAIN / name / f"{name}_{i:07d}.JPEG")
    return folder
