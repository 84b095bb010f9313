"""A worker whose plan is not its driver's is refused, and what differs is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reidbench.config.suite import load_suite
from reidbench.errors import ReidbenchError
from reidbench.plan import Plan, make_plan
from reidbench.plugins import Catalogue, Component, Registry
from reidbench.run.workers.messages import PlanRef, plan_contents, plan_digest
from tests.support.suites import write_suite


def planned(folder: Path, registry: Registry, loader: str, **changes: Any) -> Plan:
    """Plan a suite on the tiny data set, as photographs that another function loads."""
    shelf = registry.datasets
    records = [
        replace(one.record, target=f"tests.run.unfit:{loader}", drawn=False)
        for one in shelf.components
        if one.record.name == "tiny"
    ]
    owner = shelf.get("tiny").owner
    made = Catalogue(shelf.kind, [Component(record, owner) for record in records])
    suite = load_suite(write_suite(folder, **changes))
    return make_plan(suite, replace(registry, datasets=made), folder)


def refusal(driver: Plan, worker: Plan) -> str:
    reference = PlanRef(
        suite="suite.yaml",
        data="data",
        protocol=None,
        disabled=[],
        digest=plan_digest(driver),
        contents=plan_contents(driver),
    )
    reference.refuse_another({"plan": plan_digest(driver), "contents": {}})
    with pytest.raises(ReidbenchError) as caught:
        reference.refuse_another({"plan": plan_digest(worker), "contents": plan_contents(worker)})
    return str(caught.value)


def test_images_that_are_others_in_each_process_are_named(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    plans = [planned(tmp_path, tiny_registry, "other_people") for _ in range(2)]
    line = refusal(*plans)
    assert "finds other images in tiny than its driver" in line and "a seed of its own" in line


def test_another_suite_is_no_fault_of_its_data(tmp_path: Path, tiny_registry: Registry) -> None:
    plans = [
        planned(tmp_path, tiny_registry, "same_people", reductions=[share]) for share in (0.5, 0.4)
    ]
    assert "suite, data or plugins have changed" in refusal(*plans)
