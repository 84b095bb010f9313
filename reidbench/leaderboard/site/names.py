"""File names of pages: safe for any name that a result file may hold, and the same for ever."""

from __future__ import annotations

import hashlib
import re

LONGEST = 60
DEVICES = ("con", "nul", "aux", "prn")


def file_stem(name: str) -> str:
    """Return the stem of the file for a name; two names never share one.

    Letters, digits, ``-`` and ``_`` stay. A name with anything else, such as a path, gets a part of
    its hash, because what replaces these characters is the same for many.
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:LONGEST]
    # Windows does not tell upper case from lower case, nor allows a few device names.
    if plain and plain == name == name.lower() and name not in DEVICES:
        return plain
    return f"{plain or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lower()
