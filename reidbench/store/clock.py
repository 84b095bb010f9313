"""The time by the clock that stamps a store's files: those of machines differ."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import time


def time_on(folder: Path) -> float:
    """Return the time of a folder's file system, seconds since 1970; this machine's if read-only.

    The age of a file on a file server means something only by the server's clock.
    """
    with suppress(OSError), NamedTemporaryFile(dir=folder, prefix=".clock.") as file:
        return Path(file.name).stat().st_mtime
    return time()
