"""A pack holds what single files hold, in a line a trial, or is refused with its line."""

from __future__ import annotations

import base64
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from reidbench.cli import cli
from reidbench.results import (
    PACK,
    Result,
    ResultError,
    read_pack,
    read_result,
    read_results,
    write_pack,
    write_result,
)
from reidbench.results.packed_numbers import pack_precision, unpack_precision
from tests.leaderboard.builders import dense, failure, result
from tests.support.places import ROOT

GOLDEN = Path(__file__).parent / "golden"
RANKS = [None, *range(1, 60), *[70_000] * 60]


def some() -> list[Result]:
    return [
        result("l1", first_match=RANKS),
        dense(),
        failure(key="bad", error="out of memory"),
        result("l2", pids=[-1, 2**40, *range(118)]),
    ]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rewritten(path: Path, documents: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(it) + "\n" for it in documents))
    return path


def but_for_precision(it: Result) -> dict[str, Any]:
    document = it.model_dump()
    for name in ("average_precision", "resolution") if it.per_query else ():
        del document["per_query"][name]
    return document


def test_a_pack_gives_back_every_result_but_for_the_rounding_of_its_queries(
    tmp_path: Path,
) -> None:
    written = sorted(some(), key=lambda it: it.key)
    found = read_pack(write_pack(tmp_path / PACK, some()))
    assert list(map(but_for_precision, found)) == list(map(but_for_precision, written))
    for one, other in zip(found, written, strict=True):
        if one.per_query and other.per_query:
            exact = other.per_query.average_precision
            near = [it and pytest.approx(it, abs=1e-5) for it in exact]
            assert one.per_query.average_precision == near


def test_the_same_results_give_the_same_bytes_and_so_does_packing_again(tmp_path: Path) -> None:
    first = write_pack(tmp_path / "a", some()).read_bytes()
    assert write_pack(tmp_path / "b", reversed(some())).read_bytes() == first
    assert write_pack(tmp_path / "c", read_pack(tmp_path / "a")).read_bytes() == first


def test_identities_are_kept_once(tmp_path: Path) -> None:
    seeds = [result(seed=seed) for seed in range(5)]
    kept = [it for it in lines(write_pack(tmp_path / PACK, seeds)) if "identities" in it]
    assert len(kept) == 1


@given(st.lists(st.none() | st.floats(0, 1), max_size=50))
def test_precision_keeps_what_is_excluded_and_all_else_within_its_step(
    values: list[float | None],
) -> None:
    found = unpack_precision(pack_precision(values), len(values))
    assert found == [it if it is None else pytest.approx(it, abs=8.2e-6) for it in values]


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_precision_that_is_none_is_not_packed(value: float) -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        pack_precision([value])


def test_files_and_packs_are_read_together_by_key(tmp_path: Path) -> None:
    write_pack(tmp_path / PACK, [result(key="a"), result(key="c", seed=1)])
    write_result(tmp_path, result(key="b", seed=2))
    (tmp_path / "._b.json").write_bytes(b"\x00\x05")
    (tmp_path / ".DS_Store").write_bytes(b"\x00")
    assert [it.key for it in read_results(tmp_path)] == ["a", "b", "c"]


def test_a_result_in_a_file_and_a_pack_is_refused_until_it_is_packed(tmp_path: Path) -> None:
    write_pack(tmp_path / PACK, [failure(key="a", error="out of memory")])
    write_result(tmp_path, result(key="a"))
    with pytest.raises(ResultError, match="a is in") as refusal:
        read_results(tmp_path)
    assert "reidbench results pack" in str(refusal.value)
    assert CliRunner().invoke(cli, ["results", "pack", str(tmp_path)]).exit_code == 0
    assert [(it.key, it.status) for it in read_results(tmp_path)] == [("a", "done")]
    assert [path.name for path in tmp_path.iterdir()] == [PACK]


def test_a_run_keeps_its_files_and_publishes_a_pack(tmp_path: Path) -> None:
    run, public = tmp_path / "run", tmp_path / "public"
    path = write_result(run / "results", result())
    refused = CliRunner().invoke(cli, ["results", "pack", str(run)])
    assert isinstance(refused.exception, ResultError) and "--out" in str(refused.exception)
    done = CliRunner().invoke(cli, ["results", "pack", str(run), "--out", str(public)])
    assert done.exit_code == 0 and path.is_file()
    words = ["results", "unpack", str(public), "--out", str(tmp_path / "single")]
    assert CliRunner().invoke(cli, words).exit_code == 0
    assert read_result(tmp_path / "single" / path.name) == read_pack(public / PACK)[0]


def bomb(size: int) -> str:
    return base64.b64encode(zlib.compress(bytes(size), 9)).decode()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: it[0].update(reidbench_pack=2), ":1: pack version 2, this reidbench reads 1"),
        (lambda it: it.pop(0), ":1: no pack of results"),
        (lambda it: it[1].update(count=10**9), ":2: 1000000000 numbers"),
        (lambda it: it[1].update(count=119), ":2: does not hold 119"),
        (lambda it: it[1].update(identities="f" * 16), ":2: field 'pids'"),
        (lambda it: it.pop(1), ":2: field 'per_query.identities'"),
        (lambda it: it.append(it[2]), ":4: a second line of"),
        (lambda it: it[2].update(schema_version=99), ":3: result schema 99"),
        (lambda it: it[2].update(engine="x"), ":3: field 'engine'"),
        (lambda it: it[2]["per_query"].update(average_precision="?"), "average_precision': not"),
        (
            lambda it: it[2]["per_query"].update(average_precision=bomb(50_000_000)),
            ":3: field 'per_query.average_precision': does not hold 120",
        ),
        (lambda it: it[2]["per_query"].update(more="x"), ":3: field 'per_query.more'"),
        (
            lambda it: it[2]["per_query"].update(average_precision=pack_precision([0.1] * 120)),
            r":3: field 'scores.final.mAP': is 0.7, but",
        ),
    ],
)
def test_a_pack_that_is_not_whole_is_refused_with_its_line(
    tmp_path: Path, change: Any, told: str
) -> None:
    documents = lines(write_pack(tmp_path / PACK, [result()]))
    change(documents)
    rewritten(tmp_path / PACK, documents)
    tracemalloc.start()
    with pytest.raises(ResultError) as refusal:
        read_pack(tmp_path / PACK)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told in str(refusal.value) and str(tmp_path / PACK) in str(refusal.value)
    assert most < 5_000_000


def test_every_version_that_was_written_is_still_read() -> None:
    """Golden files: never edited; a new schema or pack version adds one."""
    old, new = (read_result(GOLDEN / f"result-{version}.json") for version in (2, 3))
    assert old == new
    (packed,) = read_pack(GOLDEN / "pack-1.jsonl")
    assert but_for_precision(packed) == but_for_precision(new)


def test_published_results_are_small() -> None:
    files = [path for path in (ROOT / "leaderboard").rglob("*") if path.is_file()]
    assert len(files) <= 60
    assert sum(path.stat().st_size for path in files) <= 8_000_000
