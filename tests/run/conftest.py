"""The environment of processes that have components which harm them."""

from __future__ import annotations

import os

import pytest

from tests.run.hostile import PLUGIN


@pytest.fixture(scope="module")
def hostile_env(
    tmp_path_factory: pytest.TempPathFactory, tiny_env: dict[str, str]
) -> dict[str, str]:
    """Return the environment of a process that has the hostile plugin beside the tiny one."""
    info = tmp_path_factory.mktemp("site") / "reidbench_hostile-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: reidbench-hostile\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[reidbench]\nhostile = reidbench_hostile\n")
    path = [str(info.parent), str(PLUGIN), tiny_env["PYTHONPATH"]]
    return {**tiny_env, "PYTHONPATH": os.pathsep.join(path)}
