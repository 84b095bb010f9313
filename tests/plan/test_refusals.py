"""What a suite asks for and cannot have is refused at its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reidbench.config.yaml_document import DocumentError
from reidbench.plugins import Registry
from tests.plan.conftest import SCENARIO, plan


def refusal(folder: Path, registry: Registry, **changes: Any) -> str:
    with pytest.raises(DocumentError) as caught:
        plan(folder, registry, **changes)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        (
            {"protocol": "smok/1"},
            "suite.yaml:2: protocol: unknown protocol 'smok/1'; did you mean 'smoke/1'?",
        ),
        (
            {"methods": ["l1", "taylr"]},
            "suite.yaml:13: methods.1: no plugin declares a method 'taylr'; "
            "did you mean 'taylor'? (see 'reidbench plugins')",
        ),
        (
            {"methods": ["nothing-like-it"]},
            "suite.yaml:12: methods.0: no plugin declares a method 'nothing-like-it' "
            "(known: apoz, auto-balanced, ",
        ),
        (
            {"backbones": [{"backbone": "tynynet"}]},
            "suite.yaml:8: backbones.0: no plugin declares a backbone 'tynynet'; "
            "did you mean 'tinynet'?",
        ),
        (
            {"targets": ["tyny"]},
            "suite.yaml:10: targets.0: no plugin declares a data set 'tyny'; did you mean 'tiny'?",
        ),
        (
            {"source": "synthpd", "scenarios": {"s": [{"train": "source"}, *SCENARIO]}},
            "suite.yaml:18: source: no plugin declares a data set 'synthpd'; "
            "did you mean 'synthped'?",
        ),
        (
            {"methods": [{"method": "tiny-norm", "options": {"powr": 2}}]},
            "suite.yaml:14: methods.0.options.powr: 'tiny-norm' has no option 'powr'; "
            "did you mean 'power'? (it has: power)",
        ),
        (
            {"backbones": [{"backbone": "tinynet", "options": {"width": "wide"}}]},
            "suite.yaml:10: backbones.0.options.width: 'tinynet': option 'width' must be like its "
            "default 96, not 'wide'",
        ),
        (
            {"targets": [{"dataset": "tiny", "options": {"palette": 1, "seed": 1}}]},
            "suite.yaml:13: targets.0.options.seed: 'tiny' has no option 'seed'",
        ),
    ],
)
def test_what_nobody_declares_is_refused_at_its_line(
    folder: Path, tiny_registry: Registry, changes: dict[str, Any], start: str
) -> None:
    message = refusal(folder, tiny_registry, **changes)
    assert message.startswith(start)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        (
            {"methods": ["tiny-norm", {"method": "tiny-norm", "strategy": "one-shot"}]},
            "suite.yaml:13: methods.1: is methods.0 again",
        ),
        (
            {"methods": [{"method": "tiny-norm", "strategy": ["one-shot", "one-shot"]}]},
            "suite.yaml:12: methods.0: names a strategy or an allocation twice",
        ),
        (
            {"methods": [{"method": "tiny-norm", "options": {"power": [1, 2, 1.0]}}]},
            "suite.yaml:17: methods.0.options.power.2: 1.0 is listed twice",
        ),
        (
            {"methods": [{"method": "tiny-norm", "options": {"power": [1, "two"]}}]},
            "suite.yaml:16: methods.0.options.power.1: 'tiny-norm': option 'power' must be like",
        ),
        (
            {"targets": [{"dataset": "tiny", "options": {"palette": []}}]},
            "suite.yaml:12: targets.0.options.palette: must not be empty",
        ),
        (
            {
                "scenarios": {"s": [{"train": "source"}, *SCENARIO]},
                "source": {"dataset": "tiny", "options": {"palette": [1, 2]}},
            },
            "suite.yaml:21: source.options.palette: takes one value: a suite has one source",
        ),
        (
            {"methods": ["tiny-norm", {"method": "tiny-norm", "options": {"power": [2, 1]}}]},
            "suite.yaml:13: methods.1: is methods.0 again",
        ),
        (
            {"methods": [{"method": "tiny-norm", "strategy": "own"}]},
            "suite.yaml:13: methods.0.strategy: 'tiny-norm' has no schedule of its own; name one",
        ),
        (
            {"methods": [{"method": "dense", "strategy": ["one-shot", "iterative"]}]},
            "suite.yaml:13: methods.0.strategy: 'dense' removes nothing, and takes none",
        ),
        (
            {"methods": [{"method": "tiny-norm", "strategy": []}]},
            "suite.yaml:13: methods.0.strategy: must not be empty",
        ),
        (
            {"methods": ["tiny-norm", {"method": "tiny-norm", "options": {"power": 1}}]},
            "suite.yaml:13: methods.1: is methods.0 again",
        ),
        (
            {"backbones": ["tinynet", {"backbone": "tinynet", "options": {"width": 96}}]},
            "suite.yaml:9: backbones.1: is backbones.0 again",
        ),
        (
            {"targets": [{"dataset": "tiny", "complete": False}]},
            "suite.yaml:11: targets.0.complete: 'tiny' is no copy that could lack something",
        ),
        (
            {"methods": [{"method": "tiny-norm", "options": {"power": 10**400}}]},
            "suite.yaml:14: methods.0.options.power: 'tiny-norm': option 'power' must be like",
        ),
        (
            {"targets": ["tiny", {"dataset": "tiny", "options": {"palette": 0}}]},
            "suite.yaml:11: targets.1: is targets.0 again",
        ),
    ],
)
def test_an_entry_repeated_in_other_words_is_refused(
    folder: Path, tiny_registry: Registry, changes: dict[str, Any], start: str
) -> None:
    assert refusal(folder, tiny_registry, **changes).startswith(start)


def test_two_scenarios_that_come_to_the_same_phases_are_refused(
    folder: Path, tiny_registry: Registry
) -> None:
    message = refusal(
        folder,
        tiny_registry,
        scenarios={"a": SCENARIO, "b": [{"train": "source"}, {"prune": "target"}]},
        source="tiny",
    )
    assert message == (
        "suite.yaml:1: document: a/tinynet/tiny/tiny-norm[one-shot,uniform]@50%/seed0 and "
        "b/tinynet/tiny/tiny-norm[one-shot,uniform]@50%/seed0 are one trial: leave one out"
    )
