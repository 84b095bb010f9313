"""Draw one picture of one person by one camera, independently of all other pictures."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from reidbench_plugins.datasets.synthped.background import window
from reidbench_plugins.datasets.synthped.camera import camera_of, shoot, shot_dice
from reidbench_plugins.datasets.synthped.canvas import Canvas
from reidbench_plugins.datasets.synthped.domain import Domain
from reidbench_plugins.datasets.synthped.figure import draw_figure
from reidbench_plugins.datasets.synthped.identity import Person, draw_person
from reidbench_plugins.datasets.synthped.sensor import cover, expose


@lru_cache(maxsize=4096)
def _person(domain: Domain, seed: int, pid: int) -> Person:
    return draw_person(domain, seed, pid)


def draw_picture(domain: Domain, seed: int, pid: int, camid: int, index: int) -> np.ndarray:
    """Draw picture ``index`` of a person by camera ``camid``: uint8 (128, 64, 3), RGB."""
    person, camera = _person(domain, seed, pid), camera_of(domain, seed, camid)
    dice = shot_dice(domain, seed, pid, camid, index)
    shot = shoot(domain, camera, person, dice)
    canvas = Canvas(window(domain, seed, camid, shot.place))
    draw_figure(canvas, shot.view, shot.gait, person, dice)
    cover(canvas, domain, shot, dice)
    return expose(canvas.develop(), camera, shot, dice)
