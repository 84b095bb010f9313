"""What one process of a machine has read and found intact, the others need not read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reidbench.store import Store
from reidbench.store.intact import find_intact, is_known_intact, note_intact

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no boot is known elsewhere")
KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path)
    for key in (KEY, OTHER):
        with made.writing(key) as (folder, _):
            (folder / "pixels.npy").write_bytes(b"pixels")
    return made


def test_what_was_found_intact_is_known_and_else_nothing_is(store: Store) -> None:
    assert not is_known_intact(store, KEY)
    assert not find_intact(store, KEY, lambda: False)
    assert not is_known_intact(store, KEY)
    assert find_intact(store, KEY, lambda: True)
    assert is_known_intact(store, KEY) and not is_known_intact(store, OTHER)
    note_intact(store, OTHER)
    assert is_known_intact(store, OTHER)


def rewrite_and_hide_it(file: Path) -> None:
    before = file.stat()
    file.write_bytes(b"pIxels")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_a_copy(file: Path) -> None:
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    copy.replace(file)


@pytest.mark.parametrize(
    "change",
    [rewrite_and_hide_it, replace_by_a_copy, Path.unlink, lambda file: os.truncate(file, 3)],
)
def test_a_file_that_has_changed_is_known_no_more(
    store: Store, change: Callable[[Path], None]
) -> None:
    note_intact(store, KEY)
    change(store.folder(KEY) / "pixels.npy")
    assert not is_known_intact(store, KEY)


def test_what_changes_while_it_is_read_is_not_known(store: Store) -> None:
    file = store.folder(KEY) / "pixels.npy"

    def verify() -> bool:
        file.write_bytes(b"others")
        return True

    assert find_intact(store, KEY, verify)
    assert not is_known_intact(store, KEY)


def test_the_use_of_an_artefact_is_no_change_of_it(store: Store) -> None:
    note_intact(store, KEY)
    store.mark_used(KEY)
    assert is_known_intact(store, KEY)


def test_nothing_is_known_from_before_the_machine_started(store: Store) -> None:
    note_intact(store, KEY)
    (note,) = (store.root / ".intact").iterdir()
    note.write_text(json.dumps({**json.loads(note.read_text()), "boot": "an earlier one"}))
    assert not is_known_intact(store, KEY)


def test_notes_go_with_what_they_are_of_and_are_no_artefacts(store: Store) -> None:
    note_intact(store, KEY)
    store.remove(KEY)
    note_intact(store, OTHER)
    assert [note.name[:16] for note in (store.root / ".intact").iterdir()] == [OTHER]
    assert store.artefacts() == [OTHER] and store.leftovers() == []
