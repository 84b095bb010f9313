"""Names images that are no plain colour photographs, and how their reader treats them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, runtime_checkable

from reidbench.api.data import LabelledImages, Split
from reidbench.datasets.check import Finding
from reidbench.datasets.locate import Data, parts
from reidbench.text import counted

_THREADS = 8


@runtime_checkable
class NamesKinds(Protocol):
    """A split's reader that knows what is unusual about an image, and how it is read."""

    def kinds(self, i: int) -> tuple[str, ...]:
        """Return phrases such as ``grey (repeated in three channels)``, from the file's header."""


def unusual_images(data: Data) -> list[Finding]:
    """Return a note for each unusual kind of image in a data set; reads headers alone.

    Images that cannot be opened are left out: ``read_images`` finds them. Splits whose reader has
    no ``kinds`` have none.
    """
    found: dict[str, list[str]] = defaultdict(list)
    with ThreadPoolExecutor(_THREADS) as pool:
        for split in parts(data).values():
            kinds = pool.map(partial(_kinds, split), range(len(split)))
            for name, its in zip(split.names, kinds, strict=True):
                for kind in its:
                    found[kind].append(name)
    return list(_findings(found))


def _findings(found: dict[str, list[str]]) -> Iterator[Finding]:
    for kind, names in sorted(found.items()):
        yield Finding(f"{kind}: {counted(len(names), 'image')}", tuple(names), fault=False)


def _kinds(split: Split | LabelledImages, index: int) -> tuple[str, ...]:
    reader = split.reader
    if not isinstance(reader, NamesKinds):
        return ()
    try:
        return reader.kinds(index)
    except Exception:
        return ()
