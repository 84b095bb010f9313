"""What cannot be carried out is refused before any training, in a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml

from reidbench.config.protocol import load_protocol
from reidbench.config.suite import load_suite
from reidbench.engine.phases import PhaseContext
from reidbench.errors import ReidbenchError, WeightsError
from reidbench.plan import LoadNode, Plan, Trial, make_plan
from reidbench.plugins import Catalogue, Component, Registry
from reidbench.run.options import installed_plugins
from reidbench.run.preflight import PreflightError, preflight
from reidbench.store import Store
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


def test_a_backbone_that_cannot_be_cut_exactly_is_refused(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    target = "tests.engine.channels.right_or_refused:literal_backbone"
    message = refusal(tmp_path, aimed(tiny_registry, "backbones", target))
    assert "channels of group '1.0.a' of Sequential cannot be removed" in message
    assert "'aten.view.default' in module '1.0.middle' has the number 96" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no_query", "tiny has no query image: nothing can be measured on it"),
        ("one_camera", "tiny has 2 queries, and the gallery has no match from another camera for"),
        ("strangers", "tiny has 2 queries, and the gallery has no match from another camera for"),
        ("empty_gallery", "tiny has 2 queries, and the gallery has no match from another camera"),
        ("single_images", "tiny has 0 people with 2 images or more to train on, a batch of"),
        ("exits", "'tiny' of plugin reidbench-tiny 1.0 cannot be made (SystemExit: 3); correct it"),
    ],
)
def test_lists_that_nothing_can_be_trained_or_measured_on_are_refused(
    tmp_path: Path, tiny_registry: Registry, fault: str, message: str
) -> None:
    unfit = aimed(tiny_registry, "datasets", f"tests.run.unfit:{fault}")
    line = refusal(tmp_path, unfit)
    assert message in line and "\n" not in line


def test_a_set_that_is_only_trained_on_needs_no_query(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    made = plan(
        tmp_path,
        tiny_registry,
        source={"dataset": "tiny", "options": {"palette": 1}},
        scenarios={"a": [{"train": "source"}, {"prune": "target"}]},
    )
    source = made.trials[0].data["source"]
    unfit = aimed(tiny_registry, "datasets", NO_QUERY).datasets.get("tiny")
    object.__setattr__(source, "component", unfit)
    preflight(made, made.trials)


NO_QUERY = "tests.run.unfit:no_query"


def test_everything_that_is_wrong_is_listed(tmp_path: Path, tiny_registry: Registry) -> None:
    narrow = {"backbone": "tinynet", "options": {"width": 2}}
    unfit = aimed(tiny_registry, "datasets", NO_QUERY)
    lost = aimed(unfit, "methods", "reidbench_tiny.lost:Thing")
    message = refusal(tmp_path, lost, backbones=["tinynet", narrow], reductions=[0.5, 0.97])
    lines = message.splitlines()
    assert len(lines) == 4
    for part in (
        "tiny has no query image",
        "points at reidbench_tiny.lost:Thing, which cannot be imported",
        "reduction 0.97 is out of reach for tinynet:",
        "reduction 0.97 is out of reach for tinynet(width=2):",
    ):
        assert sum(part in line for line in lines) == 1


def test_a_network_that_cannot_be_captured_is_one_line(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    message = refusal(tmp_path, aimed(tiny_registry, "backbones", "tests.run.unfit:branching"))
    assert message.startswith("suite 'tiny-suite': tinynet: Branching cannot be captured at ")
    assert "\n" not in message and len(message) < 600


def test_a_network_with_an_empty_scope_has_rows_that_do_not_apply(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    registry = aimed(tiny_registry, "backbones", "tests.run.unfit:plain")
    methods = ["dense", "scratch", "tiny-norm"]
    made = plan(tmp_path, registry, methods=methods)
    inapplicable = preflight(made, made.trials)
    trials = {trial.key: trial for trial in made.trials}
    assert {trials[key].id.method for key in inapplicable} == {"scratch", "tiny-norm"}
    assert set(inapplicable.values()) == {
        "tinynet has no channel in scope 'inner' of protocol smoke/1; use a protocol of scope 'all'"
    }


def test_a_rule_of_rounding_limits_what_is_in_reach(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    rules = load_protocol("smoke/1").document()
    rules["name"], rules["pruning"]["round_to"] = "mine/1", 64
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(rules))
    message = refusal(tmp_path, tiny_registry, protocol="./mine.yaml", reductions=[0.3])
    assert "is too coarse for reduction 0.3" in message
    preflight(*whole(plan(tmp_path, tiny_registry, reductions=[0.3])))


def whole(made: Plan) -> tuple[Plan, tuple[Trial, ...]]:
    return made, made.trials


def test_a_disk_without_room_for_the_images_is_refused_until_they_are_there(
    tmp_path: Path, tiny_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, store = plan(tmp_path, tiny_registry), Store(tmp_path / "store")
    usage = SimpleNamespace(total=10**9, free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(PreflightError, match=r"needs about 203 kB more in the store .*, and only"):
        preflight(made, made.trials, store)
    images = 32 * 16 * 3
    context = PhaseContext(store, torch.device("cpu"))
    context.train_images(made.trials[0].final.data, made.protocol.input)
    usage.free = 36 * images
    preflight(made, made.trials, store)
    usage.free -= 1
    with pytest.raises(PreflightError, match="only 55"):
        preflight(made, made.trials, store)


def with_weights(folder: Path, registry: Registry, state: object) -> Plan:
    torch.save(state, folder / "theirs.pth")
    return plan(
        folder,
        registry,
        scenarios={"s": [{"train": "source"}, {"train": "target"}, {"prune": "target"}]},
        source={"dataset": "tiny-disk", "weights": "theirs.pth"},
    )


def test_a_loader_that_raises_anything_is_one_sentence(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    state = tiny_registry.backbones.get("tinynet").record.build({}).state_dict()
    made = with_weights(tmp_path, tiny_registry, state)
    preflight(made, made.trials)
    made = with_weights(tmp_path, tiny_registry, {"stem.weight": torch.ones(1)})
    with pytest.raises(ReidbenchError) as caught:
        preflight(made, made.trials)
    message = str(caught.value)
    assert "theirs.pth cannot be loaded into 'tinynet' by plugin reidbench-tiny" in message
    assert message.endswith("give a file of its weights") and "\n" not in message


@pytest.mark.parametrize("held", [{"a": torch.zeros(1)}, None])
def test_published_weights_are_loaded_before_the_first_step(
    tmp_path: Path, held: dict[str, torch.Tensor] | None
) -> None:
    if held is None:
        (tmp_path / "w.pth").write_text("no weights")
    else:
        torch.save(held, tmp_path / "w.pth")
    made = plan(
        tmp_path,
        installed_plugins((), print),
        scenarios={"one": [{"train": "source"}, {"prune": "target"}]},
        protocol="paper-mini/1",
        backbones=["resnet18"],
        targets=["synthped-quick"],
        source={"dataset": "imagenet", "weights": "w.pth"},
        methods=["dense", "l1"],
        reductions=[0.5],
    )
    store = Store(tmp_path / "store")
    with pytest.raises(WeightsError, match=r"w\.pth"):
        preflight(made, made.trials, store)
    (load,) = {node.key for node in made.nodes.values() if isinstance(node, LoadNode)}
    with store.writing(load) as (folder, _):
        (folder / "network.pt").touch()
    assert preflight(made, made.trials, store) == {}
