"""An artefact is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from reidbench.store import Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "deep" / "store")


def write(store: Store, key: str, text: str = "weights", **meta: object) -> None:
    with store.writing(key) as (folder, notes):
        (folder / "network").write_text(text)
        notes.update(meta)


def test_an_artefact_is_found_with_its_files_and_notes(store: Store) -> None:
    assert not store.has("a")
    write(store, "a", steps=3)
    assert store.has("a") and not store.has("b")
    assert store.meta("a") == {"steps": 3}
    assert (store.folder("a") / "network").read_text() == "weights"


def test_nobody_sees_an_artefact_before_it_is_whole(store: Store) -> None:
    with store.writing("a") as (folder, _):
        (folder / "network").write_text("half")
        assert not store.has("a")
        assert not store.folder("a").exists()
    assert store.has("a")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failed_write_leaves_nothing(store: Store, error: type[BaseException]) -> None:
    with pytest.raises(error), store.writing("a") as (folder, _):
        (folder / "network").write_text("half")
        raise error
    assert not store.has("a")
    assert list(store.root.iterdir()) == []


def test_notes_that_are_no_json_leave_nothing(store: Store) -> None:
    with pytest.raises(TypeError), store.writing("a") as (_, notes):
        notes["network"] = object()
    assert list(store.root.iterdir()) == []


def test_the_leftovers_of_a_killed_process_are_no_artefact(store: Store) -> None:
    (store.root / ".a.123").mkdir(parents=True)
    (store.folder("a")).mkdir()  # by hand, or half copied: without its notes
    (store.folder("a") / "network").write_text("half")
    assert not store.has("a")
    write(store, "a", "whole")
    assert (store.folder("a") / "network").read_text() == "whole"


def test_the_first_of_two_writers_wins_and_the_second_loses_nothing(store: Store) -> None:
    with store.writing("a") as (folder, _):
        (folder / "network").write_text("second")
        write(store, "a", "first")
    assert (store.folder("a") / "network").read_text() == "first"
    assert [path.name for path in store.root.iterdir()] == ["a"]


def test_many_writers_of_one_key_leave_one_whole_artefact(store: Store) -> None:
    for attempt in range(20):
        key, gate, faults = f"key{attempt}", threading.Barrier(4), []

        def work(key: str = key, gate: threading.Barrier = gate, faults: list = faults) -> None:
            try:
                with store.writing(key) as (folder, notes):
                    (folder / "network").write_text("weights")
                    notes["steps"] = 1
                    gate.wait()
            except OSError as error:
                faults.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert faults == []
        assert store.meta(key) == {"steps": 1}
        assert (store.folder(key) / "network").read_text() == "weights"
    assert not [path for path in store.root.iterdir() if path.name.startswith(".")]


def test_an_artefact_says_which_run_made_it(store: Store) -> None:
    write(Store(store.root, {"commit": "abc"}), "a", steps=3)
    assert store.meta("a") == {"provenance": {"commit": "abc"}, "steps": 3}


@pytest.mark.parametrize("damage", [b"", b'{"steps": ', b"\xff"])
def test_damaged_notes_say_so_and_how_to_mend_them(store: Store, damage: bytes) -> None:
    write(store, "a")
    path = store.folder("a") / "meta.json"
    path.write_bytes(damage)
    with pytest.raises(StoreError) as caught:
        store.meta("a")
    assert str(caught.value).startswith(f"{path}: artefact is missing or damaged (")
    assert str(caught.value).endswith("; remove its folder and run again")


def test_a_missing_artefact_says_so(store: Store) -> None:
    with pytest.raises(StoreError, match="missing or damaged"):
        store.meta("a")


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_an_artefact_is_as_readable_as_any_other_file(store: Store) -> None:
    before = os.umask(0o022)
    try:
        write(store, "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.folder("a").stat().st_mode) == 0o755
    assert stat.S_IMODE((store.folder("a") / "meta.json").stat().st_mode) == 0o644
