"""The command line as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

OWN = ("REIDBENCH_STORE", "REIDBENCH_DATA")
"""What a developer may have set for runs of their own."""

Finished = subprocess.CompletedProcess[str]


def environment(*python_path: Path) -> dict[str, str]:
    """Return this process's environment with more folders to import from, and one thread."""
    inherited = [path for path in (os.environ.get("PYTHONPATH"),) if path]
    return {
        **{name: value for name, value in os.environ.items() if name not in OWN},
        "PYTHONPATH": os.pathsep.join([*map(str, python_path), *inherited]),
        "OMP_NUM_THREADS": "1",
        # Most tests are not about workers, and a process more takes seconds.
        "REIDBENCH_WORKERS": "0",
    }


def reidbench(*words: object, cwd: Path, env: Mapping[str, str], seconds: float = 300) -> Finished:
    """Run ``reidbench WORDS`` in ``cwd`` to its end, which is within ``seconds``."""
    return subprocess.run(
        command(*words), cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds
    )


def start(*words: object, cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start ``reidbench WORDS`` in ``cwd``, to be watched and interrupted."""
    return subprocess.Popen(
        command(*words),
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def imported(*words: object, cwd: Path, env: Mapping[str, str]) -> tuple[Finished, set[str]]:
    """Run ``reidbench WORDS`` to its end; return what it imported too."""
    note = cwd / "imported.txt"
    code = (
        "import atexit, pathlib, sys; from reidbench.cli import main; atexit.register("
        f"lambda: pathlib.Path({str(note)!r}).write_text(' '.join(sys.modules))); main()"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    modules = set(note.read_text().split())
    note.unlink()
    return finished, modules


def command(*words: object) -> list[str]:
    """Return the command line; the console script does the same call."""
    code = "from reidbench.cli import main; main()"
    return [sys.executable, "-c", code, *map(str, words)]
