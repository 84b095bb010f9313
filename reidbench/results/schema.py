"""Brings the document of a result to the schema of today, one version at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reidbench.errors import ReidbenchError
from reidbench.results.result import SCHEMA_VERSION

Document = dict[str, Any]


class SchemaError(ReidbenchError):
    """A result of a schema that this version does not read; its text names no file."""


def _from_2(document: Document) -> Document:
    """Say how exactly average precisions are kept: six digits until then."""
    per_query = document.get("per_query")
    if not isinstance(per_query, dict):
        return {**document, "schema_version": 3}
    return {**document, "schema_version": 3, "per_query": {"resolution": "1e-6", **per_query}}


STEPS: Mapping[int, Callable[[Document], Document]] = {2: _from_2}
"""How a document of each version becomes one of the next."""


def migrated(document: object) -> Document:
    """Return a document of any version that is read as one of today's.

    Raises:
        SchemaError: it is older than any that is read, or newer than this reidbench.

    """
    version = document.get("schema_version") if isinstance(document, dict) else None
    readable = type(version) is int and (version == SCHEMA_VERSION or version in STEPS)
    if not isinstance(document, dict) or not readable:
        raise SchemaError(
            f"result schema {version}, this reidbench reads {min(STEPS)} to {SCHEMA_VERSION}; "
            "use the reidbench that wrote it, or run the suite again"
        )
    while document["schema_version"] != SCHEMA_VERSION:
        document = STEPS[document["schema_version"]](document)
    return document
