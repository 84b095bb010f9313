"""Every method sees the same images at the same rates, and none ever sees a test image."""

from __future__ import annotations

import pytest

from reidbench.api.records import DatasetRecord
from reidbench.plan import ConfiguredData
from reidbench.store import Store
from tests.engine.phases.pictures import READ
from tests.engine.phases.recording import record_steps
from tests.engine.phases.world import STEPS, World, component, configured, method


@pytest.fixture
def recorded(monkeypatch):
    return record_steps(monkeypatch)


CONTENDERS = [
    method("KeepsAll", prunes="nothing"),
    method("ByNorm"),
    method("ByNorm", "iterative", "global"),
    method("ByMaps", "progressive"),
    method("ByDice", "progressive", "global"),
]


def test_the_batches_and_rates_of_a_prune_phase_are_the_same_for_every_method(world, recorded):
    world.run(world.train())
    seen = []
    for contender in CONTENDERS:
        recorded.clear()
        nothing = contender.record.prunes == "nothing"
        phase = world.begin(world.prune(contender, reduction=0.0 if nothing else 0.5))
        phase.run()
        phase.verify()
        seen.append(list(recorded))
    assert all(log == seen[0] for log in seen)
    assert len(seen[0]) == STEPS
    assert len({batch for batch, _ in seen[0]}) == STEPS


def test_another_seed_sees_other_batches_at_the_same_rates(world, recorded):
    logs = []
    for seed in (0, 1):
        recorded.clear()
        phase = world.begin(world.but(seed=seed).prune(network=None))
        phase.train(STEPS)
        logs.append(list(recorded))
    (first, rates), (second, same_rates) = (zip(*log, strict=True) for log in logs)
    assert rates == same_rates
    assert not set(first) & set(second)


def test_the_calibration_images_are_the_same_for_every_method_and_network(world):
    first = world.begin(world.prune(method("ByNorm"))).prunable.calibration
    second = world.begin(
        world.prune(method("ByMaps", "iterative"), network=None)
    ).prunable.calibration
    assert [len(labels) for _, labels in first] == [16, 16]
    for (images, labels), (others, their_labels) in zip(first, second, strict=True):
        assert images.equal(others)
        assert labels.equal(their_labels)
        assert sorted(labels.bincount().tolist())[-4:] == [4, 4, 4, 4]


def test_a_merged_phase_sees_the_batches_and_rates_of_the_two_it_merges(fresh, recorded):
    fresh.run(fresh.prune(method("ByNorm")))
    apart = list(recorded)
    recorded.clear()
    for strategy in ("progressive", "iterative", "one-shot"):
        fresh.run(fresh.prune(method("ByNorm", strategy), network=None, joined=True))
        assert recorded == apart
        recorded.clear()


def test_a_merged_phase_prunes_until_its_own_part_of_the_last_budget(world):
    apart = world.begin(world.prune())
    merged = world.begin(world.prune(network=None, joined=True))
    before = merged.trainer.stages[0].steps
    assert merged.steps == before + apart.steps
    assert merged.active_steps == before + apart.active_steps


def same_name(target: str) -> ConfiguredData:
    """Return a data set that passes for the tiny one in keys and seeds."""
    record = DatasetRecord(name="tiny", version="1", summary="-", reference="-", target=target)
    return ConfiguredData(component(record), {})


@pytest.mark.parametrize("contender", CONTENDERS[1:4], ids=lambda contender: contender.strategy)
def test_poisoned_test_images_change_nothing_in_training_and_pruning(tmp_path, contender):
    files = []
    for folder, target in (("sound", "tiny"), ("poisoned", "poisoned")):
        here = World(
            Store(tmp_path / folder), data=same_name(f"tests.engine.phases.pictures:{target}")
        )
        node = here.prune(contender)
        here.run(node)
        files.append((here.files(node.network), here.files(node)))
    assert files[0] == files[1]


def test_training_and_pruning_read_each_training_image_once_and_no_other(fresh):
    here = fresh.but(
        data=configured(DatasetRecord, "counted", "tests.engine.phases.pictures:counted")
    )
    READ.clear()
    context = here.context()
    here.run(here.prune(), context)
    assert len(READ) == len(set(READ)) == 96
    assert all(name.startswith("train/") for name in READ)
