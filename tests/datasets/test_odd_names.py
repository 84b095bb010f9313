"""File names that are no UTF-8: refused with the name, or left out and shown, never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidbench.api import DataError, LabelledImages, Split
from reidbench_plugins.datasets.own import people
from reidbench_plugins.datasets.photographs.files import Photo, photo_split
from reidbench_plugins.datasets.photographs.halves import draw
from tests.support.commands import environment, reidbench

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
ODD = os.fsdecode(b"c\xff")
TOLD = r"the file name '.*c\\udcff.*' is not valid UTF-8; rename the file"


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 2, 3), np.uint8)).save(path, format="png")


def test_a_split_refuses_them() -> None:
    numbers = np.zeros(2, np.int64)
    with pytest.raises(DataError, match=TOLD):
        Split(numbers, numbers, ("a.jpg", f"{ODD}.jpg"), reader=lambda index: np.zeros(3))
    with pytest.raises(DataError, match=TOLD):
        LabelledImages(numbers, ("a.jpg", f"{ODD}/b.jpg"), reader=lambda index: np.zeros(3))
    names = ("ä.jpg", "行人.jpg")
    assert Split(numbers, numbers, names, reader=lambda index: np.zeros(3)).names == names


def test_so_do_photographs_and_folders_of_people(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=TOLD):
        photo_split(tmp_path, [Photo(f"{ODD}.jpg", 1, 1, 100)], [])
    for name in ("a", "b", "d", ODD):
        image(tmp_path / name / "1.png")
        image(tmp_path / name / "2.png")
    with pytest.raises(DataError, match=TOLD):
        people.load(root=tmp_path)


def test_what_draws_halves_takes_any_name() -> None:
    assert draw("viper/1", 0, "query", ODD) != draw("viper/1", 0, "query", "c")


def test_a_data_folder_of_such_a_name_is_read_and_named(tmp_path: Path) -> None:
    data = tmp_path / ODD
    data.mkdir()
    words = "data", "check", "market1501", "--data", data
    done = reidbench(*words, cwd=tmp_path, env=environment())
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "Market-1501" in done.stdout + done.stderr
