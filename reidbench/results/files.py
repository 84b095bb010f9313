"""Result files: one JSON a trial, written atomically, read back whole or refused."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.results.result import SCHEMA_VERSION, Result


class ResultError(ReidbenchError):
    """A result file that cannot be read."""


def write_result(directory: Path, result: Result) -> Path:
    """Write a result as ``<key>.json``, atomically, and return its path."""
    path = directory / f"{result.key}.json"
    write_atomically(path, result.model_dump_json(indent=1) + "\n")
    return path


def read_result(path: Path) -> Result:
    """Read one result.

    Raises:
        ResultError: the file is not JSON, of another schema version, incomplete, or its scores
            are not those of its queries.

    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{path}: not a readable JSON result ({error}); remove it") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise ResultError(
            f"{path}: result schema {version}, this reidbench reads {SCHEMA_VERSION}; "
            "use the reidbench that wrote it, or run the suite again"
        )
    try:
        return Result.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (*first["loc"], *first.get("ctx", {}).get("at", ()))))
        raise ResultError(
            f"{path}: field '{where}': {first['msg']}; "
            "restore the file as it was written, or run its trial again"
        ) from error


def read_results(directory: Path) -> list[Result]:
    """Read every result of a directory, sorted by file name.

    Raises:
        ResultError: no such directory, no result in it, or one that cannot be read.

    """
    if not directory.is_dir():
        raise ResultError(
            f"{directory}: no such directory; give the one a run wrote its results to"
        )
    paths = sorted(directory.glob("*.json"))
    if not paths:
        raise ResultError(
            f"{directory}: no results (*.json) here; make some with 'reidbench run SUITE'"
        )
    return [read_result(path) for path in paths]
