"""A table of pictures is a data set; its faults are named by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.api import DRAWN_MARK, DataError
from reidbench_plugins.datasets.own.table import load
from tests.builtin_plugins.datasets.own_pictures import ROWS, picture, table


def test_rows_become_splits_numbered_alike(tmp_path: Path) -> None:
    data = load(file=table(tmp_path))
    assert data.train.pids.tolist() == [0, 0, 1, 1]
    assert data.query.pids.tolist() == [2] and data.gallery.pids.tolist() == [2, -1]
    assert data.gallery.camids.tolist() == [1, 0]  # 1 before 10
    assert data.train.names[0] == "ann_c1.png"
    assert data.query.read(0)[0, 0, 0] == 4
    assert not data.drawn


def test_columns_in_any_order_other_columns_and_a_byte_order_mark_are_taken(tmp_path: Path) -> None:
    plain = load(file=table(tmp_path / "a"))
    turned = [",".join([*reversed(row.split(",")), "noon"]) for row in ROWS]
    file = table(tmp_path / "b", turned, head="﻿split, camid, pid, path, time")
    assert load(file=file).fingerprint == plain.fingerprint


def test_other_bytes_under_the_same_names_are_another_data_set(tmp_path: Path) -> None:
    file = table(tmp_path)
    before = load(file=file).fingerprint
    assert load(file=file).fingerprint == before
    picture(tmp_path / "ann_c1.png", 200)
    assert load(file=file).fingerprint != before


def test_a_mark_beside_the_table_says_that_its_pictures_are_drawn(tmp_path: Path) -> None:
    file = table(tmp_path)
    (tmp_path / DRAWN_MARK).touch()
    assert load(file=file).drawn


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("ann_c1.png,ann,1,tset", r"my\.csv:9: split: 'tset' is none of train, query, gallery"),
        ("gone.png,ann,1,train", r"my\.csv:9: path: no such file: .*gone\.png"),
        ("ann_c1.png,,1,train", r"my\.csv:9: pid: is empty"),
        ("ann_c1.png,ann,1", r"my\.csv:9: has not as many values"),
        ("ann_c1.png,ann,1,train,x", r"my\.csv:9: has not as many values"),
        ("ann_c1.png,ann,1,train", r"my\.csv:9: path: 'ann_c1\.png' is in line 2 already"),
        ("ann_c10.png,ann,10,query", r"my\.csv:9: pid: person 'ann' is in 'query' here .* line 2"),
        ("junk_c1.png,-1,1,train", r"my\.csv:9: pid: -1 is junk"),
    ],
)
def test_a_fault_is_one_sentence_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        load(file=table(tmp_path, [*ROWS, row]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("a.png,7,1,train", "b.png,007,1,train"), "people '007' and '7' are one number written"),
        (("a.png,-1.0,1,train", "b.png,8,1,train"), "people '-1' and '-1.0' are one number"),
        (("a.png,7,01,train", "b.png,8,1,train"), "cameras '01' and '1' are one number written"),
    ],
)
def test_a_number_written_in_two_ways_is_no_two_people(
    rows: tuple[str, str], said: str, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / name)
    with pytest.raises(DataError, match=said):
        load(file=table(tmp_path, [*ROWS, *rows]))


def test_a_table_without_its_columns_a_split_or_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"my\.csv:1: lacks the column pid: .* it has: path, id"):
        load(file=table(tmp_path, head="path,id,camid,split"))
    with pytest.raises(DataError, match="no row has the split 'query'"):
        load(file=table(tmp_path, [row for row in ROWS if not row.endswith("query")]))
    (tmp_path / "my.csv").write_bytes(b"path,pid,camid,split\n\xff\xfe")
    with pytest.raises(DataError, match="save it as UTF-8"):
        load(file=tmp_path / "my.csv")
    with pytest.raises(DataError, match="is no file; name a table"):
        load(file=tmp_path / "no.csv")
