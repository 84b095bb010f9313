"""MSMT17's archive, read as it is, gives the data that its unpacked tree gives."""

from __future__ import annotations

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from reidbench.api import DataError
from reidbench.datasets.kinds import unusual_images
from tests.builtin_plugins.datasets.photo_trees import load, put_msmt17, rows, zipped


def image(pid: int, number: int, camera: int) -> str:
    return f"{pid:04d}/{pid:04d}_{number:03d}_{camera:02d}_0303morning_0015_0.jpg"


LISTS = {
    "train": [(image(0, 0, 1), 0), (image(1, 0, 2), 1)],
    "val": [(image(1, 1, 3), 1)],
    "query": [(image(0, 0, 1), 0)],
    "gallery": [(image(0, 1, 2), 0), (image(7, 1, 5), 7)],
}


def archive(root: Path, inside: str = "MSMT17_V2/MSMT17_V2/", *, where: str = ".") -> Path:
    put_msmt17(root / "tree" / "MSMT17_V2", LISTS, v2=True)
    (root / "packed" / where).mkdir(parents=True)
    file = root / "packed" / where / "MSMT17_V2.zip"
    zipped(root / "tree" / "MSMT17_V2", file, inside)
    return file


@pytest.mark.parametrize("inside", ["", "MSMT17_V2/", "MSMT17_V2/MSMT17_V2/"])
@pytest.mark.parametrize("where", [".", "msmt17"])
def test_an_archive_is_the_same_data_as_its_tree(tmp_path: Path, inside: str, where: str) -> None:
    archive(tmp_path, inside, where=where)
    packed = load("msmt17-v2", tmp_path / "packed")
    unpacked = load("msmt17-v2", tmp_path / "tree")
    for split in ("train", "query", "gallery"):
        assert rows(getattr(packed, split)) == rows(getattr(unpacked, split))
    # Names, sizes and so the digest: what one has trained, the other finds in the store.
    assert packed.fingerprint == unpacked.fingerprint
    assert np.array_equal(packed.gallery.read(1), unpacked.gallery.read(1))


def test_a_tree_unpacked_into_a_folder_of_its_name_is_found(tmp_path: Path) -> None:
    put_msmt17(tmp_path / "MSMT17_V1" / "MSMT17_V1", LISTS)
    assert len(load("msmt17-v1", tmp_path).train) == 3


def test_threads_and_workers_read_an_archive(tmp_path: Path) -> None:
    archive(tmp_path)
    gallery = load("msmt17-v2", tmp_path / "packed").gallery
    reader = pickle.loads(pickle.dumps(gallery.reader))
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(reader, [0, 1] * 20))
    assert all(np.array_equal(one, gallery.read(i % 2)) for i, one in enumerate(read))
    assert unusual_images(load("msmt17-v2", tmp_path / "packed")) == []


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    file = archive(tmp_path)
    data = bytearray(file.read_bytes())
    with ZipFile(file) as packed:
        at = packed.getinfo(f"MSMT17_V2/MSMT17_V2/mask_test_v2/{image(7, 1, 5)}").header_offset
    data[at + 200] ^= 255
    file.write_bytes(data)
    gallery = load("msmt17-v2", tmp_path / "packed").gallery
    with pytest.raises(DataError, match=r"MSMT17_V2\.zip: .*0007_001_05.* cannot be read .*CRC"):
        gallery.read(1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not a zip archive that can be read"),
        ({"MSMT17_V2/train.zip": b"x"}, "holds another archive, MSMT17_V2/train.zip; unpack"),
        ({"other/a.txt": b"x"}, "has no folder with mask_train_v2, mask_test_v2, list_train.txt"),
    ],
)
def test_an_archive_of_something_else_is_refused_in_a_line(
    tmp_path: Path, content: dict[str, bytes] | None, message: str
) -> None:
    file = tmp_path / "MSMT17_V2.zip"
    if content is None:
        file.write_bytes(b"half a download")
    else:
        with ZipFile(file, "w") as packed:
            for name, data in content.items():
                packed.writestr(name, data)
    with pytest.raises(DataError) as refused:
        load("msmt17-v2", tmp_path)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_listed_image_that_an_archive_lacks_is_counted(tmp_path: Path) -> None:
    put_msmt17(tmp_path / "tree", LISTS, v2=True)
    shutil.rmtree(tmp_path / "tree" / "mask_test_v2" / "0007")
    zipped(tmp_path / "tree", tmp_path / "MSMT17_V2.zip", "")
    with pytest.raises(DataError, match=r"MSMT17_V2\.zip/mask_test_v2: 1 of 2 listed images are"):
        load("msmt17-v2", tmp_path)
