"""What is built for others: a wheel and a source distribution, complete, and runnable elsewhere."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from reidbench.results import read_results
from tests.support.commands import Finished
from tests.support.places import ROOT
from tests.support.wheels import Installation, build, wheel_in

PART = ("--only", "l1", "--only", "dense", "--only", "seed=0", "--only", "reduction=0.5")
PART += ("--device", "cpu", "--threads", "1")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a wheel and a source distribution of this checkout."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def checksums(wheel: Path) -> dict[str, int]:
    return {entry.filename: entry.CRC for entry in ZipFile(wheel).infolist()}


def test_the_wheel_holds_code_suites_protocols_numbers_costs_and_licence(built: Path) -> None:
    homes = {
        "reidbench": "reidbench",
        "plugins/reidbench_plugins": "reidbench_plugins",
        "suites": "reidbench/shipped/suites",
        "leaderboard/reported": "reidbench/shipped/reported",
    }
    expected = {
        f"{home}/{path.relative_to(ROOT / folder).as_posix()}": path.read_bytes()
        for folder, home in homes.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    costs = ROOT / "docs" / "methods" / "costs.json"
    expected["reidbench/shipped/costs.json"] = costs.read_bytes()
    with ZipFile(wheel_in(built)) as wheel:
        found = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}
        (licence,) = (name for name in wheel.namelist() if name.endswith("/licenses/LICENSE"))
        assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
    assert {name: text for name, text in found.items() if expected.get(name) != text} == {}
    assert sorted(expected.keys() - found.keys()) == []


def test_the_source_distribution_builds_the_same_wheel(built: Path, tmp_path: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        source.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    again = build(unpacked, tmp_path / "again", "wheel")
    assert checksums(wheel_in(again)) == checksums(wheel_in(built))
    for name in (
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "tests/conftest.py",
        "docs",
        "leaderboard",
    ):
        assert (unpacked / name).exists(), name


# --- installed, in another folder -------------------------------------------------------------


@pytest.fixture(scope="module")
def installation(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation.make(tmp_path_factory.mktemp("installed"))
    made.install([wheel_in(built)])
    return made


def installed(installation: Installation, *words: str, cwd: Path) -> Finished:
    """Run ``python -m reidbench WORDS`` with the installed wheel."""
    return installation.run("reidbench", *words, cwd=cwd)


def test_the_installed_wheel_is_what_runs(installation: Installation, tmp_path: Path) -> None:
    code = "import reidbench, reidbench_plugins as p; print(reidbench.__file__, p.__file__)"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    said = subprocess.run(
        [installation.python, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    places = said.stdout.split()
    assert len(places) == 2
    assert all(Path(place).is_relative_to(installation.python.parents[1]) for place in places)


def test_a_shipped_suite_runs_to_its_table_by_name(
    installation: Installation, tmp_path: Path
) -> None:
    said = installed(
        installation, "run", "quickstart", "--protocol", "smoke/1", *PART, cwd=tmp_path
    )
    assert said.returncode == 0, said.stderr
    assert "\nref.  dense (control)" in said.stdout and "\n   " in said.stdout
    results = read_results(tmp_path / "runs" / "quickstart-smoke-1" / "results")
    assert {(r.trial.method, r.status) for r in results} == {("l1", "done"), ("dense", "done")}
    assert all(r.provenance["git"] is None for r in results)


def test_reported_numbers_are_shipped(installation: Installation, tmp_path: Path) -> None:
    results = ROOT / "leaderboard" / "paper-mini"
    words = ("leaderboard", str(results), "--out", "pages", "--with-reported")
    said = installed(installation, *words, cwd=tmp_path)
    assert said.returncode == 0, said.stderr


def test_a_wrong_name_lists_the_suites_that_are_shipped(
    installation: Installation, tmp_path: Path
) -> None:
    said = installed(installation, "plan", "quikstart", cwd=tmp_path)
    names = ", ".join(sorted(path.stem for path in (ROOT / "suites").glob("*.yaml")))
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == (
        "reidbench: quikstart: no such file, and no suite of this name comes with reidbench; "
        f"did you mean 'quickstart'? (these do: {names})\n"
    )


@pytest.mark.nightly
def test_the_quickstart_runs_as_it_is_shipped(installation: Installation, tmp_path: Path) -> None:
    said = installed(installation, "run", "quickstart", *PART, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    results = read_results(tmp_path / "runs" / "quickstart" / "results")
    published = {r.trial: r for r in read_results(ROOT / "leaderboard" / "quickstart")}
    assert len(results) == 2
    assert all(r.key == published[r.trial].key for r in results)
    assert all(r.scores is not None and r.scores.final.mAP > 0.5 for r in results)
