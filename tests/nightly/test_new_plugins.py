"""From an empty folder to a method, a backbone and a data set on a leaderboard, from wheels."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.results import read_results
from tests.support.commands import Finished
from tests.support.places import ROOT
from tests.support.wheels import Installation, build, wheel_in

pytestmark = pytest.mark.nightly

PLUGINS = {
    "new-method": "--method",
    "new-backbone": "--backbone",
    "new-data": "--dataset",
    "new-observer": "--observer",
}
SMOKE = ("--protocol", "smoke/1", "--device", "cpu", "--threads", "1", "--only", "seed=0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the empty folder that a stranger begins with."""
    return tmp_path_factory.mktemp("stranger")


@pytest.fixture(scope="module")
def installation(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return an environment with the wheels of reidbench and of four new plugins."""
    made = Installation.make(tmp_path_factory.mktemp("environment"))
    made.install([wheel_in(build(ROOT, tmp_path_factory.mktemp("core"), "wheel"))])
    for name, kind in PLUGINS.items():
        done = made.run("reidbench", "new", name, kind, cwd=folder)
        assert done.returncode == 0, done.stderr
    wheels = [wheel_in(build(folder / name, folder / name / "dist", "wheel")) for name in PLUGINS]
    made.install(wheels)
    return made


def test_they_are_listed_and_none_failed(installation: Installation, folder: Path) -> None:
    said = said_well(installation.run("reidbench", "plugins", cwd=folder))
    assert "none failed" in said
    assert all(name in said for name in ("new-method", "new-backbone", "new-data"))


@pytest.mark.parametrize("name", PLUGINS)
def test_their_tests_pass_at_once(installation: Installation, folder: Path, name: str) -> None:
    said = said_well(installation.run("pytest", "-p", "no:cacheprovider", cwd=folder / name))
    assert " passed" in said and "failed" not in said


def test_they_keep_the_contract(installation: Installation, folder: Path) -> None:
    names = ("new-method", "new-backbone", "new-data")
    said = said_well(
        installation.run("reidbench", "plugins", "check", *names, "--fast", cwd=folder)
    )
    assert said.count(" passed in ") == 3


def test_a_methods_own_logic_is_fifteen_lines_at_most(
    installation: Installation, folder: Path
) -> None:
    text = (folder / "new-method" / "src" / "new_method" / "method.py").read_text()
    assert 3 < len([line for line in text.splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize(
    ("name", "row"),
    [("new-method", "new-method"), ("new-backbone", "l1"), ("new-data", "l1")],
)
def test_their_suites_give_a_row(
    installation: Installation, folder: Path, name: str, row: str
) -> None:
    words: tuple[object, ...] = (f"{name}/suite.yaml", *SMOKE)
    if name == "new-data":
        said_well(installation.run("reidbench", "data", "make", name, "stand-ins", cwd=folder))
        words += ("--data", "stand-ins")
    said = said_well(installation.run("reidbench", "run", *words, cwd=folder))
    assert f"  {row} " in said
    results = read_results(folder / "runs" / f"{name}-smoke-1" / "results")
    assert {result.status for result in results} == {"done"}
    assert row in {result.trial.method for result in results}
    owners = {one.distribution for result in results for one in result.components.values()}
    assert owners == {"reidbench", name}
    observed = (folder / "new-observer.csv").read_text()
    assert all(str(result.trial) in observed for result in results)


def said_well(done: Finished) -> str:
    """Return what a command printed, once it ended well."""
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
