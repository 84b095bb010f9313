"""A data set under test: its lists, opened where it lies, or as a small stand-in of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from reidbench.api.data import LabelledImages, ReIDData, Split
from reidbench.api.records import DatasetRecord
from reidbench.datasets.content import with_digests
from reidbench.datasets.locate import Data, MissingData, open_dataset
from reidbench.datasets.stand_in import open_source, write_stand_in
from reidbench.plugins import Component, Registry
from reidbench.testing.check import Refused, needing, noun, trying

PEOPLE, SHOTS = 6, 12
"""How many people, or classes, a stand-in has to train and to test on, and pictures of each."""


S = TypeVar("S", Split, LabelledImages)


@dataclass(frozen=True, eq=False)
class DatasetCandidate:
    """A data set, opened when a check needs it.

    Attributes:
        root: the folder below which its files are looked for; None for a stand-in.
        pictures: how many pictures of each split are read.

    """

    component: Component[DatasetRecord]
    registry: Registry
    root: Path | None
    options: Mapping[str, Any]
    pictures: int
    folders: list[TemporaryDirectory[str]] = field(default_factory=list)

    def __str__(self) -> str:
        return noun(self.record)

    @property
    def record(self) -> DatasetRecord:
        """The data set's record."""
        return self.component.record

    @cached_property
    def place(self) -> Path:
        """The folder below which the data set is: its root, or that of a stand-in.

        Raises:
            Refused: it is in neither, and has no stand-in.

        """
        disk = self.record.disk
        if disk is None or (self.root is not None and disk.find(self.root)):
            return self.root or Path()
        if not (disk.writer and disk.stand_in):
            try:
                open_dataset(self.component, self.options, self.root or Path("data"))
            except MissingData as error:
                raise Refused(str(error)) from error
        self.folders.append(TemporaryDirectory(prefix="reidbench-testing-"))
        root = Path(self.folders[-1].name)
        with trying(self.record, "when a stand-in was drawn in its layout"):
            source = open_source(self.registry.datasets.get(disk.stand_in), {}, self.record)
            write_stand_in(self.component, _smaller(source), root, lambda count: None)
        return root

    def open(self, root: Path | None = None) -> Data:
        """Read the lists, and hash the pictures as a plan does where the plugin does not.

        Raises:
            CheckFailed: the plugin raises, or breaks a rule of the API.
            Refused: the data set is not here.

        """
        place = self.place if root is None else root
        with trying(self.record, "when its lists were read"):
            return open_dataset(self.component, self.options, place)

    @cached_property
    def data(self) -> Data:
        """The data set as it was opened first."""
        return self.open()

    def opened(self) -> Data:
        """Return the data set, for a check that builds on it.

        Raises:
            Blocked: it cannot be opened.
            Refused: it is not here.

        """
        try:
            with needing("opens"):
                return self.data
        except Refused as refusal:
            raise Refused(f"{self} is not here: 'opens' says where it was looked for") from refusal

    def fingerprint(self, data: Data) -> str:
        """Return what stands for the data set in keys."""
        with trying(self.record, "when its pictures were hashed"):
            return (data if self.record.drawn else with_digests(data)).fingerprint


def _smaller(data: Data) -> Data:
    """Return the data set with a few people, or classes, and a few pictures of each."""
    if not isinstance(data, ReIDData):
        return replace(data, train=_few(data.train, np.unique(data.train.labels)))
    tested = np.unique(data.query.pids)
    return replace(
        data,
        train=_few(data.train, np.unique(data.train.pids)),
        query=_few(data.query, tested),
        gallery=_few(data.gallery, tested),
    )


def _few(split: S, people: NDArray[np.int64]) -> S:
    """Return the pictures of the first few of ``people``, spread over all that each has."""
    numbers = split.pids if isinstance(split, Split) else split.labels
    rows = [
        int(of_one[at])
        for of_one in (np.flatnonzero(numbers == person) for person in people[:PEOPLE])
        for at in np.unique(np.linspace(0, len(of_one) - 1, SHOTS).round().astype(int))
    ]
    if isinstance(split, Split):
        own: dict[str, Any] = {"pids": split.pids[rows], "camids": split.camids[rows]}
    else:
        own = {"labels": split.labels[rows]}

    def read(index: int) -> Any:
        return split.reader(rows[index])

    return replace(split, names=tuple(split.names[row] for row in rows), reader=read, **own)
