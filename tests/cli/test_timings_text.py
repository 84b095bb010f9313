"""What a run cost, what is left to run, and what sharing saves, as commands print it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.cli.timings_text import timings_text
from reidbench.run.timings import PhaseTiming, RunTimings
from reidbench.store import Store
from reidbench.store.integrity import sealed
from tests.cli.conftest import METHODS, Run
from tests.support.commands import Finished
from tests.support.suites import write_suite

New = Callable[..., Run]


def timing(
    name: str, wall: float, images: int = 0, waited: float = 0.0, **seconds: float
) -> PhaseTiming:
    return PhaseTiming(name, wall, seconds, images, waited)


TIMINGS = RunTimings(
    wall=200.0,
    made=(
        timing("decode images", 12.5, decoding=11.0),
        timing("train", 62.0, 12000, 0.6, training=60.0),
        timing("l1", 30.0, 5000, 0.25, training=20.0, ranking=4.0, cutting=1.0, recalibration=2.0),
        timing("l1", 28.0, 5000, 0.25, training=20.0, refitting=3.0, cutting=1.0),
        timing("scratch", 1.5, training=0.0, cutting=1.0),
        timing("measure", 3.0, features=1.0, ranking=1.5),
        timing("failed", 5.0),
    ),
    found={"train": 2, "measure": 11, "tiny-norm(power=2.0)": 3},
    shared_rankings=1,
    peak_memory=1_234_000_000,
    peak_gpu_memory=0,
)

TEXT = """\
where the time went: 3m20s

phase                   made    found    training s    choosing s    other s    images/s    waiting
--------------------  ------  -------  ------------  ------------  ---------  ----------  ---------
decode images              1        0             -             -       12.5           -          -
train                      1        2          60.0             -        2.0         200       1.0%
l1                         2        0          40.0          11.0        7.0         250       1.2%
scratch                    1        0             -           1.0        0.5           -          -
measure                    1       11             -             -        3.0           -          -
failed                     1        0             -             -        5.0           -          -
tiny-norm(power=2.0)       0        3             -             -          -           -          -

