"""The timings of a run: what was made, what was found, and what no phase took."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reidbench.config.suite import load_suite
from reidbench.engine.phases.context import PhaseContext
from reidbench.plan import Plan, make_plan
from reidbench.plugins import Registry
from reidbench.run.serial import SerialExecutor
from reidbench.run.timings import PhaseTiming, RunTimings, TimingsRecorder
from reidbench.store import Store
from tests.run.silent import executor
from tests.support.suites import write_suite

METHODS = ["dense", "l1", "tiny-norm", "tiny-raises"]


def notes(**seconds: float) -> dict[str, Any]:
    return {"seconds": {name.replace("_", " "): value for name, value in seconds.items()}}


@pytest.fixture
def timings() -> RunTimings:
    recorder = TimingsRecorder(perf_counter() - 60)
    recorder.found.update(["train", "train", "measure"])
    recorder.record("train", 20.5, {**notes(training=20.0), "images": 640, "waited": 0.25})
    recorder.record("l1", 9.0, notes(training=5.0, ranking=2.0) | {"images": 64})
    recorder.record("l1", 7.0, {"seconds": {"training": 5.0, "ranking, shared": 2.0}})
    recorder.record("measure", 1.0, notes(features=0.5, ranking=0.25))
    return recorder.timings()


def test_the_harness_is_what_no_phase_took(timings: RunTimings) -> None:
    assert timings.wall == pytest.approx(60, abs=5)
    assert timings.harness == pytest.approx(timings.wall - 37.5)


@given(st.lists(st.floats(0, 1e5), max_size=20), st.floats(0, 1e6))
def test_phases_and_harness_make_up_the_run(walls: Sequence[float], ago: float) -> None:
    recorder = TimingsRecorder(perf_counter() - ago)
    for wall in walls:
        recorder.record("train", wall, notes(training=wall))
    timings = recorder.timings()
    assert timings.wall >= ago * (1 - 1e-9)
    whole = timings.harness + sum(each.wall for each in timings.made)
    assert whole == pytest.approx(timings.wall, abs=1e-6)


def test_a_phase_is_recorded_with_its_notes(timings: RunTimings) -> None:
    assert timings.made[0] == PhaseTiming(
        "train", 20.5, {"training": 20.0}, images=640, waited=0.25
    )
    assert timings.made[3] == PhaseTiming("measure", 1.0, {"features": 0.5, "ranking": 0.25})
    assert timings.found == {"train": 2, "measure": 1}


def test_a_ranking_that_another_reduction_made_is_counted_and_costs_nothing(
    timings: RunTimings,
) -> None:
    assert timings.shared_rankings == 1
    assert timings.made[2].seconds == {"training": 5.0}


def test_recording_a_phase_leaves_its_notes_alone() -> None:
    meta = {"seconds": {"ranking, shared": 2.0}}
    TimingsRecorder().record("l1", 1.0, meta)
    assert meta == {"seconds": {"ranking, shared": 2.0}}


def test_timings_do_not_change_when_more_is_recorded() -> None:
    recorder = TimingsRecorder()
    closed = recorder.timings()
    recorder.record("train", 1.0, notes(training=1.0))
    recorder.found["train"] += 1
    assert (closed.made, closed.found) == ((), {})
    assert len(recorder.timings().made) == 1


def test_timings_can_be_read_back(timings: RunTimings, tmp_path: Path) -> None:
    timings.write(tmp_path / "costs.json")
    read = json.loads((tmp_path / "costs.json").read_text(encoding="utf-8"))
    assert read.pop("harness") == timings.harness
    made = tuple(PhaseTiming(**each) for each in read["made"])
    assert RunTimings(**{**read, "made": made}) == timings
    assert [path.name for path in tmp_path.iterdir()] == ["costs.json"]


def test_a_process_holds_more_than_its_interpreter_and_less_than_the_machine(
    timings: RunTimings,
) -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 10e6 < timings.peak_memory < machine
    assert timings.peak_gpu_memory == 0  # which only torch knows


def test_a_system_that_reports_no_peak_of_memory_fails_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert TimingsRecorder().timings().peak_memory == 0


# --- as the executor keeps it -----------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """A small suite that was run twice in this process."""

    plan: Plan
    first: SerialExecutor
    second: SerialExecutor


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, tiny_registry: Registry) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    suite = write_suite(folder, methods=METHODS, reductions=[0.25, 0.5])
    plan = make_plan(load_suite(suite), tiny_registry)
    both = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(2):
            both.append(executor(Store(folder / "store"), tiny_registry))
            both[-1].run(plan, plan.trials)
        yield Kept(plan, *both)
    finally:
        torch.set_num_threads(threads)


def counts(recorder: TimingsRecorder) -> dict[str, int]:
    names = [each.name for each in recorder.made]
    return {name: names.count(name) for name in names}


def test_every_phase_is_recorded_once_by_its_method(kept: Kept) -> None:
    assert counts(kept.first.recorder) == {
        "decode images": 3,  # of train, query and gallery
        "train": 1,
        "dense": 1,
        "measure": 2 + 2 * 2 * 2,  # base and dense, and each pruned one cut and final
        "l1": 2,
        "tiny-norm": 2,
        "failed": 2,
    }
    assert kept.first.recorder.found == {}
    assert kept.first.recorder.shared_rankings == 2


def test_what_is_found_is_not_recorded_as_made(kept: Kept) -> None:
    recorder = kept.second.recorder
    assert counts(recorder) == {"failed": 2}
    assert recorder.found == {"train": 1, "dense": 1, "measure": 10, "l1": 2, "tiny-norm": 2}


def test_no_phase_takes_less_than_what_it_did(kept: Kept) -> None:
    made = kept.first.recorder.made
    assert len(made) == 21
    for each in made:
        # Each of the seconds was rounded to the millisecond.
        assert each.wall > 0 and sum(each.seconds.values()) <= each.wall + 0.003, each


def test_phases_take_no_longer_than_the_run(kept: Kept) -> None:
    assert kept.first.recorder.timings().harness > 0


def test_decoding_is_over_when_the_pixels_are_written(kept: Kept) -> None:
    """What a phase does with them is the phase's own time."""
    decoding = [each for each in kept.first.recorder.made if each.name == "decode images"]
    store = kept.first.store
    noted = [meta for key in store.artefacts() if (meta := store.meta(key))["kind"] == "pixels"]
    assert len(noted) == 3  # of train, query and gallery
    for each, meta in zip(
        sorted(decoding, key=lambda one: one.seconds["decoding"]),
        sorted(noted, key=lambda meta: meta["seconds"]["decoding"]),
        strict=True,
    ):
        assert each.seconds == meta["seconds"]
        # They were hashed and flushed to the disk after the notes were taken.
        assert meta["wall"] <= each.wall


def test_the_time_of_what_failed_is_recorded_with_what_was_decoded_for_it(
    kept: Kept, tiny_registry: Registry, tmp_path: Path
) -> None:
    trial = kept.plan.trials[-1]
    one = executor(Store(tmp_path / "store"), tiny_registry)
    context = PhaseContext(one.store, one.device)
    started = perf_counter()
    # Its network is not in this store, which shows when its images were decoded.
    failure = one.make(trial.phases[-1], trial, context)
    assert failure is not None and failure.status == "failed"
    assert counts(one.recorder) == {"decode images": 1, "failed": 1}
    assert all(each.wall > 0 for each in one.recorder.made)
    # Recorded once, and not with both.
    assert sum(each.wall for each in one.recorder.made) < perf_counter() - started
    # Left behind, it would be taken off the next phase's time.
    assert context.decoding == []
