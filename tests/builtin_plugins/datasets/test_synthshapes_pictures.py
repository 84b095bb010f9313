"""What one drawn object promises: the same bits everywhere, and attributes that can be seen."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench_plugins.datasets.synthshapes.frame import HEIGHT, WIDTH, Frame, turned
from reidbench_plugins.datasets.synthshapes.kinds import KINDS, Kind
from reidbench_plugins.datasets.synthshapes.outlines import OUTLINES, Polygon
from reidbench_plugins.datasets.synthshapes.palettes import CLEAR, PALETTES, contrast
from reidbench_plugins.datasets.synthshapes.parts import BEHIND, ON_BODY
from reidbench_plugins.datasets.synthshapes.picture import draw_picture
from reidbench_plugins.datasets.synthshapes.textures import TEXTURES, Weave

GOLDEN = {
    (0, 0, 0): "6e48856555a63632",
    (17, 0, 3): "c734ee05546f8e6e",
    (95, 0, 99): "2a6bb6e2e2b1add3",
    (40, 7, 1): "81f9f14be5ae0341",
}
GOLDEN_SHEET = "3e5bff603930b833"

frames = st.builds(
    turned,
    centre=st.tuples(st.floats(28, 36), st.floats(58, 70)),
    scale=st.floats(14, 18),
    half_turn=st.floats(-0.3, 0.3),
    width=st.floats(0.85, 1.1) | st.floats(-1.1, -0.85),
    skew=st.floats(-0.15, 0.15),
)


def digest(key: tuple[int, int, int]) -> str:
    number, seed, index = key
    return hashlib.sha256(draw_picture(KINDS[number], seed, index).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("key", GOLDEN, ids=str)
def test_a_picture_has_the_same_bits_on_every_machine(key: tuple[int, int, int]) -> None:
    assert digest(key) == GOLDEN[key], (
        "pixels changed: bump the records' version and renew the digests"
    )


def test_every_class_has_the_same_bits_on_every_machine() -> None:
    digests = [digest((kind.number, 0, 0)) for kind in KINDS]
    assert len(set(digests)) == len(KINDS)
    assert hashlib.sha256("".join(digests).encode()).hexdigest()[:16] == GOLDEN_SHEET


def test_drawing_in_threads_and_in_any_order_gives_the_same_pictures() -> None:
    keys = [(number, 1, index) for number in range(0, 96, 7) for index in (0, 1)]
    expected = [digest(key) for key in keys]
    assert len(set(expected)) == len(keys)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(digest, reversed(keys))) == expected[::-1]


@settings(max_examples=60)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32 - 1), index=st.integers(0, 10_000))
def test_every_picture_is_a_full_rgb_image_with_contrast(kind: Kind, seed: int, index: int) -> None:
    image = draw_picture(kind, seed, index)
    assert image.shape == (128, 64, 3)
    assert image.dtype == np.uint8
    assert image.std() > 8
    assert np.mean((image == 0) | (image == 255)) < 0.5


@pytest.mark.parametrize("attribute", ["outline", "texture", "part", "palette"])
def test_each_attribute_shows_in_the_picture(attribute: str) -> None:
    values = sorted({getattr(kind, attribute) for kind in KINDS})
    shares = []
    for kind in KINDS[::4]:
        other = replace(kind, **{attribute: values[values.index(getattr(kind, attribute)) - 1]})
        # The same number, and so the same draws: the place and the object's pose are the same.
        one, two = (draw_picture(k, 0, 5).astype(int) for k in (kind, other))
        shares.append(np.mean(np.abs(one - two).max(2) > 24))
    assert np.median(shares) > 0.02


def test_a_colour_histogram_seldom_tells_the_class() -> None:
    kinds = KINDS[:48]
    known = np.stack([histogram(draw_picture(k, 0, i)) for k in kinds for i in range(6)])
    asked = np.stack([histogram(draw_picture(k, 0, 1000 + i)) for k in kinds for i in range(3)])
    nearest = (asked @ known.T).argmax(1) // 6
    assert np.mean(nearest == np.repeat(np.arange(48), 3)) < 0.15


def test_marks_and_parts_stand_out_from_every_body_colour() -> None:
    for palette in PALETTES.values():
        for body in palette.bodies:
            assert any(contrast(body, mark) >= CLEAR for mark in palette.marks)
            assert any(contrast(body, trim) >= CLEAR for trim in palette.trims)


@settings(max_examples=60)
@given(frame=frames, name=st.sampled_from(sorted(OUTLINES)))
def test_a_mask_covers_the_area_of_its_polygon(frame: Frame, name: str) -> None:
    area = abs(frame.xu * frame.yv - frame.xv * frame.yu) * shoelace(OUTLINES[name])
    assert frame.mask([OUTLINES[name]]).sum() == pytest.approx(area, rel=0.06)


@settings(max_examples=30)
@given(frame=frames)
def test_surface_coordinates_agree_with_where_polygons_are_drawn(frame: Frame) -> None:
    u, v = frame.coordinates()
    mask = frame.mask([OUTLINES["disc"]])
    radius = np.sqrt(u * u + (v / 1.25) ** 2)
    assert (mask[radius < 0.93] == 1).all()
    assert (mask[radius > 1.07] == 0).all()


@given(frame=frames, u=st.floats(-1, 1), v=st.floats(-1.3, 1.3))
def test_surface_coordinates_invert_the_map_to_the_picture(
    frame: Frame, u: float, v: float
) -> None:
    x = frame.x0 + frame.xu * u + frame.xv * v
    y = frame.y0 + frame.yu * u + frame.yv * v
    row, column = int(y), int(x)
    if 0 <= row < HEIGHT and 0 <= column < WIDTH:
        seen_u, seen_v = (float(axis[row, column]) for axis in frame.coordinates())
        assert seen_u == pytest.approx(u, abs=0.1)
        assert seen_v == pytest.approx(v, abs=0.1)


@pytest.mark.parametrize("name", sorted(set(TEXTURES) - {"plain"}))
@settings(max_examples=20)
@given(repeats=st.floats(1.7, 2.3), phase=st.floats(0, 1, exclude_max=True))
def test_a_texture_shares_the_surface_between_two_colours(
    name: str, repeats: float, phase: float
) -> None:
    u, v = turned(centre=(32, 64), scale=22, half_turn=0.1).coordinates()
    marks = TEXTURES[name](u, v, Weave(repeats, (phase, 0.3, 0.8), 22))
    assert marks.shape == (HEIGHT, WIDTH)
    assert marks.min() >= 0
    assert marks.max() <= 1
    assert 0.25 < marks.mean() < 0.75


def test_textures_run_the_way_their_names_say() -> None:
    u, v = turned(centre=(32, 64), scale=22, half_turn=0).coordinates()
    weave = Weave(2.0, (0.2, 0.4, 0.6), 22)
    assert not TEXTURES["plain"](u, v, weave).any()
    assert np.ptp(TEXTURES["hoops"](u, v, weave), axis=1).max() < 1e-5
    assert np.ptp(TEXTURES["stripes"](u, v, weave), axis=0).max() < 1e-5
    diagonal = TEXTURES["slant"](u, v, weave)
    assert np.abs(diagonal[1:, :-1] - diagonal[:-1, 1:]).max() < 1e-4


def test_every_outline_texture_part_and_palette_of_a_class_can_be_drawn() -> None:
    for kind in KINDS:
        assert kind.outline in OUTLINES
        assert kind.texture in TEXTURES
        assert kind.part in {*BEHIND, *ON_BODY, "handle"}
        assert kind.palette in PALETTES


def histogram(image: np.ndarray) -> np.ndarray:
    """Return a square-rooted 8x8x8 RGB histogram: products are Bhattacharyya coefficients."""
    bins = (image // 32).astype(int)
    flat = bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2]
    shares: np.ndarray = np.sqrt(np.bincount(flat.ravel(), minlength=512) / flat.size)
    return shares


def shoelace(polygon: Polygon) -> float:
    following = (*polygon[1:], polygon[0])
    return abs(sum(a * d - c * b for (a, b), (c, d) in zip(polygon, following, strict=True))) / 2
