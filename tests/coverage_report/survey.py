"""Tries every network, a few in each process, so that one that dies takes no other with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support.places import ROOT

CHUNK = 12
SECONDS = 900
"""How long one network may take."""

Row = Mapping[str, Any]


def survey(keys: Sequence[str], file: Path, jobs: int = 1) -> None:
    """Try the networks that have no line in ``file`` yet; each adds one."""
    left = [key for key in keys if key not in rows(file)]
    chunks = [left[start : start + CHUNK] for start in range(0, len(left), CHUNK)]
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda chunk: try_chunk(chunk, file), chunks))


def rows(file: Path) -> dict[str, Row]:
    """Return what came of each network so far, by its key."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    found = [json.loads(line) for line in lines]
    return {f"{row['source']}/{row['name']}": row for row in found}


def try_chunk(keys: Sequence[str], file: Path) -> None:
    """Try networks in one process after another, until each has its line."""
    while left := [key for key in keys if key not in rows(file)]:
        ended = run(left, file)
        if (dead := next((key for key in left if key not in rows(file)), None)) is None:
            return
        source, _, name = dead.partition("/")
        row = {"source": source, "name": name, "verdict": "crash", "reason": ended}
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")


def run(keys: Sequence[str], file: Path) -> str:
    """Try networks in a process of their own; return how it ended."""
    command = [sys.executable, "-m", "tests.coverage_report.examine", str(file), *keys]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS * len(keys),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done within {SECONDS} s"
    last = done.stderr.strip().splitlines()[-1:]
    return f"the process ended with {done.returncode}: {''.join(last)}"[:400]
