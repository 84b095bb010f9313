"""The world of the phases' tests: one store for all, as keys differ wherever results do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reidbench.store import Store
from tests.engine.phases.world import World


@pytest.fixture(scope="package", autouse=True)
def tiny_plugin(tiny_site: tuple[Path, Path]) -> Iterator[None]:
    """Make the tiny plugin's modules importable."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tiny_site[1])
        yield


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the world whose store the tests share."""
    return World(Store(tmp_path_factory.mktemp("store")))


@pytest.fixture
def fresh(tmp_path: Path) -> World:
    """Return a world of one test's own."""
    return World(Store(tmp_path / "store"))
