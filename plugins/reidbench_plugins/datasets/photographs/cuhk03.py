"""CUHK03 under the new protocol, 767 + 700 people, from its folders or its original .mat file."""

from __future__ import annotations

from pathlib import Path

from reidbench.api import Counts, ReIDData
from reidbench_plugins.datasets.photographs.boxes import CUHK03, load_boxes
from reidbench_plugins.datasets.photographs.places import MAT


def load_detected(folder: Path) -> ReIDData:
    """Return CUHK03-NP as a detector cut its boxes (Li et al. 2014, split by Zhong et al. 2017).

    Args:
        folder: either the folder of ``bounding_box_train``, ``query`` and ``bounding_box_test``,
            or that of ``cuhk03_release/cuhk-03.mat`` and the new protocol's configuration.

    Raises:
        DataError: the files break their layout, or h5py is missing and the .mat file needs it.

    """
    published = Counts(
        train_ids=767,
        train_images=7_365,
        query_ids=700,
        query_images=1_400,
        gallery_images=5_332,
        cameras=2,
    )
    return _load("cuhk03np-detected", folder, "detected", published)


def load_labelled(folder: Path) -> ReIDData:
    """Return CUHK03-NP as people cut its boxes, otherwise as :func:`load_detected`."""
    published = Counts(
        train_ids=767,
        train_images=7_368,
        query_ids=700,
        query_images=1_400,
        gallery_images=5_328,
        cameras=2,
    )
    return _load("cuhk03np-labelled", folder, "labeled", published)


def _load(name: str, folder: Path, boxes: str, published: Counts) -> ReIDData:
    if (folder / MAT).exists():
        # The folder layout must not wait for scipy, which only this one reads its files with.
        from reidbench_plugins.datasets.photographs.cuhk03_mat import load_mat

        return load_mat(name, folder, boxes, published)
    return load_boxes(name, folder, CUHK03, published)
