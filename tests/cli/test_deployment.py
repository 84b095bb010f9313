"""prune, export, profile and search as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.support.commands import reidbench


@pytest.fixture(scope="module")
def half(tmp_path_factory, tiny_env) -> Path:
    folder = tmp_path_factory.mktemp("half")
    asked = ("--size", "3x64x32", "--reduction", "0.5", "--round-to", "8", "--out", "half")
    done = reidbench("prune", "torchvision.models:resnet18", *asked, cwd=folder, env=tiny_env)
    assert done.returncode == 0, done.stderr
    assert "of the MACs removed" in done.stdout
    assert "verified" in done.stdout
    return folder / "half"


def test_prune_writes_plan_weights_and_report(half: Path) -> None:
    assert {file.name for file in half.iterdir()} == {
        "network.safetensors",
        "plan.json",
        "report.json",
    }
    report = json.loads((half / "report.json").read_text())["report"]
    assert report["achieved"] == pytest.approx(0.5, abs=0.01)


def test_export_of_a_folder_needs_the_dense_network(half: Path, tiny_env) -> None:
    said = reidbench("export", half, "--to", "state-dict", cwd=half.parent, env=tiny_env)
    assert (said.returncode, said.stderr.count("\n")) == (2, 1)
    assert "--network torchvision.models:resnet50" in said.stderr
    asked = ("--network", "torchvision.models:resnet18", "--to", "pt2", "--out", "x.pt2")
    done = reidbench("export", half, *asked, cwd=half.parent, env=tiny_env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("largest relative difference") == 3
    assert (half.parent / "x.pt2").is_file()


def test_export_profile_and_search_a_trial(finished: Run) -> None:
    result = next((finished.home / "results").glob("*.json"))
    done = finished.reidbench("export", result, "--to", "onnx", "--out", "x.onnx")
    assert done.returncode == 0, done.stderr
    gallery = finished.folder / "gallery"
    gallery.mkdir()
    for person, colour in ((1, "red"), (2, "blue")):
        Image.new("RGB", (20, 40), colour).save(gallery / f"{person}_c1.png")
    found = finished.reidbench(
        *("search", result, "--gallery", gallery, "--query", gallery / "1_c1.png"),
        *("--beside", result, "--device", "cpu"),
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("2_c1.png") == 2
    assert (finished.folder / "search.png").is_file()


def test_profile_of_a_suite_adds_columns_to_its_leaderboard(finished: Run) -> None:
    file = finished.home / "latency.json"
    asked = ("--runs", 5, "--batch", 1, "--threads", 1, "--device", "cpu", "--out", file)
    done = finished.reidbench("profile", "suite.yaml", *asked)
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text())
    assert written["machine"]["device"] == "cpu"
    rows = written["rows"]
    pruned = {r.trial.method for r in finished.results().values() if r.trial.reduction}
    assert len(rows) == 1 + len(pruned)
    assert "x least" in done.stdout
    table = finished.reidbench("leaderboard", finished.home, "--format", "csv").stdout
    timed = [row for row in csv.DictReader(io.StringIO(table)) if row["eager_batch1_least_ms"]]
    assert {row["method"] for row in timed} == pruned | {"dense"}
    # A run that has nothing left to do writes the pages anew: they keep what was timed.
    again = finished.reidbench("run", "suite.yaml")
    assert again.returncode == 0, again.stderr
    assert "\n## Latency\n" in (finished.home / "leaderboard.md").read_text()
    assert (finished.home / "leaderboard.csv").read_text() == table


def test_a_run_refuses_timings_that_cannot_be_read_before_its_first_step(new_run) -> None:
    run = new_run()
    run.home.mkdir(parents=True)
    (run.home / "latency.json").write_text("{")
    planned = run.reidbench("plan", "suite.yaml")
    assert planned.returncode == 2 and "latency.json: the whole file: " in planned.stderr
    done = run.reidbench("run", "suite.yaml")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "latency.json: the whole file: " in done.stderr
    assert not (run.home / "results").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prune", "torchvision.models:resnet18", "--size", "3x64", "--reduction", "0.5"), "CxHxW"),
        (("prune", "nowhere:net", "--size", "3x64x32", "--reduction", "0.5"), "cannot be imported"),
        (("export", "0123456789abcdef"), "no network with the key"),
        (("profile", "0123456789abcdef"), "no network with the key"),
        (("profile", "0123456789abcdef", "--engine", "eagr"), "did you mean 'eager'"),
        (("profile", "0123456789abcdef", "--device", "cuda:99"), "--device cuda:99: "),
        (("profile", "0123456789abcdef", "--device", "meta"), "computes nothing"),
        (("search", "0123456789abcdef", "--device", "gpu"), "use auto, cpu or cuda:N"),
        (("search", "0123456789abcdef"), "no network with the key"),
    ],
)
def test_wrong_words_end_in_one_line(new_run, words, said) -> None:
    run = new_run()
    image = run.folder / "1_c1.png"
    Image.new("RGB", (20, 40), "red").save(image)
    more = {"prune": ("--out", "x"), "search": ("--gallery", run.folder, "--query", image)}
    done = run.reidbench(*words, *more.get(words[0], ()))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_a_folder_of_prune_has_no_other_state(half: Path, finished: Run) -> None:
    done = finished.reidbench("export", half, "--state", "pruned", "--network", "a.b:c")
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    assert "--state pruned is for a trial" in done.stderr


def test_search_refuses_a_folder_of_prune_before_any_search(half: Path, finished: Run) -> None:
    result = next((finished.home / "results").glob("*.json"))
    image = finished.folder / "1_c1.png"
    Image.new("RGB", (20, 40), "red").save(image)
    where = ("--gallery", finished.folder, "--query", image, "--beside", half)
    done = finished.reidbench("search", result, *where)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    assert "has no protocol" in done.stderr
