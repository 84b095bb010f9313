"""A small cuhk-03.mat and its protocol's configuration, laid out as MATLAB 7.3 and 5 do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

Images = Mapping[tuple[int, int, int], np.ndarray]
"""Images by camera pair (1-5), person of the pair and shot (1-10); one missing is an empty cell."""


def put_mat(file: Path, boxes: Mapping[str, Images], people: int) -> None:
    """Write the cells ``detected`` and ``labeled``: (1, 5) of (10, people) references to images."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w", userblock_size=512) as mat:
        stored = mat.create_group("#refs#")
        for name, images in boxes.items():
            pairs = mat.create_dataset(name, (1, 5), h5py.ref_dtype)
            for pair in range(5):
                cells = stored.create_dataset(f"{name}{pair}", (10, people), h5py.ref_dtype)
                for person in range(people):
                    for shot in range(10):
                        image = images.get((pair + 1, person + 1, shot + 1))
                        label = f"{name}{pair}_{person}_{shot}"
                        # An empty cell holds its two dimensions; pixels go columns first.
                        value = np.zeros(2, np.uint64) if image is None else image.T
                        cells[shot, person] = stored.create_dataset(label, data=value).ref
                pairs[0, pair] = cells.ref
    # What MATLAB puts before the HDF5 part of its file.
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512, b" ")
    with file.open("r+b") as raw:
        raw.write(header)


def put_protocol(
    file: Path, names: list[str], pids: list[int], splits: tuple[list[int], ...]
) -> None:
    """Write labels, filelist and the three lists of indices from 1, each a column."""
    filelist = np.empty((len(names), 1), object)
    filelist[:, 0] = names
    columns = zip(("train_idx", "query_idx", "gallery_idx"), splits, strict=True)
    savemat(
        file,
        {
            "labels": np.array(pids, np.uint16)[:, None],
            "filelist": filelist,
            "camId": np.array([int(name.split("_")[2]) for name in names], np.uint8)[:, None],
            **{name: np.array(rows, np.uint16)[:, None] for name, rows in columns},
        },
    )
