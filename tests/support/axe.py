"""axe-core, the usual checker of accessibility, from the npm registry."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

PACKAGE = "axe-core@4.11.0"


@functools.cache
def axe_core() -> str:
    """Return its script; skip where there is no npm, or nothing comes from its registry."""
    if not (npm := shutil.which("npm")):
        pytest.skip("needs npm, to fetch axe-core")
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [npm, "pack", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=60
            )
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"axe-core could not be fetched: {error}")
        (archive,) = Path(folder).glob("axe-core-*.tgz")
        with tarfile.open(archive) as packed:
            script = packed.extractfile("package/axe.min.js")
            assert script is not None
            return script.read().decode()
