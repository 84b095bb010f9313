"""What cannot be carried out is refused before any training, in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reidbench.config.suite import load_suite
from reidbench.errors import ReidbenchError
from reidbench.plan import Plan, make_plan
from reidbench.plugins import Catalogue, Component, Registry
from reidbench.run.preflight import PreflightError, preflight
from tests.support.suites import write_suite


def plan(folder: Path, registry: Registry, **changes: Any) -> Plan:
    return make_plan(load_suite(write_suite(folder, **changes)), registry)


def refusal(folder: Path, registry: Registry, **changes: Any) -> str:
    made = plan(folder, registry, **changes)
    with pytest.raises(ReidbenchError) as caught:
        preflight(made, made.trials)
    return str(caught.value)


def aimed(registry: Registry, kind: str, target: str) -> Registry:
    """Return the registry with all tiny components of a kind aimed at another target."""
    shelf: Catalogue[Any] = getattr(registry, kind)
    components = [Component(_aimed(c.record, target), c.owner) for c in shelf.components]
    return Registry(**{**vars(registry), kind: Catalogue(shelf.kind, components)})


def _aimed(record: Any, target: str) -> Any:
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
    return type(record)(**{**fields, "target": target})


def test_a_sound_plan_passes(tmp_path: Path, tiny_registry: Registry) -> None:
    made = plan(tmp_path, tiny_registry, methods=["dense", "scratch", "l1", "psfp"])
    preflight(made, made.trials)


def test_the_highest_reduction_asked_of_any_backbone_must_be_in_reach(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    narrow = {"backbone": "tinynet", "options": {"width": 2}}
    message = refusal(
        tmp_path, tiny_registry, backbones=["tinynet", narrow], reductions=[0.1, 0.85]
    )
    assert message.startswith(
        "suite 'tiny-suite': reduction 0.85 is out of reach for tinynet(width=2): scope 'inner' of "
        "protocol smoke/1 can remove at most "
    )


def test_dense_alone_asks_for_no_reduction(tmp_path: Path, tiny_registry: Registry) -> None:
    made = plan(tmp_path, tiny_registry, methods=["dense"], reductions=[0.99])
    preflight(made, made.trials)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"targets": [{"dataset": "tiny", "options": {"palette": -1}}]},
            "option 'palette' is -1; it must not be negative",
        ),
        (
            {
                "source": {"dataset": "tiny", "options": {"palette": -2}},
                "scenarios": {"a": [{"train": "source"}, {"prune": "target"}]},
            },
            "option 'palette' is -2; it must not be negative",
        ),
        (
            {"backbones": [{"backbone": "tinynet", "options": {"width": 0}}]},
            "'tinynet': option 'width' is 0; it must be at least 1",
        ),
    ],
)
def test_a_component_that_refuses_its_options_says_why(
    tmp_path: Path, tiny_registry: Registry, changes: dict[str, Any], message: str
) -> None:
    assert refusal(tmp_path, tiny_registry, **changes) == message


@pytest.mark.parametrize("kind", ["methods", "backbones", "datasets"])
def test_a_component_that_cannot_be_imported_names_its_target(
    tmp_path: Path, tiny_registry: Registry, kind: str
) -> None:
    message = refusal(tmp_path, aimed(tiny_registry, kind, "reidbench_tiny.lost:Thing"))
    assert "points at reidbench_tiny.lost:Thing, which cannot be imported" in message


@pytest.mark.parametrize("kind", ["methods", "backbones", "datasets"])
def test_a_component_that_breaks_names_its_plugin(
    tmp_path: Path, tiny_registry: Registry, kind: str
) -> None:
    broken = aimed(tiny_registry, kind, "builtins:len")
    made = plan(tmp_path, broken)
    with pytest.raises(PreflightError) as caught:
        preflight(made, made.trials)
    assert "of plugin reidbench-tiny 1.0 cannot be made (TypeError: len() takes " in str(
        caught.value
    )


@pytest.mark.parametrize("raised", ["SystemExit('bye')", "BaseException('bye')"])
def test_a_component_whose_import_would_end_the_process_is_refused(
    tmp_path: Path, tiny_registry: Registry, monkeypatch: pytest.MonkeyPatch, raised: str
) -> None:
    name = f"ends_{raised.partition('(')[0].lower()}"
    (tmp_path / f"{name}.py").write_text(f"raise {raised}")
    monkeypatch.syspath_prepend(tmp_path)
    made = plan(tmp_path, aimed(tiny_registry, "methods", f"{name}:Thing"))
    with pytest.raises(PreflightError, match=r"of plugin reidbench-tiny 1.0 cannot be m.*\(.*bye"):
        preflight(made, made.trials)


def test_a_network_too_coarse_to_match_a_reduction_is_refused(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    coarse = {"backbone": "tinynet", "options": {"width": 8}}
    message = refusal(tmp_path, tiny_registry, backbones=[coarse], reductions=[0.25])
    assert "tinynet(width=8) is too coarse for reduction 0.25: the nearest is 0.2439" in message
    assert message.endswith("ask for another reduction, or use a wider network")


def test_fewer_people_than_a_batch_needs_are_refused(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    made = plan(tmp_path, tiny_registry, protocol="mini/1", reductions=[0.5])
    with pytest.raises(PreflightError, match="tiny has 12 people to train on, a batch of protocol"):
        preflight(made, made.trials)
