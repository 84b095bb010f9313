"""Identifies the process that writes something into a store, and whether it is known to be dead."""

from __future__ import annotations

import json
import os
import platform
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

OWNER = ".owner"
"""The file that names the owner, in a claim or in a temporary folder."""
UNFINISHED = f"{OWNER}.new"
"""That file while it is written: a process that is killed then leaves a folder that is nobody's."""
_PROC = Path("/proc")
_DEAD_STATES = ("Z", "X")
"""A killed process that its parent has not reaped is dead, and still listed."""


@dataclass(frozen=True)
class Owner:
    """A process: where it runs, its number there, and when it was born.

    Attributes:
        host: name of the machine.
        boot: boot of the machine and namespace of its process numbers, empty if unknown.
        pid: number of the process.
        born: ticks from the boot to its start, empty if unknown: numbers are used again.

    """

    host: str
    boot: str
    pid: int
    born: str

    @staticmethod
    def this_process() -> Owner:
        """Return the owner that this process is."""
        return _owner(os.getpid())

    @staticmethod
    def of(folder: Path) -> Owner | None:
        """Return who owns a folder; None if it does not say."""
        try:
            return Owner(**json.loads((folder / OWNER).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def sign(self, folder: Path) -> None:
        """Note the owner in a folder, whole or not at all."""
        unfinished = folder / UNFINISHED
        unfinished.write_text(json.dumps(asdict(self)), encoding="utf-8")
        unfinished.replace(folder / OWNER)

    def is_dead(self) -> bool:
        """Return whether the process is certainly dead: False for any other machine's."""
        here = Owner.this_process()
        if not here.boot or (self.host, self.boot) != (here.host, here.boot):
            return False
        state, born = _state(self.pid)
        return not born or born != self.born or state in _DEAD_STATES


def make_signed(folder: Path) -> None:
    """Make a folder that says whose it is."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        # Between the two it may be taken for what a dead process has left, and be cleared away.
        with suppress(FileNotFoundError):
            return Owner.this_process().sign(folder)


def remove_signed(folder: Path) -> None:
    """Remove a folder, last of all whose it is: if that is not finished, the next run finishes."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != OWNER:
                path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def is_left_over(folder: Path) -> bool:
    """Return whether a folder is of a dead process, or so new or so old that nothing is in it."""
    owner = Owner.of(folder)
    if owner is not None:
        return owner.is_dead()
    try:
        return all(path.name == UNFINISHED for path in folder.iterdir())
    except OSError:
        return False


@cache
def _owner(pid: int) -> Owner:
    return Owner(platform.node(), _boot(), pid, _state(pid)[1])


def _boot() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # Containers of one machine share its boot, and have process numbers of their own.
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _state(pid: int) -> tuple[str, str]:
    """Return a process's state and when it was born, both empty if there is none."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    # The second field is a name in brackets, which may hold spaces.
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]
