"""``curves``, ``export`` and others take what a trial is called, and part of a key."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

CUT = "target-only/tinynet/tiny/l1[one-shot,uniform]@50%/seed0"


def key(run: Run, method: str) -> str:
    return next(it.key for it in run.results().values() if it.trial.method == method)


def last_phase(run: Run, method: str) -> str:
    return next(it for it in run.results().values() if it.trial.method == method).phases[-1].key


@pytest.fixture
def words(finished: Run) -> dict[str, str]:
    """What the l1 trial of the run may be called, by what that is."""
    return {
        "its name": CUT,
        "its method": "l1",
        "method and seed": "l1/seed=0",
        "parts of its name": "l1[one-shot,uniform]@50%/seed0",
        "values": "method=l1/50%/tinynet",
        "the beginning of its key": key(finished, "l1")[:6],
        "its key": key(finished, "l1"),
        "the beginning of its last phase's key": last_phase(finished, "l1")[:6],
    }


def test_a_trial_is_found_by_what_it_is_called(finished: Run, words: dict[str, str]) -> None:
    file = finished.home.relative_to(finished.folder) / "results" / f"{key(finished, 'l1')}.json"
    table = finished.reidbench("curves", file).stdout
    assert table.startswith(CUT)
    said = finished.reidbench("curves", *words.values())
    assert said.returncode == 0, said.stderr
    lines = said.stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == list(words.values())
    for line, what in zip(lines, words, strict=True):
        assert f"({last_phase(finished, 'l1') if 'phase' in what else file})" in line


def test_export_takes_the_same(finished: Run) -> None:
    done = finished.reidbench("export", "l1/0.5", "--to", "state-dict", "--out", "x.safetensors")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"l1/0.5: {CUT} (runs/tiny-suite/results/")
    assert (finished.folder / "x.safetensors").is_file()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("seed=0", "seed=0: 4 trials are called so: target-only/tinynet/tiny/"),
        ("l1/seed=7", "nor what a trial in runs/*/results is called"),
        ("method=l2", "method=l2: neither a result file"),
        ("abc", "nor the key of a phase in runs/store or the beginning of one"),
        ("x" * 300, "neither a result file"),
    ],
)
def test_what_means_several_trials_or_none_is_refused_in_one_line(
    finished: Run, word: str, said: str
) -> None:
    for command in ("curves", "export"):
        done = finished.reidbench(command, word)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert said in line
        assert word != "seed=0" or all(key(finished, it) in line for it in ("l1", "scratch"))


def test_a_beginning_of_several_keys_names_them(finished: Run) -> None:
    results = finished.home / "results"
    for ending in "01":
        copy = results / f"feedfeedfeedfee{ending}.json"
        copy.write_bytes((results / f"{key(finished, 'l1')}.json").read_bytes())
    done = finished.reidbench("curves", "feed")
    assert done.returncode == 2
    assert done.stderr.startswith(f"reidbench: feed: 2 trials are called so: {CUT} (")
    assert "feedfeedfeedfee0.json" in done.stderr and "feedfeedfeedfee1.json" in done.stderr
