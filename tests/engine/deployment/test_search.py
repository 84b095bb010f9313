"""What a network finds, as a list and as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from reidbench import load_trial
from reidbench.engine.deployment.search import (
    RIGHT,
    UNKNOWN,
    WRONG,
    Hit,
    draw,
    identity,
    images_below,
    search,
)
from reidbench.errors import ReidbenchError
from tests.engine.deployment.conftest import TinyRun


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    folder = tmp_path / "gallery"
    (folder / "deeper").mkdir(parents=True)
    colours = {"0001_c1.png": "red", "deeper/0001_c2.jpg": "#f01010", "0002_c1.png": "blue"}
    for name, colour in colours.items():
        Image.new("RGB", (20, 40), colour).save(folder / name)
    (folder / "._0001_c1.png").write_bytes(b"junk")
    (folder / "notes.txt").write_text("no image")
    return folder


def test_the_nearest_come_first_and_the_query_is_left_out(tiny_run: TinyRun, gallery) -> None:
    trial = load_trial(tiny_run.file("l1"), store=tiny_run.store, registry=tiny_run.registry)
    hits = search(trial, gallery / "0001_c1.png", gallery)
    assert hits[0].file.name == "0001_c2.jpg"
    assert [hit.same for hit in hits] == [True, False]
    assert hits[0].distance <= hits[1].distance
    assert len(search(trial, gallery / "0001_c1.png", gallery, top=1)) == 1


def test_only_images_are_searched_and_none_is_an_error(
    tiny_run: TinyRun, gallery, tmp_path
) -> None:
    assert len(images_below(gallery)) == 3
    (tmp_path / "empty").mkdir()
    trial = load_trial(tiny_run.file("l1"), store=tiny_run.store, registry=tiny_run.registry)
    with pytest.raises(ReidbenchError, match="no images"):
        search(trial, gallery / "0001_c1.png", tmp_path / "empty")


@pytest.mark.parametrize(
    ("name", "person"),
    [("0002_c1s1_000451_03.jpg", "2"), ("-1_c1.jpg", "-1"), ("query.jpg", None)],
)
def test_who_an_image_shows_is_told_by_its_name(name: str, person: str | None) -> None:
    assert identity(Path(name)) == person


def test_frames_say_right_wrong_and_unknown(gallery: Path, tmp_path: Path) -> None:
    file = gallery / "0001_c1.png"
    hits = [Hit(file, 0.1, True), Hit(file, 0.2, False), Hit(file, 0.3, None)]
    draw(file, [("a", hits), ("b", hits[:1])], tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as opened:
        colours = {colour for _, colour in opened.getcolors(1_000_000)}
    assert {_rgb(RIGHT), _rgb(WRONG), _rgb(UNKNOWN)} <= colours


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:], 16)
