"""An artefact is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from reidbench.files import NoRoom
from reidbench.store import Store, StoreError

FULL = Path("/dev/full")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "deep" / "store")


def write(store: Store, key: str, text: str = "weights", **meta: object) -> None:
    with store.writing(key) as (folder, notes):
        (folder / "network").write_text(text)
        notes.update(meta)


def noted(store: Store, key: str) -> dict[str, object]:
    """Return what the writer noted, without what the store adds."""
    return {name: note for name, note in store.meta(key).items() if name != "files"}


def test_an_artefact_is_found_with_its_files_and_notes(store: Store) -> None:
    assert not store.has("a")
    write(store, "a", steps=3)
    assert store.has("a") and not store.has("b")
    assert noted(store, "a") == {"steps": 3}
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


@pytest.mark.skipif(not FULL.exists(), reason="Linux's device that is always full")
def test_a_full_disk_says_what_could_not_be_kept_and_leaves_nothing(store: Store) -> None:
    full = pytest.raises(NoRoom, match=f"^{store.root / 'a'}: no space is left")
    with full, store.writing("a") as (folder, _):
        (folder / "network").write_text("half")
        FULL.write_text("the other half")
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


def test_a_writer_that_looked_too_early_leaves_the_whole_artefact_where_it_is(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, "a", "first")
    looks, has = iter([False]), store.has
    monkeypatch.setattr(Store, "has", lambda _, key: next(looks, None) is None and has(key))
    write(store, "a", "second")
    assert (store.folder("a") / "network").read_text() == "first"


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
        assert noted(store, key) == {"steps": 1}
        assert (store.folder(key) / "network").read_text() == "weights"
    assert not [path for path in store.root.iterdir() if path.name.startswith(".")]


def test_an_artefact_says_which_run_made_it(store: Store) -> None:
    write(Store(store.root, {"commit": "abc"}), "a", steps=3)
    assert noted(store, "a") == {"provenance": {"commit": "abc"}, "steps": 3}


@pytest.mark.parametrize("damage", [b"", b'{"steps": ', b"\xff"])
def test_damaged_notes_say_so_and_how_to_fix_them(store: Store, damage: bytes) -> None:
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


def test_its_notes_hold_size_and_digest_of_every_file(store: Store) -> None:
    with store.writing("a") as (folder, _):
        (folder / "pruned").mkdir()
        (folder / "pruned" / "network").write_bytes(b"cut")
        (folder / "empty").touch()
    assert store.meta("a")["files"] == {
        "empty": {"bytes": 0, "sha256": hashlib.sha256().hexdigest()},
        "pruned/network": {"bytes": 3, "sha256": hashlib.sha256(b"cut").hexdigest()},
    }


def test_a_file_of_many_pieces_has_the_digest_of_the_whole(store: Store) -> None:
    content = bytes(range(256)) * 10_000 + b"rest"
    with store.writing("a") as (folder, _):
        (folder / "network").write_bytes(content)
    (digest,) = store.meta("a")["files"].values()
    assert digest == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_notes_of_which_any_byte_has_changed_are_damaged(store: Store) -> None:
    write(store, "a", steps=3)
    path = store.folder("a") / "meta.json"
    whole = path.read_bytes()
    for index in range(len(whole)):
        changed = bytearray(whole)
        changed[index] ^= 1 << index % 8
        path.write_bytes(changed)
        assert not store.has("a"), changed
        with pytest.raises(StoreError):
            store.meta("a")
    path.write_bytes(whole)
    assert store.has("a")


def test_notes_cut_off_anywhere_are_damaged(store: Store) -> None:
    write(store, "a", steps=3)
    path = store.folder("a") / "meta.json"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert not store.has("a")


def test_notes_are_json_for_everybody(store: Store) -> None:
    write(store, "a", "weights", steps=3)
    notes = json.loads((store.folder("a") / "meta.json").read_text())
    assert list(notes) == ["steps", "files", "crc32"]


@pytest.mark.parametrize("text", ['{"steps": 3}', '{\n "steps": 3\n}', '{"steps": 3}\n'])
def test_an_artefact_of_an_older_version_is_there(store: Store, text: str) -> None:
    write(store, "a")
    (store.folder("a") / "meta.json").write_text(text)
    assert store.has("a") and store.meta("a") == {"steps": 3}


@pytest.mark.parametrize("text", ["3", "[]", "null", '"steps"'])
def test_notes_that_note_nothing_are_damaged(store: Store, text: str) -> None:
    write(store, "a")
    (store.folder("a") / "meta.json").write_text(text)
    assert not store.has("a")


def test_a_damaged_artefact_is_written_anew(store: Store) -> None:
    write(store, "a", "first")
    (store.folder("a") / "meta.json").write_bytes(b"")
    write(store, "a", "second")
    assert store.has("a")
    assert (store.folder("a") / "network").read_text() == "second"
    assert [path.name for path in store.root.iterdir()] == ["a"]


# --- use and removal --------------------------------------------------------------------------


def test_only_a_mark_is_a_use_and_looking_changes_nothing(store: Store) -> None:
    write(store, "a")
    os.utime(store.root / "a", (1e9, 1e9))
    assert store.has("a") and store.meta("a") and store.folder("a").is_dir()
    assert store.last_used("a") == 1e9
    notes = (store.root / "a" / "meta.json").stat().st_mtime_ns
    store.mark_used("a")
    assert store.last_used("a") > 1e9
    assert (store.root / "a" / "meta.json").stat().st_mtime_ns == notes


def test_an_artefact_that_is_not_there_can_be_marked_and_stays_absent(store: Store) -> None:
    store.mark_used("a")
    assert not store.folder("a").exists()


def test_only_what_is_named_like_an_artefact_is_one(store: Store) -> None:
    key, unique = "0123456789abcdef", "f" * 32
    write(store, key)
    for name in ("photographs", ".git", key.upper(), f"{key}0", f".{key}", f".{key}.{unique}"):
        (store.root / name).mkdir()
    (store.root / "fedcba9876543210").write_text("a file")
    assert store.artefacts() == [key]
    assert store.leftovers() == [f".{key}.{unique}"]


def test_the_latest_artefact_is_the_one_used_last(store: Store) -> None:
    keys = [f"{number:016x}" for number in range(4)]
    for age, key in enumerate(keys):
        write(store, key)
        os.utime(store.root / key, (1e9 - age, 1e9 - age))
    assert store.latest() == keys
    store.mark_used(keys[2])
    # Looking is no use, and damage no reason to leave one out.
    (store.root / keys[3] / "meta.json").write_text("{")
    assert store.has(keys[0]) and not store.has(keys[3])
    assert store.latest() == [keys[2], keys[0], keys[1], keys[3]]


def test_the_latest_artefacts_are_all_and_nothing_else(store: Store) -> None:
    keys = [f"{number:016x}" for number in range(30)]
    for key in keys:
        write(store, key)
    (store.root / "photographs").mkdir()
    (store.root / f".{keys[0]}.{'f' * 32}").mkdir()
    assert sorted(store.latest()) == store.artefacts() == keys


def test_a_removed_artefact_is_gone_and_can_be_written_again(store: Store) -> None:
    write(store, "a", "first")
    assert store.remove("a") and not store.remove("a")
    assert not store.has("a") and list(store.root.iterdir()) == []
    write(store, "a", "second")
    assert (store.folder("a") / "network").read_text() == "second"


def test_a_reader_sees_a_removed_artefact_whole_or_not_at_all(store: Store) -> None:
    names = {"meta.json", *(f"file{index}" for index in range(40))}
    keys = [f"key{index}" for index in range(10)]
    for key in keys:
        with store.writing(key) as (folder, _):
            [(folder / name).touch() for name in names - {"meta.json"}]
    torn, seen, over = [], [], threading.Event()

    def read() -> None:
        while not over.is_set():
            for key in keys:
                try:
                    found = {path.name for path in (store.root / key).iterdir()}
                except FileNotFoundError:
                    continue
                seen.append(key)
                # A folder that was opened before it went may be read to its end.
                if found != names and (store.root / key).exists():
                    torn.append(key)

    readers = [threading.Thread(target=read) for _ in range(2)]
    [reader.start() for reader in readers]
    while not seen:
        pass
    [store.remove(key) for key in keys]
    over.set()
    [reader.join() for reader in readers]
    assert torn == []
    assert list(store.root.iterdir()) == []
