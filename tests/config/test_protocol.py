"""A protocol is what was published under its name, for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from reidbench.config import protocol as module
from reidbench.config.protocol import (
    CAVEATS,
    FOLDER,
    Protocol,
    ProtocolError,
    caveat,
    load_protocol,
    locked,
    protocol_names,
)
from reidbench.config.yaml_document import DocumentError, load


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the published protocols that a test may spoil."""
    copy = Path(shutil.copytree(FOLDER, tmp_path / "protocols"))
    monkeypatch.setattr(module, "FOLDER", copy)
    monkeypatch.setattr(module, "LOCK", copy / "protocols.lock.json")
    return copy


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_every_file_is_locked_and_every_lock_has_its_file() -> None:
    files = {path.stem: load(path, Protocol).content for path in FOLDER.glob("*.yaml")}
    assert {p.name: p.digest for p in files.values()} == locked()
    assert set(files) == {name.replace("/", "-") for name in locked()}


@pytest.mark.parametrize("name", protocol_names())
def test_what_was_published_loads(name: str) -> None:
    assert load_protocol(name).name == name
    assert load_protocol(name).identity() == {"name": name, "sha256": locked()[name]}


def test_a_caveat_is_of_published_rules_alone() -> None:
    said = json.loads(CAVEATS.read_text())
    assert said.keys() <= locked().keys()
    assert caveat("mini/1", locked()["mini/1"]) == said["mini/1"] != ""
    assert caveat("mini/1", locked()["mini/2"]) == ""
    assert caveat("mini/2", locked()["mini/2"]) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rounds: 2\n  soft_rounds", "rounds: 3\n  soft_rounds"),
        ("margin: 0.3", "margin: 0.31"),
        ("name: smoke/1", "name: smoke/2"),
        ("name: adam, ", "name: adam, momentum: 0.8, "),
    ],
)
def test_a_rule_changed_after_publication_is_refused(folder: Path, old: str, new: str) -> None:
    replace(folder / "smoke-1.yaml", old, new)
    with pytest.raises(ProtocolError) as caught:
        load_protocol("smoke/1")
    assert str(caught.value) == (
        "smoke-1.yaml: the rules of 'smoke/1' were changed after publication; "
        "restore the file, and give new rules a new version"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("summary: A few steps", "summary: Some steps"),
        ("margin: 0.3}", "margin: 0.30}  # a comment"),
        ("{name: adam, learning_rate: 0.001,", "{learning_rate: 1.0e-3, name: adam,"),
        ("name: adam, ", "name: adam, momentum: 0.9, "),  # a default, written out
    ],
)
def test_wording_and_layout_are_no_rules(folder: Path, old: str, new: str) -> None:
    replace(folder / "smoke-1.yaml", old, new)
    assert load_protocol("smoke/1").digest == locked()["smoke/1"]


def test_an_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(ProtocolError) as caught:
        load_protocol("smok/1")
    assert str(caught.value) == (
        f"unknown protocol 'smok/1'; did you mean 'smoke/1'? (known: {', '.join(sorted(locked()))})"
    )


def test_a_locked_protocol_without_its_file_is_refused(folder: Path) -> None:
    (folder / "smoke-1.yaml").unlink()
    with pytest.raises(DocumentError, match=r"smoke-1\.yaml: no such file"):
        load_protocol("smoke/1")


def test_a_protocol_has_no_fields_of_its_own_invention(folder: Path) -> None:
    replace(folder / "smoke-1.yaml", "active: 0.5", "activ: 0.5")
    with pytest.raises(DocumentError) as caught:
        load_protocol("smoke/1")
    assert "pruning.activ: unknown field; did you mean 'active'?" in str(caught.value)


@pytest.mark.parametrize("batch", [4, 6])
def test_a_calibration_batch_holds_whole_hands_of_at_least_two_people(
    folder: Path, batch: int
) -> None:
    replace(folder / "smoke-1.yaml", "images: 32, batch: 16", f"images: 48, batch: {batch}")
    with pytest.raises(DocumentError, match="must hold at least two people"):
        load_protocol("smoke/1")


def test_calibration_images_fill_whole_batches(folder: Path) -> None:
    replace(folder / "smoke-1.yaml", "calibration: {images: 32", "calibration: {images: 33")
    with pytest.raises(DocumentError, match="must be a multiple of its batch"):
        load_protocol("smoke/1")


def test_a_protocol_survives_being_printed() -> None:
    rules = load_protocol("mini/1")
    printed = yaml.safe_dump(rules.model_dump(mode="json"))
    assert Protocol.model_validate(yaml.safe_load(printed)).digest == rules.digest


def test_the_lock_is_sorted_for_readable_changes() -> None:
    text = module.LOCK.read_text()
    assert list(json.loads(text)) == sorted(json.loads(text))
