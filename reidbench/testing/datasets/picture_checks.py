"""Checks of a data set's pictures: readable, the same again, and part of the key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, ImageOps

from reidbench.api.data import LabelledImages, Split
from reidbench.datasets import sample as sampling
from reidbench.datasets.check import damage
from reidbench.datasets.locate import Data, find_folder, parts
from reidbench.engine.training.seeds import isolated
from reidbench.testing.check import Blocked, CheckFailed, Refused, needing, trying
from reidbench.testing.datasets.candidate import DatasetCandidate
from reidbench.testing.interpreter import ask
from reidbench.testing.recording import global_generators

THREADS = 4
OWN_STATE = 20_240_229
LARGEST_COPY = 200_000_000
"""Bytes of a data set that is copied to change a picture of it."""


def reads_its_pictures(data_set: DatasetCandidate) -> None:
    """Read a sample of each split: RGB, uint8 (height, width, 3)."""
    for part, split in parts(data_set.opened()).items():
        for index in sampling.sample(split, data_set.pictures):
            if fault := damage(split, index):
                raise CheckFailed(
                    f"{data_set}: picture '{split.names[index]}' of its {part} split: {fault}; let "
                    "its reader return np.asarray(image.convert('RGB')); 'reidbench data check "
                    f"{data_set.record.name}' reads all of them"
                )


def reads_the_same_again(data_set: DatasetCandidate) -> None:
    """Read pictures again: by several threads at once, and after a caller wrote to them."""
    for part, split in parts(_readable(data_set)).items():
        indices = sampling.sample(split, data_set.pictures)
        first = {index: sampling.digest(split.read(index)) for index in indices}
        for index in indices:
            _scribble(split.read(index))
        backwards = indices[::-1]
        with ThreadPoolExecutor(THREADS) as pool:
            again = dict(zip(backwards, pool.map(_digest_of(split), backwards), strict=True))
        if odd := [index for index in indices if again[index] != first[index]]:
            raise CheckFailed(
                f"{data_set}: picture '{split.names[odd[0]]}' of its {part} split was another one "
                "when it was read again, by several threads and after the array was written to; "
                "return a new array each time, and let it depend on the index alone"
            )


def opens_the_same_again(data_set: DatasetCandidate) -> None:
    """Open the data set twice, and compare its lists and a sample of its pictures."""
    data = _readable(data_set)
    first = _digests(data_set, data)
    if other := _other(first, _digests(data_set, data_set.open())):
        _wait_for_steady_pictures(data_set)
        raise CheckFailed(
            f"{data_set}: {other} was another when the data set was opened again; let its target "
            "depend on its options and its files alone, and sort what a folder lists"
        )


def same_in_another_process(data_set: DatasetCandidate) -> None:
    """Open the data set in a fresh interpreter, and compare lists and a sample of pictures."""
    data = _readable(data_set)
    here = _digests(data_set, data)
    record = replace(data_set.record, options=data_set.record.settings(data_set.options))
    place, count = data_set.place.resolve(), data_set.pictures
    reply, last = ask(
        sampling.__name__, lambda answer: sampling.request(record, place, count, answer)
    )
    if "missing" in reply:
        raise Refused(
            f"{record.target} cannot be imported in another process, so it was not tried there; "
            "put the function into a module of its own"
        )
    if "digests" not in reply:
        raise CheckFailed(
            f"{data_set} was opened in this process and broke in a fresh one, with {last}; let it "
            "need nothing that another call left behind"
        )
    if other := _other(here, reply["digests"]):
        _wait_for_steady_pictures(data_set)
        raise CheckFailed(
            f"{data_set}: {other} was another in a fresh process; take no seed from hash(), id(), "
            "the clock or the process, and sort what has no order of its own"
        )


def leaves_generators_untouched(data_set: DatasetCandidate) -> None:
    """Compare the global generators before and after the data set is opened and read."""
    data_set.opened()
    # From a state that no seed of its own gives: seeding again alike would not show.
    with isolated(OWN_STATE):
        before = global_generators()
        data = data_set.open()
        for split in parts(data).values():
            for index in sampling.sample(split, 2):
                damage(split, index)
        after = global_generators()
    for whose in [name for name, state in after.items() if state != before[name]]:
        raise CheckFailed(
            f"{data_set} drew from {whose}, or seeded it, when it was opened and read; all code of "
            "the process shares it: draw from a generator of its own, np.random.default_rng(seed)"
        )


def content_in_key(data_set: DatasetCandidate) -> None:
    """Change a picture of each split in a copy, and look whether the fingerprint changes."""
    if not all(map(len, parts(_readable(data_set)).values())):
        raise Blocked("needs 'fills-its-splits' to pass first")
    folder = find_folder(data_set.record, data_set.place)
    if sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) > LARGEST_COPY:
        raise Refused(f"{data_set} is too large to be copied and changed; check its stand-in")
    with TemporaryDirectory(prefix="reidbench-testing-") as root:
        copied = Path(root, folder.relative_to(data_set.place))
        shutil.copytree(folder, copied)
        before = data_set.fingerprint(data := data_set.open(Path(root)))
        for part, split in parts(data).items():
            name = _change_a_picture(data_set, copied, split)
            after = data_set.fingerprint(data_set.open(Path(root)))
            if after == before:
                raise CheckFailed(
                    f"{data_set}: its fingerprint stayed the same when picture '{name}' of its "
                    f"{part} split changed under its name, so that results of other pictures would "
                    "be served; put the sizes or a hash of the files into the split's digest"
                )
            before = after


def _change_a_picture(
    data_set: DatasetCandidate, folder: Path, split: Split | LabelledImages
) -> str:
    """Turn the colours of a picture on disk around; return its name."""
    name = split.names[0]
    found = next(_files(folder, name), None)
    if found is None:
        raise Refused(f"{data_set}: no file below {folder.name} is called '{name}', to be changed")
    size = found.stat().st_size
    with Image.open(found) as image:
        changed = ImageOps.invert(image.convert("RGB"))
    changed.save(found)
    if found.stat().st_size == size:
        with found.open("ab") as file:
            file.write(b"\0")
    return name


def _files(folder: Path, name: str) -> Iterator[Path]:
    if (folder / name).is_file():
        yield folder / name
    yield from folder.rglob(Path(name).name)


def _readable(data_set: DatasetCandidate) -> Data:
    """Return the data set, for a check that reads its pictures.

    Raises:
        Blocked: some cannot be read.
    """
    data = data_set.opened()
    for split in parts(data).values():
        if any(damage(split, index) for index in sampling.sample(split, data_set.pictures)):
            raise Blocked("needs 'reads-its-pictures' to pass first")
    return data


def _digests(data_set: DatasetCandidate, data: Data) -> sampling.Digests:
    with trying(data_set.record, "when its pictures were read"):
        return sampling.digests(data, data_set.pictures)


def _wait_for_steady_pictures(data_set: DatasetCandidate) -> None:
    with needing("reads-the-same-again"):
        reads_the_same_again(data_set)


def _other(one: sampling.Digests, two: sampling.Digests) -> str:
    """Return the first entry that differs; empty if none."""
    return next((what for what in {**one, **two} if one.get(what) != two.get(what)), "")


def _digest_of(split: Split | LabelledImages) -> Any:
    return lambda index: sampling.digest(split.read(index))


def _scribble(image: Any) -> None:
    if image.flags.writeable:
        image[...] = 255 - image
