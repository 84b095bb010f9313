"""How costs grow: evaluation with the gallery, planning with trials, training with images."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
import yaml
from pytest_benchmark.fixture import BenchmarkFixture

from reidbench.config.suite import load_suite
from reidbench.engine.retrieval import score
from reidbench.engine.training import Trainer, TrainingStage
from reidbench.plan import make_plan
from reidbench.plugins import discover
from tests.benchmarks.retrieval_features import Size, drawn
from tests.benchmarks.training_workload import FOREVER, TINY, WORKLOADS, network_of, rules_of
from tests.benchmarks.training_workload import drawn as drawn_people
from tests.support.commands import command

STRAIGHT = 1.15
"""The largest power of growth that still counts as in proportion."""


def grown(
    benchmark: BenchmarkFixture,
    what: str,
    sizes: Sequence[int],
    work_of: Callable[[int], Callable[[], int]],
    unit: str,
) -> None:
    """Time work at each size, twice, and leave the better times and the fitted power.

    What ``work_of(size)`` returns does the work and returns how many units it did: all of them,
    or the time is not that of the size.
    """
    works = [(size, work_of(size)) for size in sizes]
    times: dict[int, float] = {}

    def all_sizes() -> None:
        for size, work in works:
            started = perf_counter()
            done = work()
            took = perf_counter() - started
            assert done == size
            times[size] = min(took, times.get(size, took))

    benchmark.pedantic(all_sizes, rounds=2 if benchmark.enabled else 1)
    power, _ = np.polyfit(np.log(list(times)), np.log(list(times.values())), 1)
    benchmark.extra_info.update(
        grows=what,
        unit=unit,
        sizes=list(times),
        seconds=list(times.values()),
        power=float(power),
        bar=STRAIGHT,
    )


@pytest.mark.benchmark(group="growth")
@pytest.mark.parametrize("metric", ["euclidean"])
def test_evaluation_grows_with_the_gallery(benchmark: BenchmarkFixture, metric: str) -> None:
    sizes = [5000, 10000, 20000, 40000, 80000] if benchmark.enabled else [50, 200]
    queries = 1000 if benchmark.enabled else 20

    def work_of(gallery: int) -> Callable[[], int]:
        # As in data sets, a larger gallery shows more people, not more images of each.
        size = Size(queries, gallery, 512, people=max(4, gallery // 25))
        query, images = drawn(size, junk=False)

        def ranked() -> int:
            scores = score(query, images, metric=metric)
            assert scores.valid_queries == queries
            return scores.gallery

        return ranked

    grown(benchmark, "evaluation, 1 000 queries, width 512", sizes, work_of, "gallery images")


@pytest.mark.benchmark(group="growth")
def test_planning_grows_with_the_trials(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    seeds = [10, 30, 100, 300, 480] if benchmark.enabled else [1, 2]
    registry = discover()

    def work_of(trials: int) -> Callable[[], int]:
        located = load_suite(written(tmp_path, trials // TRIALS_A_SEED))
        return lambda: len({trial.key for trial in make_plan(located, registry).trials})

    sizes = [TRIALS_A_SEED * count for count in seeds]
    grown(benchmark, "planning with all keys", sizes, work_of, "trials")


@pytest.mark.benchmark(group="growth")
def test_training_grows_with_the_images(benchmark: BenchmarkFixture) -> None:
    workload = WORKLOADS["ResNet-18 at 64 x 32"] if benchmark.enabled else TINY
    steps = [2, 4, 8, 16, 32] if benchmark.enabled else [1, 2]
    rules = rules_of(workload, "float32")
    images = drawn_people(workload)
    trainer = Trainer(
        network_of(workload, rules),
        images,
        rules.training,
        rules.input,
        stages=[TrainingStage(FOREVER, seed=0)],
        on_step=lambda done, steps, loss: None,
    )
    trainer.train(1)

    def work_of(images: int) -> Callable[[], int]:
        def trained() -> int:
            before = trainer.images_seen
            trainer.train(images // workload.batch)
            return trainer.images_seen - before

        return trained

    grown(benchmark, "training, ResNet-18", [workload.batch * n for n in steps], work_of, "images")


TRIALS_A_SEED = 21


def written(folder: Path, seeds: int) -> Path:
    """Write a suite of ``TRIALS_A_SEED`` trials a seed."""
    strategies = {"method": "l1", "strategy": ["one-shot", "iterative", "progressive"]}
    suite = {
        "name": f"grid-{seeds}",
        "protocol": "mini/1",
        "scenarios": {"target-only": [{"train": "target"}, {"prune": "target"}]},
        "backbones": ["resnet18"],
        "targets": ["synthped-quick"],
        # Two reductions but for dense: 1 + 2 x 10.
        "methods": [
            *("dense", "random", "scratch", "fpgm", "taylor", "entropy"),
            {**strategies, "allocation": "global"},
            {"method": "l2", "allocation": ["uniform", "global"]},
        ],
        "reductions": [0.5, 0.75],
        "seeds": list(range(seeds)),
    }
    path = folder / f"{suite['name']}.yaml"
    path.write_text(yaml.safe_dump(suite), encoding="utf-8")
    return path


def test_the_grid_has_as_many_trials_a_seed_as_it_says(tmp_path: Path) -> None:
    plan = make_plan(load_suite(written(tmp_path, 3)), discover())
    assert len(plan.trials) == 3 * TRIALS_A_SEED


@pytest.mark.benchmark(group="growth")
def test_ten_thousand_trials_are_planned(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    seeds = 480 if benchmark.enabled else 2
    suite = written(tmp_path, seeds)
    asked = command("plan", suite, "--trials", "--store", tmp_path / "s")
    # A process of its own, whose peak is told apart from this one's.
    watched = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True)"
    report = "; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
    peaks: list[int] = []
    said: list[str] = []

    def planned() -> None:
        done = subprocess.run(
            [sys.executable, "-c", watched + report, *asked],
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(done.stdout)
        peaks.append(1024 * int(done.stderr.split()[-1]))

    seconds = timed_rounds(benchmark, planned, 3)
    assert f"{seeds * TRIALS_A_SEED} trials under mini/1" in said[-1]
    benchmark.extra_info.update(
        trials=seeds * TRIALS_A_SEED, seconds=min(seconds), memory=max(peaks)
    )


def timed_rounds(benchmark: BenchmarkFixture, work: Callable[[], None], rounds: int) -> list[float]:
    """Run work in rounds and return the seconds of each."""
    seconds: list[float] = []

    def timed() -> None:
        started = perf_counter()
        work()
        seconds.append(perf_counter() - started)

    benchmark.pedantic(timed, rounds=rounds if benchmark.enabled else 1)
    return seconds
