"""What is left of a plan is forecast from what was measured of phases like it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reidbench.run.forecast
from reidbench.config.suite import load_suite
from reidbench.plan import EvaluateNode, Node, Plan, PruneNode, TrainNode, make_plan
from reidbench.plugins import Registry
from reidbench.run.forecast import MOST_ALIKE, Forecast, forecast, work
from reidbench.store import Store
from tests.support.suites import write_suite

HERE = {"device": "cpu", "hardware": {"cpu": "Abacus 9", "threads": 2}, "utc": "2026-05-01T10:00"}
METHODS = ["dense", "scratch", "l1", "tiny-norm"]
Planner = Callable[..., Plan]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, tiny_registry: Registry) -> Planner:
    """Return a maker of plans of the tiny suite, with whatever a test wants to be different."""
    folder = tmp_path_factory.mktemp("plan")

    def make(**changes: Any) -> Plan:
        return make_plan(load_suite(write_suite(folder, **changes)), tiny_registry)

    return make


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", HERE)


def note(store: Store, node: Node, seconds: float, size: int = 0) -> str:
    """Leave notes in the store as if the node had been made in so many seconds, and bytes.

    Epochs are those of whole steps, of which the tiny data set has three an epoch.
    """
    with store.writing(node.key) as (folder, meta):
        if size:
            (folder / "network").write_bytes(bytes(size))
        meta.update(kind=node.kind, document=node.document(), seconds={}, wall=seconds)
        if isinstance(node, TrainNode | PruneNode):
            meta.update(epochs=round(3 * node.epochs) / 3)
    return node.key


def elsewhere(store: Store, **provenance: Any) -> Store:
    """Return the same store as another machine writes to it."""
    return Store(store.root, {**HERE, **provenance})


def trains(plan: Plan) -> list[TrainNode]:
    return [node for node in plan.nodes.values() if isinstance(node, TrainNode)]


def prunes(plan: Plan) -> list[PruneNode]:
    return [node for node in plan.nodes.values() if isinstance(node, PruneNode)]


def measurements(plan: Plan) -> list[EvaluateNode]:
    return [node for node in plan.nodes.values() if isinstance(node, EvaluateNode)]


# --- from much to little in common ------------------------------------------------------------


def test_nothing_is_forecast_from_nothing(plan: Planner, store: Store) -> None:
    made = plan(methods=METHODS)
    expected = forecast(made, store)  # whose folder is not there yet
    assert (expected.phases, expected.where) == (0, "")
    assert {expected.seconds(node) for node in made.nodes.values()} == {None}
    assert expected.total(made.nodes.values()) == (0, len(made.nodes))
    assert not store.root.exists()


def test_another_seed_takes_what_was_measured_on_average(plan: Planner, store: Store) -> None:
    first, second, third = trains(plan(seeds=[0, 1, 2]))
    note(store, first, 10)
    note(store, second, 30)
    expected = forecast(plan(seeds=[0, 1, 2]), store)
    assert expected.phases == 2
    assert expected.seconds(third) == pytest.approx(20)


def test_another_reduction_is_scaled_by_its_work(plan: Planner, store: Store) -> None:
    made = plan(reductions=[0.25, 0.5, 0.75])
    quarter, half, most = prunes(made)
    note(store, half, 70)
    expected = forecast(made, store)
    # A third of an epoch of retraining: half of the MACs that go are saved, and 0.1 always stays.
    assert [expected.seconds(node) for node in (quarter, half, most)] == pytest.approx(
        [200 * (0.875 / 3 + 0.1), 70, 200 * (0.625 / 3 + 0.1)]
    )


def test_a_reduction_that_was_measured_itself_needs_no_scaling(plan: Planner, store: Store) -> None:
    made = plan(reductions=[0.25, 0.5], seeds=[0, 1])
    quarter, half, other_quarter, other_half = prunes(made)
    note(store, quarter, 11)
    note(store, half, 50)
    expected = forecast(made, store)
    assert expected.seconds(other_quarter) == pytest.approx(11)
    assert expected.seconds(other_half) == pytest.approx(50)


def test_a_method_that_was_not_measured_takes_as_long_as_others(
    plan: Planner, store: Store
) -> None:
    made = plan(methods=["l1", "tiny-norm"], seeds=[0, 1])
    l1, tiny, other_l1, _ = prunes(made)
    note(store, tiny, 12)
    assert forecast(made, store).seconds(other_l1) == pytest.approx(12)
    note(store, l1, 40)
    assert forecast(made, store).seconds(other_l1) == pytest.approx(40)


def test_a_method_at_another_reduction_is_more_alike_than_another_method(
    plan: Planner, store: Store
) -> None:
    made = plan(methods=["l1", "tiny-norm"], reductions=[0.25, 0.5])
    l1, asked, tiny, other_tiny = prunes(made)
    note(store, l1, 100)
    alone = forecast(made, store).seconds(asked)
    note(store, tiny, 3)
    note(store, other_tiny, 3)
    assert alone is not None and 80 < alone < 100
    assert forecast(made, store).seconds(asked) == pytest.approx(alone)


@pytest.mark.parametrize(
    "variant", [{"strategy": "iterative"}, {"allocation": "global"}, {"options": {"power": 2.0}}]
)
def test_a_variant_of_a_method_is_another_method(
    plan: Planner, store: Store, variant: dict[str, Any]
) -> None:
    made = plan(methods=["l1", "tiny-norm", {"method": "tiny-norm", **variant}])
    for node, seconds in zip(prunes(made)[:2], (10, 30), strict=True):
        note(store, node, seconds)
    # Neither is it tiny-norm's time alone: it falls back to all that pruned.
    assert forecast(made, store).seconds(prunes(made)[2]) == pytest.approx(20)


@pytest.mark.parametrize(
    "changes",
    [
        {"backbones": [{"backbone": "tinynet", "options": {"width": 64}}]},
        {"targets": [{"dataset": "tiny", "options": {"palette": 1}}]},
        {"protocol": "mini/1"},
    ],
    ids=["backbone", "data", "protocol"],
)
def test_nothing_is_known_of_another(plan: Planner, store: Store, changes: dict[str, Any]) -> None:
    for node in plan().nodes.values():
        note(store, node, 10)
    other = plan(**changes)
    expected = forecast(other, store)
    assert expected.phases == len(plan().nodes)
    assert expected.total(other.nodes.values()) == (0, len(other.nodes))


def test_a_cut_alone_tells_nothing_of_a_cut_with_retraining(plan: Planner, store: Store) -> None:
    made = plan(methods=["scratch", "l1"])
    (cut,) = [node for node in prunes(made) if node.budget is None]
    (whole,) = [node for node in prunes(made) if node.budget]
    note(store, cut, 10)
    assert forecast(made, store).seconds(whole) is None
    note(store, whole, 40)
    assert forecast(made, store).seconds(cut) == pytest.approx(10)


def test_both_measurements_of_a_network_are_forecast_from_either(
    plan: Planner, store: Store
) -> None:
    made = plan()
    (pruned,) = [node for node in measurements(made) if node.state == "pruned"]
    final = [node for node in measurements(made) if node.state == "final"]
    note(store, pruned, 7)
    assert [forecast(made, store).seconds(node) for node in final] == pytest.approx([7, 7])


def test_another_seed_leaves_as_many_bytes_on_average(plan: Planner, store: Store) -> None:
    first, second, third = trains(plan(seeds=[0, 1, 2]))
    note(store, first, 10, size=1000)
    note(store, second, 10, size=2000)
    expected = forecast(plan(seeds=[0, 1, 2]), store)
    assert (expected.size([third]), expected.size([third, third])) == (1500, 3000)
    # A measurement leaves notes alone, and of what nothing is known nothing is added.
    assert expected.size(measurements(plan())) == expected.size(prunes(plan())) == 0


def test_bytes_are_not_scaled_by_work(plan: Planner, store: Store) -> None:
    quarter, half = prunes(plan(reductions=[0.25, 0.5]))
    note(store, half, 70, size=4000)
    # What a network keeps shrinks with its parameters, which its MACs do not tell.
    assert forecast(plan(reductions=[0.25, 0.5]), store).size([quarter]) == 4000


# --- what is read -----------------------------------------------------------------------------


def test_a_plan_of_which_nothing_is_done_reads_what_others_left(
    plan: Planner, store: Store
) -> None:
    for node in plan(seeds=[0]).nodes.values():
        note(store, node, 5)
    other = plan(name="other", seeds=[7])
    expected = forecast(other, store)
    assert expected.phases == 5
    assert [expected.seconds(node) for node in other.nodes.values()] == pytest.approx([5] * 5)


def test_a_plans_own_phases_are_preferred_to_others(plan: Planner, store: Store) -> None:
    for node in plan(seeds=[0]).nodes.values():
        note(store, node, 5)
    own = plan(seeds=[1, 2])
    note(store, trains(own)[0], 50)
    expected = forecast(own, store)
    assert (expected.phases, expected.seconds(trains(own)[1])) == (1, 50)


def test_a_few_seeds_tell_as_much_as_all(plan: Planner, store: Store) -> None:
    made = plan(seeds=list(range(MOST_ALIKE + 3)))
    for index, node in enumerate(trains(made)[:-1]):
        key = note(store, node, 100 if index < 2 else 10)
        os.utime(store.root / key, (1000 + index, 1000 + index))
    expected = forecast(made, store)
    assert expected.phases == MOST_ALIKE
    assert expected.seconds(trains(made)[-1]) == pytest.approx(10)  # the latest


def test_of_others_only_the_latest_are_read(
    plan: Planner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reidbench.run.forecast, "MOST_READ", 2)
    for index, node in enumerate(trains(plan(seeds=[0, 1, 2, 3]))):
        key = note(store, node, 10 * index)
        os.utime(store.root / key, (1000 + index, 1000 + index))
    other = plan(seeds=[9])
    assert forecast(other, store).phases == 2
    assert forecast(other, store).seconds(trains(other)[0]) == pytest.approx(25)


def test_a_measurement_finds_the_backbone_of_its_network(
    plan: Planner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"backbones": ["tinynet", {"backbone": "tinynet", "options": {"width": 64}}]}
    done, made = plan(**both, methods=["dense"]), plan(**both, methods=["dense"], seeds=[1])
    slow, fast = (trial.final for trial in done.trials)
    networks = [note(store, node, 1) for node in (slow.network, fast.network)]
    note(store, slow, 30)
    note(store, fast, 3)
    # Own notes, and those that another plan left.
    for expected in (forecast(done, store), forecast(made, store)):
        assert [expected.seconds(trial.final) for trial in made.trials] == pytest.approx([30, 3])
    # Even if its network was last used long ago.
    monkeypatch.setattr(reidbench.run.forecast, "MOST_READ", 2)
    for key in networks:
        os.utime(store.root / key, (1000, 1000))
    assert forecast(made, store).seconds(made.trials[1].final) == pytest.approx(3)


def test_a_measurement_whose_network_is_gone_tells_nothing_to_others(
    plan: Planner, store: Store
) -> None:
    done, made = plan().trials[0], plan(seeds=[1])
    note(store, done.final, 30)
    assert forecast(made, store).seconds(made.trials[0].final) is None


def test_what_is_no_phase_is_passed_over(plan: Planner, store: Store) -> None:
    made = plan(seeds=[0, 1])
    note(store, trains(made)[0], 10)
    for index, kind in enumerate(("pixels", "scores", "novelty")):
        with store.writing(f"{index:016x}") as (_, meta):
            meta.update(kind=kind, wall=1000, document=trains(made)[0].document())
    older = {"kind": "train", "document": trains(made)[1].document(), "epochs": 0.3}
    with store.writing(trains(made)[1].key) as (_, meta):
        meta.update(older)  # of a version that took no time
    assert forecast(made, store).phases == 1
    assert forecast(plan(seeds=[2]), store).phases == 1


@pytest.mark.parametrize("damage", ["cut off", "empty", "gone", "altered"])
def test_damaged_notes_are_passed_over(plan: Planner, store: Store, damage: str) -> None:
    made = plan(seeds=[0, 1])
    good, bad = trains(made)
    note(store, good, 10)
    notes = store.root / note(store, bad, 12345) / "meta.json"
    whole = notes.read_bytes()
    notes.unlink()
    altered = {"cut off": whole[:-30], "empty": b"", "altered": whole.replace(b"12345", b"54321")}
    if damage in altered:
        notes.write_bytes(altered[damage])
    assert forecast(made, store).seconds(bad) == pytest.approx(10)
    assert forecast(plan(seeds=[2]), store).phases == 1


# --- whose pace -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({"device": "cuda:0", "hardware": {"gpu": "B1", "threads": 2}}, "cuda:0"),
        ({"hardware": {"cpu": "Abacus 9", "threads": 1}}, "cpu, 1 thread"),
        ({"hardware": {"cpu": "Slide Rule", "threads": 2}}, "cpu, 2 threads"),
    ],
    ids=["device", "threads", "model"],
)
def test_only_the_machine_that_measured_last_counts(
    plan: Planner, store: Store, other: Mapping[str, Any], where: str
) -> None:
    made = plan(seeds=[0, 1, 2])
    here, there, asked = trains(made)
    note(store, here, 100)
    note(elsewhere(store, **other, utc="2026-05-01T11:00"), there, 4)
    expected = forecast(made, store)
    assert (expected.phases, expected.where) == (1, where)
    assert expected.seconds(asked) == pytest.approx(4)
    # Whatever the machine now reads it on, and whatever lies on the disk last.
    older = elsewhere(store, **other, utc="2026-04-30T09:00")
    store.remove(there.key)
    note(older, there, 4)
    assert forecast(made, older).where == "cpu, 2 threads"
    assert forecast(made, older).seconds(asked) == pytest.approx(100)


def test_gpus_of_two_models_are_two_machines(plan: Planner, store: Store) -> None:
    made = plan(seeds=[0, 1, 2])
    for node, gpu in zip(trains(made)[:2], ("B1", "B2"), strict=True):
        gpus = elsewhere(store, device="cuda", hardware={"gpu": gpu, "threads": 8}, utc=gpu)
        note(gpus, node, 10 if gpu == "B1" else 1)
    assert forecast(made, store).seconds(trains(made)[2]) == pytest.approx(1)


def test_notes_without_provenance_are_of_one_unnamed_machine(plan: Planner, store: Store) -> None:
    made = plan()
    note(Store(store.root), trains(made)[0], 10)
    assert (forecast(made, store).phases, forecast(made, store).where) == (1, "?")


# --- sums and guesses -------------------------------------------------------------------------


def test_an_estimate_guesses_the_unknown_at_the_pace_of_the_known(
    plan: Planner, store: Store
) -> None:
    made = plan()
    (train,), (prune,) = trains(made), prunes(made)
    unmeasured = forecast(made, store)
    assert unmeasured.weight(train) == work(train) == pytest.approx(train.epochs + 0.1)
    note(store, train, 13)
    expected = forecast(made, store)
    assert expected.seconds(prune) is None
    assert expected.weight(prune) == pytest.approx(13 / (1 / 3 + 0.1) * work(prune))
    assert expected.weight(train) == expected.seconds(train) == 13


def test_work_grows_with_epochs_and_falls_with_the_reduction(plan: Planner) -> None:
    made = plan(methods=METHODS, reductions=[0.25, 0.75])
    quarter, most = (n for n in prunes(made) if n.budget and n.method.record.name == "l1")
    assert work(quarter) > work(most) > work(measurements(made)[0]) > 0
    assert work(trains(made)[0]) > work(most)


walls = st.floats(0.001, 1e5)


@pytest.fixture(scope="module")
def grid(plan: Planner) -> Plan:
    """Return a plan of 82 nodes of a dozen likenesses."""
    widths = [{"backbone": "tinynet", "options": {"width": width}} for width in (96, 64)]
    return plan(methods=METHODS, backbones=widths, reductions=[0.25, 0.5], seeds=[0, 1])


@given(st.data())
@settings(max_examples=20)
def test_forecasts_are_positive_and_add_up(
    grid: Plan, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    nodes = list(grid.nodes.values())
    done = data.draw(st.lists(st.sampled_from(nodes), max_size=8, unique_by=lambda node: node.key))
    store = Store(tmp_path_factory.mktemp("store"), HERE)
    for node in done:
        note(store, node, data.draw(walls))
    expected = forecast(grid, store)
    asked = data.draw(st.lists(st.sampled_from(nodes), max_size=30))
    known = [seconds for node in asked if (seconds := expected.seconds(node)) is not None]
    assert expected.total(asked) == (pytest.approx(sum(known)), len(asked) - len(known))
    assert all(seconds > 0 for seconds in known)
    assert all(expected.weight(node) > 0 for node in nodes)
    # Whatever was measured is known.
    assert None not in [expected.seconds(node) for node in done]


@given(st.data())
@settings(max_examples=10)
def test_a_machine_of_half_the_pace_takes_twice_as_long(
    grid: Plan, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    nodes = list(grid.nodes.values())
    done = data.draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=6, unique_by=id))
    took = [data.draw(walls) for _ in done]

    def paced(factor: float) -> Forecast:
        store = Store(tmp_path_factory.mktemp("store"), HERE)
        for node, seconds in zip(done, took, strict=True):
            note(store, node, factor * seconds)
        return forecast(grid, store)

    fast, slow = paced(1), paced(2)
    for node in nodes:
        assert slow.weight(node) == pytest.approx(2 * fast.weight(node))


def test_asking_for_a_forecast_is_no_use_of_an_artefact(plan: Planner, store: Store) -> None:
    made = plan()
    key = note(store, trains(made)[0], 10)
    os.utime(store.root / key, (1000, 1000))
    forecast(made, store).total(made.nodes.values())
    assert (store.root / key).stat().st_mtime == 1000
