"""Detects damaged artefacts: digests of their files, a checksum of their notes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from reidbench.store.owner import OWNER

META = "meta.json"
"""The file of an artefact's notes, in its folder."""
FILES = "files"
"""The note that lists the artefact's files."""

Digests: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Bytes and SHA-256 (hexadecimal) of files, by their names below a folder, with slashes."""

_PIECE = 1 << 20
_SEAL = re.compile(rb',\n "crc32": "([0-9a-f]{8})"\n\}')
_SEAL_LENGTH = len(',\n "crc32": "01234567"\n}')


def sealed(notes: Mapping[str, Any]) -> bytes:
    """Return notes as JSON whose last entry is the CRC-32 of everything before it.

    Planning a suite checks the notes of tens of thousands of artefacts; a checksum takes a tenth of
    the time of parsing the numbers of a measurement.

    Raises:
        TypeError: the notes cannot be written as JSON.
    """
    body = json.dumps({**notes}, indent=1).removesuffix("\n}").encode()
    return body + b',\n "crc32": "%08x"\n}' % zlib.crc32(body)


def is_sealed(notes: bytes) -> bool:
    """Return whether notes end with their own checksum."""
    seal = _SEAL.fullmatch(notes, max(0, len(notes) - _SEAL_LENGTH))
    return seal is not None and int(seal[1], 16) == zlib.crc32(notes[:-_SEAL_LENGTH])


def unsealed(notes: bytes) -> dict[str, Any]:
    """Return notes without their checksum; those of older versions have none, and list no files.

    Raises:
        ValueError: they are damaged.
    """
    meta = json.loads(notes)
    if not isinstance(meta, dict):
        raise ValueError("no notes in it")
    if not meta.keys().isdisjoint({FILES, "crc32"}) and not is_sealed(notes):
        raise ValueError("not as it was written")
    meta.pop("crc32", None)
    return meta


def digests(folder: Path) -> Digests:
    """Return the digests of all files below a folder except its notes."""
    return {
        name: {"bytes": path.stat().st_size, "sha256": sha256(path)}
        for name, path in _files(folder)
    }


def sha256(path: Path, tick: Callable[[int], None] = lambda done: None) -> str:
    """Return the SHA-256 of a file, hexadecimal; ``tick`` gets the bytes of each piece."""
    digest, piece = hashlib.sha256(), memoryview(bytearray(_PIECE))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(piece):
            digest.update(piece[:count])
            tick(count)
    return digest.hexdigest()


def faults(folder: Path, listed: Digests, tick: Callable[[int], None]) -> Iterator[str]:
    """Yield what is wrong with the files below a folder, given the digests noted of them."""
    found = dict(_files(folder))
    for name, digest in listed.items():
        path = found.pop(name, None)
        fault = "is missing" if path is None else _fault(path, digest, tick)
        if fault:
            yield f"{name} {fault}"
    for name in found:
        yield f"{name} does not belong to it"


def _fault(path: Path, digest: Mapping[str, Any], tick: Callable[[int], None]) -> str | None:
    try:
        if (size := path.stat().st_size) != digest["bytes"]:
            return f"has {size} bytes in place of {digest['bytes']}"
        if sha256(path, tick) != digest["sha256"]:
            return "is not as it was written (its SHA-256 differs)"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            relative = path.relative_to(folder).as_posix()
            if relative not in (META, OWNER):
                yield relative, path
