"""Scenarios: where pruning happens, what is merged, and what a scenario excludes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from reidbench.config.yaml_document import DocumentError
from reidbench.plan import LoadNode, Plan, PruneNode, TrainNode
from reidbench.plan.selection import SelectionError
from reidbench.plugins import Registry
from tests.plan.conftest import plan
from tests.support.tiny_disk import photograph

SOURCE = {"dataset": "tiny", "options": {"palette": 1}}
BRIDGE = {"dataset": "tiny", "options": {"palette": 2}}
SCENARIO_2 = [
    {"train": "source"},
    {"prune": "source", "share": 0.6},
    {"train": "target"},
    {"prune": "target", "while_training": "progressive"},
]


def made(folder: Path, registry: Registry, phases: list[dict[str, Any]], **changes: Any) -> Plan:
    uses_source = any("source" in phase.values() for phase in phases)
    changes = {"source": SOURCE if uses_source else None, "methods": ["l1"], **changes}
    return plan(folder, registry, scenarios={"a": phases}, **changes)


def kinds(it: Plan) -> list[list[tuple[str, tuple[str, ...]]]]:
    return [[(phase.kind, phase.stages) for phase in trial.phases] for trial in it.trials]


def test_a_prune_phase_reaches_its_share_of_the_reduction(
    folder: Path, tiny_registry: Registry
) -> None:
    (trial,) = made(folder, tiny_registry, SCENARIO_2, reductions=[0.5]).trials
    asked = [phase.reduction for phase in trial.phases if isinstance(phase, PruneNode)]
    assert asked == [0.3, 0.5]
    assert trial.prune is trial.phases[-1]


def test_progressive_pruning_merges_the_training_before_it_and_no_other_strategy_does(
    folder: Path, tiny_registry: Registry
) -> None:
    apart, joined = kinds(made(folder, tiny_registry, SCENARIO_2, methods=["l1", "psfp"]))
    before = [("train", ("train",)), ("prune", ("prune",))]
    assert apart == [*before, ("train", ("train",)), ("prune", ("prune",))]
    assert joined == [*before, ("prune", ("train", "prune"))]


def test_controls_that_cut_nothing_or_start_slim_are_never_merged(
    folder: Path, tiny_registry: Registry
) -> None:
    phases = [{"train": "target"}, {"prune": "target", "while_training": "all"}]
    it = made(folder, tiny_registry, phases, methods=["dense", "scratch", "l1", "psfp"])
    dense, scratch, l1, psfp = kinds(it)
    assert [stages for _, stages in dense] == [("train",), ("prune",)]
    assert [stages for _, stages in scratch] == [(), ("train",), ("prune",)]
    assert l1 == psfp == [("prune", ("train", "prune"))]


def test_a_merged_phase_has_a_key_of_its_own_and_no_base(
    folder: Path, tiny_registry: Registry
) -> None:
    merged = [{"train": "target"}, {"prune": "target", "while_training": "all"}]
    (joined,) = made(folder, tiny_registry, merged).trials
    (alone,) = made(folder, tiny_registry, [{"prune": "target"}]).trials
    assert joined.prune.key != alone.prune.key
    assert joined.base is None


def test_a_scenario_may_rule_a_strategy_out_and_the_row_stays(
    folder: Path, tiny_registry: Registry
) -> None:
    phases = [{"train": "source"}, {"prune": "target", "not_for": "progressive"}]
    it = made(folder, tiny_registry, phases, methods=["dense", "l1", "psfp"], reductions=[0.5])
    assert [trial.id.method for trial in it.trials] == ["dense", "l1"]
    (row,) = it.left_out
    assert (row.id.method, row.id.reduction) == ("psfp", 0.5)
    assert row.why == "the scenario 'a' is not for progressive pruning"
    assert row in it.rows


def test_a_bridge_stands_between_source_and_target(folder: Path, tiny_registry: Registry) -> None:
    phases = [{"train": "source"}, {"train": "bridge"}, {"prune": "bridge"}, {"train": "target"}]
    (trial,) = made(folder, tiny_registry, phases, bridge=BRIDGE).trials
    assert [phase.data.label for phase in trial.phases] == [
        "tiny(palette=1)",
        "tiny(palette=2)",
        "tiny(palette=2)",
        "tiny",
    ]
    assert trial.id.source == "tiny(palette=1) → tiny(palette=2)"
    assert list(trial.data) == ["source", "bridge", "target"]


def test_pruning_elsewhere_is_measured_on_the_target(folder: Path, tiny_registry: Registry) -> None:
    phases = [{"train": "source"}, {"prune": "source"}]
    (trial,) = made(folder, tiny_registry, phases).trials
    assert trial.final.data.label == "tiny"
    assert trial.base is not None and trial.base.data.label == "tiny"


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ([{"prune": "source"}, {"prune": "target"}], "scenarios.a.1.share: its share must be"),
        ([{"prune": "target", "share": 0.5}], "scenarios.a: its last prune phase must reach"),
        (
            [{"train": "source"}, {"prune": "target", "while_training": "all"}],
            "scenarios.a.1.while_training: needs a phase 'train: target' right before it",
        ),
        ([{"train": "target", "share": 0.5}, {"prune": "target"}], "are of 'prune:' phases"),
        ([{"train": "bridge"}, {"prune": "target"}], "uses the bridge domain: name a data set"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_with_its_line(
    folder: Path, tiny_registry: Registry, phases: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(DocumentError, match=r"suite\.yaml:") as error:
        made(folder, tiny_registry, phases)
    assert message in str(error.value)


def test_a_backbone_may_be_for_some_methods_alone(folder: Path, tiny_registry: Registry) -> None:
    backbones = [
        {"backbone": "tinynet"},
        {"backbone": "tinynet", "options": {"width": 48}, "methods": ["dense"]},
    ]
    it = plan(folder, tiny_registry, backbones=backbones, methods=["dense", "l1"])
    assert [(trial.id.backbone, trial.id.method) for trial in it.trials] == [
        ("tinynet", "dense"),
        ("tinynet", "l1"),
        ("tinynet(width=48)", "dense"),
    ]


def test_a_backbone_for_a_method_that_the_suite_lacks_is_refused(
    folder: Path, tiny_registry: Registry
) -> None:
    backbones = [{"backbone": "tinynet", "methods": ["dence"]}]
    with pytest.raises(DocumentError, match="'dence' is none of the suite's methods; did you mean"):
        plan(folder, tiny_registry, backbones=backbones, methods=["dense", "l1"])


class TestWeights:
    """Published weights that replace training on the source."""

    PHASES = ({"train": "source"}, {"prune": "target"})

    def source(self, weights: str, name: str = "tiny-disk") -> dict[str, Any]:
        return {"source": {"dataset": name, "weights": weights}}

    def test_they_take_the_place_of_the_first_training(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        it = made(folder, tiny_registry, list(self.PHASES), **self.source("imagenet"))
        first, second = it.trials[0].phases
        assert isinstance(first, LoadNode) and first.weights == "imagenet"
        assert isinstance(second, PruneNode) and second.network is first

    def test_a_method_that_would_merge_with_it_begins_with_it_too(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        phases = [{"train": "source"}, {"prune": "source", "while_training": "progressive"}]
        changes = {**self.source("imagenet"), "methods": ["l1", "psfp"]}
        for trial in made(folder, tiny_registry, phases, **changes).trials:
            assert [type(phase) for phase in trial.phases] == [LoadNode, PruneNode]
            assert trial.phases[1].stages == ("prune",)

    def test_whether_the_sources_images_are_there_changes_no_key(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        keys = []
        for root in ("no-data", "data"):
            if root == "data":
                photograph(tiny_registry, folder / root)
            it = made(
                folder, tiny_registry, list(self.PHASES), data=root, **self.source("imagenet")
            )
            keys.append(it.trials[0].key)
        assert keys[0] == keys[1]

    def test_a_slim_network_has_none_and_trains(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        changes = {**self.source("imagenet"), "methods": ["scratch"]}
        (trial,) = made(folder, tiny_registry, list(self.PHASES), **changes).trials
        assert [type(phase) for phase in trial.phases] == [PruneNode, TrainNode, TrainNode]

    @pytest.mark.parametrize("weights", ["imagenet", "nosuchfile.pth"])
    def test_a_drawn_source_has_none_and_is_refused(
        self, folder: Path, tiny_registry: Registry, weights: str
    ) -> None:
        with pytest.raises(DocumentError) as caught:
            made(folder, tiny_registry, list(self.PHASES), **self.source(weights, "tiny"))
        assert str(caught.value).endswith(
            "suite.yaml:19: source.weights: 'tiny' is drawn, and has no published weights: leave "
            "them out, and networks train on it"
        )

    def test_a_drawn_stand_in_on_disk_has_none_and_is_trained_on(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        drawn = tiny_registry.datasets.get("tiny").record.build({})
        writer = tiny_registry.datasets.get("tiny-disk").record
        writer.load(writer.disk.writer)(drawn, folder / "drawn")
        changes = self.source("imagenet")
        it = made(folder, tiny_registry, list(self.PHASES), data="drawn", **changes)
        assert isinstance(it.trials[0].phases[0], TrainNode)
        with pytest.raises(DocumentError, match=r"source\.weights: no such file: .*nosuchfile"):
            changes = self.source("nosuchfile.pth")
            made(folder, tiny_registry, list(self.PHASES), data="drawn", **changes)

    def test_weights_of_a_file_are_named_by_it_and_never_by_a_data_set(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        (folder / "theirs.pth").write_bytes(b"theirs")
        changes = {**self.source("theirs.pth"), "methods": ["scratch", "l1"]}
        slim, loaded = made(folder, tiny_registry, list(self.PHASES), **changes).trials
        sha = hashlib.sha256(b"theirs").hexdigest()
        assert loaded.id.source == f"theirs.pth ({sha[:8]})"
        assert slim.id.source == "tiny-disk"  # which trains on it

    @pytest.mark.parametrize(
        ("word", "source"),
        [
            ("imagenet", "imagenet"),
            ("tiny-disk", "tiny-disk"),
            ("tiny-disk-packaged", "tiny-disk"),
            ("tiny-disks", "tiny-disks"),
        ],
    )
    def test_weights_of_a_word_are_named_by_a_data_set_of_that_name_alone(
        self, folder: Path, tiny_registry: Registry, word: str, source: str
    ) -> None:
        changes = {**self.source(word), "methods": ["scratch", "l1"]}
        slim, loaded = made(folder, tiny_registry, list(self.PHASES), **changes).trials
        assert loaded.id.source == source
        assert slim.id.source == "tiny-disk"

    def test_a_file_is_keyed_by_its_content_wherever_it_is(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        keys = []
        for name, content in (("a.pth", b"one"), ("b.pth", b"one"), ("c.pth", b"two")):
            (folder / name).write_bytes(content)
            it = made(folder, tiny_registry, list(self.PHASES), **self.source(name))
            keys.append(it.trials[0].phases[0].key)
        assert keys[0] == keys[1] != keys[2]

    def test_a_file_that_is_replaced_in_a_running_process_is_read_again(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        keys = []
        for content in (b"one", b"two"):
            (folder / "ours.pth").write_bytes(content)
            it = made(folder, tiny_registry, list(self.PHASES), **self.source("ours.pth"))
            keys.append((it.trials[0].phases[0].key, it.trials[0].id.source))
        assert keys[0][0] != keys[1][0] and keys[0][1] != keys[1][1]

    def test_a_file_may_be_in_the_users_folder(
        self, folder: Path, tiny_registry: Registry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(folder))
        (folder / "at-home.pth").write_bytes(b"one")
        source = self.source("~/at-home.pth")
        (trial,) = made(folder, tiny_registry, list(self.PHASES), **source).trials
        assert trial.phases[0].weights == folder / "at-home.pth"

    def test_a_missing_file_is_refused(self, folder: Path, tiny_registry: Registry) -> None:
        source = self.source("{backbone}.pth")
        with pytest.raises(DocumentError, match=r"source.weights: no such file: .*tinynet.pth"):
            made(folder, tiny_registry, list(self.PHASES), **source)

    def test_they_need_a_scenario_that_begins_on_the_source(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        with pytest.raises(DocumentError, match="no scenario begins with 'train: source'"):
            phases = [{"train": "target"}, {"prune": "source"}]
            made(folder, tiny_registry, phases, **self.source("imagenet"))


class TestSelection:
    """``--only``: a part of the grid, by name."""

    def chosen(self, folder: Path, registry: Registry, *only: str) -> set[str]:
        it = plan(
            folder,
            registry,
            only=only,
            scenarios={"one": [{"prune": "target"}], "two": [{"train": "target"}, SCENARIO_2[-1]]},
            methods=["dense", "l1", "random"],
            reductions=[0.25, 0.5],
            seeds=[0, 1],
        )
        return {str(trial.id) for trial in it.trials}

    def test_words_of_one_kind_are_alternatives(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        both = self.chosen(folder, tiny_registry, "l1", "dense")
        assert both == self.chosen(folder, tiny_registry, "l1") | self.chosen(
            folder, tiny_registry, "dense"
        )

    def test_words_of_different_kinds_must_all_hold(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        for half in ("0.50", "5e-1", ".5", "50%", "50 %"):
            words = ("two", "l1", f"reduction={half}", "seed=01")
            assert self.chosen(folder, tiny_registry, *words) == {
                "two/tinynet/tiny/l1[one-shot,uniform]@50%/seed1"
            }

    @pytest.mark.parametrize(
        ("word", "message"),
        [
            ("randon", "no such name; did you mean 'random'"),
            ("colour=red", "'colour' is none of scenario, target"),
            ("seed=7", "no such seed"),
        ],
    )
    def test_a_word_that_names_nothing_is_refused(
        self, folder: Path, tiny_registry: Registry, word: str, message: str
    ) -> None:
        with pytest.raises(SelectionError, match=message):
            self.chosen(folder, tiny_registry, word)

    def test_the_reference_comes_along_whatever_the_reduction(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        words = ("reduction=0.5", "one", "seed=0", "dense", "l1")
        assert self.chosen(folder, tiny_registry, *words) == {
            "one/tinynet/tiny/dense/seed0",
            "one/tinynet/tiny/l1[one-shot,uniform]@50%/seed0",
        }

    @pytest.mark.parametrize("word", ["width=48", "backbone=width=48", "tinynet(width=48)"])
    def test_a_variant_is_chosen_by_its_option(
        self, folder: Path, tiny_registry: Registry, word: str
    ) -> None:
        small = {"backbone": "tinynet", "options": {"width": 48}}
        it = plan(folder, tiny_registry, only=[word], backbones=["tinynet", small])
        assert {trial.id.backbone for trial in it.trials} == {"tinynet(width=48)"}

    @pytest.mark.parametrize("word", ["market1501", "incomplete", "market1501 (incomplete)"])
    def test_a_mark_may_be_left_out_or_asked_for(
        self, folder: Path, tiny_registry: Registry, word: str
    ) -> None:
        both = ["tiny", {"dataset": "market1501", "complete": False}]
        it = plan(folder, tiny_registry, only=[word], targets=both)
        assert {trial.id.target for trial in it.trials} == {"market1501 (incomplete)"}

    def test_words_that_leave_nothing_are_refused(
        self, folder: Path, tiny_registry: Registry
    ) -> None:
        small = {"backbone": "tinynet", "options": {"width": 48}, "methods": ["dense"]}
        with pytest.raises(SelectionError, match="no trial of the suite is all of these"):
            plan(
                folder,
                tiny_registry,
                only=("l1", "tinynet(width=48)"),
                backbones=["tinynet", small],
                methods=["dense", "l1"],
            )
