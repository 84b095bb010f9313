"""Who a drawn person is: body, hair, clothes and bags, the same in every picture of them."""

from __future__ import annotations

from dataclasses import dataclass

from reidbench_plugins.datasets.synthped.canvas import Colour
from reidbench_plugins.datasets.synthped.dice import PERSON, Dice
from reidbench_plugins.datasets.synthped.domain import Domain

SKINS: tuple[Colour, ...] = (
    (238, 204, 180), (224, 184, 152), (204, 158, 122), (164, 116, 82), (116, 78, 56), (82, 56, 42),
)  # fmt: skip
HAIR_COLOURS: tuple[Colour, ...] = (
    (24, 20, 20), (52, 36, 28), (92, 62, 38), (150, 108, 62), (172, 128, 58), (138, 138, 138),
    (128, 54, 30),
)  # fmt: skip
HAIR = (("short", 4.0), ("bald", 0.7), ("bob", 2.0), ("long", 2.5), ("bun", 1.2), ("tail", 1.2))
HATS = (("cap", 3.0), ("beanie", 2.0), ("brim", 1.2), ("hood", 1.5))
SHOES: tuple[Colour, ...] = (
    (24, 24, 26), (228, 226, 222), (96, 64, 42), (150, 40, 44), (60, 72, 110), (120, 120, 124),
)  # fmt: skip
LOGOS = ("disc", "block", "bar", "ring", "tower", "cross")
JITTER = 14.0  # grey levels by which a garment differs from the colour its shop calls it


@dataclass(frozen=True, kw_only=True)
class Body:
    """Proportions; ``height`` is relative to the average person, the rest relative to that."""

    height: float
    width: float
    depth: float
    shoulders: float
    hips: float
    legs: float
    head: float
    skin: Colour
    stoop: float


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """Clothes and what is carried; kinds are the names used in :mod:`.domain`."""

    upper: str
    upper_colour: Colour
    accent: Colour
    inner: Colour
    pattern: str
    repeats: int
    logo: str
    logo_height: float
    back_print: bool
    lower: str
    lower_colour: Colour
    side_stripe: bool
    lower_length: float
    flare: float
    belt: bool
    shoes: Colour
    boots: bool
    socks: bool
    scarf: bool
    bag: str
    bag_colour: Colour
    bag_side: int
    bag_size: float


@dataclass(frozen=True, kw_only=True)
class Person:
    """Everything that stays the same over all pictures of one person."""

    body: Body
    hair: str
    hair_colour: Colour
    hat: str
    hat_colour: Colour
    outfit: Outfit
    gait: float


def draw_person(domain: Domain, seed: int, pid: int) -> Person:
    """Draw the person that ``pid`` stands for in a domain; the same for the same arguments."""
    dice = Dice(seed, domain.index, PERSON, pid)
    hat = dice.weighted(HATS) if dice.chance(domain.hat_rate) else "none"
    return Person(
        body=_body(domain, dice),
        hair=dice.weighted(HAIR),
        hair_colour=_tint(dice, dice.pick(HAIR_COLOURS)),
        hat=hat,
        hat_colour=_tint(dice, dice.pick(domain.accents)),
        outfit=_outfit(domain, dice),
        gait=dice.uniform(0.25, 0.5),
    )


def _body(domain: Domain, dice: Dice) -> Body:
    return Body(
        height=1.0 + dice.bell(0.045),
        width=dice.uniform(*domain.build),
        depth=dice.uniform(0.85, 1.3),
        shoulders=dice.uniform(0.9, 1.15),
        hips=dice.uniform(0.9, 1.15),
        legs=dice.uniform(0.94, 1.05),
        head=dice.uniform(*domain.head),
        skin=_tint(dice, dice.pick(SKINS)),
        stoop=dice.uniform(0.0, 0.03),
    )


def _outfit(domain: Domain, dice: Dice) -> Outfit:
    upper = dice.weighted(domain.upper_kinds)
    upper_colour = _tint(dice, dice.pick(domain.uppers))
    lower_colour = _tint(dice, dice.pick(domain.lowers))
    accent = _tint(dice, _unlike(dice, upper_colour, domain.accents))
    return Outfit(
        upper=upper,
        upper_colour=upper_colour,
        accent=accent,
        inner=_tint(dice, _unlike(dice, upper_colour, domain.uppers)),
        pattern=dice.weighted(domain.patterns),
        repeats=dice.whole(2, 5),
        logo=dice.pick(LOGOS),
        logo_height=dice.uniform(0.68, 0.76),
        back_print=dice.chance(0.4),
        lower="leggings" if upper == "dress" else dice.weighted(domain.lower_kinds),
        lower_colour=lower_colour,
        side_stripe=dice.chance(0.2),
        lower_length=dice.uniform(0.0, 1.0),
        flare=dice.uniform(0.0, 1.0),
        belt=dice.chance(0.25),
        shoes=_tint(dice, dice.pick(SHOES)),
        boots=dice.chance(0.25),
        socks=dice.chance(0.4),
        scarf=dice.chance(0.15),
        bag=dice.weighted(domain.bags),
        bag_colour=_tint(dice, dice.pick(domain.accents)),
        bag_side=1 if dice.chance(0.5) else -1,
        bag_size=dice.uniform(0.8, 1.2),
    )


def _tint(dice: Dice, colour: Colour) -> Colour:
    """Return the colour moved a little in brightness and hue."""
    common = dice.bell(JITTER)
    red, green, blue = (
        max(8, min(246, int(channel + common + dice.bell(JITTER / 3)))) for channel in colour
    )
    return red, green, blue


def _unlike(dice: Dice, colour: Colour, options: tuple[Colour, ...]) -> Colour:
    """Draw an option that can be told from ``colour``."""
    seen = [
        option
        for option in options
        if sum(abs(a - b) for a, b in zip(option, colour, strict=True)) > 110
    ]
    return dice.pick(seen or options)
