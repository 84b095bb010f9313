"""The site of everything that is published."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from reidbench.leaderboard.site.published import read_published, row_key
from tests.submissions.falsified import good
from tests.support import site_digest, site_pictures
from tests.support.commands import environment, reidbench
from tests.support.places import ROOT

PICTURES = {
    "methods-at-half-the-flops": ("all-methods-t0-50-map", "README.md"),
    "what-when-and-where": ("criteria-t0-50-criteria", "docs/index.md"),
}
"""Copies of the site's figures in the documentation, and pages that show them."""

OLDER_PROCESSOR = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F,-AVX",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
}
"""What makes the libraries of an x86 processor compute as on one of 2008, and round otherwise."""


def test_every_published_trial_has_its_page(published_site: Path) -> None:
    for pack in (ROOT / "leaderboard").glob("*/results.jsonl"):
        trials = [json.loads(line) for line in pack.read_text().splitlines() if '"trial"' in line]
        pages = list((published_site / "trials" / pack.parent.name).glob("*.html"))
        assert trials and len(pages) == len(trials), pack.parent.name


def test_tables_equal_the_committed_ones(published_site: Path) -> None:
    for table in (ROOT / "leaderboard").glob("*/leaderboard.csv"):
        built = published_site / "tables" / f"{table.parent.name}.csv"
        assert built.read_text() == table.read_text(), table.parent.name


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_the_documentation_are_the_sites(name: str, published_site: Path) -> None:
    figure, page = PICTURES[name]
    built = published_site / "figures" / f"{figure}.svg"
    committed = ROOT / "docs" / "images" / f"{name}.svg"
    assert committed.read_text() == built.read_text(), f"copy {built.name} to {committed}"
    assert f"images/{committed.name}" in (ROOT / page).read_text()


@pytest.mark.parametrize("picture", [site_pictures.FRONT, site_pictures.PHONE])
def test_screenshots_of_the_documentation_show_todays_answer(
    picture: Path, published_site: Path
) -> None:
    answer = site_pictures.answer(published_site)
    assert re.match(r"Which method .+ may be best on .+ points$", answer)
    assert site_pictures.told(picture) == answer, "python -m tests.support.site_pictures"


def test_the_answer_names_data_methods_and_how_sure_it_is(published_site: Path) -> None:
    text = (published_site / "index.html").read_text()
    answer = text.split('<section id="board">')[0]
    photographs, drawn = answer.split("On drawn data, ")
    assert "of 9 methods may be best" in photographs and "pku-reid (incomplete)" in photographs
    assert "over splits of these people" in photographs
    assert "11 of 29 may be best" in drawn and "synthped-crowd (drawn data)" in drawn
    assert "Nothing there says what holds on photographs" in drawn


@pytest.mark.nightly
def test_this_machine_builds_the_site_whose_digest_is_committed(published_site: Path) -> None:
    committed, _, makers = site_digest.FILE.read_text().strip().partition("  ")
    if makers != site_digest.makers():
        pytest.skip(f"made with {makers}; here are {site_digest.makers()}")
    if others := site_digest.strangers():
        pytest.skip(f"methods of {others} have pages too")
    assert site_digest.digest(published_site) == committed, (
        "the site is another than when its digest was written. If results, methods, templates or "
        f"figures have changed since, write it anew: {site_digest.WRITE}. If nothing has, this "
        "machine builds other bytes: compare its site with that of another machine (diff -rq)"
    )


@pytest.mark.nightly
def test_an_older_processors_arithmetic_makes_the_same_site(
    tmp_path: Path, published_site: Path
) -> None:
    """Mathematics of C, numpy and BLAS without the instructions of the last fifteen years."""
    plain = environment()
    older = {**plain, **OLDER_PROCESSOR}
    if _rounding(plain) == _rounding(older):
        pytest.skip("this machine computes the same either way")
    done = reidbench("site", ROOT / "leaderboard", "--out", tmp_path, cwd=tmp_path, env=older)
    assert done.returncode == 0, done.stderr
    assert site_digest.digest(tmp_path) == site_digest.digest(published_site)


