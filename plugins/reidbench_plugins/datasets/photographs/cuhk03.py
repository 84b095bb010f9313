"""CUHK03 under the new protocol, 767 + 700 people, from its folders or its original .mat file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from reidbench.api import ReIDData
from reidbench_plugins.datasets.photographs.boxes import CUHK03, load_boxes
from reidbench_plugins.datasets.photographs.facts import MAT


def _load(folder: Path, *, name: str, boxes: str) -> ReIDData:
    """Return CUHK03-NP (Li et al. 2014, split by Zhong et al. 2017).

    Args:
        folder: either the folder of ``bounding_box_train``, ``query`` and ``bounding_box_test``,
            or that of ``cuhk03_release/cuhk-03.mat`` and the new protocol's configuration.
        name: of the data set.
        boxes: which cells of the .mat file.

    Raises:
        DataError: the files break their layout, or h5py is missing and the .mat file needs it.
    """
    if (folder / MAT).exists():
        # Here, because the folder layout needs no scipy, which takes long to import.
        from reidbench_plugins.datasets.photographs.cuhk03_mat import load_mat

        return load_mat(name, folder, boxes)
    return load_boxes(folder, name=name, naming=CUHK03)


load_detected = partial(_load, name="cuhk03np-detected", boxes="detected")
"""CUHK03-NP as a detector cut its boxes."""
load_labelled = partial(_load, name="cuhk03np-labelled", boxes="labeled")
"""CUHK03-NP as people cut its boxes."""
