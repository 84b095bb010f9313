"""Provenance says where a number comes from, and nothing about the owner of the machine."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

import reidbench
from reidbench.store.provenance import PACKAGES, collect, source_state


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package in a checkout of its own, committed."""
    folder = tmp_path / "checkout" / "package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    git(folder.parent, "init")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "-m", "first")
    return folder


def test_it_names_versions_and_hardware() -> None:
    found = collect()
    assert found["reidbench"] == reidbench.__version__
    assert found["python"] == platform.python_version()
    assert set(found["packages"]) == set(PACKAGES)
    assert found["packages"]["numpy"]
    assert found["hardware"]["cores"] == os.cpu_count()


def test_it_is_json_and_comes_back_the_same() -> None:
    found = collect()
    assert json.loads(json.dumps(found)) == found


def test_the_time_is_utc() -> None:
    then = datetime.fromisoformat(collect()["utc"])
    assert then.utcoffset() == timezone.utc.utcoffset(None)
    assert abs((datetime.now(timezone.utc) - then).total_seconds()) < 60


def test_it_names_neither_host_nor_user_nor_folder() -> None:
    text = json.dumps(collect())
    assert not re.search(rf"\b{re.escape(platform.node())}\b", text)
    assert str(Path(reidbench.__file__).parent) not in text
    assert str(Path.home()) not in text
    # A user called "root" or "linux" is a word of its own only by chance.
    assert f"/{getpass.getuser()}/" not in text


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reidbench.store.provenance.PACKAGES", ("no-such-distribution",))
    assert collect()["packages"] == {"no-such-distribution": None}


def test_torch_is_not_imported_to_ask_for_threads() -> None:
    code = (
        "import json, sys; from reidbench.store.provenance import collect; "
        "print(json.dumps([collect()['hardware']['threads'], 'torch' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [None, False]


def test_threads_are_torchs_where_it_is_in_use() -> None:
    torch = pytest.importorskip("torch")
    assert collect()["hardware"]["threads"] == torch.get_num_threads()


def test_a_clean_checkout_is_its_commit(package: Path) -> None:
    state = source_state(package)
    assert state is not None
    assert re.fullmatch("[0-9a-f]{40}", state["commit"])
    assert state["dirty"] is False


def test_an_edited_checkout_is_dirty(package: Path) -> None:
    (package / "__init__.py").write_text("edited = True\n")
    state = source_state(package)
    assert state is not None
    assert state["dirty"] is True


def test_a_folder_outside_any_checkout_has_no_commit(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("")
    assert source_state(tmp_path) is None


def test_an_installed_package_does_not_claim_the_checkout_around_it(package: Path) -> None:
    installed = package.parent / "site-packages" / "reidbench"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert source_state(installed) is None


def test_a_repository_in_the_environment_is_not_taken_for_the_packages(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = source_state(package)
    git(tmp_path, "init", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert source_state(package) == expected


def test_without_git_there_is_no_commit(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert source_state(package) is None
