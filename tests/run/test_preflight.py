"""What cannot be carried out is refused before any training, in a sentence."""

from __future__ import annotations

import shutil
from dataclasses import replace
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


NARROW = {"backbone": "tinynet", "options": {"width": 2}}


def test_a_reduction_must_be_in_reach_of_some_backbone(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    message = refusal(tmp_path, tiny_registry, backbones=[NARROW], reductions=[0.05, 0.85])
    assert message.startswith(
        "suite 'tiny-suite': reduction 0.85 is out of reach for tinynet(width=2): scope 'inner' of "
        "protocol smoke/1 can remove at most "
    )


def failing(made: Plan) -> dict[tuple[str, str, float], str]:
    """Return what preflight says of the trials that are bound to fail."""
    verdict = preflight(made, made.trials)
    trials = {trial.key: trial.id for trial in made.trials}
    return {
        (id_.backbone, id_.method, id_.reduction): why
        for key, why in verdict.failing.items()
        if (id_ := trials[key])
    }


def beside(registry: Registry, kind: str, name: str, target: str) -> Registry:
    """Return the registry with one more component, like a tiny one but for its target."""
    shelf: Catalogue[Any] = getattr(registry, kind)
    more = Component(
        replace(_aimed(shelf.components[0].record, target), name=name), shelf.components[0].owner
    )
    return Registry(**{**vars(registry), kind: Catalogue(shelf.kind, [*shelf.components, more])})


def test_a_reduction_out_of_reach_of_one_backbone_is_a_row_of_its_own(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    methods = ["dense", "tiny-norm"]
    how = {"backbones": ["tinynet", NARROW], "reductions": [0.5], "methods": methods}
    ((row, why),) = failing(plan(tmp_path, tiny_registry, **how)).items()
    assert row == ("tinynet(width=2)", "tiny-norm", 0.5)
    assert "reduction 0.5 is out of reach for tinynet(width=2)" in why


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("tests.run.unfit:branching", "Branching cannot be captured at "),
        ("tests.run.unfit:exiting", "SystemExit: 4"),
        ("tests.run.unfit:exits", "cannot be made (SystemExit: 3)"),
        ("builtins:len", "cannot be made (TypeError: len() takes "),
        ("reidbench_tiny.lost:Thing", "which cannot be imported"),
        ("tests.engine.channels.right_or_refused:literal_backbone", "cannot be removed"),
    ],
)
def test_one_bad_backbone_is_failed_rows_and_ends_no_suite(
    tmp_path: Path, tiny_registry: Registry, target: str, said: str
) -> None:
    registry = beside(tiny_registry, "backbones", "bad", target)
    made = plan(tmp_path, registry, backbones=["tinynet", "bad"], methods=["dense", "tiny-norm"])
    rows = failing(made)
    assert {(backbone, method) for backbone, method, _ in rows} == {
        ("bad", "dense"),
        ("bad", "tiny-norm"),
    }
    assert all(said in why and "\n" not in why for why in rows.values())


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("reidbench_tiny.lost:Thing", "which cannot be imported"),
        ("builtins:len", "cannot be made (TypeError: len() takes "),
        ("tests.run.unfit:exits", "cannot be made (SystemExit: 3)"),
    ],
)
def test_one_bad_method_is_failed_rows_and_ends_no_suite(
    tmp_path: Path, tiny_registry: Registry, target: str, said: str
) -> None:
    registry = beside(tiny_registry, "methods", "bad", target)
    rows = failing(plan(tmp_path, registry, methods=["dense", "tiny-norm", "bad"]))
    assert {method for _, method, _ in rows} == {"bad"}
    assert all(said in why and "\n" not in why for why in rows.values())


def test_a_run_repeated_for_its_failed_rows_is_not_refused_for_them(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    registry = beside(tiny_registry, "methods", "bad", "builtins:len")
    made = plan(tmp_path, registry, methods=["dense", "tiny-norm", "bad"])
    left = [trial for trial in made.trials if trial.id.method == "bad"]
    assert set(preflight(made, left).failing) == {trial.key for trial in left}


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
    with pytest.raises(ReidbenchError, match=r"reidbench-tiny 1\.0 cannot be (made|read) \(Type"):
        preflight(made, made.trials)


@pytest.mark.parametrize("raised", ["SystemExit('bye')", "BaseException('bye')"])
def test_a_component_whose_import_would_end_the_process_is_refused(
    tmp_path: Path, tiny_registry: Registry, monkeypatch: pytest.MonkeyPatch, raised: str
) -> None:
    name = f"ends_{raised.partition('(')[0].lower()}"
    (tmp_path / f"{name}.py").write_text(f"raise {raised}")
    monkeypatch.syspath_prepend(tmp_path)
    made = plan(tmp_path, aimed(tiny_registry, "methods", f"{name}:Thing"))
    with pytest.raises(ReidbenchError, match=r"cannot be imported \(\w+: bye\); reinstall or fix"):
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
        (
            "exits",
            "data set 'tiny' of reidbench-tiny 1.0 cannot be read (SystemExit: 3)",
        ),
    ],
)
def test_lists_that_nothing_can_be_trained_or_measured_on_are_refused(
    tmp_path: Path, tiny_registry: Registry, fault: str, message: str
) -> None:
    unfit = aimed(tiny_registry, "datasets", f"tests.run.unfit:{fault}")
    line = refusal(tmp_path, unfit)
    assert message in line and "\n" not in line


