"""Protocols of one's own: read like published ones, and never taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.config.own_protocol import protocol_of, protocol_text, read_protocol, write_like
from reidbench.config.protocol import FOLDER, ProtocolError, load_protocol, locked
from reidbench.config.yaml_document import DocumentError

SMOKE = (FOLDER / "smoke-1.yaml").read_text(encoding="utf-8")


def written(folder: Path, *changes: tuple[str, str], name: str = "mine/1") -> Path:
    path, text = folder / "mine.yaml", SMOKE.replace("name: smoke/1", f"name: {name}")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_its_digest_is_of_all_its_rules(tmp_path: Path) -> None:
    mine = read_protocol(written(tmp_path))
    wider = read_protocol(written(tmp_path, ("scope: inner", "scope: all")))
    assert (mine.name, mine.is_published) == ("mine/1", False)
    assert len({mine.digest, wider.digest, *locked().values()}) == len(locked()) + 2


def test_a_published_name_belongs_to_the_published_rules(tmp_path: Path) -> None:
    path = written(tmp_path, ("scope: inner", "scope: all"), name="smoke/1")
    with pytest.raises(DocumentError) as caught:
        read_protocol(path)
    assert str(caught.value) == (
        f"{path}:1: name: 'smoke/1' is published with other rules; give yours a name of its own"
    )
    assert read_protocol(written(tmp_path, name="smoke/1")).is_published


def test_a_fault_is_at_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, ("min_keep: 0.02", "min_keep: 2"))
    with pytest.raises(
        DocumentError, match=r"mine\.yaml:21: pruning\.min_keep: must be less than 1"
    ):
        read_protocol(path)


def test_a_document_is_a_protocol_without_a_file(tmp_path: Path) -> None:
    mine = read_protocol(written(tmp_path))
    again = protocol_of(mine.document(), "its notes")
    assert again == mine and again.digest == mine.digest
    rules = mine.document()
    del rules["pruning"]
    with pytest.raises(ProtocolError, match="its notes: pruning: Field required"):
        protocol_of(rules, "its notes")
    with pytest.raises(ProtocolError, match="'mini/1' is published with other rules"):
        protocol_of({**mine.document(), "name": "mini/1"}, "its notes")


def test_its_text_reads_back(tmp_path: Path) -> None:
    mine = load_protocol("reid-round8/1")
    (tmp_path / "copy.yaml").write_text(protocol_text(mine))
    assert read_protocol(tmp_path / "copy.yaml").digest == mine.digest


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("mine.yaml", "mine/1"),
        ("My rules.yml", "my-rules/1"),
        ("2024.yaml", "own-2024/1"),
        ("reid.yaml", "own-reid/1"),
        ("--.yaml", "own/1"),
    ],
)
def test_a_new_one_has_other_rules_name_and_the_same_rules(
    tmp_path: Path, file: str, name: str
) -> None:
    like = load_protocol("reid/1")
    assert write_like(like, tmp_path / file) == name
    mine = read_protocol(tmp_path / file)
    assert mine.name == name and mine.digest != like.digest
    assert mine.model_copy(update={"name": like.name}) == like


def test_a_new_one_overwrites_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(ProtocolError, match="is there already; name a new file"):
        write_like(load_protocol("reid/1"), path)
    with pytest.raises(ProtocolError, match=r"name a file that ends in \.yaml"):
        write_like(load_protocol("reid/1"), tmp_path / "mine")


def test_a_rule_of_rounding_changes_the_digest_only_where_there_is_one() -> None:
    plain, rounded = load_protocol("reid/1"), load_protocol("reid-round8/1")
    assert "round_to" not in plain.model_dump()["pruning"]
    assert (plain.pruning.multiple, rounded.pruning.multiple) == (1, 8)
    rules = {**plain.document(), "name": "x/1"}
    rules["pruning"]["round_to"] = 16
    assert (
        protocol_of(rules, "x").digest
        != protocol_of({**plain.document(), "name": "x/1"}, "x").digest
    )
