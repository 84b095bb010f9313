"""The curve of a training: how many points it has, of what, and how it goes on."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from reidbench.store import Store
from reidbench.store.artefacts import StoreError
from reidbench.store.curve import CURVE, Curve, read_curve

KEY = "0123456789abcdef"


def trained(curve: Curve, steps: int, first: int = 1, last: int | None = None) -> Curve:
    for step in range(first, (last or steps) + 1):
        loss, rate = 1 / step, 0.1 / step
        curve.step(step, steps, epoch=step / 10, loss=loss, rate=rate, speed=100.0)
    return curve


@pytest.mark.parametrize("steps", [1, 7, 99, 100, 101, 250, 9_999, 123_456])
def test_a_hundred_points_and_the_first_step_at_most(steps: int) -> None:
    points = trained(Curve(), steps).points
    assert len(points) == (steps if steps <= 100 else 101)
    assert (points[0].step, points[-1].step) == (1, steps)
    gaps = [b.step - a.step for a, b in pairwise(points)]
    assert all(gap <= -(-steps // 100) for gap in gaps)


def test_a_loss_is_the_mean_since_the_point_before() -> None:
    points = trained(Curve(), 1000).points
    assert points[0].loss == 1
    assert points[1].loss == pytest.approx(sum(1 / step for step in range(2, 11)) / 9)
    assert (points[1].step, points[1].epoch, points[1].learning_rate) == (10, 1.0, 0.01)


@pytest.mark.parametrize("at", [1, 9, 10, 555, 999])
def test_it_goes_on_where_the_checkpoint_was(at: int) -> None:
    before = trained(Curve(), 1000, last=at)
    after = Curve()
    after.go_on(json.loads(json.dumps(before.notes())))
    assert trained(after, 1000, first=at + 1).points == trained(Curve(), 1000).points


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    store, curve = Store(tmp_path), trained(Curve(), 1000)
    with store.writing(KEY) as (folder, _):
        curve.write(folder)
    assert list(read_curve(store, KEY)) == curve.points
    assert CURVE in store.meta(KEY)["files"]


def test_an_artefact_without_one_has_no_points(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.writing(KEY) as (folder, _):
        Curve().write(folder)
    assert read_curve(store, KEY) == ()


@pytest.mark.parametrize("damage", ["{", '{"step": 1}', "[1, 2]"])
def test_a_damaged_one_is_said_with_its_file(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    with store.writing(KEY) as (folder, _):
        (folder / CURVE).write_text(damage)
    with pytest.raises(StoreError, match=f"{KEY}/{CURVE}: the curve is damaged"):
        read_curve(store, KEY)


def test_one_that_lacks_whole_lines_is_damaged_too(tmp_path: Path) -> None:
    store, curve = Store(tmp_path), Curve()
    for step in (1, 2):
        curve.step(step, 2, epoch=step, loss=1.0, rate=0.1, speed=10.0)
    with store.writing(KEY) as (folder, _):
        curve.write(folder)
    file = tmp_path / KEY / CURVE
    assert len(read_curve(store, KEY)) == 2
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(StoreError, match=r"the curve is damaged \(\d+ bytes in place of \d+\)"):
        read_curve(store, KEY)
