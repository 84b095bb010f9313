"""Packs: many results in one file, a JSON line each, sorted by key.

The first line names the format; then comes a line for each list of test identities, which results
share, then a line for each result: its document with the lists of ``per_query`` as packed numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reidbench.files import write_atomically
from reidbench.results.packed_numbers import (
    pack_pids,
    pack_precision,
    pack_ranks,
    unpack_pids,
    unpack_precision,
    unpack_ranks,
)
from reidbench.results.result import Result
from reidbench.results.schema import SchemaError, migrated
from reidbench.results.validation import ResultError, first_fault

PACK = "results.jsonl"
PACKS = "*.jsonl"
VERSION = 1
FORMAT = "reidbench_pack"
Identities = dict[str, list[int]]
"""Lists of test identities by their digest."""


def write_pack(path: Path, results: Iterable[Result]) -> Path:
    """Write results as a pack, atomically; the same results give the same bytes.

    Raises:
        ResultError: one has scores that are none.

    """
    results = sorted(results, key=lambda result: result.key)
    lists = {
        identities_digest(it.per_query.pids): it.per_query.pids for it in results if it.per_query
    }
    documents: list[dict[str, Any]] = [{FORMAT: VERSION}]
    for digest, pids in sorted(lists.items()):
        documents.append({"identities": digest, "count": len(pids), "pids": pack_pids(pids)})
    for result in results:
        try:
            documents.append(packed(result))
        except ValueError as error:
            raise ResultError(f"{path}: {result.key} ({result.trial}): {error}") from error
    write_atomically(path, "".join(f"{_line(document)}\n" for document in documents))
    return path


def read_pack(path: Path) -> list[Result]:
    """Read every result of a pack.

    Raises:
        ResultError: it is no pack, of a newer version, or a line of it is not a whole result.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ResultError(f"{path}: not a readable pack of results ({error}); remove it") from error
    identities: Identities = {}
    results: dict[str, Result] = {}
    for number, document in _documents(path, text):
        try:
            if "identities" in document:
                identities |= read_identities(document)
                continue
            result = Result.model_validate(migrated(unpacked(document, identities)))
        except ValidationError as error:
            raise ResultError(f"{path}:{number}: {first_fault(error)}") from error
        except (SchemaError, ValueError) as error:
            raise ResultError(f"{path}:{number}: {error}") from error
        if result.key in results:
            raise ResultError(f"{path}:{number}: a second line of {result.key}; remove one")
        results[result.key] = result
    return list(results.values())


def _documents(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the documents below the first line, which says what they are, with their lines."""
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            document = json.loads(line) if line else {}
        except (ValueError, RecursionError) as error:
            raise ResultError(
                f"{path}:{number}: not JSON ({error}); restore the file, or pack it again"
            ) from error
        if number == 1:
            refuse_other_format(path, document)
        elif isinstance(document, dict) and line:
            yield number, document
        elif line:
            raise ResultError(f"{path}:{number}: not a result; remove the line")


def refuse_other_format(path: Path, head: object) -> None:
    """Refuse what is no pack, or one of another version, by its first line."""
    version = head.get(FORMAT) if isinstance(head, dict) else None
    if version is None:
        raise ResultError(f'{path}:1: no pack of results, which begin with {{"{FORMAT}":1}}')
    if version != VERSION:
        raise ResultError(
            f"{path}:1: pack version {version}, this reidbench reads {VERSION}; "
            "use the reidbench that wrote it"
        )


def identities_digest(pids: Sequence[int]) -> str:
    """Return the name of a list of test identities, from what it holds."""
    return hashlib.sha256(",".join(map(str, pids)).encode()).hexdigest()[:16]


def packed(result: Result) -> dict[str, Any]:
    """Return the document of a result with packed lists, and its identities by their digest."""
    document = result.model_dump(mode="json", exclude={"per_query"})
    queries = result.per_query
    if queries is None:
        return document
    lists = {
        "identities": identities_digest(queries.pids),
        "average_precision": pack_precision(queries.average_precision),
    }
    if queries.first_match is not None:
        lists["first_match"] = pack_ranks(queries.first_match)
    return {**document, "per_query": lists}


def unpacked(document: Mapping[str, Any], identities: Identities) -> dict[str, Any]:
    """Return the document of a result as a file of its own holds it.

    Raises:
        ValueError: a list is not what it should be, or of identities that no line gives.

    """
    lists = document.get("per_query")
    if lists is None:
        return dict(document)
    if not isinstance(lists, dict) or not all(isinstance(it, str) for it in lists.values()):
        raise ValueError("field 'per_query': not packed lists; restore the line")
    if unknown := lists.keys() - {"identities", "average_precision", "first_match"}:
        raise ValueError(f"field 'per_query.{sorted(unknown)[0]}': no such field")
    pids = identities.get(lists.get("identities", ""))
    if pids is None:
        raise ValueError("field 'per_query.identities': no line above has these; restore the file")
    return {**document, "per_query": _lists(lists, pids)}


def _lists(lists: Mapping[str, str], pids: list[int]) -> dict[str, Any]:
    readers = {"average_precision": unpack_precision, "first_match": unpack_ranks}
    found: dict[str, Any] = {"pids": pids, "resolution": "1/65534"}
    for name, read in readers.items():
        try:
            found[name] = read(lists[name], len(pids)) if name in lists else None
        except ValueError as error:
            raise ValueError(f"field 'per_query.{name}': {error}; restore the line") from error
    return found


def read_identities(document: Mapping[str, Any]) -> Identities:
    """Return the test identities of a line, by their digest.

    Raises:
        ValueError: they are not those that the digest is of.

    """
    digest, count, text = (document.get(name) for name in ("identities", "count", "pids"))
    if type(count) is not int or not isinstance(text, str) or not isinstance(digest, str):
        raise ValueError("identities need a digest, a 'count' and packed 'pids'; restore the line")
    pids = unpack_pids(text, count)
    if identities_digest(pids) != digest:
        raise ValueError("field 'pids': not the identities of this digest; restore the line")
    return {digest: pids}


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
