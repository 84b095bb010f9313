"""Write any data set to disk in the layout of a set of photographs, as its drawn stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

from reidbench.api import ReIDData
from reidbench_plugins.datasets.photographs.boxes import CUHK03, DUKE, MARKET
from reidbench_plugins.datasets.photographs.facts import BOXES, PLACES
from reidbench_plugins.datasets.photographs.msmt17 import CAMERAS, TEST_IDS, TRAIN_IDS
from reidbench_plugins.datasets.photographs.renumbering import (
    JUNK,
    Layout,
    Numbered,
    at_most,
    renumber,
)
from reidbench_plugins.datasets.writing import begin_stand_in, save_image

VAL_EVERY = 14  # as large a share as MSMT17's own list_val: 2,373 of 32,621 training images

Naming = Callable[[int, int, int], str]
"""``naming(pid, camera, number)`` returns a file's name; no two images have one number."""


def _market1501(pid: int, camera: int, number: int) -> str:
    label = str(pid) if pid == JUNK else f"{pid:04d}"
    return f"{label}_c{camera}s1_{number:06d}_00.jpg"


def _duke(pid: int, camera: int, number: int) -> str:
    return f"{pid:04d}_c{camera}_f{number:07d}.jpg"


def _cuhk03(pid: int, camera: int, number: int) -> str:
    return f"{pid:04d}_c{camera}_{number:05d}.png"


def _write_boxes(data: ReIDData, root: Path, *, own: str, layout: Layout, naming: Naming) -> Path:
    """Write ``data`` below the data root in the layout of Market-1501; return the folder.

    People and cameras are renumbered from 1, the training's people first, and remain distinct.
    JPEG files have quality 95.

    Raises:
        DataError: more people or cameras than the layout has numbers for, or the root already
            holds a data set of that name.
    """
    images = renumber(data, layout)
    folder = _begin(data, root, own, layout.title)
    numbers = count(1)
    for box, split in zip(BOXES, (images.train, images.query, images.gallery), strict=True):
        (folder / box).mkdir()
        for image in split:
            name = naming(image.pid, image.camera, next(numbers))
            save_image(image.split, image.row, folder / box / name)
    return folder


def _write_msmt17(data: ReIDData, root: Path, *, name: str, train: str, test: str) -> Path:
    """Write ``data`` as MSMT17, without distractors and junk; both identities start at 0.

    Every fourteenth image of a training person goes into ``list_val.txt``. Otherwise as
    :func:`_write_boxes`.
    """
    title = name.upper().replace("-", " ")
    images = renumber(data, Layout(title=title, people=TRAIN_IDS + TEST_IDS, cameras=CAMERAS))
    at_most(TRAIN_IDS, images.train_people, "training people", data, title)
    at_most(TEST_IDS, images.test_people, "test people", data, title)
    folder = _begin(data, root, name, title)
    for box in (train, test):
        (folder / box).mkdir()
    training = list(_by_person(images.train, 1))
    test_images = list(_by_person([*images.query, *images.gallery], images.train_people + 1))
    asked = len(images.query)
    lists = {
        "list_train.txt": (train, [row for row in training if not _for_val(row)]),
        "list_val.txt": (train, [row for row in training if _for_val(row)]),
        "list_query.txt": (test, test_images[:asked]),
        "list_gallery.txt": (test, test_images[asked:]),
    }
    for listing, (box, rows) in lists.items():
        lines = [f"{_save_msmt17(row, folder / box)} {row[1]}\n" for row in rows]
        (folder / listing).write_text("".join(lines), encoding="utf-8")
    return folder


def _by_person(images: list[Numbered], first: int) -> Iterator[tuple[Numbered, int, int]]:
    """Yield each image with its person from 0, and its number among that person's, from 0."""
    seen: dict[int, int] = {}
    for image in images:
        number = seen.get(image.pid, 0)
        seen[image.pid] = number + 1
        yield image, image.pid - first, number


def _for_val(row: tuple[Numbered, int, int]) -> bool:
    # Never a person's first image, so that list_train alone has every person.
    return row[2] % VAL_EVERY == VAL_EVERY - 1


def _save_msmt17(row: tuple[Numbered, int, int], box: Path) -> str:
    image, person, number = row
    name = f"{person:04d}_{number:03d}_{image.camera:02d}_0303morning_{number:04d}_0.jpg"
    (box / f"{person:04d}").mkdir(parents=True, exist_ok=True)
    save_image(image.split, image.row, box / f"{person:04d}" / name)
    return f"{person:04d}/{name}"


def _begin(data: ReIDData, root: Path, name: str, title: str) -> Path:
    folder = root / PLACES[name][0].folder
    there = [found for place in PLACES[name] if (found := place.under(root))]
    if folder.exists():
        there.append(folder)
    return begin_stand_in(data, folder, title, there)


_DUKE = partial(Layout, people=DUKE.pids[-1], cameras=len(DUKE.cameras), unwanted="people")
# The set counts its cameras within a pair, so it knows two: every second camera becomes camera 2.
_CUHK03 = partial(Layout, people=CUHK03.pids[-1], cameras=len(CUHK03.cameras), fold=True)

write_market1501 = partial(
    _write_boxes,
    own="market1501",
    layout=Layout(
        title="Market-1501", people=MARKET.pids[-1], cameras=len(MARKET.cameras), unwanted="keep"
    ),
    naming=_market1501,
)
"""Market-1501, with its distractors and its junk."""
write_dukemtmcreid = partial(
    _write_boxes, own="dukemtmcreid", layout=_DUKE(title="DukeMTMC-reID"), naming=_duke
)
"""DukeMTMC-reID: every distractor is a person of its own, and there is no junk."""
write_occluded_duke = partial(
    _write_boxes, own="occluded-duke", layout=_DUKE(title="Occluded-DukeMTMC"), naming=_duke
)
write_cuhk03np_detected = partial(
    _write_boxes,
    own="cuhk03np-detected",
    layout=_CUHK03(title="CUHK03-NP (detected)"),
    naming=_cuhk03,
)
"""The folders of CUHK03-NP's boxes, as PNG files, without distractors and junk."""
write_cuhk03np_labelled = partial(
    _write_boxes,
    own="cuhk03np-labelled",
    layout=_CUHK03(title="CUHK03-NP (labelled)"),
    naming=_cuhk03,
)
write_msmt17_v1 = partial(_write_msmt17, name="msmt17-v1", train="train", test="test")
write_msmt17_v2 = partial(
    _write_msmt17, name="msmt17-v2", train="mask_train_v2", test="mask_test_v2"
)
