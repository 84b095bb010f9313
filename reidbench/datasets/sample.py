"""Digests of a sample of a data set's pictures, here or in another process; imports no torch."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reidbench.api.data import LabelledImages, Split
from reidbench.api.records import DatasetRecord, OnDisk, Place, TargetError
from reidbench.datasets.locate import Data, open_dataset, parts
from reidbench.plugins import Component, Plugin

Digests = dict[str, str]
"""A SHA-256 by split and by name of picture."""


def sample(split: Split | LabelledImages, count: int) -> list[int]:
    """Return ``count`` indices spread evenly over a split, all of a smaller one."""
    if not len(split):
        return []
    return sorted({int(index) for index in np.linspace(0, len(split) - 1, count).round()})


def digest(image: Any) -> str:
    """Return the SHA-256 of a picture's type, shape and pixels."""
    pixels = np.asarray(image)
    head = f"{pixels.dtype} {pixels.shape}\n".encode()
    return hashlib.sha256(head + pixels.tobytes()).hexdigest()


def digests(data: Data, count: int) -> Digests:
    """Return the digests of ``count`` pictures of each split, and of its lists."""
    found = {}
    for part, split in parts(data).items():
        numbers = (split.pids, split.camids) if isinstance(split, Split) else (split.labels,)
        lists = "\n".join(split.names).encode() + b"".join(array.tobytes() for array in numbers)
        found[f"the lists of {part}"] = hashlib.sha256(lists).hexdigest()
        for index in sample(split, count):
            found[f"picture '{split.names[index]}' of {part}"] = digest(split.read(index))
    return found


def request(record: DatasetRecord, root: Path, count: int, answer: Path) -> dict[str, Any]:
    """Return what ``main`` reads, as plain JSON data."""
    fields = {**vars(record), "options": dict(record.options)}
    if record.disk is not None:
        places = [[place.folder, list(place.needs)] for place in record.disk.places]
        fields["disk"] = {**vars(record.disk), "places": places}
    return {"record": fields, "root": str(root), "count": count, "answer": str(answer)}


def main() -> None:
    """Read a request from standard input, and write the digests to the file it names."""
    asked = json.load(sys.stdin)
    record = _record(asked["record"])
    component = Component(record, Plugin("testing", "reidbench-testing", "1"))
    try:
        data = open_dataset(component, {}, Path(asked["root"]))
        answer: dict[str, object] = {"digests": digests(data, asked["count"])}
    except TargetError as error:
        answer = {"missing": str(error)}
    Path(asked["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def _record(fields: Mapping[str, Any]) -> DatasetRecord:
    if fields["disk"] is None:
        return DatasetRecord(**fields)
    places = tuple(Place(folder, tuple(needs)) for folder, needs in fields["disk"]["places"])
    return DatasetRecord(**{**fields, "disk": OnDisk(**{**fields["disk"], "places": places})})