def _rounding(env: Mapping[str, str]) -> str:
    """Return the last bits of exponentials and of a matrix product in such surroundings."""
    code = (
        "import math, numpy as np; a = np.random.default_rng(0).normal(size=(300, 300)); "
        "print((a @ a).tobytes(), np.exp(a).tobytes(), [math.exp(x) for x in a.flat])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    return hashlib.sha256(done.stdout).hexdigest()


def test_the_digest_is_what_sha256sum_says_of_the_whole_site(tmp_path: Path) -> None:
    for name in ("b.html", ".mark", "a/Z.svg", "a/a.svg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    said = "find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"
    done = subprocess.run(said, shell=True, cwd=tmp_path, capture_output=True, text=True)
    before = site_digest.digest(tmp_path)
    assert done.stdout.split()[0] == before
    (tmp_path / "b.html").rename(tmp_path / "c.html")
    assert site_digest.digest(tmp_path) != before


def test_other_surroundings_give_the_same_bytes(tmp_path: Path) -> None:
    """Another folder, home, zone, language, order of names, hash seed, age and rights of files."""
    here, there = tmp_path / "here" / "leaderboard", tmp_path / "there" / "leaderboard"
    for folder in (here, there):
        folder.mkdir(parents=True)
        good(folder / "mine")
        good(folder / "theirs")
    for path in (path for path in there.rglob("*") if path.is_file()):
        path.chmod(0o600)
        os.utime(path, (1e9, 1e9))
    (tmp_path / "link").symlink_to(there)
    (tmp_path / "home").mkdir()
    env = environment(ROOT / "tests" / "support" / "listing_order")
    other = {
        **env,
        "HOME": str(tmp_path / "home"),
        "LISTED": "backwards",
        "PYTHONHASHSEED": "7",
        "TZ": "Pacific/Kiritimati",
        **dict.fromkeys(("LC_ALL", "LANG"), "C"),
    }
    one = reidbench("site", here, "--out", tmp_path / "one", cwd=ROOT, env=env)
    two = reidbench("site", "link", "--out", "two", cwd=tmp_path, env=other)
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    first, second = (_bytes(tmp_path / name) for name in ("one", "two"))
    assert len(first) > 50
    assert first.keys() == second.keys()
    assert [name for name, content in first.items() if second[name] != content] == []


def _bytes(site: Path) -> dict[str, bytes]:
    paths = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.nightly
def test_another_build_gives_the_same_bytes(published_site: Path, tmp_path: Path) -> None:
    env = {**environment(), "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    done = reidbench("site", ROOT / "leaderboard", "--out", tmp_path / "site", cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    files = sorted(path for path in published_site.rglob("*") if path.is_file())
    assert len(files) > 1000
    for path in files:
        other = tmp_path / "site" / path.relative_to(published_site)
        assert other.read_bytes() == path.read_bytes(), path.name


def test_the_readme_runs_every_trial_of_the_best_row_on_photographs_again() -> None:
    readme = (ROOT / "README.md").read_text()
    (keys,) = re.findall(r"reidbench reproduce leaderboard/photographs/\{([\w,]+)\}", readme)
    published = read_published(ROOT / "leaderboard" / "photographs")
    sections = (section for table in published.board.tables for section in table.sections)
    best = next(section.rows[0] for section in sections if section.reduction == 0.5)
    assert set(keys.split(",")) == {key for _, key in published.trials[row_key(best)]}
    assert f"[`{best.method}`](docs/methods/{best.method}.md)" in readme
    assert best.delta and best.delta_interval
    low, high = best.delta_interval.points
    assert f"{100 * best.delta:.1f} points of mAP, {low:.1f} to {high:+.1f}" in readme
