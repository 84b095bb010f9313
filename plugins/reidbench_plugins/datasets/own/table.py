"""Reads a CSV of pictures; every fault names the table's line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from reidbench.api import DataError, ReIDData
from reidbench_plugins.datasets.own.pictures import JUNK, NOT_GIVEN, Picture, own_split
from reidbench_plugins.datasets.photographs.files import is_drawn

COLUMNS = ("path", "pid", "camid", "split")
SPLITS = ("train", "query", "gallery")


def load(*, file: Path = NOT_GIVEN) -> ReIDData:
    """Return the pictures of a table with the columns ``path, pid, camid, split``.

    ``path`` is relative to the table's folder; ``pid`` and ``camid`` are numbers or words, ``-1``
    a person who is junk in the gallery; ``split`` is ``train``, ``query`` or ``gallery``. Other
    columns are passed over. A file ``DRAWN.txt`` beside the table marks its pictures as drawn.

    Args:
        file: the table, in UTF-8, with commas.

    Raises:
        DataError: the table cannot be read, or breaks a rule in a line, which is named.
    """
    by_split: dict[str, list[Picture]] = {split: [] for split in SPLITS}
    lines: dict[tuple[str, str], int] = {}
    roles: dict[str, tuple[str, int]] = {}
    for line, split, picture in _rows(file):
        where = f"{file}:{line}"
        first = lines.setdefault((split, picture.path), line)
        if first != line:
            raise DataError(f"{where}: path: '{picture.path}' is in line {first} already; drop one")
        _check_person(where, split, picture.person, roles, line)
        by_split[split].append(picture)
    for split, pictures in by_split.items():
        if not pictures:
            raise DataError(f"{file}: no row has the split '{split}'; each needs a picture")
    everything = [picture for pictures in by_split.values() for picture in pictures]
    train, query, gallery = (own_split(file.parent, by_split[it], everything) for it in SPLITS)
    return ReIDData("csv", train, query, gallery, drawn=is_drawn(file.parent))


def _check_person(
    where: str, split: str, person: str, roles: dict[str, tuple[str, int]], line: int
) -> None:
    """Refuse junk outside the gallery, and people who are both trained on and asked for."""
    if person == JUNK and split != "gallery":
        raise DataError(f"{where}: pid: {JUNK} is junk, which only the gallery may hold")
    if split == "gallery":
        return
    role, first = roles.setdefault(person, (split, line))
    if role != split:
        raise DataError(
            f"{where}: pid: person '{person}' is in '{split}' here and in '{role}' in line "
            f"{first}; people who are trained on are never asked for"
        )


def _rows(file: Path) -> Iterator[tuple[int, str, Picture]]:
    if not file.is_file():
        raise DataError(f"{file} is no file; name a table of pictures with the option 'file'")
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened, skipinitialspace=True, strict=True)
            _check_columns(file, reader.fieldnames or ())
            for row in reader:
                yield _row(file, reader.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read as a table ({error}); save it as UTF-8") from error


def _check_columns(file: Path, found: object) -> None:
    names = list(found) if isinstance(found, (list, tuple)) else []
    if lacking := [column for column in COLUMNS if column not in names]:
        raise DataError(
            f"{file}:1: lacks the column {', '.join(lacking)}: the first line must be "
            f"{','.join(COLUMNS)}, with commas, in any order; it has: {', '.join(names) or 'none'}"
        )


def _row(file: Path, line: int, row: dict[str, str]) -> tuple[int, str, Picture]:
    where = f"{file}:{line}"
    if None in row or None in row.values():
        raise DataError(f"{where}: has not as many values as the first line has columns")
    path, person, camera, split = (row[column].strip() for column in COLUMNS)
    for column, value in zip(COLUMNS, (path, person, camera, split), strict=True):
        if not value:
            raise DataError(f"{where}: {column}: is empty")
    if split not in SPLITS:
        raise DataError(f"{where}: split: '{split}' is none of {', '.join(SPLITS)}")
    if not (file.parent / path).is_file():
        raise DataError(f"{where}: path: no such file: {file.parent / path}")
    return line, split, Picture(path, person, camera)
