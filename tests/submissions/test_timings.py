"""Timings that come with results are checked as these are: whole, possible, of these networks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reidbench.results import LATENCY_FILE, PACK, TrialId, read_pack
from reidbench.submissions.check import check
from reidbench.submissions.lines import read_lines
from reidbench.submissions.timings import AGAIN, timing_findings
from tests.leaderboard.timings import document, timing, write_timings
from tests.submissions.falsified import PUBLISHED, good

Change = Callable[[dict[str, Any]], object]
MARK = "the field"


def timed(folder: Path) -> Path:
    """The good submission with timings of its dense and its l1 network."""
    good(folder)
    pruned = next(it for it in read_pack(folder / PACK) if it.trial.method == "l1")
    found = document(
        timing("resnet18 dense", None, 50.0, [1.0, 1.0]),
        timing("resnet18 l1", pruned.phases[-1].key, 25.0, [2.0, 2.0]),
        timing("resnet18 dense", None, 90.0, None, batch=8),
        timing("resnet18 l1", pruned.phases[-1].key, 60.0, None, batch=8),
    )
    found["size"], found["machine"]["processor"] = [3, 64, 32], "Some CPU"
    for row in found["rows"]:
        if row["steady"]:
            row.update(low=row["median"], high=row["median"])
    write_timings(folder, found)
    return folder


def findings(folder: Path) -> list[str]:
    return [str(it) for it in check(folder, PUBLISHED) if it.kind == "refused"]


def test_timings_of_the_submission_are_not_refused(tmp_path: Path) -> None:
    assert findings(timed(tmp_path / "mine")) == []


def test_a_backbone_whose_label_has_spaces_is_timed_beside_its_own_dense_network(
    tmp_path: Path,
) -> None:
    label = "resnet18(last_stride=1, width=2)"
    folder = timed(tmp_path / "mine")
    found = json.loads((folder / LATENCY_FILE).read_text())
    for its in found["rows"]:
        its["network"] = its["network"].replace("resnet18", label)
    write_timings(folder, found)
    lines = [
        replace(it, result=it.result.model_copy(update={"trial": _on(it.result.trial, label)}))
        for it in read_lines(folder / PACK).lines
    ]
    assert list(timing_findings(folder, lines)) == []


def _on(trial: TrialId, backbone: str) -> TrialId:
    return trial.model_copy(update={"backbone": backbone})


def row(index: int = 1, **values: Any) -> Change:
    return lambda it: it["rows"][index].update(values)


CHANGES: dict[str, tuple[Change, str]] = {
    "negative": (row(least=-1.0), "rows.1.least"),
    "beyond all numbers": (row(high=10**300), "rows.1.high"),
    "quartiles": (row(low=1.0), "rows.1.median"),
    "other network": (row(trial="0" * 16), "rows.1.trial"),
    "a path": (row(trial="../../half"), "rows.1.trial"),
    "other backbone": (row(network="resnet50 l1"), "rows.1.network"),
    "other dense": (row(0, network="resnet50 dense"), "rows.0.network"),
    "dense without a name": (row(1, trial=None), "rows.1.network"),
    "faster": (row(speed_up=[50.0, 50.0]), "rows.1.speed_up"),
    "verdict kept back": (row(speed_up=None), "rows.1.speed_up"),
    "verdict from noise": (row(3, speed_up=[1.5, 1.5]), "rows.3.speed_up"),
    "noise called steady": (row(3, steady=True), "rows.3.steady"),
    "twice": (lambda it: it["rows"].append(it["rows"][1]), "rows.4"),
    "no dense": (lambda it: it["rows"].pop(0), "rows.0.speed_up"),
    "batch": (row(batch=10**9), "rows.1.batch"),
    "text for a number": (row(batch="1"), "rows.1.batch"),
    "engine": (row(engine="<b>"), "rows.1.engine"),
    "script": (lambda it: it["machine"].update(processor="<script>"), "machine.processor"),
    "pipe": (row(network="resnet18 | l1"), "rows.1.network"),
    "direction": (lambda it: it["machine"].update(processor="a\u202eb"), "machine.processor"),
    "size": (lambda it: it.update(size=[3, 256, 128]), "size"),
    "runs": (lambda it: it.update(runs=0), "runs"),
    "threads": (lambda it: it["machine"].update(threads=-1), "machine.threads"),
    "measured": (lambda it: it.update(measured="today"), "measured"),
    "newer": (lambda it: it.update(schema_version=9), "schema_version"),
    "more": (lambda it: it.update(rank=1), "rank"),
    "no rows": (lambda it: it.pop("rows"), "rows"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_falsified_timings_are_refused_with_their_field(tmp_path: Path, name: str) -> None:
    folder, (change, field) = timed(tmp_path / "mine"), CHANGES[name]
    found = json.loads((folder / LATENCY_FILE).read_text())
    change(found)
    write_timings(folder, found)
    line = line_of(json.loads((folder / LATENCY_FILE).read_text()), field)
    assert any(it.startswith(f"{LATENCY_FILE}:{line}: {field}: ") for it in findings(folder))


def line_of(document: Any, field: str) -> int:
    """Return the line of a field as ``json`` writes it with an indent: every value on its own."""
    lines = json.dumps(_marked(document, field.split(".")), indent=1).splitlines()
    return next((n for n, line in enumerate(lines, start=1) if MARK in line), 1)


def _marked(document: Any, path: list[str]) -> Any:
    """Return a document with a mark in the place of a field, if it has it."""
    if not path:
        return MARK
    name = int(path[0]) if isinstance(document, list) else path[0]
    if isinstance(document, list):
        return [_marked(it, path[1:]) if at == name else it for at, it in enumerate(document)]
    return {k: _marked(it, path[1:]) if k == name else it for k, it in document.items()}


def test_a_finding_about_timings_names_the_line_of_its_field(tmp_path: Path) -> None:
    folder = timed(tmp_path / "mine")
    text = (folder / LATENCY_FILE).read_text().replace('"runs": 20', '"runs": 0')
    (folder / LATENCY_FILE).write_text(text)
    (line,) = (n for n, it in enumerate(text.splitlines(), start=1) if '"runs"' in it)
    (finding,) = findings(folder)
    assert finding == f"{LATENCY_FILE}:{line}: runs: 0 is no number of runs; {AGAIN}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", ":1"),
        (b'{\n"rows": \xff}', ":2"),
        (b"[]", ":1"),
        (b'{"rows":\n NaN}', ":2"),
        (b'{"runs": 1,\n"NaN": [{"runs": 2,\n"size": 0}, [\n1e999]]}', ":4"),
        (b'{\n"runs": ' + b"9" * 5000 + b"}", ":2"),
        (b'{"runs": "a\\"[",\n"rows": [{"runs": 1}],\n"runs": 2}', ":3"),
        (b'{"rows": [\n1,\n2', ":3"),
        (b"[" * 100_000, ""),
        (b"[" * 900 + b"]" * 900, ":1"),
        (b" " * 1_000_001, ""),
    ],
)
def test_what_is_no_file_of_timings_is_refused_with_its_line(
    tmp_path: Path, content: bytes, line: str
) -> None:
    folder = timed(tmp_path / "mine")
    (folder / LATENCY_FILE).write_bytes(content)
    assert any(it.startswith(f"{LATENCY_FILE}{line}: ") for it in findings(folder))
