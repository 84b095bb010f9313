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


def ask(home: str, request: Callable[[Path], dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """Run ``main()`` of a module in a fresh interpreter.

    ``request`` gets the file in which the answer is expected, and returns what ``main`` reads from
    standard input. Returns the answer, empty if there is none, and the last line of its errors.
    """
    with TemporaryDirectory(prefix="reidbench-testing-") as folder:
        answer = Path(folder, "answer.json")
        ended = subprocess.run(
            [sys.executable, "-c", f"from {home} import main; main()"],
            input=json.dumps(request(answer)),
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(str(Path(place).resolve()) for place in sys.path),
                "PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1",
            },
            check=False,
        )
        found = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
    last = (ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1]
    return found, last
