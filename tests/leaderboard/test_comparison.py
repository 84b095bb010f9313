"""Two folders agree where the difference of their differences to dense may be 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.leaderboard import ViewError, build, compare
from reidbench.results import PACK, Result, write_pack
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
    return [it.model_copy(update={"provenance": provenance}) for it in made]


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
    assert "1 of 1 rows agree." in done.output and "Only in A: fpgm at 50 %" in done.output
    assert [path.name for path in (tmp_path / "a").iterdir()] == [PACK]


def test_options_are_of_one_folder(tmp_path: Path) -> None:
    words = ["leaderboard", str(tmp_path), str(tmp_path), "--format", "csv"]
    assert isinstance(CliRunner().invoke(cli, words).exception, ViewError)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_component_of_another_version_is_named(version: str) -> None:
    made = [dense(), result("l1", versions={"backbone": (version, "reidbench")})]
    differing = compare(build([dense(), result("l1")]), build(made)).differing
    assert bool(differing) is (version == "2")
