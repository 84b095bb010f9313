"""Finds every process of a test by a mark in the environment that it handed down."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

MARK = "REIDBENCH_TEST_MARK"


def marked(mark: str, word: str = "") -> list[str]:
    """Return number and command line of the living processes with a mark, and a word in it."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            number = int(entry.name)
            if f"{MARK}={mark}".encode() not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if state != "Z" and word in line:
                found.append(f"{number} {line[:200]}")
    return found


def left_after(seconds: float, mark: str, word: str = "") -> list[str]:
    """Return the marked processes that are still there after so long, none as soon as all went."""
    until = time.monotonic() + seconds
    while (left := marked(mark, word)) and time.monotonic() < until:
        time.sleep(1.0)
    return left
