"""The drawn worlds: what people wear, how cameras see and what the places look like in each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reidbench.api import DataError
from reidbench_plugins.datasets.synthped.canvas import Colour

Weights = tuple[tuple[str, float], ...]
Range = tuple[float, float]

BLACK, CHARCOAL, GREY, SILVER, WHITE = (
    (26, 26, 30), (62, 62, 68), (118, 118, 122), (176, 178, 182), (232, 230, 226),
)  # fmt: skip
NAVY, BLUE, DENIM, SKY, TEAL = (
    (30, 38, 76), (44, 84, 168), (70, 96, 138), (132, 174, 214), (30, 112, 116),
)  # fmt: skip
RED, MAROON, PINK, ORANGE, YELLOW = (
    (178, 38, 44), (98, 30, 42), (222, 140, 164), (214, 116, 44), (220, 188, 70),
)  # fmt: skip
GREEN, OLIVE, BROWN, BEIGE, PURPLE = (
    (48, 122, 66), (94, 96, 56), (98, 66, 44), (192, 168, 132), (102, 66, 132),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Domain:
    """One world: distributions over people, cameras and places.

    Ranges are (low, high). ``index`` is part of every seed. ``cast`` is the largest relative
    gain of a colour channel, ``noise`` a standard deviation in grey levels, ``detail`` the part
    of the pixels that a distant camera really resolves, ``relief`` the strength of shading.
    """

    name: str
    index: int
    uppers: tuple[Colour, ...]
    lowers: tuple[Colour, ...]
    accents: tuple[Colour, ...]
    upper_kinds: Weights
    lower_kinds: Weights
    patterns: Weights
    bags: Weights
    hat_rate: float
    scenery: str
    scenery_colours: tuple[Colour, ...]
    build: Range
    head: Range
    elevation: Range
    gain: Range
    cast: float
    saturation: Range
    contrast: Range
    noise: Range
    detail: Range
    relief: Range
    cover_rate: float


STREET = Domain(
    name="a",
    index=0,
    uppers=(BLACK, CHARCOAL, GREY, WHITE, NAVY, BLUE, RED, GREEN),
    lowers=(BLACK, CHARCOAL, GREY, NAVY, DENIM, BEIGE),
    accents=(WHITE, BLACK, RED, YELLOW, SKY, ORANGE, GREEN),
    upper_kinds=(
        ("tee", 4), ("sweater", 3), ("jacket", 3), ("coat", 2), ("dress", 1.5), ("vest", 1),
    ),
    lower_kinds=(("trousers", 5), ("shorts", 3), ("skirt", 1.5)),
    patterns=(
        ("plain", 3), ("hoops", 2), ("stripes", 1), ("checks", 1), ("logo", 2),
        ("yoke", 1), ("hem", 1), ("sleeves", 1), ("dots", 0.7), ("sash", 0.7), ("band", 1),
    ),
    bags=(("none", 3), ("backpack", 2.5), ("handbag", 1.5), ("satchel", 2)),
    hat_rate=0.3,
    scenery="street",
    scenery_colours=(
        (150, 148, 142), (118, 124, 112), (164, 138, 112),
        (126, 138, 152), (96, 104, 88),
    ),
    build=(0.86, 1.2),
    head=(0.98, 1.08),
    elevation=(0.08, 0.28),
    gain=(0.72, 1.2),
    cast=0.12,
    saturation=(0.75, 1.15),
    contrast=(0.85, 1.15),
    noise=(3.0, 8.0),
    detail=(0.5, 1.0),
    relief=(0.8, 1.1),
    cover_rate=0.22,
)  # fmt: skip

STATION = Domain(
    name="b",
    index=1,
    uppers=(BLACK, CHARCOAL, NAVY, MAROON, BROWN, OLIVE, GREY, BEIGE),
    lowers=(BLACK, CHARCOAL, NAVY, BROWN, DENIM),
    accents=(BEIGE, MAROON, GREY, WHITE, ORANGE, TEAL),
    upper_kinds=(("coat", 5), ("jacket", 4), ("sweater", 2), ("vest", 1.5), ("dress", 0.5)),
    lower_kinds=(("trousers", 7), ("skirt", 2)),
    patterns=(
        ("plain", 4), ("band", 2), ("yoke", 2), ("checks", 1.5), ("hem", 1.5),
        ("sleeves", 1.5), ("logo", 1), ("stripes", 1),
    ),
    bags=(("none", 2), ("backpack", 2.5), ("handbag", 2), ("satchel", 2.5)),
    hat_rate=0.5,
    scenery="hall",
    scenery_colours=(
        (104, 108, 114), (78, 84, 98), (128, 122, 110),
        (88, 100, 96), (116, 110, 124),
    ),
    build=(0.95, 1.3),
    head=(0.94, 1.04),
    elevation=(0.22, 0.42),
    gain=(0.72, 1.05),
    cast=0.15,
    saturation=(0.6, 0.95),
    contrast=(0.95, 1.15),
    noise=(4.0, 10.0),
    detail=(0.5, 0.95),
    relief=(1.0, 1.25),
    cover_rate=0.22,
)  # fmt: skip

SEASIDE = Domain(
    name="c",
    index=2,
    uppers=(WHITE, SKY, PINK, YELLOW, ORANGE, TEAL, PURPLE, SILVER),
    lowers=(WHITE, SKY, BEIGE, DENIM, SILVER, PINK),
    accents=(WHITE, BLUE, RED, TEAL, PURPLE, YELLOW, GREEN),
    upper_kinds=(("tee", 6), ("dress", 3), ("sweater", 1), ("vest", 1.5)),
    lower_kinds=(("shorts", 5), ("skirt", 3), ("trousers", 2)),
    patterns=(
        ("plain", 2), ("hoops", 3), ("stripes", 2), ("checks", 1.5), ("logo", 2),
        ("dots", 2), ("sash", 1), ("hem", 1), ("yoke", 1),
    ),
    bags=(("none", 3), ("backpack", 2), ("handbag", 3), ("satchel", 1.5)),
    hat_rate=0.45,
    scenery="shore",
    scenery_colours=(
        (214, 196, 158), (168, 202, 218), (120, 168, 122),
        (226, 218, 204), (196, 150, 120),
    ),
    build=(0.78, 1.05),
    head=(1.02, 1.12),
    elevation=(0.0, 0.12),
    gain=(0.85, 1.25),
    cast=0.14,
    saturation=(0.85, 1.25),
    contrast=(0.8, 1.0),
    noise=(2.0, 6.0),
    detail=(0.5, 0.95),
    relief=(0.55, 0.85),
    cover_rate=0.22,
)  # fmt: skip

DOMAINS = {domain.name: domain for domain in (STREET, STATION, SEASIDE)}


def crowded(domain: Domain) -> Domain:
    """Return a harder world of the same place, with other people in it.

    Few colours and patterns make look-alikes, cameras differ more in light and colour and see
    fewer details, and more often something stands in the way.
    """
    low, high = domain.detail
    dark, bright = domain.gain
    return replace(
        domain,
        index=domain.index + len(DOMAINS),
        uppers=domain.uppers[:2],
        lowers=domain.lowers[:2],
        accents=domain.accents[:2],
        upper_kinds=domain.upper_kinds[:3],
        lower_kinds=domain.lower_kinds[:2],
        patterns=domain.patterns[:3],
        bags=domain.bags[:2],
        hat_rate=0.3 * domain.hat_rate,
        cast=1.6 * domain.cast,
        gain=(0.8 * dark, 1.1 * bright),
        noise=(2 * domain.noise[0], 2 * domain.noise[1]),
        detail=(0.4 * low, 0.5 * high),
        cover_rate=0.5,
    )


def domain_named(name: str) -> Domain:
    """Return the domain of that name.

    Raises:
        DataError: there is no such domain.

    """
    if name not in DOMAINS:
        raise DataError(f"synthped has no domain '{name}'; choose one of {', '.join(DOMAINS)}")
    return DOMAINS[name]
