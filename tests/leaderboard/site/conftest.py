"""The site of everything that is published, built once, and a browser to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from reidbench.leaderboard.site.write import write_site
from reidbench.results import CURVES, write_curves, write_result
from tests.leaderboard.timings import timed_results, write_timings
from tests.results.curves import curves_of_phases
from tests.support.browser import chromium, served
from tests.support.commands import environment, reidbench
from tests.support.places import ROOT


@pytest.fixture(scope="package")
def published_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything in ``leaderboard/``, as the command writes it."""
    site = tmp_path_factory.mktemp("published") / "site"
    done = reidbench("site", "leaderboard", "--out", site, cwd=ROOT, env=environment())
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture(scope="package")
def address(published_site: Path) -> Iterator[str]:
    """Where the site is served."""
    with served(published_site) as found:
        yield found


@pytest.fixture(scope="package")
def timed_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a small site is served whose rows were timed, and whose trials have their curves."""
    folder = tmp_path_factory.mktemp("timed")
    for number, it in enumerate(timed_results()):
        write_result(folder / "in" / "mine", it.model_copy(update={"key": f"{number:016x}"}))
    write_timings(folder / "in" / "mine")
    phases = [phase for it in timed_results() for phase in it.phases]
    write_curves(folder / "in" / "mine" / CURVES, curves_of_phases(phases))
    write_site(folder / "in", folder / "site")
    with served(folder / "site") as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A Chromium, which must have nothing to complain of at the end."""
    with chromium(tmp_path_factory.mktemp("browser")) as found:
        yield found
