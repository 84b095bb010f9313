"""What every writer of a drawn stand-in does: begin its folder, and save images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from reidbench.api import DRAWN_MARK, ClassificationData, DataError, LabelledImages, ReIDData, Split

QUALITY = 95


def begin_stand_in(
    data: ReIDData | ClassificationData, folder: Path, title: str, there: Sequence[Path]
) -> Path:
    """Make the folder of a stand-in for the set ``title``, marked as drawn; return it.

    Raises:
        DataError: folders ``there`` would be taken for this data set already.
    """
    if there:
        raise DataError(
            f"{there[0]} is there already, and a stand-in must neither mix with it nor hide it; "
            "remove it or choose another data root"
        )
    folder.mkdir(parents=True)
    # The mark comes before any image: an interrupted tree must not pass for photographs.
    (folder / DRAWN_MARK).write_text(
        f"This is not {title}: reidbench wrote these images from its data set '{data.name}', in "
        f"{title}'s layout, to stand in for it.\n",
        encoding="utf-8",
    )
    return folder


def save_image(split: Split | LabelledImages, row: int, path: Path) -> None:
    """Save image ``row`` of a split in the format of the path's suffix, JPEG at quality 95."""
    Image.fromarray(split.read(row)).save(path, quality=QUALITY, subsampling=0)
