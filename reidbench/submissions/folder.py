"""The files of a submission: those that may be there, plain, and of a size that is read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from reidbench.results import CURVES, LATENCY_FILE, PACK
from reidbench.submissions.finding import Finding, shown

SUITE = "suite.yaml"
ABOUT = "submission.yaml"
PAGES = ("leaderboard.md", "leaderboard.csv", "claims.csv")
NEEDED = {PACK: 8_000_000, SUITE: 64_000, ABOUT: 16_000}
"""The files of a submission, and the most bytes that each may have."""
MAY_BE = {**dict.fromkeys(PAGES, 2_000_000), LATENCY_FILE: 1_000_000, CURVES: 2_000_000}
"""Files that may be there too."""


def file_findings(folder: Path) -> Iterator[Finding]:
    """Yield what is wrong with the files of a folder; hidden ones are other programs', not read."""
    entries = sorted(it for it in folder.iterdir() if not it.name.startswith("."))
    for entry in entries:
        yield from _entry_findings(entry)
    names = {entry.name for entry in entries}
    for name in NEEDED:
        if name not in names:
            yield Finding(name, 0, "", "missing", "'reidbench submit' writes it")


def _entry_findings(entry: Path) -> Iterator[Finding]:
    name, how = shown(entry.name)[1:-1], entry.lstat()
    limits = {**NEEDED, **MAY_BE}
    if entry.name not in limits:
        allowed = ", ".join(limits)
        yield Finding(name, 0, "", "not part of a submission", f"leave it out; expected {allowed}")
    elif not stat.S_ISREG(how.st_mode):
        yield Finding(name, 0, "", "a link, a folder or a device", "give a plain file")
    elif how.st_mode & 0o111:
        yield Finding(name, 0, "", "executable", f"chmod a-x {name}")
    elif how.st_size > limits[entry.name]:
        why = f"{how.st_size} bytes, where at most {limits[entry.name]} are read"
        yield Finding(name, 0, "", why, "split the suite, or ask for another limit")


def readable(folder: Path, findings: list[Finding], name: str) -> bool:
    """Return whether a file is there and nothing is wrong with it as a file."""
    return (folder / name).is_file() and not any(it.file == name for it in findings)