harness (all that no phase took): 58.0 s, 29.0% of the run
rankings that another reduction had made: 1
peak memory: 1.2 GB
found: made before, by this suite or another
waiting: share of training in which a batch was not ready"""


def changed(**fields: Any) -> RunTimings:
    return RunTimings(**{**vars(TIMINGS), **fields})


# --- the table of a run -----------------------------------------------------------------------


def test_the_time_of_a_run_is_listed_by_phase_and_method() -> None:
    assert timings_text(TIMINGS) == TEXT


def test_memory_of_a_gpu_is_listed_where_there_is_one() -> None:
    text = timings_text(changed(peak_gpu_memory=56_000_000))
    assert "\npeak memory: 1.2 GB, 56.0 MB on the GPU\n" in text


def test_memory_that_the_system_does_not_report_is_left_out() -> None:
    assert "peak memory" not in timings_text(changed(peak_memory=0))
    text = timings_text(changed(peak_memory=0, peak_gpu_memory=56_000_000))
    assert "\npeak memory: 56.0 MB on the GPU\n" in text


def test_rankings_are_not_mentioned_where_none_was_shared() -> None:
    assert "rankings" not in timings_text(changed(shared_rankings=0))


def test_a_run_that_made_nothing_has_timings_too() -> None:
    text = timings_text(changed(made=(), found={}, shared_rankings=0))
    assert "\nharness (all that no phase took): 200.0 s, 100.0% of the run\n" in text


NAMES = st.sampled_from(["decode images", "measure", "train", "l1", "taylor", "failed"])
SECONDS = st.dictionaries(
    st.sampled_from(["training", "ranking", "refitting", "cutting", "features", "decoding"]),
    st.just(0.0) | st.floats(0.01, 3e5),
)


@given(
    st.lists(
        st.builds(PhaseTiming, NAMES, st.floats(0, 4e5), SECONDS, st.integers(0, 10**9)), max_size=9
    )
)
def test_the_table_fits_a_terminal_and_has_a_row_for_every_name(made: list[PhaseTiming]) -> None:
    lines = timings_text(changed(made=tuple(made), found={})).splitlines()
    assert max(map(len, lines)) <= 100
    rows = lines[4 : lines.index("", 4)]
    assert [re.split(r"\s{2,}", row)[0] for row in rows] == list(
        dict.fromkeys(one.name for one in made)
    )
    assert sum(int(re.split(r"\s{2,}", row)[1]) for row in rows) == len(made)


# --- as commands say it -----------------------------------------------------------------------


def table(said: str) -> dict[str, list[str]]:
    """Return the cells of the table of a run, by name."""
    lines = said[said.index("where the time went: ") :].splitlines()
    rows = (re.split(r"\s{2,}", row) for row in lines[4 : lines.index("", 4)])
    return {name: cells for name, *cells in rows}


def test_a_run_ends_with_where_its_time_went(first: tuple[Run, Finished]) -> None:
    rows = table(first[1].stderr)
    assert {name: cells[:2] for name, cells in rows.items()} == {
        "decode images": ["3", "0"],
        "train": ["3", "0"],  # the base network, and the slim one in both of its phases
        "dense": ["1", "0"],
        "measure": ["7", "0"],
        "scratch": ["1", "0"],
        "l1": ["1", "0"],
        "tiny-norm": ["1", "0"],
    }
    assert "where the time went" not in first[1].stdout


def test_the_timings_of_a_run_are_written_beside_its_results(first: tuple[Run, Finished]) -> None:
    run, said = first
    costs = json.loads((run.home / "costs.json").read_text())
    walls = sum(one["wall"] for one in costs["made"])
    assert costs["harness"] == pytest.approx(costs["wall"] - walls) and walls > 0
    assert costs["harness"] > 0 and costs["found"] == {}
    assert len(costs["made"]) == sum(int(cells[0]) for cells in table(said.stderr).values())
    trained = [one for one in costs["made"] if one["images"]]
    assert {one["name"] for one in trained} == {"train", "dense", "l1", "tiny-norm"}
    assert all(0 <= one["waited"] <= one["seconds"]["training"] for one in trained)
    # Each of the seconds was rounded to the millisecond.
    assert all(sum(one["seconds"].values()) <= one["wall"] + 0.003 for one in costs["made"])


def test_a_finished_suite_costs_nothing_and_says_nothing_of_costs(finished: Run) -> None:
    before = (finished.home / "costs.json").read_bytes()
    said = finished.reidbench("run", "suite.yaml")
    assert said.returncode == 0
    assert "where the time went" not in said.stderr and " to go" not in said.stderr
    assert (finished.home / "costs.json").read_bytes() == before


def test_a_second_run_says_what_it_found_and_how_long_the_rest_will_take(finished: Run) -> None:
    lost = next(r for r in finished.results().values() if r.trial.method == "l1")
    (finished.home / "results" / f"{lost.key}.json").unlink()
    for notes in (finished.folder / "runs" / "store").glob("*/meta.json"):
        document = json.loads(notes.read_text()).get("document", {})
        if document.get("state") == "pruned":
            notes.unlink()
    said = finished.reidbench("run", "suite.yaml")
    assert said.returncode == 0
    assert re.search(r"^about \d+s to go, by \d+ phases on cpu, 1 thread$", said.stderr, re.M)
    rows = table(said.stderr)
    assert {name: cells[:2] for name, cells in rows.items()} == {
        "measure": ["1", "2"],
        "train": ["0", "1"],
        "l1": ["0", "1"],
    }
    found = json.loads((finished.home / "costs.json").read_text())["found"]
    assert found == {"train": 1, "l1": 1, "measure": 2}


def test_time_that_went_into_failures_is_no_harness(new_run: New) -> None:
    run = new_run(methods=["tiny-raises"])
    said = run.reidbench("run", "suite.yaml")
    assert said.returncode == 1
    assert table(said.stderr)["failed"][0] == "1"
    names = [one["name"] for one in json.loads((run.home / "costs.json").read_text())["made"]]
    assert names.count("failed") == 1 and "tiny-raises" not in names


def test_a_plan_that_nothing_was_measured_for_tells_no_time(new_run: New) -> None:
    said = new_run().reidbench("plan", "suite.yaml")
    assert said.returncode == 0
    assert " to go" not in said.stdout and " saved" not in said.stdout
    assert "\n18 phases and measurements, 14 after sharing\n" in said.stdout


def test_a_plan_of_one_more_seed_tells_how_long_it_will_take(finished: Run) -> None:
    write_suite(finished.folder, methods=METHODS, seeds=[0, 1])
    said = finished.reidbench("plan", "suite.yaml")
    assert said.returncode == 0
    time = said.stdout.splitlines()[-1]
    assert re.fullmatch(r"about \d+s to go and \d+ kB to keep, by 14 phases on cpu, 1 thread", time)


def test_a_plan_tells_what_is_left_and_what_sharing_saves(finished: Run) -> None:
    store = Store(finished.folder / "runs" / "store")
    for key in store.artefacts():
        notes = store.meta(key) | {"wall": 30.0}
        (store.root / key / "meta.json").write_bytes(sealed(notes))
    write_suite(finished.folder, methods=METHODS, seeds=[0, 1])
    said = finished.reidbench("plan", "suite.yaml").stdout.splitlines()
    # Of each seed, the base network and its measurement serve three trials.
    # A curve's file is as long as its numbers are.
    said[-1] = re.sub(r"30\d kB", "30x kB", said[-1])
    assert said[-5:] == [
        "8 trials under smoke/1: 4 done, 4 left",
        "36 phases and measurements, 28 after sharing; 4m00s saved",
        "left out of this price: 28 phases (backbones without a published cost model)",
        "left to run: 7 measure, 4 prune and retrain, 3 train",
        "about 7m00s to go and 30x kB to keep, by 14 phases on cpu, 1 thread",
    ]


def test_a_plan_that_is_done_has_nothing_to_go(finished: Run) -> None:
    said = finished.reidbench("plan", "suite.yaml")
    assert said.stdout.endswith("left to run: nothing\n")


def test_a_plan_says_that_a_ranking_serves_several_reductions(new_run: New) -> None:
    said = new_run(methods=["l1"], reductions=[0.25, 0.5, 0.75]).reidbench("plan", "suite.yaml")
    assert "; 3 one-shot rankings, 1 where they may be shared" in said.stdout
