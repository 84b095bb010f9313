"""Finds data sets whose plugin gives other images each time that it is asked; imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from reidbench.api.data import DataError, LabelledImages, Split
from reidbench.datasets.locate import Data, open_dataset, parts
from reidbench.interrupts import noting_interrupts
from reidbench.plan.components import ConfiguredData

ADVICE = (
    "each process opens it anew, and must train on the same images: draw from a generator with a "
    "seed of its own, as numpy.random.default_rng(0), and sort what a folder lists"
)


def unsteady(data: ConfiguredData, first: Data) -> Iterator[str]:
    """Say how a data set that is opened again differs from ``first``; nothing if it does not.

    Compares all lists, and of each split the first, the middle and the last image.

    Raises:
        DataError: it cannot be opened again.

    """
    again = parts(open_dataset(data.component, data.options, data.root))
    for name, split in parts(first).items():
        if odd := _difference(split, again[name]):
            yield (
                f"of plugin {data.component.owner} is not the same when it is opened again: {name} "
                f"{odd}; {ADVICE}"
            )
            return


def _difference(one: Split | LabelledImages, other: Split | LabelledImages) -> str:
    if one.names != other.names or _labels(one) != _labels(other):
        return "lists other images"
    if other.digest and one.digest != other.digest:
        return "has another digest"
    for place in sorted({0, len(one) // 2, len(one) - 1} if len(one) else ()):
        # An image that cannot be read is told by whoever needs it.
        with suppress(DataError):
            if _pixels(one, place) != _pixels(other, place):
                return f"has other pixels in image '{one.names[place]}'"
    return ""


def _labels(split: Split | LabelledImages) -> tuple[bytes, ...]:
    if isinstance(split, Split):
        return split.pids.tobytes(), split.camids.tobytes()
    return (split.labels.tobytes(),)


def _pixels(split: Split | LabelledImages, place: int) -> tuple[tuple[int, ...], bytes]:
    with noting_interrupts() as received:
        try:
            image = split.read(place)
        # The plugin's own code, which may raise anything.
        except BaseException as error:
            if received:
                raise
            raise DataError(f"image '{split.names[place]}' cannot be read") from error
    return image.shape, image.tobytes()
