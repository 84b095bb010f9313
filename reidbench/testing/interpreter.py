"""A fresh interpreter that answers a request, with this one's import path and another hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_SELDOM = "from reidbench.engine.collection import collect_seldom; collect_seldom()"


class Asked:
    """A fresh interpreter at work on a request; ``answer`` waits for it."""

    def __init__(self, home: str, request: Callable[[Path], dict[str, Any]]) -> None:
        """Start ``main()`` of the module ``home``.

        ``request`` gets the file in which the answer is expected, and returns what ``main`` reads
        from standard input.
        """
        self._folder = TemporaryDirectory(prefix="reidbench-testing-")
        self._file = Path(self._folder.name, "answer.json")
        asked = Path(self._folder.name, "request.json")
        asked.write_text(json.dumps(request(self._file)), encoding="utf-8")
        with asked.open(encoding="utf-8") as read:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"{_SELDOM}; from {home} import main; main()"],
                stdin=read,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(str(Path(place).resolve()) for place in sys.path),
                    "PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1",
                },
            )

    def answer(self) -> tuple[dict[str, Any], str]:
        """Return the answer, empty if there is none, and the last line of errors."""
        _, errors = self._process.communicate()
        found = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}
        status = f"exit status {self._process.returncode}"
        return found, (errors.strip().splitlines() or [status])[-1]

    def close(self) -> None:
        """End the interpreter if it is still at work, and remove what it left."""
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._folder.cleanup()


def ask(home: str, request: Callable[[Path], dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """Run ``main()`` of a module in a fresh interpreter, and wait for its answer, as ``Asked``."""
    asked = Asked(home, request)
    try:
        return asked.answer()
    finally:
        asked.close()
