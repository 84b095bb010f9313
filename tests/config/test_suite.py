"""What a suite may say, and what it must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reidbench.config.suite import Suite, load_suite
from reidbench.config.yaml_document import DocumentError
from tests.support.places import ROOT
from tests.support.suites import write_suite


def suite(folder: Path, **changes: Any) -> Suite:
    return load_suite(write_suite(folder, **changes)).content


def refusal(folder: Path, **changes: Any) -> str:
    with pytest.raises(DocumentError) as caught:
        suite(folder, **changes)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("path", sorted((ROOT / "suites").glob("*.yaml")), ids=lambda p: p.name)
def test_the_suites_that_come_along_are_sound(path: Path) -> None:
    assert load_suite(path).content.name == path.stem


def test_a_name_stands_for_a_component_without_options(tmp_path: Path) -> None:
    scenarios = {"a": [{"train": "source"}, {"prune": "target"}]}
    words = {"methods": ["l1"], "backbones": ["resnet18"], "targets": ["tiny"], "source": "tiny"}
    short = suite(tmp_path, scenarios=scenarios, **words)
    long = suite(
        tmp_path,
        scenarios=scenarios,
        methods=[{"method": "l1"}],
        backbones=[{"backbone": "resnet18"}],
        targets=[{"dataset": "tiny", "options": {}}],
        source={"dataset": "tiny"},
    )
    assert short == long


@pytest.mark.parametrize("value", [0, 1, -0.5, 1.5, "half", "0.5", True, None, [0.5]])
def test_a_reduction_is_a_number_between_0_and_1(tmp_path: Path, value: object) -> None:
    assert refusal(tmp_path, reductions=[value]).startswith("suite.yaml:14: reductions.0: must be ")


@pytest.mark.parametrize("value", [-1, 0.5, "0", True, None])
def test_a_seed_is_a_whole_number_from_0(tmp_path: Path, value: object) -> None:
    assert refusal(tmp_path, seeds=[value]).startswith("suite.yaml:16: seeds.0: must be ")


@pytest.mark.parametrize("name", ["", "Paper", "a b", "../a", ".a", "a/b"])
def test_a_suite_is_named_so_that_a_folder_can_be(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, name=name).startswith("suite.yaml:1: name: ")


@pytest.mark.parametrize(
    ("field", "values", "message"),
    [
        ("seeds", [0, 1, 0], "suite.yaml:18: seeds.2: 0 is listed twice"),
        ("reductions", [0.5, 0.50], "suite.yaml:15: reductions.1: 0.5 is listed twice"),
        (
            "methods",
            ["l1", "fpgm", {"method": "l1"}],
            "suite.yaml:14: methods.2: {'method': 'l1'} is listed twice",
        ),
    ],
)
def test_nothing_is_listed_twice(
    tmp_path: Path, field: str, values: list[Any], message: str
) -> None:
    assert refusal(tmp_path, **{field: values}) == message


def test_one_method_with_two_strategies_is_two_entries(tmp_path: Path) -> None:
    methods = ["l1", {"method": "l1", "strategy": "iterative"}]
    assert len(suite(tmp_path, methods=methods).methods) == 2


PHASES = {"a": [{"train": "target"}, {"prune": "target"}]}


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ([{"train": "target"}], "a scenario needs a 'prune:' phase"),
        ([], "a scenario needs a 'prune:' phase"),
        (
            [{"train": "source"}, {"prune": "target"}],
            "uses the source domain: name a data set under 'source:'",
        ),
        (PHASES["a"], "has the very phases of scenario 'a'"),
    ],
)
def test_a_scenario_prunes_and_knows_its_domains(
    tmp_path: Path, phases: list[dict[str, str]], message: str
) -> None:
    text = refusal(tmp_path, scenarios={**PHASES, "b": phases})
    assert text == f"suite.yaml:7: scenarios.b: {message}"


@pytest.mark.parametrize("phase", [{}, {"train": "target", "prune": "target"}])
def test_a_phase_either_trains_or_prunes(tmp_path: Path, phase: dict[str, str]) -> None:
    assert refusal(tmp_path, scenarios={"a": [phase]}) == (
        "suite.yaml:5: scenarios.a.0: a phase is either 'train: DOMAIN' or 'prune: DOMAIN'"
    )


ALONE = {"prune": "target", "while_training": "progressive"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "tiny"}, "17: source: no scenario trains or prunes on the source: leave it"),
        ({"bridge": "tiny"}, "17: bridge: no scenario trains or prunes on the bridge: leave it"),
        (
            {"methods": ["l1", "fpgm"], "backbones": [{"backbone": "a", "methods": ["l1"]}]},
            "15: methods.1: no backbone runs 'fpgm': name it in the 'methods' of one",
        ),
        (
            {"scenarios": {"a": [{"train": "target"}, {**ALONE, "not_for": "progressive"}]}},
            "7: scenarios.a.1.while_training: 'progressive' is in 'not_for' too",
        ),
    ],
)
def test_what_would_have_no_effect_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    assert refusal(tmp_path, **changes).startswith(f"suite.yaml:{message}")


def test_all_strategies_are_all_that_a_phase_is_for(tmp_path: Path) -> None:
    phase = {"prune": "target", "while_training": "all", "not_for": "progressive"}
    assert suite(tmp_path, scenarios={"a": [{"train": "target"}, phase]}).scenarios
