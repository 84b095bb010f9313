"""The palettes: which colours the body, its texture and its part may have."""

from __future__ import annotations

from dataclasses import dataclass

from reidbench_plugins.datasets.synthped.canvas import Colour
from reidbench_plugins.datasets.synthped.dice import Dice

CLEAR = 150  # grey levels, summed over the channels, by which two colours of one object differ


@dataclass(frozen=True)
class Palette:
    """Colours of bodies, of the marks on them, and of parts."""

    bodies: tuple[Colour, ...]
    marks: tuple[Colour, ...]
    trims: tuple[Colour, ...]


PALETTES = {
    "ember": Palette(
        bodies=((196, 48, 42), (214, 104, 36), (158, 40, 50), (230, 134, 66)),
        marks=((250, 228, 160), (66, 26, 30), (252, 242, 220)),
        trims=((72, 36, 38), (244, 196, 70)),
    ),
    "sea": Palette(
        bodies=((44, 84, 172), (34, 120, 150), (60, 62, 146), (92, 160, 204)),
        marks=((234, 242, 248), (22, 32, 70), (196, 232, 226)),
        trims=((24, 36, 76), (240, 240, 236)),
    ),
    "moss": Palette(
        bodies=((56, 118, 62), (100, 130, 50), (40, 94, 78), (138, 164, 84)),
        marks=((238, 224, 120), (22, 44, 32), (224, 238, 206)),
        trims=((30, 58, 40), (232, 214, 112)),
    ),
    "dusk": Palette(
        bodies=((112, 62, 146), (172, 68, 138), (214, 122, 164), (86, 58, 122)),
        marks=((252, 218, 230), (42, 24, 60), (226, 206, 246)),
        trims=((48, 28, 66), (248, 190, 206)),
    ),
    "stone": Palette(
        bodies=((66, 68, 74), (112, 116, 122), (166, 168, 172), (44, 46, 52)),
        marks=((240, 240, 238), (24, 24, 28), (206, 208, 212)),
        trims=((30, 30, 34), (228, 228, 226)),
    ),
    "sand": Palette(
        bodies=((208, 178, 130), (164, 118, 76), (124, 84, 56), (226, 206, 168)),
        marks=((66, 42, 28), (250, 240, 218), (98, 60, 40)),
        trims=((80, 54, 38), (246, 228, 190)),
    ),
}

ALL_COLOURS: tuple[Colour, ...] = tuple(
    colour
    for palette in PALETTES.values()
    for colour in (*palette.bodies, *palette.marks, *palette.trims)
)


def dye(dice: Dice, palette: Palette) -> tuple[Colour, Colour, Colour]:
    """Draw the colours of body, marks and part; marks and part stand out from the body."""
    body = dice.pick(palette.bodies)
    mark = dice.pick([mark for mark in palette.marks if contrast(mark, body) >= CLEAR])
    trim = dice.pick([trim for trim in palette.trims if contrast(trim, body) >= CLEAR])
    return vary(dice, body), vary(dice, mark), vary(dice, trim)


def contrast(one: Colour, two: Colour) -> int:
    """Return the grey levels, summed over the channels, by which two colours differ."""
    return sum(abs(a - b) for a, b in zip(one, two, strict=True))


def vary(dice: Dice, colour: Colour) -> Colour:
    """Return a colour like this one: a little lighter or darker, and of a slightly other hue."""
    factor = dice.uniform(0.85, 1.15)
    red, green, blue = (
        max(0, min(255, int(channel * factor + dice.uniform(-12, 12)))) for channel in colour
    )
    return red, green, blue
