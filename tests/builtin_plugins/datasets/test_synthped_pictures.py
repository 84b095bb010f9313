"""What one drawn picture promises: the same bits everywhere, a visible person, a hard task."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.api import DataError
from reidbench_plugins.datasets.synthped import background, camera, picture
from reidbench_plugins.datasets.synthped.camera import camera_of
from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthped.domain import DOMAINS, crowded, domain_named
from reidbench_plugins.datasets.synthped.identity import draw_person
from reidbench_plugins.datasets.synthped.picture import draw_picture

GOLDEN = {
    ("a", 0, 1, 0, 0): "d8325e721069fa57",
    ("a", 0, 751, 3, 2): "4e96925d0455728f",
    ("b", 0, 2, 1, 1): "c88669519358864e",
    ("c", 0, 10_752, 5, 0): "a0dd047ce4628922",
    ("c", 7, 1, 2, 3): "25acb2d55c6ee51f",
}

CROWD = {
    ("a", 0, 1, 0, 0): "3832642f23813231",
    ("b", 0, 751, 3, 1): "1cd4fa9852eeb531",
    ("c", 3, 10752, 5, 0): "9da8ab09f3a9ddfb",
}


def digest(key: tuple[str, int, int, int, int], *, crowd: bool = False) -> str:
    name, *rest = key
    domain = crowded(DOMAINS[name]) if crowd else DOMAINS[name]
    return hashlib.sha256(draw_picture(domain, *rest).tobytes()).hexdigest()[:16]


def forget() -> None:
    for cached in (picture._person, background.panorama, camera.camera_of):
        cached.cache_clear()


@pytest.mark.parametrize("key", GOLDEN, ids=str)
def test_a_picture_has_the_same_bits_on_every_machine(key: tuple[str, int, int, int, int]) -> None:
    assert digest(key) == GOLDEN[key], (
        "pixels changed: bump the records' version and renew the digests"
    )


@pytest.mark.parametrize("key", CROWD, ids=str)
def test_a_crowds_picture_has_the_same_bits_too(key: tuple[str, int, int, int, int]) -> None:
    assert digest(key, crowd=True) == CROWD[key], "pixels changed: bump the records' version"


def test_the_order_of_drawing_does_not_matter() -> None:
    keys = [("a", 0, pid, cam, 0) for pid in (3, 4, 5) for cam in (0, 1)]
    forget()
    forwards = {key: digest(key) for key in keys}
    forget()
    backwards = {key: digest(key) for key in reversed(keys)}
    assert forwards == backwards
    assert len(set(forwards.values())) == len(keys)


def test_drawing_in_threads_gives_the_same_pictures() -> None:
    keys = [("b", 1, pid, cam, 0) for pid in range(1, 7) for cam in range(3)]
    expected = [digest(key) for key in keys]
    forget()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(digest, keys)) == expected


@settings(max_examples=40)
@given(
    name=st.sampled_from(sorted(DOMAINS)),
    seed=st.integers(0, 2**32 - 1),
    pid=st.integers(0, 20_000),
    camid=st.integers(0, 5),
    index=st.integers(0, 99),
)
def test_every_picture_is_a_full_rgb_image_with_contrast(
    name: str, seed: int, pid: int, camid: int, index: int
) -> None:
    image = draw_picture(DOMAINS[name], seed, pid, camid, index)
    assert image.shape == (128, 64, 3)
    assert image.dtype == np.uint8
    assert image.std() > 8
    clipped = np.mean((image == 0) | (image == 255))
    assert clipped < 0.5


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_pictures_of_one_person_are_more_alike_than_of_two(name: str) -> None:
    domain, people = DOMAINS[name], range(1, 31)
    first, second = (
        np.stack([small(draw_picture(domain, 0, pid, 0, index)) for pid in people])
        for index in (0, 1)
    )
    distances = np.sqrt(((first[:, None] - second[None]) ** 2).mean((2, 3, 4)))
    same = np.diag(distances).mean()
    other = distances[~np.eye(len(distances), dtype=bool)].mean()
    assert other > 1.04 * same


def test_a_person_is_the_same_in_every_picture_and_people_differ() -> None:
    domain = DOMAINS["a"]
    people = [draw_person(domain, 0, pid) for pid in range(300)]
    assert people[7] == draw_person(domain, 0, 7)
    assert len(set(people)) == 300


def test_many_people_share_their_kinds_of_clothes() -> None:
    outfits = [draw_person(DOMAINS["a"], 0, pid).outfit for pid in range(300)]
    kinds = {(outfit.upper, outfit.lower, outfit.pattern) for outfit in outfits}
    assert len(kinds) < 150


def test_cameras_of_one_domain_differ() -> None:
    for domain in DOMAINS.values():
        cameras = [camera_of(domain, 0, camid) for camid in range(6)]
        assert len(set(cameras)) == 6
        assert max(c.gain for c in cameras) > 1.1 * min(c.gain for c in cameras)


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_a_colour_histogram_cannot_tell_people_apart_across_cameras(name: str) -> None:
    people = range(1, 41)
    queries = histograms(name, people, index=0)
    gallery = histograms(name, people, index=1)
    pids = np.repeat(people, 4)
    cams = np.tile(np.arange(4), len(people))
    distances = -(queries @ gallery.T)
    distances[(pids[:, None] == pids) & (cams[:, None] == cams)] = np.inf
    rank1 = np.mean(pids[distances.argmin(1)] == pids)
    assert rank1 < 0.25


def test_domains_are_told_apart_by_their_light_alone() -> None:
    light = {
        name: np.mean([draw_picture(d, 0, p, c, 0).mean() for p in range(1, 9) for c in range(4)])
        for name, d in DOMAINS.items()
    }
    assert light["b"] + 10 < light["a"]
    assert light["a"] + 10 < light["c"]


def test_an_unknown_domain_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match="no domain 'd'; choose one of a, b, c"):
        domain_named("d")


def test_draws_depend_on_the_whole_key_and_stay_in_range() -> None:
    assert Dice(0, 1).uniform() != Dice(1, 0).uniform()
    dice = Dice(3, 1, 4)
    assert {dice.whole(2, 5) for _ in range(200)} == {2, 3, 4, 5}
    kinds = [dice.weighted((("rare", 1), ("often", 9))) for _ in range(1000)]
    assert 850 < kinds.count("often") < 950
    noise = dice.grain((200, 200))
    assert abs(float(noise.mean())) < 0.02
    assert abs(float(noise.std()) - 1) < 0.02


def small(image: np.ndarray) -> np.ndarray:
    blocks: np.ndarray = image.reshape(16, 8, 8, 8, 3).mean((1, 3))
    return blocks


def histograms(name: str, people: range, index: int) -> np.ndarray:
    """Return square-rooted 8x8x8 RGB histograms: their product is the Bhattacharyya coefficient."""
    rows = []
    for pid in people:
        for cam in range(4):
            bins = (draw_picture(DOMAINS[name], 0, pid, cam, index) // 32).astype(int)
            flat = bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2]
            rows.append(np.sqrt(np.bincount(flat.ravel(), minlength=512) / flat.size))
    return np.stack(rows)
