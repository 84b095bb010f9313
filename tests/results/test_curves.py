"""Training curves beside results: small, the same bytes again, and refused when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.api.events import CurvePoint
from reidbench.results import CURVES, ResultError, keep_curves, packs, read_curves, write_curves
from reidbench.results.packed_numbers import pack_decimals, unpack_decimals
from reidbench.store import Store
from reidbench.store.curve import Curve
from tests.leaderboard.builders import phase, result
from tests.results.curves import curve

KEYS = [f"{number:016x}" for number in range(310)]


def test_curves_are_read_as_they_were_written_but_for_rounding(tmp_path: Path) -> None:
    before = {key: curve(seed=seed) for seed, key in enumerate(KEYS[:3])}
    after = read_curves(write_curves(tmp_path / CURVES, before))
    assert list(after) == list(before)
    for key, points in before.items():
        for one, other in zip(points, after[key], strict=True):
            assert (one.step, one.epoch) == (other.step, other.epoch)
            assert other.loss == pytest.approx(one.loss, abs=5.1e-4)
            assert other.learning_rate == pytest.approx(one.learning_rate, abs=5.1e-10)
            assert other.images_per_second == pytest.approx(one.images_per_second, abs=5.1)


def test_the_same_curves_give_the_same_bytes_and_again_after_reading(tmp_path: Path) -> None:
    curves = {key: curve(seed=seed) for seed, key in enumerate(KEYS[:3])}
    first = write_curves(tmp_path / "a", curves).read_bytes()
    assert write_curves(tmp_path / "b", dict(reversed(curves.items()))).read_bytes() == first
    assert write_curves(tmp_path / "c", read_curves(tmp_path / "a")).read_bytes() == first


def test_a_table_of_310_trials_takes_little_room(tmp_path: Path) -> None:
    path = write_curves(tmp_path / CURVES, {key: curve(seed=i) for i, key in enumerate(KEYS)})
    assert path.stat().st_size < 200_000
    assert all(len(points) <= 101 for points in read_curves(path).values())


def test_curves_are_no_pack_of_results(tmp_path: Path) -> None:
    write_curves(tmp_path / CURVES, {KEYS[0]: curve()})
    assert packs(tmp_path) == []
    assert read_curves(tmp_path / "none") == {}


def test_those_of_the_store_are_kept_and_those_it_has_lost(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for seed, key in enumerate(KEYS[:2]):
        with store.writing(key) as (folder, _):
            Curve(points=list(curve(seed=seed))).write(folder)
    phases = [phase("train", epochs=20).model_copy(update={"key": key}) for key in KEYS[:2]]
    trained = result(phases=[it.model_copy(update={"steps": 400}) for it in phases])
    assert keep_curves(tmp_path, [trained], store) == (2, 2)
    whole = (tmp_path / CURVES).read_bytes()
    assert keep_curves(tmp_path, [trained], Store(tmp_path / "empty")) == (2, 2)
    assert (tmp_path / CURVES).read_bytes() == whole


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"reidbench_curves":2}', "\xff"])
def test_a_damaged_file_is_said_with_its_line(tmp_path: Path, damage: str) -> None:
    path = write_curves(tmp_path / CURVES, {KEYS[0]: curve()})
    lines = path.read_text().splitlines()
    path.write_text("\n".join([damage, *lines[1:]]), encoding="latin-1")
    with pytest.raises(ResultError, match=r"curves.jsonl:\d: damaged curves .*; restore the file"):
        read_curves(path)


def test_a_loss_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    points = [*curve()[:-1], CurvePoint(400, 20.0, float("nan"), 0.0, 1.0)]
    with pytest.raises(ResultError, match=r"the curve of phase 0+: a number that is not finite"):
        write_curves(tmp_path / CURVES, {KEYS[0]: points})
    assert not (tmp_path / CURVES).exists()


@pytest.mark.parametrize(
    ("values", "significant", "found"),
    [
        ([7.32149, 0.5], 4, [7.321, 0.5]),
        ([12345.0, 7.0], 3, [12300.0, 0.0]),
        ([-0.25, 0.125], 4, [-0.25, 0.125]),
        ([0.0, 0.0], 4, [0.0, 0.0]),
        ([], 4, []),
    ],
)
def test_decimals(values: list[float], significant: int, found: list[float]) -> None:
    packed = pack_decimals(values, significant=significant)
    assert unpack_decimals(packed, len(values)) == found


@pytest.mark.parametrize("text", ["", "3", "99:", "x:", "1e9:AAAA", "3:AAAA"])
def test_what_is_no_decimals_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        unpack_decimals(text, 2)
