"""CUHK03's original MATLAB file, and the configuration that splits it by the new protocol."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from reidbench.api import DataError, ReIDData, Split
from reidbench_plugins.datasets.photographs.facts import MAT, PUBLISHED, protocol_file
from reidbench_plugins.datasets.photographs.files import Photo, is_drawn, split_of

SPLITS = ("train_idx", "query_idx", "gallery_idx")

_NAME = re.compile(r"([1-5])_([0-9]{1,4})_([12])_([0-9]{1,2})\.png")
_PIDS = range(1, 1468)
_SHOTS = 5  # images of a person by each camera of a pair: cells 1-5 by one, 6-10 by the other


class Cell(NamedTuple):
    """The position of an image: camera pair, person of the pair and shot (0-9), all from 0."""

    pair: int
    person: int
    shot: int

    @property
    def camid(self) -> int:
        """The camera within the pair: 0 or 1."""
        return self.shot // _SHOTS


@dataclass(frozen=True)
class MatReader:
    """Read image ``i`` of ``cuhk-03.mat`` on demand; keeps names alone in memory."""

    file: Path
    boxes: str
    names: tuple[str, ...]

    def __call__(self, i: int) -> NDArray[np.uint8]:
        """Return image ``i`` as uint8 RGB (height, width, 3).

        Raises:
            DataError: the file cannot be read there.
        """
        name = self.names[i]
        cell = parse(name)
        assert cell is not None, "only recognised names are given to a reader"
        try:
            mat = _opened(self.file, os.getpid())
            image = _image(mat, _pairs(mat, self.boxes)[cell.pair], cell)
        # HDF5 raises OSError, RuntimeError, KeyError or ValueError for damaged files.
        except Exception as error:
            raise DataError(
                f"{self.file}: image {name} cannot be read ({error}); "
                "restore the file from the data set's archive"
            ) from error
        # MATLAB stores columns first: colours, width, height.
        return np.ascontiguousarray(image[()].T)


def parse(name: str) -> Cell | None:
    """Return the cell that a name like ``1_001_2_06.png`` means; None if it breaks the rules."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    pair, person, view, shot = (int(group) for group in found.groups())
    cell = Cell(pair - 1, person - 1, shot - 1)
    inside = person >= 1 and 1 <= shot <= 2 * _SHOTS
    return cell if inside and cell.camid == view - 1 else None


def load_mat(name: str, folder: Path, boxes: str) -> ReIDData:
    """Return the new protocol's split of ``cuhk-03.mat``; ``boxes`` is detected or labeled.

    Raises:
        DataError: h5py is not installed, or one of the two files breaks its layout.
    """
    file, rows = folder / MAT, _rows(folder / protocol_file(boxes))
    with _open(file) as mat:
        try:
            cells = [pair[()] for pair in _pairs(mat, boxes)]
            train, query, gallery = (_split(file, mat, boxes, cells, part) for part in rows)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise DataError(
                f"{file} is not CUHK03's file ({error}); it holds the cells 'detected' and "
                "'labeled', each of five camera pairs"
            ) from error
    return ReIDData(name, train, query, gallery, PUBLISHED[name], drawn=is_drawn(folder))


def _rows(protocol: Path) -> list[list[tuple[str, int]]]:
    """Return the names and identities of the three splits."""
    try:
        config: Mapping[str, Any] = loadmat(protocol)
        names = [str(np.ravel(cell)[0]) for cell in config["filelist"].ravel()]
        pids = config["labels"].ravel()
        return [
            # MATLAB counts from 1, and -1 would silently mean the last.
            [(names[i], int(pids[i])) for i in _from_zero(config[split].ravel())]
            for split in SPLITS
        ]
    except Exception as error:
        raise DataError(
            f"{protocol} is not the new protocol's configuration ({type(error).__name__}: "
            f"{error}); it holds labels, filelist, {', '.join(SPLITS)}"
        ) from error


def _from_zero(indices: NDArray[Any]) -> Iterable[int]:
    if indices.size and indices.min() < 1:
        raise IndexError(f"index {indices.min()}, although MATLAB counts from 1")
    return (int(index) - 1 for index in indices)


def _split(
    file: Path, mat: Any, boxes: str, cells: list[NDArray[Any]], rows: list[tuple[str, int]]
) -> Split:
    photos, unrecognised, missing = [], [], []
    for name, pid in sorted(rows):
        cell = parse(name)
        if cell is None or pid not in _PIDS:
            unrecognised.append(name)
        elif (size := _size(mat, cells, cell)) is None:
            missing.append(name)
        else:
            photos.append(Photo(name, size, pid, cell.camid))
    if missing:
        raise DataError(
            f"{file}: {len(missing)} of {len(rows)} images of a split are missing, the first is "
            f"{missing[0]}; the file and the protocol's configuration do not belong together"
        )
    reader = MatReader(file, boxes, tuple(photo.name for photo in photos))
    return split_of(photos, unrecognised, reader)


def _size(mat: Any, cells: list[NDArray[Any]], cell: Cell) -> int | None:
    """Return an image's bytes; None if its cell is empty or does not exist."""
    if cell.pair >= len(cells) or cell.person >= cells[cell.pair].shape[1]:
        return None
    image = _image(mat, cells[cell.pair], cell)
    # An empty cell is stored as a vector of its two dimensions.
    return int(image.nbytes) if image.ndim == 3 and image.dtype == np.uint8 else None


def _image(mat: Any, pair: Any, cell: Cell) -> Any:
    return mat[pair[cell.shot, cell.person]]


def _pairs(mat: Any, boxes: str) -> list[Any]:
    """Return each camera pair's table of references to images, (10, people)."""
    return [mat[reference] for reference in mat[boxes][()].ravel()]


@lru_cache(maxsize=4)
def _opened(file: Path, process: int) -> Any:
    # Cached by process, because a forked one must not share its parent's open file.
    return _open(file)


def _open(file: Path) -> Any:
    try:
        h5py = importlib.import_module("h5py")
    except ImportError as error:
        raise DataError(
            f"{file} is a MATLAB 7.3 file, which h5py reads: pip install 'reidbench[cuhk03]', "
            "or unpack the set as bounding_box_train, query and bounding_box_test"
        ) from error
    try:
        # Read only, so no lock, which many network file systems do not support.
        return h5py.File(file, "r", locking=False)
    except OSError as error:
        raise DataError(
            f"{file} is not a MATLAB 7.3 file ({error}); restore it from the data set's archive"
        ) from error