@pytest.mark.parametrize(
    ("loader", "how"),
    [
        ("other_people", "train lists other images"),
        ("other_pixels", "gallery has other pixels in image 'gallery/0'"),
    ],
)
def test_a_data_set_that_is_another_each_time_is_named(
    tmp_path: Path, tiny_registry: Registry, loader: str, how: str
) -> None:
    line = refusal(tmp_path, aimed(tiny_registry, "datasets", f"tests.run.unfit:{loader}"))
    assert "tiny of plugin reidbench-tiny 1.0 is not the same when it is opened again" in line
    assert how in line and "a seed of its own" in line and "\n" not in line


TEST_ONLY = "tests.run.unfit:test_only"


def test_a_test_only_set_is_refused_where_it_would_be_trained_on(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    line = refusal(tmp_path, aimed(tiny_registry, "datasets", TEST_ONLY))
    assert line == (
        "suite 'tiny-suite': tiny is for measuring alone: it has no training images, and a scenario"
        " of suite 'tiny-suite' trains or prunes on it; train and prune on a source or a bridge "
        "instead"
    )


def test_a_test_only_set_is_measured_on_where_all_training_is_on_a_source(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    made = plan(
        tmp_path,
        tiny_registry,
        source={"dataset": "tiny", "options": {"palette": 1}},
        scenarios={"a": [{"train": "source"}, {"prune": "source"}]},
    )
    target = made.trials[0].data["target"]
    object.__setattr__(
        target, "component", aimed(tiny_registry, "datasets", TEST_ONLY).datasets.get("tiny")
    )
    preflight(made, made.trials)


def test_a_test_only_set_has_no_validation_split(tmp_path: Path, tiny_registry: Registry) -> None:
    registry = aimed(tiny_registry, "datasets", TEST_ONLY)
    message = refusal(tmp_path, registry, evaluate="validation")
    assert "is for measuring alone: it has no training images of which a validation" in message


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
    unfit = aimed(tiny_registry, "datasets", NO_QUERY)
    lost = aimed(unfit, "methods", "reidbench_tiny.lost:Thing")
    message = refusal(tmp_path, lost, backbones=["tinynet", NARROW], reductions=[0.5, 0.97])
    lines = message.splitlines()
    assert len(lines) == 5
    for part in (
        "tiny has no query image",
        "points at reidbench_tiny.lost:Thing, which cannot be imported",
        "reduction 0.97 is out of reach for tinynet:",
        "reduction 0.5 is out of reach for tinynet(width=2):",
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
    inapplicable = preflight(made, made.trials).inapplicable
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


def with_weights(folder: Path, registry: Registry, state: object, **changes: Any) -> Plan:
    torch.save(state, folder / "theirs.pth")
    return plan(
        folder,
        registry,
        scenarios={"s": [{"train": "source"}, {"train": "target"}, {"prune": "target"}]},
        source={"dataset": "tiny-disk", "weights": "theirs.pth"},
        **changes,
    )


def test_a_loader_that_raises_anything_is_one_sentence(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    state = tiny_registry.backbones.get("tinynet").record.build({}).state_dict()
    made = with_weights(tmp_path, tiny_registry, state)
    preflight(made, made.trials)
    tinynet = tiny_registry.backbones.get("tinynet")
    raising = Component(replace(tinynet.record, loader="builtins:len"), tinynet.owner)
    shelf = Catalogue(tiny_registry.backbones.kind, [raising])
    made = with_weights(tmp_path, Registry(**{**vars(tiny_registry), "backbones": shelf}), state)
    with pytest.raises(ReidbenchError) as caught:
        preflight(made, made.trials)
    message = str(caught.value)
    assert "theirs.pth cannot be loaded into 'tinynet' by plugin reidbench-tiny" in message
    assert message.endswith("give a file of its weights") and "\n" not in message


def test_weights_that_fit_one_network_are_failed_rows_of_the_others(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    wide = {"backbone": "tinynet", "options": {"width": 96}}
    slim = {"backbone": "tinynet", "options": {"width": 48}}
    fitting = tiny_registry.backbones.get("tinynet").record.build({}).state_dict()
    for backbones in ([wide, slim], [slim, wide]):
        made = with_weights(tmp_path, tiny_registry, fitting, backbones=backbones)
        failing = preflight(made, made.trials).failing
        assert {trial.id.backbone for trial in made.trials if trial.key in failing} == {
            "tinynet(width=48)"
        }
        assert all("theirs.pth" in why for why in failing.values())


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
    assert preflight(made, made.trials, store).rows == {}
