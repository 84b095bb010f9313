"""What all tests share: the tiny plugin, installed as far as discovery can tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from reidbench.plugins import Registry, discover
from tests.support.commands import environment

# One thread a process, before anything imports torch: the suite runs on all cores, and with all
# threads each, a busy neighbour stretches it threefold.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No deadlines: how long an example takes is the machine's affair, and no test may fail by it.
settings.register_profile("reidbench", deadline=None)
settings.load_profile("reidbench")

TINY_PLUGIN = Path(__file__).parent / "support" / "tiny_plugin"


@pytest.fixture(scope="session")
def tiny_site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the two folders that, on the path, make the tiny plugin an installed distribution."""
    site = tmp_path_factory.mktemp("tiny-site")
    info = site / "reidbench_tiny-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: reidbench-tiny\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[reidbench]\ntiny = reidbench_tiny\n")
    return site, TINY_PLUGIN


@pytest.fixture(scope="session")
def tiny_env(tiny_site: tuple[Path, Path]) -> dict[str, str]:
    """Return the environment of a process that has the tiny plugin."""
    return environment(*tiny_site)


@pytest.fixture(scope="module")
def tiny_registry(tiny_site: tuple[Path, Path]) -> Iterator[Registry]:
    """Return this process's plugins with the tiny one, importable while the module's tests run."""
    before = list(sys.path)
    sys.path[:0] = map(str, tiny_site)
    try:
        yield discover()
    finally:
        sys.path[:] = before
