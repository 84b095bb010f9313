"""Ten thousand trials: how long the site takes, how much memory, and how soon it can be used."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from reidbench.results import PACK, Result, read_pack, write_pack
from tests.support.browser import chromium
from tests.support.commands import command, environment
from tests.support.places import ROOT

TRIALS = 10_000


def renamed(results: list[Result], copy: int) -> list[Result]:
    """Results of other seeds, and from the fourth copy on of other methods too."""
    group, seeds = divmod(copy, 3)

    def own(result: Result) -> Result:
        trial = result.trial
        name = trial.method if group == 0 or trial.reduction == 0 else f"{trial.method}-{group}"
        update = {"seed": trial.seed + 10 * seeds + 100 * group * (trial.reduction == 0)}
        method = result.components["method"].model_copy(update={"name": name})
        return result.model_copy(
            update={
                "key": f"{int(result.key, 16) + copy:016x}"[-16:],
                "trial": trial.model_copy(update={"method": name, **update}),
                "components": {**result.components, "method": method},
            }
        )

    return [own(result) for result in results]


def make_many(folder: Path) -> int:
    """Write at least ten thousand trials, as many suites as are published; return how many."""
    packs = [read_pack(path) for path in sorted((ROOT / "leaderboard").glob(f"*/{PACK}"))]
    copies = -(-TRIALS // sum(map(len, packs)))
    for number, results in enumerate(packs):
        many = [it for copy in range(copies) for it in renamed(results, copy)]
        write_pack(folder / f"suite-{number}" / PACK, many)
    return copies * sum(map(len, packs))


@pytest.mark.nightly
def test_ten_thousand_trials(tmp_path: Path) -> None:
    assert make_many(tmp_path / "many") >= TRIALS
    start = time.monotonic()
    process = subprocess.Popen(
        command("site", tmp_path / "many", "--out", tmp_path / "site"), env=environment(), cwd=ROOT
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds, peak = time.monotonic() - start, used.ru_maxrss / 1e6
    index = (tmp_path / "site" / "index.html").stat().st_size / 1e6
    processor = used.ru_utime + used.ru_stime
    print(f"{seconds:.1f} s ({processor:.1f} s of CPU), {peak:.2f} GB, index {index:.2f} MB")
    assert process.returncode == 0
    # Of the processor: what runs beside takes time, and not the site's.
    assert processor < 60 and peak < 1 and index < 3
    with chromium(tmp_path) as browser:
        browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        start = time.monotonic()
        browser.get((tmp_path / "site" / "index.html").as_uri())
        assert browser.execute_script("return document.querySelector('#count').textContent")
        waited = time.monotonic() - start
        metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    usable = next(it["value"] for it in metrics if it["name"] == "TaskDuration")
    print(f"usable after {waited:.2f} s ({usable:.2f} s of CPU)")
    assert usable < 2
