"""Two folders agree where the difference of their differences to dense may be 0."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.leaderboard import ViewError, build, compare
from reidbench.results import PACK, Result, TrialId, write_pack
from tests.leaderboard.builders import PROVENANCE, dense, result


def folder(shift: float = 0.0, gain: float = 0.0, **machine: Any) -> list[Result]:
    """Rows of one machine: ``shift`` moves all of them, ``gain`` l1 alone."""
    made = []
    for seed in range(3):
        off = 0.002 * seed + shift
        made += [
            dense(mean_ap=0.8 + off, seed=seed),
            result("l1", mean_ap=0.7 + off + gain + 0.001 * (seed % 2), seed=seed),
            result("fpgm", mean_ap=0.72 + off - 0.001 * (seed % 2), seed=seed),
        ]
    provenance = {**PROVENANCE, **machine}
    return [own_network(it).model_copy(update={"provenance": provenance}) for it in made]


def own_network(made: Result) -> Result:
    """Give the last phase of a result a key of its own, as each network has."""
    last = made.phases[-1].model_copy(update={"key": f"{made.trial.method}-{made.trial.seed}"})
    return made.model_copy(update={"phases": [*made.phases[:-1], last]})


def agreement(first: list[Result], second: list[Result]) -> dict[str, bool | None]:
    pairs = compare(build(first), build(second)).pairs
    return {pair.first.method: pair.agrees for pair in pairs}


def test_a_machine_on_which_all_is_better_agrees() -> None:
    assert agreement(folder(), folder(0.03)) == {"dense": None, "l1": True, "fpgm": True}


def test_a_row_that_gains_on_its_dense_network_does_not() -> None:
    assert agreement(folder(), folder(gain=0.05))["l1"] is False


def test_a_single_seed_says_nothing() -> None:
    one = [it for it in folder() if it.trial.seed == 0]
    assert agreement(one, folder(gain=0.05))["l1"] is None


def test_what_differs_is_named_and_what_is_in_one_alone(tmp_path: Path) -> None:
    other = folder(device="cuda", hardware={**PROVENANCE["hardware"], "threads": 8})
    write_pack(tmp_path / "a" / PACK, folder())
    kept = [it for it in other if it.trial.method != "fpgm"]
    write_pack(tmp_path / "b" / PACK, kept)
    done = CliRunner().invoke(cli, ["leaderboard", str(tmp_path / "a"), str(tmp_path / "b")])
    assert done.exit_code == 0
    facts = {line.split()[0] for line in done.output.splitlines() if line.strip()}
    assert {"threads", "device"} <= facts and not {"torch", "engine"} & facts
    assert "1 of 1 rows agree." in done.output
    assert re.search(r"Only in A:\n  synthped .*, 50 %: fpgm\n", done.output)
    assert [path.name for path in (tmp_path / "a").iterdir()] == [PACK]


def side_by_side(root: Path, *folders: list[Result]) -> str:
    for name, results in zip("ab", folders, strict=True):
        write_pack(root / name / PACK, results)
    done = CliRunner().invoke(cli, ["leaderboard", str(root / "a"), str(root / "b")])
    assert done.exit_code == 0, done.output
    return done.output


def verdicts(page: str) -> dict[str, str]:
    rows = (line.split() for line in page.splitlines() if " % " in line and "  " in line.strip())
    return {row[row.index("%") + 1]: row[-1] for row in rows}


def test_results_against_themselves_are_no_agreement(tmp_path: Path) -> None:
    page = side_by_side(tmp_path, folder(), folder())
    assert verdicts(page) == dict.fromkeys(("dense", "l1", "fpgm"), "same")
    assert "None of these rows can be judged." in page and "rows agree" not in page
    assert "the very same trials" in page and "*:" not in page


def test_the_same_trials_run_by_two_machines_are_judged(tmp_path: Path) -> None:
    page = side_by_side(tmp_path, folder(), folder(gain=0.05))
    assert verdicts(page) == {"dense": "same", "l1": "NO", "fpgm": "same"}
    assert "0 of 1 rows agree; these do not: l1 at 50 %." in page


def test_rows_that_share_some_trials_are_marked(tmp_path: Path) -> None:
    other = [it for it in folder() if it.trial.seed] + [
        it for it in folder(0.001) if not it.trial.seed
    ]
    page = side_by_side(tmp_path, folder(), other)
    assert verdicts(page) == {"dense": "-*", "l1": "yes*", "fpgm": "yes*"}
    assert "2 of 2 rows agree." in page and "*: some of its trials" in page


def test_folders_without_a_common_row_say_what_each_has(tmp_path: Path) -> None:
    other = [it.model_copy(update={"trial": elsewhere(it)}) for it in folder()]
    page = side_by_side(tmp_path, folder(), other)
    assert "No row stands in both folders" in page and "agree" not in page
    assert re.search(r"\nA has synthped .*\nB has elsewhere.*\n", page)


def elsewhere(made: Result) -> TrialId:
    return made.trial.model_copy(update={"target": "elsewhere"})


def test_trials_that_were_never_run_have_no_machine(tmp_path: Path) -> None:
    never = folder()[1].model_copy(update={"status": "not applicable", "provenance": {}})
    never = never.model_copy(update={"scores": None, "per_query": None, "key": "0" * 16})
    never = never.model_copy(update={"trial": never.trial.model_copy(update={"method": "x"})})
    assert "unknown" not in side_by_side(tmp_path, folder(), [*folder(), never])


def test_options_are_of_one_folder(tmp_path: Path) -> None:
    words = ["leaderboard", str(tmp_path), str(tmp_path), "--format", "csv"]
    assert isinstance(CliRunner().invoke(cli, words).exception, ViewError)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_component_of_another_version_is_named(version: str) -> None:
    made = [dense(), result("l1", versions={"backbone": (version, "reidbench")})]
    differing = compare(build([dense(), result("l1")]), build(made)).differing
    assert bool(differing) is (version == "2")
