"""Identifies the process that writes something into a store, and whether it is known to be dead."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

OWNER = ".owner"
"""The file that names the owner, in a claim or in a temporary folder."""
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
        """Note the owner in a folder."""
        (folder / OWNER).write_text(json.dumps(asdict(self)), encoding="utf-8")

    def is_dead(self) -> bool:
        """Return whether the process is certainly dead: False for any other machine's."""
        here = Owner.this_process()
        if not here.boot or (self.host, self.boot) != (here.host, here.boot):
            return False
        state, born = _state(self.pid)
        return not born or born != self.born or state in _DEAD_STATES


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
