"""The cameras of a domain, and the circumstances of one shot by one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from reidbench_plugins.datasets.synthped.canvas import HEIGHT, OVERSAMPLING, WIDTH
from reidbench_plugins.datasets.synthped.dice import CAMERA, SHOT, Dice
from reidbench_plugins.datasets.synthped.domain import Domain
from reidbench_plugins.datasets.synthped.identity import Person
from reidbench_plugins.datasets.synthped.pose import Gait, View

# Where people walk in front of the first camera, the second, ...: degrees, 0 is towards it.
DIRECTIONS = (15, 160, -75, 100, -150, 45)
SPREAD = 40.0  # degrees to both sides of that direction
ASTRAY = 0.2  # the part of people who walk anywhere else


@dataclass(frozen=True, kw_only=True)
class Camera:
    """How one camera is mounted and what its sensor does to a picture."""

    direction: float
    elevation: float
    light: int
    relief: float
    gain: float
    cast: tuple[float, float, float]
    saturation: float
    contrast: float
    haze: float
    noise: float
    detail: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Shot:
    """The circumstances of one picture: pose, place, light of the moment and detector's box."""

    view: View
    gait: Gait
    place: float
    gain: float
    detail: float
    cover: str
    cover_side: int
    cover_part: float


@lru_cache(maxsize=64)
def camera_of(domain: Domain, seed: int, camid: int) -> Camera:
    """Return camera ``camid`` (0-based) of a domain; the same for the same arguments."""
    dice = Dice(seed, domain.index, CAMERA, camid)
    low, high = domain.detail
    return Camera(
        direction=DIRECTIONS[camid % len(DIRECTIONS)] + dice.uniform(-15, 15),
        elevation=dice.uniform(*domain.elevation),
        light=1 if dice.chance(0.5) else -1,
        relief=dice.uniform(*domain.relief),
        gain=dice.uniform(*domain.gain),
        cast=(
            1 + domain.cast * dice.uniform(-1, 1),
            1 + domain.cast * dice.uniform(-0.6, 0.6),
            1 + domain.cast * dice.uniform(-1, 1),
        ),
        saturation=dice.uniform(*domain.saturation),
        contrast=dice.uniform(*domain.contrast),
        haze=dice.uniform(0, 22),
        noise=dice.uniform(*domain.noise),
        detail=(dice.uniform(low, (low + high) / 2), dice.uniform((low + high) / 2, high)),
    )


def shoot(domain: Domain, camera: Camera, person: Person, dice: Dice) -> Shot:
    """Draw the circumstances of one picture of a person."""
    degrees = camera.direction + dice.uniform(-SPREAD, SPREAD)
    if dice.chance(ASTRAY):
        degrees = dice.uniform(0, 360)
    covered = dice.chance(domain.cover_rate)
    size = person.body.height * dice.uniform(0.8, 0.95)
    return Shot(
        view=View(
            azimuth=math.radians(degrees),
            elevation=camera.elevation,
            scale=size * HEIGHT * OVERSAMPLING,
            foot=(
                OVERSAMPLING * WIDTH * (0.5 + dice.bell(0.05)),
                OVERSAMPLING * HEIGHT * (0.5 + size * 0.48 + dice.bell(0.025)),
            ),
            light=camera.light,
            relief=camera.relief,
        ),
        gait=Gait(phase=dice.uniform(0, 2 * math.pi), reach=person.gait * dice.uniform(0.7, 1.2)),
        place=dice.uniform(),
        gain=camera.gain * dice.uniform(0.82, 1.2),
        detail=dice.uniform(*camera.detail),
        cover=dice.pick(("pole", "bench", "passer", "edge")) if covered else "none",
        cover_side=1 if dice.chance(0.5) else -1,
        cover_part=dice.uniform(0.12, 0.34),
    )


def shot_dice(domain: Domain, seed: int, pid: int, camid: int, index: int) -> Dice:
    """Return the draws of one picture, independent of every other picture's."""
    return Dice(seed, domain.index, SHOT, pid, camid, index)
