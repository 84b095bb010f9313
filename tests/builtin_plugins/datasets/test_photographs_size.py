"""Listing a data set as large as MSMT17 is quick and small: 126,441 images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PEOPLE = {"train": 1041, "test": 3060}
IMAGES = {"train": 30_248, "val": 2_373, "query": 11_659, "gallery": 82_161}

MEASURE = """
import json, re, sys, time, tracemalloc
from pathlib import Path
from reidbench_plugins.datasets.photographs.msmt17 import load_v1
def rss():  # of this process alone: what getrusage says starts at its parent's
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
before = rss()
started = time.process_time(), time.perf_counter()
data = load_v1(Path(sys.argv[1]))
seconds = time.process_time() - started[0], time.perf_counter() - started[1]
peak = rss()
complete = data.counts == data.published
tracemalloc.start()
load_v1(Path(sys.argv[1]))
print(json.dumps({
    "cpu_s": seconds[0], "wall_s": seconds[1], "peak_mb": peak, "added_mb": peak - before,
    "traced_peak_mb": tracemalloc.get_traced_memory()[1] / 1e6, "complete": complete,
}))
"""


def paths(kind: str, start: int, count: int, people: int) -> Iterator[tuple[str, int]]:
    """Yield as many paths and identities as a list of MSMT17 has, spread over its people."""
    for number in range(start, start + count):
        pid, shot = number % people, number // people
        camera = 1 + number % 15
        yield f"{pid:04d}/{pid:04d}_{shot:03d}_{camera:02d}_0303morning_{number:06d}_0.jpg", pid


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of MSMT17's size; its files are links to a few tiny ones."""
    folder = tmp_path_factory.mktemp("size") / "MSMT17_V1"
    for images, people in PEOPLE.items():
        for pid in range(people):
            (folder / images / f"{pid:04d}").mkdir(parents=True)
    lists = {
        "train": ("train", 0), "val": ("train", IMAGES["train"]),
        "query": ("test", 0), "gallery": ("test", IMAGES["query"]),
    }  # fmt: skip
    for name, (images, start) in lists.items():
        rows = list(paths(name, start, IMAGES[name], PEOPLE[images]))
        (folder / f"list_{name}.txt").write_text("".join(f"{path} {pid}\n" for path, pid in rows))
        for i, (path, _) in enumerate(rows):
            # No file system links one file more often than some tens of thousands of times.
            if i % 10_000 == 0:
                original = folder / f"{name}{i}.bin"
                original.write_bytes(b"tiny")
            os.link(original, folder / images / path)
    return folder


@pytest.mark.nightly
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_126441_images_are_listed_in_5_seconds_and_200_megabytes(tree: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tree)], capture_output=True, text=True, check=True
    )
    measured = json.loads(run.stdout)
    print(measured)
    assert measured["complete"]
    assert measured["cpu_s"] < 5
    assert measured["peak_mb"] < 200
