"""``reidbench store``: lists, checks and clears what a run left, and the next run mends it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from time import time

import pytest

from reidbench.store import Store
from tests.cli.conftest import METHODS, Run, metrics
from tests.support.commands import Finished, imported

New = Callable[..., Run]
DAY = 86400.0


def store_of(run: Run) -> Store:
    return Store(run.folder / "runs" / "store")


def told(run: Run, *words: object, status: int = 0) -> str:
    """Return what ``reidbench store WORDS`` prints; it must end with ``status``, without torch."""
    said, modules = imported("store", *words, cwd=run.folder, env=run.env)
    assert said.returncode == status, said.stderr
    assert not {"torch", "torchvision"} & modules
    return said.stdout


def refused(run: Run, *words: object) -> str:
    """Return the one sentence of a command that must end with 2 and change nothing."""
    before = run.files()
    said = run.reidbench("store", *words)
    assert said.returncode == 2 and said.stdout == "" and run.files() == before
    (line,) = said.stderr.splitlines()
    return line


def kind_of(run: Run, key: str) -> str:
    return str(store_of(run).meta(key)["kind"])


def keys_of(run: Run, *kinds: str) -> list[str]:
    return [key for key in store_of(run).artefacts() if kind_of(run, key) in kinds]


def age(run: Run, days: float, *keys: str) -> None:
    """Make artefacts look as if they had last been used days ago."""
    for key in keys or store_of(run).artefacts():
        then = time() - days * DAY
        os.utime(store_of(run).root / key, (then, then))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# --- list -------------------------------------------------------------------------------------


def rows(text: str) -> list[str]:
    return re.findall(r"^[0-9a-f]{16}  .*$", text, re.M)


def test_a_list_has_a_row_for_every_artefact_and_changes_nothing(finished: Run) -> None:
    before = finished.files()
    listed = rows(told(finished, "list"))
    assert finished.files() == before
    assert sorted(row[:16] for row in listed) == store_of(finished).artefacts()
    pruned = [each for each in listed if " l1 " in each and each.split()[1] == "prune"]
    row = (
        r"[0-9a-f]{16}  prune +l1 one-shot uniform 50%, tinynet, \S+, seed 0 +\S+ kB +\S+ ago +\S+"
    )
    assert len(pruned) == 1 and re.fullmatch(row, pruned[0])
    for part in ("train", "query", "gallery"):
        (pixels,) = (each for each in listed if f", {part} " in each)
        assert " pixels " in pixels and re.search(r" \d+s$", pixels)
    measured = [each for each in listed if " evaluate " in each]
    assert all(any(method in each for each in measured) for method in METHODS)


def test_a_list_ends_with_totals_by_kind(finished: Run) -> None:
    text = told(finished, "list")
    for kind in ("train", "prune", "evaluate", "pixels"):
        count = len(keys_of(finished, kind))
        assert re.search(rf"^{kind} +{count}  ", text, re.M)
    assert re.search(rf"^in all +{len(store_of(finished).artefacts())}  ", text, re.M)
    assert "damaged" not in text and "temporary" not in text


def test_a_list_can_be_sorted(finished: Run) -> None:
    for days, key in enumerate(keys_of(finished, "pixels"), start=1):
        age(finished, days, key)
    by_age = [row[:16] for row in rows(told(finished, "list"))]
    assert by_age[:3] == keys_of(finished, "pixels")[::-1]
    kinds = [row.split()[1] for row in rows(told(finished, "list", "--sort", "kind"))]
    assert kinds == sorted(kinds)
    sizes = {
        key: sum(path.stat().st_size for path in (store_of(finished).root / key).rglob("*.*"))
        for key in by_age
    }
    by_size = [sizes[row[:16]] for row in rows(told(finished, "list", "--sort", "size"))]
    assert by_size == sorted(by_size, reverse=True)


def test_a_list_names_what_is_damaged_and_left_over(finished: Run) -> None:
    root = store_of(finished).root
    key = keys_of(finished, "train")[0]
    flip(root / key / "meta.json")
    name = f".{key}.{'0' * 32}"
    (root / name).mkdir()
    (root / name / "half").write_bytes(bytes(1234))
    text = told(finished, "list")
    assert f"damaged: {key}; reidbench store verify says how, and how to repair it\n" in text
    assert f"temporary folders: {name} (1.2 kB, changed " in text


def test_an_empty_store_says_how_to_fill_it(new_run: New) -> None:
    run = new_run()
    (run.folder / "empty").mkdir()
    assert told(run, "list", "--store", "empty") == (
        "empty: no artefact in it yet; reidbench run SUITE --store empty fills it\n"
    )


# --- verify -----------------------------------------------------------------------------------


def test_what_a_run_left_is_as_it_was_written(finished: Run) -> None:
    before = finished.files()
    text = told(finished, "verify")
    count = len(store_of(finished).artefacts())
    assert re.fullmatch(rf"runs/store: {count} of {count} verified, 0 damaged, in \d+s\n", text)
    assert finished.files() == before


def test_a_flipped_byte_is_found_removed_and_made_again(
    finished: Run, first: tuple[Run, Finished]
) -> None:
    key = keys_of(finished, "prune")[0]
    flip(store_of(finished).root / key / "network.safetensors")
    fault = f"{key} (prune): network.safetensors is not as it was written (its SHA-256 differs); "
    found = told(finished, "verify", status=1)
    assert f"{fault}to repair it: reidbench store verify --remove {key}\n" in found
    mended = told(finished, "verify", "--remove", key, status=1)
    assert f"{fault}removed, the next run that needs it makes it again\n" in mended
    assert not store_of(finished).has(key)
    for path in (finished.home / "results").glob("*.json"):
        path.unlink()
    assert finished.reidbench("run", "suite.yaml").returncode == 0
    assert metrics(finished) == metrics(first[0])
    assert " 0 damaged" in told(finished, "verify")


def test_each_damaged_artefact_has_a_line_that_says_how_to_mend_it(finished: Run) -> None:
    root = store_of(finished).root
    one, two, three = keys_of(finished, "prune", "train")[:3]
    (root / one / "meta.json").unlink()
    (root / two / "head.safetensors").unlink()
    (root / three / "more").touch()
    text = told(finished, "verify", "--store", root, status=1)
    mend = f"; to repair it: reidbench store verify --remove --store {root} "
    lines = [line for line in text.splitlines() if mend in line]
    assert [line[:16] for line in lines] == [one, two, three]
    assert "(damaged): meta.json is missing or damaged (No such file or directory);" in lines[0]
    assert "head.safetensors is missing;" in lines[1]
    assert "more does not belong to it;" in lines[2]
    assert text.endswith(" 3 damaged, in 0s\n") or re.search(r" 3 damaged, in \d+s\n$", text)


def test_only_the_keys_that_are_asked_for_are_checked(finished: Run) -> None:
    one, two = keys_of(finished, "pixels")[:2]
    flip(store_of(finished).root / one / "pixels.npy")
    assert "1 of 1 verified, 0 damaged" in told(finished, "verify", two)
    assert "1 of 2 verified, 1 damaged" in told(finished, "verify", one, two, one, status=1)


def test_what_was_made_before_digests_were_kept_is_no_fault(finished: Run) -> None:
    (key, *_) = keys_of(finished, "train")
    (store_of(finished).root / key / "meta.json").write_text('{"kind": "train"}')
    text = told(finished, "verify")
    assert f"not verifiable (made before digests were kept): {key}\n" in text
    count = len(store_of(finished).artefacts())
    assert f"{count - 1} of {count} verified, 0 damaged" in text


# --- prune ------------------------------------------------------------------------------------


def test_the_least_recently_used_go_first(finished: Run) -> None:
    keys = store_of(finished).artefacts()
    pixels = keys_of(finished, "pixels")
    age(finished, 2)
    age(finished, 3, *pixels)
    root = store_of(finished).root
    size = sum(path.stat().st_size for key in keys for path in (root / key).rglob("*.*"))
    text = told(finished, "prune", "--keep-size", f"{size - 1}B")
    assert text.startswith("runs/store: removed 1 pixels: ")
    assert text.endswith(" left\n") and text.count("\n") == 1
    left = store_of(finished).artefacts()
    assert len(left) == len(keys) - 1 and set(keys) - set(left) < set(pixels)
    assert {path.name for path in root.iterdir() if path.name[0] == "."} <= {".intact"}


def test_what_went_is_made_again(finished: Run, first: tuple[Run, Finished]) -> None:
    age(finished, 2)
    told(finished, "prune", "--older-than", "1d")
    assert store_of(finished).artefacts() == []
    for path in (finished.home / "results").glob("*.json"):
        path.unlink()
    assert finished.reidbench("run", "suite.yaml").returncode == 0
    assert metrics(finished) == metrics(first[0])
    assert store_of(finished).artefacts() == store_of(first[0]).artefacts()


def test_a_dry_run_lists_what_would_go_and_removes_nothing(finished: Run) -> None:
    age(finished, 40)
    before = finished.files()
    text = told(finished, "prune", "--older-than", "30d", "--kind", "pixels", "--dry-run")
    assert sorted(row[:16] for row in rows(text)) == keys_of(finished, "pixels")
    count = len(store_of(finished).artefacts())
    assert re.search(
        rf"^runs/store: would remove 3 pixels: \S+ kB would be freed, {count - 3} artefacts ",
        text,
        re.M,
    )
    assert finished.files() == before


def test_what_was_just_used_is_spared_until_told_otherwise(finished: Run) -> None:
    keys = store_of(finished).artefacts()
    age(finished, 1 / 48)
    text = told(finished, "prune", "--keep-size", "0")
    assert "runs/store: removed nothing: 0 B freed" in text
    assert f"{len(keys)} more (" in text and "used within 1h spared" in text
    assert store_of(finished).artefacts() == keys
    text = told(finished, "prune", "--keep-size", "0", "--spare", "10m", "--kind", "evaluate")
    assert "spared" not in text
    assert keys_of(finished, "evaluate") == [] and keys_of(finished, "train", "prune", "pixels")


def test_left_over_folders_go_after_a_day(finished: Run) -> None:
    root = store_of(finished).root
    old, new = (root / f".{'a' * 16}.{digit * 32}" for digit in "01")
    for folder in (old, new):
        folder.mkdir()
        (folder / "half").write_bytes(bytes(1000))
    for path in (old / "half", old):
        os.utime(path, (time() - 2 * DAY, time() - 2 * DAY))
    limit = ("prune", "--older-than", "30d")
    assert "would remove 1 left-over folder: 1.0 kB" in told(finished, *limit, "--dry-run")
    assert old.exists()
    assert "removed 1 left-over folder: 1.0 kB freed" in told(finished, *limit)
    assert not old.exists() and new.exists()


def test_what_is_not_the_stores_is_never_touched(new_run: New) -> None:
    run = new_run()
    for name in ("photographs", ".git", "notes"):
        (run.folder / "home" / name).mkdir(parents=True)
        (run.folder / "home" / name / "dear").write_text("me")
    text = told(run, "prune", "--store", "home", "--keep-size", "0", "--spare", "0")
    assert text == "home: removed nothing: 0 B freed, 0 artefacts (0 B) left\n"
    assert len(list((run.folder / "home").glob("*/dear"))) == 3


# --- wrong input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["list"], ["verify"], ["prune", "--keep-size", "1GB"]], ids=lambda words: words[0]
)
def test_a_store_that_is_not_there_is_one_sentence(new_run: New, words: list[str]) -> None:
    assert refused(new_run(), *words, "--store", "nowhere") == (
        "reidbench: nowhere: no such folder; give the one in which runs keep their networks with "
        "--store or REIDBENCH_STORE"
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["prune"], "nothing says what to remove; give --keep-size, --older-than or both"),
        (["prune", "--keep-size", "2XB"], "--keep-size '2XB': a size is a number with B, kB, "),
        (["prune", "--keep-size", "2"], "--keep-size '2': a size is a number with B, kB, MB, "),
        (["prune", "--older-than", "soon"], "--older-than 'soon': a time is a number with s, m, "),
        (["prune", "--older-than", "1d", "--spare", "-1h"], "--spare '-1h': a time is a number "),
    ],
)
def test_a_wrong_quantity_is_one_sentence(new_run: New, words: list[str], line: str) -> None:
    assert refused(new_run(), *words).startswith(f"reidbench: {line}")


def test_an_unknown_key_is_one_sentence(finished: Run) -> None:
    key = store_of(finished).artefacts()[0]
    assert refused(finished, "verify", key, key[:-1] + "x") == (
        f"reidbench: runs/store: no artefact '{key[:-1]}x'; did you mean '{key}'? "
        "(reidbench store list shows all)"
    )


@pytest.mark.parametrize("words", [[], ["clean"], ["prune", "--kind", "trains"]])
def test_a_wrong_command_line_ends_with_2(new_run: New, words: list[str]) -> None:
    said = new_run().reidbench("store", *words)
    assert said.returncode == 2
    assert said.stderr.startswith("Usage: ") and "Traceback" not in said.stderr
