"""Training curves that come with results are of their phases, whole, and checked line by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reidbench.results import CURVES, PACK, read_pack, write_curves
from reidbench.submissions.check import check
from tests.results.curves import curve, curves_of_phases
from tests.submissions.falsified import PUBLISHED, bomb, good

Change = Callable[[list[str]], object]


def with_curves(folder: Path) -> Path:
    good(folder)
    phases = [phase for it in read_pack(folder / PACK) for phase in it.phases]
    write_curves(folder / CURVES, curves_of_phases(phases))
    return folder


def findings(folder: Path) -> list[str]:
    return [str(it) for it in check(folder, PUBLISHED) if it.kind == "refused"]


def test_curves_of_the_submission_are_not_refused(tmp_path: Path) -> None:
    folder = with_curves(tmp_path / "mine")
    assert findings(folder) == []


def test_a_curve_of_another_phase_is_refused(tmp_path: Path) -> None:
    folder = with_curves(tmp_path / "mine")
    write_curves(folder / CURVES, {"0" * 16: curve()})
    assert [it.partition(";")[0] for it in findings(folder)] == [
        f"{CURVES}:3: phase: no result has this phase"
    ]


def test_a_curve_of_another_length_is_refused(tmp_path: Path) -> None:
    folder = with_curves(tmp_path / "mine")
    trained = next(it for one in read_pack(folder / PACK) for it in one.phases if it.steps)
    write_curves(folder / CURVES, {trained.key: curve(trained.steps + 1, trained.epochs + 1)})
    fields = [it.split(": ")[1] for it in findings(folder)]
    assert sorted(fields) == ["epochs", "steps"]


def line(index: int, **values: Any) -> Change:
    """Change the document of a line; the last one is a phase, the second a schedule."""

    def change(lines: list[str]) -> None:
        lines[index] = json.dumps({**json.loads(lines[index]), **values})

    return change


CHANGES: dict[str, Change] = {
    "newer": line(0, reidbench_curves=2),
    "no head": lambda it: it.pop(0),
    "no schedule": lambda it: it.pop(1),
    "twice": lambda it: it.append(it[-1]),
    "not sorted": lambda it: it.append(it.pop(-2)),
    "more": line(-1, rank=1),
    "less": lambda it: it.__setitem__(-1, '{"phase":"a"}'),
    "a number": line(-1, loss=1.0),
    "no base64": line(-1, loss="3:<script>"),
    "digits": line(-1, loss="300:AAAA"),
    "bomb": line(-1, loss=f"3:{bomb(20_000_000)}"),
    "count": line(1, count=10**9),
    "count of truth": line(1, count=True),
    "digest": line(1, schedule="0" * 16),
    "key": line(-1, phase="<script>"),
    "long": line(-1, phase="f" * 9_000),
    "NaN": lambda it: it.__setitem__(-1, '{"phase":NaN}'),
    "repeated": lambda it: it.__setitem__(-1, it[-1].replace('{"', '{"loss":"","', 1)),
    "deep": lambda it: it.__setitem__(-1, "[" * 5_000),
    "no JSON": lambda it: it.__setitem__(-1, "curve"),
    "empty line": lambda it: it.__setitem__(-1, ""),
}


@pytest.mark.parametrize("name", CHANGES)
def test_falsified_curves_are_refused_with_their_line(tmp_path: Path, name: str) -> None:
    folder = with_curves(tmp_path / "mine")
    lines = (folder / CURVES).read_text().splitlines()
    CHANGES[name](lines)
    (folder / CURVES).write_text("".join(f"{it}\n" for it in lines))
    found = findings(folder)
    assert found and all(it.startswith(f"{CURVES}:") for it in found)
    assert all(it.isprintable() and len(it) < 600 for it in found)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"cut off", b" " * 2_000_001])
def test_what_is_no_file_of_curves_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = with_curves(tmp_path / "mine")
    (folder / CURVES).write_bytes(content)
    assert any(it.startswith(CURVES) for it in findings(folder))
