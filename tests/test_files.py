"""A file is the old one or the new one, never half of either."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.files import NoRoom, free_space, room_for, write_atomically


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "new" / "deep" / "file"
    write_atomically(path, text)
    assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \udc00")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError):
        write_atomically(tmp_path / "file", "text")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="Linux's device that is always full")
def test_a_full_disk_is_reported_apart_from_other_errors_in_one_line() -> None:
    with pytest.raises(NoRoom) as caught, room_for(Path("runs/file")):
        FULL.write_text("text")
    said = str(caught.value)
    assert said.startswith("runs/file: no space is left to write it; make room ")
    assert "run the same command again" in said and "\n" not in said
    with pytest.raises(FileNotFoundError), room_for(Path("runs/file")):
        Path("nowhere/to/be/found").read_text()


def test_the_space_for_a_folder_is_known_before_it_exists(tmp_path: Path) -> None:
    there = shutil.disk_usage(tmp_path).free
    assert free_space(tmp_path / "not" / "there" / "yet") == pytest.approx(there, abs=1e9)
    assert free_space(Path("not-there-either")) > 0  # in the current folder
