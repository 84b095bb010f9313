"""One folder a person is a data set: with splits as folders, or in drawn halves."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.api import DataError
from reidbench_plugins.datasets.own.people import load
from tests.builtin_plugins.datasets.own_pictures import picture


def people(root: Path, count: int = 6, cameras: bool = True) -> Path:
    for person in range(count):
        for shot in range(4):
            camera = f"_c{shot % 2 + 1}" if cameras else ""
            picture(root / f"p{person}" / f"{shot}{camera}.png", 10 * person + shot)
    return root


def parted(root: Path) -> Path:
    for part, names in (("train", "ab"), ("query", "z"), ("gallery", "zy")):
        for name in names:
            picture(root / part / name / f"1_c{'2' if part == 'query' else '1'}.png")
    return root


def test_folders_of_splits_say_who_trains(tmp_path: Path) -> None:
    data = load(root=parted(tmp_path))
    assert data.train.names == ("train/a/1_c1.png", "train/b/1_c1.png")
    assert data.query.pids.tolist() == [3] and data.gallery.pids.tolist() == [2, 3]
    assert data.query.camids.tolist() == [1] and data.gallery.camids.tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"'split' is 3, but .* has folders that say it"):
        load(root=tmp_path, split=3)


def test_without_them_half_of_the_people_train_and_each_camera_asks_once(tmp_path: Path) -> None:
    data = load(root=people(tmp_path))
    assert (len(data.train), len(data.query), len(data.gallery)) == (12, 6, 6)
    assert not set(data.train.pids) & {*data.query.pids, *data.gallery.pids}
    asked = zip(data.query.pids.tolist(), data.query.camids.tolist(), strict=True)
    assert len(set(asked)) == 6
    assert load(root=tmp_path).fingerprint == data.fingerprint
    assert load(root=tmp_path, split=1).fingerprint != data.fingerprint


def test_without_cameras_queries_are_of_one_and_the_rest_of_another(tmp_path: Path) -> None:
    data = load(root=people(tmp_path, cameras=False))
    assert set(data.query.camids) == {0} and set(data.gallery.camids) == {1}
    assert len(data.query) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split": 10}, "choose one of ten halves"),
        ({"camera": "_c[0-9]"}, "needs one group"),
        ({"camera": "("}, "no regular expression"),
    ],
)
def test_options_that_are_not_taken_are_refused(
    tmp_path: Path, options: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        load(root=people(tmp_path), **options)  # type: ignore[arg-type]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder; name one"):
        load()
    with pytest.raises(DataError, match="is no folder; name one"):
        load(root=tmp_path / "no")
    with pytest.raises(DataError, match="holds no picture in a folder"):
        load(root=tmp_path)
    with pytest.raises(DataError, match="folders of 3 people, and half"):
        load(root=people(tmp_path / "few", 3))
    picture(people(tmp_path / "some") / "p0" / "other.png")
    with pytest.raises(DataError, match=r"other\.png: its name has no camera, as 1 names have"):
        load(root=tmp_path / "some")
    picture(tmp_path / "half" / "train" / "a" / "1.png")
    with pytest.raises(DataError, match=r"query is not there; expected train, query, gallery"):
        load(root=tmp_path / "half")
