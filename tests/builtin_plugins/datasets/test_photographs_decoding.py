"""Each kind of image file is read as the policy says, refused in a line, or named."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reidbench.api import DataError
from reidbench.datasets.check import read_images
from reidbench.datasets.kinds import unusual_images
from tests.builtin_plugins.datasets.photo_trees import load, put

NAME = "001_01_1.png"
PLAIN = np.arange(8 * 4 * 3, dtype=np.uint8).reshape(8, 4, 3) * 2
GREY = PLAIN[..., 0]


def written(root: Path, image: Image.Image, kind: str = "PNG", **how: Any) -> Any:
    """Return a small data set one of whose images is written over, whatever its suffix says."""
    people = [f"{pid:03d}_{camera:02d}_1.png" for pid in range(1, 5) for camera in (1, 2)]
    put(root / "pku-reid" / "images", people)
    image.save(root / "pku-reid" / "images" / NAME, kind, **how)
    return load("pku-reid", root)


def read(data: Any) -> tuple[np.ndarray, list[str]]:
    """Return the image as it is read, and the notes of its kinds."""
    split = next(it for it in (data.train, data.query, data.gallery) if NAME in it.names)
    notes = unusual_images(data)
    assert all(note.examples == (NAME,) and not note.fault for note in notes)
    return split.read(split.names.index(NAME)), [note.sentence for note in notes]


def repeated(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def test_a_plain_photograph_is_read_as_it_is_and_not_named(tmp_path: Path) -> None:
    image, notes = read(written(tmp_path, Image.fromarray(PLAIN)))
    assert np.array_equal(image, PLAIN)
    assert notes == []


def test_grey_is_repeated(tmp_path: Path) -> None:
    image, notes = read(written(tmp_path, Image.fromarray(GREY)))
    assert np.array_equal(image, repeated(GREY))
    assert notes == ["grey (repeated in three channels): 1 image"]


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    palette = Image.fromarray(PLAIN // 128 * 128).convert("P")
    image, notes = read(written(tmp_path, palette))
    assert np.array_equal(image, np.array(palette.convert("RGB")))
    assert notes == ["with a palette (its colours looked up): 1 image"]


def test_transparency_is_dropped(tmp_path: Path) -> None:
    picture = np.dstack([PLAIN, np.zeros_like(GREY)])
    image, notes = read(written(tmp_path, Image.fromarray(picture)))
    assert np.array_equal(image, PLAIN)
    assert notes == ["with transparency (dropped): 1 image"]


def test_cmyk_is_converted_without_a_profile(tmp_path: Path) -> None:
    ink = np.zeros((8, 4, 4), np.uint8)
    ink[..., 0] = 255  # cyan alone
    image, notes = read(written(tmp_path, Image.fromarray(ink, "CMYK"), "TIFF"))
    assert np.array_equal(image[0, 0], [0, 255, 255])
    assert notes == ["CMYK (converted to RGB without a profile): 1 image"]


def test_an_orientation_in_exif_is_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image, notes = read(written(tmp_path, Image.fromarray(PLAIN), exif=exif))
    assert np.array_equal(image, PLAIN)
    (note,) = notes
    assert note.startswith("turned by EXIF (taken as stored, ")


def test_of_sixteen_bits_a_colour_the_upper_eight_are_taken(tmp_path: Path) -> None:
    data = written(tmp_path, Image.fromarray(PLAIN))
    (tmp_path / "pku-reid" / "images" / NAME).write_bytes(png_of_16_bits(PLAIN))
    image, notes = read(data)
    assert np.array_equal(image, PLAIN)
    assert notes == ["of 16 bits a channel (the upper 8 are taken): 1 image"]


def png_of_16_bits(pixels: np.ndarray) -> bytes:
    """Return a PNG of 16 bits a colour, whose lower 8 are 77: Pillow writes none."""
    height, width, _ = pixels.shape
    wide = pixels.astype(">u2") * 256 + 77
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in wide)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
             (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]  # fmt: skip
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def refusal(data: Any) -> str:
    with pytest.raises(DataError) as refused:
        read(data)
    finding = read_images(data, lambda done: None)
    assert finding is not None and finding.fault
    (example,) = finding.examples
    assert example.startswith(f"{NAME}: ")
    assert NAME in str(refused.value) and "\n" not in str(refused.value)
    return str(refused.value)


def test_grey_of_sixteen_bits_is_refused_as_it_would_be_white(tmp_path: Path) -> None:
    deep = Image.fromarray(GREY.astype(np.uint16) * 256)
    assert "has more than 8 bits" in refusal(written(tmp_path, deep))


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF"])
def test_an_animation_is_refused(tmp_path: Path, kind: str) -> None:
    frames = [Image.fromarray(PLAIN), Image.fromarray(PLAIN[::-1].copy())]
    message = refusal(written(tmp_path, frames[0], kind, save_all=True, append_images=frames[1:]))
    assert message.endswith("it has 2 frames or pages; keep one of them")


def test_a_photograph_with_a_preview_behind_it_is_read(tmp_path: Path) -> None:
    frames = [Image.fromarray(repeated(GREY)), Image.fromarray(PLAIN)]
    how = {"save_all": True, "append_images": frames[1:], "quality": 100, "subsampling": 0}
    image, notes = read(written(tmp_path, frames[0], "MPO", **how))
    assert np.abs(image.astype(int) - repeated(GREY)).max() <= 3
    assert notes == []


def test_a_truncated_image_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 32, 3), dtype=np.uint8)
    data = written(tmp_path, Image.fromarray(noise), "JPEG")
    file = tmp_path / "pku-reid" / "images" / NAME
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert "truncated" in refusal(data)
