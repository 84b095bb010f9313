"""Result files: one JSON a trial, or a pack of many; written atomically, read whole or refused."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from reidbench.files import write_atomically
from reidbench.results.curves import CURVES
from reidbench.results.pack import PACKS, read_pack
from reidbench.results.result import Result
from reidbench.results.schema import SchemaError, migrated
from reidbench.results.validation import ResultError, first_fault

LATENCY_FILE = "latency.json"
"""The timings of ``reidbench profile``, which may lie beside results and are none."""


def write_result(directory: Path, result: Result) -> Path:
    """Write a result as ``<key>.json``, atomically, and return its path."""
    path = directory / f"{result.key}.json"
    write_atomically(path, result.model_dump_json(indent=1) + "\n")
    return path


def read_result(path: Path) -> Result:
    """Read one result.

    Raises:
        ResultError: the file is not JSON, of a schema that is not read, incomplete, or its scores
            are not those of its queries.

    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultError(f"{path}: not a readable JSON result ({error}); remove it") from error
    try:
        return Result.model_validate(migrated(document))
    except SchemaError as error:
        raise ResultError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ResultError(f"{path}: {first_fault(error)}") from error


def single_files(directory: Path) -> list[Path]:
    """Return the files of one result each, sorted; hidden ones are other programs'."""
    return [path for path in _visible(directory, "*.json") if path.name != LATENCY_FILE]


def packs(directory: Path) -> list[Path]:
    """Return the packs of a directory, sorted."""
    return [path for path in _visible(directory, PACKS) if path.name != CURVES]


def read_results(directory: Path) -> list[Result]:
    """Read every result of a directory, of files and packs, sorted by file name or key.

    Raises:
        ResultError: no such directory, no result in it, one that cannot be read, or one that is in
            two files.

    """
    if not directory.is_dir():
        raise ResultError(
            f"{directory}: no such directory; give the one a run wrote its results to"
        )
    paths = single_files(directory)
    placed = [(path.stem, path, read_result(path)) for path in paths]
    for pack in packs(directory):
        placed += [(result.key, pack, result) for result in read_pack(pack)]
    if not placed:
        raise ResultError(
            f"{directory}: no results (*.json, {PACKS}) here; make some with 'reidbench run SUITE'"
        )
    placed.sort(key=lambda each: (each[0], each[1]))
    _refuse_repeated(placed)
    return [result for _, _, result in placed]


def _refuse_repeated(placed: list[tuple[str, Path, Result]]) -> None:
    homes: dict[str, Path] = {}
    for _, path, result in placed:
        before = homes.setdefault(result.key, path)
        # Single files of one key are copies, which the leaderboard reports by their names.
        if before != path and not before.suffix == path.suffix == ".json":
            raise ResultError(
                f"{path}: the result {result.key} is in {before.name} too; "
                f"'reidbench results pack {path.parent}' keeps the single file's"
            )


def _visible(directory: Path, pattern: str) -> list[Path]:
    return sorted(path for path in directory.glob(pattern) if not path.name.startswith("."))
