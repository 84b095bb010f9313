"""Plans of the tiny suite, with whatever a test wants to be different."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reidbench.config.suite import Suite
from reidbench.config.yaml_document import load
from reidbench.plan import Plan, Trial, make_plan
from reidbench.plugins import Registry
from tests.support.suites import suite_text

SCENARIO = [{"train": "target"}, {"prune": "target"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plan")


def plan(
    folder: Path,
    registry: Registry,
    only: Sequence[str] = (),
    data: str = "no-data",
    **changes: Any,
) -> Plan:
    path = folder / "suite.yaml"
    path.write_text(suite_text(**changes))
    return make_plan(load(path, Suite), registry, folder / data, only)


def only(folder: Path, registry: Registry, **changes: Any) -> Trial:
    (trial,) = plan(folder, registry, **changes).trials
    return trial
