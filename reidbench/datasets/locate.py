"""Finds the data sets that a user must bring below the data root, and opens any data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

from reidbench.api.data import ClassificationData, DataError, LabelledImages, ReIDData, Split
from reidbench.api.records import DatasetRecord, Place, Task
from reidbench.datasets.neighbours import hint
from reidbench.errors import ReidbenchError, last_own_place, named_line
from reidbench.interrupts import noting_interrupts
from reidbench.plugins import Component

Data: TypeAlias = ReIDData | ClassificationData

_DATA_TYPES: Mapping[Task, type[ReIDData] | type[ClassificationData]] = {
    "re-id": ReIDData,
    "classification": ClassificationData,
}


class MissingData(ReidbenchError):  # noqa: N818 - what it says, not that it errs
    """A data set that a user must bring, and that is not there."""


def open_dataset(
    component: Component[DatasetRecord], options: Mapping[str, Any], root: Path
) -> Data:
    """Return a data set's images, drawn or found below the data root; reads lists, no image.

    It is marked ``drawn`` where its record is.

    Raises:
        MissingData: it is one that a user must bring, and it is not below ``root``.
        OptionError: an option it does not have, or a value it does not take.
        TargetError: its plugin's code cannot be imported.
        DataError: the files break the data set's own rules.
    """
    record = component.record
    settings = record.settings(options)
    # Before the slow import, so that missing data are reported at once.
    found = [] if record.disk is None else [find_folder(record, root)]
    data = _built(component, settings, found)
    if not isinstance(data, _DATA_TYPES[record.task]):
        raise DataError(
            f"data set '{record.name}' of {component.owner}: its record says {record.task}, so "
            f"{record.target} must return {_DATA_TYPES[record.task].__name__}, not "
            f"{type(data).__name__}"
        )
    return replace(data, drawn=True) if record.drawn else data


def _built(
    component: Component[DatasetRecord], settings: Mapping[str, Any], found: Sequence[Path]
) -> Any:
    record = component.record
    with noting_interrupts() as received:
        try:
            return record.build(settings, *found)
        except (ReidbenchError, OSError):
            raise
        # Its code may end the process, or panic in another language.
        except BaseException as error:
            if received:
                raise
            where = f" (at {place})" if (place := last_own_place(error, record.target)) else ""
            raise DataError(
                f"data set '{record.name}' of {component.owner} cannot be read "
                f"({named_line(error)}){where}; correct it or leave it out"
            ) from error


def parts(data: Data) -> dict[str, Split | LabelledImages]:
    """Return a data set's splits by name: ``train``, and of a re-ID set ``query``, ``gallery``."""
    if isinstance(data, ReIDData):
        return {"train": data.train, "query": data.query, "gallery": data.gallery}
    return {"train": data.train}


def find_folder(record: DatasetRecord, root: Path) -> Path:
    """Return the folder below ``root`` that holds a data set which a user must bring.

    Raises:
        MissingData: it is not there; says where it was looked for.
        ValueError: the data set is built in, and so has no folder.
    """
    if record.disk is None:
        raise ValueError(f"data set '{record.name}' is built in: no folder holds it")
    found = record.disk.find(root)
    if found is None:
        known = "" if root.is_dir() else ", and no such folder is here"
        near = f"{text}; " if (text := hint(record, root)) else ""
        raise MissingData(
            f"data set '{record.name}' is not below {root} (--data){known}: looked for "
            f"{'; or '.join(looked_for(record, root))}; {near}'reidbench data show "
            f"{record.name}' says how to get it, and what goes where"
        )
    return found


def looked_for(record: DatasetRecord, root: Path) -> list[str]:
    """Return where a data set was looked for: a phrase for the folders that lack the same."""
    places = record.disk.places if record.disk else ()
    return [
        f"{_listed([str(root / place.folder) for place in alike], 'or')}, {lack}"
        for lack, alike in groupby(places, key=lambda place: _lack(place, root))
    ]


def begun(record: DatasetRecord, root: Path) -> list[str]:
    """Return a phrase for each folder that holds a part of a data set, as a broken download."""
    places = record.disk.places if record.disk else ()
    return [
        f"{root / place.folder}, {_lack(place, root)}"
        for place in places
        if 0 < len(_lacking(place, root)) < len(place.needs)
    ]


def _lack(place: Place, root: Path) -> str:
    lacking = _lacking(place, root)
    if len(lacking) < len(place.needs):
        return f"which lacks {_listed(lacking, 'and')}"
    return f"with {_listed(lacking, 'and')} in it"


def _lacking(place: Place, root: Path) -> list[str]:
    return [need for need in place.needs if not (root / place.folder / need).exists()]


def _listed(names: Sequence[str], word: str) -> str:
    *first, last = names or ["nothing"]
    return f"{', '.join(first)} {word} {last}" if first else last
