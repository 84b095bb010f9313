"""A result file is read back as it was written, or refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from reidbench.files import write_atomically
from reidbench.results import (
    SCHEMA_VERSION,
    Result,
    ResultError,
    TrialId,
    read_result,
    read_results,
    write_result,
)
from tests.leaderboard.builders import dense, failure, result
from tests.support.places import ROOT

PUBLISHED = ROOT / "leaderboard"

share = st.floats(0, 1, allow_nan=False)


def edited(path: Path, **changes: Any) -> Path:
    """Change fields of a result file; None removes one."""
    document = {**json.loads(path.read_text()), **changes}
    kept = {name: value for name, value in document.items() if value is not None}
    path.write_text(json.dumps(kept))
    return path


@given(st.lists(st.none() | share, min_size=120, max_size=120).filter(any), share)
@settings(max_examples=20)
def test_a_result_is_read_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, found: list[float | None], achieved: float
) -> None:
    written = result(average_precision=found, achieved=achieved)
    path = write_result(tmp_path_factory.mktemp("results"), written)
    assert read_result(path) == written


def test_the_first_match_of_each_query_is_kept(tmp_path: Path) -> None:
    written = result(first_match=[None, *range(1, 120)])
    assert read_result(write_result(tmp_path, written)) == written


def test_a_result_from_before_first_matches_were_kept_is_read(tmp_path: Path) -> None:
    path = write_result(tmp_path, result())
    per_query = json.loads(path.read_text())["per_query"]
    del per_query["first_match"]
    found = read_result(edited(path, per_query=per_query)).per_query
    assert found is not None
    assert found.first_match is None


def test_a_failure_is_a_result_too(tmp_path: Path) -> None:
    written = failure(error="out of memory")
    assert read_result(write_result(tmp_path, written)) == written


def test_the_file_is_named_by_the_key_and_carries_its_schema(tmp_path: Path) -> None:
    path = write_result(tmp_path / "new", result(key="abc"))
    assert path == tmp_path / "new" / "abc.json"
    assert json.loads(path.read_text())["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1, "1", True, [], None])
def test_an_older_or_newer_schema_is_refused(tmp_path: Path, version: object) -> None:
    path = edited(write_result(tmp_path, result()), schema_version=version)
    with pytest.raises(ResultError) as refusal:
        read_result(path)
    message = str(refusal.value)
    assert str(path) in message
    assert f"result schema {version}, this reidbench reads 2 to {SCHEMA_VERSION}" in message


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 1', "[1, 2]", "7"])
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ResultError, match=r"broken\.json"):
        read_result(path)


MATCHES = [None, 1, 1, 3, 7, 12, *[1] * 114]
"""First matches: 116 of 119 queries at rank 1, 117 among five, 118 among ten."""


@pytest.mark.parametrize(
    ("metric", "given", "told"),
    [
        ("mAP", 0.99, r"is 0\.99, but 'per_query' gives 0\.7\d+"),
        ("mAP", float("nan"), "is nan, but"),
        ("rank1", 1.0, r"is 1, but 'per_query' gives 0\.9747899"),
        ("rank5", 0.5, r"is 0\.5, but 'per_query' gives 0\.9831933"),
        ("rank10", 0.5, r"is 0\.5, but 'per_query' gives 0\.9915966"),
        ("valid_queries", 120, "is 120, but 'per_query' gives 119"),
        ("excluded_queries", 0, "is 0, but 'per_query' gives 1"),
    ],
)
def test_scores_that_are_not_those_of_the_queries_are_refused(
    tmp_path: Path, metric: str, given: float, told: str
) -> None:
    path = write_result(tmp_path, result(first_match=MATCHES))
    scores = json.loads(path.read_text())["scores"]
    scores["final"][metric] = given
    with pytest.raises(ResultError, match=rf"field 'scores\.final\.{metric}': {told}") as refusal:
        read_result(edited(path, scores=scores))
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith("restore the file as it was written, or run its trial again")


@given(st.lists(st.none() | share, min_size=120, max_size=120).filter(any), st.floats(-1, 1))
@settings(max_examples=30)
def test_the_map_is_the_mean_over_queries_but_for_their_rounding(
    tmp_path_factory: pytest.TempPathFactory, found: list[float | None], off: float
) -> None:
    """As a run writes them: the mean of what is exact beside what has six digits."""
    exact = result(average_precision=found)
    six_digits = [value if value is None else round(value, 6) for value in found]
    assert exact.per_query is not None and exact.scores is not None
    rounded = exact.per_query.model_copy(update={"average_precision": six_digits})
    final = exact.scores.final
    directory = tmp_path_factory.mktemp("results")
    written = exact.model_copy(update={"per_query": rounded})
    assert read_result(write_result(directory, written)) == written
    moved = final.model_copy(update={"mAP": final.mAP + off})
    scores = exact.scores.model_copy(update={"final": moved})
    path = write_result(directory, written.model_copy(update={"scores": scores}))
    if abs(off) < 4e-7:
        assert read_result(path).scores == scores
    elif abs(off) > 2e-6:
        with pytest.raises(ResultError, match=r"scores\.final\.mAP"):
            read_result(path)


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ({"average_precision": [0.5] * 119}, "a value, or null, for each of 'pids'"),
        ({"first_match": [1] * 119}, "'first_match' must be null where"),
        ({"first_match": [None] + [1] * 119}, "'first_match' must be null where"),
    ],
    ids=str,
)
def test_lists_that_do_not_speak_of_the_same_queries_are_refused(
    tmp_path: Path, lists: dict[str, Any], told: str
) -> None:
    path = write_result(tmp_path, result())
    per_query = {**json.loads(path.read_text())["per_query"], **lists}
    with pytest.raises(ResultError, match=f"field 'per_query': .*{told}"):
        read_result(edited(path, per_query=per_query))


def test_every_published_result_has_the_scores_of_its_queries() -> None:
    published = [folder for folder in PUBLISHED.iterdir() if any(folder.glob("*.jsonl"))]
    assert len(published) >= 3
    assert sum(found.status == "done" for it in published for found in read_results(it)) > 400


@pytest.mark.parametrize("field", ["trial", "status", "protocol", "tolerance"])
def test_an_incomplete_file_is_named_with_the_missing_field(tmp_path: Path, field: str) -> None:
    path = edited(write_result(tmp_path, result()), **{field: None})
    with pytest.raises(ResultError, match=f"field '{field}'") as refusal:
        read_result(path)
    assert str(path) in str(refusal.value)


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    path = edited(write_result(tmp_path, result()), score=1.0)
    with pytest.raises(ResultError, match="field 'score'"):
        read_result(path)


def test_a_directory_is_read_in_the_order_of_its_file_names(tmp_path: Path) -> None:
    for key in ("b", "c", "a"):
        write_result(tmp_path, result(key=key))
    assert [found.key for found in read_results(tmp_path)] == ["a", "b", "c"]


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="no results"):
        read_results(tmp_path)


def test_a_directory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="no such directory"):
        read_results(tmp_path / "absent")


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        result().status = "failed"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("achieved", "matched"), [(0.5, True), (0.5049, True), (0.4951, True), (0.506, False)]
)
def test_matched_means_within_the_tolerance_on_either_side(achieved: float, matched: bool) -> None:
    assert result(reduction=0.5, achieved=achieved).matched is matched


def test_a_failed_trial_is_not_matched() -> None:
    assert not failure(error="out of memory").matched


def test_a_trial_reads_as_one_line() -> None:
    assert (
        str(result("l1", seed=3).trial)
        == "target-only/resnet18/synthped/l1[one-shot,uniform]@50%/seed3"
    )
    assert str(dense().trial) == "target-only/resnet18/synthped/dense/seed0"


def test_a_result_written_again_replaces_the_first(tmp_path: Path) -> None:
    write_result(tmp_path, failure(key="same", error="out of memory"))
    path = write_result(tmp_path, result(key="same"))
    assert read_result(path).status == "done"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_meets_no_half_written_file(tmp_path: Path) -> None:
    """What is still being written ends otherwise than a result."""
    write_result(tmp_path, result(key="whole"))
    (tmp_path / ".other.json.tmp123").write_text("{")
    assert [found.key for found in read_results(tmp_path)] == ["whole"]


def test_every_field_of_a_trial_is_needed() -> None:
    fields = result().trial.model_dump()
    for field in fields:
        with pytest.raises(ValidationError, match=field):
            TrialId(**{name: value for name, value in fields.items() if name != field})


def test_a_result_has_no_field_of_another_name() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Result(**result().model_dump(), map=0.5)
